//! The table in a file `keys.db`, for one portal; commands may use it beside.

use super::{FORMAT, Kind, Row, Table};
use crate::{KeyringError, clock::Moment};
use rusqlite::{Connection, OptionalExtension, Params};
use std::{
    fs::{OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Marks the file as ours ("skey").
const APPLICATION: i64 = 0x736b_6579;
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
CREATE TABLE keyring (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  account INTEGER, -- record id in the log
  expires INTEGER NOT NULL, -- milliseconds since 1970-01-01 UTC
  seen INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL, -- JSON
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keyring_account ON keyring (account) WHERE account IS NOT NULL;
CREATE INDEX keyring_expires ON keyring (expires);
";

/// The file, open. One connection for all: what others did shows in SQLite's `data_version`, what we did does not.
#[derive(Debug)]
pub(crate) struct SqliteTable {
    connection: Mutex<Connection>,
    path: String,
}

impl SqliteTable {
    /// Opens or makes the file, readable for its owner alone.
    pub fn open(path: &Path) -> Result<SqliteTable, KeyringError> {
        let shown = path.display().to_string();
        let file = |cause: std::io::Error| KeyringError::File { path: shown.clone(), cause: cause.to_string() };
        // SQLite gives the files beside it the same mode.
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(file)?;
        made.set_permissions(Permissions::from_mode(0o600)).map_err(file)?;
        drop(made);
        let failed = |cause: rusqlite::Error| KeyringError::Sqlite { path: shown.clone(), cause: cause.to_string() };
        let connection = Connection::open(path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        let number = |name: &str| connection.pragma_query_value(None, name, |r| r.get::<_, i64>(0)).map_err(failed);
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION, FORMAT) => {}
            (APPLICATION, found) if found > FORMAT => return Err(KeyringError::Format { place: shown, found, known: FORMAT }),
            _ => return Err(KeyringError::NotAKeyring(shown)),
        }
        Ok(SqliteTable { connection: Mutex::new(connection), path: shown })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Each step is one statement, so that nothing is half done behind a panic.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> KeyringError + '_ {
        |cause| KeyringError::Sqlite { path: self.path.clone(), cause: cause.to_string() }
    }

    fn change(&self, sql: &str, parameters: impl Params) -> Result<u64, KeyringError> {
        let connection = self.lock();
        let changed = connection.prepare_cached(sql).and_then(|mut s| s.execute(parameters)).map_err(self.failed())?;
        Ok(changed as u64)
    }
}

/// Settings, and the table where the file is new. Two processes may come first at once.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A revocation that was acknowledged stays one, whatever happens next.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    if tables == 0 {
        connection.execute_batch(&format!("{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"))?;
    }
    connection.execute_batch("COMMIT")
}

impl Table for SqliteTable {
    fn insert(&self, row: &Row) -> Result<bool, KeyringError> {
        let sql = "INSERT INTO keyring (kind, id, account, expires, seen, version, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                   ON CONFLICT DO NOTHING";
        let parameters = (row.kind.name(), &row.id, row.account, row.expires, row.seen, row.version, &row.body);
        Ok(self.change(sql, parameters)? == 1)
    }

    fn get(&self, kind: Kind, id: &str) -> Result<Option<Row>, KeyringError> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached("SELECT id, account, expires, seen, version, body FROM keyring WHERE kind = ?1 AND id = ?2")
            .map_err(self.failed())?;
        statement.query_row((kind.name(), id), |r| row(kind, r)).optional().map_err(self.failed())
    }

    fn replace(&self, version: i64, row: &Row) -> Result<bool, KeyringError> {
        let sql = "UPDATE keyring SET account = ?3, expires = ?4, seen = ?5, version = ?6, body = ?7 \
                   WHERE kind = ?1 AND id = ?2 AND version = ?8";
        let parameters = (row.kind.name(), &row.id, row.account, row.expires, row.seen, row.version, &row.body, version);
        Ok(self.change(sql, parameters)? == 1)
    }

    fn touch(&self, kind: Kind, id: &str, seen: Moment, expires: Moment) -> Result<(), KeyringError> {
        let sql = "UPDATE keyring SET seen = ?3, expires = ?4 WHERE kind = ?1 AND id = ?2 AND seen < ?3";
        let connection = self.lock();
        // Ten thousand people at work would otherwise keep the disk busy with nothing but this.
        let touch = || {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let touched = connection.prepare_cached(sql)?.execute((kind.name(), id, seen, expires));
            connection.pragma_update(None, "synchronous", "FULL")?;
            touched.map(|_| ())
        };
        touch().map_err(self.failed())
    }

    fn delete(&self, kind: Kind, id: &str, version: Option<i64>) -> Result<bool, KeyringError> {
        let sql = "DELETE FROM keyring WHERE kind = ?1 AND id = ?2 AND version = coalesce(?3, version)";
        Ok(self.change(sql, (kind.name(), id, version))? == 1)
    }

    fn list(&self, kind: Kind, account: i64) -> Result<Vec<Row>, KeyringError> {
        let connection = self.lock();
        let sql = "SELECT id, account, expires, seen, version, body FROM keyring WHERE account = ?2 AND kind = ?1 ORDER BY id";
        let mut statement = connection.prepare_cached(sql).map_err(self.failed())?;
        let rows = statement.query_map((kind.name(), account), |r| row(kind, r)).map_err(self.failed())?;
        rows.collect::<rusqlite::Result<_>>().map_err(self.failed())
    }

    fn forget(&self, account: i64) -> Result<u64, KeyringError> {
        self.change("DELETE FROM keyring WHERE account = ?1", [account])
    }

    fn purge(&self, now: Moment) -> Result<u64, KeyringError> {
        self.change("DELETE FROM keyring WHERE expires <= ?1", [now])
    }

    fn changes(&self) -> Result<i64, KeyringError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("PRAGMA data_version").map_err(self.failed())?;
        statement.query_row([], |r| r.get(0)).map_err(self.failed())
    }
}

fn row(kind: Kind, r: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row { kind, id: r.get(0)?, account: r.get(1)?, expires: r.get(2)?, seen: r.get(3)?, version: r.get(4)?, body: r.get(5)? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(name: &str, make: impl Fn(&Path)) -> Result<SqliteTable, KeyringError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        make(&path);
        SqliteTable::open(&path)
    }

    #[test]
    fn the_file_and_those_beside_it_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.db");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let _table = SqliteTable::open(&path).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert!(files.len() > 1, "a write-ahead log beside it");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[test]
    fn another_database_is_left_alone() {
        let refused = open("keys.db", |path| Connection::open(path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap());
        assert!(matches!(refused, Err(KeyringError::NotAKeyring(path)) if path.ends_with("keys.db")));
    }

    #[test]
    fn a_later_format_is_refused() {
        let refused = open("keys.db", |path| {
            drop(SqliteTable::open(path).unwrap());
            Connection::open(path).unwrap().pragma_update(None, "user_version", FORMAT + 1).unwrap();
        });
        assert!(matches!(refused, Err(KeyringError::Format { found, known: FORMAT, .. }) if found == FORMAT + 1));
    }

    #[test]
    fn what_is_no_database_is_told_with_its_place() {
        let refused = open("keys.db", |path| std::fs::write(path, "no database, surely".repeat(100)).unwrap());
        assert!(matches!(refused, Err(KeyringError::Sqlite { path, .. }) if path.ends_with("keys.db")));
        let refused = open("absent/keys.db", |_| ());
        assert!(matches!(refused, Err(KeyringError::File { path, .. }) if path.ends_with("absent/keys.db")));
    }
}
