//! The tree of a period.

use crate::{
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
    url,
};
use maud::{Markup, html};
use shirube_plan::{Node, Period};

/// The default period's tree.
pub fn default_period(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let period = parts::default_period(&app.pack).ok_or_else(|| Error::no("計画期間", "plan period", "-"))?;
    Ok(Reply::page(view(&app.view(cx), period)))
}

/// A period's tree.
pub fn period(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("period");
    let period = app.pack.periods.iter().find(|p| p.id == id).ok_or_else(|| Error::no("計画期間", "plan period", id))?;
    Ok(Reply::page(view(&app.view(cx), period)))
}

/// Draws the tree.
pub fn view(v: &View, period: &Period) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let roots: Vec<&Node> = period.nodes.iter().filter(|n| !period.nodes.iter().any(|m| Some(&m.id) == n.parent.as_ref())).collect();
    let earlier = v.pack.periods.iter().filter(|p| p.from < period.from).max_by_key(|p| p.from);
    let body = html! {
        (parts::heading(l.t("計画の体系", "The plan's tree"), l.p(&period.label)))
        (parts::period_switch(v, &period.id, |id| cx.to(&format!("/plan/{}", url::segment(id)))))
        dl class="facts" {
            dt { (l.t("期間", "Years")) } dd { (parts::period_years(l, period)) }
            dt { (l.t("状態", "State")) } dd { (parts::period_status(l, period.status)) }
            @if let Some(horizon) = period.horizon { dt { (l.t("見据える年", "Looks to")) } dd { (horizon) } }
            @if let Some(text) = &period.rule_text { dt { (l.t("評価の考え方", "How it is judged")) } dd { (l.p(text)) } }
        }
        (parts::cites_folded(v, &period.cites))
        @if let Some(earlier) = earlier {
            p class="no-print" {
                a class="button quiet" href=(cx.to(&format!("/compare/{}/{}", url::segment(&earlier.id), url::segment(&period.id)))) {
                    @if l.is_ja() { "「" (l.p(&earlier.label)) "」との比較" } @else { "Compare with “" (l.p(&earlier.label)) "”" }
                }
            }
        }
        h2 { (l.t("体系", "Tree")) }
        @if period.nodes.is_empty() { p class="muted" { (l.t("項目はまだありません。", "No nodes yet.")) } }
        ul class="tree" { @for node in roots { (branch(v, period, node, 0)) } }
        @if !period.milestones.is_empty() {
            h2 { (l.t("日程", "Schedule")) }
            div class="scroll" {
                table {
                    caption class="visually-hidden" { (l.t("日程", "Schedule")) }
                    (parts::thead(&[(l.t("日付", "Date"), false), (l.t("内容", "What"), false), (l.t("出典", "Source"), false)]))
                    tbody {
                        @for milestone in &period.milestones {
                            tr {
                                th scope="row" class="nowrap" { (crate::fmt::period(l, &milestone.date)) }
                                td { (l.p(&milestone.label)) }
                                td { (parts::cites_short(v, &milestone.cites)) }
                            }
                        }
                    }
                }
            }
        }
    };
    layout::page(v, l.p(&period.label), "plan", &[(l.t("計画", "Plan").into(), cx.to("/plan"))], body)
}

/// Deeper nodes than this are not drawn: a tree that bites its tail must not hang the page.
const DEEPEST: usize = 12;

fn branch(v: &View, period: &Period, node: &Node, depth: usize) -> Markup {
    let l = v.cx.l;
    let children: Vec<&Node> = period.nodes.iter().filter(|n| n.parent.as_deref() == Some(&node.id) && depth < DEEPEST).collect();
    html! {
        li id=(node.id) {
            div class="node" {
                span class="kind" { (parts::node_number(l, node).unwrap_or_else(|| parts::node_kind(l, node.kind).to_string())) }
                a href=(parts::node_href(v, &node.id)) { (l.p(&node.label)) }
                (parts::owners(v, &node.owners))
                @if let Some(change) = node.change { span class="tag" { (parts::change_word(l, change)) } }
            }
            @if let Some(text) = &node.text { p class="node-text" { (l.p(text)) } }
            @if !children.is_empty() { ul { @for child in children { (branch(v, period, child, depth + 1)) } } }
        }
    }
}
