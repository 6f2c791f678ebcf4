//! A row of the file, read as values.

use super::columns::{Columns, Place, Target};
use super::lookup::{Found, Lookup};
use super::mistake::{CellMistake, RowError, of_field};
use crate::guard;
use crate::heading::fold;
use crate::sheet::{Kind, Row, serial};
use shirube_plan::{Field, FieldKind, Pack, Pair, Part, Register, State};
use shirube_record::{Cell, Content, Mistake, Origin, input};
use shirube_snapshot::SnapshotError;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Columns by name and what the row has in them; blank ones are none.
pub(super) type Filled<'a> = Vec<(&'a str, Option<Cell>)>;

/// What a row says; columns that the file has and the row leaves blank are `None`.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    /// Columns of the record, by name.
    pub columns: Filled<'a>,
    /// Columns of groups: group, row from 1, column.
    pub groups: BTreeMap<&'a str, BTreeMap<usize, Filled<'a>>>,
    pub number: Option<String>,
    pub state: Option<String>,
    /// Citation and mark as far as the file has columns for them.
    pub origin: Origin,
}

/// Reads rows.
pub(super) struct Cells<'a> {
    register: &'a Register,
    pack: &'a Pack,
    columns: &'a Columns<'a>,
    /// Values of choice columns already read: codes and labels repeat from row to row.
    remembered: Vec<HashMap<String, Option<Cell>>>,
}

/// How many different texts are remembered per column.
const REMEMBERED: usize = 1000;

impl<'a> Cells<'a> {
    pub fn new(register: &'a Register, pack: &'a Pack, columns: &'a Columns<'a>) -> Self {
        Cells { register, pack, columns, remembered: vec![HashMap::new(); columns.targets.len()] }
    }

    /// Reads a row; what cannot be read is added to `errors`.
    pub fn read(&mut self, row: &Row, lookup: &mut Lookup, errors: &mut Vec<RowError>) -> Result<Draft<'a>, SnapshotError> {
        let mut draft = Draft::default();
        let columns = self.columns;
        for (i, target) in columns.targets.iter().enumerate() {
            let text = guard::restore(row.get(i));
            let say = |mistake: &CellMistake| RowError::cell(row.number(), Some(&columns.headings[i]), text, mistake);
            if *target != Target::Skipped {
                match row.kind(i) {
                    Some(Kind::Error) => {
                        errors.push(say(&CellMistake::ErrorValue { text: text.to_owned() }));
                        continue;
                    }
                    Some(Kind::Uncomputed) => {
                        errors.push(say(&CellMistake::Uncomputed));
                        continue;
                    }
                    _ => {}
                }
            }
            match target {
                Target::Column(place) => {
                    if let Some(cell) = self.value(i, place, text, row, lookup, errors)? {
                        draft.columns.push((&place.name, cell));
                    }
                }
                Target::InGroup { group, row: at, place } => {
                    if let Some(cell) = self.value(i, place, text, row, lookup, errors)? {
                        draft.groups.entry(&group.name).or_default().entry(*at).or_default().push((&place.name, cell));
                    }
                }
                Target::Number => draft.number = words(text),
                Target::State => match self.state(text) {
                    Ok(state) => draft.state = state,
                    Err(mistake) => errors.push(say(&mistake)),
                },
                Target::Source => draft.origin.source = words(text),
                Target::Heading => draft.origin.heading = words(text),
                Target::Quote => draft.origin.quote = words(text),
                Target::Synthetic => match synthetic(text, self.pack) {
                    Ok(synthetic) => draft.origin.synthetic = synthetic,
                    Err(mistake) => errors.push(of_field(row.number(), Some(&columns.headings[i]), text, &mistake)),
                },
                Target::Skipped => {}
            }
        }
        let width = columns.targets.len();
        if let Some(beyond) = (width..row.len()).find(|i| row.kind(*i).is_some()) {
            errors.push(RowError::cell(row.number(), None, row.get(beyond), &CellMistake::BeyondHeader { columns: width }));
        }
        Ok(draft)
    }

    /// The value of a cell: none if it cannot be read, a value of none if it is blank.
    fn value(
        &mut self,
        i: usize,
        place: &Place,
        text: &str,
        row: &Row,
        lookup: &mut Lookup,
        errors: &mut Vec<RowError>,
    ) -> Result<Option<Option<Cell>>, SnapshotError> {
        if row.kind(i).is_none() {
            return Ok(Some(None));
        }
        if let Some(cell) = self.remembered[i].get(text) {
            return Ok(Some(cell.clone()));
        }
        let heading = Some(self.columns.headings[i].as_str());
        if let FieldKind::Reference { register } = &place.field.kind
            && let text = text.trim()
            && input::missing_word(&input::fold_width(text)).is_none()
        {
            let mistake = match lookup.reference(register, text)? {
                Found::One(id) => return Ok(Some(Some(Cell::Integer(id)))),
                Found::None => {
                    of_field(row.number(), heading, text, &Mistake::NoSuchRecord { register: register.clone(), text: text.into() })
                }
                Found::Many(records) => RowError::cell(row.number(), heading, text, &CellMistake::AmbiguousReference { records }),
            };
            errors.push(mistake);
            return Ok(None);
        }
        let seen = as_seen(place.field, place.part, row.kind(i), text);
        match shirube_record::parse(place.field, place.part, &seen, self.pack) {
            Ok(cell) => {
                if repeats(place.field) && self.remembered[i].len() < REMEMBERED {
                    self.remembered[i].insert(text.to_owned(), cell.clone());
                }
                Ok(Some(cell))
            }
            Err(error) => {
                errors.push(RowError::field(row.number(), heading, text, error.mistake.code(), error.problem, error.mend));
                Ok(None)
            }
        }
    }

    /// A state by name or label.
    fn state(&self, text: &str) -> Result<Option<String>, CellMistake> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let found = state(self.register, text);
        let all = || -> Vec<(String, Pair)> { self.register.states.iter().map(|s| (s.name.clone(), s.label.clone())).collect() };
        found.map(|s| Some(s.name.clone())).ok_or_else(|| CellMistake::NoSuchState { text: text.to_owned(), states: all() })
    }
}

