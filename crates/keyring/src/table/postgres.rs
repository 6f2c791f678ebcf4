//! The table in a PostgreSQL database, which several processes may share.
//!
//! A connection that breaks is made anew, and what was asked over it is asked once more: every step may be repeated,
//! for a version that we wrote is nobody else's. One that fell silent is made anew for the next.

use super::{FORMAT, Kind, Row, Table};
use crate::{KeyringError, clock::Moment};
use shirube_net::{
    Server,
    postgres::{Client, Error, Line, Lock, Row as Found, TURN, types::ToSql},
};
use std::sync::{Mutex, PoisonError};

/// Keeps two processes from making the table at once ("skey").
const MAKING: Lock = Lock(1_936_418_169);
const SESSION: &str = "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'";
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

/// The table of a database.
#[derive(Debug)]
pub(crate) struct PostgresTable(Mutex<Line>);

fn failure(server: &Server, error: &Error) -> KeyringError {
    let (place, cause) = (server.place(), error.to_string());
    if error.is_lost() { KeyringError::Unreachable { place, cause } } else { KeyringError::Refused { place, cause } }
}

fn execute(client: &mut Client, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
    let statement = client.statement(sql)?;
    client.execute(&statement, parameters)
}

/// Changes sessions and counts it. Counting comes first: whoever waits for the count holds nothing others wait for.
fn execute_counted(client: &mut Client, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
    let (count, change) = (client.statement(COUNT)?, client.statement(sql)?);
    client.transaction(|client| {
        client.execute(&count, &[])?;
        client.execute(&change, parameters)
    })
}

fn version_of(client: &mut Client, kind: Kind, id: &str) -> Result<Option<i64>, Error> {
    let statement = client.statement("SELECT version FROM keyring WHERE kind = $1 AND id = $2")?;
    Ok(client.query_opt(&statement, &[&kind.name(), &id])?.map(|row| row.try_get(0)).transpose()?)
}

impl PostgresTable {
    /// Opens the table, or makes it where there is none.
    pub fn open(server: &Server) -> Result<PostgresTable, KeyringError> {
        let failed = |error: Error| failure(server, &error);
        let mut line = Line::open(server, SESSION).map_err(failed)?;
        line.begin(MAKING, TURN).map_err(failed)?;
        let found = line.ask(|client| {
            if !client.query_one("SELECT to_regclass('shirube_keyring_format') IS NOT NULL", &[])?.try_get::<_, bool>(0)? {
                client.batch_execute(SCHEMA)?;
                client.execute("INSERT INTO shirube_keyring_format VALUES ($1)", &[&FORMAT])?;
            }
            Ok(client.query_one("SELECT format FROM shirube_keyring_format", &[])?.try_get(0)?)
        });
        let found: i64 = found.map_err(failed)?;
        if found > FORMAT {
            return Err(KeyringError::Format { place: server.place(), found, known: FORMAT });
        }
        line.commit().map_err(failed)?;
        Ok(PostgresTable(Mutex::new(line)))
    }

    /// Does something over the connection; if that breaks, once more over a new one. `work` hears whether it is
    /// asked again.
    fn ask<T>(&self, mut work: impl FnMut(&mut Client, bool) -> Result<T, Error>) -> Result<T, KeyringError> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match line.ask(|client| work(client, false)) {
            // Where nothing came for so long, the next would wait as long, and all others behind it.
            Err(error) if error.is_broken() => line.ask(|client| work(client, true)),
            other => other,
        };
        answer.map_err(|error| failure(line.server(), &error))
    }
}

const INSERT: &str = "INSERT INTO keyring (kind, id, account, expires, seen, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                      ON CONFLICT DO NOTHING";
const REPLACE: &str = "UPDATE keyring SET account = $3, expires = $4, seen = $5, version = $6, body = $7 \
                       WHERE kind = $1 AND id = $2 AND version = $8";

