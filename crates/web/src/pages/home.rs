//! The plan at a glance.

use super::audit;
use crate::{
    chart,
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    measures::{Measured, State, headline_of, rank, tally, tone_of},
    parts,
    reply::Reply,
    state::App,
    url::{self, Query},
};
use maud::{Markup, html};
use shirube_indicator::{Audit, Verdict, judge::Reading};
use shirube_plan::{FollowUp, Node, NodeKind, Period, Progress};
use std::sync::Arc;

/// A card of the page: a goal or KGI with its measures.
#[derive(Debug)]
pub struct Card<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its indicators.
    pub measures: Vec<Measured<'a>>,
    /// The latest report in words.
    pub progress: Option<&'a Progress>,
}

/// The home page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let period = match cx.query.get("period") {
        Some(id) => app.pack.periods.iter().find(|p| p.id == id).ok_or_else(|| Error::no("計画期間", "plan period", id))?,
        None => match parts::default_period(&app.pack) {
            Some(period) => period,
            None => return Ok(Reply::page(empty(&app.view(cx)))),
        },
    };
    let whole = app.whole(cx)?;
    // First, because it computes many indicators at once, which the cards then find computed.
    let audit: Arc<Audit> = app.audit(cx, &whole);
    let cards = period
        .nodes
        .iter()
        .filter(|n| is_card(n))
        .map(|node| Card {
            node,
            measures: app.measures_of(cx, &whole, &node.id),
            progress: period.progress.iter().filter(|p| p.node == node.id).max_by_key(|p| p.year),
        })
        .collect::<Vec<_>>();
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), period, &cards, &audit)))
}

/// Goals and KGIs stand as cards; what is above them groups them.
fn is_card(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Goal | NodeKind::Kgi)
}

/// A pack without a plan: a data folder in the making.
fn empty(v: &View) -> Markup {
    let l = v.cx.l;
    let body = html! {
        (parts::heading(l.p(&v.pack.meta.label), l.t("計画の現状", "The plan at a glance")))
        p { (l.t("このパックには計画期間がまだありません。", "This pack has no plan period yet.")) }
    };
    layout::page(v, l.t("計画の現状", "At a glance"), "home", &[], body)
}

/// Draws the page.
pub fn view(v: &View, period: &Period, cards: &[Card], audit: &Audit) -> Markup {
    let l = v.cx.l;
    let body = html! {
        (parts::heading(&format!("{}{}{}", parts::period_years(l, period), l.t("・", " · "), parts::period_status(l, period.status)), l.p(&period.label)))
        (parts::period_switch(v, &period.id, |id| v.cx.to_with("/", Query(vec![("period".into(), id.to_string())]))))
        (mission(v, period))
        (summary(v, cards))
        section id="goals" { h2 { (l.t("ゴールの状態", "State of the goals")) } (grouped(v, period, cards)) }
        (others(v, period))
        div class="columns even" {
            (changes(v, cards))
            section id="audit" {
                h2 { (l.t("照合", "Audit")) }
                p { (l.t("印刷されたすべての数値を、記録から計算し直して比べた結果。", "Every printed figure against its recomputation from the records.")) }
                (audit::counts(v, audit))
                (missing(v, cards))
            }
        }
    };
    layout::page(v, l.t("計画の現状", "At a glance"), "home", &[], body)
}

fn mission(v: &View, period: &Period) -> Markup {
    let l = v.cx.l;
    let top: Vec<&Node> =
        period.nodes.iter().filter(|n| n.kind == NodeKind::Mission || (n.kind == NodeKind::Vision && n.parent.is_none())).collect();
    html! {
        @for node in top {
            div class="mission" {
                p class="kicker small muted" { (parts::node_kind(l, node.kind)) }
                p { b { a href=(parts::node_href(v, &node.id)) { (l.p(&node.label)) } } }
                (parts::paragraph(l, node.text.as_ref(), "small"))
            }
        }
        @if let Some(text) = &period.rule_text { p class="small muted" { (l.t("評価の考え方：", "How it is judged: ")) (l.p(text)) } }
    }
}

