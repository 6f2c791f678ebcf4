//! Search over everything: the plan, indicators, figures, sources and the records of every register.

use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    fmt,
    layout::{self, View, hidden_as_of},
    listing::one_of,
    parts,
    reply::Reply,
    state::App,
    text::L,
    url::{self, Query},
};
use maud::{Markup, html};
use shirube_plan::{Field, FieldKind, Pack, Part, Sensitivity};
use shirube_record::{Cell, input::fold_width};
use shirube_snapshot::{Hit, HitKind, Snapshot};

/// Hits of each kind that are shown beside those of other kinds.
const SHOWN: usize = 8;
/// Hits of a kind that are counted, and shown when it alone is asked for.
const MOST: usize = 200;

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let only = one_of(&cx.query, "kind", HitKind::OF_PACK.iter().map(HitKind::as_str))?;
    let reader = app.open(cx)?;
    let v = app.view_of(cx, reader.moment());
    let words = cx.query.get("q").unwrap_or_default();
    let mut groups: Vec<Group> = vec![];
    if !words.is_empty() {
        // One more than is counted or shown tells that there are more.
        let mut hits = app.pack_texts().search(words, MOST + 1);
        match &only {
            Some(only) => hits.retain(|h| h.kind.as_str() == only),
            None => hits.extend(reader.search_records(words, SHOWN + 1)?),
        }
        groups = grouped(hits, if only.is_some() { MOST } else { SHOWN });
    }
    for hit in groups.iter_mut().flat_map(|g| &mut g.hits) {
        if let Some(place) = place(&reader, hit, words, cx.l)? {
            hit.excerpt = Some(pair(place.clone(), place));
        }
    }
    Ok(Reply::page(view(&v, words, only.is_some(), &groups)))
}

/// Where the words stand in a record that is not found by its name: the field and some text around them.
fn place(snapshot: &Snapshot, hit: &Hit, words: &str, l: L) -> Result<Option<String>, Error> {
    let HitKind::Record(name) = &hit.kind else { return Ok(None) };
    let (Some(register), Ok(id)) = (snapshot.pack().registers.get(name), hit.id.parse()) else { return Ok(None) };
    if !spans(l.p(&hit.title), words).is_empty() {
        return Ok(None);
    }
    let Some(record) = snapshot.record(name, id)? else { return Ok(None) };
    let public = register.fields.iter().filter(|f| f.sensitivity == Sensitivity::Public);
    Ok(public.filter_map(|field| Some((field, record.content.get(&field.name)?))).find_map(|(field, cell)| {
        let text = text_of(field, cell, l, snapshot.pack());
        let (from, _) = spans(&text, words).into_iter().next()?;
        Some(format!("{}{}{}", l.p(&field.label), l.t("：", ": "), around(&text, from)))
    }))
}

/// A value with everything in it as one text.
fn text_of(field: &Field, cell: &Cell, l: L, pack: &Pack) -> String {
    match (&field.kind, cell) {
        (FieldKind::Group { fields }, Cell::Rows(rows)) => {
            let cells = rows.iter().flat_map(|row| fields.iter().filter_map(|f| Some((f, row.get(&f.name)?))));
            cells.map(|(f, c)| text_of(f, c, l, pack)).collect::<Vec<_>>().join(" ")
        }
        _ => shirube_record::format(field, Part::Main, cell, l.0, pack),
    }
}

/// Letters before the find and in all.
const BEFORE: usize = 24;
const AROUND: usize = 90;

fn around(text: &str, at: usize) -> String {
    let start = text.get(..at).unwrap_or_default().chars().count().saturating_sub(BEFORE);
    let mut out: String = text.chars().skip(start).take(AROUND).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if start > 0 {
        out.insert(0, '…');
    }
    if text.chars().count() > start + AROUND {
        out.push('…');
    }
    out
}

/// Hits of one kind.
struct Group {
    kind: HitKind,
    /// Those that are shown.
    hits: Vec<Hit>,
    /// How many there are, up to what is counted.
    count: usize,
    /// There are more than are counted.
    uncounted: bool,
}

fn grouped(hits: Vec<Hit>, shown: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for hit in hits {
        let counted = if matches!(hit.kind, HitKind::Record(_)) { SHOWN } else { MOST };
        match groups.iter_mut().find(|g| g.kind == hit.kind) {
            Some(group) if group.count == counted => group.uncounted = true,
            Some(group) => {
                group.count += 1;
                if group.hits.len() < shown {
                    group.hits.push(hit);
                }
            }
            None => groups.push(Group { kind: hit.kind.clone(), hits: vec![hit], count: 1, uncounted: false }),
        }
    }
    groups
}

