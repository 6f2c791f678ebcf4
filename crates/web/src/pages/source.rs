//! A document: what was taken from it, what was lost, and its text with every cited quote marked.

use super::sources::lost_word;
use crate::{
    citations::{self, Citer, Use},
    ctx::Ctx,
    error::Error,
    figures::{self, Columns},
    fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    routes,
    state::App,
    url::{self, Query},
};
use maud::{Markup, html};
use shirube_indicator::AuditLine;
use shirube_plan::Source;

/// The page of a source.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let source = app.pack.source(id).ok_or_else(|| Error::no("出典", "source", id))?;
    let whole = app.whole(cx)?;
    let audit = app.audit(cx, &whole);
    let mut lines: Vec<&AuditLine> = audit.lines.iter().filter(|line| line.source == id).collect();
    // In the order of the document, not of the pack's files.
    lines.sort_by_key(|line| app.pack.figure(&line.figure).and_then(|f| f.cite.span).map_or(usize::MAX, |(start, _)| start));
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), source, app.citations(id), &lines)))
}

/// Draws it.
pub fn view(v: &View, source: &Source, uses: &[Use], lines: &[&AuditLine]) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let others = uses.iter().filter(|u| !matches!(u.citer, Citer::Figure(_))).count();
    let lost: Vec<_> = v.pack.not_transcribed.iter().filter(|n| n.source == source.id).collect();
    let body = html! {
        (parts::heading(l.t("出典", "Source"), l.p(&source.label)))
        dl class="facts" {
            dt { (l.t("発行", "Publisher")) } dd { (l.p(&source.publisher)) }
            dt { (l.t("時期", "Date")) } dd { @match &source.date { Some(date) => (fmt::period(l, date)), None => (l.t("不明", "unknown")) } }
            @if let Some(address) = &source.url { dt { (l.t("掲載場所", "Address")) } dd { a href=(address) rel="noreferrer" { (address) } } }
            dt { (l.t("番号", "Id")) } dd { code { (source.id) } }
        }
        ul class="stats" {
            li { a href="#figures" { b { (fmt::count(lines.len())) } (fmt::noun(l, lines.len(), "公表値", "published figure", "published figures")) } }
            li { a href="#text" { b { (fmt::count(others)) } (fmt::noun(l, others, "定義・記録などの引用", "other citation", "other citations")) } }
            li { a href="#lost" { b { (fmt::count(lost.len())) } (l.t("転記できなかったもの", "not transcribed")) } }
        }
        section id="figures" {
            h2 { (l.t("この文書から取った数値（出てくる順）", "Figures taken from it, in order")) }
            @if lines.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else { (figures::table(v, lines, Columns { line: true, indicator: true, source: false })) }
        }
        section id="lost" {
            h2 { (l.t("転記できなかったもの", "Not transcribed")) }
            @if lost.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else {
                p { (l.t("文書には示されているが、抽出した本文からは読み取れないもの。推測で補わない。", "What the document shows but its extracted text lost. It is never guessed.")) }
                div class="scroll" {
                    table {
                        caption class="visually-hidden" { (l.t("転記できなかったもの", "Not transcribed")) }
                        (parts::thead(&[(l.t("内容", "What"), false), (l.t("理由", "Why"), false), (l.t("見出し", "Heading"), false)]))
                        tbody { @for item in lost { tr { th scope="row" { (l.p(&item.what)) } td class="nowrap" { (lost_word(v, &item.why)) } td { (l.foreign(&item.heading)) } } } }
                    }
                }
            }
        }
        section id="text" {
            h2 { (l.t("本文", "Text")) }
            @match &source.text {
                Some(text) => {
                    p { (l.t("抽出された本文のまま。", "As extracted. ")) mark { (l.t("色の付いた部分", "Marked words")) } (l.t(
                        "が引用されている箇所で、下に引用元を示します。行番号はアドレスとして使えます。",
                        " are cited, by what stands below them. Line numbers are addresses.",
                    )) }
                    (document(v, text, uses))
                },
                None => p class="muted" { (l.t("本文はパックに含まれていません。", "The pack does not hold its text.")) },
            }
        }
    };
    layout::page(v, l.p(&source.label), "sources", &[(l.t("出典", "Sources").into(), cx.to("/sources"))], body)
}

