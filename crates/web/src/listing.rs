//! What a list of records shows, as it stands in an address: words, conditions, order, columns, page.
//!
//! The address is the saved search: `?q=…&f.stage=basic&f.budget.ge=1億&sort=-budget&columns=title,budget&page=2`.
//! Every name is checked against the register: what is no column is refused, never ignored.

use crate::{
    error::{Error, pair},
    url::Query,
};
use shirube_plan::{Field, FieldKind, Pack, Pair, Part, Register};
use shirube_record::{Cell, parse};
use shirube_snapshot::{Fields, Filter, ListQuery, Op};
use std::sync::Arc;

/// Rows per page: those one may choose, the first when nothing is chosen.
pub const SIZES: [u64; 4] = [50, 20, 100, 200];

/// Prefix of conditions in addresses.
pub const FILTER: &str = "f.";

/// A list of a register.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// The register.
    pub register: &'a Register,
    /// Words to look for.
    pub text: Option<String>,
    /// Conditions.
    pub filters: Vec<Condition<'a>>,
    /// Order: column and whether descending; the register's own when empty.
    pub sort: Vec<(String, bool)>,
    /// Columns shown.
    pub columns: Vec<Shown<'a>>,
    /// Page, from 1.
    pub page: u64,
    /// Rows per page.
    pub size: u64,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Condition<'a> {
    /// Name in the address: `f.COLUMN` or `f.COLUMN.OP`.
    pub name: String,
    /// The column.
    pub column: Target<'a>,
    /// Comparison.
    pub op: Op,
    /// Values as written.
    pub written: Vec<String>,
    /// Values as they are looked for.
    values: Vec<String>,
}

/// A column one may filter by.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// Name.
    pub name: String,
    /// Its label.
    pub label: Pair,
    /// The field it belongs to; none for the record's own columns.
    pub field: Option<(&'a Field, Part)>,
}

/// A column that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown<'a> {
    /// A field.
    Field(&'a Field),
    /// A column of the record itself: name, Japanese, English.
    Own(&'static str, &'static str, &'static str),
}

impl Shown<'_> {
    /// Name in addresses.
    pub fn name(&self) -> &str {
        match self {
            Shown::Field(field) => &field.name,
            Shown::Own(name, ..) => name,
        }
    }

    /// Label.
    pub fn label(&self) -> Pair {
        match self {
            Shown::Field(field) => field.label.clone(),
            Shown::Own(_, ja, en) => pair(*ja, *en),
        }
    }

    /// The list can be ordered by it.
    pub fn sortable(&self) -> bool {
        match self {
            Shown::Field(field) => !matches!(field.kind, FieldKind::Choices { .. } | FieldKind::Group { .. }),
            Shown::Own(..) => true,
        }
    }
}

/// Columns of the record itself that may be shown, sorted and filtered by.
pub const OWN: [(&str, &str, &str); 8] = [
    ("_number", "番号", "Number"),
    ("_state", "状態", "State"),
    ("_created_at", "登録日時", "Created"),
    ("_updated_at", "更新日時", "Last changed"),
    ("_source", "出典", "Source"),
    ("_synthetic", "例示データ", "Demonstration record"),
    ("_version", "版", "Version"),
    ("_seq", "出来事", "Event"),
];

/// Fields shown when nothing is chosen, beside number and state.
const FIELDS: usize = 7;

