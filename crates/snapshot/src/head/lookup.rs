//! Questions the store asks before it accepts a command.

use super::{Head, HeadError};
use crate::{
    rows::{complete, state},
    schema::quoted,
};
use rusqlite::{OptionalExtension, types::Null};
use shirube_plan::Register;
use shirube_record::{Cell, Content, RecordState};

impl Head {
    /// The present state of a record, without derived columns; none if there is none or it was erased.
    pub fn state(&self, register: &str, id: i64) -> Result<Option<RecordState>, HeadError> {
        let Some(layout) = self.layouts.get(register) else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(&format!("SELECT {} FROM {} WHERE _id = ?1", layout.all, quoted(register)))?;
        let Some((mut record, missing)) = statement.query_row([id], |row| state(layout, row, false)).optional()? else { return Ok(None) };
        complete(&self.connection, layout, &mut record, missing.as_deref(), &|_| true)?;
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

    /// The record with the same values in the key's columns, other than `except`: its `_id` and number.
    pub fn find(&self, key: &Key, content: &Content, except: i64) -> Result<Option<(i64, Option<String>)>, HeadError> {
        if !self.layouts.contains_key(&key.register) || key.columns.iter().all(|c| is_null(content.get(c))) {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached(&key.sql)?;
        for (i, column) in key.columns.iter().enumerate() {
            match content.get(column) {
                Some(Cell::Integer(n)) => statement.raw_bind_parameter(i + 1, n)?,
                Some(Cell::Real(x)) => statement.raw_bind_parameter(i + 1, x)?,
                Some(Cell::Text(text)) => statement.raw_bind_parameter(i + 1, text.as_str())?,
                _ => statement.raw_bind_parameter(i + 1, Null)?,
            }
        }
        statement.raw_bind_parameter(key.columns.len() + 1, except)?;
        let mut rows = statement.raw_query();
        rows.next()?.map(|r| Ok((r.get(0)?, r.get(1)?))).transpose()
    }
}

fn is_null(cell: Option<&Cell>) -> bool {
    !matches!(cell, Some(Cell::Integer(_) | Cell::Real(_) | Cell::Text(_)))
}

/// Columns of a register whose values together are held by one record only. A blank equals a blank; if all are blank
/// there is nothing to compare.
#[derive(Debug)]
pub struct Key {
    register: String,
    /// The columns.
    pub columns: Vec<String>,
    sql: String,
}

impl Key {
    /// The key of these columns.
    pub fn new(register: &str, columns: Vec<String>) -> Key {
        let conditions: Vec<String> = (1..).zip(&columns).map(|(i, c)| format!("{} IS ?{i}", quoted(c))).collect();
        let sql =
            format!("SELECT _id, _number FROM {} WHERE {} AND _id <> ?{}", quoted(register), conditions.join(" AND "), columns.len() + 1);
        Key { register: register.to_string(), columns, sql }
    }
}
