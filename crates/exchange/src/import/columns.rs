//! The header of a file, each column matched to the register.

use super::mistake::{HeaderMistake, RowError};
use crate::heading::{self, fold};
use crate::sheet::Row;
use shirube_plan::{Field, FieldKind, Lang, Pair, Part, Register};
use std::collections::{BTreeMap, HashMap};

/// What a column of the file holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target<'a> {
    /// A column of the record.
    Column(Place<'a>),
    /// A column in a row (from 1) of a group.
    InGroup {
        group: &'a Field,
        row: usize,
        place: Place<'a>,
    },
    /// Number of an existing record.
    Number,
    State,
    Source,
    Heading,
    Quote,
    Synthetic,
    /// Computed by the register or added by an export: nothing to read.
    Skipped,
}

/// A stored column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place<'a> {
    pub name: String,
    pub field: &'a Field,
    pub part: Part,
}

/// A group under one of its names, with its columns under theirs.
type Group<'a> = (String, &'a Field, HashMap<String, Vec<Place<'a>>>);

/// A label with the name in brackets, where the two differ.
pub(super) fn named(label: Pair, name: &str) -> Pair {
    let with = |label: String| if label == name { label } else { format!("{label} ({name})") };
    Pair { ja: with(label.ja), en: with(label.en) }
}

/// The names by which columns of a register go.
pub(crate) struct Headings<'a> {
    register: &'a Register,
    explicit: &'a BTreeMap<String, String>,
    names: HashMap<String, Target<'a>>,
    labels: HashMap<String, Vec<Target<'a>>>,
    groups: Vec<Group<'a>>,
}

impl<'a> Headings<'a> {
    /// `explicit` maps headings of the file to column names, or to nothing to skip them.
    pub fn new(register: &'a Register, explicit: &'a BTreeMap<String, String>) -> Self {
        let mut h = Headings { register, explicit, names: HashMap::new(), labels: HashMap::new(), groups: vec![] };
        for field in &register.fields {
            h.field(field);
        }
        for (name, ja, en) in heading::OWN {
            let target = match name {
                "_number" => Target::Number,
                "_state" => Target::State,
                "_source" => Target::Source,
                "_heading" => Target::Heading,
                "_quote" => Target::Quote,
                "_synthetic" => Target::Synthetic,
                _ => Target::Skipped,
            };
            h.names.insert(name.into(), target.clone());
            for label in [ja, en] {
                // A field's label goes before ours; ours is then written with its name.
                h.labels.entry(fold(label)).or_insert_with(|| vec![target.clone()]);
                h.label(&format!("{label} ({name})"), &target);
            }
        }
        h
    }

    fn field(&mut self, field: &'a Field) {
        if let FieldKind::Derived { .. } = field.kind {
            self.add(&field.name, &heading::label(field, Part::Main), Target::Skipped);
            return;
        }
        for place in places(field) {
            self.add(&place.name.clone(), &heading::label(field, place.part), Target::Column(place));
        }
        let FieldKind::Group { fields } = &field.kind else { return };
        let mut inside: HashMap<String, Vec<Place>> = HashMap::new();
        for place in fields.iter().flat_map(places) {
            let label = heading::label(place.field, place.part);
            for heading in [place.name.as_str(), &label.ja, &label.en] {
                let known = inside.entry(fold(heading)).or_default();
                if !known.contains(&place) {
                    known.push(place.clone());
                }
            }
        }
        for heading in [&field.name, &field.label.ja, &field.label.en] {
            self.groups.push((fold(heading), field, inside.clone()));
        }
    }

    fn add(&mut self, name: &str, label: &Pair, target: Target<'a>) {
        for lang in [Lang::Ja, Lang::En] {
            self.label(label.get(lang), &target);
            self.label(&format!("{} ({name})", label.get(lang)), &target);
        }
        self.label(name, &target);
        self.names.insert(name.to_owned(), target);
    }

    fn label(&mut self, label: &str, target: &Target<'a>) {
        let known = self.labels.entry(fold(label)).or_default();
        if !known.contains(target) {
            known.push(target.clone());
        }
    }