impl<'a> Listing<'a> {
    /// Reads an address. `extra` names parameters that mean something to the caller.
    pub fn read(pack: &Pack, register: &'a Register, query: &Query, extra: &[&str]) -> Result<Listing<'a>, Error> {
        let mut listing = Listing {
            register,
            text: query.get("q").map(str::to_string),
            filters: vec![],
            sort: vec![],
            columns: columns(register, query)?,
            page: whole(query, "page", 1, u64::MAX / 1000)?,
            size: whole(query, "size", SIZES[0], 10_000)?,
        };
        for (name, value) in &query.0 {
            if let Some(condition) = name.strip_prefix(FILTER) {
                if !value.trim().is_empty() {
                    listing.add(pack, name, condition, value.trim())?;
                }
            } else if !["q", "sort", "columns", "page", "size"].contains(&name.as_str()) && !extra.contains(&name.as_str()) {
                return Err(Error::bad(
                    pair(format!("「{name}」という指定はありません。"), format!("There is no parameter “{name}”.")),
                    pair(
                        "条件は f.列名=値 の形で書いてください（例：f.stage=basic）。",
                        "Conditions are written f.COLUMN=value, such as f.stage=basic.",
                    ),
                ));
            }
        }
        for part in query.get("sort").into_iter().flat_map(|s| s.split(',')).map(str::trim).filter(|s| !s.is_empty()) {
            let (column, descending) = part.strip_prefix('-').map_or((part, false), |c| (c, true));
            let known = OWN.iter().any(|o| o.0 == column) || register.columns().iter().any(|c| c.name == column);
            if !known {
                return Err(no_column(register, column));
            }
            listing.sort.push((column.to_string(), descending));
        }
        Ok(listing)
    }

    fn add(&mut self, pack: &Pack, name: &str, condition: &str, value: &str) -> Result<(), Error> {
        let whole = target(self.register, condition).map(|t| (t, None));
        let split = || {
            let (column, op) = condition.rsplit_once('.')?;
            Some((target(self.register, column)?, Some(Op::parse(op)?)))
        };
        let (column, op) = whole.or_else(split).ok_or_else(|| no_column(self.register, condition))?;
        let op = op.unwrap_or_else(|| column.usual());
        let read = if matches!(op, Op::Contains | Op::Blank | Op::Filled) { value.to_string() } else { column.canonical(pack, value)? };
        if let Some(same) = self.filters.iter_mut().find(|c| c.name == name && matches!(c.op, Op::Eq | Op::In)) {
            same.op = Op::In;
            same.written.push(value.to_string());
            same.values.push(read);
        } else {
            self.filters.push(Condition { name: name.to_string(), column, op, written: vec![value.to_string()], values: vec![read] });
        }
        Ok(())
    }

    /// What the snapshot is asked for.
    pub fn query(&self) -> ListQuery {
        let filters = self.filters.iter().map(|c| Filter {
            column: c.column.name.clone(),
            op: c.op,
            values: if matches!(c.op, Op::Blank | Op::Filled) { vec![] } else { c.values.clone() },
        });
        ListQuery {
            register: self.register.name.clone(),
            text: self.text.clone(),
            filters: filters.collect(),
            sort: self.order(),
            offset: (self.page - 1).saturating_mul(self.size),
            limit: self.size,
            fields: None,
        }
    }

    /// The fields that the page shows: those of its columns and the record's name.
    pub fn fields(&self) -> Fields {
        let shown = self.columns.iter().filter_map(|c| if let Shown::Field(field) = c { Some(field.name.clone()) } else { None });
        Some(Arc::new(shown.chain([self.register.title.clone()]).collect()))
    }

    /// The order in force: the one asked for, the register's own, or newest first.
    pub fn order(&self) -> Vec<(String, bool)> {
        if !self.sort.is_empty() {
            return self.sort.clone();
        }
        vec![self.register.sort.clone().unwrap_or_else(|| ("_id".to_string(), true))]
    }
}

impl Target<'_> {
    /// How the column is compared when the address does not say: words of texts are looked for, the rest is equal.
    fn usual(&self) -> Op {
        let text = match &self.field {
            Some((field, Part::Main)) => {
                matches!(
                    field.kind,
                    FieldKind::Text { .. }
                        | FieldKind::LongText { .. }
                        | FieldKind::Organisation
                        | FieldKind::Person
                        | FieldKind::Attachment { .. }
                )
            }
            Some((_, part)) => matches!(part, Part::Email | Part::Phone | Part::Media),
            None => self.name == "_number",
        };
        if text { Op::Contains } else { Op::Eq }
    }

    /// A value read as forms read it (eras, labels, separators), as text that means exactly it.
    fn canonical(&self, pack: &Pack, value: &str) -> Result<String, Error> {
        let Some((field, part)) = self.field else { return Ok(own_value(&self.name, value)) };
        if matches!(field.kind, FieldKind::Derived { .. } | FieldKind::Reference { .. }) {
            return Ok(value.to_string());
        }
        match parse(field, part, value, pack) {
            Ok(Some(Cell::Integer(n))) => Ok(n.to_string()),
            Ok(Some(Cell::Real(x))) => Ok(x.to_string()),
            Ok(Some(Cell::Text(text))) => Ok(text),
            Ok(Some(Cell::List(codes))) => Ok(codes.into_iter().next().unwrap_or_default()),
            Ok(_) => Ok(value.to_string()),
            Err(error) => Err(Error::bad(
                pair(format!("{}：{}。", self.label.ja, error.problem.ja), format!("{}: {}.", self.label.en, error.problem.en)),
                pair(format!("{}。", error.mend.ja), format!("{}.", error.mend.en)),
            )),
        }
    }
}

fn own_value(column: &str, value: &str) -> String {
    match (column, value) {
        ("_synthetic", "yes" | "true") => "1".to_string(),
        ("_synthetic", "no" | "false") => "0".to_string(),
        _ => value.to_string(),
    }
}

