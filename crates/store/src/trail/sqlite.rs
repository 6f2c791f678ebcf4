//! The trail in a file of the data folder, kept by SQLite.
//!
//! Not in the log's own file: SQLite has one writer per file, and an import of minutes would keep everybody from
//! reading for as long.

use super::{CHECKPOINT, Each, EachRow, Keeper, Row, TrailError, Wanted};
use crate::{StoreError, log::Last};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params, params_from_iter, types::Value};
use std::{path::Path, time::Duration};

/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// Marks the file as ours ("shir" and one) and its format.
const APPLICATION: i64 = 0x7368_6973;
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE reading (
  seq INTEGER PRIMARY KEY, -- 1, 2, 3 … without gaps
  at INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
  register TEXT NOT NULL,
  actor TEXT, -- who, as told; NULL once over
  first INTEGER, -- least id of the records; NULL if none or over
  last INTEGER, -- greatest id of the records
  told TEXT, -- what happened (JSON with a random salt); NULL once over
  told_hash BLOB NOT NULL, -- SHA-256 of it
  prev BLOB NOT NULL, -- hash of the entry before
  hash BLOB NOT NULL -- hash of this entry
) STRICT;
CREATE INDEX reading_register ON reading (register, at);
CREATE INDEX reading_actor ON reading (actor, at);
CREATE INDEX reading_at ON reading (at);
CREATE TRIGGER reading_stays BEFORE DELETE ON reading BEGIN SELECT raise(ABORT, 'readings are never deleted'); END;
CREATE TRIGGER reading_is_fixed BEFORE UPDATE OF seq, at, register, told_hash, prev, hash ON reading
BEGIN SELECT raise(ABORT, 'readings are never changed'); END;
CREATE TRIGGER told_is_fixed BEFORE UPDATE OF actor, first, last, told ON reading
WHEN new.actor IS NOT NULL OR new.first IS NOT NULL OR new.last IS NOT NULL OR new.told IS NOT NULL
BEGIN SELECT raise(ABORT, 'what a reading tells is only ever erased'); END;
";

const COLUMNS: &str = "seq, at, register, told, told_hash, prev, hash";

/// The trail, open for appending or reading.
pub(crate) struct SqliteTrail(Connection);

impl SqliteTrail {
    /// Opens or makes the trail.
    pub fn open(path: &Path) -> Result<SqliteTrail, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        // What was read is on disk before it is given out, whatever happens next.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        // Two programs may make it at once.
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let made = match marks(&connection)? {
            (0, 0, 0) => connection
                .execute_batch(&format!("{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"))
                .map_err(StoreError::from),
            (APPLICATION, format, _) if format <= FORMAT => Ok(()),
            _ => Err(TrailError::NotATrail(path.display().to_string()).into()),
        };
        connection.execute_batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        made.map(|()| SqliteTrail(connection))
    }

    /// A second connection, for reading.
    pub fn open_reader(path: &Path) -> Result<SqliteTrail, StoreError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        match marks(&connection)? {
            (APPLICATION, format, _) if format <= FORMAT => Ok(SqliteTrail(connection)),
            _ => Err(TrailError::NotATrail(path.display().to_string()).into()),
        }
    }
}

/// Application, format and number of tables.
fn marks(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    Ok((
        connection.pragma_query_value(None, "application_id", |r| r.get(0))?,
        connection.pragma_query_value(None, "user_version", |r| r.get(0))?,
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?,
    ))
}

impl Keeper for SqliteTrail {
    fn begin(&mut self) -> Result<Last, StoreError> {
        self.0.execute_batch("BEGIN IMMEDIATE")?;
        self.last()
    }

    fn put(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let mut insert = self.0.prepare_cached("INSERT INTO reading VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
        for row in rows {
            let finder = row.finder();
            let (first, last) = finder.span.unzip();
            insert.execute(params![
                row.seq,
                row.at,
                row.register,
                finder.actor,
                first,
                last,
                row.told,
                row.told_hash,
                row.prev,
                row.hash
            ])?;
        }
        Ok(())
    }

    fn erase(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE reading SET actor = NULL, first = NULL, last = NULL, told = NULL
            WHERE register = ?1 AND register <> ?3 AND at < ?2 AND told IS NOT NULL";
        Ok(self.0.execute(sql, params![register, before, CHECKPOINT])? as u64)
    }

    fn over(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM reading WHERE register = ?1 AND register <> ?3 AND at < ?2 AND told IS NOT NULL";
        Ok(self.0.query_row(sql, params![register, before, CHECKPOINT], |r| r.get::<_, i64>(0))?.unsigned_abs())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) {
        if !self.0.is_autocommit() {
            // A transaction that cannot be rolled back ends with the connection.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }

    fn purge(&mut self) -> Result<(), StoreError> {
        self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        Ok(self.0.execute_batch("BEGIN")?)
    }

    fn rows(&mut self, after: i64, each: &mut EachRow<'_>) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM reading WHERE seq > ?1 ORDER BY seq"))?;
        let mut rows = statement.query([after])?;
        while let Some(found) = rows.next()? {
            each(found.get(0)?, row(found).map_err(|e| e.to_string()))?;
        }
        Ok(())
    }

    fn find(&mut self, wanted: &Wanted, each: &mut Each<'_>) -> Result<(), StoreError> {
        let mut values = vec![Value::Integer(wanted.before), Value::Integer(wanted.since), Value::Integer(wanted.until)];
        let mut sql = format!("SELECT {COLUMNS} FROM reading WHERE seq < ?1 AND at >= ?2 AND at < ?3");
        if !wanted.actors.is_empty() {
            values.extend(wanted.actors.iter().cloned().map(Value::Text));
            sql += &format!(" AND actor IN ({})", vec!["?"; wanted.actors.len()].join(", "));
        }
        if let Some(register) = &wanted.register {
            values.push(Value::Text(register.clone()));
            sql += " AND register = ?";
        }
        if let Some(record) = wanted.record {
            values.extend([Value::Integer(record), Value::Integer(record)]);
            sql += " AND first <= ? AND last >= ?";
        }
        let mut statement = self.0.prepare_cached(&(sql + " ORDER BY at DESC, seq DESC"))?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(found) = rows.next()? {
            if !each(row(found)?)? {
                break;
            }
        }
        Ok(())
    }

    fn last(&mut self) -> Result<Last, StoreError> {
        let sql = "SELECT seq, hash, at FROM reading ORDER BY seq DESC LIMIT 1";
        let last = self.0.prepare_cached(sql)?.query_row([], |r| Ok(Last { seq: r.get(0)?, hash: r.get(1)?, at: r.get(2)? })).optional()?;
        Ok(last.unwrap_or(Last::NONE))
    }
}

fn row(found: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: found.get(0)?,
        at: found.get(1)?,
        register: found.get(2)?,
        told: found.get(3)?,
        told_hash: found.get(4)?,
        prev: found.get(5)?,
        hash: found.get(6)?,
    })
}