    /// All columns that a file may have: labels, each with the name a file may write as well.
    pub fn all(&self) -> Vec<Pair> {
        let of = |f: &'a Field| -> Vec<Pair> {
            let own = |p: Place| named(heading::label(p.field, p.part), &p.name);
            match &f.kind {
                FieldKind::Group { fields } => fields
                    .iter()
                    .flat_map(places)
                    .map(|p| {
                        let label = heading::label(p.field, p.part);
                        let of_row = |lang| heading::group_label(f, 1, &label, lang);
                        named(Pair { ja: of_row(Lang::Ja), en: of_row(Lang::En) }, &format!("{}.1.{}", f.name, p.name))
                    })
                    .collect(),
                _ => places(f).into_iter().map(own).collect(),
            }
        };
        self.register.fields.iter().flat_map(of).collect()
    }

    /// Whether a text is a heading.
    pub fn knows(&self, text: &str) -> bool {
        let text = text.trim();
        !text.is_empty() && (self.explicit.contains_key(text) || self.candidates(text).len() == 1)
    }

    /// Whether a heading means this column and no other; for columns that an import skips, that it is skipped.
    pub fn means(&self, text: &str, name: &str) -> bool {
        let meant = self.names.get(name).cloned().or_else(|| self.in_group(&fold(name)).pop());
        meant.is_some_and(|meant| self.candidates(text) == [meant])
    }

    /// What a heading means.
    fn find(&self, text: &str) -> Result<Target<'a>, HeaderMistake> {
        let mut found = self.candidates(text);
        let heading = text.to_owned();
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(HeaderMistake::Unknown { heading, register: self.register.label.clone(), near: self.near(text) }),
            (Some(one), true) => Ok(one),
            (Some(last), false) => {
                found.push(last);
                Err(HeaderMistake::Ambiguous { heading, columns: found.iter().filter_map(Target::name).collect() })
            }
        }
    }

    /// What a heading may mean: what it is mapped to, or the column of that name, or the columns of that label.
    fn candidates(&self, text: &str) -> Vec<Target<'a>> {
        match self.explicit.get(text).map(String::as_str) {
            Some("") => vec![Target::Skipped],
            Some(name) => self.called(name),
            None => self.called(text),
        }
    }

    /// Whether somebody said to skip a column that would not be skipped by itself.
    fn is_put_aside(&self, text: &str) -> bool {
        self.explicit.get(text).is_some_and(String::is_empty) && self.called(text) != [Target::Skipped]
    }

    /// The column of that name, or the columns of that label.
    fn called(&self, text: &str) -> Vec<Target<'a>> {
        if text.starts_with(heading::ERRORS) {
            return vec![Target::Skipped];
        }
        if let Some(target) = self.names.get(text) {
            return vec![target.clone()];
        }
        // Long texts are data, met while the header is looked for.
        if text.len() > LONGEST {
            return vec![];
        }
        let folded = fold(text);
        self.labels.get(&folded).cloned().unwrap_or_else(|| self.in_group(&folded))
    }

    /// `grants.1.amount`, `補助金 1 金額`, `Grants 1 amount`.
    fn in_group(&self, folded: &str) -> Vec<Target<'a>> {
        const BETWEEN: [char; 10] = ['.', '_', '-', '・', ':', '#', '(', ')', '[', ']'];
        let mut found = vec![];
        for (prefix, group, inside) in &self.groups {
            let Some(rest) = folded.strip_prefix(prefix.as_str()).map(|r| r.trim_start_matches(BETWEEN)) else { continue };
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            // More rows than any form would hold are no row number.
            let Some(row) = rest[..digits].parse::<usize>().ok().filter(|n| (1..=MOST_ROWS).contains(n)) else { continue };
            for place in inside.get(rest[digits..].trim_start_matches(BETWEEN)).into_iter().flatten() {
                let target = Target::InGroup { group, row, place: place.clone() };
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
        found
    }

    /// The known heading nearest to an unknown one.
    fn near(&self, text: &str) -> Option<String> {
        let folded = fold(text);
        let length = folded.chars().count();
        if text.len() > LONGEST {
            return None;
        }
        let known = self.register.fields.iter().flat_map(|f| {
            let inner: &[Field] = if let FieldKind::Group { fields } = &f.kind { fields } else { &[] };
            let own = places(f).into_iter().flat_map(|p| {
                let label = heading::label(p.field, p.part);
                [p.name, label.ja, label.en]
            });
            let inside = inner.iter().flat_map(places).flat_map(move |p| {
                let label = heading::label(p.field, p.part);
                [
                    format!("{}.1.{}", f.name, p.name),
                    heading::group_label(f, 1, &label, Lang::Ja),
                    heading::group_label(f, 1, &label, Lang::En),
                ]
            });
            own.chain(inside).collect::<Vec<_>>()
        });
        let own = heading::OWN.iter().map(|(name, ..)| (*name).to_owned());
        known
            .chain(own)
            .map(|k| (strsim::damerau_levenshtein(&folded, &fold(&k)), k))
            .filter(|(distance, _)| *distance <= 1 + length / 4 && *distance < length)
            .min()
            .map(|(_, k)| k)
    }
}

