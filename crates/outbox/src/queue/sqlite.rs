//! The table in a file `outbox.db`, for one portal.

use super::{FORMAT, Queue, Settle, TALLY, condition};
use crate::{Delivery, Draft, Entry, Moment, OutboxError, Tally, Which};
use rusqlite::{Connection, OptionalExtension, Params, TransactionBehavior};
use std::{
    fs::{OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Marks the file as ours ("sout").
const APPLICATION: i64 = 0x736f_7574;
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  lane TEXT NOT NULL,
  task TEXT NOT NULL,
  made INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
  due INTEGER NOT NULL, -- next attempt, or the end of the one under way
  attempts INTEGER NOT NULL DEFAULT 0,
  mark INTEGER NOT NULL DEFAULT 0, -- of whoever is at it
  dead INTEGER NOT NULL DEFAULT 0,
  problem TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (due) WHERE dead = 0;
CREATE INDEX outbox_lane ON outbox (lane, id) WHERE dead = 0;
CREATE TABLE outbox_cursor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
";
const PUT: &str = "INSERT INTO outbox (key, lane, task, made, due) VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING";
const TAKE: &str = "
UPDATE outbox SET due = ?2, mark = ?3, attempts = attempts + 1 WHERE id = (
  SELECT id FROM outbox AS o WHERE dead = 0 AND due <= ?1
    AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.lane = o.lane AND e.id < o.id AND e.dead = 0)
  ORDER BY due, id LIMIT 1
) RETURNING id, task, made, attempts";

/// The file, open.
#[derive(Debug)]
pub(crate) struct SqliteQueue {
    connection: Mutex<Connection>,
    path: String,
}

impl SqliteQueue {
    /// Opens or makes the file, readable for its owner alone.
    pub fn open(path: &Path) -> Result<SqliteQueue, OutboxError> {
        let shown = path.display().to_string();
        let file = |cause: std::io::Error| OutboxError::File { path: shown.clone(), cause: cause.to_string() };
        // SQLite gives the files beside it the same mode.
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(file)?;
        made.set_permissions(Permissions::from_mode(0o600)).map_err(file)?;
        drop(made);
        let failed = |cause: rusqlite::Error| OutboxError::Sqlite { path: shown.clone(), cause: cause.to_string() };
        let connection = Connection::open(path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let number = |name: &str| connection.pragma_query_value(None, name, |r| r.get::<_, i64>(0)).map_err(failed);
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION, FORMAT) => {}
            (APPLICATION, found) if found > FORMAT => return Err(OutboxError::Format { place: shown, found, known: FORMAT }),
            _ => return Err(OutboxError::NotAnOutbox(shown)),
        }
        Ok(SqliteQueue { connection: Mutex::new(connection), path: shown })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic leaves is rolled back when it is dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> OutboxError + '_ {
        |cause| OutboxError::Sqlite { path: self.path.clone(), cause: cause.to_string() }
    }

    fn change(&self, sql: &str, parameters: impl Params) -> Result<bool, OutboxError> {
        let connection = self.lock();
        let changed = connection.prepare_cached(sql).and_then(|mut s| s.execute(parameters)).map_err(self.failed())?;
        Ok(changed == 1)
    }
}

/// Settings, and the tables where the file is new.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    if tables == 0 {
        connection.execute_batch(&format!("{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"))?;
    }
    connection.execute_batch("COMMIT")
}

impl Queue for SqliteQueue {
    fn cursor(&self) -> Result<Option<i64>, OutboxError> {
        self.lock().query_row("SELECT seq FROM outbox_cursor", [], |r| r.get(0)).optional().map_err(self.failed())
    }

