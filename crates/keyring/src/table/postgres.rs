//! The table in a PostgreSQL database, which several processes may share.
//!
//! A connection that breaks is made anew, and what was asked over it is asked once more: every step may be repeated,
//! for a version that we wrote is nobody else's.

use super::{FORMAT, Kind, Row, Table};
use crate::{KeyringError, clock::Moment};
use ::postgres::{Client, Error, Statement, types::ToSql};
use shirube_net::{Server, asking, said};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A server that does not answer is left alone for so long.
const BACK_OFF: Duration = Duration::from_millis(500);
/// Keeps two processes from making the table at once ("skey"), one lock per schema.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1936418169, hashtext(coalesce(current_schema(), '')))";
const SESSION: &str = "
SET lock_timeout = '10s'; SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";
/// The row of kind `changes` counts, in its version, how often sessions were changed or removed.
const SCHEMA: &str = "
CREATE TABLE shirube_keyring_format (format BIGINT NOT NULL);
CREATE TABLE keyring (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  account BIGINT,
  expires BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  version BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX keyring_account ON keyring (account) WHERE account IS NOT NULL;
CREATE INDEX keyring_expires ON keyring (expires);
INSERT INTO keyring VALUES ('changes', '', NULL, 9223372036854775807, 0, 0, '')";
const COUNT: &str = "UPDATE keyring SET version = version + 1 WHERE kind = 'changes'";

/// A connection and its prepared statements.
struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
}

/// The connection, if there is one, and when it is tried again if not.
struct Line {
    session: Option<Session>,
    not_before: Instant,
    cause: String,
}

/// The table of a database.
pub(crate) struct PostgresTable {
    server: Server,
    line: Mutex<Line>,
}

impl fmt::Debug for PostgresTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresTable({})", self.server.place())
    }
}

fn failure(server: &Server, error: &Error) -> KeyringError {
    let place = server.place();
    // The server's own words for a statement would repeat its values.
    match error.as_db_error() {
        // Of the connection, or the server goes down or comes up.
        Some(said) if !["08", "57P"].iter().any(|class| said.code().code().starts_with(class)) => {
            KeyringError::Refused { place, cause: said.message().to_string() }
        }
        Some(said) => KeyringError::Unreachable { place, cause: said.message().to_string() },
        None => KeyringError::Unreachable { place, cause: said(error) },
    }
}

fn connect(server: &Server) -> Result<Client, Error> {
    let mut client = server.connect()?;
    client.batch_execute(SESSION)?;
    Ok(client)
}

impl Session {
    fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    fn execute(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        self.client.execute(&statement, parameters)
    }

    /// Changes sessions and counts it. Counting comes first: whoever waits for the count holds nothing others wait for.
    fn execute_counted(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let (count, change) = (self.statement(COUNT)?, self.statement(sql)?);
        let mut transaction = self.client.transaction()?;
        transaction.execute(&count, &[])?;
        let changed = transaction.execute(&change, parameters)?;
        transaction.commit()?;
        Ok(changed)
    }

    fn version(&mut self, kind: Kind, id: &str) -> Result<Option<i64>, Error> {
        let statement = self.statement("SELECT version FROM keyring WHERE kind = $1 AND id = $2")?;
        self.client.query_opt(&statement, &[&kind.name(), &id])?.map(|row| row.try_get(0)).transpose()
    }
}

impl PostgresTable {
    /// Opens the table, or makes it where there is none.
    pub fn open(server: &Server) -> Result<PostgresTable, KeyringError> {
        let failed = |error: Error| failure(server, &error);
        let mut client = connect(server).map_err(failed)?;
        let mut make = || {
            let mut transaction = client.transaction()?;
            transaction.batch_execute(LOCK)?;
            if !transaction.query_one("SELECT to_regclass('shirube_keyring_format') IS NOT NULL", &[])?.try_get::<_, bool>(0)? {
                transaction.batch_execute(SCHEMA)?;
                transaction.execute("INSERT INTO shirube_keyring_format VALUES ($1)", &[&FORMAT])?;
            }
            let found = transaction.query_one("SELECT format FROM shirube_keyring_format", &[])?.try_get(0)?;
            transaction.commit()?;
            Ok(found)
        };
        let found: i64 = make().map_err(failed)?;
        if found > FORMAT {
            return Err(KeyringError::Format { place: server.place(), found, known: FORMAT });
        }
        let session = Some(Session { client, prepared: HashMap::new() });
        let line = Line { session, not_before: Instant::now(), cause: String::new() };
        Ok(PostgresTable { server: server.clone(), line: Mutex::new(line) })
    }

    /// Does something over the connection; if that breaks, once more over a new one. `work` hears whether it is
    /// asked again.
    fn ask<T>(&self, mut work: impl FnMut(&mut Session, bool) -> Result<T, Error>) -> Result<T, KeyringError> {
        // A panic in between would leave a connection in a transaction: it is let go, see below.
        let mut line = self.line.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut line = poisoned.into_inner();
            line.session = None;
            line
        });
        let mut again = false;
        loop {
            let mut session = self.session(&mut line)?;
            match asking("keyring").in_scope(|| work(&mut session, again)) {
                Ok(answer) => {
                    line.session = Some(session);
                    return Ok(answer);
                }
                Err(error) => match failure(&self.server, &error) {
                    KeyringError::Unreachable { cause, .. } if !again => {
                        line.cause = cause;
                        again = true;
                    }
                    refused @ KeyringError::Refused { .. } => {
                        line.session = Some(session);
                        return Err(refused);
                    }
                    other => return Err(other),
                },
            }
        }
    }

    /// Takes the connection, made anew if it broke and it is time.
    fn session(&self, line: &mut Line) -> Result<Session, KeyringError> {
        if let Some(session) = line.session.take().filter(|session| !session.client.is_closed()) {
            return Ok(session);
        }
        if Instant::now() < line.not_before {
            return Err(KeyringError::Unreachable { place: self.server.place(), cause: line.cause.clone() });
        }
        connect(&self.server).map(|client| Session { client, prepared: HashMap::new() }).map_err(|error| {
            line.not_before = Instant::now() + BACK_OFF;
            line.cause = said(&error);
            failure(&self.server, &error)
        })
    }
}

