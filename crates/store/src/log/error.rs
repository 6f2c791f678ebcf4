//! What can be wrong with a log.

use super::Moved;
use shirube_net::AddressError;

/// Why the event log cannot be used. Passwords are in none of these.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The text names no place of a log.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The server does not answer; nothing was written.
    #[error(
        "the event log at {place} cannot be reached ({cause}); nothing was written, reading goes on; start the server or mend the network, it is tried again by itself"
    )]
    Unreachable {
        /// Where.
        place: String,
        /// What the connection says.
        cause: String,
    },
    /// Another process holds the log for too long.
    #[error("the event log at {place} is being written by another process for too long; nothing was written, try again")]
    Busy {
        /// Where.
        place: String,
    },
    /// The server refused a statement; nothing was written.
    #[error("the event log at {place} refused: {cause}; nothing was written, see the server's own log")]
    Refused {
        /// Where.
        place: String,
        /// What the server says.
        cause: String,
    },
    /// The connection broke during a commit and the log could not be asked since.
    #[error(
        "the connection to the event log at {place} broke while events {first} to {last} were being written, and it is not known whether they were; once the log is back, look at the records before writing them again"
    )]
    Unknown {
        /// Where.
        place: String,
        /// First event of the batch.
        first: i64,
        /// Last event of the batch.
        last: i64,
    },
    /// The log was made by a later release.
    #[error(
        "the event log at {place} has format {found}, this release knows up to {known}; use the release that wrote it, or have it take the log back with `shirube migrate-format --to {known}`"
    )]
    Format {
        /// Where.
        place: String,
        /// Its format.
        found: i64,
        /// The last format that is known.
        known: i64,
    },
    /// No such format.
    #[error("there is no format {asked}: this release knows 1 to {known}")]
    NoFormat {
        /// What was asked for.
        asked: i64,
        /// The last format that is known.
        known: i64,
    },
    /// The database does not keep every character.
    #[error("the database at {place} keeps text as {found}; make one with ENCODING 'UTF8'")]
    Encoding {
        /// Where.
        place: String,
        /// Its encoding.
        found: String,
    },
    /// A log is only moved to where there is none.
    #[error("{place} has {events} events already; name an empty place, or remove what is there yourself")]
    NotEmpty {
        /// Where.
        place: String,
        /// Events in it.
        events: i64,
    },
    /// A log that does not verify is not moved.
    #[error("the event log at {place} does not verify ({problem}); run `shirube verify` and mend it first")]
    Broken {
        /// Where.
        place: String,
        /// First problem.
        problem: String,
    },
    /// What arrived is not what was sent.
    #[error("the copy at {place} differs from the log it was made of; it was taken back")]
    Differs {
        /// Where.
        place: String,
    },
    /// A data folder whose records came from a log that is not in it.
    #[error(
        "the records in {folder} came from an event log in a database; name it with --database or `database` in the settings, or another folder with --data"
    )]
    Elsewhere {
        /// The data folder.
        folder: String,
    },
    /// The log goes on elsewhere.
    #[error(
        "the event log at {place} was {moved}: it is kept to be read and takes nothing more; name the new place (--database or `database` in the settings, a folder with --data), or take this one up again with `shirube migrate-store --take-up`, without what was written there since"
    )]
    Moved {
        /// Where it was.
        place: String,
        /// Where it is, and since when.
        moved: Box<Moved>,
    },
    /// Only a log that was moved is taken up again.
    #[error("the event log at {place} was not moved: it is in use as it is")]
    NotMoved {
        /// Where.
        place: String,
    },
    /// There is no log.
    #[error("there is no event log at {place}; name the data folder with --data, or the database with --database")]
    Absent {
        /// Where.
        place: String,
    },
}

impl LogError {
    /// Asking differently mends it.
    pub fn is_misuse(&self) -> bool {
        use LogError as E;
        matches!(
            self,
            E::Address(..)
                | E::NoFormat { .. }
                | E::NotEmpty { .. }
                | E::Elsewhere { .. }
                | E::Absent { .. }
                | E::Moved { .. }
                | E::NotMoved { .. }
        )
    }
}
