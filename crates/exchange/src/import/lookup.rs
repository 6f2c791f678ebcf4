//! What the register holds already: existing records by key or number, references by what files write for them. A record
//! that the importer may not read is to them as if it were not there.

use rusqlite::{OptionalExtension, params_from_iter, types::Value};
use shirube_plan::{Field, FieldKind, Pack, Part, Register};
use shirube_record::Cell;
use shirube_snapshot::{Snapshot, SnapshotError, schema::quoted};
use shirube_store::Actor;
use std::{cell::RefCell, collections::HashMap};

/// What a reference in a file leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    One(i64),
    None,
    /// Several records; some of their numbers.
    Many(Vec<String>),
}

/// How many references are remembered, so that a column that names few records over and over asks for each once.
const REMEMBERED: usize = 100_000;

/// Keys of registers refer to each other at most this deep.
const DEPTH: usize = 8;

/// Questions to a snapshot that shows everything.
pub(super) struct Lookup<'a> {
    snapshot: &'a Snapshot,
    /// Who imports.
    actor: Actor,
    pack: &'a Pack,
    remembered: HashMap<(String, String), Found>,
    /// The last question: a row is looked for by its key, and then so is another with that key.
    last: RefCell<Answered>,
}

#[derive(Default)]
struct Answered {
    finder: String,
    values: Vec<Value>,
    found: Vec<i64>,
}

impl<'a> Lookup<'a> {
    pub fn new(snapshot: &'a Snapshot, actor: Actor) -> Self {
        Lookup { snapshot, actor, pack: snapshot.pack(), remembered: HashMap::new(), last: RefCell::default() }
    }

    /// A record that was found, if the importer may know of it.
    pub fn known(&self, register: &Register, id: Option<i64>) -> Result<Option<i64>, SnapshotError> {
        let Some(found) = id.filter(|_| !self.actor.clearance().is_unlimited()) else { return Ok(id) };
        let record = self.snapshot.record(&register.name, found)?;
        Ok(record.filter(|record| self.actor.may_read(register, record)).map(|record| record.id))
    }

    /// Whether the register has no records at all.
    pub fn is_empty(&self, register: &str) -> rusqlite::Result<bool> {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", quoted(register));
        Ok(!self.snapshot.connection().prepare(&sql)?.exists([])?)
    }

