//! The event log: one append-only table.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shirube_record::{Body, Event, EventKind, FIRST, Hash, Scope, chain, payload_hash};
use std::{path::Path, time::Duration};

/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Marks the file as ours ("shir") and its format.
const APPLICATION: i64 = 0x7368_6972;
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, -- 1, 2, 3 … without gaps
  register TEXT NOT NULL,
  record INTEGER NOT NULL, -- seq of the event that created the record
  kind TEXT NOT NULL, -- create | amend | transition | attach | redact
  at INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
  actor TEXT NOT NULL,
  body TEXT, -- payload (JSON with a random salt); NULL once redacted
  personal TEXT, -- payload of the personal columns; NULL if none or redacted
  body_hash BLOB NOT NULL, -- SHA-256 of the payload
  personal_hash BLOB, -- SHA-256 of the personal payload
  prev BLOB NOT NULL, -- hash of the event before
  hash BLOB NOT NULL -- hash of this event
) STRICT;
CREATE INDEX event_record ON event (record) WHERE kind <> 'create';
CREATE INDEX event_redaction ON event (seq) WHERE kind = 'redact';
CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'events are never deleted'); END;
CREATE TRIGGER event_is_fixed BEFORE UPDATE OF seq, register, record, kind, at, actor, body_hash, personal_hash, prev, hash ON event
BEGIN SELECT raise(ABORT, 'events are never changed'); END;
CREATE TRIGGER payload_is_fixed BEFORE UPDATE OF body, personal ON event WHEN new.body IS NOT NULL AND new.body IS NOT old.body OR new.personal IS NOT NULL AND new.personal IS NOT old.personal
BEGIN SELECT raise(ABORT, 'payloads are only ever erased'); END;
";

const COLUMNS: &str = "seq, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash";

const INSERT: &str = "INSERT INTO event (seq, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// What becomes an event once it has its place in the log.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub register: String,
    /// None for a new record.
    pub record: Option<i64>,
    pub kind: EventKind,
    pub actor: String,
    pub body: Body,
    pub personal: Option<Body>,
}

impl Draft {
    /// The event at its place, not yet sealed.
    pub fn at(self, seq: i64, at: i64) -> Event {
        Event {
            seq,
            register: self.register,
            record: self.record.unwrap_or(seq),
            kind: self.kind,
            at,
            actor: self.actor,
            body: Some(self.body),
            personal: self.personal,
            body_hash: FIRST,
            personal_hash: None,
            prev: FIRST,
            hash: FIRST,
        }
    }
}

/// The log, open for appending or reading.
#[derive(Debug)]
pub(crate) struct Log {
    connection: Connection,
    last: Last,
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub seq: i64,
    pub hash: Hash,
    pub at: i64,
}

