//! The store: the event log and everything that may be done with it.
//!
//! One data folder holds `log.db` (the only truth), `head.db` (the snapshot that follows it), `files/` (attached
//! files by SHA-256) and `snapshots/` (kept snapshot files) and `trail.db` (who read what). All changes pass one writer thread that validates
//! them against the head, appends them to the log and acknowledges once they are on disk. Every call passes
//! [`access`].

pub mod access;
mod age;
mod anchor;
mod attached;
mod backup;
mod batch;
mod beside;
mod bulk;
mod check;
mod check_files;
mod command;
mod error;
mod files;
mod follow;
mod history;
mod indexer;
mod log;
mod migrate;
mod pack_mark;
mod pack_records;
mod people;
mod reader;
mod redact;
mod snapshots;
mod span;
mod store;
mod subscriptions;
mod trail;
mod verify;
mod writer;

pub use access::{Actor, Denial, Standing, Way};
pub use age::{AgeError, Identity, Recipient};
pub use anchor::{Anchor, AnchorError, Lost, TrailEnd};
pub use backup::{Archive, BackupError, FileEntry, Manifest, Phase, Progress, Restore, Restored, Seal};
pub use batch::Batch;
pub use command::{Command, Receipt};
pub use error::{BatchError, PackRecordError, StoreError};
pub use files::{Bucket, FileRefused, FilesError, FilesPlace, Place};
pub use follow::Lag;
pub use history::{Change, Version};
pub use log::{LogError, LogPlace, Moved};
pub use migrate::Target;
pub use pack_mark::Mark;
pub use people::{Account, People};
pub use reader::Reader;
pub use shirube_net::Url;
pub use store::Store;
pub use subscriptions::{Channel, Happened, Happening, Subscriber, Subscription};
pub use trail::{
    Act, Acts, CHECKPOINT, Changed, Entry, Look, Only, Over, Retained, Shown, TRAIL, Told, TrailError, TrailProblem, TrailReport,
};
pub use verify::{Problem, VerifyReport};