    /// The records that a [`finder`] finds with these values, two at most, whoever may read them. A blank equals a
    /// blank; if all are blank there is nothing to compare.
    pub fn find<'c>(&self, finder: &str, values: impl Iterator<Item = Option<&'c Cell>>) -> rusqlite::Result<Vec<i64>> {
        let values: Vec<Value> = values.map(sql).collect();
        let mut last = self.last.borrow_mut();
        if last.finder != finder || last.values != values {
            *last = Answered { finder: finder.to_owned(), found: self.select(finder, &values)?, values };
        }
        Ok(last.found.clone())
    }

    fn select(&self, finder: &str, values: &[Value]) -> rusqlite::Result<Vec<i64>> {
        if values.iter().all(|v| *v == Value::Null) {
            return Ok(vec![]);
        }
        let mut statement = self.snapshot.connection().prepare_cached(finder)?;
        statement.query_map(params_from_iter(values), |row| row.get(0))?.collect()
    }

    /// The record with this number, whoever may read it.
    pub fn by_number(&self, register: &str, number: &str) -> rusqlite::Result<Option<i64>> {
        let sql = format!("SELECT _id FROM {} WHERE _number = ?1", quoted(register));
        self.snapshot.connection().prepare_cached(&sql)?.query_row([number], |row| row.get(0)).optional()
    }

    /// The record that a file refers to by natural key (parts joined by `|`) or number; in a register that has
    /// neither, by identifier.
    pub fn reference(&mut self, register: &str, text: &str) -> Result<Found, SnapshotError> {
        let key = (register.to_owned(), text.to_owned());
        if let Some(found) = self.remembered.get(&key) {
            return Ok(found.clone());
        }
        let found = match self.pack.registers.get(register) {
            Some(register) => self.refer(register, text)?,
            None => Found::None,
        };
        if self.remembered.len() < REMEMBERED {
            self.remembered.insert(key, found.clone());
        }
        Ok(found)
    }

    fn refer(&self, register: &Register, text: &str) -> Result<Found, SnapshotError> {
        let parts: Vec<&str> = if width(register, self.pack, DEPTH) == 1 { vec![text] } else { text.split('|').map(str::trim).collect() };
        let by_key = self.by_key(register, &parts, DEPTH)?.into_iter();
        let found: Vec<i64> = by_key.filter_map(|id| self.known(register, Some(id)).transpose()).collect::<Result<_, _>>()?;
        if !found.is_empty() {
            return Ok(self.found(register, found)?);
        }
        if register.number.is_some() {
            let found = self.by_number(&register.name, text)?;
            return Ok(self.known(register, found)?.map_or(Found::None, Found::One));
        }
        let id: Option<i64> = if register.key.is_empty() { text.parse().ok() } else { None };
        let sql = format!("SELECT _id FROM {} WHERE _id = ?1", quoted(&register.name));
        let found: Option<i64> = self.snapshot.connection().prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
        Ok(self.known(register, found)?.map_or(Found::None, Found::One))
    }

    fn found(&self, register: &Register, ids: Vec<i64>) -> rusqlite::Result<Found> {
        if let [one] = ids[..] {
            return Ok(Found::One(one));
        }
        let sql = format!("SELECT coalesce(_number, '_id ' || _id) FROM {} WHERE _id = ?1", quoted(&register.name));
        let mut statement = self.snapshot.connection().prepare_cached(&sql)?;
        Ok(Found::Many(ids.iter().map(|id| statement.query_row([id], |row| row.get(0))).collect::<Result<_, _>>()?))
    }

    /// Records with this natural key; references within the key are themselves keys.
    fn by_key(&self, register: &Register, parts: &[&str], depth: usize) -> rusqlite::Result<Vec<i64>> {
        if depth == 0 || register.key.is_empty() || parts.len() != width(register, self.pack, depth) {
            return Ok(vec![]);
        }
        let mut values = vec![];
        let mut rest = parts;
        for field in key_fields(register) {
            let (own, others) = rest.split_at(field_width(field, self.pack, depth - 1).min(rest.len()));
            rest = others;
            let value = match (&field.kind, self.pack.registers.get(referred(field).unwrap_or_default())) {
                (FieldKind::Reference { .. }, Some(other)) if own.iter().any(|p| !p.is_empty()) => {
                    let [one] = self.by_key(other, own, depth - 1)?[..] else { return Ok(vec![]) };
                    Value::Integer(one)
                }
                (FieldKind::Reference { .. }, _) => Value::Null,
                _ => match shirube_record::parse(field, Part::Main, own.first().copied().unwrap_or_default(), self.pack) {
                    Ok(cell) => sql(cell.as_ref()),
                    Err(_) => return Ok(vec![]),
                },
            };
            values.push(value);
        }
        self.select(&finder(&register.name, &register.key), &values)
    }
}

/// The question for records with given values in some columns of a register.
pub(super) fn finder(register: &str, columns: &[String]) -> String {
    let conditions: Vec<String> = columns.iter().map(|c| format!("{} IS ?", quoted(c))).collect();
    format!("SELECT _id FROM {} WHERE {} LIMIT 2", quoted(register), conditions.join(" AND "))
}

fn key_fields(register: &Register) -> impl Iterator<Item = &Field> {
    register.key.iter().filter_map(|name| register.field(name))
}

fn referred(field: &Field) -> Option<&str> {
    if let FieldKind::Reference { register } = &field.kind { Some(register) } else { None }
}

/// How many parts a register's key has when written out.
pub(super) fn width(register: &Register, pack: &Pack, depth: usize) -> usize {
    key_fields(register).map(|f| field_width(f, pack, depth.saturating_sub(1))).sum()
}

fn field_width(field: &Field, pack: &Pack, depth: usize) -> usize {
    match referred(field).and_then(|r| pack.registers.get(r)) {
        Some(other) if depth > 0 => width(other, pack, depth).max(1),
        _ => 1,
    }
}

fn sql(cell: Option<&Cell>) -> Value {
    match cell {
        Some(Cell::Integer(n)) => Value::Integer(*n),
        Some(Cell::Real(x)) => Value::Real(*x),
        Some(Cell::Text(text)) => Value::Text(text.clone()),
        _ => Value::Null,
    }
}
