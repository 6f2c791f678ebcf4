//! Fields of registers and the columns they are stored in (`[[field]]` of `registers/*.toml`).

use super::{Pair, Place};

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
