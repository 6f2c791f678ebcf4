//! A line over time, with gaps, breaks, small n and the path to a target.

use super::{Frame, Point, axis, legend, svg};
use maud::{Markup, html};
use svg::{c, drawing, marker, text_width};

const SIZE: f64 = 13.0;

/// Draws the lines; nothing when there is no number.
pub fn line(frame: &Frame) -> Markup {
    if frame.is_empty() {
        return html! {};
    }
    let plot = Plot::new(frame);
    let inside = html! {
        (plot.grid())
        (plot.breaks())
        @if let Some(path) = &frame.path {
            path class="path" d=(plot.path_of(path.points.iter().map(|(at, v)| (plot.x_at(*at), plot.y(*v))))) {}
            @if let Some((at, value)) = path.points.last() {
                circle class="target" cx=(c(plot.x_at(*at))) cy=(c(plot.y(*value))) r="6" { title { (path.label) } }
                circle class="target-centre" cx=(c(plot.x_at(*at))) cy=(c(plot.y(*value))) r="2" {}
                text class="label" text-anchor="end" x=(c(plot.x_at(*at) + 6.0)) y=(c((plot.y(*value) - 11.0).max(SIZE))) { (path.label) }
            }
        }
        @for (s, series) in frame.series.iter().enumerate() {
            @for run in plot.runs(&series.points) {
                path class={ "line s" (s % 6 + 1) " dash" (s % 6 + 1) } d=(plot.path_of(run.into_iter())) {}
            }
            @for (from, to) in plot.ahead(&series.points) {
                path class={ "ahead s" (s % 6 + 1) } d=(plot.path_of([from, to].into_iter())) {}
            }
        }
        @for (s, series) in frame.series.iter().enumerate() {
            @for (i, point) in series.points.iter().enumerate() {
                (plot.point(s, i, point, &series.label))
            }
        }
    };
    html! { (drawing(frame, plot.width, plot.height, inside)) (legend(frame, svg::line_swatch)) }
}