impl Log {
    /// Opens or makes the log.
    pub fn open(path: &Path) -> Result<Log, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // An acknowledged event is on disk, whatever happens next.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        let application: i64 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
        let format: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
        match (application, format, tables) {
            (APPLICATION, FORMAT, _) => {}
            (0, 0, 0) => connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; COMMIT"
            ))?,
            _ => return Err(StoreError::NotALog(path.display().to_string())),
        }
        let mut log = Log { connection, last: Last { seq: 0, hash: FIRST, at: 0 } };
        log.reload()?;
        Ok(log)
    }

    /// A second connection, for reading while the writer writes.
    pub fn open_reader(path: &Path) -> Result<Log, StoreError> {
        let connection =
            Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        let mut log = Log { connection, last: Last { seq: 0, hash: FIRST, at: 0 } };
        log.reload()?;
        Ok(log)
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT seq, hash, at FROM event ORDER BY seq DESC LIMIT 1";
        let last = self.connection.query_row(sql, [], |r| Ok(Last { seq: r.get(0)?, hash: r.get(1)?, at: r.get(2)? })).optional()?;
        self.last = last.unwrap_or(Last { seq: 0, hash: FIRST, at: 0 });
        Ok(())
    }

    /// The end of the log, uncommitted events included.
    pub fn last(&self) -> Last {
        self.last
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Ends a batch: from here on its events are on disk.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    pub fn rollback(&mut self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.reload()
    }

    /// Seals the next event into the chain and writes it.
    pub fn append(&mut self, mut event: Event) -> Result<(), StoreError> {
        let body = event.body.as_ref().map(Body::encode).transpose()?.unwrap_or_default();
        let personal = event.personal.as_ref().map(Body::encode).transpose()?;
        event.body_hash = payload_hash(&body);
        event.personal_hash = personal.as_deref().map(payload_hash);
        event.prev = self.last.hash;
        event.hash = chain(&event.prev, &event);
        let mut insert = self.connection.prepare_cached(INSERT)?;
        insert.execute(params![
            event.seq,
            event.register,
            event.record,
            event.kind.as_str(),
            event.at,
            event.actor,
            body,
            personal,
            event.body_hash,
            event.personal_hash,
            event.prev,
            event.hash
        ])?;
        self.last = Last { seq: event.seq, hash: event.hash, at: event.at };
        Ok(())
    }

    /// Calls `each` with the events after `seq`, in order.
    pub fn read_after(&self, seq: i64, each: &mut dyn FnMut(Event) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(&format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 ORDER BY seq"))?;
        let mut rows = statement.query([seq])?;
        while let Some(row) = rows.next()? {
            each(event(row)?)?;
        }
        Ok(())
    }

    /// The events of one record, in order.
    pub fn of_record(&self, record: i64) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM event WHERE seq = ?1 AND record = ?1
             UNION ALL SELECT * FROM (SELECT {COLUMNS} FROM event WHERE record = ?1 AND kind <> 'create' ORDER BY seq)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([record])?;
        let mut events = vec![];
        while let Some(row) = rows.next()? {
            events.push(event(row)?);
        }
        Ok(events)
    }

    /// Records of a register created by actors whose name begins so, in order.
    pub fn created_by(&self, register: &str, actors: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT record FROM event WHERE kind = 'create' AND register = ?1 AND substr(actor, 1, length(?2)) = ?2 ORDER BY seq";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([register, actors], |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Actor of the first event that a pack has made.
    pub fn first_pack(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT actor FROM event WHERE substr(actor, 1, 5) = 'pack:' ORDER BY seq LIMIT 1";
        Ok(self.connection.query_row(sql, [], |r| r.get(0)).optional()?)
    }

    /// Calls `each` with the redactions, in order.
    pub fn redactions(&self, each: &mut dyn FnMut(Event)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(&format!("SELECT {COLUMNS} FROM event WHERE kind = 'redact' ORDER BY seq"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(event(row)?);
        }
        Ok(())
    }

    /// Hash of one event.
    pub fn hash_of(&self, seq: i64) -> Result<Option<Hash>, StoreError> {
        Ok(self.connection.query_row("SELECT hash FROM event WHERE seq = ?1", [seq], |r| r.get(0)).optional()?)
    }

    /// Erases the payloads of a record's events, redactions excepted.
    pub fn erase(&self, record: i64, scope: Scope) -> Result<(), StoreError> {
        let set = match scope {
            Scope::Personal => "personal = NULL",
            Scope::All => "body = NULL, personal = NULL",
        };
        self.connection.execute(
            &format!("UPDATE event SET {set} WHERE kind <> 'redact' AND (seq = ?1 OR record = ?1 AND kind <> 'create')"),
            [record],
        )?;
        Ok(())
    }

    /// Makes sure that nothing erased stays in the write-ahead log. False while a reader still needs it.
    pub fn checkpoint(&self) -> Result<bool, StoreError> {
        // Not waiting: a reader may stay for long.
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0));
        self.connection.busy_timeout(PATIENCE)?;
        Ok(busy? == 0)
    }
}

fn event(row: &Row<'_>) -> Result<Event, StoreError> {
    let seq: i64 = row.get(0)?;
    let unreadable = |what: String| StoreError::Unreadable { seq, what };
    let kind = row.get_ref(3)?.as_str().map_err(|e| unreadable(e.to_string()))?;
    let body = |i: usize| -> Result<Option<Body>, StoreError> {
        let text: Option<&str> = row.get_ref(i)?.as_str_or_null().map_err(|e| unreadable(e.to_string()))?;
        text.map(Body::decode).transpose().map_err(|e| unreadable(e.to_string()))
    };
    Ok(Event {
        seq,
        register: row.get(1)?,
        record: row.get(2)?,
        kind: EventKind::parse(kind).ok_or_else(|| unreadable(format!("kind `{kind}`")))?,
        at: row.get(4)?,
        actor: row.get(5)?,
        body: body(6)?,
        personal: body(7)?,
        body_hash: row.get(8)?,
        personal_hash: row.get(9)?,
        prev: row.get(10)?,
        hash: row.get(11)?,
    })
}
