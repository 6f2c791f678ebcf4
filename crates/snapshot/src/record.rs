//! Records as readers see them.

use crate::{
    Snapshot, SnapshotError,
    layout::Layout,
    rows::{OWN, cell, complete, state},
    schema::quoted,
    seen::Fields,
    sight::{HIDDEN, bits_up_to},
};
use rusqlite::{OptionalExtension, Params, Row, params_from_iter, types::Value};
use shirube_plan::{Field, FieldKind, Register, Sensitivity};
use shirube_record::{Cell, Content, Origin, RecordState};
use std::{collections::BTreeSet, sync::Arc};

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
    pub hidden: Arc<BTreeSet<String>>,
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
            hidden: Arc::default(),
        }
    }
}

/// Some columns of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Identifier.
    pub id: i64,
    /// Number by the register's scheme.
    pub number: Option<String>,
    /// Values of the columns asked for, in order.
    pub cells: Vec<Option<Cell>>,
}

/// The field, or the group of one, by which a content names a file.
fn file_field<'r>(register: &'r Register, content: &Content, sha256: &str) -> Option<&'r str> {
    let is_named = |field: &Field, content: &Content| {
        let named = content.get(&format!("{}_sha256", field.name)).is_some_and(|cell| matches!(cell, Cell::Text(sha) if sha == sha256));
        named && matches!(field.kind, FieldKind::Attachment { .. })
    };
    let names = |field: &&Field| match (&field.kind, content.get(&field.name)) {
        (FieldKind::Group { fields }, Some(Cell::Rows(rows))) => rows.iter().any(|row| fields.iter().any(|f| is_named(f, row))),
        _ => is_named(field, content),
    };
    register.fields.iter().find(names).map(|field| field.name.as_str())
}

/// Fields that columns are parts of.
pub(crate) fn fields_of(register: &Register, columns: &[&str]) -> Arc<BTreeSet<String>> {
    let names = |column: &str| register.fields.iter().find(|f| f.name == column || f.columns().iter().any(|c| c.name == column));
    Arc::new(columns.iter().filter_map(|c| Some(names(c)?.name.clone())).collect())
}

impl Snapshot {
    /// A record by its identifier; none if the register has no such record at this moment.
    pub fn record(&self, register: &str, id: i64) -> Result<Option<Record>, SnapshotError> {
        self.record_with(register, id, &None)
    }

    /// A record with these fields alone.
    pub fn record_with(&self, register: &str, id: i64, fields: &Fields) -> Result<Option<Record>, SnapshotError> {
        let layout = self.layout(register)?;
        let sql = format!("SELECT {} FROM {} WHERE _id = ?1", self.columns_of(&layout, fields), quoted(register));
        self.read_record(&layout, &sql, [id], fields)
    }

