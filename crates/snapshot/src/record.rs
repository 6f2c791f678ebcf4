//! Records as readers see them.

use crate::{
    Snapshot, SnapshotError,
    layout::Layout,
    rows::{complete, state},
    schema::quoted,
    sight::{HIDDEN, bits_up_to, hidden_columns},
};
use rusqlite::{OptionalExtension, Params, Row};
use shirube_plan::Sensitivity;
use shirube_record::{Content, Origin, RecordState};
use std::collections::BTreeSet;

/// A record of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Identifier, never reused.
    pub id: i64,
    /// Register.
    pub register: String,
    /// Number by the register's scheme.
    pub number: Option<String>,
    /// Lifecycle state.
    pub state: Option<String>,
    /// Version.
    pub version: i64,
    /// Event that made this version.
    pub seq: i64,
    /// When it was created (milliseconds since the epoch, UTC).
    pub created_at: i64,
    /// When it last changed (milliseconds since the epoch, UTC).
    pub updated_at: i64,
    /// Where it was transcribed from.
    pub origin: Origin,
    /// Values by column, derived columns among them.
    pub content: Content,
    /// Columns that the reader may not see, `group.column` within groups: they may hold a value or none.
    pub hidden: BTreeSet<String>,
}

impl Record {
    pub(crate) fn new(register: &str, state: RecordState) -> Record {
        Record {
            id: state.id,
            register: register.to_string(),
            number: state.number,
            state: state.state,
            version: state.version,
            seq: state.seq,
            created_at: state.created_at,
            updated_at: state.updated_at,
            origin: state.origin,
            content: state.content,
            hidden: BTreeSet::new(),
        }
    }
}

impl Snapshot {
    /// A record by its identifier; none if the register has no such record at this moment.
    pub fn record(&self, register: &str, id: i64) -> Result<Option<Record>, SnapshotError> {
        let layout = self.layout(register)?;
        let sql = format!("SELECT {} FROM {} WHERE _id = ?1", self.columns_of(&layout), quoted(register));
        self.read_record(&layout, &sql, [id])
    }

    /// Number of records of a register whose fields up to a sensitivity are all shown.
    pub fn seen(&self, register: &str, up_to: Sensitivity) -> Result<u64, SnapshotError> {
        self.layout(register)?;
        let shown = if self.is_narrowed() { format!(" WHERE {HIDDEN} & {} = 0", bits_up_to(up_to)) } else { String::new() };
        let sql = format!("SELECT count(*) FROM {}{shown}", quoted(register));
        Ok(self.connection().prepare_cached(&sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// What a record is read by: its columns, and on a narrowed snapshot which of them are hidden.
    pub(crate) fn columns_of(&self, layout: &Layout) -> String {
        if self.is_narrowed() { format!("{}, {HIDDEN}", layout.all) } else { layout.all.clone() }
    }

    /// The record that SQL over [`Snapshot::columns_of`] finds.
    pub(crate) fn read_record(&self, layout: &Layout, sql: &str, values: impl Params) -> Result<Option<Record>, SnapshotError> {
        let mut statement = self.connection().prepare_cached(sql)?;
        let bits = |row: &Row<'_>| if self.is_narrowed() { row.get::<_, i64>(HIDDEN) } else { Ok(0) };
        let found = statement.query_row(values, |row| Ok((state(layout, row, true)?, bits(row)?))).optional()?;
        let Some(((mut found, missing), bits)) = found else { return Ok(None) };
        complete(self.connection(), layout, &mut found, missing.as_deref())?;
        let mut record = Record::new(&layout.name, found);
        if let Some(register) = self.pack().registers.get(&layout.name).filter(|_| bits != 0) {
            record.hidden = hidden_columns(register, bits);
        }
        Ok(Some(record))
    }

    pub(crate) fn layout(&self, register: &str) -> Result<std::sync::Arc<Layout>, SnapshotError> {
        self.layouts.get(register).cloned().ok_or_else(|| SnapshotError::NoSuchRegister(register.to_string()))
    }
}
