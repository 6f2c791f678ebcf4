//! What can be wrong with the trail of readings.

/// Why the trail cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// That something was read cannot be written down, so it is not given out.
    #[error("nothing was shown, for that it is read cannot be written down ({0}); try again once that is mended")]
    Unwritten(String),
    /// The file is no trail of ours, or of a newer release.
    #[error("{0} is not a trail of readings this release can read; use the release that wrote it")]
    NotATrail(String),
    /// A trail is only brought to where there is none.
    #[error("{0} has a trail of other readings already; name an empty place, or remove what is there yourself")]
    NotEmpty(String),
    /// A trail that does not verify is not moved.
    #[error("the trail of readings does not verify ({0}); run `shirube verify`")]
    Broken(String),
    /// The trail holds something that cannot be read.
    #[error("entry {seq} of the trail of readings does not read ({what}); run `shirube verify`")]
    Unreadable {
        /// The entry.
        seq: i64,
        /// What is wrong.
        what: String,
    },
}
