//! Every row checked against the register, the snapshot and the rows before it.

use super::cells::{Cells, Draft, overlay};
use super::columns::Columns;
use super::lookup::{Lookup, finder};
use super::mistake::{CellMistake, RowError};
use super::packed::Packed;
use super::{Format, ImportError, ImportOptions, Plan, Prepared};
use crate::sheet::Row;
use shirube_plan::{FieldKind, Register, Transition};
use shirube_record::{Cell, Content, FieldError, Mistake, Origin, Validator, normalise};
use shirube_snapshot::{Record, Snapshot};
use std::collections::{BTreeMap, HashMap};

/// Columns that no two records share.
struct Unique {
    columns: Vec<String>,
    finder: String,
    /// In which row of this file each value stood.
    seen: HashMap<String, u32>,
}

/// What a row does.
enum Change<'a> {
    Create { content: Content, origin: Origin },
    Amend { record: i64, version: i64, changes: BTreeMap<String, Option<Cell>>, transition: Option<&'a str> },
}

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
    /// What no two records share; the natural key first.
    unique: Vec<Unique>,
    has_key: bool,
    /// Existing records met so far and the rows that mean them.
    changed: HashMap<i64, u32>,
    /// Rows of groups that closed up in the present row: for each row kept, where it stood in the file.
    moved: HashMap<String, Vec<usize>>,
    pub plan: Plan,
    errors: Vec<RowError>,
    error_count: usize,
    commands: Packed,
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
        let key = (!register.key.is_empty()).then(|| register.key.clone());
        let fields = register.fields.iter().filter(|f| f.unique && register.key != [f.name.as_str()]).map(|f| vec![f.name.clone()]);
        let unique = |columns: Vec<String>| Unique { finder: finder(&register.name, &columns), columns, seen: HashMap::new() };
        let unique = key.into_iter().chain(fields).map(unique).collect();
        Ok(Checker {
            empty: lookup.is_empty(&register.name)?,
            cells: Cells::new(register, pack, columns),
            validator: Validator::new(register, pack),
            rules: snapshot.rules(&register.name)?,
            has_key: !register.key.is_empty(),
            changed: HashMap::new(),
            moved: HashMap::new(),
            error_count: columns.errors.len(),
            errors: columns.errors.clone(),
            plan: Plan::default(),
            commands: Packed::new(&register.name, options.reason.clone()),
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
        let change = match self.existing(row, &draft)? {
            Ok(Some(record)) => match self.again(row, &record, &draft) {
                None => self.amend(row, record, draft, &mut errors)?,
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
            self.commands.clear();
            return Ok(());
        }
        match &change {
            None => self.plan.unchanged += 1,
            Some(Change::Create { .. }) => self.plan.create += 1,
            Some(_) => self.plan.amend += 1,
        }
        if let Some(change) = change.filter(|_| self.error_count == 0) {
            self.rows.push(row_number(row));
            match change {
                Change::Create { content, origin } => self.commands.create(content, &origin),
                Change::Amend { record, version, changes, transition: None } => self.commands.amend(record, version, changes),
                Change::Amend { record, version, changes, transition: Some(name) } => {
                    self.commands.transition(record, version, name, changes);
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
        let by_key = match self.unique.first().filter(|_| self.has_key) {
            Some(key) => self.lookup.find(&key.finder, key.columns.iter().map(|c| draft.get(c)))?.first().copied(),
            None => None,
        };
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

    fn create(&mut self, row: &Row, mut draft: Draft<'a>, errors: &mut Vec<RowError>) -> Result<Option<Change<'a>>, ImportError> {
        let origin = std::mem::take(&mut draft.origin);
        let state = draft.state.take();
        let mut content = self.lay(Content::new(), draft);
        let first = self.register.states.first().map(|s| s.name.as_str());
        self.valid(row, 0, state.as_deref().or(first), &content, &[], errors)?;
        if let Some(state) = state {
            content.insert("_state".into(), Cell::Text(state));
        }
        Ok(Some(Change::Create { content, origin }))
    }

    fn amend(
        &mut self,
        row: &Row,
        record: Record,
        mut draft: Draft<'a>,
        errors: &mut Vec<RowError>,
    ) -> Result<Option<Change<'a>>, ImportError> {
        self.same_origin(row, &record, &draft.origin, errors);
        let state = draft.state.take().filter(|s| record.state.as_ref() != Some(s));
        let transition = match &state {
            Some(to) => self.transition(row, &record, to, errors),
            None => None,
        };
        // As it is: older records are not measured by rules that came later.
        if transition.is_none() && draft.adds_nothing(&record.content) {
            return Ok(None);
        }
        let Record { id, version, state: present, content: mut before, .. } = record;
        before.retain(|column, _| self.stored(column));
        let after = self.lay(before.clone(), draft);
        let changes = difference(&before, &after);
        if changes.is_empty() && transition.is_none() {
            return Ok(None);
        }
        let require = transition.map(|t| t.require.as_slice()).unwrap_or_default();
        self.valid(row, id, state.as_deref().or(present.as_deref()), &after, require, errors)?;
        Ok(Some(Change::Amend { record: id, version, changes, transition: transition.map(|t| t.name.as_str()) }))
    }

    /// The row's values over a record's, as they would be stored. Blank rows of a group close up: where each went is
    /// kept for the messages.
    fn lay(&mut self, base: Content, draft: Draft) -> Content {
        let content = overlay(base, draft);
        self.moved.clear();
        for (group, cell) in &content {
            if let Cell::Rows(rows) = cell
                && rows.iter().any(Content::is_empty)
            {
                let filled = rows.iter().enumerate().filter(|(_, row)| !row.is_empty());
                self.moved.insert(group.clone(), filled.map(|(i, _)| i + 1).collect());
            }
        }
        normalise(self.register, content)
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
        let unique = if self.empty { &[] } else { self.unique.as_slice() };
        for Unique { columns, finder, .. } in unique {
            let others = self.lookup.find(finder, columns.iter().map(|c| content.get(c)))?;
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
            Some(at) => {
                let in_file = self.moved.get(&error.field).and_then(|rows| rows.get(at - 1)).unwrap_or(&at);
                format!("{}.{in_file}.{}", error.field, error.column)
            }
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
        let columns = self.columns;
        for (index, Unique { columns: of, seen, .. }) in self.unique.iter_mut().enumerate() {
            let at = of.first().and_then(|c| columns.position(c));
            let heading = |c: &String| columns.position(c).and_then(|i| columns.headings.get(i));
            // What could not be read is not the same as anything.
            if !errors.is_empty() && of.iter().filter_map(heading).any(|h| errors.iter().any(|e| e.column.as_ref() == Some(h))) {
                continue;
            }
            let Some(value) = joined(of, content) else { continue };
            let number = row_number(row);
            let first = *seen.entry(value).or_insert(number);
            if first != number {
                let first = first as usize;
                let mistake =
                    if index == 0 && self.has_key { CellMistake::RepeatedKey { first } } else { CellMistake::RepeatedValue { first } };
                let heading = at.map_or(of.first(), |i| columns.headings.get(i));
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