/// How many hits of a kind there are.
fn count(group: &Group) -> String {
    format!("{}{}", fmt::count(group.count), if group.uncounted { "+" } else { "" })
}

/// Draws the page. `alone` when one kind was asked for.
fn view(v: &View, words: &str, alone: bool, groups: &[Group]) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let title = l.t("検索", "Search");
    let found: usize = groups.iter().map(|g| g.count).sum();
    let uncounted = groups.iter().any(|g| g.uncounted);
    let body = html! {
        (parts::heading(l.p(&v.pack.meta.label), title))
        form class="filters no-print" method="get" action=(cx.form_path("/search")) role="search" {
            label { (l.t("言葉", "Words")) input type="search" name="q" value=(words); }
            button { (l.t("検索", "Search")) }
            (hidden_as_of(v))
        }
        @if words.is_empty() {
            p class="muted" { (l.t("計画とその実施状況、指標、公表値、出典の本文のすべての行、すべての台帳の記録から探します。日本語は2文字から、英語は語の始まりで見つかります。いくつかの言葉を書くと、すべてを含むものを探します。",
                                   "Searches the plan and its reports in words, indicators, published figures, every line of the sources and the records of every register. Japanese is found anywhere in a text, other words by their beginning; several words must all be found.")) }
        } @else if groups.is_empty() {
            div class="callout" role="status" {
                p { @if l.is_ja() { "「" (words) "」は見つかりませんでした。" } @else { "Nothing found for “" (l.foreign(words)) "”." } }
                p { (l.t("言葉を短くするか、別の書き方で探してください。過去の時点を見ているときは、まだ記録されていなかった可能性があります。",
                         "Try fewer or other words. At an earlier moment it may not have been recorded yet.")) }
            }
        } @else {
            p role="status" {
                @if l.is_ja() { "「" (words) "」：" (fmt::count(found)) "件" @if uncounted { "以上" } }
                @else { "“" (l.foreign(words)) "”: " (fmt::count(found)) @if uncounted { " or more" } " found" }
            }
            @if !alone {
                ul class="chips no-print" {
                    @for (i, group) in groups.iter().enumerate() { li { a href={ "#group-" (i) } { (name(v, &group.kind)) " " (count(group)) } } }
                }
            }
        }
        @if alone && !words.is_empty() {
            p class="no-print" { a href=(cx.here_with("kind", None)) { (l.t("すべての種類から探す", "Search all kinds")) } }
        }
        @for (i, group) in groups.iter().enumerate() {
            section {
                h2 id={ "group-" (i) } { (name(v, &group.kind)) " " span class="muted" { "(" (count(group)) ")" } }
                ul class="plain hits" {
                    @for hit in &group.hits {
                        li class="hit" {
                            a href=(href(v, hit)) { (marked(l, l.p(&hit.title), words)) (line(v, hit)) }
                            (told_apart(v, hit))
                            @if let Some(excerpt) = &hit.excerpt { div class="small muted" { (marked(l, l.p(excerpt), words)) } }
                        }
                    }
                }
                @if group.uncounted || group.count > group.hits.len() { (more(v, group, words)) }
            }
        }
    };
    layout::page(v, title, "", &[], body)
}

/// The line of a source that was found.
fn line(v: &View, hit: &Hit) -> Markup {
    let l = v.cx.l;
    html! { @if let Some(line) = hit.line { " " span class="nowrap" { (l.t("", "line ")) (line) (l.t("行目", "")) } } }
}

fn name(v: &View, kind: &HitKind) -> String {
    let l = v.cx.l;
    match kind {
        HitKind::Node => l.t("計画の項目", "Plan").to_string(),
        HitKind::Progress => l.t("実施状況", "Progress in words").to_string(),
        HitKind::Indicator => l.t("指標", "Indicators").to_string(),
        HitKind::Figure => l.t("公表値", "Published figures").to_string(),
        HitKind::Source => l.t("出典", "Sources").to_string(),
        HitKind::Heading => l.t("出典の見出し", "Headings of sources").to_string(),
        HitKind::Line => l.t("出典の本文", "Lines of sources").to_string(),
        HitKind::Register => l.t("台帳", "Registers").to_string(),
        HitKind::Record(register) => {
            let label = v.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label));
            format!("{}{label}", l.t("記録：", "Records: "))
        }
    }
}

