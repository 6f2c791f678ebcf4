//! CSV and TSV.

use super::{HEAD, Kind, Limits, Row, Rows, SheetError};

/// Bytes looked at to find the delimiter.
const SAMPLE: usize = 256 << 10;

/// The delimiter of a text: of `,`, tab and `;` the one that makes most headings known in one row, or else the one
/// most frequent in the first line.
pub(super) fn delimiter(text: &str, known: &dyn Fn(&str) -> bool) -> u8 {
    let end = (0..=SAMPLE.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let sample = &text[..end];
    let first = sample.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let score = |delimiter: &u8| {
        let mut rows = rows(sample, *delimiter, Limits::default());
        let mut row = Row::default();
        let mut headings = 0;
        for _ in 0..HEAD {
            // A row that does not read ends the sample: the real reading will say what is wrong with it.
            if !rows.next(&mut row).unwrap_or(false) {
                break;
            }
            headings = headings.max(row.texts().filter(|t| known(t)).count());
        }
        (headings, first.bytes().filter(|b| b == delimiter).count())
    };
    // `max_by_key` takes the last of equals: the comma.
    [b';', b'\t', b','].into_iter().max_by_key(score).unwrap_or(b',')
}

/// Rows of a text.
pub(super) fn rows(text: &str, delimiter: u8, limits: Limits) -> Delimited<'_> {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    Delimited { text, reader, record: csv::StringRecord::new(), number: 0, cells: 0, limits }
}

pub(super) struct Delimited<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    number: usize,
    cells: u64,
    limits: Limits,
}

impl Delimited<'_> {
    fn at(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX)
    }

    /// Rows that are empty lines: the CSV reader skips them in silence, a spreadsheet counts them.
    fn empty_lines(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at();
        // The reader stops between \r and \n of one line end.
        if at > 0 && bytes.get(at - 1) == Some(&b'\r') && bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
        let mut lines = 0;
        loop {
            at += match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'\r'), Some(b'\n')) => 2,
                (Some(b'\r' | b'\n'), _) => 1,
                _ => return lines,
            };
            lines += 1;
        }
    }

    /// A value that runs over lines to the very end without a quote there, in a text with an odd number of quotes,
    /// was never closed.
    fn unclosed_quote(&self) -> bool {
        self.at() >= self.text.len()
            && !self.text.trim_end_matches(['\n', '\r']).ends_with('"')
            && self.record.iter().next_back().is_some_and(|f| f.contains(['\n', '\r']))
            && memchr::memchr_iter(b'"', self.text.as_bytes()).count() % 2 == 1
    }
}

impl Rows for Delimited<'_> {
    fn next(&mut self, row: &mut Row) -> Result<bool, SheetError> {
        loop {
            self.number += self.empty_lines();
            // The text is valid UTF-8 and rows may have any length: nothing is left that could fail.
            if !self.reader.read_record(&mut self.record).unwrap_or(false) {
                return Ok(false);
            }
            self.number += 1;
            if self.unclosed_quote() {
                return Err(SheetError::UnclosedQuote { row: self.number });
            }
            if self.record.len() > self.limits.columns {
                return Err(SheetError::TooManyColumns { row: self.number, limit: self.limits.columns });
            }
            self.cells += self.record.len() as u64;
            if self.cells > self.limits.cells {
                return Err(SheetError::TooManyCells { row: self.number, limit: self.limits.cells });
            }
            row.start(self.number);
            for field in &self.record {
                row.push(field, Kind::Text);
            }
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        (self.reader.position().byte(), self.text.len() as u64)
    }
}
