//! A goal, or any other node of the plan.

use super::indicators;
use crate::{
    ctx::Ctx,
    draw::Drawing,
    error::Error,
    figures::{self, Columns},
    layout::{self, View},
    measures::{Measured, State, headline_of, tally},
    parts,
    reply::Reply,
    routes,
    state::App,
    url,
};
use maud::{Markup, html};
use shirube_indicator::AuditLine;
use shirube_plan::{Change, FollowUp, Node, Period, Progress, Register};

/// The page of a node.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let (period, node) = app.pack.node(id).ok_or_else(|| Error::no("計画の項目", "plan node", id))?;
    let whole = app.whole(cx)?;
    let measures = app.measures_of(cx, &whole, id);
    let audit = app.audit(cx, &whole);
    // Figures that an indicator of this node recomputes are shown with it.
    let own = |line: &&AuditLine| {
        let here = app.pack.series.get(&line.series).is_some_and(|s| s.nodes.iter().any(|n| n == id));
        here && !measures.iter().any(|m| Some(&m.indicator.id) == line.indicator.as_ref())
    };
    let lines: Vec<&AuditLine> = audit.lines.iter().filter(own).collect();
    Ok(Reply::page(view(&app.view_of(cx, whole.moment()), period, node, &measures, &lines)))
}

/// Draws it.
pub fn view(v: &View, period: &Period, node: &Node, measures: &[Measured], lines: &[&AuditLine]) -> Markup {
    let l = v.cx.l;
    let of_node = |n: &&Node| n.parent.as_deref() == Some(node.id.as_str());
    let children: Vec<&Node> = period.nodes.iter().filter(of_node).collect();
    let progress: Vec<&Progress> = period.progress.iter().filter(|p| p.node == node.id).collect();
    let registers: Vec<&Register> = v.pack.registers.values().filter(|r| r.nodes.contains(&node.id)).collect();
    let kicker = format!(
        "{}{}{}",
        l.p(&period.label),
        l.t("　", " · "),
        parts::node_number(l, node).unwrap_or_else(|| parts::node_kind(l, node.kind).to_string())
    );
    let body = html! {
        (parts::heading(&kicker, l.p(&node.label)))
        (states(v, node, measures))
        (parts::paragraph(l, node.text.as_ref(), "lead"))
        (facts(v, node))
        (parts::cites_folded(v, &node.cites))
        @if let Some(m) = headline_of(measures) {
            @if let Ok(measure) = m.measure() {
                (crate::chart::patterns())
                h2 { (l.t("主な指標", "Main indicator")) }
                p { a href=(parts::indicator_href(v, &m.indicator.id)) { (l.p(&m.indicator.label)) } " " (m.state().tag(l)) }
                (Drawing { v, indicator: m.indicator, measure }.whole())
            }
        }
        @if !measures.is_empty() {
            h2 { (l.t("指標", "Indicators")) }
            (indicators::table(v, measures))
        }
        @if node.follow_up == Some(FollowUp::Words) || !progress.is_empty() { (words(v, &progress)) }
        @if !lines.is_empty() {
            h2 { (l.t("そのほかの公表値", "Other published figures")) }
            (figures::table(v, lines, Columns { line: false, indicator: false, source: true }))
        }
        @if !children.is_empty() {
            h2 { (l.t("この下の項目", "Below it")) }
            ul class="plain" {
                @for child in children {
                    li {
                        span class="kind" { (parts::node_number(l, child).unwrap_or_else(|| parts::node_kind(l, child.kind).to_string())) } " "
                        a href=(parts::node_href(v, &child.id)) { (l.p(&child.label)) }
                        (parts::owners(v, &child.owners))
                        (parts::paragraph(l, child.text.as_ref(), "muted small"))
                    }
                }
            }
        }
        @if !registers.is_empty() { (served_by(v, &registers)) }
    };
    layout::page(v, &parts::node_name(l, node), "plan", &trail(v, period, node), body)
}

