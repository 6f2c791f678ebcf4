//! Rows put together in the order of the file: what no row can tell by itself.

use super::columns::{Columns, named};
use super::mistake::{CellMistake, HeaderMistake, RowError};
use super::row::{Change, Checked, unique};
use super::{ImportOptions, Plan, Prepared};
use crate::sheet::{Format, Row};
use shirube_plan::Register;
use shirube_store::Batch;
use std::collections::{BTreeSet, HashMap};

/// Collects commands or mistakes, row after row.
pub(super) struct Merger<'a> {
    register: &'a Register,
    columns: &'a Columns<'a>,
    max_errors: usize,
    /// Columns of [`unique`], and in which row each value in them stood.
    unique: Vec<(Vec<String>, HashMap<String, u32>)>,
    /// Existing records met so far and the rows that mean them.
    met: HashMap<i64, u32>,
    pub plan: Plan,
    /// Columns that the file lacks, as far as rows wanted them.
    lacking: BTreeSet<String>,
    /// Columns that are not imported though they may hold something, by index.
    left_out: BTreeSet<usize>,
    errors: Vec<RowError>,
    error_count: usize,
    batch: Batch,
    rows: Vec<u32>,
}

impl<'a> Merger<'a> {
    pub fn new(register: &'a Register, columns: &'a Columns<'a>, options: &ImportOptions) -> Self {
        Merger {
            unique: unique(register).into_iter().map(|columns| (columns, HashMap::new())).collect(),
            met: HashMap::new(),
            error_count: columns.errors.len(),
            errors: columns.errors.clone(),
            plan: Plan::default(),
            lacking: BTreeSet::new(),
            left_out: columns.left_out.iter().copied().collect(),
            batch: Batch::new(&register.name, options.reason.as_deref()),
            rows: vec![],
            max_errors: options.max_errors,
            register,
            columns,
        }
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row, checked: Checked) {
        self.plan.rows += 1;
        let Checked { meets, unread: mut errors, errors: more, lacking, mut change, unnamed, values } = checked;
        self.left_out.extend(unnamed);
        let whole = lacking.is_empty();
        lacking.into_iter().for_each(|column| self.lack(column));
        match meets.and_then(|(record, by_number)| self.again(row, record, by_number)) {
            // A second row for a record says nothing else about it.
            Some(mistake) => {
                errors.push(mistake);
                change = None;
            }
            None => {
                errors.extend(more);
                self.remember(row, values, &mut errors);
            }
        }
        if !errors.is_empty() || !whole {
            self.plan.wrong += 1;
            self.error_count += errors.len();
            let room = self.max_errors.saturating_sub(self.errors.len());
            self.errors.extend(errors.into_iter().take(room));
            return;
        }
        match change {
            None => self.plan.unchanged += 1,
            Some(Change::Create) => self.plan.create += 1,
            Some(Change::Amend) => self.plan.amend += 1,
        }
        if change.is_some() {
            self.rows.push(row_number(row));
        }
    }

    /// Notes that the file lacks a column, behind what else is wrong with its header.
    fn lack(&mut self, column: String) {
        if self.lacking.contains(&column) {
            return;
        }
        let mistake = HeaderMistake::Lacking { column: named(self.register.label_of(&column), &column) };
        let error = RowError::header(self.columns.row, &column, mistake);
        self.errors.insert((self.columns.errors.len() + self.lacking.len()).min(self.errors.len()), error);
        self.error_count += 1;
        self.lacking.insert(column);
    }

    /// Takes the commands of the rows taken last. With a mistake nothing will be written any more, and what is known so
    /// far need not be kept.
    pub fn keep(&mut self, mut commands: Batch) {
        if self.error_count == 0 {
            self.batch.append(&mut commands);
        } else {
            self.batch.clear();
            self.rows.clear();
        }
    }

    pub fn finish(self, format: Format, header_row: usize) -> Prepared {
        let columns = self.columns.headings.iter().cloned().zip(self.columns.targets.iter().map(|t| t.name())).collect();
        let heading = |at: usize| self.columns.headings.get(at).cloned().unwrap_or_default();
        let left_out = self.left_out.iter().map(|at| (at + 1, heading(*at))).collect();
        let lacking = self.lacking.iter().map(|column| named(self.register.label_of(column), column)).collect();
        Prepared {
            register: self.register.name.clone(),
            format,
            header_row,
            columns,
            left_out,
            lacking,
            plan: self.plan,
            errors: self.errors,
            error_count: self.error_count,
            batch: self.batch,
            rows: self.rows,
            reasoned: false,
        }
    }

    /// A second row for the same record.
    fn again(&mut self, row: &Row, record: i64, by_number: bool) -> Option<RowError> {
        let number = row_number(row);
        let first = *self.met.entry(record).or_insert(number);
        if first == number {
            return None;
        }
        let column = if by_number { Some("_number") } else { self.register.key.first().map(String::as_str) };
        let at = column.and_then(|c| self.columns.position(c));
        let heading = at.and_then(|i| self.columns.headings.get(i)).map(String::as_str);
        let value = at.map(|i| row.get(i)).unwrap_or_default();
        Some(RowError::cell(row.number(), heading, value, &CellMistake::RepeatedKey { first: first as usize }))
    }

    /// No two rows of the file may have the same key or the same value in a unique field.
    fn remember(&mut self, row: &Row, values: Option<Vec<Option<String>>>, errors: &mut Vec<RowError>) {
        let columns = self.columns;
        let has_key = !self.register.key.is_empty();
        for (index, ((of, seen), value)) in self.unique.iter_mut().zip(values.unwrap_or_default()).enumerate() {
            let at = of.first().and_then(|c| columns.position(c));
            let heading = |c: &String| columns.position(c).and_then(|i| columns.headings.get(i));
            // What could not be read is not the same as anything, nor is what the file has not.
            if of.iter().any(|column| self.lacking.contains(column)) {
                continue;
            }
            if !errors.is_empty() && of.iter().filter_map(heading).any(|h| errors.iter().any(|e| e.column.as_ref() == Some(h))) {
                continue;
            }
            let Some(value) = value else { continue };
            let number = row_number(row);
            let first = *seen.entry(value).or_insert(number);
            if first != number {
                let first = first as usize;
                let mistake = if index == 0 && has_key { CellMistake::RepeatedKey { first } } else { CellMistake::RepeatedValue { first } };
                let heading = at.map_or(of.first(), |i| columns.headings.get(i));
                let value = at.map(|i| row.get(i)).unwrap_or_default();
                errors.push(RowError::cell(row.number(), heading.map(String::as_str), value, &mistake));
            }
        }
    }
}

fn row_number(row: &Row) -> u32 {
    u32::try_from(row.number()).unwrap_or(u32::MAX)
}
