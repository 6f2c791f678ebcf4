//! Why attached files cannot be kept or read.

/// What stands between the store and its attached files. Keys are in none of these.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FilesError {
    /// A file is not what it was.
    #[error("attached file {0} is not what was attached (its SHA-256 is another); put the right one back from a backup")]
    Damaged(String),
    /// The server does not answer.
    #[error("the attached files at {place} cannot be reached ({cause}); start the server or mend the network and try again")]
    Unreachable {
        /// Bucket and server.
        place: String,
        /// What the connection says.
        cause: String,
    },
    /// The server refuses.
    #[error("the server of the attached files at {place} refused: {status} {code}; look at files.s3_bucket, files.s3_region and the keys")]
    Refused {
        /// Bucket and server.
        place: String,
        /// Status of the answer.
        status: u16,
        /// The server's own word for it.
        code: String,
    },
}
