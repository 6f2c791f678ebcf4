//! XLSX, cell by cell.
//!
//! The workbook's parts are unpacked once only to be counted before anything is kept: a small file that unpacks
//! without end is refused at the limit, not when memory is gone.

use super::{Damage, Kind, Limits, Row, Rows, SheetError, SheetOptions};
use calamine::{DataRef, Dimensions, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use memchr::memmem;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Bytes<'a> = Cursor<&'a [u8]>;

/// An opened workbook and the sheet to read.
pub(super) struct Workbook<'a> {
    book: Xlsx<Bytes<'a>>,
    pub(super) sheet: String,
    merged: Vec<Dimensions>,
    /// Cells that show their number as a percentage, in order.
    percent: Vec<(u32, u32)>,
    /// What a bare number is: in a workbook that counts days from 1904 it must not be taken for a day.
    bare: Kind,
    limits: Limits,
}

/// Opens a workbook within the limits.
pub(super) fn open<'a>(bytes: &'a [u8], options: &SheetOptions) -> Result<Workbook<'a>, SheetError> {
    let has_merged = unpack(bytes, &options.limits)?;
    let mut book: Xlsx<Bytes<'a>> = guarded(|| Xlsx::new(Cursor::new(bytes)))?;
    let sheet = choose(&book, options.sheet.as_deref())?;
    let merged = if has_merged { guarded(|| book.merge_cells_by_sheet_name(&sheet))? } else { vec![] };
    let bare = if book.has_1904_epoch() { Kind::Text } else { Kind::Number };
    let percent = percent(&mut book, &sheet)?;
    Ok(Workbook { book, sheet, merged, percent, bare, limits: options.limits })
}

fn choose(book: &Xlsx<Bytes>, name: Option<&str>) -> Result<String, SheetError> {
    let names = || book.sheet_names();
    match name {
        Some(name) if names().iter().any(|n| n == name) => Ok(name.to_owned()),
        Some(name) => Err(SheetError::NoSuchSheet { name: name.to_owned(), sheets: names() }),
        None => {
            let shown = book.sheets_metadata().iter().find(|s| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible);
            shown.map(|s| s.name.clone()).or_else(|| names().into_iter().next()).ok_or(SheetError::Empty)
        }
    }
}

/// Cells that show 0.331 as 33.1%: what is seen is what is meant.
fn percent(book: &mut Xlsx<Bytes>, sheet: &str) -> Result<Vec<(u32, u32)>, SheetError> {
    let mut cells = guarded(|| book.worksheet_cells_reader(sheet))?;
    let shows = |style: &calamine::Style| style.number_format.as_ref().is_some_and(|f| f.format_code.contains('%'));
    let styles: Vec<bool> = cells.styles().iter().map(shows).collect();
    let mut found = vec![];
    // Few workbooks have such cells; the others are not read twice.
    if styles.contains(&true) {
        while let Some((row, column, style)) = guarded(|| cells.next_style_id())? {
            if styles.get(style) == Some(&true) {
                found.push((row, column));
            }
        }
        found.sort_unstable();
    }
    Ok(found)
}

/// Unpacks all parts to nothing, counting; tells whether any cells are merged.
fn unpack(bytes: &[u8], limits: &Limits) -> Result<bool, SheetError> {
    let damaged = || SheetError::Damaged(Damage::Archive);
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if zip.len() > limits.parts {
        return Err(SheetError::TooManyParts { limit: limits.parts });
    }
    let limit = limits.unpacked;
    if !zip.file_names().flatten().any(|n| n.to_ascii_lowercase().ends_with("workbook.xml")) {
        return Err(SheetError::NotAWorkbook);
    }
    let needles = [memmem::Finder::new("<!DOCTYPE"), memmem::Finder::new("mergeCell ")];
    let overlap = 16; // longer than a needle, so that none is missed between two chunks
    let mut chunk = vec![0; 64 << 10];
    let (mut unpacked, mut merged) = (0, false);
    for index in 0..zip.len() {
        let mut part = zip.by_index(index).map_err(|_| damaged())?;
        let mut kept = 0;
        loop {
            let read = part.read(&mut chunk[kept..]).map_err(|_| damaged())?;
            if read == 0 {
                break;
            }
            unpacked += read as u64;
            if unpacked > limit {
                return Err(SheetError::UnpacksTooLarge { limit });
            }
            let filled = kept + read;
            if needles[0].find(&chunk[..filled]).is_some() {
                return Err(SheetError::DocumentType { part: part.name().map(|n| n.into_owned()).unwrap_or_default() });
            }
            merged = merged || needles[1].find(&chunk[..filled]).is_some();
            kept = filled.min(overlap);
            chunk.copy_within(filled - kept..filled, 0);
        }
    }
    Ok(merged)
}

