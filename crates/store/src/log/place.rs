//! Where a log is.

use super::{Log, LogError, format::FORMAT, postgres::PostgresLog, sqlite::SqliteLog};
use crate::StoreError;
use shirube_net::{Server, postgres::Line};
use std::{fmt, path::Path, str::FromStr};

/// Where the event log of a store is kept.
#[derive(Clone, Debug, Default)]
pub enum LogPlace {
    /// `log.db` in the data folder.
    #[default]
    Folder,
    /// A PostgreSQL database, which other processes may share.
    Postgres(Box<Server>),
}

impl FromStr for LogPlace {
    type Err = LogError;

    /// As [`Server`] is written.
    fn from_str(text: &str) -> Result<Self, LogError> {
        Ok(LogPlace::Postgres(Box::new(text.parse()?)))
    }
}

impl LogPlace {
    /// A server's address, or nothing if the text rather names a folder.
    pub fn url(text: &str) -> Option<Result<LogPlace, LogError>> {
        Server::is_address(text).then(|| text.parse())
    }

    /// What a person may read of it; the password is not in it.
    pub fn describe(&self, folder: &Path) -> String {
        match self {
            LogPlace::Folder => folder.join("log.db").display().to_string(),
            LogPlace::Postgres(server) => server.to_string(),
        }
    }

    /// Opens or makes the log.
    pub(crate) fn open(&self, folder: &Path) -> Result<Log, StoreError> {
        Ok(match self {
            LogPlace::Folder => Box::new(SqliteLog::open(&folder.join("log.db"))?),
            LogPlace::Postgres(server) => Box::new(PostgresLog::open(server)?),
        })
    }

    /// A connection for reading while a writer writes.
    pub(crate) fn reader(&self, folder: &Path) -> Result<Log, StoreError> {
        Ok(match self {
            LogPlace::Folder => Box::new(SqliteLog::open_reader(&folder.join("log.db"))?),
            LogPlace::Postgres(server) => Box::new(PostgresLog::open_reader(server)?),
        })
    }

    /// Brings the log to a format, or to the last one; gives what it had and what it has. Whoever writes waits meanwhile.
    pub(crate) fn reformat(&self, folder: &Path, to: Option<i64>) -> Result<(i64, i64), StoreError> {
        let to = to.unwrap_or(FORMAT);
        let from = match self {
            LogPlace::Folder => SqliteLog::reformat(&folder.join("log.db"), to)?,
            LogPlace::Postgres(server) => PostgresLog::reformat(server, to)?,
        };
        Ok((from, to))
    }

    /// Keeps other processes from starting on the same log until it is let go: two that bring the pack's records in at
    /// once would bring them twice. A data folder has a lock of its own.
    pub(crate) fn alone(&self) -> Result<Option<Alone>, StoreError> {
        match self {
            LogPlace::Folder => Ok(None),
            LogPlace::Postgres(server) => Ok(Some(Alone { _connection: super::postgres::alone(server)? })),
        }
    }
}

/// The right to start on a log.
pub(crate) struct Alone {
    _connection: Line,
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}