/// The way down: period, then the nodes above.
fn trail(v: &View, period: &Period, node: &Node) -> Vec<layout::Crumb> {
    let l = v.cx.l;
    let mut above: Vec<layout::Crumb> = vec![];
    let mut at = node;
    while let Some(parent) = at.parent.as_deref().and_then(|id| period.nodes.iter().find(|n| n.id == id)) {
        let name = parts::node_number(l, parent).unwrap_or_else(|| parts::node_kind(l, parent.kind).to_string());
        above.push((name, parts::node_href(v, &parent.id)));
        at = parent;
        if above.len() > 12 {
            break; // a tree that bites its tail
        }
    }
    above.push((l.p(&period.label).to_string(), v.cx.to(&format!("/plan/{}", url::segment(&period.id)))));
    above.push((l.t("計画", "Plan").to_string(), v.cx.to("/plan")));
    above.reverse();
    above
}

fn states(v: &View, node: &Node, measures: &[Measured]) -> Markup {
    let l = v.cx.l;
    let counts = tally(measures);
    html! {
        p class="tags" {
            (parts::owners(v, &node.owners))
            @if node.follow_up == Some(FollowUp::Words) { (State::Words.tag(l)) }
            @for (state, n) in &counts { (state.tag(l)) @if *n > 1 { span class="muted small" { "×" (n) } } }
        }
    }
}

fn facts(v: &View, node: &Node) -> Markup {
    let l = v.cx.l;
    let continued: Vec<&Node> = v.pack.periods.iter().flat_map(|p| &p.nodes).filter(|n| n.from.contains(&node.id)).collect();
    html! {
        dl class="facts" {
            @if !node.owners.is_empty() {
                dt { (l.t("担当", "Responsible")) }
                dd { @for (i, actor) in node.owners.iter().filter_map(|id| v.pack.actor(id)).enumerate() { @if i > 0 { (l.t("、", ", ")) } (l.p(&actor.label)) } }
            }
            @if let Some(follow_up) = node.follow_up { dt { (l.t("フォローアップ", "Follow-up")) } dd { (parts::follow_up(l, follow_up)) } }
            @if let Some(lag) = node.lag { dt { (l.t("効果が現れるまで", "Years until effect")) } dd { (parts::lag(l, lag)) } }
            @if !node.from.is_empty() {
                dt { (l.t("前の計画から", "Continues")) }
                dd { ul class="plain" { @for (_, origin) in node.from.iter().filter_map(|id| v.pack.node(id)) { li { (parts::node_link(v, origin)) " " (change_tag(v, node.change)) } } } }
            }
            @if !continued.is_empty() {
                dt { (l.t("次の計画で", "Continued by")) }
                dd { ul class="plain" { @for next in continued { li { (parts::node_link(v, next)) " " (change_tag(v, next.change)) } } } }
            }
        }
    }
}

fn change_tag(v: &View, change: Option<Change>) -> Markup {
    html! { @if let Some(change) = change { span class="tag" { (parts::change_word(v.cx.l, change)) } } }
}

/// Progress in words, year by year, ministry by ministry.
fn words(v: &View, progress: &[&Progress]) -> Markup {
    let l = v.cx.l;
    let mut years: Vec<i32> = progress.iter().map(|p| p.year).collect();
    years.sort_unstable();
    years.dedup();
    html! {
        h2 { (l.t("実施状況（文章）", "Progress in words")) }
        @if years.is_empty() { p class="muted" { (l.t("このパックに転記された報告はありません。", "The pack holds no report in words.")) } }
        @for year in years.iter().rev() {
            h3 { @if l.is_ja() { (year) "年度" } @else { "Fiscal year " (year) } }
            ul class="plain" {
                @for entry in progress.iter().filter(|p| p.year == *year) {
                    li { (parts::owners(v, &entry.owners)) " " (l.p(&entry.text)) " " (parts::cites_folded(v, &entry.cites)) }
                }
            }
        }
    }
}

/// Registers whose records serve the node, programmes among them.
fn served_by(v: &View, registers: &[&Register]) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    html! {
        h2 { (l.t("この項目に関わる台帳", "Registers that serve it")) }
        ul class="plain" {
            @for register in registers {
                li {
                    @match routes::named("register") {
                        Some(_) => a href=(cx.to(&format!("/registers/{}", url::segment(&register.name)))) { (l.p(&register.label)) },
                        None => b { (l.p(&register.label)) },
                    }
                    " " span class="muted small" { (l.p(&register.description)) }
                }
            }
        }
    }
}