/// The text, line by line; blank lines are left out, numbers stay.
fn document(v: &View, text: &str, uses: &[Use]) -> Markup {
    let l = v.cx.l;
    let marks = citations::marked(uses);
    let mut start = 0;
    let lines: Vec<(usize, usize, &str)> = text
        .split('\n')
        .enumerate()
        .map(|(i, line)| {
            let from = start;
            start += line.len() + 1;
            (i + 1, from, line)
        })
        .filter(|(_, _, line)| !line.trim().is_empty())
        .collect();
    html! {
        ol class="document" lang=[l.lang_of(text)] {
            @for (number, from, line) in lines {
                @let here: Vec<&Use> = uses.iter().filter(|u| u.line == Some(number)).collect();
                li id={ "c-" (number) } {
                    a class="line-number" href={ "#c-" (number) } lang=(l.code()) aria-label={ (l.t("行", "line")) " " (number) } { (number) }
                    span class="line-text" { (marked_line(line.trim_end(), from, &marks)) }
                    @if !here.is_empty() { (cited_by(v, &here)) }
                }
            }
        }
    }
}

/// One line with the parts of it that are cited.
fn marked_line(line: &str, from: usize, marks: &[(usize, usize)]) -> Markup {
    let end = from + line.len();
    let first = marks.partition_point(|(_, to)| *to <= from);
    let mut pieces: Vec<(&str, bool)> = vec![];
    let mut at = from;
    for (start, stop) in marks[first..].iter().take_while(|(start, _)| *start < end) {
        let (start, stop) = ((*start).max(at), (*stop).min(end));
        pieces.push((line.get(at - from..start - from).unwrap_or_default(), false));
        pieces.push((line.get(start - from..stop - from).unwrap_or_default(), true));
        at = stop;
    }
    pieces.push((line.get(at - from..).unwrap_or_default(), false));
    html! { @for (piece, cited) in pieces { @if cited { mark { (piece) } } @else { (piece) } } }
}

/// More records of one register than this are folded.
const MANY: usize = 3;

/// Links to what cites a line, each thing once; many records of a register behind one opener.
fn cited_by(v: &View, uses: &[&Use]) -> Markup {
    let l = v.cx.l;
    let mut seen = std::collections::BTreeSet::new();
    type Entry = (Markup, Option<String>);
    let mut single: Vec<Entry> = vec![];
    let mut records: Vec<(&str, Vec<Entry>)> = vec![];
    for citer in uses.iter().map(|u| &u.citer) {
        let entry = named(v, citer);
        if !seen.insert((entry.0.0.clone(), entry.1.clone())) {
            continue;
        }
        match citer {
            Citer::Record(register, _) => match records.iter_mut().find(|(name, _)| name == register) {
                Some((_, list)) => list.push(entry),
                None => records.push((register, vec![entry])),
            },
            _ => single.push(entry),
        }
    }
    html! {
        div class="uses" lang=(l.code()) {
            span class="visually-hidden" { (l.t("引用元：", "Cited by: ")) }
            @for entry in &single { (link(entry)) }
            @for (register, list) in &records {
                @if list.len() > MANY {
                    details class="inline" {
                        summary { (v.pack.registers.get(*register).map_or(*register, |r| l.p(&r.label))) " " (fmt::counted(l, list.len(), "件", "record", "records")) }
                        @for entry in list { (link(entry)) }
                    }
                } @else { @for entry in list { (link(entry)) } }
            }
        }
    }
}

fn link((name, href): &(Markup, Option<String>)) -> Markup {
    html! { @match href { Some(href) => a href=(href) { (name) }, None => span { (name) " " } } }
}

