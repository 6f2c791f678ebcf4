//! The log in a PostgreSQL database, which several processes may share.
//!
//! Writers take turns by an advisory lock that lasts as long as their transaction. A connection that breaks, or on which
//! nothing comes for too long, is made anew; a commit whose answer got lost is looked up in the log.

mod rows;
mod schema;

use super::{COLUMNS, Each, EventLog, Last, Line as EventLine, LogError, Moved, Row, Which, moved};
use crate::StoreError;
use rows::{Batch, Waiting, hash, line, row};
use shirube_net::{
    Server,
    postgres::{Client, Error, Line, Lock, Row as Found, TURN},
};
use shirube_record::{FIRST, Hash, Scope};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Events that go to the server together.
const TOGETHER: usize = 500;
/// Bytes that go to the server together, about.
const BYTES: usize = 4 << 20;
/// Rows that are asked for together. Asked for all, a server that does not know its table yet sorts it before it gives
/// the first.
pub(crate) const PAGE: usize = 2000;
/// How soon the outcome of a commit is asked for after its connection broke, and for how long.
const RESOLVE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(20));
/// The table, as traces name it.
const TABLE: &str = "event";
/// What a session needs.
const SESSION: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '120s'";
/// Our locks ("shir"): to write, and to start.
const WRITING: Lock = Lock(1_936_222_578);
const STARTING: Lock = Lock(1_936_222_579);
const LAST: &str = "SELECT seq, hash, at FROM event ORDER BY seq DESC LIMIT 1";

/// The log, open for appending or reading.
pub(crate) struct PostgresLog {
    line: RefCell<Line>,
    /// The end of the log, the batch's own events included.
    last: Last,
    /// The end of the log without them.
    committed: Last,
    waiting: Vec<Waiting>,
    bytes: usize,
}

pub(crate) fn failure(server: &Server, error: &Error) -> LogError {
    let (place, cause) = (server.to_string(), error.to_string());
    match error {
        error if error.is_busy() => LogError::Busy { place },
        error if error.is_absent() => LogError::Absent { place },
        error if error.is_lost() => LogError::Unreachable { place, cause },
        _ => LogError::Refused { place, cause },
    }
}

pub(crate) fn connect(server: &Server, table: &'static str) -> Result<Line, LogError> {
    Line::open(server, table, SESSION).map_err(|error| failure(server, &error))
}

/// Waits until no other process starts on this log; as long as the connection stands, none does.
pub(super) fn alone(server: &Server) -> Result<Line, LogError> {
    let mut line = connect(server, TABLE)?;
    line.hold(STARTING).map_err(|error| failure(server, &error))?;
    Ok(line)
}

impl PostgresLog {
    /// Opens or makes the log.
    pub fn open(server: &Server) -> Result<PostgresLog, StoreError> {
        schema::prepare(&mut connect(server, TABLE)?)?;
        PostgresLog::open_reader(server)
    }

    /// A second connection, for reading while the writer writes.
    pub fn open_reader(server: &Server) -> Result<PostgresLog, StoreError> {
        let (line, last, waiting) = (RefCell::new(connect(server, TABLE)?), Last::NONE, vec![]);
        let mut log = PostgresLog { line, last, committed: last, waiting, bytes: 0 };
        log.refresh()?;
        Ok(log)
    }

    /// Brings a log to a format; gives what it had.
    pub fn reformat(server: &Server, to: i64) -> Result<i64, StoreError> {
        schema::bring(&mut connect(server, TABLE)?, to)
    }

    fn failed(&self, error: &Error) -> StoreError {
        failure(self.line.borrow().server(), error).into()
    }

    fn place(&self) -> String {
        self.line.borrow().server().to_string()
    }