    fn advance(&self, from: Option<i64>, to: i64, drafts: &[Draft], now: Moment) -> Result<bool, OutboxError> {
        let mut connection = self.lock();
        let mut advance = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let moved = match from {
                Some(from) => transaction.execute("UPDATE outbox_cursor SET seq = ?2 WHERE seq = ?1", (from, to))?,
                None => transaction.execute("INSERT INTO outbox_cursor VALUES (1, ?1) ON CONFLICT DO NOTHING", [to])?,
            };
            if moved == 1 {
                let mut put = transaction.prepare_cached(PUT)?;
                for draft in drafts {
                    put.execute((&draft.key, &draft.lane, &draft.task, now))?;
                }
            }
            transaction.commit()?;
            Ok(moved == 1)
        };
        advance().map_err(self.failed())
    }

    fn put(&self, draft: &Draft, now: Moment) -> Result<bool, OutboxError> {
        self.change(PUT, (&draft.key, &draft.lane, &draft.task, now))
    }

    fn take(&self, now: Moment, until: Moment, mark: i64) -> Result<Option<Delivery>, OutboxError> {
        let connection = self.lock();
        let taken = connection.prepare_cached(TAKE).and_then(|mut take| {
            let delivery =
                |r: &rusqlite::Row<'_>| Ok(Delivery { id: r.get(0)?, task: r.get(1)?, made: r.get(2)?, attempt: r.get(3)?, mark });
            take.query_row((now, until, mark), delivery).optional()
        });
        taken.map_err(self.failed())
    }

    fn settle(&self, id: i64, mark: i64, settle: &Settle) -> Result<bool, OutboxError> {
        match settle {
            Settle::Remove => self.change("DELETE FROM outbox WHERE id = ?1 AND mark = ?2", (id, mark)),
            Settle::Later { due, problem } => {
                self.change("UPDATE outbox SET mark = 0, due = ?3, problem = ?4 WHERE id = ?1 AND mark = ?2", (id, mark, due, problem))
            }
            Settle::Dead { problem } => {
                self.change("UPDATE outbox SET mark = 0, dead = 1, problem = ?3 WHERE id = ?1 AND mark = ?2", (id, mark, problem))
            }
        }
    }

    fn retry(&self, id: i64, now: Moment) -> Result<bool, OutboxError> {
        self.change("UPDATE outbox SET dead = 0, due = ?2, attempts = 0 WHERE id = ?1 AND mark = 0", (id, now))
    }

    fn remove(&self, id: i64) -> Result<bool, OutboxError> {
        self.change("DELETE FROM outbox WHERE id = ?1", [id])
    }

    fn page(&self, which: Which, after: i64, most: u32) -> Result<Vec<Entry>, OutboxError> {
        let connection = self.lock();
        let condition = condition(which);
        let sql =
            format!("SELECT id, task, made, due, attempts, problem, mark FROM outbox WHERE {condition} AND id > ?1 ORDER BY id LIMIT ?2");
        let mut statement = connection.prepare_cached(&sql).map_err(self.failed())?;
        let rows = statement.query_map((after, most), |r| {
            Ok(Entry {
                id: r.get(0)?,
                task: r.get(1)?,
                made: r.get(2)?,
                due: r.get(3)?,
                attempts: r.get(4)?,
                problem: r.get(5)?,
                taken: r.get::<_, i64>(6)? != 0,
            })
        });
        rows.and_then(Iterator::collect).map_err(self.failed())
    }

    fn tally(&self) -> Result<Tally, OutboxError> {
        let counts = self.lock().query_row(TALLY, [], |r| {
            Ok(Tally {
                waiting: r.get::<_, i64>(0)?.unsigned_abs(),
                failed: r.get::<_, i64>(1)?.unsigned_abs(),
                dead: r.get::<_, i64>(2)?.unsigned_abs(),
                oldest: r.get(3)?,
            })
        });
        counts.map_err(self.failed())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(make: impl FnOnce(&Path)) -> Result<SqliteQueue, OutboxError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db");
        make(&path);
        SqliteQueue::open(&path)
    }

    #[test]
    fn only_its_owner_reads_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let _queue = SqliteQueue::open(&folder.path().join("outbox.db")).unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[test]
    fn another_database_is_left_alone_and_a_later_format_refused() {
        let refused = open(|path| Connection::open(path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap());
        assert!(matches!(refused, Err(OutboxError::NotAnOutbox(path)) if path.ends_with("outbox.db")));
        let refused = open(|path| {
            drop(SqliteQueue::open(path).unwrap());
            Connection::open(path).unwrap().pragma_update(None, "user_version", FORMAT + 1).unwrap();
        });
        assert!(matches!(refused, Err(OutboxError::Format { found, known: FORMAT, .. }) if found == FORMAT + 1));
        let refused = open(|path| std::fs::write(path, "no database, surely".repeat(100)).unwrap());
        assert!(matches!(refused, Err(OutboxError::Sqlite { path, .. }) if path.ends_with("outbox.db")));
        let refused = SqliteQueue::open(Path::new("/proc/no/outbox.db"));
        assert!(matches!(refused, Err(OutboxError::File { .. })));
    }
}
