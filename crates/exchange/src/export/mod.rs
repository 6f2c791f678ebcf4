//! Files out: lists of records, figures and any table, as CSV, XLSX or JSON.
//!
//! A file says where it comes from: the second sheet of a workbook and the head of JSON name pack, version, moment
//! and citation. What is exported by names or labels can be imported again.

mod columns;
mod conditions;
mod csv;
pub mod figures;
mod json;
mod labels;
mod records;
mod reference;
mod table;
mod workbook;

pub use records::records;
pub use table::{About, Column, Kind, Table, Value};

use crate::{Cancelled, Progress, tell};
use shirube_plan::Lang;
use shirube_snapshot::SnapshotError;
use std::io::{self, Write};

/// File format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, UTF-8.
    #[default]
    Csv,
    /// Tab-separated, UTF-8.
    Tsv,
    /// Excel workbook.
    Xlsx,
    /// JSON.
    Json,
}

impl Format {
    /// The word for it, also the ending of file names: `csv`, `tsv`, `xlsx`, `json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
        }
    }

    /// The word read back.
    pub fn parse(word: &str) -> Option<Self> {
        [Format::Csv, Format::Tsv, Format::Xlsx, Format::Json].into_iter().find(|f| f.as_str() == word)
    }

    /// Media type for HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Tsv => "text/tab-separated-values; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
        }
    }
}

/// What stands in the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// Column names, the same in every language.
    #[default]
    Names,
    /// Labels in the language of the options.
    Labels,
}

/// How codes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codes {
    /// As codes.
    #[default]
    Codes,
    /// As labels in the language of the options, where the label names no other code.
    Labels,
}

/// How to write a file.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// Format.
    pub format: Format,
    /// Language of labels, words for missing values and the second sheet.
    pub lang: Lang,
    /// Header.
    pub header: Header,
    /// Codes.
    pub codes: Codes,
    /// Begin CSV and TSV with a byte-order mark, without which Excel takes UTF-8 for CP932.
    pub bom: bool,
    /// Columns by name, in order; all when empty.
    pub columns: Vec<String>,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The place written to refused.
    #[error("writing the file failed: {0}")]
    Io(#[from] io::Error),
    /// The workbook could not be made.
    #[error("making the workbook failed: {0}")]
    Workbook(String),
    /// More rows than a sheet holds.
    #[error("a sheet holds {limit} rows and there are more; narrow the list or export CSV")]
    TooManyRows {
        /// Rows a sheet holds beside the header.
        limit: u32,
    },
    /// A longer text than a cell of a workbook holds.
    #[error("row {row}, column `{column}`: a cell of a workbook holds {limit} characters and the text has more; export CSV or JSON")]
    TextTooLong {
        /// Row in the file, from 1.
        row: u32,
        /// Column.
        column: String,
        /// Characters a cell holds.
        limit: usize,
    },
    /// More columns than a sheet holds.
    #[error("a sheet holds {limit} columns and there are more; choose columns or export CSV")]
    TooManyColumns {
        /// Columns a sheet holds.
        limit: usize,
    },
    /// The pack declares no such register.
    #[error("the pack has no register `{0}`")]
    NoSuchRegister(String),
    /// The register has no such column.
    #[error("register `{register}` has no column `{name}`; its columns: {}", columns.join(", "))]
    NoSuchColumn {
        /// Column asked for.
        name: String,
        /// Register.
        register: String,
        /// Columns there are.
        columns: Vec<String>,
    },
    /// Reading the records failed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A row that does not have the table's columns.
    #[error("a row has {found} values for {columns} columns")]
    WrongWidth {
        /// Columns of the table.
        columns: usize,
        /// Values of the row.
        found: usize,
    },
    /// Cancelled by the one who asked for it.
    #[error("cancelled")]
    Cancelled,
}

impl From<rusqlite::Error> for ExportError {
    fn from(error: rusqlite::Error) -> Self {
        ExportError::Snapshot(SnapshotError::Sqlite(error))
    }
}

impl From<Cancelled> for ExportError {
    fn from(_: Cancelled) -> Self {
        ExportError::Cancelled
    }
}

/// Writes a table row by row.
pub struct Writer<'a> {
    columns: usize,
    rows: u64,
    sink: Box<dyn Sink + 'a>,
}

impl<'a> Writer<'a> {
    /// Begins a file.
    pub fn new(table: &'a Table, options: &'a ExportOptions, out: &'a mut (dyn Write + Send)) -> Result<Self, ExportError> {
        let sink: Box<dyn Sink + 'a> = match options.format {
            Format::Csv => Box::new(csv::Csv::new(table, options, b',', out)?),
            Format::Tsv => Box::new(csv::Csv::new(table, options, b'\t', out)?),
            Format::Xlsx => Box::new(workbook::Workbook::new(table, options, out)?),
            Format::Json => Box::new(json::Json::new(table, options, out)?),
        };
        Ok(Writer { columns: table.columns.len(), rows: 0, sink })
    }

    /// Writes a row: one value per column.
    pub fn row(&mut self, values: &[Value]) -> Result<(), ExportError> {
        if values.len() != self.columns {
            return Err(ExportError::WrongWidth { columns: self.columns, found: values.len() });
        }
        self.rows += 1;
        self.sink.row(values)
    }

    /// Ends the file. `about` is what is known only now, beside the table's own facts. Gives the number of rows.
    pub fn finish(self, about: &About) -> Result<u64, ExportError> {
        self.sink.finish(about)?;
        Ok(self.rows)
    }
}

/// A format.
trait Sink {
    fn row(&mut self, values: &[Value]) -> Result<(), ExportError>;
    fn finish(self: Box<Self>, about: &About) -> Result<(), ExportError>;
}

/// How often progress is told.
const STEP: u64 = 1000;

/// Writes a whole table; `total` is how many rows are expected (0 when unknown). Gives the number of rows.
pub fn table(
    table: &Table,
    total: u64,
    rows: impl IntoIterator<Item = Vec<Value>>,
    options: &ExportOptions,
    out: &mut (dyn Write + Send),
    progress: Progress,
) -> Result<u64, ExportError> {
    let mut writer = Writer::new(table, options, out)?;
    for row in rows {
        writer.row(&row)?;
        if writer.rows.is_multiple_of(STEP) {
            tell(progress, writer.rows, total)?;
        }
    }
    writer.finish(&About::default())
}

/// A value as text, for formats without types.
fn text(value: &Value, lang: Lang) -> std::borrow::Cow<'_, str> {
    match value {
        Value::Blank => "".into(),
        Value::Missing(word) => shirube_record::input::missing_label(word, lang).into(),
        Value::Text(text) => text.into(),
        Value::Integer(n) => n.to_string().into(),
        Value::Real(x) => x.to_string().into(),
        Value::List(texts) => texts.join(";").into(),
        Value::Rows(_) => "".into(),
    }
}

/// The heading of a column.
fn heading<'t>(column: &'t Column, options: &ExportOptions) -> &'t str {
    match options.header {
        Header::Names => &column.name,
        Header::Labels => column.label.get(options.lang),
    }
}

#[cfg(test)]
mod tests;