/// How many goals are in which state.
fn summary(v: &View, cards: &[Card]) -> Markup {
    let l = v.cx.l;
    let mut counts: Vec<(State, usize)> = vec![];
    for (state, n) in cards.iter().flat_map(|c| tally(&c.measures)) {
        match counts.iter_mut().find(|(s, _)| *s == state) {
            Some((_, total)) => *total += n,
            None => counts.push((state, n)),
        }
    }
    counts.sort_by_key(|(state, _)| State::ALL.iter().position(|s| s == state));
    let words = cards.iter().filter(|c| c.node.follow_up == Some(FollowUp::Words)).count();
    html! {
        @if !counts.is_empty() || words > 0 {
            p class="tags" {
                span class="small muted" { (l.t("指標の判定", "Indicators by state")) }
                @for (state, n) in &counts {
                    @let href = v.cx.to_with("/indicators", Query(vec![("state".into(), state.slug().into())]));
                    a href=(href) class={ "tag " (state.tone()) } { span aria-hidden="true" { (state.sign()) } " " (state.word(l)) " " b { (n) } }
                }
                @if words > 0 { span class="small muted" { (l.t("　文章で報告するゴール", " Goals reported in words")) } span class="tag words" { (words) } }
            }
        }
    }
}

/// Cards under the nearest vision or policy above them.
fn grouped(v: &View, period: &Period, cards: &[Card]) -> Markup {
    let l = v.cx.l;
    let mut groups: Vec<(Option<&Node>, Vec<&Card>)> = vec![];
    for card in cards {
        let above = heading_above(period, card.node);
        match groups.iter_mut().find(|(node, _)| node.map(|n| &n.id) == above.map(|n| &n.id)) {
            Some((_, list)) => list.push(card),
            None => groups.push((above, vec![card])),
        }
    }
    html! {
        @for (above, list) in &groups {
            section class="vision" {
                @if let Some(node) = above {
                    h3 {
                        span class="small muted" { (parts::node_number(l, node).unwrap_or_else(|| parts::node_kind(l, node.kind).to_string())) } " "
                        a href=(parts::node_href(v, &node.id)) { (l.p(&node.label)) }
                    }
                }
                ul class="cards" { @for card in list { (drawn(v, card)) } }
            }
        }
        @if cards.is_empty() { p class="muted" { (l.t("ゴールはまだありません。", "No goals yet.")) } }
    }
}

fn heading_above<'a>(period: &'a Period, node: &Node) -> Option<&'a Node> {
    let mut parent = node.parent.as_deref();
    for _ in 0..period.nodes.len() {
        let above = period.nodes.iter().find(|n| Some(n.id.as_str()) == parent)?;
        if matches!(above.kind, NodeKind::Vision | NodeKind::Policy) {
            return Some(above);
        }
        parent = above.parent.as_deref();
    }
    None
}

fn drawn(v: &View, card: &Card) -> Markup {
    let l = v.cx.l;
    let node = card.node;
    let counts = tally(&card.measures);
    let in_words = node.follow_up == Some(FollowUp::Words);
    let tone = if in_words && counts.is_empty() { "words" } else { tone_of(&counts) };
    html! {
        li class={ "card " (tone) } {
            h4 {
                a href=(parts::node_href(v, &node.id)) {
                    span class="number" { (parts::node_number(l, node).unwrap_or_else(|| parts::node_kind(l, node.kind).to_string())) }
                    (l.p(&node.label))
                }
            }
            p class="tags" {
                @if in_words { (State::Words.tag(l)) }
                @for (state, n) in &counts { span { (state.tag(l)) @if *n > 1 { " " span class="small muted" { "×" (n) } } } }
                @if counts.is_empty() && !in_words { (State::By(Verdict::Unknown).tag(l)) }
                (parts::owners(v, &node.owners))
            }
            @match headline_of(&card.measures) {
                Some(m) => (headline(v, m)),
                None => @if let Some(progress) = card.progress { p class="small" { (progress_year(v, progress)) (excerpt(l.p(&progress.text))) } },
            }
        }
    }
}

