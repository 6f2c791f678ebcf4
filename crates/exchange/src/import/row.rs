//! A row checked against the register and the snapshot: all that can be said about it without the other rows.

use super::ImportError;
use super::cells::{Cells, Draft, overlay};
use super::columns::Columns;
use super::lookup::{Lookup, finder};
use super::mistake::{CellMistake, RowError};
use crate::sheet::Row;
use shirube_plan::{FieldKind, Pack, Pair, Register, Transition};
use shirube_record::{Cell, Content, FieldError, Mistake, Origin, normalise};
use shirube_snapshot::{Judged, Record, Refused, Rules, Snapshot};
use shirube_store::{Actor, Batch, Denial, Standing, Way};
use std::collections::{BTreeMap, HashMap};

/// What a row does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Create,
    Amend,
}

/// What a row comes to by itself.
#[derive(Default)]
pub(super) struct Checked {
    /// The record it means, and whether by its number.
    pub meets: Option<(i64, bool)>,
    /// Cells that cannot be read.
    pub unread: Vec<RowError>,
    /// What else is wrong.
    pub errors: Vec<RowError>,
    /// Columns that must be filled in and that the file does not have at all: told once, not for every row.
    pub lacking: Vec<String>,
    /// Nothing if the record stays as it is, or if there are mistakes; otherwise the batch has the command.
    pub change: Option<Change>,
    /// Columns without a heading in which it has something, by index.
    pub unnamed: Vec<usize>,
    /// What no other row may have, if it got so far: by [`unique`].
    pub values: Option<Vec<Option<String>>>,
}

/// The columns that no two records share, the natural key first.
pub(super) fn unique(register: &Register) -> Vec<Vec<String>> {
    let key = (!register.key.is_empty()).then(|| register.key.clone());
    let fields = register.fields.iter().filter(|f| f.unique && register.key != [f.name.as_str()]).map(|f| vec![f.name.clone()]);
    key.into_iter().chain(fields).collect()
}

/// What the rows of a file are read by.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub register: &'a Register,
    pub pack: &'a Pack,
    pub columns: &'a Columns<'a>,
    /// Why existing records change.
    pub reason: Option<&'a str>,
    /// Who imports.
    pub actor: &'a Actor,
}

/// Checks rows, each for itself, on whole records, as the writer will. What of them the importer may know and write is
/// asked as the writer asks it.
pub(super) struct Checker<'s, 'a> {
    snapshot: &'s Snapshot,
    actor: &'a Actor,
    register: &'a Register,
    columns: &'a Columns<'a>,
    cells: Cells<'a>,
    lookup: Lookup<'s>,
    rules: Rules,
    /// No record exists yet: nothing to look for.
    empty: bool,
    /// Columns of [`unique`], each with the question for records that have the same in them.
    unique: Vec<(Vec<String>, String)>,
    has_key: bool,
    /// Rows of groups that closed up in the present row: for each row kept, where it stood in the file.
    moved: HashMap<String, Vec<usize>>,
    /// Commands of the rows so far.
    batch: Batch,
}

impl<'s, 'a> Checker<'s, 'a> {
    pub fn new(snapshot: &'s Snapshot, file: &File<'a>) -> Result<Self, ImportError> {
        let File { register, pack, columns, reason, actor } = *file;
        let lookup = Lookup::new(snapshot, actor.clone());
        Ok(Checker {
            empty: lookup.is_empty(&register.name)?,
            cells: Cells::new(register, pack, columns),
            rules: snapshot.rules(&register.name)?,
            has_key: !register.key.is_empty(),
            moved: HashMap::new(),
            batch: Batch::new(&register.name, reason),
            unique: unique(register).into_iter().map(|columns| (columns.clone(), finder(&register.name, &columns))).collect(),
            snapshot,
            actor,
            register,
            columns,
            lookup,
        })
    }

    /// The commands of the rows checked since this was asked last.
    pub fn commands(&mut self) -> Batch {
        self.batch.take()
    }

