//! The documents everything is taken from.

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

/// The list of sources.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(view(&app.view(cx))))
}

/// Why something of a document is not in its text.
pub fn lost_word(v: &View, why: &str) -> &'static str {
    let l = v.cx.l;
    match why {
        "chart" => l.t("図（グラフ）", "chart"),
        "picture" => l.t("画像", "picture"),
        "layout" => l.t("配置が失われた", "layout lost"),
        "cut" => l.t("文字が欠けた", "text cut off"),
        _ => l.t("その他", "other"),
    }
}

/// Draws the list.
pub fn view(v: &View) -> Markup {
    let l = v.cx.l;
    let figures = |id: &str| v.pack.figures.iter().filter(|f| f.cite.source == id).count();
    let lost = |id: &str| v.pack.not_transcribed.iter().filter(|n| n.source == id).count();
    let body = html! {
        (parts::heading(l.t("すべての数値の出どころ", "Where every figure comes from"), l.t("出典", "Sources")))
        p class="lead" { (l.t(
            "数値・定義はこれらの文書から転記しています。文書ごとに、本文のどの行から何を取ったかを見ることができます。",
            "Figures and definitions are transcribed from these documents. For each one you can see which line gave what.",
        )) }
        @if v.pack.sources.is_empty() { p class="muted" { (l.t("出典はまだありません。", "No sources yet.")) } } @else {
            div class="scroll" {
                table class="wide" {
                    caption class="visually-hidden" { (l.t("出典の一覧", "List of sources")) }
                    thead {
                        tr {
                            th scope="col" { (l.t("文書", "Document")) }
                            th scope="col" { (l.t("発行", "Publisher")) }
                            th scope="col" { (l.t("時期", "Date")) }
                            th scope="col" class="num" { (l.t("公表値", "Figures")) }
                            th scope="col" class="num" { (l.t("転記できなかったもの", "Not transcribed")) }
                        }
                    }
                    tbody {
                        @for source in &v.pack.sources {
                            tr {
                                th scope="row" { a href=(parts::source_href(v, &source.id, None)) { (l.p(&source.label)) } " " code class="muted" { (source.id) } }
                                td { (l.p(&source.publisher)) }
                                td class="nowrap" { @match &source.date { Some(date) => (fmt::period(l, date)), None => span class="muted" { (l.t("不明", "unknown")) } } }
                                td class="num" { (fmt::count(figures(&source.id))) }
                                td class="num" { (fmt::count(lost(&source.id))) }
                            }
                        }
                    }
                }
            }
        }
    };
    layout::page(v, l.t("出典", "Sources"), "sources", &[], body)
}
