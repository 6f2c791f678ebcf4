//! What a file writes for a reference: what an import reads back as the same record.

use rusqlite::{OptionalExtension, types::Value};
use shirube_plan::{Field, FieldKind, Pack, Register};
use shirube_record::Cell;
use shirube_snapshot::{Snapshot, SnapshotError, schema::quoted};
use std::collections::HashMap;

/// How many references are remembered.
const REMEMBERED: usize = 100_000;

/// Keys of registers refer to each other at most this deep.
const DEPTH: usize = 8;

/// Words for references.
pub(super) struct References<'a> {
    snapshot: &'a Snapshot,
    pack: &'a Pack,
    remembered: HashMap<(String, i64), String>,
}

impl<'a> References<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        References { snapshot, pack: snapshot.pack(), remembered: HashMap::new() }
    }

    /// The natural key, parts joined by `|`; else the number; else the identifier.
    pub fn text(&mut self, field: &Field, id: i64) -> Result<String, SnapshotError> {
        let FieldKind::Reference { register } = &field.kind else { return Ok(id.to_string()) };
        let key = (register.clone(), id);
        if let Some(text) = self.remembered.get(&key) {
            return Ok(text.clone());
        }
        let text = match self.pack.registers.get(register) {
            Some(register) => match self.key(register, id, DEPTH)? {
                Some(key) => key,
                None => self.number(register, id)?.unwrap_or_else(|| id.to_string()),
            },
            None => id.to_string(),
        };
        if self.remembered.len() < REMEMBERED {
            self.remembered.insert(key, text.clone());
        }
        Ok(text)
    }

    /// The natural key written out; none if there is none or if joining would not come apart again.
    fn key(&self, register: &Register, id: i64, depth: usize) -> Result<Option<String>, SnapshotError> {
        if register.key.is_empty() || depth == 0 {
            return Ok(None);
        }
        let columns: Vec<&str> = register.key.iter().map(String::as_str).collect();
        let found = self.snapshot.cells(&register.name, &columns, "WHERE t._id = ?1", &[Value::Integer(id)])?;
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let mut parts = vec![];
        for (field, value) in register.key.iter().filter_map(|k| register.field(k)).zip(found.cells) {
            let text = match (&field.kind, value) {
                (FieldKind::Reference { register }, Some(Cell::Integer(id))) => {
                    let inner = match self.pack.registers.get(register) {
                        Some(register) => self.key(register, id, depth - 1)?,
                        None => None,
                    };
                    // Only a key reads back within a key.
                    let Some(inner) = inner else { return Ok(None) };
                    parts.push(inner);
                    continue;
                }
                (_, None) => String::new(),
                (_, Some(Cell::Integer(n))) => n.to_string(),
                (_, Some(Cell::Real(x))) => x.to_string(),
                (_, Some(Cell::Text(text))) => text,
                (_, Some(_)) => return Ok(None),
            };
            if register.key.len() > 1 && text.contains('|') || depth < DEPTH && text.contains('|') {
                return Ok(None);
            }
            parts.push(text);
        }
        Ok(Some(parts.join("|")).filter(|key| key.chars().any(|c| c != '|')))
    }

    fn number(&self, register: &Register, id: i64) -> Result<Option<String>, SnapshotError> {
        let sql = format!("SELECT _number FROM {} WHERE _id = ?1", quoted(&register.name));
        Ok(self.snapshot.connection().prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?.flatten())
    }
}
