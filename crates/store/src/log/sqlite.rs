//! The log in a file of the data folder, kept by SQLite.

use super::{
    COLUMNS, Each, EventLog, Last, Line, LogError, Moved, Row, Which,
    format::{FORMAT, steps},
    moved,
};
use crate::StoreError;
use rusqlite::{Connection, OptionalExtension, params};
use shirube_record::{Event, EventKind, Hash, Scope};
use std::{path::Path, time::Duration};

/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Marks the file as ours ("shir").
const APPLICATION: i64 = 0x7368_6972;

/// The first format.
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

const INSERT: &str = "INSERT INTO event (seq, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// The log, open for appending or reading.
#[derive(Debug)]
pub(crate) struct SqliteLog {
    connection: Connection,
    last: Last,
}

impl SqliteLog {
    /// Opens or makes the log.
    pub fn open(path: &Path) -> Result<SqliteLog, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // An acknowledged event is on disk, whatever happens next.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        let application: i64 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
        match (application, format(&connection)?, tables) {
            (APPLICATION, FORMAT, _) => {}
            (0, 0, 0) => {
                let made = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1; COMMIT");
                connection.execute_batch(&made)?;
                bring(&connection, FORMAT, path)?;
            }
            // Nobody else has the folder.
            (APPLICATION, 1.., _) => drop(bring(&connection, FORMAT, path)?),
            _ => return Err(StoreError::NotALog(path.display().to_string())),
        }
        let mut log = SqliteLog { connection, last: Last::NONE };
        log.reload()?;
        Ok(log)
    }

    /// A second connection, for reading while the writer writes.
    pub fn open_reader(path: &Path) -> Result<SqliteLog, StoreError> {
        let connection =
            Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        // A plan does not hang on what is asked for; else it would be made anew for every record.
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let mut log = SqliteLog { connection, last: Last::NONE };
        log.reload()?;
        Ok(log)
    }

    /// Brings a log to a format; gives what it had.
    pub fn reformat(path: &Path, to: i64) -> Result<i64, StoreError> {
        if !path.exists() {
            return Err(LogError::Absent { place: path.display().to_string() }.into());
        }
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        if connection.pragma_query_value(None, "application_id", |r| r.get::<_, i64>(0))? != APPLICATION {
            return Err(StoreError::NotALog(path.display().to_string()));
        }
        bring(&connection, to, path)
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT seq, hash, at FROM event ORDER BY seq DESC LIMIT 1";
        let last = self.connection.query_row(sql, [], |r| Ok(Last { seq: r.get(0)?, hash: r.get(1)?, at: r.get(2)? })).optional()?;
        self.last = last.unwrap_or(Last::NONE);
        Ok(())
    }
}

fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |r| r.get(0))
}

/// Brings a log to a format, in one transaction; gives what it had.
fn bring(connection: &Connection, to: i64, path: &Path) -> Result<i64, StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let brought = format(connection).map_err(StoreError::from).and_then(|from| {
        for step in steps(from, to, &path.display().to_string())? {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "user_version", to)?;
        Ok(from)
    });
    connection.execute_batch(if brought.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    brought
}

impl EventLog for SqliteLog {
    fn last(&self) -> Last {
        self.last
    }

    fn refresh(&mut self) -> Result<(), StoreError> {
        self.reload()
    }

    fn is_shared(&self) -> bool {
        // The folder's lock keeps others away.
        false
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.reload()
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        let end = if self.connection.is_autocommit() { "" } else { "COMMIT; " };
        Ok(self.connection.execute_batch(&format!("{end}BEGIN"))?)
    }

