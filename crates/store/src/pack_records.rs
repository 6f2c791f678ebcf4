//! The pack's own records, brought into the log through the same door as everything else.
//!
//! They are matched by natural key. A record that someone else has changed since keeps that change: a correction
//! by a desk outlives a new version of the pack. Nothing is deleted.

use crate::{Actor, BatchError, Command, PackRecordError, Reader, Store, StoreError, pack_mark};
use rusqlite::{OptionalExtension, params_from_iter, types::Value};
use shirube_plan::{FieldKind, Pack, Part, Register};
use shirube_record::{Cell, Content, FieldError, Header, Mistake, Row, parse};
use shirube_snapshot::{AsOf, Record};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Brings the log up to the records of the pack, once per version of the pack.
pub(crate) fn load(store: &Store, folder: &Path) -> Result<(), StoreError> {
    let pack = store.pack().clone();
    if pack_mark::is_loaded(folder, &pack) {
        return Ok(());
    }
    let actor = Actor::pack(&pack.meta.id, &pack.meta.version);
    let mut loader = Loader { store, actor, erased: store.erased_of_packs()?, errors: vec![] };
    for register in in_order(&pack) {
        loader.register(&pack, register)?;
    }
    if !loader.errors.is_empty() {
        return Err(StoreError::PackRecords(loader.errors));
    }
    pack_mark::loaded(folder, &pack)
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

/// Brings registers up, one after the other.
struct Loader<'s> {
    store: &'s Store,
    actor: Actor,
    /// Records redacted as a whole, by digest of what a pack had said of them. They stay away.
    erased: BTreeMap<String, i64>,
    errors: Vec<PackRecordError>,
}

/// A row of a file, not loaded yet.
struct Waiting<'p> {
    header: Arc<Header<'p>>,
    file: &'p str,
    line: usize,
    cells: &'p [String],
}

impl Loader<'_> {
    fn register<'p>(&mut self, pack: &'p Pack, register: &'p Register) -> Result<(), StoreError> {
        let mut waiting = vec![];
        for file in pack.records.iter().filter(|f| f.register == register.name) {
            match Header::new(register, &file.header) {
                Ok(header) => {
                    let header = Arc::new(header);
                    let row =
                        |row: &'p (usize, Vec<String>)| Waiting { header: header.clone(), file: &file.file, line: row.0, cells: &row.1 };
                    waiting.extend(file.rows.iter().map(row));
                }
                Err(error) => self.errors.push(PackRecordError { file: file.file.clone(), line: 1, problem: error.to_string() }),
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let mut keyless = if register.key.is_empty() { self.earlier(register)? } else { Earlier::default() };
        // Rows may refer to rows of the same register: those go first.
        loop {
            let before = waiting.len();
            waiting = self.round(pack, register, waiting, &mut keyless)?;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        for row in waiting {
            self.errors.push(row.wrong(format!("it refers to a record of `{}` that is not there", register.name)));
        }
        Ok(())
    }

    /// Loads the rows whose references are there; gives back the others.
    fn round<'p>(
        &mut self,
        pack: &Pack,
        register: &Register,
        rows: Vec<Waiting<'p>>,
        keyless: &mut Earlier,
    ) -> Result<Vec<Waiting<'p>>, StoreError> {
        let reader = self.store.reader(&self.actor, AsOf::Head)?;
        // A row that names an erased record: known to be the same if it is there, and not brought in if it is not.
        let names_erased = std::cell::Cell::new(false);
        let resolve = |other: &str, key: &str| {
            let register = pack.registers.get(other)?;
            let key = written_key(pack, register, key)?;
            let erased = || self.erased.get(&pack_mark::said(register, key.iter()).ok()?).copied().inspect(|_| names_erased.set(true));
            by_key(&reader, register, &key).ok().flatten().or_else(erased)
        };
        let mut commands = vec![];
        let mut places = vec![];
        let mut waiting = vec![];
        let mut unmatched = vec![];
        for waits in rows {
            names_erased.set(false);
            let row = waits.header.read(waits.cells, pack, &resolve);
            let gone = names_erased.get() || self.erased.contains_key(&pack_mark::said(register, row.content.iter())?);
            let own = |e: &FieldError| matches!(&e.mistake, Mistake::NoSuchRecord { register: other, .. } if *other == register.name);
            if row.errors.iter().any(own) && row.errors.iter().all(own) {
                waiting.push(waits);
            } else if !row.errors.is_empty() {
                let wrong = row.errors.iter().map(|e| waits.wrong(format!("{}: {} ({})", e.column, e.problem.en, e.mend.en)));
                self.errors.extend(wrong);
            } else if register.key.is_empty() {
                if !keyless.takes(&row) && !gone {
                    unmatched.push((waits, row));
                }
            } else {
                let command = match by_key(&reader, register, &row.content)? {
                    None => Some(create(register, row)).filter(|_| !gone),
                    Some(id) => self.amendment(&reader, register, id, &waits.header, row)?,
                };
                commands.extend(command.inspect(|_| places.push((waits.file.to_string(), waits.line))));
            }
        }
        for (waits, row) in unmatched {
            let command = match keyless.next() {
                None => Some(create(register, row)),
                Some(id) => self.amendment(&reader, register, id, &waits.header, row)?,
            };
            commands.extend(command.inspect(|_| places.push((waits.file.to_string(), waits.line))));
        }
        drop(reader);
        if commands.is_empty() {
            return Ok(waiting);
        }
        // After a mistake nothing more is written; what follows is only checked, to tell all mistakes at once.
        let result = match self.errors.as_slice() {
            [] => self.store.submit_all(&self.actor, commands, &|_| {}),
            _ => self.store.check_all(&self.actor, commands, &|_| {}),
        };
        if let Err(BatchError { errors, .. }) = result {
            for (index, error) in errors {
                let Some((file, line)) = places.get(index).cloned() else { return Err(error) };
                self.errors.push(PackRecordError { file, line, problem: error.to_string() });
            }
        }
        Ok(waiting)
    }

    /// What the pack's row would change; nothing if it changes nothing or someone else has changed the record.
    fn amendment(
        &self,
        reader: &Reader,
        register: &Register,
        id: i64,
        header: &Header<'_>,
        row: Row,
    ) -> Result<Option<Command>, StoreError> {
        let Some(record) = reader.record(&register.name, id)? else { return Ok(None) };
        let mut content: BTreeMap<String, Option<Cell>> = BTreeMap::new();
        for column in header.columns() {
            if !row.content.contains_key(column) && record.content.contains_key(column) {
                content.insert(column.to_string(), None);
            }
        }
        for (column, cell) in row.content {
            if column != "_state" && record.content.get(&column) != Some(&cell) {
                content.insert(column, Some(cell));
            }
        }
        let (new, old) = (row.origin, record.origin);
        for (column, new, old) in
            [("_source", new.source, old.source), ("_heading", new.heading, old.heading), ("_quote", new.quote, old.quote)]
        {
            if new != old {
                content.insert(column.to_string(), new.map(Cell::Text));
            }
        }
        if content.is_empty() {
            return Ok(None);
        }
        let history = self.store.history(&self.actor, &register.name, id)?;
        if history.iter().any(|version| !is_pack(&version.actor)) {
            return Ok(None);
        }
        let meta = &self.store.pack().meta;
        let reason = Some(format!("{} {}", meta.id, meta.version));
        Ok(Some(Command::Amend { register: register.name.clone(), record: id, version: record.version, content, reason }))
    }

    /// Records of a register that packs have created.
    fn earlier(&self, register: &Register) -> Result<Earlier, StoreError> {
        let reader = self.store.reader(&self.actor, AsOf::Head)?;
        let mut records = vec![];
        for id in self.store.created_by_packs(&register.name)? {
            records.extend(reader.record(&register.name, id)?);
        }
        Ok(Earlier { records })
    }
}

