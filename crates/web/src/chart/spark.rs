//! A line the size of a word.

use super::svg::c;
use maud::{Markup, html};

/// Draws the values in order; gaps stay gaps. `label` says the same in words.
pub fn spark(values: &[Option<f64>], label: &str) -> Markup {
    let known = || values.iter().flatten().copied().filter(|v| v.is_finite());
    if known().count() < 2 {
        return html! {};
    }
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let x = |i: usize| 4.0 + i as f64 / (values.len() - 1) as f64 * 88.0;
    let y = |v: f64| if high > low { 24.0 - (v - low) / (high - low) * 20.0 } else { 14.0 };
    let mut d = String::new();
    let mut pen = "M";
    for (i, value) in values.iter().enumerate() {
        match value {
            Some(v) if v.is_finite() => {
                d += &format!("{pen}{},{} ", c(x(i)), c(y(*v)));
                pen = "L";
            }
            _ => pen = "M",
        }
    }
    let last = values.iter().enumerate().rev().find_map(|(i, v)| v.map(|v| (x(i), y(v))));
    html! {
        svg class="spark" role="img" viewBox="0 0 96 28" aria-label=(label) {
            path class="line s1" d=(d.trim_end()) {}
            @if let Some((x, y)) = last { circle class="mark s1" cx=(c(x)) cy=(c(y)) r="3" {} }
        }
    }
}