    fn put(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let event = &row.event;
        let mut insert = self.connection.prepare_cached(INSERT)?;
        insert.execute(params![
            event.seq,
            event.register,
            event.record,
            event.kind.as_str(),
            event.at,
            event.actor,
            row.body,
            row.personal,
            event.body_hash,
            event.personal_hash,
            event.prev,
            event.hash
        ])?;
        self.last = Last { seq: event.seq, hash: event.hash, at: event.at };
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn rows(&self, which: Which, each: &mut Each<'_>) -> Result<(), StoreError> {
        let (sql, parameter) = match which {
            Which::After(seq) => (format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 ORDER BY seq"), seq),
            Which::Between(after, until) => (format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 AND seq <= {until} ORDER BY seq"), after),
            Which::RedactionsAfter(seq) => (format!("SELECT {COLUMNS} FROM event WHERE kind = 'redact' AND seq > ?1 ORDER BY seq"), seq),
            Which::OfRecord(record) => (
                format!(
                    "SELECT {COLUMNS} FROM event WHERE seq = ?1 AND record = ?1
                     UNION ALL SELECT * FROM (SELECT {COLUMNS} FROM event WHERE record = ?1 AND kind <> 'create' ORDER BY seq)"
                ),
                record,
            ),
        };
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([parameter])?;
        while let Some(found) = rows.next()? {
            each(found.get(0)?, row(found).map_err(|e| e.to_string()))?;
        }
        Ok(())
    }

    fn hash_of(&self, seq: i64) -> Result<Option<Hash>, StoreError> {
        Ok(self.connection.query_row("SELECT hash FROM event WHERE seq = ?1", [seq], |r| r.get(0)).optional()?)
    }

    fn at_of(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        Ok(self.connection.prepare_cached("SELECT at FROM event WHERE seq = ?1")?.query_row([seq], |r| r.get(0)).optional()?)
    }

    fn lines(&self, (from, to): (i64, i64)) -> Result<Vec<Line>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([from, to], line)?.collect::<Result<_, _>>()?)
    }

    fn lines_of(&self, record: i64, (from, to): (i64, i64)) -> Result<Vec<Line>, StoreError> {
        let columns = "seq, register, record, kind, at, actor";
        let sql = format!(
            "SELECT {columns} FROM event WHERE seq = ?1 AND record = ?1 AND seq >= ?2 AND seq < ?3
             UNION ALL SELECT * FROM (SELECT {columns} FROM event WHERE record = ?1 AND kind <> 'create' AND seq >= ?2 AND seq < ?3 ORDER BY seq)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map([record, from, to], line)?.collect::<Result<_, _>>()?)
    }

    fn lines_by(&self, actor: &str, (from, to): (i64, i64), most: usize) -> Result<Vec<Line>, StoreError> {
        let sql = "SELECT seq, register, record, kind, at, actor FROM event
            WHERE actor = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Ok(statement.query_map(params![actor, from, to, most], line)?.collect::<Result<_, _>>()?)
    }

    fn format(&self) -> Result<i64, StoreError> {
        Ok(format(&self.connection)?)
    }

    fn created_by(&self, register: &str, actors: &str) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT record FROM event WHERE kind = 'create' AND register = ?1 AND substr(actor, 1, length(?2)) = ?2 ORDER BY seq";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([register, actors], |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn first_pack(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT actor FROM event WHERE substr(actor, 1, 5) = 'pack:' ORDER BY seq LIMIT 1";
        Ok(self.connection.query_row(sql, [], |r| r.get(0)).optional()?)
    }

    fn erase(&mut self, record: i64, scope: Scope) -> Result<(), StoreError> {
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

    fn moved(&self) -> Result<Option<Moved>, StoreError> {
        if !self.connection.table_exists(None, "moved")? {
            return Ok(None);
        }
        let found = |r: &rusqlite::Row<'_>| Ok(Moved { to: r.get(0)?, at: r.get(1)?, seq: r.get(2)?, hash: r.get(3)? });
        Ok(self.connection.query_row("SELECT place, at, seq, hash FROM moved", [], found).optional()?)
    }

    fn mark(&mut self, moved: Option<&Moved>) -> Result<(), StoreError> {
        let Some(Moved { to, at, seq, hash }) = moved else { return Ok(self.connection.execute_batch(moved::SQLITE_AGAIN)?) };
        self.connection.execute_batch(moved::SQLITE)?;
        self.connection.execute("INSERT INTO moved (place, at, seq, hash) VALUES (?1, ?2, ?3, ?4)", params![to, at, seq, hash])?;
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<bool, StoreError> {
        // Not waiting: a reader may stay for long.
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0));
        self.connection.busy_timeout(PATIENCE)?;
        Ok(busy? == 0)
    }
}

fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line { seq: row.get(0)?, register: row.get(1)?, record: row.get(2)?, kind: row.get(3)?, at: row.get(4)?, actor: row.get(5)? })
}

fn row<'r>(row: &'r rusqlite::Row<'_>) -> rusqlite::Result<Row<'r>> {
    let event = Event {
        seq: row.get(0)?,
        register: row.get(1)?,
        record: row.get(2)?,
        kind: EventKind::parse(row.get_ref(3)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?,
        at: row.get(4)?,
        actor: row.get(5)?,
        body: None,
        personal: None,
        body_hash: row.get(8)?,
        personal_hash: row.get(9)?,
        prev: row.get(10)?,
        hash: row.get(11)?,
    };
    Ok(Row { event, body: row.get_ref(6)?.as_str_or_null()?, personal: row.get_ref(7)?.as_str_or_null()? })
}
