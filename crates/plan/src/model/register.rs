//! Registers and code lists (`registers/*.toml`, `codes/*.toml`, `records/*.csv`).

use super::{Citation, Pair, Place};
use crate::office::{ORGANISATION, PREFIX};
use std::collections::{BTreeMap, BTreeSet};

/// A code list.
#[derive(Clone, Debug, Default)]
pub struct CodeList {
    /// Name: the file name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// Codes in display order.
    pub codes: Vec<Code>,
}

/// One code.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Label.
    pub label: Pair,
    /// Definition.
    pub description: Option<Pair>,
    /// A wider code of the same list.
    pub parent: Option<String>,
    /// Where it is defined.
    pub cites: Vec<Citation>,
}

/// A register (台帳).
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Name: the file name, also the table's name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// What it holds.
    pub description: Pair,
    /// Who looks after it.
    pub desk: Option<Pair>,
    /// Numbering scheme, e.g. `PRJ-{year}-{seq:4}`.
    pub number: Option<Numbering>,
    /// Natural key: field names; empty when there is none.
    pub key: Vec<String>,
    /// Field that names a record.
    pub title: String,
    /// Default order: column and whether descending.
    pub sort: Option<(String, bool)>,
    /// Plan nodes these records serve.
    pub nodes: Vec<String>,
    /// What tells whose record it is: a field (see [`Register::owner`]), or `_id` where records are organisations.
    pub owner: Option<String>,
    /// Fields in order.
    pub fields: Vec<Field>,
    /// Cross-field checks.
    pub checks: Vec<Check>,
    /// Lifecycle states; the first is initial; empty = none.
    pub states: Vec<State>,
    /// Transitions.
    pub transitions: Vec<Transition>,
    /// Where it is declared.
    pub place: Place,
    /// How long some of it is kept.
    pub retention: Retention,
}

/// How many days something of a register is kept; without end if none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What the trail tells of readings of its records, from the reading on.
    pub readings: Option<u32>,
    /// Personal fields of a record, from its last change on.
    pub personal: Option<u32>,
}

impl Register {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// What people call a column: the label of its field, or its name where it is nobody's.
    pub fn label_of(&self, column: &str) -> Pair {
        let field = self.fields.iter().find(|f| f.name == column || f.columns().iter().any(|c| c.name == column));
        field.map_or_else(|| Pair { ja: column.to_string(), en: column.to_string() }, |f| f.label.clone())
    }

    /// How to find out whose a record is; none where records are nobody's in particular.
    pub fn owner(&self) -> Option<Owner<'_>> {
        let name = self.owner.as_deref()?;
        if name == "_id" && self.name == ORGANISATION {
            return Some(Owner::Itself);
        }
        match &self.field(name)?.kind {
            FieldKind::Organisation => Some(Owner::Number(format!("{name}_number"))),
            FieldKind::Reference { register } if register == ORGANISATION => Some(Owner::Reference(name)),
            _ => None,
        }
    }

    /// Whether every pack has this register without declaring it.
    pub fn built_in(&self) -> bool {
        self.name.starts_with(PREFIX)
    }

    /// Fields that every way to a state demands: a record cannot be in it without them. Also for records that begin
    /// there, being taken over from elsewhere.
    pub fn demanded_in(&self, state: &str) -> BTreeSet<&str> {
        let initial = self.states.first().map(|s| s.name.as_str());
        let all: BTreeSet<&str> = self.transitions.iter().flat_map(|t| &t.require).map(String::as_str).collect();
        let mut demanded: BTreeMap<&str, BTreeSet<&str>> = self.states.iter().map(|s| (s.name.as_str(), all.clone())).collect();
        // What a state demands depends on the states before it, round every circle: taken away until nothing changes.
        loop {
            let mut next = demanded.clone();
            for (name, fields) in &mut next {
                let ways = self.transitions.iter().filter(|t| t.to == *name).flat_map(|t| t.from.iter().map(move |from| (t, from)));
                let each = ways.filter_map(|(t, from)| Some((t, demanded.get(from.as_str())?)));
                let reached = initial == Some(name) || each.clone().next().is_none();
                for (t, before) in each {
                    fields.retain(|f| before.contains(f) || t.require.iter().any(|r| r == f));
                }
                if reached {
                    fields.clear();
                }
            }
            if next == demanded {
                return demanded.remove(state).unwrap_or_default();
            }
            demanded = next;
        }
    }

    /// Stored columns of the register's own table, in order (not of child tables).
    pub fn columns(&self) -> Vec<Column<'_>> {
        self.fields.iter().flat_map(Field::columns).collect()
    }
}