const INSERT: &str = "INSERT INTO keyring (kind, id, account, expires, seen, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                      ON CONFLICT DO NOTHING";
const REPLACE: &str = "UPDATE keyring SET account = $3, expires = $4, seen = $5, version = $6, body = $7 \
                       WHERE kind = $1 AND id = $2 AND version = $8";

impl Table for PostgresTable {
    fn insert(&self, row: &Row) -> Result<bool, KeyringError> {
        self.ask(|session, again| {
            let changed =
                session.execute(INSERT, &[&row.kind.name(), &row.id, &row.account, &row.expires, &row.seen, &row.version, &row.body])?;
            // The answer to the first attempt may have been lost, not the attempt.
            Ok(changed == 1 || again && session.version(row.kind, &row.id)? == Some(row.version))
        })
    }

    fn get(&self, kind: Kind, id: &str) -> Result<Option<Row>, KeyringError> {
        self.ask(|session, _| {
            let statement =
                session.statement("SELECT id, account, expires, seen, version, body FROM keyring WHERE kind = $1 AND id = $2")?;
            session.client.query_opt(&statement, &[&kind.name(), &id])?.map(|found| row(kind, &found)).transpose()
        })
    }

    fn replace(&self, version: i64, row: &Row) -> Result<bool, KeyringError> {
        self.ask(|session, again| {
            let parameters: [&(dyn ToSql + Sync); 8] =
                [&row.kind.name(), &row.id, &row.account, &row.expires, &row.seen, &row.version, &row.body, &version];
            let changed = match row.kind {
                Kind::Session => session.execute_counted(REPLACE, &parameters)?,
                _ => session.execute(REPLACE, &parameters)?,
            };
            Ok(changed == 1 || again && session.version(row.kind, &row.id)? == Some(row.version))
        })
    }

    fn touch(&self, kind: Kind, id: &str, seen: Moment, expires: Moment) -> Result<(), KeyringError> {
        self.ask(|session, _| {
            let sql = "UPDATE keyring SET seen = $3, expires = $4 WHERE kind = $1 AND id = $2 AND seen < $3";
            let statement = session.statement(sql)?;
            let mut transaction = session.client.transaction()?;
            // Ten thousand people at work would otherwise keep the disk busy with nothing but this.
            transaction.batch_execute("SET LOCAL synchronous_commit = off")?;
            transaction.execute(&statement, &[&kind.name(), &id, &seen, &expires])?;
            transaction.commit()
        })
    }

    fn delete(&self, kind: Kind, id: &str, version: Option<i64>) -> Result<bool, KeyringError> {
        self.ask(|session, _| {
            let sql = "DELETE FROM keyring WHERE kind = $1 AND id = $2 AND version = coalesce($3, version)";
            let parameters: [&(dyn ToSql + Sync); 3] = [&kind.name(), &id, &version];
            let changed = match kind {
                Kind::Session => session.execute_counted(sql, &parameters)?,
                _ => session.execute(sql, &parameters)?,
            };
            Ok(changed == 1)
        })
    }

    fn list(&self, kind: Kind, account: i64) -> Result<Vec<Row>, KeyringError> {
        self.ask(|session, _| {
            let sql =
                "SELECT id, account, expires, seen, version, body FROM keyring WHERE kind = $1 AND account = $2 ORDER BY id COLLATE \"C\"";
            let statement = session.statement(sql)?;
            session.client.query(&statement, &[&kind.name(), &account])?.iter().map(|found| row(kind, found)).collect()
        })
    }

    fn forget(&self, account: i64) -> Result<u64, KeyringError> {
        self.ask(|session, _| session.execute_counted("DELETE FROM keyring WHERE account = $1", &[&account]))
    }

    fn purge(&self, now: Moment) -> Result<u64, KeyringError> {
        self.ask(|session, _| session.execute("DELETE FROM keyring WHERE expires <= $1", &[&now]))
    }

    fn changes(&self) -> Result<i64, KeyringError> {
        self.ask(|session, _| {
            let statement = session.statement("SELECT version FROM keyring WHERE kind = 'changes'")?;
            session.client.query_one(&statement, &[])?.try_get(0)
        })
    }
}

fn row(kind: Kind, r: &::postgres::Row) -> Result<Row, Error> {
    Ok(Row {
        kind,
        id: r.try_get(0)?,
        account: r.try_get(1)?,
        expires: r.try_get(2)?,
        seen: r.try_get(3)?,
        version: r.try_get(4)?,
        body: r.try_get(5)?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn server(address: &str) -> Server {
        address.parse().unwrap()
    }

    #[test]
    fn a_server_that_does_not_answer_is_told_with_its_place_and_without_the_password() {
        let refused = PostgresTable::open(&server("postgresql://ann:secret@127.0.0.1:1/shirube?connect_timeout=2"));
        let told = format!("{refused:?}");
        assert!(matches!(refused, Err(KeyringError::Unreachable { place, .. }) if place == "postgresql://127.0.0.1:1/shirube"));
        assert!(!told.contains("secret"));
    }
}