fn href(v: &View, hit: &Hit) -> String {
    match &hit.kind {
        HitKind::Node | HitKind::Progress => parts::node_href(v, &hit.id),
        HitKind::Indicator => parts::indicator_href(v, &hit.id),
        HitKind::Figure => parts::figure_href(v, &hit.id),
        HitKind::Source | HitKind::Heading | HitKind::Line => parts::source_href(v, &hit.id, hit.line),
        HitKind::Register => cells::register_href(v, &hit.id),
        HitKind::Record(register) => v.cx.to(&format!("{}/{}", cells::register_path(register), url::segment(&hit.id))),
    }
}

/// What tells a published figure from others of its series.
fn told_apart(v: &View, hit: &Hit) -> Markup {
    let l = v.cx.l;
    let figure = (hit.kind == HitKind::Figure).then(|| v.pack.figure(&hit.id)).flatten();
    html! {
        @if let Some(figure) = figure {
            " " span class="muted small" {
                (fmt::period(l, &figure.period)) " "
                @if !figure.dims.is_empty() { (parts::dims(v, &figure.dims)) " " }
                b { (l.foreign(&figure.printed)) }
            }
        }
    }
}

/// Where the rest of a kind is found.
fn more(v: &View, group: &Group, words: &str) -> Markup {
    let l = v.cx.l;
    html! {
        p class="small" {
            @match &group.kind {
                HitKind::Record(register) => {
                    a href=(v.cx.to_with(&cells::register_path(register), Query(vec![("q".into(), words.into())]))) { (l.t("台帳の中ですべて見る", "See all in the register")) }
                }
                kind if group.count > group.hits.len() => {
                    a href=(v.cx.here_with("kind", Some(kind.as_str()))) { @if l.is_ja() { (count(group)) "件をすべて見る" } @else { "See all " (count(group)) } }
                }
                _ => { (l.t("ほかにもあります。言葉を足すと絞り込めます。", "There are more; add words to narrow the search.")) }
            }
        }
    }
}

/// A text with the words marked where they stand.
fn marked(l: L, text: &str, words: &str) -> Markup {
    let mut pieces: Vec<(bool, &str)> = vec![];
    let mut done = 0;
    for (from, to) in spans(text, words) {
        if from >= done {
            pieces.push((false, text.get(done..from).unwrap_or_default()));
            pieces.push((true, text.get(from..to).unwrap_or_default()));
            done = to;
        }
    }
    pieces.push((false, text.get(done..).unwrap_or_default()));
    html! {
        span lang=[l.lang_of(text)] { @for (found, piece) in pieces { @if found { mark { (piece) } } @else { (piece) } } }
    }
}

/// Where words stand in a text, as bytes, ascending; whatever their width and case.
fn spans(text: &str, words: &str) -> Vec<(usize, usize)> {
    let wanted: Vec<Vec<char>> = words.split_whitespace().map(|w| folded(w).into_iter().map(|(c, _)| c).collect()).collect();
    let letters = folded(text);
    let mut spans: Vec<(usize, usize)> = vec![];
    for word in wanted.iter().filter(|w| !w.is_empty()) {
        let mut at = 0;
        while at + word.len() <= letters.len() {
            if letters.iter().skip(at).zip(word).all(|((c, _), w)| c == w) {
                let end = letters.get(at + word.len()).map_or(text.len(), |(_, byte)| *byte);
                spans.push((letters.get(at).map_or(0, |(_, byte)| *byte), end));
                at += word.len();
            } else {
                at += 1;
            }
        }
    }
    spans.sort_unstable();
    spans
}

/// Letters as they are compared, each with where it comes from.
fn folded(text: &str) -> Vec<(char, usize)> {
    let mut letters = vec![];
    for (at, c) in text.char_indices() {
        let mut buffer = [0; 4];
        letters.extend(fold_width(c.encode_utf8(&mut buffer)).chars().flat_map(char::to_lowercase).map(|f| (f, at)));
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::Lang;

    #[test]
    fn words_are_marked_whatever_their_width_and_case() {
        let mark = |text, words| marked(L(Lang::Ja), text, words).into_string();
        assert_eq!(mark("新しいＭＲＩ装置", "mri 装置"), "<span>新しい<mark>ＭＲＩ</mark><mark>装置</mark></span>");
        assert_eq!(mark("a<b>", "b"), "<span>a&lt;<mark>b</mark>&gt;</span>");
        assert_eq!(mark("重なる語", "重なる なる"), "<span><mark>重なる</mark>語</span>");
        assert_eq!(mark("なし", "x"), "<span>なし</span>");
    }
}
