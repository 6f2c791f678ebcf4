//! Every row checked against the register, the snapshot and the rows before it.

use super::cells::{Cells, Draft, overlay};
use super::columns::Columns;
use super::lookup::Lookup;
use super::mistake::{CellMistake, RowError};
use super::{Format, ImportError, ImportOptions, Plan, Prepared};
use crate::sheet::Row;
use shirube_plan::{FieldKind, Register, Transition};
use shirube_record::{Cell, Content, FieldError, Mistake, Origin, Validator, normalise};
use shirube_snapshot::{Record, Snapshot};
use shirube_store::Command;
use std::collections::{BTreeMap, HashMap};

/// Checks rows one after the other and collects commands or mistakes.
pub(super) struct Checker<'a> {
    snapshot: &'a Snapshot,
    register: &'a Register,
    columns: &'a Columns<'a>,
    options: &'a ImportOptions,
    cells: Cells<'a>,
    lookup: Lookup<'a>,
    validator: Validator,
    rules: shirube_snapshot::Rules,
    /// No record exists yet: nothing to look for.
    empty: bool,
    /// Columns that no two records share (the natural key first), and in which row of this file their values stood.
    unique: Vec<(Vec<String>, HashMap<String, u32>)>,
    has_key: bool,
    /// Existing records met so far and the rows that mean them.
    changed: HashMap<i64, u32>,
    pub plan: Plan,
    errors: Vec<RowError>,
    error_count: usize,
    commands: Vec<Command>,
    rows: Vec<u32>,
}

impl<'a> Checker<'a> {
    pub fn new(
        snapshot: &'a Snapshot,
        register: &'a Register,
        columns: &'a Columns<'a>,
        options: &'a ImportOptions,
    ) -> Result<Self, ImportError> {
        let pack = snapshot.pack();
        let lookup = Lookup::new(snapshot);
        let mut unique = vec![];
        if !register.key.is_empty() {
            unique.push((register.key.clone(), HashMap::new()));
        }
        unique.extend(
            register
                .fields
                .iter()
                .filter(|f| f.unique && register.key != [f.name.as_str()])
                .map(|f| (vec![f.name.clone()], HashMap::new())),
        );
        Ok(Checker {
            empty: lookup.is_empty(&register.name)?,
            cells: Cells::new(register, pack, columns),
            validator: Validator::new(register, pack),
            rules: snapshot.rules(&register.name)?,
            has_key: !register.key.is_empty(),
            changed: HashMap::new(),
            error_count: columns.errors.len(),
            errors: columns.errors.clone(),
            plan: Plan::default(),
            commands: vec![],
            rows: vec![],
            snapshot,
            register,
            columns,
            options,
            lookup,
            unique,
        })
    }

    /// Checks one row.
    pub fn row(&mut self, row: &Row) -> Result<(), ImportError> {
        self.plan.rows += 1;
        let mut errors = vec![];
        let draft = self.cells.read(row, &mut self.lookup, &mut errors)?;
        let command = match self.existing(row, &draft)? {
            Ok(Some(record)) => match self.again(row, &record, &draft) {
                None => self.amend(row, &record, draft, &mut errors)?,
                Some(mistake) => {
                    errors.push(mistake);
                    None
                }
            },
            Ok(None) => self.create(row, draft, &mut errors)?,
            // Which record is meant is not clear: nothing more can be said.
            Err(mistake) => {
                errors.push(mistake);
                None
            }
        };
        if !errors.is_empty() {
            self.plan.wrong += 1;
            self.error_count += errors.len();
            let room = self.options.max_errors.saturating_sub(self.errors.len());
            self.errors.extend(errors.into_iter().take(room));
            // Nothing will be written any more: what is known so far need not be kept.
            self.commands = vec![];
            return Ok(());
        }
        match command {
            None => self.plan.unchanged += 1,
            Some(command) => {
                match &command {
                    Command::Create { .. } => self.plan.create += 1,
                    _ => self.plan.amend += 1,
                }
                if self.error_count == 0 {
                    self.commands.push(command);
                    self.rows.push(row_number(row));
                }
            }
        }
        Ok(())
    }

    pub fn finish(self, format: Format, header_row: usize) -> Prepared {
        let columns = self.columns.headings.iter().cloned().zip(self.columns.targets.iter().map(|t| t.name())).collect();
        Prepared {
            register: self.register.name.clone(),
            format,
            header_row,
            columns,
            plan: self.plan,
            errors: self.errors,
            error_count: self.error_count,
            commands: self.commands,
            rows: self.rows,
        }
    }