fn progress_year(v: &View, progress: &Progress) -> Markup {
    let l = v.cx.l;
    html! { b { @if l.is_ja() { (progress.year) "年度" } @else { "FY" (progress.year) } } " " }
}

/// The first words of a report.
fn excerpt(text: &str) -> String {
    const MOST: usize = 70;
    let short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

fn headline(v: &View, m: &Measured) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &m.indicator.unit);
    let Some(series) = m.headline() else { return html! {} };
    let observed = || series.points.iter().filter(|p| !p.projected);
    let values: Vec<Option<f64>> = observed().map(|p| p.value).collect();
    let words = observed().map(|p| {
        let value = p.value.map_or_else(|| shirube_indicator::format::absence(p.status, l.0).to_string(), |x| fmt::value(l, x, unit));
        format!("{} {value}", fmt::period(l, &p.period))
    });
    let words = words.collect::<Vec<_>>().join(l.t("、", ", "));
    html! {
        div class="headline" {
            div {
                p class="what" { a href=(parts::indicator_href(v, &m.indicator.id)) { (l.p(&m.indicator.label)) } }
                @match &series.latest {
                    Some(latest) => p {
                        span class="big" { (fmt::value(l, latest.value, unit)) } " "
                        span class="what" { (fmt::period(l, &latest.period)) @if let Some(change) = series.change { (l.t("、", ", ")) (fmt::change(l, change, unit)) } }
                    },
                    // The newest period has no number: said first, the last known number after it.
                    None => {
                        @if let Some(last) = observed().next_back() { p { (fmt::absence(l, last.status)) " " span class="what" { (fmt::period(l, &last.period)) } } }
                        @if let Some((p, value)) = observed().filter_map(|p| Some((p, p.value?))).next_back() {
                            p class="what" { (l.t("最後に分かる値：", "last known: ")) b { (fmt::value(l, value, unit)) } " " (fmt::period(l, &p.period)) }
                        }
                    },
                }
            }
            (chart::spark(&values, &words))
        }
        @for remark in series.limits() { p class="small muted" { (remark.text(l.0)) } }
        @if let Some(target) = series.targets.last() {
            p class="small" {
                (l.t("目標 ", "Target ")) (fmt::period(l, &target.period)) " " b { (fmt::value(l, target.value, unit)) }
                @if let Some(gap) = target.gap.filter(|g| *g > 0.0) { (l.t("（あと ", " (still ")) (fmt::value(l, gap, unit)) (l.t("）", " to go)")) }
                @for remark in &target.remarks { " " span class="muted" { (remark.text(l.0)) } }
            }
        }
    }
}

/// What the period holds beside goals: challenges, priorities, measures of no goal, as counts that lead to the tree.
fn others(v: &View, period: &Period) -> Markup {
    let l = v.cx.l;
    let kinds = [NodeKind::Policy, NodeKind::Challenge, NodeKind::Priority, NodeKind::Measure, NodeKind::Focus];
    let count = |kind: NodeKind| period.nodes.iter().filter(|n| n.kind == kind).count();
    let tree = v.cx.to(&format!("/plan/{}", url::segment(&period.id)));
    let earlier = v.pack.periods.iter().filter(|p| p.from < period.from).max_by_key(|p| p.from);
    html! {
        section id="tree" {
            h2 { (l.t("計画の体系", "The plan's tree")) }
            ul class="stats" { @for kind in kinds { @if count(kind) > 0 { li { a href=(tree) { b { (count(kind)) } (parts::node_kind(l, kind)) } } } } }
            p {
                a href=(tree) { (l.t("体系全体を見る", "See the whole tree")) }
                @if let Some(earlier) = earlier {
                    "　" a href=(v.cx.to(&format!("/compare/{}/{}", url::segment(&earlier.id), url::segment(&period.id)))) {
                        @if l.is_ja() { (l.p(&earlier.label)) "と比べる" } @else { "Compare with " (l.p(&earlier.label)) }
                    }
                }
            }
        }
    }
}