/// Which column tells whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// This column holds the organisation's corporate number.
    Number(String),
    /// This column refers to a record of `office_organisation`.
    Reference(&'a str),
    /// The record is the organisation.
    Itself,
}

/// A numbering scheme: literal parts, the fiscal year, a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Parts in order.
    pub parts: Vec<NumberPart>,
}

/// Part of a numbering scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberPart {
    /// Text as it stands.
    Literal(String),
    /// Fiscal year of creation; restarts the counter.
    Year,
    /// Counter, padded with zeros to this width.
    Seq(usize),
}

/// A field of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name, also the column's name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// Explanation shown in forms.
    pub help: Option<Pair>,
    /// Type and its options.
    pub kind: FieldKind,
    /// Must be filled.
    pub required: bool,
    /// No two records share a value.
    pub unique: bool,
    /// Who may see it at all. Of a derived one no less than of what its SQL names.
    pub sensitivity: Sensitivity,
    /// Where it is declared.
    pub place: Place,
}

/// Sensitivity of a field, rising.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Anyone.
    #[default]
    Public,
    /// Those who work on the plan.
    Internal,
    /// Commercial secret of the one who reported it.
    Commercial,
    /// About a person.
    Personal,
}

/// Type of a field with its options (table in `docs/packs.md`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // options are documented in docs/packs.md
pub enum FieldKind {
    Text { max_length: usize, pattern: Option<String> },
    LongText { max_length: usize },
    Integer { min: Option<i64>, max: Option<i64>, unit: Option<String> },
    Decimal { places: u8, min: Option<f64>, max: Option<f64>, unit: Option<String> },
    Money { currency: String, places: u8, min: Option<f64>, max: Option<f64> },
    Boolean,
    Date { min: Option<String>, max: Option<String> },
    FiscalYear { min: Option<i64>, max: Option<i64> },
    Choice { codes: String },
    Choices { codes: String },
    Country,
    Organisation,
    Person,
    Reference { register: String },
    Attachment { max_size: u64, types: Vec<FileType> },
    Group { fields: Vec<Field> },
    Derived { sql: String, stored_as: Storage },
}

/// Type of an attached file, known by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum FileType {
    Pdf,
    Png,
    Jpeg,
    Webp,
    Csv,
    Text,
    Xlsx,
    Docx,
    Pptx,
    Zip,
}

impl FileType {
    /// All of them: what a field takes that names none.
    pub const ALL: &'static [FileType] = &[
        FileType::Pdf,
        FileType::Png,
        FileType::Jpeg,
        FileType::Webp,
        FileType::Csv,
        FileType::Text,
        FileType::Xlsx,
        FileType::Docx,
        FileType::Pptx,
        FileType::Zip,
    ];

    /// The word in packs.
    pub fn word(self) -> &'static str {
        match self {
            FileType::Pdf => "pdf",
            FileType::Png => "png",
            FileType::Jpeg => "jpeg",
            FileType::Webp => "webp",
            FileType::Csv => "csv",
            FileType::Text => "text",
            FileType::Xlsx => "xlsx",
            FileType::Docx => "docx",
            FileType::Pptx => "pptx",
            FileType::Zip => "zip",
        }
    }

    /// How names of such files end, after the dot.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            FileType::Pdf => &["pdf"],
            FileType::Png => &["png"],
            FileType::Jpeg => &["jpg", "jpeg"],
            FileType::Webp => &["webp"],
            FileType::Csv => &["csv", "tsv", "txt"],
            FileType::Text => &["txt", "csv", "tsv", "md", "log", "json", "xml"],
            FileType::Xlsx => &["xlsx"],
            FileType::Docx => &["docx"],
            FileType::Pptx => &["pptx"],
            FileType::Zip => &["zip"],
        }
    }

    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            FileType::Pdf => "application/pdf",
            FileType::Png => "image/png",
            FileType::Jpeg => "image/jpeg",
            FileType::Webp => "image/webp",
            FileType::Csv => "text/csv",
            FileType::Text => "text/plain",
            FileType::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            FileType::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            FileType::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            FileType::Zip => "application/zip",
        }
    }
}

/// SQLite storage class of a column in a STRICT table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// TEXT.
    Text,
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
}

impl Storage {
    /// The SQL type name.
    pub fn sql(self) -> &'static str {
        match self {
            Storage::Text => "TEXT",
            Storage::Integer => "INTEGER",
            Storage::Real => "REAL",
        }
    }
}

/// A stored column of a field. The main column has the field's name, parts a suffix (`budget_currency`).
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The field it belongs to.
    pub field: &'a Field,
    /// Column name.
    pub name: String,
    /// Which part of the field it holds.
    pub part: Part,
    /// Storage class.
    pub storage: Storage,
}

