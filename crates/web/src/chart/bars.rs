//! Bars: upright over periods, lying for codes with long names. They start at zero.

use super::{Frame, Point, axis, legend, svg};
use maud::{Markup, html};
use svg::{c, drawing, fit, text_width};

const SIZE: f64 = 13.0;

/// Upright bars: groups of series over the ticks of x.
pub fn columns(frame: &Frame) -> Markup {
    if frame.is_empty() {
        return html! {};
    }
    let marks = axis::marks(frame.values(), frame.axis.scale);
    let left = marks.iter().map(|m| text_width(&axis::written(*m, frame.axis.scale), SIZE)).fold(0.0, f64::max) + 12.0;
    let (width, height) = if frame.x.len() * frame.series.len() > 12 { (640.0, 300.0) } else { (420.0, 260.0) };
    let (top, bottom) = (30.0, height - 30.0);
    let (low, high) = (marks.first().copied().unwrap_or(0.0), marks.last().copied().unwrap_or(1.0));
    let y = |v: f64| bottom - (v - low) / (high - low) * (bottom - top);
    let slot = (width - left - 8.0) / frame.x.len().max(1) as f64;
    let bar = (slot * 0.76 / frame.series.len().max(1) as f64).min(56.0);
    let start = |i: usize| left + slot * (i as f64 + 0.5) - bar * frame.series.len() as f64 / 2.0;
    let written = frame.series.len() == 1 || bar > 38.0;
    let inside = html! {
        text class="unit" x="2" y=(c(SIZE)) { (frame.axis.unit) }
        @for mark in &marks {
            path class=(if *mark == 0.0 { "zero" } else { "grid" }) d={ "M" (c(left)) "," (c(y(*mark))) " H" (c(width - 4.0)) } {}
            text class="tick" text-anchor="end" x=(c(left - 6.0)) y=(c(y(*mark) + 4.5)) { (axis::written(*mark, frame.axis.scale)) }
        }
        @for (i, tick) in frame.x.iter().enumerate() {
            text class="tick" text-anchor="middle" x=(c(left + slot * (i as f64 + 0.5))) y=(c(bottom + 20.0)) { (fit(&tick.label, SIZE, slot)) }
            @for (s, series) in frame.series.iter().enumerate() {
                @let x = start(i) + bar * s as f64;
                @match series.points.get(i) {
                    Some(Point::Value { value, text, small, projected }) => {
                        @let (from, to) = (y(value.max(0.0)), y(value.min(0.0)));
                        (rect(s, *small || *projected, (x + 1.0, from), (bar - 2.0, (to - from).max(1.0)), &format!("{} {}: {text}", tick.label, series.label)))
                        @if written { text class="label" text-anchor="middle" x=(c(x + bar / 2.0)) y=(c(from - 5.0)) { (text) } }
                    },
                    Some(Point::Absent { sign, word }) => {
                        text class="absent-mark" text-anchor="middle" x=(c(x + bar / 2.0)) y=(c(y(0.0) - 5.0)) { (sign) title { (tick.label) " " (series.label) ": " (word) } }
                    },
                    _ => {}
                }
            }
        }
        @for (i, words) in frame.breaks.iter().filter(|(i, _)| *i > 0 && *i < frame.x.len()) {
            @let x = left + slot * *i as f64;
            path class="break" d={ "M" (c(x)) "," (c(top - 6.0)) " V" (c(bottom)) } { title { (words) } }
            text class="break-label" text-anchor="middle" x=(c(x)) y=(c(top - 10.0)) { "≠" }
        }
    };
    html! { (drawing(frame, width, height, inside)) (legend(frame, svg::bar_swatch)) }
}

/// Lying bars: every tick of x gets a line with its full name and one bar per series below.
pub fn bars(frame: &Frame) -> Markup {
    if frame.is_empty() {
        return html! {};
    }
    let width = 420.0;
    let bar = 16.0;
    let block = 20.0 + (bar + 3.0) * frame.series.len() as f64 + 8.0;
    let height = block * frame.x.len() as f64 + 6.0;
    let label = frame
        .series
        .iter()
        .flat_map(|s| &s.points)
        .map(|p| match p {
            Point::Value { text, .. } => text_width(text, SIZE),
            Point::Absent { word, .. } => text_width(word, SIZE) + 18.0,
            Point::Blank => 0.0,
        })
        .fold(0.0, f64::max);
    let (low, high) = frame.values().fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    let span = if high > low { high - low } else { 1.0 };
    let room = width - label - 14.0;
    let x = |v: f64| 2.0 + (v - low) / span * room;
    let inside = html! {
        @for (i, tick) in frame.x.iter().enumerate() {
            @let top = block * i as f64 + 4.0;
            text class="label" x="2" y=(c(top + SIZE)) { (fit(&tick.label, SIZE, width - 4.0)) }
            @for (s, series) in frame.series.iter().enumerate() {
                @let y = top + 20.0 + (bar + 3.0) * s as f64;
                @match series.points.get(i) {
                    Some(Point::Value { value, text, small, projected }) => {
                        @let (from, to) = (x(value.min(0.0)), x(value.max(0.0)));
                        (rect(s, *small || *projected, (from, y), ((to - from).max(1.0), bar), &format!("{} {}: {text}", tick.label, series.label)))
                        text class="label" x=(c(to + 6.0)) y=(c(y + 12.5)) { (text) }
                    },
                    Some(Point::Absent { sign, word }) => { text class="absent-mark" x=(c(x(0.0) + 6.0)) y=(c(y + 12.5)) { (sign) " " (word) } },
                    _ => {}
                }
            }
        }
        path class="zero" d={ "M" (c(x(0.0))) ",22 V" (c(height - 4.0)) } {}
    };
    html! { (drawing(frame, width, height, inside)) (legend(frame, svg::bar_swatch)) }
}

fn rect(series: usize, small: bool, at: (f64, f64), size: (f64, f64), title: &str) -> Markup {
    let n = series % 6 + 1;
    let fill = if small { "none".to_string() } else { format!("url(#pattern-{n})") };
    html! {
        rect class={ "bar s" (n) @if small { " hollow" } } fill=(fill) x=(c(at.0)) y=(c(at.1)) width=(c(size.0)) height=(c(size.1)) { title { (title) } }
    }
}