    /// Does something over the connection.
    fn ask<T>(&self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, StoreError> {
        let answer = self.line.borrow_mut().ask(work);
        answer.map_err(|error| self.failed(&error))
    }

    /// Does what has to do with the whole table.
    fn ask_patiently<T>(&self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, StoreError> {
        self.ask(|client| client.patiently(work))
    }

    fn end(&self) -> Result<Last, StoreError> {
        self.ask(|client| {
            let last = client.statement(LAST)?;
            end_of(client.query_opt(&last, &[])?)
        })
    }

    /// The events that wait to be written.
    fn taken(&mut self) -> Option<Batch> {
        self.bytes = 0;
        (!self.waiting.is_empty()).then(|| Batch(std::mem::take(&mut self.waiting)))
    }

    /// Whether the batch is in the log after its commit was not answered. Whoever has the lock knows that the
    /// transaction is over, one way or the other.
    fn resolve(&mut self, cause: String) -> Result<(), StoreError> {
        let (until, first, end) = (Instant::now() + RESOLVE.1, self.committed.seq + 1, self.last);
        let line = self.line.get_mut();
        while Instant::now() < until {
            std::thread::sleep(RESOLVE.0);
            let found = line.begin(WRITING, until.saturating_duration_since(Instant::now())).and_then(|()| {
                let row = line.ask(|client| client.query_opt("SELECT hash FROM event WHERE seq = $1", &[&end.seq]))?;
                Ok(row.map(|row| hash(&row, 0)).transpose()?.flatten())
            });
            line.rollback();
            match found {
                Ok(found) if found == Some(end.hash) => return Ok(()),
                Ok(_) => return Err(LogError::Unreachable { place: self.place(), cause }.into()),
                Err(_) => {}
            }
        }
        Err(LogError::Unknown { place: self.place(), first, last: end.seq }.into())
    }
}

/// The end of the log, in its last row.
fn end_of(row: Option<Found>) -> Result<Last, Error> {
    let last = |row: Found| Ok(Last { seq: row.try_get(0)?, hash: hash(&row, 1)?.unwrap_or(FIRST), at: row.try_get(2)? });
    row.map_or(Ok(Last::NONE), last)
}

impl EventLog for PostgresLog {
    fn last(&self) -> Last {
        self.last
    }

    fn refresh(&mut self) -> Result<(), StoreError> {
        self.committed = self.end()?;
        self.last = self.committed;
        Ok(())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let begun = self.line.get_mut().begin_by(WRITING, TURN, |client, sql| {
            let last = client.statement(LAST)?;
            end_of(client.batch_and_query(sql, &last)?)
        });
        self.committed = begun.map_err(|error| self.failed(&error))?;
        self.last = self.committed;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let batch = self.taken();
        let ended = self.line.get_mut().commit_by(|client, sql| match batch {
            Some(batch) => batch.write(client, |client, insert, values| client.execute_and(insert, values, sql).map(drop)),
            None => client.batch_execute(sql),
        });
        match ended {
            Err(error) if error.is_lost() && self.last != self.committed => self.resolve(error.to_string())?,
            other => other.map_err(|error| self.failed(&error))?,
        }
        self.committed = self.last;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.waiting.clear();
        self.bytes = 0;
        self.line.get_mut().rollback();
        self.last = self.committed;
        Ok(())
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        let shown = self.line.get_mut().moment();
        shown.map_err(|error| self.failed(&error))
    }

    fn put(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let event = row.event.clone();
        self.last = Last { seq: event.seq, hash: event.hash, at: event.at };
        self.bytes += row.body.map_or(0, str::len) + row.personal.map_or(0, str::len);
        self.waiting.push((event, row.body.map(str::to_string), row.personal.map(str::to_string)));
        if self.waiting.len() >= TOGETHER || self.bytes >= BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let Some(batch) = self.taken() else { return Ok(()) };
        self.ask(|client| batch.write(client, |client, insert, values| client.execute(insert, values)))?;
        Ok(())
    }

    fn rows(&self, which: Which, each: &mut Each<'_>) -> Result<(), StoreError> {
        // Of one record there are few. The pages' condition would have the server look at all numbers there are.
        let (condition, mut from, paged) = match which {
            Which::After(seq) => ("seq > $1".to_string(), seq, true),
            Which::Between(after, until) => (format!("seq > $1 AND seq <= {until}"), after, true),
            Which::RedactionsAfter(seq) => ("kind = 'redact' AND seq > $1".to_string(), seq, true),
            Which::OfRecord(record) => ("record = $1 AND (seq = $1 OR kind <> 'create')".to_string(), record, false),
        };
        let most = if paged { format!("LIMIT {PAGE}") } else { String::new() };
        let sql = format!("SELECT {COLUMNS} FROM event WHERE {condition} ORDER BY seq {most}");
        loop {
            let heard = self.ask(|client| {
                let (mut rows, mut heard) = (client.query_raw(&sql, [from])?, 0);
                while let Some(found) = rows.next()? {
                    from = found.try_get(0)?;
                    heard += 1;
                    if let Err(error) = each(from, row(&found)) {
                        return Ok(Err(error));
                    }
                }
                Ok(Ok(heard))
            });
            if heard?? < PAGE || !paged {
                return Ok(());
            }
        }
    }

    fn hash_of(&self, seq: i64) -> Result<Option<Hash>, StoreError> {
        self.ask(|client| {
            let row = client.query_opt("SELECT hash FROM event WHERE seq = $1", &[&seq])?;
            Ok(row.map(|row| hash(&row, 0)).transpose()?.flatten())
        })
    }

    fn at_of(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        self.ask(|client| Ok(client.query_opt("SELECT at FROM event WHERE seq = $1", &[&seq])?.map(|row| row.try_get(0)).transpose()?))
    }

    fn lines(&self, (from, to): (i64, i64)) -> Result<Vec<EventLine>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event WHERE seq >= $1 AND seq < $2 ORDER BY seq";
        self.ask(|client| client.query(sql, &[&from, &to])?.iter().map(line).collect())
    }

    fn lines_of(&self, record: i64, (from, to): (i64, i64)) -> Result<Vec<EventLine>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event
            WHERE record = $1 AND (seq = $1 OR kind <> 'create') AND seq >= $2 AND seq < $3 ORDER BY seq";
        self.ask(|client| client.query(sql, &[&record, &from, &to])?.iter().map(line).collect())
    }