    /// Columns of records that a condition over the register's table `t` finds.
    pub fn cells(&self, register: &str, columns: &[&str], condition: &str, values: &[Value]) -> Result<Vec<Cells>, SnapshotError> {
        let layout = self.layout(register)?;
        let named: String = columns.iter().map(|c| format!(", t.{}", quoted(c))).collect();
        let bits = if self.is_narrowed() { format!("t.{HIDDEN}") } else { "0".to_string() };
        let sql = format!("SELECT t._id, t._number, {bits}{named} FROM {} t {condition}", quoted(register));
        let fields = self.pack().registers.get(register).map(|register| fields_of(register, columns));
        let mut statement = self.connection().prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            self.note(&layout, row.get(2)?, &fields, id);
            let cells = (0..columns.len()).map(|i| Ok(cell(row.get_ref(3 + i)?))).collect::<rusqlite::Result<_>>()?;
            found.push(Cells { id, number: row.get(1)?, cells });
        }
        Ok(found)
    }

    /// Notes that all records of a register are handed out.
    pub(crate) fn note_all(&self, register: &str) -> Result<(), SnapshotError> {
        let layout = self.layout(register)?;
        if self.seen.is_some() && layout.sensitive {
            let bits = if self.is_narrowed() { HIDDEN } else { "0" };
            let mut statement = self.connection().prepare(&format!("SELECT _id, {bits} FROM {} ORDER BY _id", quoted(register)))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                self.note(&layout, row.get(1)?, &None, row.get(0)?);
            }
        }
        Ok(())
    }

    /// Notes that rows made of a register's records, of fields up to a sensitivity, are handed out: which records and
    /// fields they come of is not known, so all of them count.
    pub fn note_derived(&self, register: &str, up_to: Sensitivity) -> Result<(), SnapshotError> {
        let layout = self.layout(register)?;
        if let Some(seen) = self.seen.as_ref().filter(|_| layout.sensitive) {
            let sql = format!("SELECT min(_id), max(_id) FROM {}", quoted(register));
            let (first, last): (Option<i64>, Option<i64>) =
                self.connection().prepare_cached(&sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let Some(run) = first.zip(last) {
                seen.note_run(register, self.moment().seq, up_to, run);
            }
        }
        Ok(())
    }

    /// Notes that fields of a record are handed out.
    pub(crate) fn note(&self, layout: &Layout, hidden: i64, fields: &Fields, id: i64) {
        if let Some(seen) = self.seen.as_ref().filter(|_| layout.sensitive) {
            seen.note(&layout.name, self.moment().seq, (hidden, fields), id);
        }
    }

    /// Number of records of a register whose fields up to a sensitivity are all shown.
    fn seen(&self, register: &str, up_to: Sensitivity) -> Result<u64, SnapshotError> {
        self.layout(register)?;
        let shown = if self.is_narrowed() { format!(" WHERE {HIDDEN} & {} = 0", bits_up_to(up_to)) } else { String::new() };
        let sql = format!("SELECT count(*) FROM {}{shown}", quoted(register));
        Ok(self.connection().prepare_cached(&sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Whether all records of a register that `whole` shows at the same moment are shown here, with all fields up to a
    /// sensitivity. Counted only where it depends on the records.
    pub fn shows_all_of(&self, whole: &Snapshot, register: &str, up_to: Sensitivity) -> Result<bool, SnapshotError> {
        Ok(self.shows_any(register, up_to) || self.seen(register, up_to)? == whole.seen(register, up_to)?)
    }

    /// What a record is read by: its columns, those of other fields left blank, and on a narrowed snapshot last which of
    /// them are hidden.
    pub(crate) fn columns_of(&self, layout: &Layout, fields: &Fields) -> String {
        let columns = layout.select(fields);
        if self.is_narrowed() { format!("{columns}, {HIDDEN}") } else { columns }
    }

    /// The record that SQL over [`Snapshot::columns_of`] finds.
    pub(crate) fn read_record(
        &self,
        layout: &Layout,
        sql: &str,
        values: impl Params,
        fields: &Fields,
    ) -> Result<Option<Record>, SnapshotError> {
        let Some((record, bits)) = self.find_record(layout, sql, values, fields)? else { return Ok(None) };
        self.note(layout, bits, fields, record.id);
        Ok(Some(record))
    }

    /// The same, and the bits of what is hidden. That it is handed out is for the caller to note.
    fn find_record(
        &self,
        layout: &Layout,
        sql: &str,
        values: impl Params,
        fields: &Fields,
    ) -> Result<Option<(Record, i64)>, SnapshotError> {
        let mut statement = self.connection().prepare_cached(sql)?;
        let bits = |row: &Row<'_>| if self.is_narrowed() { row.get(OWN + layout.columns.len()) } else { Ok(0) };
        let found = statement.query_row(values, |row| Ok((state(layout, row, true)?, bits(row)?))).optional()?;
        let Some(((mut found, missing), bits)) = found else { return Ok(None) };
        let wanted = |field: &str| fields.as_ref().is_none_or(|fields| fields.contains(field));
        complete(self.connection(), layout, &mut found, missing.as_deref(), &wanted)?;
        let mut record = Record::new(&layout.name, found);
        if let Some(register) = self.pack().registers.get(&layout.name).filter(|_| bits != 0) {
            record.hidden = layout.hidden(register, bits);
        }
        if fields.is_some() {
            record.content.retain(|column, _| wanted(layout.field_of(column)));
        }
        Ok(Some((record, bits)))
    }

    /// Whether a record, as far as it is seen, names a file by its SHA-256; if so, its reader is about to be given it.
    pub fn names_file(&self, register: &str, id: i64, sha256: &str) -> Result<bool, SnapshotError> {
        let layout = self.layout(register)?;
        let Some(declared) = self.pack().registers.get(register) else { return Ok(false) };
        let sql = format!("SELECT {} FROM {} WHERE _id = ?1", self.columns_of(&layout, &None), quoted(register));
        let Some((record, bits)) = self.find_record(&layout, &sql, [id], &None)? else { return Ok(false) };
        let Some(field) = file_field(declared, &record.content, sha256) else { return Ok(false) };
        self.note(&layout, bits, &Some(Arc::new(BTreeSet::from([field.to_string()]))), id);
        Ok(true)
    }

    pub(crate) fn layout(&self, register: &str) -> Result<std::sync::Arc<Layout>, SnapshotError> {
        self.layouts.get(register).cloned().ok_or_else(|| SnapshotError::NoSuchRegister(register.to_string()))
    }
}
