//! An open snapshot.

use crate::{
    AsOf, Moment, SnapshotError, digest, functions,
    gate::Gate,
    layout::{Layouts, layouts},
    pack_tables,
    past::{self, Rows},
    schema::{self, past_name, quoted},
    search::text::{Texts, register_holds, texts},
    seen::Seen,
    sight::{self, Sight},
};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use shirube_plan::{Pack, Sensitivity};
use shirube_record::Hash;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The registers of one moment, open for reading.
#[derive(Debug)]
pub struct Snapshot {
    /// Where it is read from; none for one in memory.
    path: Option<PathBuf>,
    connection: Connection,
    gate: Gate,
    pack: Arc<Pack>,
    pub(crate) layouts: Layouts,
    as_of: AsOf,
    moment: Moment,
    pub(crate) texts: Arc<Texts>,
    /// Shown through views over superseded versions.
    pub(crate) earlier: bool,
    /// The file is a head: it has superseded versions, indexes and counts.
    pub(crate) keeps_past: bool,
    /// A search index is attached as `search`.
    pub(crate) has_index: bool,
    /// What may be seen; everything if none.
    sight: Option<Arc<Sight>>,
    /// The views that stand for the registers; none while the tables themselves are read.
    views: Option<Views>,
    /// Where is noted what is read; nowhere if none.
    pub(crate) seen: Option<Arc<Seen>>,
    /// What was found out already.
    pub(crate) known: RefCell<Known>,
}

/// What was found out at a moment by way of a sight, and stays so as long as both do and the file goes no further.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The file's last event, and the moment's.
    of: (i64, i64),
    /// The last events that touched registers.
    changes: BTreeMap<String, i64>,
    /// The last redaction.
    redaction: Option<i64>,
    /// At an earlier moment the registers that have changed since.
    earlier: Option<BTreeMap<String, Rows>>,
    /// How many rows were counted, by question.
    pub counts: BTreeMap<String, u64>,
}

/// What the TEMP views of a snapshot show.
#[derive(Clone, Debug)]
struct Views {
    /// The registers that show an earlier moment.
    earlier: BTreeMap<String, Rows>,
    sight: Option<Arc<Sight>>,
}

impl PartialEq for Views {
    fn eq(&self, other: &Views) -> bool {
        self.earlier == other.earlier && same(&self.sight, &other.sight)
    }
}

