//! Where a log is.

use super::{Log, LogError, postgres::PostgresLog, sqlite::SqliteLog};
use crate::StoreError;
use std::{fmt, path::Path, str::FromStr, time::Duration};

/// Where the event log of a store is kept.
#[derive(Clone, Debug, Default)]
pub enum LogPlace {
    /// `log.db` in the data folder.
    #[default]
    Folder,
    /// A PostgreSQL database, which other processes may share.
    Postgres(Box<::postgres::Config>),
}

impl FromStr for LogPlace {
    type Err = LogError;

    /// `postgresql://user@host:port/database`. A password that is left out is taken from `PGPASSWORD`.
    fn from_str(text: &str) -> Result<Self, LogError> {
        if !is_url(text) {
            return Err(LogError::Address(without_password(text), "no postgresql:// address".to_string()));
        }
        let mut config: ::postgres::Config =
            text.parse().map_err(|e: ::postgres::Error| LogError::Address(without_password(text), super::postgres::said(&e)))?;
        if let (None, Ok(password)) = (config.get_password(), std::env::var("PGPASSWORD")) {
            config.password(password);
        }
        let patience = Duration::from_secs(10);
        config.connect_timeout(Duration::from_secs(3)).tcp_user_timeout(patience).keepalives_idle(patience).keepalives_interval(patience);
        config.application_name("shirube");
        Ok(LogPlace::Postgres(Box::new(config)))
    }
}

/// Whether a text means a server rather than a folder.
fn is_url(text: &str) -> bool {
    text.starts_with("postgresql://") || text.starts_with("postgres://")
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match rest.rsplit_once('@') {
        Some((who, at)) => format!("{scheme}://{}@{at}", who.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}

impl LogPlace {
    /// A server's address, or nothing if the text rather names a folder.
    pub fn url(text: &str) -> Option<Result<LogPlace, LogError>> {
        is_url(text).then(|| text.parse())
    }

    /// What a person may read of it; the password is not in it.
    pub fn describe(&self, folder: &Path) -> String {
        match self {
            LogPlace::Folder => folder.join("log.db").display().to_string(),
            LogPlace::Postgres(config) => super::postgres::describe(config),
        }
    }

    /// Opens or makes the log.
    pub(crate) fn open(&self, folder: &Path) -> Result<Log, StoreError> {
        Ok(match self {
            LogPlace::Folder => Box::new(SqliteLog::open(&folder.join("log.db"))?),
            LogPlace::Postgres(config) => Box::new(PostgresLog::open(config)?),
        })
    }

    /// A connection for reading while a writer writes.
    pub(crate) fn reader(&self, folder: &Path) -> Result<Log, StoreError> {
        Ok(match self {
            LogPlace::Folder => Box::new(SqliteLog::open_reader(&folder.join("log.db"))?),
            LogPlace::Postgres(config) => Box::new(PostgresLog::open_reader(config)?),
        })
    }

    /// Keeps other processes from starting on the same log until it is let go: two that bring the pack's records in at
    /// once would bring them twice. A data folder has a lock of its own.
    pub(crate) fn alone(&self) -> Result<Option<Alone>, StoreError> {
        match self {
            LogPlace::Folder => Ok(None),
            LogPlace::Postgres(config) => Ok(Some(Alone { _connection: super::postgres::alone(config)? })),
        }
    }
}

/// The right to start on a log.
pub(crate) struct Alone {
    _connection: ::postgres::Client,
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_told() {
        for url in ["postgresql://ann:secret@host:port/db", "postgresql://ann:secret@host/db?connect_timeout=x&password=secret"] {
            let error = url.parse::<LogPlace>().map(|_| ()).map_err(|e| e.to_string());
            assert!(error.as_ref().is_err_and(|e| !e.contains("secret") && e.contains("ann@host")), "{error:?}");
        }
        let place: LogPlace = "postgresql://ann:secret@host:5433/db".parse().unwrap_or_default();
        assert_eq!(place.describe(Path::new("x")), "postgresql://ann@host:5433/db");
        assert!(!format!("{place:?}").contains("secret"));
    }
}
