//! The head file: the fold of the whole log, followed event by event.
//!
//! The head can be thrown away at any time; [`Head::applied`] says how far it has come, and applying the rest of
//! the log gives the same content again. Only the store writes it.

mod apply;
mod evaluate;
mod indexes;
mod load;
mod lookup;
mod number;
mod schema;

pub use evaluate::{Evaluated, RuleError};
pub(crate) use indexes::{carried_columns, carries, indexed_columns};
pub use load::Expected;
pub use lookup::Key;

use crate::{digest, functions, layout::Layouts, pack_tables, rows::time_text, schema::tables};
pub(crate) use evaluate::Evaluator;
use rusqlite::{Connection, OptionalExtension, params};
use shirube_plan::Pack;
use shirube_record::{FIRST, Hash};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Key of the note of [`Head::note_lost`].
const LOST: &str = "lost";

/// A failed write to the head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// SQLite refused.
    #[error("writing the head snapshot failed: {}", told(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// A file could not be removed or read.
    #[error("writing the head snapshot failed: {0}")]
    File(#[from] std::io::Error),
}

/// The file is broken, rather than busy or out of reach.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt))
}

/// What SQLite says, and means.
pub fn told(error: &rusqlite::Error) -> String {
    // Without room for the index of its write-ahead log it says no more than "disk I/O error".
    let full = matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
    if full { "the disk is full".to_string() } else { error.to_string() }
}

/// How far a head has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Last event applied; 0 at the beginning.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// Its time (milliseconds since the epoch, UTC).
    pub at: i64,
}

/// A time in the forms that are asked for.
#[derive(Debug, Default)]
struct Time {
    /// Milliseconds since the epoch, UTC.
    at: i64,
    text: String,
    /// By the day in Japan.
    fiscal_year: i64,
}

/// The head file, open for following the log.
#[derive(Debug)]
pub struct Head {
    pub(crate) connection: Connection,
    pub(crate) pack: Arc<Pack>,
    layouts: Layouts,
    evaluators: BTreeMap<String, Evaluator>,
    applied: Applied,
    /// Creations by register, and by register and fiscal year (0 = ever).
    counters: BTreeMap<(String, i64), i64>,
    /// Present records by register.
    counts: BTreeMap<String, i64>,
    /// Times and their last events since the last commit.
    moments: Vec<(i64, i64)>,
    /// Numbers to be given next, by register and fiscal year (0 = ever).
    numbers: BTreeMap<(String, i64), number::Run>,
    time: Time,
    /// Indexes are left out over several batches.
    loading: bool,
    /// Some indexes are left out.
    indexes_missing: bool,
}

impl Head {
    /// Opens or makes the head at `path`. One that was made for other tables, or is damaged, is made anew, empty.
    pub fn open(path: &Path, pack: Arc<Pack>) -> Result<Head, HeadError> {
        let signature = schema::signature(&pack);
        match Head::existing(path, &pack, &signature) {
            Ok(Some(head)) => return Ok(head),
            Ok(None) => {}
            Err(HeadError::Sqlite(error)) if is_damage(&error) => {}
            Err(error) => return Err(error),
        }
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(suffix);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        let connection = connect(path, &pack)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        create(&connection, &pack)?;
        put(&connection, "signature", &signature)?;
        connection.execute_batch("COMMIT")?;
        Head::new(connection, pack)
    }

    /// The head at `path`, if it was made for these tables.
    fn existing(path: &Path, pack: &Arc<Pack>, signature: &str) -> Result<Option<Head>, HeadError> {
        let connection = connect(path, pack)?;
        match stored(&connection, "signature")?.as_deref() == Some(signature) {
            true => Head::new(connection, pack.clone()).map(Some),
            false => Ok(None),
        }
    }

    fn new(connection: Connection, pack: Arc<Pack>) -> Result<Head, HeadError> {
        let mut head = Head {
            layouts: crate::layout::layouts(&pack),
            evaluators: pack.registers.values().map(|r| (r.name.clone(), Evaluator::new(r))).collect(),
            connection,
            pack,
            applied: Applied::default(),
            counters: BTreeMap::new(),
            counts: BTreeMap::new(),
            moments: vec![],
            numbers: BTreeMap::new(),
            time: Time { at: i64::MIN, ..Time::default() },
            loading: false,
            indexes_missing: false,
        };
        head.load()?;
        // A crash may have come while they were left out.
        head.make_indexes()?;
        if stored(&head.connection, "pack")?.as_deref() != Some(head.pack.digest.as_str()) {
            head.begin()?;
            pack_tables::fill(&head.connection, &head.pack)?;
            put(&head.connection, "pack", &head.pack.digest)?;
            head.commit()?;
        }
        Ok(head)
    }

