//! Backups: one file with a moment of the log and exactly the attached files that moment names.
//!
//! The file is a tar inside age: first `manifest.json`, then the log in parts of JSON lines (`log/…`), which any keeper
//! of logs takes, then the attached files (`files/SHA-256`). Both ways stream, so that memory does not grow with it.

mod error;
mod manifest;
mod named;
mod read;
mod restore;
mod write;

pub use error::BackupError;
pub use manifest::{FileEntry, Manifest};
pub use read::Archive;
pub(crate) use restore::refuse_unfinished;
pub use restore::{Restore, Restored};

use crate::{Actor, Place, Recipient, Store, StoreError, VerifyReport};
use shirube_access::SystemAction;
use shirube_plan::Pack;
use std::path::Path;

/// Whether a backup is encrypted.
#[derive(Clone, Debug)]
pub enum Seal {
    /// For these to open.
    Recipients(Vec<Recipient>),
    /// Everyone who has the file reads it.
    Plain,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Events are verified.
    Checking,
    /// Events are copied.
    Events,
    /// Attached files are copied.
    Files,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Events or files done.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// Hears how far it is.
pub(crate) type Tell<'t> = dyn Fn(Progress) + 't;

/// How many events pass between two reports.
const REPORT: i64 = 1000;

impl Store {
    /// Writes a backup of a data folder to a new file; also while another program has the folder open. Whoever is given
    /// one is given all there is, which is written down before the file has its name.
    pub fn backup(
        (folder, place): (&Path, &Place),
        pack: &Pack,
        (out, seal): (&Path, &Seal),
        actor: &Actor,
        progress: &Tell<'_>,
    ) -> Result<Manifest, StoreError> {
        actor.may(SystemAction::Snapshot)?;
        write::run((folder, place), pack, (out, seal), actor, progress)
    }

    /// Reads a whole backup and proves it: chain, payloads, attached files.
    pub fn verify_backup(from: &Archive, actor: &Actor, progress: &Tell<'_>) -> Result<(Manifest, VerifyReport), StoreError> {
        actor.may(SystemAction::Verify)?;
        read::walk(from, &mut read::Nothing, progress)
    }

    /// Makes a log and its attached files from a backup where there is no log yet, all or nothing.
    pub fn restore(
        from: &Archive,
        (folder, place): (&Path, &Place),
        how: &Restore<'_>,
        actor: &Actor,
        progress: &Tell<'_>,
    ) -> Result<Restored, StoreError> {
        actor.may(SystemAction::Rebuild)?;
        restore::run(from, (folder, place), how, progress)
    }
}