    /// Checks one row.
    pub fn row(&mut self, row: &Row) -> Result<Checked, ImportError> {
        let unnamed = self.columns.unnamed.iter().copied().filter(|at| row.kind(*at).is_some()).collect();
        let mut checked = Checked { unnamed, ..Checked::default() };
        let draft = self.cells.read(row, &mut self.lookup, &mut checked.unread)?;
        match self.existing(row, &draft)? {
            Ok(Some(record)) => {
                checked.meets = Some((record.id, draft.number.is_some()));
                self.amend(row, record, draft, &mut checked)?;
            }
            Ok(None) => self.create(row, draft, &mut checked)?,
            // Which record is meant is not clear: nothing more can be said.
            Err(mistake) => checked.errors.push(mistake),
        }
        Ok(checked)
    }

    /// The record that a row means: by number, by natural key; both must mean the same.
    fn existing(&self, row: &Row, draft: &Draft) -> Result<Result<Option<Record>, RowError>, ImportError> {
        if self.empty {
            return Ok(Ok(None));
        }
        let name = &self.register.name;
        let by_key = match self.unique.first().filter(|_| self.has_key) {
            Some((columns, finder)) => self.lookup.find(finder, columns.iter().map(|c| draft.get(c)))?.first().copied(),
            None => None,
        };
        let by_number = match &draft.number {
            Some(number) => self.lookup.by_number(name, number)?,
            None => None,
        };
        let (by_key, by_number) = (self.lookup.known(self.register, by_key)?, self.lookup.known(self.register, by_number)?);
        let number = draft.number.as_deref().unwrap_or_default();
        let say = |mistake: CellMistake| RowError::cell(row.number(), self.heading("_number").as_deref(), number, &mistake);
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

    fn create(&mut self, row: &Row, mut draft: Draft<'a>, checked: &mut Checked) -> Result<(), ImportError> {
        let origin = std::mem::take(&mut draft.origin);
        let state = draft.state.take();
        let content = self.lay(Content::new(), draft);
        let state = state.as_deref().or(self.register.states.first().map(|s| s.name.as_str()));
        let allowed = self.actor.may_create(Standing::new(self.register, state, &origin, &content));
        self.denied(row, allowed, checked);
        let judged = self.judge(row, 0, state, content, &[], checked)?;
        if let Some(judged) = judged {
            self.batch.create(judged, &origin);
            checked.change = Some(Change::Create);
        }
        Ok(())
    }

    fn amend(&mut self, row: &Row, mut record: Record, mut draft: Draft<'a>, checked: &mut Checked) -> Result<(), ImportError> {
        self.same_origin(row, &record, &draft.origin, &mut checked.errors);
        let state = draft.state.take().filter(|s| record.state.as_ref() != Some(s));
        let transition = match &state {
            Some(to) => self.transition(row, &record, to, &mut checked.errors),
            None => None,
        };
        let given = |draft: &Draft| self.actor.may_give(Standing::of(self.register, &record), draft.given());
        if let Err(Denial::Columns(hidden)) = given(&draft) {
            draft.leave_blank(&hidden);
            if let Err(denial) = given(&draft) {
                self.denied(row, Err(denial), checked);
                return Ok(());
            }
        }
        // As it is: older records are not measured by rules that came later.
        if transition.is_none() && draft.adds_nothing(&record.content) {
            return Ok(());
        }
        record.content.retain(|column, _| self.stored(column));
        let after = self.lay(record.content.clone(), draft);
        let changes = difference(&record.content, &after);
        if changes.is_empty() && transition.is_none() {
            return Ok(());
        }
        let way = transition.map_or(Way::Amend, |t| Way::Transition(&t.name));
        let allowed = self.actor.may_change(way, Standing::of(self.register, &record), &after, changes.keys());
        self.denied(row, allowed, checked);
        let require = transition.map(|t| t.require.as_slice()).unwrap_or_default();
        let judged = self.judge(row, record.id, state.as_deref().or(record.state.as_deref()), after, require, checked)?;
        if judged.is_some() {
            match transition {
                Some(transition) => self.batch.transition(record.id, record.version, &transition.name, &changes),
                None => self.batch.amend(record.id, record.version, &changes),
            }
            checked.change = Some(Change::Amend);
        }
        Ok(())
    }

    /// Says why a row may not be written. A cell that could not be read may be what tells whose the record is.
    fn denied(&self, row: &Row, allowed: Result<(), Denial>, checked: &mut Checked) {
        let Some(denial) = allowed.err().filter(|_| checked.unread.is_empty()) else { return };
        let place = |at: Option<usize>| (at.and_then(|i| self.columns.headings.get(i)).map(String::as_str), at.map_or("", |i| row.get(i)));
        checked.errors.push(match denial {
            Denial::Record => RowError::denied(row.number()),
            Denial::Transition => {
                let (heading, state) = place(self.columns.position("_state"));
                RowError::unmoved(row.number(), heading, state)
            }
            Denial::Columns(columns) => {
                let (heading, value) = place(columns.iter().find_map(|column| self.columns.position(column)));
                let mut fields: Vec<Pair> = vec![];
                for column in &columns {
                    let label = self.register.label_of(column.split('.').next().unwrap_or(column));
                    if !fields.contains(&label) {
                        fields.push(label);
                    }
                }
                RowError::unseen(row.number(), heading, value, &fields)
            }
        });
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
    fn judge(
        &mut self,
        row: &Row,
        record: i64,
        state: Option<&str>,
        content: Content,
        require: &[String],
        checked: &mut Checked,
    ) -> Result<Option<Judged>, ImportError> {
        let in_order = checked.unread.is_empty() && checked.errors.is_empty();
        let beyond = |content: &Content, errors: &mut Vec<FieldError>| self.taken(record, content, errors).map(|()| in_order);
        let judged = self.snapshot.judge(&self.rules, state, content, require, beyond)?;
        let values = |content: &Content| Some(self.unique.iter().map(|(columns, _)| joined(columns, content)).collect());
        Ok(match judged {
            Ok(judged) => {
                checked.values = values(judged.content());
                Some(judged)
            }
            Err(Refused { content, errors }) => {
                checked.values = values(&content);
                errors.into_iter().for_each(|error| self.place(row, error, checked));
                None
            }
        })
    }

    /// Values that another record has and that no two may share.
    fn taken(&self, record: i64, content: &Content, errors: &mut Vec<FieldError>) -> Result<(), ImportError> {
        let unique = if self.empty { &[] } else { self.unique.as_slice() };
        for (columns, finder) in unique {
            let others = self.lookup.find(finder, columns.iter().map(|c| content.get(c)))?;
            if let Some(other) = others.into_iter().find(|id| *id != record) {
                // That a value is taken cannot be kept secret; by which record can.
                let other = self.lookup.known(self.register, Some(other))?.unwrap_or(0);
                let number = self.snapshot.record(&self.register.name, other)?.and_then(|r| r.number);
                let place = columns.first().cloned().unwrap_or_default();
                let fields = columns.iter().map(|c| self.register.label_of(c)).collect();
                errors.push(FieldError::new(place.clone(), place, None, Mistake::Taken { number, record: other, fields }));
            }
        }
        Ok(())
    }

    /// Puts a field's mistake at its cell. What could not be read is not also missing.
    fn place(&self, row: &Row, error: FieldError, checked: &mut Checked) {
        let name = match error.row {
            Some(at) => {
                let in_file = self.moved.get(&error.field).and_then(|rows| rows.get(at - 1)).unwrap_or(&at);
                format!("{}.{in_file}.{}", error.field, error.column)
            }
            None => error.column.clone(),
        };
        let at = self.columns.position(&name);
        let always = |field: &str| error.row.is_none() && self.register.field(field).is_some_and(|f| f.required);
        if at.is_none() && error.mistake.code() == "required" && always(&error.field) {
            checked.lacking.push(name);
            return;
        }
        let heading = at.and_then(|i| self.columns.headings.get(i)).cloned().or((!name.is_empty()).then_some(name));
        if checked.unread.iter().chain(&checked.errors).any(|e| e.column == heading) && error.mistake.code() == "required" {
            return;
        }
        let value = at.map(|i| row.get(i)).unwrap_or_default();
        checked.errors.push(RowError::field(row.number(), heading.as_deref(), value, error.mistake.code(), error.problem, error.mend));
    }

    /// The file's heading of a column, if it has it.
    fn heading(&self, name: &str) -> Option<String> {
        self.columns.position(name).and_then(|i| self.columns.headings.get(i)).cloned()
    }
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