    /// Reads what is kept in memory.
    fn load(&mut self) -> Result<(), HeadError> {
        let row =
            self.connection.query_row("SELECT seq, hash, at FROM _applied", [], |r| Ok((r.get(0)?, r.get::<_, [u8; 32]>(1)?, r.get(2)?)));
        self.applied =
            row.optional()?.map(|(seq, hash, at)| Applied { seq, hash, at }).unwrap_or(Applied { hash: FIRST, ..Applied::default() });
        let mut counters = self.connection.prepare("SELECT register, year, n FROM _counter")?;
        let rows = counters.query_map([], |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))?;
        self.counters = rows.collect::<Result<_, _>>()?;
        let mut counts = self.connection.prepare("SELECT register, n FROM _count")?;
        let rows = counts.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        self.counts = rows.collect::<Result<_, _>>()?;
        self.moments.clear();
        self.numbers.clear();
        Ok(())
    }

    /// How far it has come, uncommitted events included.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// Gives the last event applied its hash, when it was not known yet.
    pub fn seal(&mut self, hash: Hash) {
        self.applied.hash = hash;
    }

    /// The pack whose tables it has.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins a batch.
    pub fn begin(&mut self) -> Result<(), HeadError> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    /// Ends a batch: what was applied becomes visible to readers.
    pub fn commit(&mut self) -> Result<(), HeadError> {
        let Applied { seq, hash, at } = self.applied;
        self.connection
            .prepare_cached("REPLACE INTO _applied (one, seq, hash, at) VALUES (1, ?1, ?2, ?3)")?
            .execute(params![seq, hash, at])?;
        let mut put = self.connection.prepare_cached("REPLACE INTO _moment (at, seq) VALUES (?1, ?2)")?;
        for (at, seq) in self.moments.drain(..) {
            put.execute([at, seq])?;
        }
        drop(put);
        self.save_counters()?;
        if self.lacks_indexes() {
            self.make_indexes()?;
        }
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn save_counters(&self) -> Result<(), HeadError> {
        let mut put = self.connection.prepare_cached("REPLACE INTO _counter (register, year, n) VALUES (?1, ?2, ?3)")?;
        for ((register, year), n) in &self.counters {
            put.execute(params![register, year, n])?;
        }
        let mut put = self.connection.prepare_cached("REPLACE INTO _count (register, n) VALUES (?1, ?2)")?;
        let mut remove = self.connection.prepare_cached("DELETE FROM _count WHERE register = ?1")?;
        for (register, n) in &self.counts {
            // A register that never had records and one whose records are all erased look the same.
            if *n > 0 {
                put.execute(params![register, n])?
            } else {
                remove.execute([register])?
            };
        }
        Ok(())
    }

    /// Gives up a batch.
    pub fn rollback(&mut self) -> Result<(), HeadError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.loading = false;
        // First of all it knows again how far it has come: on a full disk the rest may fail.
        self.load()?;
        self.make_indexes()
    }

    /// Notes that the log no longer has what was applied. Unlike all else here this cannot be made again from the log,
    /// and tells a verification that events are gone.
    pub fn note_lost(&self) -> Result<(), HeadError> {
        if stored(&self.connection, LOST)?.is_none() {
            put(&self.connection, LOST, &format!("{} {}", self.applied.seq, shirube_record::hex(&self.applied.hash)))?;
        }
        Ok(())
    }

    /// Empties the head within the current batch, as before the first event.
    pub fn clear(&mut self) -> Result<(), HeadError> {
        for table in digest::content_tables(&self.connection)? {
            self.connection.execute_batch(&format!("DELETE FROM {}", crate::schema::quoted(&table)))?;
        }
        self.load()
    }

    /// Makes sure that nothing erased stays in the write-ahead log. False while a reader still needs it.
    pub fn checkpoint(&self) -> Result<bool, HeadError> {
        // Not waiting: a reader may stay for long.
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0));
        self.connection.busy_timeout(PATIENCE)?;
        Ok(busy? == 0)
    }

    /// A time as rows show it. The events of a batch share theirs.
    fn time(&mut self, at: i64) -> &Time {
        if self.time.at != at {
            let day = crate::Moment { seq: 0, at_ms: at }.day();
            let fiscal_year = functions::fiscal_year(&day, self.pack.meta.fiscal_year_start).unwrap_or(0);
            self.time = Time { at, text: time_text(at), fiscal_year };
        }
        &self.time
    }
}

fn connect(path: &Path, pack: &Pack) -> Result<Connection, HeadError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // A power cut may cost the head its last commits, never its integrity; the log has them.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -load::KIB)?;
    // Where files are allowed, sorting for indexes takes one piece of memory as large as the cache before it needs
    // them; otherwise it takes a piece per row.
    connection.pragma_update(None, "temp_store", "FILE")?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(4096);
    functions::register(&connection, pack.meta.fiscal_year_start)?;
    Ok(connection)
}

fn create(connection: &Connection, pack: &Pack) -> Result<(), HeadError> {
    for statement in tables(pack).iter().chain(&schema::tables_of_the_past(pack)) {
        connection.execute_batch(statement)?;
    }
    indexes::declare(connection, pack)?;
    indexes::bring_up(connection, pack)?;
    Ok(connection.execute_batch(schema::BOOK_KEEPING)?)
}

fn stored(connection: &Connection, key: &str) -> Result<Option<String>, HeadError> {
    let exists: bool = connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = '_meta'", [], |r| r.get(0))?;
    if !exists {
        return Ok(None);
    }
    Ok(connection.query_row("SELECT value FROM _meta WHERE key = ?1", [key], |r| r.get(0)).optional()?)
}

fn put(connection: &Connection, key: &str, value: &str) -> Result<(), HeadError> {
    connection.execute("REPLACE INTO _meta (key, value) VALUES (?1, ?2)", [key, value])?;
    Ok(())
}
