//! The pack's own records, brought into the log through the same door as everything else.
//!
//! They are matched by natural key. A record that someone else has changed since keeps that change: a correction
//! by a desk outlives a new version of the pack. Nothing is deleted.

use crate::{Actor, BatchError, Command, PackRecordError, Reader, Store, StoreError, error::file_error};
use rusqlite::{OptionalExtension, params_from_iter, types::Value};
use shirube_plan::{FieldKind, Pack, Part, RecordFile, Register};
use shirube_record::{Cell, Content, Header, Row, parse};
use shirube_snapshot::AsOf;
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// File of the data folder that names the pack whose records are in the log. It only saves work: without it the
/// records are compared again.
const DONE: &str = "pack";

/// Loads the records of a pack into a store that is thrown away: every row that could not be loaded.
///
/// # Errors
/// When the temporary store itself fails.
pub fn check_pack_records(pack: &Arc<Pack>, folder: &Path) -> Result<Vec<PackRecordError>, StoreError> {
    match Store::open(folder, pack.clone()) {
        Ok(_) => Ok(vec![]),
        Err(StoreError::PackRecords(errors)) => Ok(errors),
        Err(error) => Err(error),
    }
}

/// Brings the log up to the records of the pack, once per version of the pack.
pub(crate) fn load(store: &Store, folder: &Path) -> Result<(), StoreError> {
    let pack = store.pack().clone();
    let done = folder.join(DONE);
    if fs::read_to_string(&done).is_ok_and(|digest| digest == pack.digest) {
        return Ok(());
    }
    let actor = Actor::pack(&pack.meta.id, &pack.meta.version);
    let mut errors = vec![];
    for register in in_order(&pack) {
        let reader = store.reader(&actor, AsOf::Head)?;
        let mut commands = vec![];
        let mut places = vec![];
        for file in pack.records.iter().filter(|f| f.register == register.name) {
            rows(store, &reader, register, file, &mut commands, &mut places, &mut errors)?;
        }
        drop(reader);
        match store.submit_all(&actor, commands, &|_| {}) {
            Ok(_) => {}
            Err(BatchError { errors: refused, .. }) => {
                for (index, error) in refused {
                    let Some((file, line)) = places.get(index).cloned() else { return Err(error) };
                    errors.push(PackRecordError { file, line, problem: error.to_string() });
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(StoreError::PackRecords(errors));
    }
    fs::write(&done, &pack.digest).map_err(file_error(&done))
}

/// Registers with records, those that others refer to first.
fn in_order(pack: &Pack) -> Vec<&Register> {
    fn visit<'p>(pack: &'p Pack, register: &'p Register, seen: &mut Vec<&'p str>, out: &mut Vec<&'p Register>) {
        if seen.contains(&register.name.as_str()) {
            return;
        }
        seen.push(&register.name);
        for field in &register.fields {
            let inner = match &field.kind {
                FieldKind::Group { fields } => fields.iter().collect(),
                _ => vec![field],
            };
            for kind in inner.into_iter().map(|f| &f.kind) {
                if let FieldKind::Reference { register } = kind
                    && let Some(other) = pack.registers.get(register)
                {
                    visit(pack, other, seen, out);
                }
            }
        }
        out.push(register);
    }
    let (mut seen, mut out) = (vec![], vec![]);
    for register in pack.registers.values() {
        visit(pack, register, &mut seen, &mut out);
    }
    out
}

fn rows(
    store: &Store,
    reader: &Reader,
    register: &Register,
    file: &RecordFile,
    commands: &mut Vec<Command>,
    places: &mut Vec<(String, usize)>,
    errors: &mut Vec<PackRecordError>,
) -> Result<(), StoreError> {
    let pack = store.pack();
    let wrong = |line: usize, problem: String| PackRecordError { file: file.file.clone(), line, problem };
    let header = match Header::new(register, &file.header) {
        Ok(header) => header,
        Err(error) => {
            errors.push(wrong(1, error.to_string()));
            return Ok(());
        }
    };
    let resolve = |other: &str, key: &str| pack.registers.get(other).and_then(|r| by_written_key(reader, pack, r, key).ok().flatten());
    for (line, cells) in &file.rows {
        let row = header.read(cells, pack, &resolve);
        if !row.errors.is_empty() {
            errors.extend(row.errors.iter().map(|e| wrong(*line, format!("{}: {} ({})", e.column, e.problem.en, e.mend.en))));
            continue;
        }
        let command = match by_key(reader, register, &row.content)? {
            None => Some(Command::Create { register: register.name.clone(), content: row.content, origin: row.origin }),
            Some(id) => amendment(store, reader, register, id, row)?,
        };
        if let Some(command) = command {
            commands.push(command);
            places.push((file.file.clone(), *line));
        }
    }
    Ok(())
}

/// What the pack's row would change; nothing if it changes nothing or someone else has changed the record.
fn amendment(store: &Store, reader: &Reader, register: &Register, id: i64, row: Row) -> Result<Option<Command>, StoreError> {
    let Some(record) = reader.record(&register.name, id)? else { return Ok(None) };
    let mut content: BTreeMap<String, Option<Cell>> = BTreeMap::new();
    for (column, cell) in row.content {
        if column != "_state" && record.content.get(&column) != Some(&cell) {
            content.insert(column, Some(cell));
        }
    }
    if content.is_empty() {
        return Ok(None);
    }
    let actor = Actor::pack(&store.pack().meta.id, &store.pack().meta.version);
    let ours = |by: &str| by.starts_with("pack:");
    if store.history(&actor, &register.name, id)?.iter().any(|version| !ours(&version.actor)) {
        return Ok(None);
    }
    let reason = Some(format!("{} {}", store.pack().meta.id, store.pack().meta.version));
    Ok(Some(Command::Amend { register: register.name.clone(), record: id, version: record.version, content, reason }))
}

/// The record with this natural key; none for registers without one.
fn by_key(reader: &Reader, register: &Register, content: &Content) -> Result<Option<i64>, StoreError> {
    if register.key.is_empty() {
        return Ok(None);
    }
    let values: Vec<Value> = register.key.iter().map(|field| sql_value(content.get(field))).collect();
    find(reader, register, values)
}

/// The record whose natural key is written like this, parts joined by `|`.
fn by_written_key(reader: &Reader, pack: &Pack, register: &Register, text: &str) -> Result<Option<i64>, StoreError> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    if parts.len() != register.key.len() {
        return Ok(None);
    }
    let mut values = vec![];
    for (name, part) in register.key.iter().zip(parts) {
        let Some(field) = register.field(name) else { return Ok(None) };
        let Ok(cell) = parse(field, Part::Main, part, pack) else { return Ok(None) };
        values.push(sql_value(cell.as_ref()));
    }
    find(reader, register, values)
}

fn find(reader: &Reader, register: &Register, values: Vec<Value>) -> Result<Option<i64>, StoreError> {
    let conditions: Vec<String> = (1..).zip(&register.key).map(|(i, column)| format!("\"{column}\" IS ?{i}")).collect();
    let sql = format!("SELECT _id FROM \"{}\" WHERE {}", register.name, conditions.join(" AND "));
    let mut statement = reader.connection().prepare_cached(&sql)?;
    Ok(statement.query_row(params_from_iter(values), |r| r.get(0)).optional()?)
}

fn sql_value(cell: Option<&Cell>) -> Value {
    match cell {
        Some(Cell::Integer(n)) => Value::Integer(*n),
        Some(Cell::Real(x)) => Value::Real(*x),
        Some(Cell::Text(text)) => Value::Text(text.clone()),
        _ => Value::Null,
    }
}
