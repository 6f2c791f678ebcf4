//! Rows of a table (CSV, spreadsheet) read as records: header names to columns, texts to cells.

use crate::{Cell, Content, FieldError, Mistake, Origin, input::missing_word, normalise, parse};
use shirube_plan::{Field, FieldKind, Pack, Part, Register};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the `_id` of a record from its natural key as written in a file (parts joined by `|`).
pub type Resolve<'a> = dyn Fn(&str, &str) -> Option<i64> + 'a;

/// A header name that is no column of the register.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column `{name}` is not in register `{register}`; its columns are {}", .columns.join(", "))]
pub struct UnknownColumn {
    /// The name.
    pub name: String,
    /// The register.
    pub register: String,
    /// What it could have been.
    pub columns: Vec<String>,
}

/// The header of a table, each column matched to the register.
#[derive(Debug)]
pub struct Header<'a> {
    register: &'a Register,
    targets: Vec<Target<'a>>,
}

#[derive(Debug)]
enum Target<'a> {
    Column { name: String, field: &'a Field, part: Part },
    InGroup { group: &'a Field, row: usize, name: String, field: &'a Field, part: Part },
    Source,
    Heading,
    Quote,
    Synthetic,
    State,
}

/// A row read as a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Values; `_state` among them if the table has that column.
    pub content: Content,
    /// Citation and demonstration mark.
    pub origin: Origin,
    /// What could not be read, in order of columns.
    pub errors: Vec<FieldError>,
}

impl<'a> Header<'a> {
    /// Matches header names: column names (`budget_currency`), `GROUP.N.COLUMN`, `_source`, `_heading`, `_quote`,
    /// `_synthetic`, `_state`.
    pub fn new(register: &'a Register, names: &[String]) -> Result<Header<'a>, UnknownColumn> {
        let targets = names.iter().map(|name| target(register, name.trim()).ok_or_else(|| unknown(register, name)));
        Ok(Header { register, targets: targets.collect::<Result<_, _>>()? })
    }

    /// The columns (of groups and lists: the fields) that rows of this table say something about, `_state` and the
    /// columns of the citation left out.
    pub fn columns(&self) -> BTreeSet<&str> {
        let of = self.targets.iter().filter_map(|target| match target {
            Target::Column { name, .. } => Some(name.as_str()),
            Target::InGroup { group, .. } => Some(group.name.as_str()),
            _ => None,
        });
        of.collect()
    }

    /// Reads one row; cells beyond the header are ignored, missing ones are blank.
    pub fn read(&self, cells: &[String], pack: &Pack, resolve: &Resolve<'_>) -> Row {
        let mut row = Row::default();
        let mut groups: BTreeMap<&str, BTreeMap<usize, Content>> = BTreeMap::new();
        for (target, text) in self.targets.iter().zip(cells) {
            if text.trim().is_empty() {
                continue;
            }
            match target {
                Target::Column { name, field, part } => match value(field, *part, text, pack, resolve) {
                    Ok(Some(cell)) => {
                        row.content.insert(name.clone(), cell);
                    }
                    Ok(None) => {}
                    Err(mistake) => row.errors.push(FieldError::new(&field.name, name, None, mistake)),
                },
                Target::InGroup { group, row: at, name, field, part } => match value(field, *part, text, pack, resolve) {
                    Ok(Some(cell)) => {
                        groups.entry(&group.name).or_default().entry(*at).or_default().insert(name.clone(), cell);
                    }
                    Ok(None) => {}
                    Err(mistake) => row.errors.push(FieldError::new(&group.name, name, Some(*at), mistake)),
                },
                Target::Source => row.origin.source = Some(text.trim().to_string()),
                Target::Heading => row.origin.heading = Some(text.trim().to_string()),
                Target::Quote => row.origin.quote = Some(text.trim().to_string()),
                Target::Synthetic => match crate::input::yes(text) {
                    Ok(yes) => row.origin.synthetic = yes,
                    Err(mistake) => row.errors.push(FieldError::new("", "_synthetic", None, mistake)),
                },
                Target::State => {
                    row.content.insert("_state".to_string(), Cell::Text(text.trim().to_string()));
                }
            }
        }
        for (name, rows) in groups {
            row.content.insert(name.to_string(), Cell::Rows(rows.into_values().collect()));
        }
        row.content = normalise(self.register, row.content);
        row
    }
}

fn value(field: &Field, part: Part, text: &str, pack: &Pack, resolve: &Resolve<'_>) -> Result<Option<Cell>, Mistake> {
    if let FieldKind::Reference { register } = &field.kind
        && missing_word(text.trim()).is_none()
    {
        let text = text.trim();
        return match resolve(register, text) {
            Some(id) => Ok(Some(Cell::Integer(id))),
            None => Err(Mistake::NoSuchRecord { register: register.clone(), text: text.to_string() }),
        };
    }
    parse(field, part, text, pack).map_err(|e| *e.mistake)
}

fn target<'a>(register: &'a Register, name: &str) -> Option<Target<'a>> {
    match name {
        "_source" => return Some(Target::Source),
        "_heading" => return Some(Target::Heading),
        "_quote" => return Some(Target::Quote),
        "_synthetic" => return Some(Target::Synthetic),
        "_state" => return Some(Target::State),
        _ => {}
    }
    if let Some((group, rest)) = name.split_once('.') {
        let group = register.field(group)?;
        let FieldKind::Group { fields } = &group.kind else { return None };
        let (row, column) = rest.split_once('.')?;
        let row = row.parse().ok().filter(|n| *n >= 1)?;
        let (name, field, part) = column_of(fields, column)?;
        return Some(Target::InGroup { group, row, name, field, part });
    }
    let (name, field, part) = column_of(&register.fields, name)?;
    Some(Target::Column { name, field, part })
}