/// What cites, in words, and its page.
fn named(v: &View, citer: &Citer) -> (Markup, Option<String>) {
    let (name, words, href) = told(v, citer);
    (html! { (name) @if let Some(words) = words { (v.cx.l.foreign(words)) } }, href)
}

/// What cites in the page's language, words of the document or of a record, and its page.
fn told<'a>(v: &View<'a>, citer: &'a Citer) -> (String, Option<&'a str>, Option<String>) {
    let (cx, l) = (v.cx, v.cx.l);
    match citer {
        Citer::Figure(index) => {
            let figure = &v.pack.figures[*index];
            let series = parts::series_of(v, figure).map_or(figure.series.as_str(), |s| l.p(&s.label));
            let mut name = format!("{series} {}", fmt::period_short(&figure.period));
            if !figure.dims.is_empty() {
                name = format!("{name}{}{}{}", l.t("（", " ("), parts::dims(v, &figure.dims), l.t("）", ")"));
            }
            (format!("{name} "), Some(&figure.printed), Some(parts::figure_href(v, &figure.id)))
        }
        Citer::Node(id) | Citer::Progress(id) => {
            let name = v.pack.node(id).map_or(id.clone(), |(_, n)| parts::node_number(l, n).unwrap_or_else(|| l.p(&n.label).to_string()));
            let word = if matches!(citer, Citer::Progress(_)) { l.t("進捗：", "Progress: ") } else { l.t("計画：", "Plan: ") };
            (format!("{word}{name}"), None, Some(parts::node_href(v, id)))
        }
        Citer::Period(id) => {
            let name = v.pack.periods.iter().find(|p| &p.id == id).map_or(id.as_str(), |p| l.p(&p.label));
            (name.to_string(), None, Some(cx.to(&format!("/plan/{}", url::segment(id)))))
        }
        Citer::Indicator(id) => {
            let name = v.pack.indicators.get(id).map_or(id.as_str(), |i| l.p(&i.label));
            (format!("{}{name}", l.t("指標：", "Indicator: ")), None, Some(parts::indicator_href(v, id)))
        }
        Citer::Code(list, code) => {
            let name = v.pack.code(list, code).map_or(code.as_str(), |c| l.p(&c.label));
            (
                format!("{}{name}", l.t("区分：", "Code: ")),
                None,
                Some(cx.to(&format!("/codes/{}#code-{}", url::segment(list), url::segment(code)))),
            )
        }
        Citer::Assumption(id) => {
            let name = v.pack.assumptions.iter().find(|a| &a.id == id).map_or(id.as_str(), |a| l.p(&a.label));
            let user = v.pack.indicators.values().find(|i| i.assumptions.contains(id));
            (format!("{}{name}", l.t("前提：", "Assumption: ")), None, user.map(|i| parts::indicator_href(v, &i.id)))
        }
        Citer::Finding(id) => {
            (l.t("照合の所見", "Finding of the audit").to_string(), None, Some(cx.to(&format!("/audit#finding-{}", url::segment(id)))))
        }
        Citer::Correction(figure) => (l.t("訂正", "Correction").to_string(), None, Some(parts::figure_href(v, figure))),
        Citer::Record(register, title) => {
            let label = v.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label));
            let query = Query(vec![("q".into(), title.clone())]);
            let href = routes::named("register").map(|_| cx.to_with(&format!("/registers/{}", url::segment(register)), query));
            (format!("{label}{}", l.t("：", ": ")), Some(title), href)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_runs_over_lines_is_marked_on_each() {
        let marks = [(3, 9), (12, 15)];
        assert_eq!(marked_line("abcdef", 0, &marks).0, "abc<mark>def</mark>");
        assert_eq!(marked_line("ghi<jklmn", 6, &marks).0, "<mark>ghi</mark>&lt;jk<mark>lmn</mark>");
        assert_eq!(marked_line("xyz", 20, &marks).0, "xyz");
    }
}
