//! XLSX: one sheet with the rows, one that says where they come from. Rows go to a temporary file as they come, so
//! that memory does not grow with them.

use super::{About, ExportError, ExportOptions, Kind, Sink, Table, Value, heading, text};
use crate::guard;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook as Book, Worksheet, XlsxError};
use shirube_plan::Lang;
use std::io::Write;
use zip::result::ZipError;

/// Rows of a sheet beside the header.
const ROWS: u32 = 1_048_575;
/// Columns of a sheet.
const COLUMNS: usize = 16_384;
/// Characters of a cell.
const CHARACTERS: usize = 32_767;
/// Whole numbers beyond this lose digits in a spreadsheet and are written as text.
const EXACT: i64 = 999_999_999_999_999;

pub(super) struct Workbook<'a> {
    out: &'a mut (dyn Write + Send),
    book: Book,
    sheet: Worksheet,
    table: &'a Table,
    formats: Vec<Format>,
    options: &'a ExportOptions,
    row: u32,
}

impl<'a> Workbook<'a> {
    pub fn new(table: &'a Table, options: &'a ExportOptions, out: &'a mut (dyn Write + Send)) -> Result<Self, ExportError> {
        if table.columns.len() > COLUMNS {
            return Err(ExportError::TooManyColumns { limit: COLUMNS });
        }
        let mut book = Book::new();
        // The same content is the same file, whenever it is written.
        let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
        book.set_properties(&DocProperties::new().set_title(table.label.get(options.lang)).set_creation_datetime(&day));
        let mut sheet = book.new_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(sheet_name(table.label.get(options.lang))).map_err(failed)?;
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        sheet.set_repeat_rows(0, 0).map_err(failed)?;
        sheet.set_landscape();
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter)
            .set_background_color(Color::RGB(0xDDE6F0))
            .set_border_bottom(FormatBorder::Thin);
        let mut formats = vec![];
        for (i, column) in (0..).zip(&table.columns) {
            sheet.set_column_width(i, width(column.kind)).map_err(failed)?;
            formats.push(format(column.kind));
        }
        for (i, column) in (0..).zip(&table.columns) {
            sheet.write_string_with_format(0, i, heading(column, options), &head).map_err(failed)?;
        }
        Ok(Workbook { out, book, sheet, table, formats, options, row: 0 })
    }

    fn cell(&mut self, column: u16, value: &Value) -> Result<(), XlsxError> {
        let (row, format) = (self.row, &self.formats[usize::from(column)]);
        let kind = self.table.columns[usize::from(column)].kind;
        match value {
            Value::Blank => return Ok(()),
            Value::Integer(n) if (-EXACT..=EXACT).contains(n) => {
                self.sheet.write_number_with_format(row, column, *n as f64, format)?;
            }
            Value::Real(x) if fifteen_digits(*x) => {
                self.sheet.write_number_with_format(row, column, *x, format)?;
            }
            Value::Text(text)
                if kind == Kind::Date
                    && let Some(day) = date(text) =>
            {
                self.sheet.write_datetime_with_format(row, column, &day, format)?;
            }
            Value::Text(_) | Value::List(_) => {
                self.sheet.write_string_with_format(row, column, guard::workbook(&text(value, self.options.lang)), format)?;
            }
            _ => {
                self.sheet.write_string(row, column, text(value, self.options.lang))?;
            }
        }
        Ok(())
    }

    fn about(&mut self, about: &About) -> Result<(), XlsxError> {
        let lang = self.options.lang;
        let mut sheet = self.book.new_worksheet_with_constant_memory()?;
        let name = match lang {
            Lang::Ja => "このファイルについて",
            Lang::En => "About this file",
        };
        // A sheet cannot have the name of another.
        sheet.set_name(if self.sheet.name() == name { format!("{name} (2)") } else { name.to_owned() })?;
        sheet.set_column_width(0, 24)?;
        sheet.set_column_width(1, 90)?;
        let (bold, wrap) =
            (Format::new().set_bold().set_align(FormatAlign::Top), Format::new().set_text_wrap().set_align(FormatAlign::Top));
        for (row, (_, label, value)) in (0..).zip(self.table.about.facts.iter().chain(&about.facts)) {
            sheet.write_string_with_format(row, 0, label.get(lang), &bold)?;
            sheet.write_string_with_format(row, 1, value.get(lang), &wrap)?;
        }
        self.book.push_worksheet(sheet);
        Ok(())
    }
}

