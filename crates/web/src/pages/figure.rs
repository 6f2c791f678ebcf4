//! One published figure: what was printed, where, what the records give, and what is known of the difference.

use super::audit::finding_kind;
use crate::{
    ctx::Ctx,
    error::Error,
    figures, fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_indicator::{Audit, AuditLine};
use shirube_plan::Figure;

/// The page of a figure.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let figure = app.pack.figure(id).ok_or_else(|| Error::no("公表値", "published figure", id))?;
    let whole = app.whole(cx)?;
    let audit = app.audit(cx, &whole);
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), figure, &audit)))
}

/// Draws it.
pub fn view(v: &View, figure: &Figure, audit: &Audit) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let series = parts::series_of(v, figure);
    let name = series.map_or(figure.series.as_str(), |s| l.p(&s.label));
    let when = if figure.period == "-" { String::new() } else { format!(" {}", fmt::period(l, &figure.period)) };
    let title = format!("{name}{when}");
    let line = audit.line(&figure.id);
    let body = html! {
        (parts::heading(l.t("公表値", "Published figure"), &title))
        @if !figure.dims.is_empty() { p class="lead" { (parts::dims(v, &figure.dims)) } }
        div class="compare-values" {
            p { (l.t("印刷", "Printed")) " " b { (l.foreign(&figure.printed)) } }
            @if let Some(line) = line { p { (l.t("再計算", "Recomputed")) " " b { (figures::computed(v, line)) } } p { (figures::verdict(l, line)) } }
        }
        @if let Some(line) = line { (comparison(v, line, audit)) }
        h2 { (l.t("印刷された所", "Where it is printed")) }
        (parts::cites(v, std::slice::from_ref(&figure.cite)))
        h2 { (l.t("読み取り", "How it is read")) }
        (reading(v, figure))
        (siblings(v, figure))
    };
    let crumbs = [
        (l.t("出典", "Sources").into(), cx.to("/sources")),
        (parts::source_name(v, &figure.cite.source).to_string(), parts::source_href(v, &figure.cite.source, figure.cite.line)),
    ];
    layout::page(v, &title, "sources", &crumbs, body)
}

/// What the verdict rests on, findings and corrections included.
fn comparison(v: &View, line: &AuditLine, audit: &Audit) -> Markup {
    let l = v.cx.l;
    let correction = audit.corrections.iter().find(|c| c.figure == line.figure);
    html! {
        @if let Some(reason) = line.because { p { (figures::because(l, reason)) (l.t("。", ".")) } }
        @if let Some(id) = &line.indicator {
            p {
                (l.t("再計算する指標：", "Recomputed by: ")) (parts::indicator_link(v, id)) " "
                a class="small" href={ (parts::indicator_href(v, id)) "#derivation" } { (l.t("算出の過程", "derivation")) }
            }
        }
        @for finding in audit.findings.iter().filter(|f| line.findings.contains(&f.id)) {
            div class="callout care" {
                p {
                    span class="tag" { (finding_kind(v, &finding.kind)) } " " (l.p(&finding.explain)) " "
                    a class="small" href=(v.cx.to(&format!("/audit#finding-{}", finding.id))) { (l.t("所見の詳細", "details")) }
                }
                @if !finding.holds { p { (l.t(
                    "この説明が書かれたときから印刷か再計算が変わっています。見直しが必要です。",
                    "The print or the recomputation has changed since this was written. It needs a look.",
                )) } }
            }
        }
        @if let Some(correction) = correction {
            div class="callout" {
                p {
                    b { (l.t("指標ではこの値を訂正して使います：", "Indicators use a correction of it: ")) }
                    @if let Some(period) = &correction.period { (fmt::period(l, period)) " " }
                    @if let Some(value) = correction.value { (fmt::value(l, value, v.pack.units.get(&line.unit))) " " }
                    (l.p(&correction.reason))
                }
            }
        }
    }
}

fn reading(v: &View, figure: &Figure) -> Markup {
    let l = v.cx.l;
    let series = parts::series_of(v, figure);
    let unit = series.and_then(|s| parts::unit(v, &s.unit));
    html! {
        dl class="facts" {
            dt { (l.t("値", "Value")) }
            dd {
                @match figure.value {
                    Some(value) => {
                        (fmt::value(l, value, unit))
                        @if figure.approximate { " " span class="tag" { (l.t("概数", "approximate")) } }
                        @if figure.precision > 0.0 { " " span class="muted small" { (l.t("印刷の刻み：", "printed to ")) (fmt::value(l, figure.precision, unit)) } }
                    },
                    None => (fmt::absence(l, figure.status)),
                }
            }
            dt { (l.t("時期", "Period")) } dd { (fmt::period(l, &figure.period)) }
            dt { (l.t("内訳", "Breakdown")) } dd { (parts::dims(v, &figure.dims)) }
            @if let Some(note) = series.and_then(|s| s.note.as_ref()) { dt { (l.t("備考", "Note")) } dd { (l.p(note)) } }
            dt { (l.t("番号", "Id")) } dd { code { (figure.id) } }
            dt { (l.t("転記", "Transcribed in")) } dd { code { (figure.place.file) ":" (figure.place.line) } }
        }
    }
}

/// The rest of its series in the same document, the figure itself marked.
fn siblings(v: &View, figure: &Figure) -> Markup {
    let l = v.cx.l;
    let same: Vec<&Figure> = v.pack.figures.iter().filter(|f| f.series == figure.series).collect();
    html! {
        @if same.len() > 1 {
            h2 { (l.t("同じ系列の公表値", "The same series")) }
            div class="scroll" {
                table data-sort="" {
                    caption class="visually-hidden" { (l.t("同じ系列の公表値", "The same series")) }
                    (parts::thead(&[
                        (l.t("時期", "Period"), false),
                        (l.t("内訳", "Breakdown"), false),
                        (l.t("印刷", "Printed"), true),
                        (l.t("出典", "Source"), false),
                    ]))
                    tbody {
                        @for f in same {
                            tr aria-current=[(f.id == figure.id).then_some("true")] {
                                th scope="row" class="nowrap" data-v=(f.period) {
                                    @if f.id == figure.id { b { (fmt::period(l, &f.period)) } }
                                    @else { a href=(parts::figure_href(v, &f.id)) { (fmt::period(l, &f.period)) } }
                                }
                                td { (parts::dims(v, &f.dims)) }
                                td class="num" data-v=[f.value] { (l.foreign(&f.printed)) }
                                td class="small" { (parts::cite_tiny(v, &f.cite)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
