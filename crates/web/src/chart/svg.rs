//! Pieces that charts share.

use super::Frame;
use maud::{Markup, html};

/// A coordinate with one decimal: enough for a screen, and the same on every machine.
pub(super) fn c(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// Width of a text in pixels at a size: wide characters are square.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.58 } else { 1.0 }).sum::<f64>() * size
}

/// Shortens a text to a width.
pub(super) fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut out = String::new();
    for c in text.chars() {
        if text_width(&out, size) + 2.0 * size > width {
            break;
        }
        out.push(c);
    }
    out + "…"
}

/// The drawing with its title and description.
pub(super) fn drawing(frame: &Frame, width: f64, height: f64, inside: Markup) -> Markup {
    let (title, desc) = (format!("{}-title", frame.id), format!("{}-desc", frame.id));
    let class = if width > 500.0 { "chart chart-wide" } else { "chart" };
    html! {
        svg class=(class) role="img" viewBox={ "0 0 " (c(width)) " " (c(height)) } aria-labelledby={ (title) " " (desc) } xmlns="http://www.w3.org/2000/svg" {
            title id=(title) { (frame.title) }
            desc id=(desc) { (frame.desc) }
            (inside)
        }
    }
}

/// A plus sign.
const PLUS: [(f64, f64); 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];

/// Marker of a series at a place; hollow for small n. Every series has its own shape.
pub(super) fn marker(series: usize, x: f64, y: f64, hollow: bool, title: &str) -> Markup {
    let class = format!("mark s{}{}", series % 6 + 1, if hollow { " hollow" } else { "" });
    let r = 4.5;
    let points =
        |list: &[(f64, f64)]| list.iter().map(|(dx, dy)| format!("{},{}", c(x + dx * r), c(y + dy * r))).collect::<Vec<_>>().join(" ");
    html! {
        @match series % 6 {
            0 => circle class=(class) cx=(c(x)) cy=(c(y)) r=(c(r)) { title { (title) } },
            1 => rect class=(class) x=(c(x - r)) y=(c(y - r)) width=(c(2.0 * r)) height=(c(2.0 * r)) { title { (title) } },
            2 => polygon class=(class) points=(points(&[(0.0, -1.2), (1.15, 0.9), (-1.15, 0.9)])) { title { (title) } },
            3 => polygon class=(class) points=(points(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])) { title { (title) } },
            4 => polygon class=(class) points=(points(&[(0.0, 1.2), (1.15, -0.9), (-1.15, -0.9)])) { title { (title) } },
            _ => polygon class=(class) points=(points(&PLUS)) { title { (title) } },
        }
    }
}

/// Pattern tiles for bars; once on a page that draws bars.
pub fn patterns() -> Markup {
    let tile = |n: usize, inside: Markup| {
        html! {
            pattern id={ "pattern-" (n) } class={ "tile s" (n) } width="6" height="6" patternUnits="userSpaceOnUse" {
                rect class="tile-ground" width="6" height="6" {}
                (inside)
            }
        }
    };
    html! {
        svg class="patterns" width="0" height="0" aria-hidden="true" xmlns="http://www.w3.org/2000/svg" {
            defs {
                (tile(1, html! { rect class="tile-full" width="6" height="6" {} }))
                (tile(2, html! { path d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2" {} }))
                (tile(3, html! { circle class="tile-dot" cx="3" cy="3" r="1.4" {} }))
                (tile(4, html! { path d="M0,3 h6" {} }))
                (tile(5, html! { path d="M0,3 h6 M3,0 v6" {} }))
                (tile(6, html! { path d="M3,0 v6" {} }))
            }
        }
    }
}

/// Swatch of a bar for the legend.
pub(super) fn bar_swatch(series: usize) -> Markup {
    html! {
        svg class="swatch" viewBox="0 0 16 12" aria-hidden="true" {
            rect class={ "bar s" (series % 6 + 1) } fill={ "url(#pattern-" (series % 6 + 1) ")" } x="1" y="1" width="14" height="10" {}
        }
    }
}

/// Swatch of a line for the legend.
pub(super) fn line_swatch(series: usize) -> Markup {
    html! {
        svg class="swatch" viewBox="0 0 28 12" aria-hidden="true" {
            path class={ "line s" (series % 6 + 1) " dash" (series % 6 + 1) } d="M1,6 h26" {}
            (marker(series, 14.0, 6.0, false, ""))
        }
    }
}