/// A column by its name in an address.
fn target<'a>(register: &'a Register, name: &str) -> Option<Target<'a>> {
    if let Some((name, ja, en)) = OWN.iter().chain(&[("_id", "識別番号", "Identifier")]).find(|o| o.0 == name) {
        return Some(Target { name: name.to_string(), label: pair(*ja, *en), field: None });
    }
    let (fields, prefix, column) = match name.split_once('.') {
        Some((group, column)) => match &register.field(group)?.kind {
            FieldKind::Group { fields } => (fields, format!("{group}."), column),
            _ => return None,
        },
        None => (&register.fields, String::new(), name),
    };
    let found = fields.iter().find_map(|field| match &field.kind {
        FieldKind::Group { .. } => None,
        FieldKind::Choices { .. } => (field.name == column).then_some((field, Part::Main)),
        _ => field.columns().into_iter().find(|c| c.name == column).map(|c| (field, c.part)),
    })?;
    let label = crate::form::fault::label(register, name.split_once('.').map_or(name, |(_, c)| c));
    let label = if prefix.is_empty() { label } else { found.0.label.clone() };
    Some(Target { name: format!("{prefix}{column}"), label, field: Some(found) })
}

fn no_column(register: &Register, name: &str) -> Error {
    let own = register.fields.iter().map(|f| f.name.as_str()).chain(OWN.iter().map(|o| o.0)).collect::<Vec<_>>().join(", ");
    Error::bad(
        pair(
            format!("台帳「{}」に列「{name}」はありません。", register.label.ja),
            format!("Register “{}” has no column “{name}”.", register.label.en),
        ),
        pair(format!("あるのは {own} です。"), format!("Its columns are {own}.")),
    )
}

/// Columns that are shown: those asked for, or a few that say what a record is.
fn columns<'a>(register: &'a Register, query: &Query) -> Result<Vec<Shown<'a>>, Error> {
    let asked: Vec<&str> = query.all("columns").flat_map(|c| c.split(',')).map(str::trim).filter(|c| !c.is_empty()).collect();
    if asked.is_empty() {
        return Ok(usual(register));
    }
    asked
        .into_iter()
        .map(|name| {
            let own = OWN.iter().find(|o| o.0 == name).map(|(name, ja, en)| Shown::Own(name, ja, en));
            own.or_else(|| register.field(name).map(Shown::Field)).ok_or_else(|| no_column(register, name))
        })
        .collect()
}

fn usual(register: &Register) -> Vec<Shown<'_>> {
    let own = |name: &str| OWN.iter().find(|o| o.0 == name).map(|(name, ja, en)| Shown::Own(name, ja, en));
    let mut shown: Vec<Shown> = vec![];
    shown.extend(register.number.as_ref().and_then(|_| own("_number")));
    shown.extend(register.field(&register.title).map(Shown::Field));
    shown.extend(register.states.first().and_then(|_| own("_state")));
    let short = |f: &&Field| {
        f.name != register.title
            && !matches!(f.kind, FieldKind::LongText { .. } | FieldKind::Group { .. } | FieldKind::Attachment { .. } | FieldKind::Person)
            // The same thing in the other language.
            && !f.name.ends_with("_en")
    };
    // What must be filled says most; then what is chosen or counted; the order stays the register's.
    let mut best: Vec<(u8, usize)> = register.fields.iter().enumerate().filter(|(_, f)| short(f)).map(|(i, f)| (weight(f), i)).collect();
    best.sort_unstable();
    best.truncate(FIELDS);
    best.sort_unstable_by_key(|(_, i)| *i);
    shown.extend(best.into_iter().filter_map(|(_, i)| register.fields.get(i)).map(Shown::Field));
    shown
}

fn weight(field: &Field) -> u8 {
    use FieldKind as K;
    match &field.kind {
        _ if field.required => 0,
        K::Choice { .. } | K::Boolean | K::FiscalYear { .. } | K::Money { .. } | K::Integer { .. } | K::Country => 1,
        K::Derived { .. } => 3,
        _ => 2,
    }
}

/// A whole number out of the address; one that cannot be used is refused.
pub fn whole(query: &Query, name: &str, default: u64, most: u64) -> Result<u64, Error> {
    let Some(text) = query.get(name) else { return Ok(default) };
    text.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
        Error::bad(
            pair(format!("{name}={text} は使えません。"), format!("{name}={text} cannot be used.")),
            pair(format!("1から{most}までの整数にしてください。"), format!("Write a whole number from 1 to {most}.")),
        )
    })
}

/// Words that a refusal names; the rest are on the page the reader came from.
const NAMED: usize = 24;

/// One of some words out of the address; any other is refused, never read as "all".
pub fn one_of<'a>(query: &Query, name: &str, known: impl IntoIterator<Item = &'a str>) -> Result<Option<String>, Error> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let mut words: Vec<&str> = known.into_iter().collect();
    if words.contains(&text) {
        return Ok(Some(text.to_string()));
    }
    let more = if words.len() > NAMED { " …" } else { "" };
    words.truncate(NAMED);
    let words = words.join(", ");
    Err(Error::bad(
        pair(format!("{name}={text} は使えません。"), format!("{name}={text} cannot be used.")),
        pair(format!("使えるのは {words}{more} です。"), format!("Known are {words}{more}.")),
    ))
}

#[cfg(test)]
mod tests;