struct Plot<'a> {
    frame: &'a Frame,
    marks: Vec<f64>,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl<'a> Plot<'a> {
    fn new(frame: &'a Frame) -> Self {
        let marks = axis::marks(frame.values(), frame.axis.scale);
        let label = marks.iter().map(|m| text_width(&axis::written(*m, frame.axis.scale), SIZE)).fold(0.0, f64::max);
        let (width, height) = if frame.x.len() > 8 { (640.0, 300.0) } else { (420.0, 260.0) };
        Plot { frame, marks, width, height, left: label + 12.0, right: width - 30.0, top: 30.0, bottom: height - 30.0 }
    }

    fn x(&self, i: usize) -> f64 {
        self.x_at(self.frame.x.get(i).map_or(0.0, |t| t.at))
    }

    fn x_at(&self, at: f64) -> f64 {
        let ticks = &self.frame.x;
        let (first, last) = (ticks.first().map_or(0.0, |t| t.at), ticks.last().map_or(0.0, |t| t.at));
        let share = if last > first { ((at - first) / (last - first)).clamp(0.0, 1.0) } else { 0.5 };
        self.left + 22.0 + share * (self.right - self.left - 22.0)
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = (self.marks.first().copied().unwrap_or(0.0), self.marks.last().copied().unwrap_or(1.0));
        self.bottom - (value - low) / (high - low) * (self.bottom - self.top)
    }

    fn grid(&self) -> Markup {
        let mut end = f64::NEG_INFINITY; // labels that would touch the one before are left out; the table has all
        let labels: Vec<(f64, &str)> = (0..self.frame.x.len())
            .filter_map(|i| {
                let (x, label) = (self.x(i), self.frame.x[i].label.as_str());
                let half = text_width(label, SIZE) / 2.0;
                (x - half > end).then(|| {
                    end = x + half + 5.0;
                    (x, label)
                })
            })
            .collect();
        html! {
            text class="unit" x="2" y=(c(SIZE)) { (self.frame.axis.unit) }
            @for mark in &self.marks {
                path class=(if *mark == 0.0 { "zero" } else { "grid" }) d={ "M" (c(self.left)) "," (c(self.y(*mark))) " H" (c(self.right + 8.0)) } {}
                text class="tick" text-anchor="end" x=(c(self.left - 6.0)) y=(c(self.y(*mark) + 4.5)) { (axis::written(*mark, self.frame.axis.scale)) }
            }
            @if let Some(first) = (0..self.frame.x.len()).find(|i| self.frame.is_projected(*i)) {
                // What lies ahead stands on another ground.
                @let x = if first == 0 { self.left } else { (self.x(first - 1) + self.x(first)) / 2.0 };
                rect class="ahead-ground" x=(c(x)) y=(c(self.top - 6.0)) width=(c(self.width - x)) height=(c(self.bottom - self.top + 6.0)) {}
            }
            @for (x, label) in labels {
                text class="tick" text-anchor="middle" x=(c(x)) y=(c(self.bottom + 20.0)) { (label) }
            }
        }
    }

    fn breaks(&self) -> Markup {
        html! {
            @for (i, words) in self.frame.breaks.iter().filter(|(i, _)| *i > 0 && *i < self.frame.x.len()) {
                @let x = (self.x(i - 1) + self.x(*i)) / 2.0;
                path class="break" d={ "M" (c(x)) "," (c(self.top - 6.0)) " V" (c(self.bottom)) } { title { (words) } }
                text class="break-label" text-anchor="middle" x=(c(x)) y=(c(self.top - 10.0)) { "≠" }
            }
        }
    }

    /// Points between gaps and breaks: only what is comparable is joined.
    fn runs(&self, points: &[Point]) -> Vec<Vec<(f64, f64)>> {
        let mut runs: Vec<Vec<(f64, f64)>> = vec![vec![]];
        for (i, point) in points.iter().enumerate() {
            if self.frame.breaks.iter().any(|(b, _)| *b == i) {
                runs.push(vec![]);
            }
            match point {
                Point::Value { projected: true, .. } => runs.push(vec![]),
                Point::Value { value, .. } => {
                    if let Some(run) = runs.last_mut() {
                        run.push((self.x(i), self.y(*value)));
                    }
                }
                Point::Absent { .. } => runs.push(vec![]),
                Point::Blank => {}
            }
        }
        runs.retain(|run| run.len() > 1);
        runs
    }

    /// Steps to projected points, from the value before.
    fn ahead(&self, points: &[Point]) -> Vec<((f64, f64), (f64, f64))> {
        let values: Vec<(usize, f64, bool)> = points
            .iter()
            .enumerate()
            .filter_map(|(i, p)| match p {
                Point::Value { value, projected, .. } => Some((i, *value, *projected)),
                _ => None,
            })
            .collect();
        let place = |(i, value, _): (usize, f64, bool)| (self.x(i), self.y(value));
        values.windows(2).filter(|w| w[1].2).map(|w| (place(w[0]), place(w[1]))).collect()
    }

    fn path_of(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.enumerate().map(|(i, (x, y))| format!("{}{},{}", if i == 0 { "M" } else { " L" }, c(x), c(y))).collect()
    }

    /// Moves the middle of a label so that all of it stays on the drawing.
    fn inside(&self, x: f64, text: &str) -> f64 {
        let half = text_width(text, SIZE) / 2.0;
        x.clamp(half.min(self.width / 2.0), (self.width - half).max(self.width / 2.0))
    }

    fn point(&self, series: usize, i: usize, point: &Point, label: &str) -> Markup {
        let x = self.x(i);
        let period = &self.frame.x[i].label;
        match point {
            Point::Blank => html! {},
            Point::Absent { sign, word } => html! {
                text class={ "absent-mark s" (series % 6 + 1) } text-anchor="middle" x=(c(x)) y=(c(self.bottom - 5.0 - 14.0 * series as f64)) { (sign) title { (period) " " (label) ": " (word) } }
            },
            Point::Value { value, text, small, projected } => {
                let y = self.y(*value);
                let written = self.frame.series.len() == 1 && self.frame.x.len() <= 8;
                html! {
                    (marker(series, x, y, *small || *projected, &format!("{period} {label}: {text}")))
                    @if written { text class="label" text-anchor="middle" x=(c(self.inside(x, text))) y=(c(y - 10.0)) { (text) } }
                }
            }
        }
    }
}
