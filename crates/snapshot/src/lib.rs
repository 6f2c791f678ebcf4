//! Snapshots: the registers of a moment as typed SQLite tables.
//!
//! Everything that reads, reads a snapshot by SQL. This crate knows the tables of a pack ([`schema`]), our SQL
//! functions ([`functions`]), how events become rows, how the head file shows an earlier moment ([`AsOf`]), and
//! how lists and searches are answered. It touches one SQLite file (or memory) and never the event log.

mod copy;
mod digest;
mod error;
mod files;
pub mod functions;
pub mod gate;
mod head;
mod layout;
mod list;
mod moment;
mod pack_tables;
mod past;
mod place;
mod record;
mod rows;
mod rules;
pub mod schema;
mod search;
mod seen;
mod sight;
mod snapshot;

pub use copy::{SnapshotInfo, unfinished};
pub use error::SnapshotError;
pub use head::{Applied, Evaluated, Expected, Head, HeadError, Key, RuleError, is_damage, told};
pub use list::{COUNTED, Filter, ListQuery, Op, PAGE_LIMIT, Page, Total};
pub use moment::{AsOf, Moment, today};
pub use place::Place;
pub use record::{Cells, Record};
pub use rules::{Judged, Refused, Rules};
pub use search::{Forgotten, Hit, HitKind, PackTexts, SearchIndex};
pub use seen::{Fields, Ids, NoIds, Reading, Seen};
pub use sight::{Alike, Organisations, RegisterSight, Shown, Sight, Whose, columns_of};
pub use snapshot::Snapshot;
