//! The mark of a log that went on elsewhere: who opens it here is told so, and the database itself takes no more events,
//! from this release, an earlier one or a process that runs already.

use jiff::Timestamp;
use shirube_record::{Hash, hex};
use std::fmt;

/// Where a log was moved, when, and how far it had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it goes on; no password is in it.
    pub to: String,
    /// When (milliseconds since the epoch).
    pub at: i64,
    /// The last event.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_millisecond(self.at).map(|at| at.to_string()).unwrap_or_default();
        write!(f, "moved to {} at {at}, with {} events and last hash {}", self.to, self.seq, hex(&self.hash))
    }
}

/// The table that says so, and the guard that keeps events away.
pub(super) const SQLITE: &str = "
CREATE TABLE moved (place TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TRIGGER event_moved BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'this event log was moved, its table `moved` says where'); END;
";
pub(super) const SQLITE_AGAIN: &str = "DROP TRIGGER event_moved; DROP TABLE moved";

/// The same in a database. Whoever may look into it may know.
pub(super) const POSTGRES: &str = "
CREATE TABLE shirube_moved (place TEXT NOT NULL, at BIGINT NOT NULL, seq BIGINT NOT NULL, hash BYTEA NOT NULL);
GRANT SELECT ON shirube_moved TO PUBLIC;
CREATE FUNCTION event_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'this event log was moved to %', (SELECT place FROM shirube_moved); END $$;
CREATE TRIGGER event_moved BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION event_moved();
";
pub(super) const POSTGRES_AGAIN: &str = "DROP TRIGGER event_moved ON event; DROP FUNCTION event_moved(); DROP TABLE shirube_moved";
