//! A row as text.

/// What a cell was before it became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, also of every cell of a text file.
    Text,
    /// A number of a workbook.
    Number,
    /// A date of a workbook, written `YYYY-MM-DD` with `THH:MM:SS` if it has a time.
    Date,
    /// An error value of a workbook (`#REF!`).
    Error,
    /// A formula whose result was never stored.
    Uncomputed,
}

/// A row: its number in the file (from 1, as a spreadsheet shows it) and its cells.
///
/// The buffers are reused from row to row, so that a million rows need no million allocations.
#[derive(Clone, Debug, Default)]
pub struct Row {
    number: usize,
    text: String,
    cells: Vec<(usize, usize, Option<Kind>)>,
}

impl Row {
    /// Number of the row in the file, from 1.
    pub fn number(&self) -> usize {
        self.number
    }
    /// How many cells it has, blank ones included.
    pub fn len(&self) -> usize {
        self.cells.len()
    }
    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
    /// Text of a cell; empty if blank or beyond the row.
    pub fn get(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |(start, end, _)| &self.text[*start..*end])
    }
    /// What a cell was; none if blank.
    pub fn kind(&self, column: usize) -> Option<Kind> {
        self.cells.get(column).and_then(|c| c.2)
    }
    /// Texts of all cells.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(start, end, _)| &self.text[*start..*end])
    }
    /// Bytes of text it holds.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
    /// Whether nothing is in it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|c| c.2.is_none())
    }
    /// Empties it for the row with this number.
    pub(super) fn start(&mut self, number: usize) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }
    /// Adds a cell at the end. White space alone is blank.
    pub(super) fn push(&mut self, text: &str, kind: Kind) {
        let column = self.cells.len();
        self.set(column, text, kind);
    }
    /// Sets a cell, with blank ones before it if need be.
    pub(super) fn set(&mut self, column: usize, text: &str, kind: Kind) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, (0, 0, None));
        }
        // A formula without a result has no text and still is not blank.
        let blank = kind != Kind::Uncomputed && text.trim().is_empty();
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = (start, self.text.len(), (!blank).then_some(kind));
        }
    }
}
