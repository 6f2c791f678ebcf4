//! Files with rows: CSV, TSV and XLSX read as one stream of rows of text.
//!
//! Reading is bounded: a file that unpacks to more than [`Limits`] allows is refused before it is held in memory.

mod delimited;
mod row;
mod text;
mod workbook;

pub use row::{Kind, Row};
pub use text::Encoding;
pub(crate) use workbook::serial;

/// What a reader of files accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes a workbook unpacks to, and bytes of text its cells hold together.
    pub unpacked: u64,
    /// Parts of a workbook's archive.
    pub parts: usize,
    /// Cells, blank ones between filled ones included.
    pub cells: u64,
    /// Columns.
    pub columns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 512 << 20, unpacked: 2 << 30, parts: 10_000, cells: 100_000_000, columns: 16_384 }
    }
}

/// How to read a file.
#[derive(Clone, Debug, Default)]
pub struct SheetOptions {
    /// Sheet of a workbook; the first visible one by default.
    pub sheet: Option<String>,
    /// Delimiter of a text file; found out by default.
    pub delimiter: Option<u8>,
    /// Bounds.
    pub limits: Limits,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Text {
        /// Its encoding.
        encoding: Encoding,
        /// `,`, `;` or tab.
        delimiter: u8,
    },
    /// XLSX.
    Workbook {
        /// The sheet that was read.
        sheet: String,
    },
}

/// A file that cannot be read as a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// More bytes than allowed.
    #[error("the file has {size} bytes, {limit} are allowed; split it")]
    TooLarge {
        /// Bytes of the file.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Neither UTF-8 nor CP932.
    #[error("line {line} is neither UTF-8 nor CP932 (Shift_JIS); save the file as UTF-8")]
    Encoding {
        /// Line of the first byte that is not UTF-8, from 1; 0 when unknown.
        line: usize,
    },
    /// A binary workbook, or one locked by a password.
    #[error("this is an old (.xls) or password-protected workbook; save it as .xlsx without a password")]
    OldWorkbook,
    /// A ZIP file without a workbook in it.
    #[error("this is not an Excel workbook; save it as .xlsx or CSV")]
    NotAWorkbook,
    /// A workbook that does not hold together.
    #[error("the workbook is damaged ({0}); open it in a spreadsheet and save it again")]
    Damaged(Damage),
    /// A workbook that unpacks to more than allowed.
    #[error("the workbook unpacks to more than {limit} bytes; split it or save it as CSV")]
    UnpacksTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// A workbook of more parts than allowed.
    #[error("the workbook is an archive of more than {limit} parts; save the sheet alone, or as CSV")]
    TooManyParts {
        /// Parts allowed.
        limit: usize,
    },
    /// A workbook with a document type, which could pull in other files.
    #[error("`{part}` of the workbook declares a document type, which no workbook needs; save it again in a spreadsheet")]
    DocumentType {
        /// Part of the workbook.
        part: String,
    },
    /// No sheet of that name.
    #[error("there is no sheet “{name}”; sheets: {}", sheets.join(", "))]
    NoSuchSheet {
        /// Name asked for.
        name: String,
        /// Names there are.
        sheets: Vec<String>,
    },
    /// More cells than allowed.
    #[error("row {row}: the table has more than {limit} cells; split it")]
    TooManyCells {
        /// Row where the limit was passed.
        row: usize,
        /// Cells allowed.
        limit: u64,
    },
    /// More columns than allowed.
    #[error("row {row} has more than {limit} columns; check delimiter and quotes")]
    TooManyColumns {
        /// The row.
        row: usize,
        /// Columns allowed.
        limit: usize,
    },
    /// A quote that is never closed swallows the rest of the file.
    #[error("row {row}: a value begins with a quotation mark (\") that is never closed; close it or double it")]
    UnclosedQuote {
        /// Row where the value begins.
        row: usize,
    },
    /// No row with anything in it.
    #[error("the file has no rows; write the column names in the first row")]
    Empty,
}