    /// The record that a row means: by number, by natural key; both must mean the same.
    fn existing(&self, row: &Row, draft: &Draft) -> Result<Result<Option<Record>, RowError>, ImportError> {
        if self.empty {
            return Ok(Ok(None));
        }
        let name = &self.register.name;
        let key: Content = draft.columns.iter().filter_map(|(c, v)| Some((c.clone(), v.clone()?))).collect();
        let by_key = if self.has_key { self.lookup.by_columns(name, &self.register.key, &key)?.first().copied() } else { None };
        let by_number = match &draft.number {
            Some(number) => self.lookup.by_number(name, number)?,
            None => None,
        };
        let column = self.heading("_number");
        let number = draft.number.as_deref().unwrap_or_default();
        let say = |mistake: CellMistake| RowError::cell(row.number(), column.as_deref(), number, &mistake);
        let found = match (by_number, by_key) {
            (None, None) if draft.number.is_some() && !self.has_key => {
                return Ok(Err(say(CellMistake::NoSuchNumber { number: number.to_owned() })));
            }
            (Some(a), b) if self.has_key && b != Some(a) && self.columns.position(&self.register.key[0]).is_some() => {
                return Ok(Err(say(CellMistake::NumberOfAnother { number: number.to_owned() })));
            }
            (Some(id), _) | (None, Some(id)) => Some(id),
            (None, None) => None,
        };
        Ok(Ok(match found {
            Some(id) => self.snapshot.record(name, id)?,
            None => None,
        }))
    }

    /// A second row for the same record.
    fn again(&mut self, row: &Row, record: &Record, draft: &Draft) -> Option<RowError> {
        let number = row_number(row);
        let first = *self.changed.entry(record.id).or_insert(number);
        let column = if draft.number.is_some() { Some("_number") } else { self.register.key.first().map(String::as_str) };
        let at = column.and_then(|c| self.columns.position(c));
        let heading = at.and_then(|i| self.columns.headings.get(i)).map(String::as_str);
        let value = at.map(|i| row.get(i)).unwrap_or_default();
        (first != number).then(|| RowError::cell(row.number(), heading, value, &CellMistake::RepeatedKey { first: first as usize }))
    }

    fn create(&mut self, row: &Row, mut draft: Draft, errors: &mut Vec<RowError>) -> Result<Option<Command>, ImportError> {
        let origin = std::mem::take(&mut draft.origin);
        let state = draft.state.take();
        let mut content = normalise(self.register, overlay(&Content::new(), draft));
        let first = self.register.states.first().map(|s| s.name.as_str());
        self.valid(row, 0, state.as_deref().or(first), &content, &[], errors)?;
        if let Some(state) = state {
            content.insert("_state".into(), Cell::Text(state));
        }
        Ok(Some(Command::Create { register: self.register.name.clone(), content, origin }))
    }

    fn amend(&mut self, row: &Row, record: &Record, mut draft: Draft, errors: &mut Vec<RowError>) -> Result<Option<Command>, ImportError> {
        self.same_origin(row, record, &draft.origin, errors);
        let state = draft.state.take().filter(|s| record.state.as_ref() != Some(s));
        let transition = match &state {
            Some(to) => self.transition(row, record, to, errors),
            None => None,
        };
        let before: Content = record.content.iter().filter(|(c, _)| self.stored(c)).map(|(c, v)| (c.clone(), v.clone())).collect();
        let after = normalise(self.register, overlay(&before, draft));
        let changes = difference(&before, &after);
        if changes.is_empty() && transition.is_none() {
            // As it is: older records are not measured by rules that came later. Its key is taken all the same.
            self.remember(row, &after, errors);
            return Ok(None);
        }
        let require = transition.map(|t| t.require.as_slice()).unwrap_or_default();
        self.valid(row, record.id, state.as_deref().or(record.state.as_deref()), &after, require, errors)?;
        let (register, record, version) = (self.register.name.clone(), record.id, record.version);
        let reason = self.options.reason.clone();
        Ok(Some(match transition {
            Some(t) => Command::Transition { register, record, version, transition: t.name.clone(), content: changes, reason },
            None => Command::Amend { register, record, version, content: changes, reason },
        }))
    }

    /// Whether a column is stored: derived ones are shown with a record but are not its content.
    fn stored(&self, column: &str) -> bool {
        !self.register.field(column).is_some_and(|f| matches!(f.kind, FieldKind::Derived { .. }))
    }

