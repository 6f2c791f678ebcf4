//! A matrix of two dimensions as a shaded table: every cell has its number, the shade only helps the eye.

use maud::{Markup, PreEscaped, html};

/// A matrix.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Caption.
    pub caption: String,
    /// What the rows are.
    pub row_head: String,
    /// What the columns are.
    pub column_head: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells, row by row; none where nothing was reported.
    pub cells: Vec<Vec<Cell>>,
    /// Totals of the columns (a row below), when the indicator gives them.
    pub column_totals: Option<Vec<Cell>>,
    /// Totals of the rows (a column at the right), when the indicator gives them.
    pub row_totals: Option<Vec<Cell>>,
    /// Total of all.
    pub total: Option<Cell>,
    /// Word for totals.
    pub total_word: String,
}

/// A cell: how it reads, and how strongly it is shaded.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Content.
    pub content: PreEscaped<String>,
    /// Number behind it.
    pub value: Option<f64>,
}

/// Steps of shade.
const STEPS: f64 = 7.0;

/// Draws the table. `greatest` is the value with the fullest shade, shared by matrices that stand side by side.
pub fn matrix(m: &Matrix, greatest: f64) -> Markup {
    let shade = |cell: &Cell| match cell.value {
        Some(v) if v > 0.0 && greatest > 0.0 => format!("num shade-{}", (v / greatest * STEPS).ceil().clamp(1.0, STEPS)),
        _ => "num".to_string(),
    };
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(m.caption) {
            table class="matrix" {
                caption { (m.caption) }
                thead {
                    tr {
                        th scope="col" class="corner" { span class="axis-row" { (m.row_head) } " ＼ " span class="axis-column" { (m.column_head) } }
                        @for column in &m.columns { th scope="col" { (column) } }
                        @if m.row_totals.is_some() { th scope="col" class="total" { (m.total_word) } }
                    }
                }
                tbody {
                    @for (i, row) in m.rows.iter().enumerate() {
                        tr {
                            th scope="row" { (row) }
                            @for cell in m.cells.get(i).into_iter().flatten() { td class=(shade(cell)) { (cell.content) } }
                            @if let Some(cell) = m.row_totals.as_ref().and_then(|t| t.get(i)) { td class="num total" { (cell.content) } }
                        }
                    }
                    @if let Some(totals) = &m.column_totals {
                        tr class="total" {
                            th scope="row" { (m.total_word) }
                            @for cell in totals { td class="num total" { (cell.content) } }
                            @if m.row_totals.is_some() {
                                td class="num total" { @if let Some(cell) = &m.total { (cell.content) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