/// Bytes of the longest heading.
const LONGEST: usize = 1000;

/// Rows of one group that a file may have columns for.
const MOST_ROWS: usize = 1000;

impl Target<'_> {
    /// Column name as files write it.
    pub fn name(&self) -> Option<String> {
        Some(match self {
            Target::Column(place) => place.name.clone(),
            Target::InGroup { group, row, place } => format!("{}.{row}.{}", group.name, place.name),
            Target::Number => "_number".into(),
            Target::State => "_state".into(),
            Target::Source => "_source".into(),
            Target::Heading => "_heading".into(),
            Target::Quote => "_quote".into(),
            Target::Synthetic => "_synthetic".into(),
            Target::Skipped => return None,
        })
    }
}

/// Columns of a field that a file may fill.
pub(crate) fn places(field: &Field) -> Vec<Place<'_>> {
    match &field.kind {
        FieldKind::Derived { .. } => vec![],
        // A group's own column can only say why it is blank.
        FieldKind::Choices { .. } | FieldKind::Group { .. } => vec![Place { name: field.name.clone(), field, part: Part::Main }],
        _ => field.columns().into_iter().map(|c| Place { name: c.name, field, part: c.part }).collect(),
    }
}

/// The columns of a file, in its order.
pub(super) struct Columns<'a> {
    /// Row of the header, from 1.
    pub row: usize,
    pub headings: Vec<String>,
    pub targets: Vec<Target<'a>>,
    /// Those that are not imported, by index: nothing was found for them, or somebody put them aside.
    pub left_out: Vec<usize>,
    /// Those without a heading, by index; often there is nothing in them.
    pub unnamed: Vec<usize>,
    /// What is wrong with the header.
    pub errors: Vec<RowError>,
}

impl<'a> Columns<'a> {
    /// Matches the header row. A column that cannot be matched is reported and skipped.
    pub fn new(known: &Headings<'a>, header: &Row) -> Self {
        let row = header.number();
        let mut columns = Columns { row, headings: vec![], targets: vec![], left_out: vec![], unnamed: vec![], errors: vec![] };
        for (at, text) in header.texts().map(str::trim).enumerate() {
            let found = if text.is_empty() { Ok(Target::Skipped) } else { columns.single(known.find(text), text) };
            if text.is_empty() {
                columns.unnamed.push(at);
            } else if found.is_err() || known.is_put_aside(text) {
                columns.left_out.push(at);
            }
            let target = found.unwrap_or_else(|mistake| {
                columns.errors.push(RowError::header(header.number(), text, mistake));
                Target::Skipped
            });
            columns.headings.push(text.to_owned());
            columns.targets.push(target);
        }
        columns
    }

    /// Two columns of the file for one of the register: neither can be preferred.
    fn single(&self, found: Result<Target<'a>, HeaderMistake>, text: &str) -> Result<Target<'a>, HeaderMistake> {
        let target = found?;
        match self.targets.iter().position(|t| *t != Target::Skipped && *t == target) {
            Some(first) => Err(HeaderMistake::Repeated { heading: text.to_owned(), first: self.headings[first].clone() }),
            None => Ok(target),
        }
    }

    /// Whether not one column says anything about the record's own fields.
    pub fn nothing_known(&self) -> bool {
        !self.targets.iter().any(|t| matches!(t, Target::Column(_) | Target::InGroup { .. } | Target::State))
    }

    /// Index of the column with this target name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.targets.iter().position(|t| t.name().as_deref() == Some(name))
    }
}