    fn lines_by(&self, actor: &str, (from, to): (i64, i64), most: usize) -> Result<Vec<EventLine>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event
            WHERE actor = $1 AND seq >= $2 AND seq < $3 ORDER BY seq DESC LIMIT $4";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.ask(|client| client.query(sql, &[&actor, &from, &to, &most])?.iter().map(line).collect())
    }

    fn format(&self) -> Result<i64, StoreError> {
        self.ask(schema::format)
    }

    fn created_by(&self, register: &str, actors: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT record FROM event WHERE kind = 'create' AND register = $1 AND starts_with(actor, $2) ORDER BY seq";
        self.ask_patiently(|client| client.query(sql, &[&register, &actors])?.iter().map(|row| Ok(row.try_get(0)?)).collect())
    }

    fn first_pack(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT actor FROM event WHERE starts_with(actor, 'pack:') ORDER BY seq LIMIT 1";
        self.ask_patiently(|client| Ok(client.query_opt(sql, &[])?.map(|row| row.try_get(0)).transpose()?))
    }

    fn erase(&mut self, record: i64, scope: Scope) -> Result<(), StoreError> {
        self.flush()?;
        let set = match scope {
            Scope::Personal => "personal = NULL",
            Scope::All => "body = NULL, personal = NULL",
        };
        let sql = format!("UPDATE event SET {set} WHERE kind <> 'redact' AND record = $1 AND (seq = $1 OR kind <> 'create')");
        self.ask(|client| client.execute(&sql, &[&record]))?;
        Ok(())
    }

    fn moved(&self) -> Result<Option<Moved>, StoreError> {
        self.ask(|client| {
            if !client.query_one("SELECT to_regclass('shirube_moved') IS NOT NULL", &[])?.try_get::<_, bool>(0)? {
                return Ok(None);
            }
            let Some(row) = client.query_opt("SELECT place, at, seq, hash FROM shirube_moved", &[])? else { return Ok(None) };
            Ok(Some(Moved { to: row.try_get(0)?, at: row.try_get(1)?, seq: row.try_get(2)?, hash: hash(&row, 3)?.unwrap_or(FIRST) }))
        })
    }

    fn mark(&mut self, moved: Option<&Moved>) -> Result<(), StoreError> {
        let Some(Moved { to, at, seq, hash }) = moved else {
            return self.ask(|client| client.batch_execute(moved::POSTGRES_AGAIN));
        };
        self.ask(|client| {
            client.batch_execute(moved::POSTGRES)?;
            let sql = "INSERT INTO shirube_moved (place, at, seq, hash) VALUES ($1, $2, $3, $4)";
            client.execute(sql, &[to, at, seq, &hash.as_slice()]).map(drop)
        })
    }

    fn checkpoint(&mut self) -> Result<bool, StoreError> {
        // Takes the earlier versions of erased rows out of the table; the server's own write-ahead log is its keeper's.
        self.ask_patiently(|client| client.batch_execute("VACUUM event"))?;
        Ok(true)
    }
}
