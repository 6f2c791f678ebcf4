//! Published figures against their recomputation, as tables and words.

use crate::{fmt, layout::View, parts, text::L};
use maud::{Markup, html};
use shirube_indicator::{AuditLine, AuditVerdict, audit::NotHeldBecause, format};

/// Optional columns of the table.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Its line in the document, first.
    pub line: bool,
    /// What recomputes it.
    pub indicator: bool,
    /// Where it is printed.
    pub source: bool,
}

/// Colour family, sign and word of a verdict.
fn verdict_parts(l: L, line: &AuditLine) -> (&'static str, &'static str, &'static str) {
    match (&line.verdict, line.explained) {
        (AuditVerdict::Match, _) => ("better", "＝", l.t("一致", "match")),
        (AuditVerdict::Differs { .. }, true) => ("care", "≠", l.t("相違（説明あり）", "differs, explained")),
        (AuditVerdict::Differs { .. }, false) => ("worse", "≠", l.t("相違（説明なし）", "differs, unexplained")),
        (AuditVerdict::NotHeld, _) => ("none", "―", l.t("記録なし", "records not held")),
    }
}

/// A verdict as a tag.
pub fn verdict(l: L, line: &AuditLine) -> Markup {
    let (tone, sign, word) = verdict_parts(l, line);
    html! { span class={ "tag " (tone) } { span aria-hidden="true" { (sign) } " " (word) } }
}

/// Why the records are not held, in words.
pub fn because(l: L, because: NotHeldBecause) -> &'static str {
    match because {
        NotHeldBecause::NoIndicator => l.t("再計算する指標がない（記録を持っていない）", "nothing recomputes it: the records are not held"),
        NotHeldBecause::NoObservation => {
            l.t("記録からはこの時期・内訳の値が出ない", "the records give no row of this period and breakdown")
        }
        NotHeldBecause::NoValue => l.t("記録から値が出ない", "the records give no value"),
        NotHeldBecause::RepeatsPrint => {
            l.t("指標は印刷値そのものを使う（照合にならない）", "the indicator only repeats the print, so agreement would say nothing")
        }
        NotHeldBecause::Failed => l.t("指標を計算できない", "the indicator could not be computed"),
    }
}

/// What was printed: the words of the document.
fn printed(l: L, line: &AuditLine) -> Markup {
    html! { (l.foreign(&line.printed)) @if line.approximate { span class="visually-hidden" { (l.t("（概数）", " (approximate)")) } } }
}

/// What the records give, at the printed precision; every digit in the title.
pub fn computed(v: &View, line: &AuditLine) -> Markup {
    let l = v.cx.l;
    match (line.computed, v.pack.units.get(&line.unit)) {
        (Some(value), Some(unit)) if line.precision > 0.0 => {
            html! { span title=(fmt::plain(value)) { (format::printed(value, line.precision, unit, l.0)) } }
        }
        (Some(value), unit) => html! { (fmt::value(l, value, unit)) },
        (None, _) if line.computed_status.is_some() => fmt::absence(l, line.computed_status),
        (None, _) => html! { span class="muted" { "―" } },
    }
}

/// The difference, where there is one.
fn difference(v: &View, line: &AuditLine) -> Markup {
    let differs = matches!(line.verdict, AuditVerdict::Differs { .. });
    html! { @if let Some(d) = line.difference.filter(|_| differs) { (fmt::change(v.cx.l, d, v.pack.units.get(&line.unit))) } }
}

/// The table of figures.
pub fn table(v: &View, lines: &[&AuditLine], columns: Columns) -> Markup {
    let l = v.cx.l;
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(l.t("公表値との照合", "Published against recomputed")) {
            table class="wide" data-sort="" {
                caption class="visually-hidden" { (l.t("公表値との照合", "Published against recomputed")) }
                thead {
                    tr {
                        @if columns.line { th scope="col" class="num" { (l.t("行", "Line")) } }
                        th scope="col" { (l.t("公表値", "Figure")) }
                        th scope="col" { (l.t("時期", "Period")) }
                        th scope="col" { (l.t("内訳", "Breakdown")) }
                        th scope="col" class="num" { (l.t("印刷", "Printed")) }
                        th scope="col" class="num" { (l.t("再計算", "Recomputed")) }
                        th scope="col" class="num" { (l.t("差", "Difference")) }
                        th scope="col" { (l.t("照合", "Verdict")) }
                        @if columns.indicator { th scope="col" { (l.t("指標", "Indicator")) } }
                        @if columns.source { th scope="col" { (l.t("出典", "Source")) } }
                    }
                }
                tbody { @for line in lines { (row(v, line, columns)) } }
            }
        }
    }
}

/// The line of the figure on the same page.
fn line_cell(v: &View, line: &AuditLine) -> Markup {
    let number = v.pack.figure(&line.figure).and_then(|f| f.cite.line);
    html! { td class="num" data-v=[number] { @if let Some(number) = number { a href={ "#c-" (number) } { (number) } } } }
}

fn row(v: &View, line: &AuditLine, columns: Columns) -> Markup {
    let l = v.cx.l;
    let series = v.pack.series.get(&line.series).map_or(line.series.as_str(), |s| l.p(&s.label));
    html! {
        tr {
            @if columns.line { (line_cell(v, line)) }
            th scope="row" { a href=(parts::figure_href(v, &line.figure)) { (series) } }
            td class="period" data-v=(line.period) { (fmt::period(l, &line.period)) }
            td { (parts::dims(v, &line.dims)) }
            td class="num" data-v=[line.value] { (printed(l, line)) }
            td class="num" data-v=[line.computed] { (computed(v, line)) }
            td class="num" data-v=[line.difference] { (difference(v, line)) }
            td {
                (verdict(l, line))
                @if line.corrected { " " span class="tag note" { (l.t("訂正して使用", "corrected for use")) } }
                @for id in &line.findings { " " a class="small nowrap" href=(v.cx.to(&format!("/audit#finding-{id}"))) { (l.t("所見", "finding")) } }
            }
            @if columns.indicator { td class="names" { @if let Some(id) = &line.indicator { (parts::indicator_link(v, id)) } @else { span class="muted" { "―" } } } }
            @if columns.source { td class="small" { @if let Some(f) = v.pack.figure(&line.figure) { (parts::cite_tiny(v, &f.cite)) } } }
        }
    }
}