/// The state that a file means by a name or a label; the name goes first.
pub(crate) fn state<'a>(register: &'a Register, text: &str) -> Option<&'a State> {
    if let Some(named) = register.states.iter().find(|s| s.name == text) {
        return Some(named);
    }
    let wanted = fold(text);
    register.states.iter().find(|s| fold(&s.label.ja) == wanted || fold(&s.label.en) == wanted)
}

/// The text of a cell as its field means it: in a column of dates a workbook's bare number is a day, and the time
/// of a day does not matter.
fn as_seen<'t>(field: &Field, part: Part, kind: Option<Kind>, text: &'t str) -> std::borrow::Cow<'t, str> {
    match (&field.kind, part, kind) {
        (FieldKind::Date { .. }, Part::Main, Some(Kind::Number)) => serial(text).map_or(text.into(), Into::into),
        (FieldKind::Date { .. }, Part::Main, Some(Kind::Date)) => text.split('T').next().unwrap_or(text).into(),
        _ => text.into(),
    }
}

/// Fields whose texts repeat from row to row and cost a search each.
fn repeats(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Choice { .. } | FieldKind::Choices { .. } | FieldKind::Country | FieldKind::Boolean)
}

fn words(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn synthetic(text: &str, pack: &Pack) -> Result<bool, Mistake> {
    let field = Field {
        name: "_synthetic".into(),
        label: Pair::default(),
        help: None,
        kind: FieldKind::Boolean,
        required: false,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    };
    shirube_record::parse(&field, Part::Main, text, pack).map(|cell| cell == Some(Cell::Integer(1))).map_err(|e| *e.mistake)
}

impl<'a> Draft<'a> {
    /// The value of a column; none if the file lacks it or leaves it blank.
    pub fn get(&self, column: &str) -> Option<&Cell> {
        self.columns.iter().find(|(name, _)| *name == column)?.1.as_ref()
    }

    /// Columns and groups that the file has.
    pub fn given(&self) -> impl Iterator<Item = &'a str> {
        self.columns.iter().map(|(column, _)| *column).chain(self.groups.keys().copied())
    }

    /// Takes out what the row leaves blank of these columns: in a field that one does not see a blank says nothing.
    pub fn leave_blank(&mut self, columns: &BTreeSet<String>) {
        self.columns.retain(|(column, cell)| cell.is_some() || !columns.contains(*column));
        self.groups.retain(|group, rows| !columns.contains(*group) || rows.values().flatten().any(|(_, cell)| cell.is_some()));
    }

    /// Whether a record with this content would stay as it is.
    pub fn adds_nothing(&self, content: &Content) -> bool {
        let same = |(column, cell): &(&str, Option<Cell>), content: &Content| match (content.get(*column), cell) {
            (Some(Cell::Rows(_)), None) => true,
            (before, cell) => before == cell.as_ref(),
        };
        self.columns.iter().all(|c| same(c, content))
            && self.groups.iter().all(|(group, rows)| {
                let before = match content.get(*group) {
                    Some(Cell::Rows(rows)) => rows.as_slice(),
                    _ => &[],
                };
                let none = Content::new();
                rows.iter().all(|(at, columns)| columns.iter().all(|c| same(c, before.get(at - 1).unwrap_or(&none))))
            })
    }
}

/// A draft's values laid over those of a record (nothing for a new one): columns the file lacks stay as they are.
pub(super) fn overlay(base: Content, draft: Draft) -> Content {
    let mut content = base;
    for (column, cell) in draft.columns {
        // The column of a group itself can only say why it is blank.
        if cell.is_none() && matches!(content.get(column), Some(Cell::Rows(_))) {
            continue;
        }
        set(&mut content, column, cell);
    }
    for (group, rows) in draft.groups {
        let mut all = match content.remove(group) {
            Some(Cell::Rows(all)) => all,
            // A reason for a blank stands until there is a row.
            Some(other) if rows.values().flatten().all(|(_, cell)| cell.is_none()) => {
                content.insert(group.to_owned(), other);
                continue;
            }
            _ => vec![],
        };
        for (at, columns) in rows {
            if all.len() < at {
                all.resize(at, Content::new());
            }
            if let Some(row) = all.get_mut(at - 1) {
                for (column, cell) in columns {
                    set(row, column, cell);
                }
            }
        }
        content.insert(group.to_owned(), Cell::Rows(all));
    }
    content
}

fn set(content: &mut Content, column: &str, cell: Option<Cell>) {
    match cell {
        Some(cell) => content.insert(column.to_owned(), cell),
        None => content.remove(column),
    };
}