/// Part of a composite value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Part {
    Main,
    Currency,
    CorporateNumber,
    Email,
    Phone,
    Sha256,
    Media,
    Size,
}

impl Field {
    /// Columns in the table of the record; none for `choices` and `group`, which live in child tables.
    pub fn columns(&self) -> Vec<Column<'_>> {
        use FieldKind as K;
        let one = |suffix: &str, part, storage| Column { field: self, name: format!("{}{suffix}", self.name), part, storage };
        let money = |places: u8| if places == 0 { Storage::Integer } else { Storage::Real };
        match &self.kind {
            K::Choices { .. } | K::Group { .. } => vec![],
            K::Integer { .. } | K::FiscalYear { .. } | K::Boolean | K::Reference { .. } => vec![one("", Part::Main, Storage::Integer)],
            K::Decimal { .. } => vec![one("", Part::Main, Storage::Real)],
            K::Money { places, .. } => vec![one("", Part::Main, money(*places)), one("_currency", Part::Currency, Storage::Text)],
            K::Organisation => vec![one("", Part::Main, Storage::Text), one("_number", Part::CorporateNumber, Storage::Text)],
            K::Person => vec![
                one("", Part::Main, Storage::Text),
                one("_email", Part::Email, Storage::Text),
                one("_phone", Part::Phone, Storage::Text),
            ],
            K::Attachment { .. } => vec![
                one("", Part::Main, Storage::Text),
                one("_sha256", Part::Sha256, Storage::Text),
                one("_media", Part::Media, Storage::Text),
                one("_size", Part::Size, Storage::Integer),
            ],
            K::Derived { stored_as, .. } => vec![one("", Part::Main, *stored_as)],
            K::Text { .. } | K::LongText { .. } | K::Date { .. } | K::Choice { .. } | K::Country => {
                vec![one("", Part::Main, Storage::Text)]
            }
        }
    }
}

/// A cross-field check.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Name.
    pub name: String,
    /// SQL over the record's own columns; false is an error, NULL passes.
    pub sql: String,
    /// Field at which the message appears.
    pub field: Option<String>,
    /// What to say.
    pub message: Pair,
    /// Where it is declared.
    pub place: Place,
}

/// A lifecycle state.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Name.
    pub name: String,
    /// Label.
    pub label: Pair,
}

/// A way from one state to another.
#[derive(Clone, Debug, Default)]
pub struct Transition {
    /// Name.
    pub name: String,
    /// Label (the button).
    pub label: Pair,
    /// States it may start from.
    pub from: Vec<String>,
    /// State it leads to.
    pub to: String,
    /// Fields that must be filled by then.
    pub require: Vec<String>,
    /// Whoever makes it must say why.
    pub reason: bool,
    /// Where it is declared.
    pub place: Place,
}

/// One `records/*.csv` file, still text.
#[derive(Clone, Debug, Default)]
pub struct RecordFile {
    /// Register the rows belong to.
    pub register: String,
    /// Path inside the pack.
    pub file: String,
    /// Column names.
    pub header: Vec<String>,
    /// Rows with their lines (from 1, header = 1).
    pub rows: Vec<(usize, Vec<String>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_demands_what_every_way_to_it_demands() {
        let state = |name: &str| State { name: name.into(), ..State::default() };
        let way = |from: &[&str], to: &str, require: &[&str]| Transition {
            from: from.iter().map(|s| s.to_string()).collect(),
            to: to.into(),
            require: require.iter().map(|s| s.to_string()).collect(),
            ..Transition::default()
        };
        let register = Register {
            states: ["draft", "reported", "confirmed", "withdrawn", "taken_over"].map(state).to_vec(),
            transitions: vec![
                way(&["draft"], "reported", &["outcome"]),
                way(&["reported"], "draft", &[]),
                way(&["reported"], "confirmed", &["checked_on"]),
                way(&["confirmed"], "reported", &[]),
                way(&["draft", "reported"], "withdrawn", &["why"]),
            ],
            ..Register::default()
        };
        let demanded = |state| Vec::from_iter(register.demanded_in(state));
        assert_eq!(demanded("draft"), [""; 0]);
        assert_eq!(demanded("reported"), ["outcome"], "also after it was confirmed and reopened");
        assert_eq!(demanded("confirmed"), ["checked_on", "outcome"]);
        assert_eq!(demanded("withdrawn"), ["why"]);
        assert_eq!(demanded("taken_over"), [""; 0], "no transition leads there");
    }
}
