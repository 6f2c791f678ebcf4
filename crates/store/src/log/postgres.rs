//! The log in a PostgreSQL database, which several processes may share.
//!
//! Writers take turns by an advisory lock that lasts as long as their transaction. A connection that breaks is made
//! anew; a commit whose answer got lost is looked up in the log.

mod schema;

use super::{COLUMNS, Each, EventLog, Last, Line as EventLine, LogError, Row, Which};
use crate::StoreError;
use ::postgres::{Client, Statement, fallible_iterator::FallibleIterator};
use shirube_net::{Server, asking, said};
use shirube_record::{Event, EventKind, FIRST, Hash, Scope};
use std::{
    cell::{RefCell, RefMut},
    time::{Duration, Instant},
};

/// Events that go to the server together.
const TOGETHER: usize = 500;
/// Bytes that go to the server together, about.
const BYTES: usize = 4 << 20;
/// The first wait before a broken connection is tried again, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long the outcome of a commit is asked for after its connection broke.
const RESOLVE: Duration = Duration::from_secs(20);

/// What a session needs. The server is told to notice a writer that is gone, for it holds the lock.
const SESSION: &str = "
SET lock_timeout = '60s'; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '120s';
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET client_min_messages = warning;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";
/// Marks our locks ("shir"); logs in several schemas of a database have a lock each.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1936222578, hashtext(coalesce(current_schema(), '')))";
const LOCK_ALONE: &str = "SELECT pg_advisory_lock(1936222579, hashtext(coalesce(current_schema(), '')))";
/// Each statement after the lock sees what was committed before it was granted, whatever the server's default.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
const LAST: &str = "SELECT seq, hash, at FROM event ORDER BY seq DESC LIMIT 1";

/// A connection and its prepared statements.
struct Session {
    client: Client,
    insert: Statement,
    last: Statement,
}

/// The connection, if there is one, and when to try again if not.
struct Line {
    session: Option<Session>,
    not_before: Instant,
    wait: Duration,
    cause: String,
}

/// The log, open for appending or reading.
pub(crate) struct PostgresLog {
    server: Server,
    line: RefCell<Line>,
    /// The end of the log, the batch's own events included.
    last: Last,
    /// The end of the log without them.
    committed: Last,
    /// Between `begin` and its end: a connection made anew would not be in the transaction.
    in_batch: bool,
    waiting: Vec<(Event, Option<String>, Option<String>)>,
    bytes: usize,
}

pub(crate) fn failure(server: &Server, error: &::postgres::Error) -> LogError {
    let (place, cause) = (server.to_string(), said(error));
    match error.code().map(|code| code.code()) {
        Some("55P03") => LogError::Busy { place },
        // Of the connection, or the server goes down or comes up.
        Some(code) if !(code.starts_with("08") || code.starts_with("57P") || code == "25P03") => LogError::Refused { place, cause },
        _ => LogError::Unreachable { place, cause },
    }
}

pub(crate) fn connect(server: &Server) -> Result<Client, LogError> {
    let connect = || {
        let mut client = server.connect()?;
        client.batch_execute(SESSION)?;
        Ok(client)
    };
    connect().map_err(|error| failure(server, &error))
}

fn session(server: &Server) -> Result<Session, LogError> {
    let mut client = connect(server)?;
    let mut prepare = || {
        let insert = client.prepare(&format!(
            "INSERT INTO event ({COLUMNS}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], \
             $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])"
        ))?;
        Ok((insert, client.prepare(LAST)?))
    };
    let (insert, last) = prepare().map_err(|error| failure(server, &error))?;
    Ok(Session { client, insert, last })
}

/// Waits until no other process starts on this log; as long as the connection stands, none does.
pub(super) fn alone(server: &Server) -> Result<Client, LogError> {
    let mut client = connect(server)?;
    client.batch_execute(LOCK_ALONE).map_err(|error| failure(server, &error))?;
    Ok(client)
}

