//! Tables for the terminal: columns as wide as what stands in them, full-width characters counted as two.

use unicode_width::UnicodeWidthStr;

/// A table under construction: a header and rows of equal length.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

/// Space between columns.
const GAP: &str = "  ";

impl Table {
    /// A table with these column heads; those that begin with `>` are numbers and stand to the right.
    pub fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Table {
        let heads: Vec<&str> = heads.into_iter().collect();
        let right = heads.iter().map(|h| h.starts_with('>')).collect();
        let header = heads.iter().map(|h| h.trim_start_matches('>').to_string()).collect();
        Table { header, rows: vec![], right }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|c| one_line(&c)).collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, every line ended, nothing after its last character.
    pub fn text(&self) -> String {
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let width = |i: usize| lines().filter_map(|l| l.get(i)).map(|c| c.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
        let mut text = String::new();
        for line in [&self.header, &rule].into_iter().chain(&self.rows) {
            let cells: Vec<String> = widths.iter().enumerate().map(|(i, w)| self.cell(line, i, *w)).collect();
            text.push_str(cells.join(GAP).trim_end());
            text.push('\n');
        }
        text
    }

    fn cell(&self, line: &[String], i: usize, width: usize) -> String {
        let cell = line.get(i).map(String::as_str).unwrap_or_default();
        let space = " ".repeat(width.saturating_sub(cell.width()));
        if self.right.get(i) == Some(&true) { format!("{space}{cell}") } else { format!("{cell}{space}") }
    }
}

/// Line breaks, tabs and control signs become spaces: a cell is one line.
fn one_line(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_full_width_characters() {
        let mut table = Table::new(["区", ">本数", "注"]);
        table.row(["きた区".to_string(), "1,200".to_string(), String::new()]);
        table.row(["South".to_string(), "3".to_string(), "a\nb".to_string()]);
        assert_eq!(table.text(), "区       本数  注\n──────  ─────  ───\nきた区  1,200\nSouth       3  a b\n");
    }
}
