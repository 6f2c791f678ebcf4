//! Why the outbox fails.

/// A failed request. Nothing that is to be told is in any of these.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The file cannot be made or read.
    #[error("{path}: {cause}; the program needs to read and write there")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// SQLite fails on the file.
    #[error("the outbox {path} failed: {cause}; nothing was changed, see whether the disk is full or the file is damaged")]
    Sqlite {
        /// The file.
        path: String,
        /// What SQLite says.
        cause: String,
    },
    /// The file is a database, but not an outbox.
    #[error("{0} is not an outbox; move it away, or name another data folder with --data")]
    NotAnOutbox(String),
    /// It was made by a later release.
    #[error("the outbox at {place} has format {found}, this release knows up to {known}; use the release that wrote it")]
    Format {
        /// Where.
        place: String,
        /// Its format.
        found: i64,
        /// The last format that is known.
        known: i64,
    },
    /// The server does not answer, or refuses.
    #[error("the outbox at {place} failed: {cause}; it is tried again by itself, see whether the server runs")]
    Server {
        /// Where.
        place: String,
        /// What the connection or the server says.
        cause: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers ({0}); no delivery can be taken without them")]
    Random(String),
}