impl PostgresLog {
    /// Opens or makes the log.
    pub fn open(server: &Server) -> Result<PostgresLog, StoreError> {
        let mut client = connect(server)?;
        schema::prepare(&mut client, server)?;
        drop(client);
        PostgresLog::open_reader(server)
    }

    /// A second connection, for reading while the writer writes.
    pub fn open_reader(server: &Server) -> Result<PostgresLog, StoreError> {
        let line = Line { session: Some(session(server)?), not_before: Instant::now(), wait: BACK_OFF.0, cause: String::new() };
        let (last, waiting) = (Last::NONE, vec![]);
        let mut log =
            PostgresLog { server: server.clone(), line: RefCell::new(line), last, committed: last, in_batch: false, waiting, bytes: 0 };
        log.refresh()?;
        Ok(log)
    }

    /// The connection, made anew if it broke and it is time.
    fn session(&self) -> Result<RefMut<'_, Session>, LogError> {
        let mut line = self.line.borrow_mut();
        if line.session.as_ref().is_none_or(|s| s.client.is_closed()) {
            line.session = None;
            let now = Instant::now();
            if self.in_batch || now < line.not_before {
                return Err(LogError::Unreachable { place: self.server.to_string(), cause: line.cause.clone() });
            }
            match session(&self.server) {
                Ok(session) => {
                    line.session = Some(session);
                    line.wait = BACK_OFF.0;
                }
                Err(error) => {
                    line.cause = match &error {
                        LogError::Unreachable { cause, .. } => cause.clone(),
                        other => other.to_string(),
                    };
                    // The attempt itself may have taken long.
                    line.not_before = Instant::now() + line.wait;
                    line.wait = (line.wait * 2).min(BACK_OFF.1);
                    return Err(error);
                }
            }
        }
        RefMut::filter_map(line, |line| line.session.as_mut())
            .map_err(|_| LogError::Unreachable { place: self.server.to_string(), cause: "connection closed".to_string() })
    }

    /// Does something over the connection, and lets go of one that broke.
    fn ask<T>(&self, work: impl FnOnce(&mut Session) -> Result<T, ::postgres::Error>) -> Result<T, StoreError> {
        let asked = {
            let mut session = self.session()?;
            asking("event").in_scope(|| work(&mut session))
        };
        let answer = asked.map_err(|error| failure(&self.server, &error));
        if let Err(LogError::Unreachable { cause, .. }) = &answer {
            let mut line = self.line.borrow_mut();
            line.session = None;
            line.cause.clone_from(cause);
        }
        Ok(answer?)
    }

    fn end(&self) -> Result<Last, StoreError> {
        self.ask(|session| {
            let row = session.client.query_opt(&session.last, &[])?;
            row.map_or(Ok(Last::NONE), |row| Ok(Last { seq: row.try_get(0)?, hash: hash(&row, 1)?.unwrap_or(FIRST), at: row.try_get(2)? }))
        })
    }

    /// Whether the batch is in the log after its commit was not answered. Whoever has the lock knows that the
    /// transaction is over, one way or the other.
    fn resolve(&mut self, cause: String) -> Result<(), StoreError> {
        let (until, first, end) = (Instant::now() + RESOLVE, self.committed.seq + 1, self.last);
        self.in_batch = false;
        while Instant::now() < until {
            std::thread::sleep(BACK_OFF.0);
            let found = self.ask(|session| {
                session.client.batch_execute(&format!("{BEGIN}; SET LOCAL lock_timeout = '10s'; {LOCK}"))?;
                let row = session.client.query_opt("SELECT hash FROM event WHERE seq = $1", &[&end.seq])?;
                session.client.batch_execute("ROLLBACK")?;
                row.map(|row| hash(&row, 0)).transpose()
            });
            match found {
                Ok(found) if found.flatten() == Some(end.hash) => return Ok(()),
                Ok(_) => return Err(LogError::Unreachable { place: self.server.to_string(), cause }.into()),
                // A refusal leaves the session in a broken transaction.
                Err(_) => self.line.borrow_mut().session = None,
            }
        }
        Err(LogError::Unknown { place: self.server.to_string(), first, last: end.seq }.into())
    }
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
        self.ask(|session| session.client.batch_execute(&format!("{BEGIN}; {LOCK}")))?;
        self.in_batch = true;
        self.refresh()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        match self.ask(|session| session.client.batch_execute("COMMIT")) {
            Err(StoreError::Log(LogError::Unreachable { cause, .. })) if self.last != self.committed => {
                self.line.borrow_mut().session = None;
                self.resolve(cause)?;
            }
            other => other?,
        }
        self.in_batch = false;
        self.committed = self.last;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.waiting.clear();
        self.bytes = 0;
        if std::mem::take(&mut self.in_batch) {
            let mut line = self.line.borrow_mut();
            let ended = line.session.as_mut().is_some_and(|session| session.client.batch_execute("ROLLBACK").is_ok());
            if !ended {
                // The server ends the transaction of a connection that is gone.
                line.session = None;
            }
        }
        self.last = self.committed;
        Ok(())
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        let end = if self.in_batch { "COMMIT; " } else { "" };
        self.ask(|session| session.client.batch_execute(&format!("{end}BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")))?;
        self.in_batch = true;
        Ok(())
    }

    fn put(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let event = row.event.clone();
        self.last = Last { seq: event.seq, hash: event.hash, at: event.at };
        self.bytes += row.body.map_or(0, str::len) + row.personal.map_or(0, str::len);
        self.waiting.push((event, row.body.map(str::to_string), row.personal.map(str::to_string)));
        if self.waiting.len() >= TOGETHER || self.bytes >= BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let events = || waiting.iter().map(|(event, ..)| event);
        let seq: Vec<i64> = events().map(|e| e.seq).collect();
        let register: Vec<&str> = events().map(|e| e.register.as_str()).collect();
        let record: Vec<i64> = events().map(|e| e.record).collect();
        let kind: Vec<&str> = events().map(|e| e.kind.as_str()).collect();
        let at: Vec<i64> = events().map(|e| e.at).collect();
        let actor: Vec<&str> = events().map(|e| e.actor.as_str()).collect();
        let body: Vec<Option<&str>> = waiting.iter().map(|(_, body, _)| body.as_deref()).collect();
        let personal: Vec<Option<&str>> = waiting.iter().map(|(.., personal)| personal.as_deref()).collect();
        let body_hash: Vec<&[u8]> = events().map(|e| e.body_hash.as_slice()).collect();
        let personal_hash: Vec<Option<&[u8]>> = events().map(|e| e.personal_hash.as_ref().map(|h| h.as_slice())).collect();
        let prev: Vec<&[u8]> = events().map(|e| e.prev.as_slice()).collect();
        let hash: Vec<&[u8]> = events().map(|e| e.hash.as_slice()).collect();
        self.ask(|session| {
            session.client.execute(
                &session.insert,
                &[&seq, &register, &record, &kind, &at, &actor, &body, &personal, &body_hash, &personal_hash, &prev, &hash],
            )
        })?;
        Ok(())
    }

    fn rows(&self, which: Which, each: &mut Each<'_>) -> Result<(), StoreError> {
        let (condition, parameter) = match which {
            Which::After(seq) => ("seq > $1".to_string(), seq),
            Which::Between(after, until) => (format!("seq > $1 AND seq <= {until}"), after),
            Which::RedactionsAfter(seq) => ("kind = 'redact' AND seq > $1".to_string(), seq),
            Which::OfRecord(record) => ("record = $1 AND (seq = $1 OR kind <> 'create')".to_string(), record),
        };
        let sql = format!("SELECT {COLUMNS} FROM event WHERE {condition} ORDER BY seq");
        let heard = self.ask(|session| {
            let mut rows = session.client.query_raw(&sql, [parameter])?;
            while let Some(found) = rows.next()? {
                let seq = found.try_get(0)?;
                if let Err(error) = each(seq, row(&found)) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        });
        heard?
    }

    fn hash_of(&self, seq: i64) -> Result<Option<Hash>, StoreError> {
        self.ask(|session| {
            let row = session.client.query_opt("SELECT hash FROM event WHERE seq = $1", &[&seq])?;
            Ok(row.map(|row| hash(&row, 0)).transpose()?.flatten())
        })
    }

    fn at_of(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        self.ask(|session| session.client.query_opt("SELECT at FROM event WHERE seq = $1", &[&seq])?.map(|row| row.try_get(0)).transpose())
    }

    fn lines(&self, (from, to): (i64, i64)) -> Result<Vec<EventLine>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event WHERE seq >= $1 AND seq < $2 ORDER BY seq";
        self.ask(|session| session.client.query(sql, &[&from, &to])?.iter().map(line).collect())
    }

    fn lines_of(&self, record: i64, (from, to): (i64, i64)) -> Result<Vec<EventLine>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event
            WHERE record = $1 AND (seq = $1 OR kind <> 'create') AND seq >= $2 AND seq < $3 ORDER BY seq";
        self.ask(|session| session.client.query(sql, &[&record, &from, &to])?.iter().map(line).collect())
    }

    fn created_by(&self, register: &str, actors: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT record FROM event WHERE kind = 'create' AND register = $1 AND starts_with(actor, $2) ORDER BY seq";
        self.ask(|session| session.client.query(sql, &[&register, &actors])?.iter().map(|row| row.try_get(0)).collect())
    }

    fn first_pack(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT actor FROM event WHERE starts_with(actor, 'pack:') ORDER BY seq LIMIT 1";
        self.ask(|session| session.client.query_opt(sql, &[])?.map(|row| row.try_get(0)).transpose())
    }

    fn erase(&mut self, record: i64, scope: Scope) -> Result<(), StoreError> {
        self.flush()?;
        let set = match scope {
            Scope::Personal => "personal = NULL",
            Scope::All => "body = NULL, personal = NULL",
        };
        let sql = format!("UPDATE event SET {set} WHERE kind <> 'redact' AND record = $1 AND (seq = $1 OR kind <> 'create')");
        self.ask(|session| session.client.execute(&sql, &[&record]))?;
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<bool, StoreError> {
        // Takes the earlier versions of erased rows out of the table; the server's own write-ahead log is its keeper's.
        self.ask(|session| session.client.batch_execute("VACUUM event"))?;
        Ok(true)
    }
}

