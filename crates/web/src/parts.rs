//! Pieces that several pages share.

use crate::{
    fmt,
    layout::View,
    text::{L, is_japanese},
    url,
};
use maud::{Markup, html};
use shirube_plan::{Change, Citation, Figure, FollowUp, IndicatorKind, Node, NodeKind, Pair, Period, PeriodStatus, Series, Unit};

/// Kind of a plan node in words.
pub fn node_kind(l: L, kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Mission => l.t("ミッション", "Mission"),
        NodeKind::Vision => l.t("ビジョン", "Vision"),
        NodeKind::Policy => l.t("基本方針", "Policy"),
        NodeKind::Goal => l.t("ゴール", "Goal"),
        NodeKind::Challenge => l.t("課題", "Challenge"),
        NodeKind::Measure => l.t("施策", "Measure"),
        NodeKind::Priority => l.t("優先施策", "Priority measure"),
        NodeKind::Focus => l.t("重点分野", "Focus field"),
        NodeKind::Kgi => l.t("KGI", "KGI"),
        NodeKind::Text => l.t("記述", "Text"),
    }
}

/// Kind of an indicator in words.
pub fn indicator_kind(l: L, kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Kgi => l.t("KGI（主要目標達成指標）", "KGI (key goal indicator)"),
        IndicatorKind::Kpi => l.t("KPI", "KPI"),
        IndicatorKind::Reference => l.t("参考指標", "Reference indicator"),
        IndicatorKind::FollowUp => l.t("フォローアップ項目", "Follow-up item"),
        IndicatorKind::Check => l.t("検算", "Arithmetic check"),
    }
}

/// State of a period in words.
pub fn period_status(l: L, status: PeriodStatus) -> &'static str {
    match status {
        PeriodStatus::InForce => l.t("実施中", "in force"),
        PeriodStatus::Draft => l.t("策定中", "being drafted"),
        PeriodStatus::Ended => l.t("終了", "ended"),
    }
}

/// What became of an earlier period's node.
pub fn change_word(l: L, change: Change) -> &'static str {
    match change {
        Change::Keep => l.t("継続", "kept"),
        Change::Change => l.t("変更して継続", "kept with changes"),
        Change::Add => l.t("新規", "new"),
    }
}

/// How a goal is followed up, in words.
pub fn follow_up(l: L, follow_up: FollowUp) -> &'static str {
    match follow_up {
        FollowUp::Figures => l.t("数値でフォローアップ", "followed up by figures"),
        FollowUp::Words => l.t("状況（文章）でフォローアップ", "followed up in words"),
    }
}

/// Heading of a page with a line above it that says what it is.
pub fn heading(kicker: &str, title: &str) -> Markup {
    html! { div class="head" { p class="kicker" { (kicker) } h1 { (title) } } }
}

/// Marks of the responsible actors (厚 経 文), each with its full name.
pub fn owners(v: &View, owners: &[String]) -> Markup {
    let l = v.cx.l;
    html! {
        @for actor in owners.iter().filter_map(|id| v.pack.actor(id)) {
            " " abbr class="tag owner" title=(l.p(&actor.label)) { (l.p(&actor.short)) }
        }
    }
}

/// Number and name of a node, as a link.
pub fn node_link(v: &View, node: &Node) -> Markup {
    html! { a href=(node_href(v, &node.id)) { (node_name(v.cx.l, node)) } }
}

/// Address of a node's page.
pub fn node_href(v: &View, id: &str) -> String {
    v.cx.to(&format!("/nodes/{}", url::segment(id)))
}

/// `ゴール6 …`: kind and number for those the plan numbers, then the name.
pub fn node_name(l: L, node: &Node) -> String {
    match node_number(l, node) {
        Some(number) => format!("{number}{}{}", l.t("　", " – "), l.p(&node.label)),
        None => l.p(&node.label).to_string(),
    }
}

