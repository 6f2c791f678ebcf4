//! Questions the store asks before it accepts a command.

use super::{Head, HeadError};
use crate::{
    rows::{complete, state},
    schema::{child_name, quoted},
};
use rusqlite::{OptionalExtension, params_from_iter, types::Value};
use shirube_plan::Register;
use shirube_record::{Cell, Content, RecordState};

impl Head {
    /// The present state of a record, without derived columns; none if there is none or it was erased.
    pub fn state(&self, register: &str, id: i64) -> Result<Option<RecordState>, HeadError> {
        let Some(layout) = self.layouts.get(register) else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(&format!("SELECT {} FROM {} WHERE _id = ?1", layout.all, quoted(register)))?;
        let Some((mut record, missing)) = statement.query_row([id], |row| state(layout, row, false)).optional()? else { return Ok(None) };
        complete(&self.connection, layout, &mut record, missing.as_deref())?;
        Ok(Some(record))
    }

    /// Whether the register has this record.
    pub fn exists(&self, register: &str, id: i64) -> Result<bool, HeadError> {
        if !self.layouts.contains_key(register) {
            return Ok(false);
        }
        let mut statement = self.connection.prepare_cached(&format!("SELECT 1 FROM {} WHERE _id = ?1", quoted(register)))?;
        Ok(statement.exists([id])?)
    }

    /// The redaction that erased a record; none if it was not.
    pub fn erased(&self, register: &str, id: i64) -> Result<Option<i64>, HeadError> {
        let mut statement = self.connection.prepare_cached("SELECT seq FROM _redaction WHERE _id = ?1 AND register = ?2 AND whole = 1")?;
        Ok(statement.query_row(rusqlite::params![id, register], |r| r.get(0)).optional()?)
    }

    pub(super) fn has_number(&self, register: &Register, number: &str) -> Result<bool, HeadError> {
        let mut statement = self.connection.prepare_cached(&format!("SELECT 1 FROM {} WHERE _number = ?1", quoted(&register.name)))?;
        Ok(statement.exists([number])?)
    }

    /// The record with these values in these columns, other than `except`: its `_id` and number. A blank equals a
    /// blank; if all are blank there is nothing to compare.
    pub fn find(
        &self,
        register: &str,
        columns: &[String],
        content: &Content,
        except: i64,
    ) -> Result<Option<(i64, Option<String>)>, HeadError> {
        let values: Vec<Value> = columns.iter().map(|c| sql_value(content.get(c))).collect();
        if !self.layouts.contains_key(register) || values.iter().all(|v| *v == Value::Null) {
            return Ok(None);
        }
        let conditions: Vec<String> = (1..).zip(columns).map(|(i, c)| format!("{} IS ?{i}", quoted(c))).collect();
        let sql =
            format!("SELECT _id, _number FROM {} WHERE {} AND _id <> ?{}", quoted(register), conditions.join(" AND "), columns.len() + 1);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let parameters = params_from_iter(values.into_iter().chain([Value::Integer(except)]));
        Ok(statement.query_row(parameters, |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
    }

    /// Whether any record but `except` refers to this attached file.
    pub fn file_in_use(&self, sha256: &str) -> Result<bool, HeadError> {
        for register in self.pack.registers.values() {
            for field in &register.fields {
                let tables: Vec<(String, String)> = match &field.kind {
                    shirube_plan::FieldKind::Attachment { .. } => vec![(register.name.clone(), format!("{}_sha256", field.name))],
                    shirube_plan::FieldKind::Group { fields } => fields
                        .iter()
                        .filter(|f| matches!(f.kind, shirube_plan::FieldKind::Attachment { .. }))
                        .map(|f| (child_name(&register.name, &field.name), format!("{}_sha256", f.name)))
                        .collect(),
                    _ => continue,
                };
                for (table, column) in tables {
                    for table in [crate::schema::past_name(&table), table] {
                        let mut statement =
                            self.connection.prepare_cached(&format!("SELECT 1 FROM {} WHERE {} = ?1", quoted(&table), quoted(&column)))?;
                        if statement.exists([sha256])? {
                            return Ok(true);
                        }
                    }
                }
            }
        }
        Ok(false)
    }
}

fn sql_value(cell: Option<&Cell>) -> Value {
    match cell {
        Some(Cell::Integer(n)) => Value::Integer(*n),
        Some(Cell::Real(x)) => Value::Real(*x),
        Some(Cell::Text(text)) => Value::Text(text.clone()),
        _ => Value::Null,
    }
}