    /// An import does not change where a record was transcribed from.
    fn same_origin(&self, row: &Row, record: &Record, origin: &Origin, errors: &mut Vec<RowError>) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let synthetic = |value: bool| if value { "1".to_owned() } else { String::new() };
        let columns = [
            ("_source", text(&record.origin.source), text(&origin.source)),
            ("_heading", text(&record.origin.heading), text(&origin.heading)),
            ("_quote", text(&record.origin.quote), text(&origin.quote)),
            ("_synthetic", synthetic(record.origin.synthetic), synthetic(origin.synthetic)),
        ];
        for (name, before, after) in columns {
            if before != after
                && let Some(heading) = self.heading(name)
            {
                errors.push(RowError::cell(row.number(), Some(&heading), &after, &CellMistake::OriginChanged));
            }
        }
    }

    fn transition(&self, row: &Row, record: &Record, to: &str, errors: &mut Vec<RowError>) -> Option<&'a Transition> {
        let from = record.state.clone().unwrap_or_default();
        let possible = || self.register.transitions.iter().filter(|t| t.from.contains(&from));
        let found = possible().find(|t| t.to == to);
        if found.is_none() {
            let possible = possible().map(|t| t.to.clone()).collect();
            let mistake = CellMistake::NoTransition { from: from.clone(), to: to.to_owned(), possible };
            errors.push(RowError::cell(row.number(), self.heading("_state").as_deref(), to, &mistake));
        }
        found
    }

    /// All rules of the register on a record's content.
    fn valid(
        &mut self,
        row: &Row,
        record: i64,
        state: Option<&str>,
        content: &Content,
        require: &[String],
        errors: &mut Vec<RowError>,
    ) -> Result<(), ImportError> {
        let mut found = self.validator.check(content);
        found.extend(self.validator.blanks(content, require));
        for (columns, _) in &self.unique {
            let others = if self.empty { vec![] } else { self.lookup.by_columns(&self.register.name, columns, content)? };
            if let Some(other) = others.into_iter().find(|id| *id != record) {
                let number = self.snapshot.record(&self.register.name, other)?.and_then(|r| r.number);
                let place = columns.first().cloned().unwrap_or_default();
                found.push(FieldError::new(place.clone(), place, None, Mistake::Taken { number, record: other, fields: columns.clone() }));
            }
        }
        // Checks may take for granted that every value is of its kind.
        if found.is_empty() && errors.is_empty() {
            let failed = self.rules.evaluate(self.snapshot, state, content)?.failed;
            for check in failed.into_iter().filter_map(|i| self.register.checks.get(i)) {
                let field = check.field.clone().unwrap_or_default();
                let mistake = Mistake::Check { name: check.name.clone(), message: check.message.clone() };
                found.push(FieldError::new(field.clone(), field, None, mistake));
            }
        }
        for error in found {
            self.place(row, error, errors);
        }
        self.remember(row, content, errors);
        Ok(())
    }

    /// Puts a field's mistake at its cell. What could not be read is not also missing.
    fn place(&self, row: &Row, error: FieldError, errors: &mut Vec<RowError>) {
        let name = match error.row {
            Some(at) => format!("{}.{at}.{}", error.field, error.column),
            None => error.column.clone(),
        };
        let at = self.columns.position(&name);
        let heading = at.and_then(|i| self.columns.headings.get(i)).cloned().or((!name.is_empty()).then_some(name));
        if errors.iter().any(|e| e.column == heading) && error.mistake.code() == "required" {
            return;
        }
        let value = at.map(|i| row.get(i)).unwrap_or_default();
        errors.push(RowError::field(row.number(), heading.as_deref(), value, error.mistake.code(), error.problem, error.mend));
    }

    /// No two rows of the file may have the same key or the same value in a unique field.
    fn remember(&mut self, row: &Row, content: &Content, errors: &mut Vec<RowError>) {
        let unread = |c: &String| {
            let heading = self.columns.position(c).and_then(|i| self.columns.headings.get(i));
            heading.is_some() && errors.iter().any(|e| e.column.as_ref() == heading)
        };
        let readable: Vec<bool> = self.unique.iter().map(|(columns, _)| !columns.iter().any(unread)).collect();
        for (index, (columns, seen)) in self.unique.iter_mut().enumerate() {
            let Some(value) = joined(columns, content).filter(|_| readable[index]) else { continue };
            let number = row_number(row);
            let first = *seen.entry(value).or_insert(number);
            if first != number {
                let first = first as usize;
                let mistake =
                    if index == 0 && self.has_key { CellMistake::RepeatedKey { first } } else { CellMistake::RepeatedValue { first } };
                let at = columns.first().and_then(|c| self.columns.position(c));
                let heading = at.map_or(columns.first(), |i| self.columns.headings.get(i));
                let value = at.map(|i| row.get(i)).unwrap_or_default();
                errors.push(RowError::cell(row.number(), heading.map(String::as_str), value, &mistake));
            }
        }
    }

    /// The file's heading of a column, if it has it.
    fn heading(&self, name: &str) -> Option<String> {
        self.columns.position(name).and_then(|i| self.columns.headings.get(i)).cloned()
    }
}

fn row_number(row: &Row) -> u32 {
    u32::try_from(row.number()).unwrap_or(u32::MAX)
}

/// Values of some columns as one text; none if all are blank.
fn joined(columns: &[String], content: &Content) -> Option<String> {
    let mut all = String::new();
    let mut filled = false;
    for column in columns {
        match content.get(column) {
            Some(Cell::Integer(n)) => all.push_str(&n.to_string()),
            Some(Cell::Real(x)) => all.push_str(&x.to_string()),
            Some(Cell::Text(text)) => all.push_str(text),
            _ => {
                all.push('\u{1f}');
                continue;
            }
        }
        filled = true;
        all.push('\u{1f}');
    }
    filled.then_some(all)
}

/// Columns that differ.
fn difference(before: &Content, after: &Content) -> BTreeMap<String, Option<Cell>> {
    let mut changes: BTreeMap<_, _> =
        after.iter().filter(|(c, v)| before.get(*c) != Some(v)).map(|(c, v)| (c.clone(), Some(v.clone()))).collect();
    changes.extend(before.keys().filter(|c| !after.contains_key(*c)).map(|c| (c.clone(), None)));
    changes
}