fn same(one: &Option<Arc<Sight>>, other: &Option<Arc<Sight>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Snapshot {
    /// Opens the head, or a snapshot file, at a moment, for reading.
    ///
    /// The snapshot keeps showing that moment while the head goes on. The same SQL runs on every moment: before
    /// the head, views named like the registers show the rows of then.
    pub fn open(path: &Path, pack: Arc<Pack>, as_of: AsOf) -> Result<Snapshot, SnapshotError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let mut connection = Connection::open_with_flags(path, flags)?;
        let gate = Gate::install(&mut connection)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        // For what is not in the file yet but in its write-ahead log, and for sorting; the file itself is mapped. Many are
        // kept open.
        connection.pragma_update(None, "cache_size", -4096)?;
        connection.pragma_update(None, "mmap_size", 1_i64 << 31)?;
        // Statistics are declared, so a plan does not hang on what is asked for; and none is made anew for each value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // `temp_store` stays as it is, files: what an indicator sorts must not fill the memory.
        connection.set_prepared_statement_cache_capacity(256);
        functions::register(&connection, pack.meta.fiscal_year_start)?;
        let texts = Arc::new(texts(&pack));
        register_holds(&connection, texts.clone())?;
        let has_index = past::attach_index(&connection, path)?;
        let keeps_past = past::keeps_past(&connection)?.ok_or_else(|| SnapshotError::NotASnapshot(path.display().to_string()))?;
        let (layouts, moment) = (layouts(&pack), Moment::default());
        let mut snapshot = Snapshot {
            path: Some(path.to_path_buf()),
            connection,
            gate,
            pack,
            layouts,
            as_of,
            moment,
            texts,
            earlier: false,
            keeps_past,
            has_index,
            sight: None,
            views: None,
            seen: None,
            known: RefCell::default(),
        };
        snapshot.connection.pragma_update(None, "query_only", true)?;
        snapshot.begin(as_of)?;
        Ok(snapshot)
    }

    /// Shows another moment, or the head as it is by now; costs far less than opening the file again.
    pub fn turn_to(&mut self, as_of: AsOf) -> Result<(), SnapshotError> {
        self.rest()?;
        self.begin(as_of)
    }

    /// Lets go of the moment, so that the file is free for others. Nothing may be read until [`Snapshot::turn_to`].
    pub fn rest(&mut self) -> Result<(), SnapshotError> {
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }

    fn begin(&mut self, as_of: AsOf) -> Result<(), SnapshotError> {
        // One read transaction: everything read through this snapshot is of one moment.
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let last = past::last(&self.connection, self.keeps_past)?.unwrap_or_default();
        let moment = past::resolve(&self.connection, as_of, last, self.keeps_past)?;
        let earlier = moment.seq < last.seq;
        let known = self.known.get_mut();
        if known.of != (last.seq, moment.seq) {
            *known = Known { of: (last.seq, moment.seq), ..Known::default() };
        }
        (self.as_of, self.moment, self.earlier) = (as_of, moment, earlier);
        self.draw()
    }

    /// Shows what may be seen of the registers, and no more, until told otherwise; everything if none. Who reads by
    /// way of a narrowed snapshot cannot reach what it leaves out.
    pub fn narrow(&mut self, sight: Option<Arc<Sight>>) -> Result<(), SnapshotError> {
        if same(&self.sight, &sight) {
            return Ok(());
        }
        self.sight = sight;
        self.known.get_mut().counts.clear();
        // At rest there is nothing to show until the next moment begins.
        if self.connection.is_autocommit() { Ok(()) } else { self.draw() }
    }

    /// Notes from here on what is read of personal and commercial fields; nothing if none.
    pub fn heed(&mut self, seen: Option<Arc<Seen>>) {
        self.seen = seen;
    }

    /// Whether it shows just this.
    pub fn has_sight(&self, sight: &Option<Arc<Sight>>) -> bool {
        same(&self.sight, sight)
    }

    /// Whether something may be left out.
    pub fn is_narrowed(&self) -> bool {
        self.sight.is_some()
    }

    /// Whether any record of a register would be shown, whatever it is, with all fields up to a sensitivity.
    pub(crate) fn shows_any(&self, register: &str, up_to: Sensitivity) -> bool {
        self.sight.as_ref().is_none_or(|sight| sight.shows_any(register, up_to))
    }

    /// Makes the views that the moment and the sight ask for.
    fn draw(&mut self) -> Result<(), SnapshotError> {
        let earlier = self.changed_since()?;
        let wanted = Some(Views { earlier, sight: self.sight.clone() }).filter(|v| !v.earlier.is_empty() || v.sight.is_some());
        if self.views == wanted {
            return Ok(());
        }
        // Statements kept from before read what the views now stand for.
        self.connection.flush_prepared_statement_cache();
        self.gate.keep(None);
        self.connection.pragma_update(None, "query_only", false)?;
        if self.views.take().is_some() {
            past::hide(&self.connection)?;
        }
        match &wanted {
            Some(Views { earlier, sight: Some(sight) }) => {
                let narrow = sight::show(&self.connection, &self.pack, sight, earlier)?;
                self.gate.keep(Some(Box::new(narrow)));
            }
            Some(Views { earlier, sight: None }) => past::show(&self.connection, &self.pack, earlier)?,
            None => {}
        }
        self.views = wanted;
        Ok(self.connection.pragma_update(None, "query_only", true)?)
    }

    /// At an earlier moment the registers that have changed since, and how they are shown.
    fn changed_since(&mut self) -> Result<BTreeMap<String, Rows>, SnapshotError> {
        if !self.earlier {
            return Ok(BTreeMap::new());
        }
        let known = self.known.get_mut();
        if let Some(earlier) = &known.earlier {
            return Ok(earlier.clone());
        }
        // This looks at the tables behind the views.
        let guard = self.gate.keep(None);
        let earlier = past::changed_since(&self.connection, &self.pack, self.moment.seq);
        self.gate.keep(guard);
        Ok(known.earlier.insert(earlier?).clone())
    }

    /// Opens the same moment once more, for another thread; none for a snapshot in memory.
    pub fn beside(&self) -> Result<Option<Snapshot>, SnapshotError> {
        let Some(path) = &self.path else { return Ok(None) };
        let mut other = Snapshot::open(path, self.pack.clone(), AsOf::Seq(self.moment.seq))?;
        (other.as_of, other.moment) = (self.as_of, self.moment);
        other.narrow(self.sight.clone())?;
        other.heed(self.seen.clone());
        Ok(Some(other))
    }

    /// A snapshot without records, in memory: what a pack's SQL is checked against.
    pub fn empty(pack: Arc<Pack>) -> Result<Snapshot, SnapshotError> {
        let mut connection = Connection::open_in_memory()?;
        let gate = Gate::install(&mut connection)?;
        functions::register(&connection, pack.meta.fiscal_year_start)?;
        for statement in schema::ddl(&pack) {
            connection.execute_batch(&statement)?;
        }
        pack_tables::fill(&connection, &pack)?;
        connection.pragma_update(None, "query_only", true)?;
        let texts = Arc::new(texts(&pack));
        register_holds(&connection, texts.clone())?;
        Ok(Snapshot {
            path: None,
            layouts: layouts(&pack),
            connection,
            gate,
            pack,
            texts,
            as_of: AsOf::Head,
            moment: Moment::default(),
            earlier: false,
            keeps_past: false,
            has_index: false,
            sight: None,
            views: None,
            seen: None,
            known: RefCell::default(),
        })
    }

    /// The connection to read by SQL. It refuses writes.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The gate its statements pass: closed while SQL of a pack runs.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Digest over the content of all tables, superseded versions included: two files with the same digest hold
    /// the same records at every moment.
    pub fn content_digest(&self) -> Result<Hash, SnapshotError> {
        Ok(digest::of(&self.connection)?)
    }

    /// The pack this snapshot was opened with.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// The moment it shows.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The last event, of those shown, that touched one of these registers; 0 if none did. What two snapshots show of
    /// registers with the same last change is the same, unless something in them was redacted in between.
    pub fn last_change<'a>(&self, registers: impl IntoIterator<Item = &'a str>) -> Result<i64, SnapshotError> {
        let mut last = 0;
        for register in registers.into_iter().filter(|name| self.layouts.contains_key(*name)) {
            let known = self.known.borrow().changes.get(register).copied();
            let seq = match known {
                Some(seq) => seq,
                None => self.last_change_of(register)?,
            };
            last = last.max(seq);
        }
        Ok(last)
    }

    fn last_change_of(&self, register: &str) -> Result<i64, SnapshotError> {
        let seq = self.moment.seq;
        let look = |table: &str| -> Result<i64, SnapshotError> {
            let sql = format!("SELECT max(_seq) FROM main.{} WHERE _seq <= ?1", quoted(table));
            let found: Option<i64> = self.connection.prepare_cached(&sql)?.query_row([seq], |r| r.get(0))?;
            Ok(found.unwrap_or(0))
        };
        let mut last = look(register)?;
        if self.keeps_past {
            last = last.max(look(&past_name(register))?);
            let sql = "SELECT max(seq) FROM _redaction WHERE register = ?1 AND seq <= ?2";
            let found: Option<i64> = self.connection.prepare_cached(sql)?.query_row((register, seq), |r| r.get(0))?;
            last = last.max(found.unwrap_or(0));
        }
        self.known.borrow_mut().changes.insert(register.to_string(), last);
        Ok(last)
    }

    /// The last redaction of all, also one after the moment; 0 if there was none. Nothing else changes what a moment
    /// that is past shows.
    pub fn last_redaction(&self) -> Result<i64, SnapshotError> {
        if !self.keeps_past {
            return Ok(0);
        }
        if let Some(seq) = self.known.borrow().redaction {
            return Ok(seq);
        }
        let sql = "SELECT coalesce(max(seq), 0) FROM _redaction";
        let seq = self.connection.prepare_cached(sql)?.query_row([], |r| r.get(0))?;
        self.known.borrow_mut().redaction = Some(seq);
        Ok(seq)
    }

    /// The moment it was asked for.
    pub fn as_of(&self) -> &AsOf {
        &self.as_of
    }
}

#[cfg(test)]
mod tests;
