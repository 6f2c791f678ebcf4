//! The table in a PostgreSQL database, which several processes may share. Each delivery is taken by one of them.

use super::{FORMAT, Queue, Settle, TALLY, condition};
use crate::{Delivery, Draft, Entry, Moment, OutboxError, Tally, Which};
use shirube_net::{
    Server,
    postgres::{Client, Error, Line, Lock, Row, TURN, types::ToSql},
};
use std::sync::{Mutex, PoisonError};

/// Keeps two processes from making the tables at once ("sout").
const MAKING: Lock = Lock(1_936_684_404);
const SESSION: &str = "SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'";
const SCHEMA: &str = "
CREATE TABLE shirube_outbox_format (format BIGINT NOT NULL);
CREATE TABLE outbox (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  lane TEXT NOT NULL,
  task TEXT NOT NULL,
  made BIGINT NOT NULL,
  due BIGINT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  mark BIGINT NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  problem TEXT
);
CREATE INDEX outbox_due ON outbox (due) WHERE dead = 0;
CREATE INDEX outbox_lane ON outbox (lane, id) WHERE dead = 0;
CREATE TABLE outbox_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq BIGINT NOT NULL)";
const PUT: &str = "INSERT INTO outbox (key, lane, task, made, due) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";
/// Whoever comes second passes over a row that is being taken, and what stands behind it in its lane.
const TAKE: &str = "
UPDATE outbox SET due = $2, mark = $3, attempts = attempts + 1 WHERE id = (
  SELECT id FROM outbox AS o WHERE dead = 0 AND due <= $1
    AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.lane = o.lane AND e.id < o.id AND e.dead = 0)
  ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, task, made, attempts";

/// The table of a database.
#[derive(Debug)]
pub(crate) struct PostgresQueue(Mutex<Line>);

fn failure(server: &Server, error: &Error) -> OutboxError {
    OutboxError::Server { place: server.place(), cause: error.to_string() }
}

impl PostgresQueue {
    /// Opens the table, or makes it where there is none.
    pub fn open(server: &Server) -> Result<PostgresQueue, OutboxError> {
        let failed = |error: Error| failure(server, &error);
        let mut line = Line::open(server, SESSION).map_err(failed)?;
        line.begin(MAKING, TURN).map_err(failed)?;
        let found = line.ask(|client| {
            if !client.query_one("SELECT to_regclass('shirube_outbox_format') IS NOT NULL", &[])?.try_get::<_, bool>(0)? {
                client.batch_execute(SCHEMA)?;
                client.execute("INSERT INTO shirube_outbox_format VALUES ($1)", &[&FORMAT])?;
            }
            Ok(client.query_one("SELECT format FROM shirube_outbox_format", &[])?.try_get(0)?)
        });
        let found: i64 = found.map_err(failed)?;
        if found > FORMAT {
            return Err(OutboxError::Format { place: server.place(), found, known: FORMAT });
        }
        line.commit().map_err(failed)?;
        Ok(PostgresQueue(Mutex::new(line)))
    }

    /// Does something in a transaction; over a new connection if the old one broke before it began. One that breaks in
    /// between is an error: whoever asks again finds by key, mark or cursor what became of it.
    fn ask<T>(&self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, OutboxError> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that broke is let go by being asked nothing.
        let _ = line.ask(|client| client.batch_execute(""));
        line.ask(|client| client.transaction(work)).map_err(|error| failure(line.server(), &error))
    }

    fn change(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<bool, OutboxError> {
        self.ask(|client| Ok(client.execute(sql, parameters)? == 1))
    }
}

impl Queue for PostgresQueue {
    fn cursor(&self) -> Result<Option<i64>, OutboxError> {
        self.ask(|client| Ok(client.query_opt("SELECT seq FROM outbox_cursor", &[])?.map(|row| row.try_get(0)).transpose()?))
    }