fn column_of<'a>(fields: &'a [Field], name: &str) -> Option<(String, &'a Field, Part)> {
    fields.iter().find_map(|field| {
        match &field.kind {
            FieldKind::Group { .. } | FieldKind::Derived { .. } => return None,
            FieldKind::Choices { .. } if field.name == name => return Some((name.to_string(), field, Part::Main)),
            _ => {}
        }
        let column = field.columns().into_iter().find(|c| c.name == name)?;
        Some((column.name, field, column.part))
    })
}

fn unknown(register: &Register, name: &str) -> UnknownColumn {
    let columns = register.fields.iter().flat_map(|field| match &field.kind {
        FieldKind::Derived { .. } => vec![],
        FieldKind::Choices { .. } => vec![field.name.clone()],
        FieldKind::Group { fields } => fields.iter().flat_map(|f| f.columns()).map(|c| format!("{}.1.{}", field.name, c.name)).collect(),
        _ => field.columns().into_iter().map(|c| c.name).collect(),
    });
    UnknownColumn { name: name.to_string(), register: register.name.clone(), columns: columns.collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::Pair;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.into(),
            label: Pair::default(),
            help: None,
            kind,
            required: false,
            unique: false,
            sensitivity: Default::default(),
            place: Default::default(),
        }
    }

    fn register() -> Register {
        let money = || FieldKind::Money { currency: "JPY".into(), places: 0, min: None, max: None };
        let grants =
            FieldKind::Group { fields: vec![field("year", FieldKind::FiscalYear { min: None, max: None }), field("amount", money())] };
        Register {
            name: "project".into(),
            fields: vec![
                field("theme", FieldKind::Text { max_length: 9, pattern: None }),
                field("budget", money()),
                field("hub", FieldKind::Reference { register: "hub".into() }),
                field("grants", grants),
            ],
            ..Register::default()
        }
    }

    fn strings(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|s| s.to_string()).collect()
    }

    fn resolve(register: &str, key: &str) -> Option<i64> {
        (register == "hub" && key == "東京|2020").then_some(7)
    }

    #[test]
    fn a_row_becomes_a_record_with_its_citation() {
        let register = register();
        let header = Header::new(
            &register,
            &strings(&[
                "theme",
                "budget",
                "budget_currency",
                "hub",
                "grants.2.year",
                "grants.1.year",
                "grants.1.amount",
                "_source",
                "_quote",
                "_synthetic",
                "_state",
            ]),
        )
        .unwrap();
        let row = header.read(
            &strings(&["A", "5", "USD", "東京|2020", "R3", "令和2年度", "1千円", "d1", "（5）", "はい", "draft"]),
            &Pack::default(),
            &resolve,
        );
        assert_eq!(row.errors, []);
        let grant = |year, amount: Option<i64>| {
            let mut grant = Content::from([("year".to_string(), Cell::Integer(year))]);
            if let Some(amount) = amount {
                grant.insert("amount".into(), Cell::Integer(amount));
                grant.insert("amount_currency".into(), Cell::Text("JPY".into()));
            }
            grant
        };
        let expected = Content::from([
            ("theme".into(), Cell::Text("A".into())),
            ("budget".into(), Cell::Integer(5)),
            ("budget_currency".into(), Cell::Text("USD".into())),
            ("hub".into(), Cell::Integer(7)),
            ("grants".into(), Cell::Rows(vec![grant(2020, Some(1000)), grant(2021, None)])),
            ("_state".into(), Cell::Text("draft".into())),
        ]);
        assert_eq!(row.content, expected);
        assert_eq!(row.origin, Origin { source: Some("d1".into()), heading: None, quote: Some("（5）".into()), synthetic: true });
    }

    #[test]
    fn all_mistakes_of_a_row_are_told_with_their_columns() {
        let register = register();
        let header = Header::new(&register, &strings(&["budget", "hub", "grants.3.year", "_synthetic"])).unwrap();
        let row = header.read(&strings(&["x", "大阪", "y", "z"]), &Pack::default(), &resolve);
        assert_eq!(
            row.errors,
            [
                FieldError::new("budget", "budget", None, Mistake::NotANumber { text: "x".into() }),
                FieldError::new("hub", "hub", None, Mistake::NoSuchRecord { register: "hub".into(), text: "大阪".into() }),
                FieldError::new("grants", "year", Some(3), Mistake::NotAYear { text: "y".into() }),
                FieldError::new("", "_synthetic", None, Mistake::NotABoolean { text: "z".into() }),
            ]
        );
    }

    #[test]
    fn an_unknown_column_lists_the_known_ones() {
        let register = register();
        for name in ["them", "grants", "grants.0.year", "grants.1.years", "_number"] {
            let error = Header::new(&register, &strings(&["theme", name])).unwrap_err();
            assert_eq!(error.name, name);
            assert!(error.columns.contains(&"budget_currency".to_string()) && error.columns.contains(&"grants.1.year".to_string()));
        }
    }
}