impl Table for PostgresTable {
    fn insert(&self, row: &Row) -> Result<bool, KeyringError> {
        self.ask(|client, again| {
            let changed =
                execute(client, INSERT, &[&row.kind.name(), &row.id, &row.account, &row.expires, &row.seen, &row.version, &row.body])?;
            // The answer to the first attempt may have been lost, not the attempt.
            Ok(changed == 1 || again && version_of(client, row.kind, &row.id)? == Some(row.version))
        })
    }

    fn get(&self, kind: Kind, id: &str) -> Result<Option<Row>, KeyringError> {
        self.ask(|client, _| {
            let statement =
                client.statement("SELECT id, account, expires, seen, version, body FROM keyring WHERE kind = $1 AND id = $2")?;
            client.query_opt(&statement, &[&kind.name(), &id])?.map(|found| row(kind, &found)).transpose()
        })
    }

    fn replace(&self, version: i64, row: &Row) -> Result<bool, KeyringError> {
        self.ask(|client, again| {
            let parameters: [&(dyn ToSql + Sync); 8] =
                [&row.kind.name(), &row.id, &row.account, &row.expires, &row.seen, &row.version, &row.body, &version];
            let changed = match row.kind {
                Kind::Session => execute_counted(client, REPLACE, &parameters)?,
                _ => execute(client, REPLACE, &parameters)?,
            };
            Ok(changed == 1 || again && version_of(client, row.kind, &row.id)? == Some(row.version))
        })
    }

    fn touch(&self, kind: Kind, id: &str, seen: Moment, expires: Moment) -> Result<(), KeyringError> {
        self.ask(|client, _| {
            let sql = "UPDATE keyring SET seen = $3, expires = $4 WHERE kind = $1 AND id = $2 AND seen < $3";
            let statement = client.statement(sql)?;
            client.transaction(|client| {
                // Ten thousand people at work would otherwise keep the disk busy with nothing but this.
                client.batch_execute("SET LOCAL synchronous_commit = off")?;
                client.execute(&statement, &[&kind.name(), &id, &seen, &expires]).map(drop)
            })
        })
    }

    fn delete(&self, kind: Kind, id: &str, version: Option<i64>) -> Result<bool, KeyringError> {
        self.ask(|client, _| {
            let sql = "DELETE FROM keyring WHERE kind = $1 AND id = $2 AND version = coalesce($3, version)";
            let parameters: [&(dyn ToSql + Sync); 3] = [&kind.name(), &id, &version];
            let changed = match kind {
                Kind::Session => execute_counted(client, sql, &parameters)?,
                _ => execute(client, sql, &parameters)?,
            };
            Ok(changed == 1)
        })
    }

    fn list(&self, kind: Kind, account: i64) -> Result<Vec<Row>, KeyringError> {
        self.ask(|client, _| {
            let sql =
                "SELECT id, account, expires, seen, version, body FROM keyring WHERE kind = $1 AND account = $2 ORDER BY id COLLATE \"C\"";
            let statement = client.statement(sql)?;
            client.query(&statement, &[&kind.name(), &account])?.iter().map(|found| row(kind, found)).collect()
        })
    }

    fn forget(&self, account: i64) -> Result<u64, KeyringError> {
        self.ask(|client, _| execute_counted(client, "DELETE FROM keyring WHERE account = $1", &[&account]))
    }

    fn purge(&self, now: Moment) -> Result<u64, KeyringError> {
        self.ask(|client, _| execute(client, "DELETE FROM keyring WHERE expires <= $1", &[&now]))
    }

    fn changes(&self) -> Result<i64, KeyringError> {
        self.ask(|client, _| {
            let statement = client.statement("SELECT version FROM keyring WHERE kind = 'changes'")?;
            Ok(client.query_one(&statement, &[])?.try_get(0)?)
        })
    }
}

fn row(kind: Kind, r: &Found) -> Result<Row, Error> {
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