/// `ゴール6`, `Goal 6`.
pub fn node_number(l: L, node: &Node) -> Option<String> {
    let number = node.number.as_deref()?;
    // Of a number with a word of the document in it (重点5), an English page gives the number.
    let english = number.trim_start_matches(|c| is_japanese(&String::from(c)));
    let number = if l.is_ja() || english.is_empty() { number } else { english };
    Some(format!("{}{}{number}", node_kind(l, node.kind), l.t("", " ")))
}

/// Address of an indicator's page.
pub fn indicator_href(v: &View, id: &str) -> String {
    v.cx.to(&format!("/indicators/{}", url::segment(id)))
}

/// An indicator's name as a link; its id where the pack does not know it.
pub fn indicator_link(v: &View, id: &str) -> Markup {
    match v.pack.indicators.get(id) {
        Some(indicator) => html! { a href=(indicator_href(v, id)) { (v.cx.l.p(&indicator.label)) } },
        None => html! { code { (id) } },
    }
}

/// Address of a published figure's page.
pub fn figure_href(v: &View, id: &str) -> String {
    v.cx.to(&format!("/figures/{}", url::tail(id)))
}

/// Address of a line of a source, or of the source when the line is not known.
pub fn source_href(v: &View, source: &str, line: Option<usize>) -> String {
    let anchor = line.map(|n| format!("#c-{n}")).unwrap_or_default();
    v.cx.to(&format!("/sources/{}{anchor}", url::segment(source)))
}

/// Title of a source.
pub fn source_name<'a>(v: &View<'a>, id: &'a str) -> &'a str {
    v.pack.source(id).map_or(id, |s| v.cx.l.p(&s.label))
}

/// Citations as a list: quote, heading, document, line. On paper the document's address is printed.
pub fn cites(v: &View, cites: &[Citation]) -> Markup {
    html! {
        @if !cites.is_empty() { ul class="cites" { @for cite in cites { li { (citation(v, cite)) } } } }
    }
}

/// One citation.
pub fn citation(v: &View, cite: &Citation) -> Markup {
    let l = v.cx.l;
    let source = v.pack.source(&cite.source);
    html! {
        q lang=[l.lang_of(&cite.quote)] { (cite.quote) }
        span class="where" {
            a href=(source_href(v, &cite.source, cite.line)) data-url=[source.and_then(|s| s.url.as_deref())] { (source_name(v, &cite.source)) }
            @if !cite.heading.is_empty() { " › " (l.foreign(&cite.heading)) }
            @if let Some(line) = cite.line { " " span class="nowrap" { (l.t("（", "(line ")) (line) (l.t("行目）", ")")) } }
        }
    }
}

/// Citations behind a small opener, for dense tables.
pub fn cites_folded(v: &View, cites_: &[Citation]) -> Markup {
    html! {
        @if !cites_.is_empty() {
            details class="inline no-print" { summary class="small" { (v.cx.l.t("出典", "Source")) } (cites(v, cites_)) }
        }
    }
}

/// Head of a table: names of the columns and whether each holds numbers.
pub fn thead(columns: &[(&str, bool)]) -> Markup {
    html! { thead { tr { @for (name, number) in columns { th scope="col" class=[number.then_some("num")] { (name) } } } } }
}

/// A text pair as a paragraph, when there is one.
pub fn paragraph(l: L, text: Option<&Pair>, class: &str) -> Markup {
    html! { @if let Some(text) = text { p class=(class) { (l.p(text)) } } }
}

/// Unit by name.
pub fn unit<'a>(v: &View<'a>, name: &str) -> Option<&'a Unit> {
    v.pack.units.get(name)
}

/// Label of a code of a dimension; the code itself where the list does not have it.
pub fn code_name<'a>(v: &View<'a>, dimension: &str, code: &'a str) -> &'a str {
    let list = v.pack.dimensions.get(dimension).map(|d| d.codes.as_str());
    list.and_then(|list| v.pack.code(list, code)).map_or(code, |c| v.cx.l.p(&c.label))
}