/// A hash; none if it is NULL or has another length, which a verification then tells.
fn hash(row: &::postgres::Row, at: usize) -> Result<Option<Hash>, ::postgres::Error> {
    Ok(row.try_get::<_, Option<&[u8]>>(at)?.and_then(|bytes| bytes.try_into().ok()))
}

fn line(row: &::postgres::Row) -> Result<EventLine, ::postgres::Error> {
    Ok(EventLine {
        seq: row.try_get(0)?,
        register: row.try_get(1)?,
        record: row.try_get(2)?,
        kind: row.try_get(3)?,
        at: row.try_get(4)?,
        actor: row.try_get(5)?,
    })
}

fn row(found: &::postgres::Row) -> Result<Row<'_>, String> {
    let read = || {
        let kind: &str = found.try_get(3)?;
        let personal_hash: Option<&[u8]> = found.try_get(9)?;
        let hashes = (hash(found, 8)?, hash(found, 10)?, hash(found, 11)?);
        let (body, personal) = (found.try_get(6)?, found.try_get(7)?);
        let ((Some(body_hash), Some(prev), Some(hash)), Some(kind)) = (hashes, EventKind::parse(kind)) else { return Ok(None) };
        let event = Event {
            seq: found.try_get(0)?,
            register: found.try_get(1)?,
            record: found.try_get(2)?,
            kind,
            at: found.try_get(4)?,
            actor: found.try_get(5)?,
            body: None,
            personal: None,
            body_hash,
            personal_hash: personal_hash.and_then(|bytes| bytes.try_into().ok()),
            prev,
            hash,
        };
        Ok(Some(Row { event, body, personal }))
    };
    let row: Result<_, ::postgres::Error> = read();
    row.map_err(|error| said(&error))?.ok_or_else(|| "its kind or one of its hashes is none".to_string())
}
