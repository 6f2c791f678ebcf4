//! One published figure: what was printed, where, and what became of it.

use crate::{
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_plan::Figure;

/// The page of a figure.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let figure = app.pack.figure(id).ok_or_else(|| Error::no("公表値", "published figure", id))?;
    Ok(Reply::page(view(&app.view(cx), figure)))
}

/// Draws it.
pub fn view(v: &View, figure: &Figure) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let series = parts::series_of(v, figure);
    let unit = series.and_then(|s| parts::unit(v, &s.unit));
    let name = series.map_or(figure.series.as_str(), |s| l.p(&s.label));
    let title = format!("{name} {}", fmt::period(l, &figure.period));
    let body = html! {
        (parts::heading(l.t("公表値", "Published figure"), &title))
        div class="compare-values" {
            span { (l.t("印刷された値", "As printed")) " " b { (l.foreign(&figure.printed)) } }
        }
        dl class="facts" {
            dt { (l.t("系列", "Series")) } dd { (name) @if let Some(note) = series.and_then(|s| s.note.as_ref()) { br; span class="muted small" { (l.p(note)) } } }
            dt { (l.t("時期", "Period")) } dd { (fmt::period(l, &figure.period)) }
            dt { (l.t("内訳", "Breakdown")) } dd { (parts::dims(v, &figure.dims)) }
            dt { (l.t("読み取った値", "Read as")) }
            dd {
                @match figure.value {
                    Some(value) => {
                        (fmt::value(l, value, unit))
                        @if figure.approximate { " " span class="tag" { (l.t("概数", "approximate")) } }
                        " " span class="muted small" { (l.t("印刷の刻み：", "printed to ")) (fmt::value(l, figure.precision, unit)) }
                    },
                    None => (fmt::absence(l, figure.status)),
                }
            }
            dt { (l.t("公表値の番号", "Id")) } dd { code { (figure.id) } }
            dt { (l.t("出典", "Source")) } dd { (parts::cites(v, std::slice::from_ref(&figure.cite))) }
        }
    };
    layout::page(
        v,
        &title,
        "sources",
        &[
            (l.t("出典", "Sources").into(), cx.to("/sources")),
            (parts::source_name(v, &figure.cite.source).to_string(), parts::source_href(v, &figure.cite.source, figure.cite.line)),
        ],
        body,
    )
}
