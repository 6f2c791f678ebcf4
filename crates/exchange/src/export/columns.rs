//! Which columns a list of records is written with, and what they are called.

use super::{Codes, Column, ExportError, ExportOptions, Format, Kind};
use crate::heading;
use crate::import::{Headings, places};
use shirube_plan::{Field, FieldKind, Lang, Pair, Part, Register, Storage};
use shirube_snapshot::{Snapshot, schema};
use std::collections::BTreeMap;

/// Where a value of a row comes from.
#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    /// A column of the record itself (`_number`).
    Own(&'static str),
    /// A column of a field; for a group of JSON, all its rows.
    Field { field: &'a Field, name: String, part: Part },
    /// A column in a row of a group, from 0.
    InGroup { group: &'a Field, row: usize, field: &'a Field, name: String, part: Part },
}

/// A column of the file.
#[derive(Clone, Debug)]
pub(super) struct Chosen<'a> {
    pub column: Column,
    pub source: Source<'a>,
}

/// The columns asked for, or all: number, state, fields, citation and mark.
pub(super) fn choose<'a>(snapshot: &'a Snapshot, register: &'a Register, options: &ExportOptions) -> Result<Vec<Chosen<'a>>, ExportError> {
    let all = Chooser { snapshot, register, options }.all()?;
    let mut chosen = if options.columns.is_empty() { defaults(register, all) } else { named(register, all, &options.columns)? };
    name_apart(register, &mut chosen);
    Ok(chosen)
}

/// Without the columns that say nothing to a reader of the list.
fn defaults<'a>(register: &Register, all: Vec<Chosen<'a>>) -> Vec<Chosen<'a>> {
    let hidden = |name: &str| match name {
        "_number" => register.number.is_none(),
        "_state" => register.states.is_empty(),
        _ => ["_id", "_version", "_seq", "_created_at", "_updated_at"].contains(&name),
    };
    all.into_iter().filter(|c| !hidden(&c.column.name)).collect()
}

/// Columns by name, in the order asked for; a group's name means all its columns.
fn named<'a>(register: &Register, all: Vec<Chosen<'a>>, names: &[String]) -> Result<Vec<Chosen<'a>>, ExportError> {
    let mut chosen = vec![];
    for name in names {
        let before = chosen.len();
        let inside = |c: &&Chosen| c.column.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        chosen.extend(all.iter().filter(|c| c.column.name == *name).cloned());
        chosen.extend(all.iter().filter(inside).cloned());
        if chosen.len() == before {
            let columns = all.iter().map(|c| c.column.name.clone()).collect();
            return Err(ExportError::NoSuchColumn { name: name.clone(), register: register.name.clone(), columns });
        }
    }
    Ok(chosen)
}

/// A label that an import would not read back as this column is written with the column's name.
fn name_apart(register: &Register, chosen: &mut [Chosen]) {
    let none = BTreeMap::new();
    let headings = Headings::new(register, &none);
    for Chosen { column, .. } in chosen {
        let apart = |label: &str| {
            if headings.means(label, &column.name) {
                return label.to_owned();
            }
            let with_name = format!("{label} ({})", column.name);
            if headings.means(&with_name, &column.name) { with_name } else { column.name.clone() }
        };
        column.label = Pair { ja: apart(&column.label.ja), en: apart(&column.label.en) };
    }
}

struct Chooser<'a, 'o> {
    snapshot: &'a Snapshot,
    register: &'a Register,
    options: &'o ExportOptions,
}

impl<'a> Chooser<'a, '_> {
    fn all(&self) -> Result<Vec<Chosen<'a>>, ExportError> {
        let (before, after): (Vec<_>, Vec<_>) = heading::OWN.into_iter().partition(|(name, ..)| ["_number", "_state"].contains(name));
        let mut all: Vec<Chosen> = before.into_iter().map(own).collect();
        for field in &self.register.fields {
            match &field.kind {
                FieldKind::Group { fields } if self.options.format != Format::Json => self.group(field, fields, &mut all)?,
                FieldKind::Derived { .. } => all.push(self.field(field, field.name.clone(), Part::Main)),
                _ => all.extend(places(field).into_iter().map(|p| self.field(field, p.name, p.part))),
            }
        }
        all.extend(after.into_iter().map(own));
        Ok(all)
    }

    fn field(&self, field: &'a Field, name: String, part: Part) -> Chosen<'a> {
        let column = Column::new(name.clone(), heading::label(field, part), kind(field, part, self.options.codes));
        Chosen { column, source: Source::Field { field, name, part } }
    }

    /// As many columns as the longest group of the register needs, and one for the reason of a blank if any has it.
    fn group(&self, group: &'a Field, fields: &'a [Field], all: &mut Vec<Chosen<'a>>) -> Result<(), ExportError> {
        let name = &self.register.name;
        let connection = self.snapshot.connection();
        let table = schema::quoted(&schema::child_name(name, &group.name));
        let most: i64 = connection.query_row(&format!("SELECT coalesce(max(position), 1) FROM {table}"), [], |r| r.get(0))?;
        let reasons = format!("SELECT 1 FROM {} WHERE _missing ->> ?1 IS NOT NULL LIMIT 1", schema::quoted(name));
        if connection.prepare(&reasons)?.exists([format!("$.\"{}\"", group.name)])? {
            all.push(self.field(group, group.name.clone(), Part::Main));
        }
        for row in 1..=usize::try_from(most).unwrap_or(1) {
            for (field, place) in fields.iter().flat_map(|f| places(f).into_iter().map(move |p| (f, p))) {
                let label = heading::label(field, place.part);
                let label =
                    Pair { ja: heading::group_label(group, row, &label, Lang::Ja), en: heading::group_label(group, row, &label, Lang::En) };
                let column =
                    Column::new(format!("{}.{row}.{}", group.name, place.name), label, kind(field, place.part, self.options.codes));
                all.push(Chosen { column, source: Source::InGroup { group, row: row - 1, field, name: place.name, part: place.part } });
            }
        }
        Ok(())
    }
}

fn own<'a>((name, ja, en): (&'static str, &str, &str)) -> Chosen<'a> {
    let kind = if ["_id", "_version", "_seq", "_synthetic"].contains(&name) { Kind::Plain } else { Kind::Text };
    Chosen { column: Column::new(name, Pair { ja: ja.into(), en: en.into() }, kind), source: Source::Own(name) }
}

fn kind(field: &Field, part: Part, codes: Codes) -> Kind {
    use FieldKind as K;
    match (&field.kind, part) {
        (_, Part::Size) => Kind::Integer,
        (K::Money { places: 0, .. }, Part::Main) | (K::Integer { .. }, _) => Kind::Integer,
        (K::Money { places, .. } | K::Decimal { places, .. }, Part::Main) => Kind::Decimal(Some(*places)),
        (K::FiscalYear { .. }, _) => Kind::Plain,
        (K::Boolean, _) if codes == Codes::Codes => Kind::Plain,
        (K::Date { .. }, _) => Kind::Date,
        (K::LongText { .. }, _) => Kind::Long,
        (K::Derived { stored_as: Storage::Integer, .. }, _) => Kind::Integer,
        (K::Derived { stored_as: Storage::Real, .. }, _) => Kind::Decimal(None),
        _ => Kind::Text,
    }
}