/// What of a workbook does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is no whole ZIP file.
    #[error("the file is cut off, or is no whole ZIP file")]
    Archive,
    /// A part of it is not what a workbook has there.
    #[error("a part of it cannot be read")]
    Content,
    /// Rows do not follow each other.
    #[error("row {row} comes after row {before}")]
    Order {
        /// The row.
        row: u64,
        /// The row that stands before it.
        before: u64,
    },
}

/// A stream of rows that are not blank, in file order.
pub(crate) trait Rows {
    /// Reads the next row into `row`; false at the end.
    fn next(&mut self, row: &mut Row) -> Result<bool, SheetError>;
    /// How far reading is, `done` of `total` in the source's own unit; a total of 0 is unknown.
    fn progress(&self) -> (u64, u64);
}

/// What stands above the data.
pub(crate) struct Head {
    /// What the file is.
    pub format: Format,
    /// The header.
    pub header: Row,
}

/// How many rows are searched for the header.
const HEAD: usize = 20;

/// Opens a file and hands its head and its data rows to `read`.
///
/// `known` says whether a text is a column's heading: the header is the row (of the first twenty) that knows most
/// headings, so that titles above it do no harm, and a text file's delimiter is the one that makes most headings
/// known.
pub(crate) fn read<T, E: From<SheetError>>(
    bytes: &[u8],
    options: &SheetOptions,
    known: &dyn Fn(&str) -> bool,
    read: impl FnOnce(Head, &mut dyn Rows) -> Result<T, E>,
) -> Result<T, E> {
    let limit = options.limits.bytes;
    if bytes.len() > limit {
        return Err(SheetError::TooLarge { size: bytes.len(), limit }.into());
    }
    match bytes {
        [b'P', b'K', 3..=8, ..] => {
            let mut workbook = workbook::open(bytes, options)?;
            let format = Format::Workbook { sheet: workbook.sheet.clone() };
            with_head(format, &mut workbook.rows()?, known, read)
        }
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(SheetError::OldWorkbook.into()),
        _ => {
            let (text, encoding) = text::decode(bytes)?;
            let delimiter = options.delimiter.unwrap_or_else(|| delimited::delimiter(&text, known));
            let format = Format::Text { encoding, delimiter };
            with_head(format, &mut delimited::rows(&text, delimiter, options.limits), known, read)
        }
    }
}

fn with_head<T, E: From<SheetError>>(
    format: Format,
    rows: &mut dyn Rows,
    known: &dyn Fn(&str) -> bool,
    read: impl FnOnce(Head, &mut dyn Rows) -> Result<T, E>,
) -> Result<T, E> {
    let mut first = vec![];
    let mut row = Row::default();
    while first.len() < HEAD && rows.next(&mut row)? {
        first.push(std::mem::take(&mut row));
    }
    let at = header(&first, known);
    let mut below = first.split_off(at.min(first.len()));
    if below.is_empty() {
        return Err(SheetError::Empty.into());
    }
    let head = Head { format, header: below.remove(0) };
    read(head, &mut Chained { first: below.into_iter(), rest: rows })
}

/// Index of the row with most known headings; the first of equals.
fn header(rows: &[Row], known: &dyn Fn(&str) -> bool) -> usize {
    let score = |row: &Row| row.texts().filter(|t| known(t)).count();
    let best = rows.iter().map(score).max().unwrap_or(0);
    rows.iter().position(|r| score(r) == best).unwrap_or(0)
}

/// Rows already read in search of the header, then the rest.
struct Chained<'a> {
    first: std::vec::IntoIter<Row>,
    rest: &'a mut dyn Rows,
}

impl Rows for Chained<'_> {
    fn next(&mut self, row: &mut Row) -> Result<bool, SheetError> {
        match self.first.next() {
            Some(first) => {
                *row = first;
                Ok(true)
            }
            None => self.rest.next(row),
        }
    }
    fn progress(&self) -> (u64, u64) {
        self.rest.progress()
    }
}

#[cfg(test)]
mod tests;