/// Label of a dimension.
pub fn dimension_name<'a>(v: &View<'a>, dimension: &'a str) -> &'a str {
    v.pack.dimensions.get(dimension).map_or(dimension, |d| v.cx.l.p(&d.label))
}

/// The breakdown of a figure in words; "all together" when there is none.
pub fn dims(v: &View, dims: &shirube_plan::Dims) -> String {
    if dims.is_empty() {
        return v.cx.l.t("全体", "all together").to_string();
    }
    dims.iter().map(|(d, code)| code_name(v, d, code)).collect::<Vec<_>>().join(v.cx.l.t("・", ", "))
}

/// The series of a figure.
pub fn series_of<'a>(v: &View<'a>, figure: &Figure) -> Option<&'a Series> {
    v.pack.series.get(&figure.series)
}

/// Years of a period in words.
pub fn period_years(l: L, period: &Period) -> String {
    match (period.to, l.is_ja()) {
        (Some(to), true) => format!("{}～{to}年度", period.from),
        (Some(to), false) => format!("FY{}–{to}", period.from),
        (None, true) => format!("{}年度～", period.from),
        (None, false) => format!("from FY{}", period.from),
    }
}

/// Years between measure and effect in words.
pub fn lag(l: L, (from, to): (i32, i32)) -> String {
    match (from == to, l.is_ja()) {
        (true, true) => format!("{from}年"),
        (true, false) => fmt::counted(l, usize::try_from(from).unwrap_or_default(), "", "year", "years"),
        (false, true) => format!("{from}～{to}年"),
        (false, false) => format!("{from}–{to} years"),
    }
}

/// The period the portal opens on: the pack's default, else one in force, else the first.
pub fn default_period(pack: &shirube_plan::Pack) -> Option<&Period> {
    let wanted = pack.meta.default_period.as_deref();
    let by_id = pack.periods.iter().find(|p| Some(p.id.as_str()) == wanted);
    by_id.or_else(|| pack.periods.iter().find(|p| p.status == PeriodStatus::InForce)).or_else(|| pack.periods.first())
}

/// Links between the same page of all periods; nothing when there is but one.
pub fn period_switch(v: &View, here: &str, href: impl Fn(&str) -> String) -> Markup {
    let l = v.cx.l;
    html! {
        @if v.pack.periods.len() > 1 {
            nav class="no-print" aria-label=(l.t("計画期間の切り替え", "Plan periods")) {
                ul class="chips" {
                    @for period in &v.pack.periods {
                        li {
                            @if period.id == here { span class="here" aria-current="page" { (l.p(&period.label)) } }
                            @else { a href=(href(&period.id)) { (l.p(&period.label)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Where something is printed, for dense tables: id of the document and line, its title for those who ask or
/// listen.
pub fn cite_tiny(v: &View, cite: &Citation) -> Markup {
    let l = v.cx.l;
    let name = source_name(v, &cite.source);
    html! {
        a class="nowrap" href=(source_href(v, &cite.source, cite.line)) title=(name) {
            span class="visually-hidden" { (name) " " }
            (cite.source) @if let Some(line) = cite.line { " " (l.t("", "line ")) (line) (l.t("行目", "")) }
        }
    }
}

/// Where something is printed, without the quote: document and line.
pub fn cites_short(v: &View, cites: &[Citation]) -> Markup {
    let l = v.cx.l;
    html! {
        @for (i, cite) in cites.iter().enumerate() {
            @if i > 0 { (l.t("、", ", ")) }
            a href=(source_href(v, &cite.source, cite.line)) title=(cite.quote) {
                (source_name(v, &cite.source))
                @if let Some(line) = cite.line { " " span class="nowrap" { (l.t("", "line ")) (line) (l.t("行目", "")) } }
            }
        }
    }
}
