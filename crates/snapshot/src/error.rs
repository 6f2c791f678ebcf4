//! What can go wrong when reading a snapshot.

/// A failed read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The words for a moment could not be read.
    #[error("`{0}` is not a moment; write a day (2025-03-31), a time (2025-03-31T17:00:00+09:00) or an event (seq:120)")]
    BadMoment(String),
    /// The moment has not come: what it will show cannot be known.
    #[error("{asked} has not come yet: the last event is {last}; ask for today or earlier")]
    NotYet {
        /// Moment asked for.
        asked: String,
        /// Last event.
        last: i64,
    },
    /// The pack declares no such register.
    #[error("the pack has no register `{0}`")]
    NoSuchRegister(String),
    /// The file is no snapshot.
    #[error("{0} is not a snapshot")]
    NotASnapshot(String),
    /// A snapshot file shows one moment only.
    #[error("this snapshot was taken at event {taken}; it cannot show {asked}")]
    OtherMoment {
        /// Event at which it was taken.
        taken: i64,
        /// Moment asked for.
        asked: String,
    },
    /// A snapshot file is never overwritten.
    #[error("{0} exists already; name a new file")]
    Exists(String),
    /// The file could not be written to the disk.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// A list is asked for by a column the register does not have.
    #[error("register `{register}` has no column `{column}` to filter or sort by")]
    NoSuchColumn {
        /// Register.
        register: String,
        /// Column.
        column: String,
    },
    /// A filter's value cannot be read.
    #[error("filter on `{column}`: {}; {}", .problem.en, .mend.en)]
    BadFilterValue {
        /// Column.
        column: String,
        /// What is wrong.
        problem: shirube_plan::Pair,
        /// What to do about it.
        mend: shirube_plan::Pair,
    },
    /// SQLite refused.
    #[error("reading the snapshot failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
}