/// Runs a step of the XLSX reader. Its panics on malformed input are mistakes of the file, not of the program.
fn guarded<T, E>(step: impl FnOnce() -> Result<T, E>) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(read)) => Ok(read),
        // What the reader says of it is for programmers, and in their language.
        _ => Err(SheetError::Damaged(Damage::Content)),
    }
}

impl<'a> Workbook<'a> {
    /// The rows of the sheet.
    pub(super) fn rows(&mut self) -> Result<Sheet<'_, 'a>, SheetError> {
        // Only what spans rows matters: within a row the value stands where it belongs.
        let mut tall: Vec<Dimensions> = self.merged.iter().filter(|m| m.end.0 > m.start.0).copied().collect();
        tall.sort_by_key(|m| std::cmp::Reverse(m.start));
        let book = &mut self.book;
        let sheet = &self.sheet;
        let cells = guarded(|| book.worksheet_cells_reader(sheet))?;
        let percent = &self.percent;
        Ok(Sheet {
            percent,
            last: u64::from(cells.dimensions().end.0) + 1,
            cells,
            bare: self.bare,
            ended: false,
            ahead: None,
            limits: self.limits,
            read: 0,
            text: 0,
            at: 0,
            tall,
            open: BTreeMap::new(),
        })
    }
}

/// A cell read ahead: row and column from 0.
struct Ahead {
    row: u32,
    column: u32,
    text: String,
    kind: Kind,
}

/// A value merged over rows: it stands in the first and holds for the others.
struct Fill {
    last: u32,
    text: String,
    kind: Kind,
}

pub(super) struct Sheet<'w, 'a> {
    cells: XlsxCellReader<'w, Bytes<'a>>,
    percent: &'w [(u32, u32)],
    bare: Kind,
    ended: bool,
    ahead: Option<Ahead>,
    limits: Limits,
    /// Cells and bytes of text read so far, against the limits.
    read: u64,
    text: u64,
    /// Row being read and declared last row, from 1.
    at: u64,
    last: u64,
    /// Merged regions still to come, the first at the end, and those that reach the present row, by column.
    tall: Vec<Dimensions>,
    open: BTreeMap<u32, Fill>,
}

impl Sheet<'_, '_> {
    /// The next cell with something in it.
    fn cell(&mut self) -> Result<Option<Ahead>, SheetError> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while !self.ended {
            let cells = &mut self.cells;
            let Some(cell) = guarded(|| cells.next_cell_with_formula_metadata())? else {
                // The reader must not be asked again after the end.
                self.ended = true;
                break;
            };
            let (row, column) = cell.pos;
            let value = match cell.value {
                DataRef::Float(x) if self.percent.binary_search(&cell.pos).is_ok() => DataRef::String(format!("{}%", number(x * 100.0))),
                value => value,
            };
            if let Some((text, kind)) = text(value, cell.formula.is_some(), self.bare) {
                return Ok(Some(Ahead { row, column, text, kind }));
            }
        }
        Ok(None)
    }

    /// Counts a finished row against the limits.
    fn count(&mut self, row: &Row) -> Result<(), SheetError> {
        self.read += row.len() as u64;
        self.text += row.bytes() as u64;
        if self.read > self.limits.cells {
            return Err(SheetError::TooManyCells { row: row.number(), limit: self.limits.cells });
        }
        // One long text may be shared by many cells: small in the file, large here.
        if self.text > self.limits.unpacked {
            return Err(SheetError::UnpacksTooLarge { limit: self.limits.unpacked });
        }
        Ok(())
    }

    /// Repeats values merged over rows in the blank cells they cover.
    fn fill(&mut self, at: u32, row: &mut Row) {
        self.open.retain(|_, f| f.last >= at);
        for (column, fill) in &self.open {
            if row.kind(*column as usize).is_none() {
                row.set(*column as usize, &fill.text, fill.kind);
            }
        }
        while let Some(region) = self.tall.pop_if(|m| m.start.0 <= at) {
            let column = region.start.1 as usize;
            if region.start.0 == at
                && let Some(kind) = row.kind(column)
            {
                self.open.insert(region.start.1, Fill { last: region.end.0, text: row.get(column).to_owned(), kind });
            }
        }
    }
}