impl Waiting<'_> {
    fn wrong(&self, problem: String) -> PackRecordError {
        PackRecordError { file: self.file.to_string(), line: self.line, problem }
    }
}

/// Records that packs have created in a register without a natural key. A row is first matched to a record that says
/// the same; what is left on both sides is matched in order.
#[derive(Default)]
struct Earlier {
    records: Vec<Record>,
}

impl Earlier {
    /// Whether a record says the same as the row; it is not matched again.
    fn takes(&mut self, row: &Row) -> bool {
        let same = |record: &Record| {
            let cells = row.content.iter().filter(|(column, _)| *column != "_state");
            record.origin == row.origin && cells.clone().all(|(column, cell)| record.content.get(column) == Some(cell))
        };
        match self.records.iter().position(same) {
            Some(at) => {
                self.records.remove(at);
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<i64> {
        if self.records.is_empty() { None } else { Some(self.records.remove(0).id) }
    }
}

/// Whether a pack has made an event.
pub(crate) fn is_pack(actor: &str) -> bool {
    actor.starts_with("pack:")
}

fn create(register: &Register, row: Row) -> Command {
    Command::Create { register: register.name.clone(), content: row.content, origin: row.origin }
}

/// The record with this natural key; none for registers without one.
fn by_key(reader: &Reader, register: &Register, content: &Content) -> Result<Option<i64>, StoreError> {
    if register.key.is_empty() {
        return Ok(None);
    }
    let values: Vec<Value> = register.key.iter().map(|field| sql_value(content.get(field))).collect();
    find(reader, register, values)
}

/// The columns of a natural key that is written like this, parts joined by `|`.
fn written_key(pack: &Pack, register: &Register, text: &str) -> Option<Content> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    if register.key.is_empty() || parts.len() != register.key.len() {
        return None;
    }
    let cells = register.key.iter().zip(parts).map(|(name, part)| {
        let cell = parse(register.field(name)?, Part::Main, part, pack).ok()?;
        Some((name.clone(), cell))
    });
    let cells: Option<Vec<_>> = cells.collect();
    Some(cells?.into_iter().filter_map(|(name, cell)| Some((name, cell?))).collect())
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
