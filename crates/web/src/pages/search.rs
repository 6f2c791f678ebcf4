//! Search over the plan, indicators, figures, documents, registers and records.

use crate::{
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
    text::L,
    url,
};
use maud::{Markup, html};
use shirube_snapshot::{Hit, HitKind};

/// Hits shown of each kind.
const MOST: usize = 50;

/// The results for `q`.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let asked = cx.query.get("q").unwrap_or_default();
    let snapshot = app.open(cx)?;
    let hits = snapshot.search(asked, MOST).map_err(Error::internal)?;
    Ok(Reply::page(view(&app.view_of(cx, &snapshot), asked, &hits)))
}

/// Draws the results, grouped by kind in the order they come.
pub fn view(v: &View, asked: &str, hits: &[Hit]) -> Markup {
    let l = v.cx.l;
    let mut groups: Vec<(&HitKind, Vec<&Hit>)> = vec![];
    for hit in hits {
        match groups.iter_mut().find(|(kind, _)| *kind == &hit.kind) {
            Some((_, list)) => list.push(hit),
            None => groups.push((&hit.kind, vec![hit])),
        }
    }
    let body = html! {
        (parts::heading(l.t("計画・指標・文書・記録から", "In plan, indicators, documents and records"), l.t("検索", "Search")))
        form class="filters" method="get" action=(v.cx.form_action()) role="search" {
            label { (l.t("言葉", "Words")) input type="search" name="q" value=(asked); }
            (layout::hidden_as_of(v))
            button { (l.t("検索", "Search")) }
        }
        @if asked.is_empty() { p class="muted" { (l.t("言葉を入れてください。日本語でも英語でも探せます。", "Enter words, in Japanese or English.")) } }
        @else {
            p role="status" { (found(l, hits.len())) @if groups.iter().any(|(_, list)| list.len() >= MOST) { " " (cut(l)) } }
            @if groups.len() > 1 {
                nav class="no-print" aria-label=(l.t("種類", "Kinds")) {
                    ul class="chips" { @for (i, (kind, list)) in groups.iter().enumerate() { li { a href={ "#kind-" (i) } { (kind_name(v, kind)) " " (list.len()) } } } }
                }
            }
            @for (i, (kind, list)) in groups.iter().enumerate() {
                section id={ "kind-" (i) } {
                    h2 { (kind_name(v, kind)) " " span class="muted" { "(" (list.len()) @if list.len() >= MOST { "+" } ")" } }
                    ul class="plain" { @for hit in list { (entry(v, hit, asked)) } }
                }
            }
        }
    };
    layout::page(v, l.t("検索", "Search"), "", &[], body)
}

fn found(l: L, n: usize) -> String {
    if l.is_ja() { format!("{}件見つかりました。", fmt::count(n)) } else { format!("{} found.", fmt::count(n)) }
}

fn cut(l: L) -> String {
    if l.is_ja() { format!("種類ごとに{MOST}件までを示しています。言葉を足すと絞れます。") } else { format!("At most {MOST} of each kind are shown; add words to narrow it.") }
}

fn kind_name(v: &View, kind: &HitKind) -> String {
    let l = v.cx.l;
    match kind {
        HitKind::Node => l.t("計画の項目", "Plan").to_string(),
        HitKind::Indicator => l.t("指標", "Indicators").to_string(),
        HitKind::Figure => l.t("公表値", "Published figures").to_string(),
        HitKind::Source => l.t("出典", "Sources").to_string(),
        HitKind::Heading => l.t("文書の見出し", "Headings of documents").to_string(),
        HitKind::Register => l.t("台帳", "Registers").to_string(),
        HitKind::Record(register) => {
            let label = v.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label));
            format!("{}{label}", l.t("記録：", "Records: "))
        }
    }
}

fn href(v: &View, hit: &Hit) -> String {
    let cx = v.cx;
    match &hit.kind {
        HitKind::Node => parts::node_href(v, &hit.id),
        HitKind::Indicator => parts::indicator_href(v, &hit.id),
        HitKind::Figure => parts::figure_href(v, &hit.id),
        HitKind::Source | HitKind::Heading => parts::source_href(v, &hit.id, heading_line(v, hit)),
        HitKind::Register => cx.to(&format!("/registers/{}", url::segment(&hit.id))),
        HitKind::Record(register) => cx.to(&format!("/registers/{}/{}", url::segment(register), url::segment(&hit.id))),
    }
}

/// Line of a document on which a heading first stands.
fn heading_line(v: &View, hit: &Hit) -> Option<usize> {
    if hit.kind != HitKind::Heading {
        return None;
    }
    let text = shirube_plan::SourceText::new(v.pack.source(&hit.id)?.text.as_deref()?);
    text.find(&hit.title.ja, &hit.title.ja).map(|(_, line)| line)
}

fn entry(v: &View, hit: &Hit, asked: &str) -> Markup {
    let l = v.cx.l;
    let (title, excerpt) = (l.p(&hit.title), hit.excerpt.as_ref().map(|e| l.p(e)));
    html! {
        li class="hit" {
            a href=(href(v, hit)) lang=[l.lang_of(title)] { (marked(title, asked)) }
            @if let HitKind::Heading = hit.kind { " " span class="muted small" { (parts::source_name(v, &hit.id)) } }
            @if let Some(text) = excerpt { p class="small muted" lang=[l.lang_of(text)] { (marked(text, asked)) } }
        }
    }
}

/// The words asked for, marked where they stand as typed.
fn marked(text: &str, asked: &str) -> Markup {
    let lower = text.to_lowercase();
    // Lower case may be longer than the text (İ); then nothing is marked rather than the wrong place.
    let mut spans: Vec<(usize, usize)> = if lower.len() == text.len() {
        asked.to_lowercase().split_whitespace().flat_map(|word| lower.match_indices(word).map(|(i, w)| (i, i + w.len())).collect::<Vec<_>>()).collect()
    } else {
        vec![]
    };
    spans.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    let mut at = 0;
    let mut pieces: Vec<(&str, bool)> = vec![];
    for (start, end) in spans {
        let (Some(before), Some(word)) = (text.get(at..start), text.get(start.max(at)..end)) else { continue };
        pieces.push((before, false));
        pieces.push((word, true));
        at = end;
    }
    pieces.push((text.get(at..).unwrap_or_default(), false));
    html! { @for (piece, hit) in pieces { @if hit { mark { (piece) } } @else { (piece) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_where_they_stand_and_text_is_escaped() {
        assert_eq!(marked("灯りの数 <AI>", "ai 灯り").0, "<mark>灯り</mark>の数 &lt;<mark>AI</mark>&gt;");
        assert_eq!(marked("aaa", "aa a").0, "<mark>aa</mark><mark>a</mark>");
        assert_eq!(marked("İstanbul", "istanbul").0, "İstanbul");
    }
}