impl Rows for Sheet<'_, '_> {
    fn next(&mut self, row: &mut Row) -> Result<bool, SheetError> {
        loop {
            let Some(first) = self.cell()? else { return Ok(false) };
            let at = first.row;
            if u64::from(at) < self.at {
                return Err(SheetError::Damaged(Damage::Order { row: u64::from(at) + 1, before: self.at }));
            }
            self.at = u64::from(at) + 1;
            row.start(at as usize + 1);
            let mut next = Some(first);
            while let Some(cell) = next {
                if cell.row != at {
                    self.ahead = Some(cell);
                    break;
                }
                if cell.column as usize >= self.limits.columns {
                    return Err(SheetError::TooManyColumns { row: row.number(), limit: self.limits.columns });
                }
                row.set(cell.column as usize, &cell.text, cell.kind);
                next = self.cell()?;
            }
            if !row.is_blank() {
                self.fill(at, row);
                self.count(row)?;
                return Ok(true);
            }
            self.count(row)?;
        }
    }

    fn progress(&self) -> (u64, u64) {
        (self.at, self.last.max(self.at))
    }
}

/// A cell as text; none if blank.
fn text(value: DataRef, formula: bool, bare: Kind) -> Option<(String, Kind)> {
    match value {
        DataRef::Empty if formula => Some((String::new(), Kind::Uncomputed)),
        DataRef::Empty => None,
        DataRef::String(s) if s.is_empty() => None,
        DataRef::SharedString("") => None,
        DataRef::String(s) => Some((s, Kind::Text)),
        DataRef::SharedString(s) => Some((s.to_owned(), Kind::Text)),
        DataRef::Int(n) => Some((n.to_string(), bare)),
        DataRef::Float(x) => Some((number(x), bare)),
        DataRef::Bool(b) => Some((b.to_string(), Kind::Text)),
        DataRef::DateTime(d) if d.is_duration() => Some((number(d.as_f64()), Kind::Number)),
        DataRef::DateTime(d) => Some((date(d), Kind::Date)),
        DataRef::DateTimeIso(s) => Some((s.strip_suffix("T00:00:00").unwrap_or(&s).to_owned(), Kind::Date)),
        DataRef::DurationIso(s) => Some((s, Kind::Text)),
        DataRef::Error(e) => Some((e.to_string(), Kind::Error)),
    }
}

/// A number as a spreadsheet holds it: fifteen digits, so that a computed 0.1 + 0.2 reads 0.3.
fn number(x: f64) -> String {
    let rounded: f64 = format!("{x:.14e}").parse().unwrap_or(x);
    // Zero has no sign in a spreadsheet.
    if rounded == 0.0 { "0".into() } else { rounded.to_string() }
}

fn date(d: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = d.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
}

/// The day of a date serial without a date format, as it stands in a column of dates; none below 20,000 and from
/// 80,000 (1954 to 2119), where a bare number is more likely a year or a mistake than a day.
pub(crate) fn serial(text: &str) -> Option<String> {
    let serial: f64 = text.parse().ok().filter(|n: &f64| (20_000.0..80_000.0).contains(n) && n.fract() == 0.0)?;
    Some(date(ExcelDateTime::new(serial, calamine::ExcelDateTimeType::DateTime, false)))
}