impl Sink for Workbook<'_> {
    fn row(&mut self, values: &[Value]) -> Result<(), ExportError> {
        if self.row == ROWS {
            return Err(ExportError::TooManyRows { limit: ROWS });
        }
        self.row += 1;
        for (column, value) in (0..).zip(values) {
            self.cell(column, value).map_err(|error| match error {
                XlsxError::MaxStringLengthExceeded => ExportError::TextTooLong {
                    row: self.row + 1,
                    column: self.table.columns[usize::from(column)].name.clone(),
                    limit: CHARACTERS,
                },
                other => failed(other),
            })?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, about: &About) -> Result<(), ExportError> {
        if let Some(last) = u16::try_from(self.table.columns.len()).ok().and_then(|n| n.checked_sub(1)) {
            self.sheet.autofilter(0, 0, self.row, last).map_err(failed)?;
        }
        let sheet = std::mem::take(&mut self.sheet);
        self.sheet.set_name(sheet.name()).map_err(failed)?;
        self.book.push_worksheet(sheet);
        self.about(about).map_err(failed)?;
        self.book.save_to_writer(&mut *self.out).map_err(failed)?;
        Ok(self.out.flush()?)
    }
}

fn failed(error: XlsxError) -> ExportError {
    match error {
        XlsxError::IoError(e) | XlsxError::ZipError(ZipError::Io(e)) => ExportError::Io(e),
        other => ExportError::Workbook(other.to_string()),
    }
}

/// A name a sheet may have: 31 characters, none of `[]:*?/\`, no apostrophe at either end.
fn sheet_name(label: &str) -> String {
    let clean: String = label.chars().map(|c| if "[]:*?/\\".contains(c) { ' ' } else { c }).collect();
    let mut name = String::new();
    for c in clean.trim().trim_matches('\'').chars() {
        // Excel counts UTF-16 units.
        if name.encode_utf16().count() + c.len_utf16() > 31 {
            break;
        }
        name.push(c);
    }
    match name.trim().trim_matches('\'') {
        "" => "1".to_owned(),
        name => name.to_owned(),
    }
}

fn width(kind: Kind) -> f64 {
    match kind {
        Kind::Text => 20.0,
        Kind::Long => 60.0,
        Kind::Integer | Kind::Decimal(_) => 14.0,
        Kind::Plain => 9.0,
        Kind::Date => 12.0,
    }
}

fn format(kind: Kind) -> Format {
    let plain = Format::new();
    match kind {
        Kind::Text => plain.set_align(FormatAlign::Top),
        Kind::Long => plain.set_text_wrap().set_align(FormatAlign::Top),
        Kind::Integer => plain.set_num_format("#,##0").set_align(FormatAlign::Top),
        Kind::Decimal(Some(places)) if places > 0 => {
            plain.set_num_format(format!("#,##0.{}", "0".repeat(usize::from(places.min(30))))).set_align(FormatAlign::Top)
        }
        Kind::Decimal(Some(_)) => plain.set_num_format("#,##0").set_align(FormatAlign::Top),
        Kind::Decimal(None) => plain.set_align(FormatAlign::Top),
        Kind::Plain => plain.set_num_format("0").set_align(FormatAlign::Top),
        Kind::Date => plain.set_num_format("yyyy-mm-dd").set_align(FormatAlign::Top),
    }
}

/// A spreadsheet holds fifteen digits; a number with more is written as text.
fn fifteen_digits(x: f64) -> bool {
    x.is_finite() && format!("{x:.14e}").parse() == Ok(x)
}

/// A day that a spreadsheet can hold: from March 1900, before which its calendar has a day too many.
fn date(text: &str) -> Option<ExcelDateTime> {
    let day: jiff::civil::Date = if text.len() == 10 { text.parse().ok()? } else { return None };
    if day < jiff::civil::date(1900, 3, 1) {
        return None;
    }
    ExcelDateTime::from_ymd(day.year().try_into().ok()?, day.month().try_into().ok()?, day.day().try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_label_makes_a_sheet_name() {
        assert_eq!(sheet_name("研究開発課題"), "研究開発課題");
        assert_eq!(sheet_name("'a/b'[c]:?"), "a b' c");
        assert_eq!(sheet_name("***"), "1");
        assert_eq!(sheet_name(&"長".repeat(40)).chars().count(), 31);
    }

    #[test]
    fn numbers_that_would_lose_digits_are_text() {
        assert!(fifteen_digits(0.1) && fifteen_digits(1.65e12) && fifteen_digits(-2.5));
        assert!(!fifteen_digits(0.1 + 0.2) && !fifteen_digits(f64::NAN));
    }

    #[test]
    fn days_before_march_1900_are_text() {
        assert!(date("1900-03-01").is_some() && date("9999-12-31").is_some());
        assert!(date("1900-02-28").is_none() && date("2023-02-30").is_none() && date("2023").is_none() && date("20230301x").is_none());
    }
}