    fn advance(&self, from: Option<i64>, to: i64, drafts: &[Draft], now: Moment) -> Result<bool, OutboxError> {
        self.ask(|client| {
            // The cursor first: whoever has its row puts alone, and so numbers follow the log's order.
            let moved = match from {
                Some(from) => client.execute("UPDATE outbox_cursor SET seq = $2 WHERE seq = $1", &[&from, &to])?,
                None => client.execute("INSERT INTO outbox_cursor VALUES (1, $1) ON CONFLICT DO NOTHING", &[&to])?,
            };
            if moved == 1 && !drafts.is_empty() {
                let put = client.statement(PUT)?;
                for draft in drafts {
                    client.execute(&put, &[&draft.key, &draft.lane, &draft.task, &now])?;
                }
            }
            Ok(moved == 1)
        })
    }

    fn put(&self, draft: &Draft, now: Moment) -> Result<bool, OutboxError> {
        self.change(PUT, &[&draft.key, &draft.lane, &draft.task, &now])
    }

    fn take(&self, now: Moment, until: Moment, mark: i64) -> Result<Option<Delivery>, OutboxError> {
        self.ask(|client| {
            let delivery = |row: Row| {
                let attempt = row.try_get::<_, i32>(3)?.unsigned_abs();
                Ok(Delivery { id: row.try_get(0)?, task: row.try_get(1)?, made: row.try_get(2)?, attempt, mark })
            };
            client.query_opt(TAKE, &[&now, &until, &mark])?.map(delivery).transpose()
        })
    }

    fn settle(&self, id: i64, mark: i64, settle: &Settle) -> Result<bool, OutboxError> {
        match settle {
            Settle::Remove => self.change("DELETE FROM outbox WHERE id = $1 AND mark = $2", &[&id, &mark]),
            Settle::Later { due, problem } => {
                self.change("UPDATE outbox SET mark = 0, due = $3, problem = $4 WHERE id = $1 AND mark = $2", &[&id, &mark, due, problem])
            }
            Settle::Dead { problem } => {
                self.change("UPDATE outbox SET mark = 0, dead = 1, problem = $3 WHERE id = $1 AND mark = $2", &[&id, &mark, problem])
            }
        }
    }

    fn retry(&self, id: i64, now: Moment) -> Result<bool, OutboxError> {
        self.change("UPDATE outbox SET dead = 0, due = $2, attempts = 0 WHERE id = $1 AND mark = 0", &[&id, &now])
    }

    fn remove(&self, id: i64) -> Result<bool, OutboxError> {
        self.change("DELETE FROM outbox WHERE id = $1", &[&id])
    }

    fn page(&self, which: Which, after: i64, most: u32) -> Result<Vec<Entry>, OutboxError> {
        let condition = condition(which);
        let sql =
            format!("SELECT id, task, made, due, attempts, problem, mark FROM outbox WHERE {condition} AND id > $1 ORDER BY id LIMIT $2");
        let entry = |row: &Row| {
            Ok(Entry {
                id: row.try_get(0)?,
                task: row.try_get(1)?,
                made: row.try_get(2)?,
                due: row.try_get(3)?,
                attempts: row.try_get::<_, i32>(4)?.unsigned_abs(),
                problem: row.try_get(5)?,
                taken: row.try_get::<_, i64>(6)? != 0,
            })
        };
        self.ask(|client| client.query(&sql, &[&after, &i64::from(most)])?.iter().map(entry).collect())
    }

    fn tally(&self) -> Result<Tally, OutboxError> {
        self.ask(|client| {
            let row = client.query_one(TALLY, &[])?;
            let count = |at| Ok::<_, Error>(row.try_get::<_, i64>(at)?.unsigned_abs());
            Ok(Tally { waiting: count(0)?, failed: count(1)?, dead: count(2)?, oldest: row.try_get(3)? })
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_answer_is_told_with_its_place_and_without_the_password() {
        let refused = PostgresQueue::open(&"postgresql://ann:secret@127.0.0.1:1/shirube?connect_timeout=2".parse().unwrap());
        let told = format!("{refused:?}");
        assert!(matches!(refused, Err(OutboxError::Server { place, .. }) if place == "postgresql://127.0.0.1:1/shirube"));
        assert!(!told.contains("secret"));
    }
}
