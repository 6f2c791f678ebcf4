//! Why a backup is not written, proved or restored.

use crate::{AgeError, StoreError, error::file_error};
use std::{io, path::Path};

/// What stands in the way of a backup or a restore.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Backups are never written over.
    #[error("{0} exists; name a new file")]
    Exists(String),
    /// Another backup is being written there.
    #[error("{0} is being written by another backup; name another file")]
    BeingWritten(String),
    /// Nobody could open it.
    #[error("no recipient is given; nobody could open the backup")]
    NoRecipient,
    /// What the log names kept changing.
    #[error("attached files were erased again and again while they were copied; nothing was written, try again")]
    Restless,
    /// Encryption and decryption.
    #[error("{path}: {error}")]
    Age {
        /// The backup.
        path: String,
        /// What is wrong.
        error: AgeError,
    },
    /// It is encrypted and no identity was given.
    #[error("{0} is encrypted; give the file with the secret key (--identity FILE)")]
    IdentityNeeded(String),
    /// Not a backup.
    #[error("{path} is no backup of ours ({what})")]
    NotABackup {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Written by a later release.
    #[error("{path} has format {found}, this release reads up to {known}; use the release that wrote it")]
    Format {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
        /// The last format that is known.
        known: u32,
    },
    /// It does not hold what its manifest says.
    #[error("{path} does not prove: {what}; nothing was restored, use another backup")]
    Damaged {
        /// The file.
        path: String,
        /// The first thing that is wrong.
        what: String,
    },
    /// There is something where it is to be restored.
    #[error("{0} is there already; name a folder without a log, or move it away yourself")]
    Occupied(String),
    /// A restore was cut off in this folder.
    #[error("a restore into {folder} was cut off; run it again, or remove {folder}/restoring to begin with an empty log")]
    Unfinished {
        /// The folder.
        folder: String,
    },
    /// Nothing had happened at that moment, or it is yet to come.
    #[error("the backup reaches from event 1 ({first}) to event {last} ({taken}); name a moment in between")]
    OutOfReach {
        /// When its first event was.
        first: String,
        /// Its last event.
        last: i64,
        /// When it was taken.
        taken: String,
    },
    /// The log that redactions are to be taken from is another.
    #[error("the log at {0} does not continue the one in the backup; redactions are only taken from the log the backup was made of")]
    OtherLog(String),
}

impl BackupError {
    /// Asking differently mends it.
    pub fn is_misuse(&self) -> bool {
        use BackupError as E;
        matches!(
            self,
            E::Exists(_)
                | E::NoRecipient
                | E::Age { error: AgeError::NotForUs | AgeError::Armor, .. }
                | E::IdentityNeeded(_)
                | E::Occupied(_)
                | E::OutOfReach { .. }
        )
    }
}

/// An error of a stream that may be one of the encryption.
pub(super) fn stream_error(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<AgeError>()) {
        Some(age) => BackupError::Age { path: path.display().to_string(), error: age.clone() }.into(),
        None => file_error(path)(error),
    }
}