/// What moved between the last two values of each indicator that counts.
fn changes(v: &View, cards: &[Card]) -> Markup {
    let l = v.cx.l;
    let mut seen = std::collections::BTreeSet::new();
    let moved: Vec<&Measured> = cards
        .iter()
        .flat_map(|c| &c.measures)
        .filter(|m| rank(m.indicator.kind) < 3 && m.headline().is_some_and(|s| s.change.is_some()))
        .filter(|m| seen.insert(&m.indicator.id))
        .collect();
    html! {
        section id="changes" {
            h2 { (l.t("前の時期からの変化", "What changed since the period before")) }
            @if moved.is_empty() { p class="muted" { (l.t("比べられる値はまだありません。", "Nothing to compare yet.")) } } @else {
                div class="scroll" tabindex="0" role="region" aria-label=(l.t("前の時期からの変化", "What changed since the period before")) {
                    table class="wide" data-sort="" {
                        caption class="visually-hidden" { (l.t("前の時期からの変化", "What changed since the period before")) }
                        (parts::thead(&[
                            (l.t("指標", "Indicator"), false),
                            (l.t("前", "Before"), true),
                            (l.t("今", "Now"), true),
                            (l.t("変化", "Change"), true),
                            (l.t("判定", "State"), false),
                        ]))
                        tbody { @for m in &moved { (change_row(v, m)) } }
                    }
                }
                @if moved.iter().any(|m| rounded_otherwise(v, m)) {
                    p class="small muted" { (l.t("変化は丸める前の値の差です。", "Changes are taken before rounding.")) }
                }
            }
        }
    }
}

/// The change shown is not the difference of the values shown.
fn rounded_otherwise(v: &View, m: &Measured) -> bool {
    let unit = parts::unit(v, &m.indicator.unit);
    m.headline().is_some_and(|s| match (&s.previous, &s.latest, s.change) {
        (Some(before), Some(now), Some(change)) => fmt::rounded_otherwise(before.value, now.value, change, unit),
        _ => false,
    })
}

fn change_row(v: &View, m: &Measured) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &m.indicator.unit);
    let Some(series) = m.headline() else { return html! {} };
    let cell = |r: Option<&Reading>| html! { @if let Some(r) = r { (fmt::value(l, r.value, unit)) br; span class="muted small" { (fmt::period_short(&r.period)) } } };
    html! {
        tr {
            th scope="row" { a href=(parts::indicator_href(v, &m.indicator.id)) { (l.p(&m.indicator.label)) } }
            td class="num" data-v=[series.previous.as_ref().map(|r| r.value)] { (cell(series.previous.as_ref())) }
            td class="num" data-v=[series.latest.as_ref().map(|r| r.value)] { (cell(series.latest.as_ref())) }
            td class="num" data-v=[series.change] { @if let Some(change) = series.change { (fmt::change(l, change, unit)) } }
            td { (m.state().tag(l)) @for remark in series.limits() { br; span class="small muted" { (remark.text(l.0)) } } }
        }
    }
}

/// What is not known: indicators without a value, and what the documents' texts lost.
fn missing(v: &View, cards: &[Card]) -> Markup {
    let l = v.cx.l;
    let silent: Vec<&Measured> = cards
        .iter()
        .flat_map(|c| &c.measures)
        .filter(|m| m.measure().map_or(true, |x| x.computed.observations.iter().all(|o| o.value.is_none())))
        .collect();
    let lost = v.pack.not_transcribed.len();
    html! {
        h3 { (l.t("足りないもの", "What is missing")) }
        ul {
            @for m in silent { li { (parts::indicator_link(v, &m.indicator.id)) (l.t("：この時点では値がない", ": no value at this moment")) } }
            @if lost > 0 {
                li {
                    a href=(v.cx.to("/sources")) { @if l.is_ja() { "文書から転記できなかったもの " (lost) "件" } @else { (fmt::counted(l, lost, "", "thing", "things")) " the documents show could not be transcribed" } }
                    (l.t("（図の軸や画像など。推測で補っていません）", " (chart axes, pictures; nothing is guessed)"))
                }
            }
        }
    }
}
