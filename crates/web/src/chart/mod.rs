//! Charts, drawn on the server as SVG.
//!
//! A chart is a drawing of a table that always stands beside it, so the drawing may leave out what does not fit.
//! Colours come from CSS custom properties (light, dark, paper); series differ by marker, dash and pattern as
//! well as by colour. Missing values leave a gap with a sign, small n is drawn hollow, a break of the series cuts
//! the line. Pure functions over [`Frame`]: no pack, no SQL.

mod axis;
mod bars;
mod line;
mod matrix;
mod spark;
mod svg;

pub use axis::{Axis, place_periods};
pub use bars::{bars, columns};
pub use line::line;
pub use matrix::{Cell, Matrix, matrix};
pub use spark::spark;
pub use svg::patterns;

use maud::{Markup, html};

/// Series a chart can tell apart; more than that is a table's work.
pub const MOST_SERIES: usize = 6;

/// What a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Unique on the page; ties title and description to the drawing.
    pub id: String,
    /// Heading, read first by a screen reader.
    pub title: String,
    /// What can be seen, in words.
    pub desc: String,
    /// Positions along x, ascending.
    pub x: Vec<Tick>,
    /// Series, at most [`MOST_SERIES`].
    pub series: Vec<Series>,
    /// Scale and unit of y.
    pub axis: Axis,
    /// Indices of x before which the series breaks, with the words of the mark.
    pub breaks: Vec<(usize, String)>,
    /// Path to a target: points along x, and the words of the mark at its end.
    pub path: Option<Path>,
}

/// A position along x.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tick {
    /// What is written below it.
    pub label: String,
    /// Where it stands, in any linear measure (years).
    pub at: f64,
}

/// One series, with a point for every tick.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Name.
    pub label: String,
    /// Points.
    pub points: Vec<Point>,
}

/// A point of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// Nothing is expected here (the future, another series' period).
    Blank,
    /// There is no number: sign and reason.
    Absent {
        /// One character.
        sign: &'static str,
        /// Reason in words.
        word: String,
    },
    /// A number.
    Value {
        /// In the axis' scale-free unit.
        value: f64,
        /// As it reads.
        text: String,
        /// Below the least n: drawn hollow.
        small: bool,
        /// Computed ahead, not observed: drawn hollow, reached by a broken line.
        projected: bool,
    },
}

impl Point {
    /// The number, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self {
            Point::Value { value, .. } => Some(*value),
            _ => None,
        }
    }
}

/// A path to a target.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Words at its end.
    pub label: String,
    /// Place along x (as in [`Tick::at`]) and value, ascending.
    pub points: Vec<(f64, f64)>,
}

impl Frame {
    /// All numbers drawn, for the scale.
    fn values(&self) -> impl Iterator<Item = f64> {
        let series = self.series.iter().flat_map(|s| s.points.iter().filter_map(Point::value));
        series.chain(self.path.iter().flat_map(|p| p.points.iter().map(|(_, v)| *v)))
    }

    /// Has a projected point at this tick.
    fn is_projected(&self, i: usize) -> bool {
        self.series.iter().any(|s| matches!(s.points.get(i), Some(Point::Value { projected: true, .. })))
    }

    /// Nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.values().next().is_none()
    }
}

/// Names of the series with the sign each is drawn with.
fn legend(frame: &Frame, swatch: fn(usize) -> Markup) -> Markup {
    html! {
        @if frame.series.len() > 1 {
            ul class="legend" {
                @for (i, series) in frame.series.iter().enumerate() {
                    li { (swatch(i)) " " (series.label) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
