//! Why the store refuses.

use crate::{
    anchor::AnchorError,
    backup::BackupError,
    files::{FileRefused, FilesError},
    log::LogError,
    trail::TrailError,
};
use shirube_record::{BrokenBody, FieldError};
use shirube_snapshot::{HeadError, RuleError, SnapshotError, told};

/// A refused or failed request.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The actor may not.
    #[error("`{actor}` may not do this")]
    Denied {
        /// Who asked.
        actor: String,
    },
    /// The pack declares no such register.
    #[error("the pack has no register `{0}`")]
    NoSuchRegister(String),
    /// No such record.
    #[error("register `{register}` has no record {record}")]
    NoSuchRecord {
        /// Register.
        register: String,
        /// Record.
        record: i64,
    },
    /// The record was erased.
    #[error("record {record} of register `{register}` was redacted by event {seq}")]
    Redacted {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// The redaction.
        seq: i64,
    },
    /// Someone changed the record in between.
    #[error(
        "record {record} of register `{register}` is at version {current} now, the change was made on version {given}; look at it again"
    )]
    VersionConflict {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// Version the change was made on.
        given: i64,
        /// Version it has now.
        current: i64,
    },
    /// Values that break the register's rules.
    #[error("{} mistake(s): {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// The change changes nothing.
    #[error("nothing is changed")]
    NothingChanged,
    /// The register has no such state.
    #[error("register `{register}` has no state `{state}`")]
    NoSuchState {
        /// Register.
        register: String,
        /// The state asked for.
        state: String,
    },
    /// The register has no such transition.
    #[error("register `{register}` has no transition `{transition}`")]
    NoSuchTransition {
        /// Register.
        register: String,
        /// The transition asked for.
        transition: String,
    },
    /// The record is in a state from which the transition does not start.
    #[error("transition `{transition}` starts from {}, the record is in state `{state}`", .from.join(", "))]
    WrongState {
        /// The transition.
        transition: String,
        /// States it starts from.
        from: Vec<String>,
        /// State of the record; empty if it has none.
        state: String,
    },
    /// The field takes no file.
    #[error("field `{field}` of register `{register}` takes no file")]
    NotAnAttachment {
        /// Register.
        register: String,
        /// Field.
        field: String,
    },
    /// A redaction says why.
    #[error("a redaction needs a reason")]
    ReasonRequired,
    /// There is nothing of this kind to erase.
    #[error("record {record} of register `{register}` holds no personal columns")]
    NothingPersonal {
        /// Register.
        register: String,
        /// Record.
        record: i64,
    },
    /// A field became personal after it was recorded, so that its value stands among the others.
    #[error("the personal columns {} were recorded before their fields were declared personal and cannot be erased alone; redact the whole record", .columns.join(", "))]
    PersonalAmongOthers {
        /// The columns.
        columns: Vec<String>,
    },
    /// A redaction cannot be part of a batch.
    #[error("a redaction is submitted alone, not in a batch")]
    RedactionInBatch,
    /// The pack's SQL fails on the record.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// Records of the pack that cannot be loaded.
    #[error("{} record(s) of the pack cannot be loaded: {}", .0.len(), .0.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    PackRecords(Vec<PackRecordError>),
    /// The data folder holds the records of another pack.
    #[error(
        "the data folder {folder} belongs to the pack `{holds}`, not to `{given}`; name its pack with --pack, or another folder with --data"
    )]
    OtherPack {
        /// The folder.
        folder: String,
        /// Pack whose records it holds.
        holds: String,
        /// Pack it was opened with.
        given: String,
    },
    /// The pack is older than the one whose records are in the log already.
    #[error(
        "the data folder {folder} has the records of version {holds} of the pack, which is later than {given}; use that version or raise this one's"
    )]
    OlderPack {
        /// The folder.
        folder: String,
        /// Version whose records it holds.
        holds: String,
        /// Version it was opened with.
        given: String,
    },
    /// What is read was made with another text of the pack.
    #[error(
        "the data folder {folder} is in use with version {holds} of the pack, not with {given}; name that one with --pack, or start the portal anew with this one"
    )]
    PackChanged {
        /// The folder.
        folder: String,
        /// Version it was made with, and the beginning of its digest.
        holds: String,
        /// Version it was to be read with, and the beginning of its digest.
        given: String,
    },
    /// Another program has the data folder open.
    #[error("the data folder {0} is in use by another program; stop it first")]
    InUse(String),
    /// The place of the event log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A backup or a restore.
    #[error(transparent)]
    Backup(#[from] Box<BackupError>),
    /// A file that is not taken.
    #[error(transparent)]
    FileRefused(#[from] FileRefused),
    /// Where attached files are kept.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The trail of readings.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// Anchors.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The file is no log of ours, or of a newer version.
    #[error("{0} is not an event log this version can read")]
    NotALog(String),
    /// There is no such attached file.
    #[error("there is no attached file {0}")]
    NoSuchFile(String),
    /// The log holds something that cannot be read.
    #[error("event {seq} of the log does not read ({what}); run `shirube verify`")]
    Unreadable {
        /// The event.
        seq: i64,
        /// What is wrong.
        what: String,
    },
    /// A payload could not be encoded.
    #[error(transparent)]
    Body(#[from] BrokenBody),
    /// Reading a snapshot failed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Writing the head failed.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// SQLite refused.
    #[error("the event log failed: {}", told(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Path.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The writer is gone; nothing was written.
    #[error("the store is closed")]
    Closed,
}

/// A row of the pack's records that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct PackRecordError {
    /// File in the pack.
    pub file: String,
    /// Line.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub problem: String,
}

/// Why nothing of a batch was written.
#[derive(Debug, thiserror::Error)]
#[error("{} of the batch refused, nothing was written: {}", .errors.len(), .errors.iter().take(5).map(|(i, e)| format!("#{i}: {e}")).collect::<Vec<_>>().join("; "))]
pub struct BatchError {
    /// Refused commands by their index in the batch (from 0), in order.
    pub errors: Vec<(usize, StoreError)>,
    /// Errors beyond [`BatchError::LIMIT`] were not looked for.
    pub truncated: bool,
}

impl BatchError {
    /// How many errors are looked for before giving up.
    pub const LIMIT: usize = 10_000;

    pub(crate) fn one(index: usize, error: StoreError) -> BatchError {
        BatchError { errors: vec![(index, error)], truncated: false }
    }
}

pub(crate) fn file_error(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| StoreError::File { path, error }
}

impl From<BackupError> for StoreError {
    fn from(error: BackupError) -> Self {
        StoreError::Backup(Box::new(error))
    }
}
