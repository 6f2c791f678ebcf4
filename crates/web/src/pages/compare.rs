//! Two periods side by side: what the later one keeps, changes, adds, and what is no longer there.

use crate::{
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_plan::{Change, Node, NodeKind, Period};

/// The comparison page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let period = |name: &str| {
        let id = cx.param(name);
        app.pack.periods.iter().find(|p| p.id == id).ok_or_else(|| Error::no("計画期間", "plan period", id))
    };
    Ok(Reply::page(view(&app.view(cx), period("from")?, period("to")?)))
}

/// What became of a node.
#[derive(Debug, Default)]
struct Comparison<'a> {
    kept: Vec<(&'a Node, Vec<&'a Node>)>,
    changed: Vec<(&'a Node, Vec<&'a Node>)>,
    added: Vec<&'a Node>,
    gone: Vec<&'a Node>,
}

fn compare<'a>(from: &'a Period, to: &'a Period) -> Comparison<'a> {
    let mut result = Comparison::default();
    for node in &to.nodes {
        let origins: Vec<&Node> = from.nodes.iter().filter(|n| node.from.contains(&n.id)).collect();
        match node.change {
            _ if origins.is_empty() => result.added.push(node),
            Some(Change::Keep) => result.kept.push((node, origins)),
            _ => result.changed.push((node, origins)),
        }
    }
    let continued = |n: &Node| to.nodes.iter().any(|m| m.from.contains(&n.id));
    result.gone = from.nodes.iter().filter(|n| !continued(n) && n.kind != NodeKind::Text).collect();
    result
}

/// Draws the comparison.
pub fn view(v: &View, from: &Period, to: &Period) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let c = compare(from, to);
    let title = if l.is_ja() { format!("{} と {}", from.label.ja, to.label.ja) } else { format!("{} and {}", from.label.en, to.label.en) };
    let groups = [
        ("keep", l.t("継続", "Kept"), c.kept.len()),
        ("change", l.t("変更して継続", "Kept with changes"), c.changed.len()),
        ("add", l.t("新規", "New"), c.added.len()),
        ("gone", l.t("引き継がれていない", "No longer there"), c.gone.len()),
    ];
    let body = html! {
        (parts::heading(l.t("期と期の比較", "Two periods compared"), &title))
        p class="lead" {
            (l.t("後の計画の項目が前の計画のどの項目を引き継ぐかは、このパックの読み取りです。文書が明記しているとは限りません。「引き継がれていない」は、対応する項目がパックに示されていないという意味で、廃止を意味しません。",
                 "Which node continues which is this pack's reading; the documents do not always say so. “No longer there” means that the pack names no successor, not that something was abolished."))
        }
        ul class="stats" { @for (id, word, n) in groups { li { a href={ "#" (id) } { b { (n) } (word) } } } }
        (pairs(v, "keep", l.t("継続", "Kept"), from, to, &c.kept))
        (pairs(v, "change", l.t("変更して継続", "Kept with changes"), from, to, &c.changed))
        (singles(v, "add", l.t("新規", "New"), &c.added))
        (singles(v, "gone", l.t("引き継がれていない", "No longer there"), &c.gone))
    };
    layout::page(v, &title, "plan", &[(l.t("計画", "Plan").into(), cx.to("/plan"))], body)
}

fn pairs(v: &View, class: &str, heading: &str, from: &Period, to: &Period, rows: &[(&Node, Vec<&Node>)]) -> Markup {
    let l = v.cx.l;
    html! {
        h2 id=(class) { (heading) " " span class="muted" { "(" (rows.len()) ")" } }
        @if rows.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else {
            div class="scroll" {
                table class="wide" {
                    caption class="visually-hidden" { (heading) }
                    thead { tr { th scope="col" { (l.p(&from.label)) } th scope="col" { (l.p(&to.label)) } } }
                    tbody {
                        @for (node, origins) in rows {
                            tr class={ "change-" (class) } {
                                td { ul class="plain" { @for origin in origins { li { (entry(v, origin)) } } } }
                                td { (entry(v, node)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn singles(v: &View, class: &str, heading: &str, rows: &[&Node]) -> Markup {
    let l = v.cx.l;
    html! {
        h2 id=(class) { (heading) " " span class="muted" { "(" (rows.len()) ")" } }
        @if rows.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else {
            ul class="plain" { @for node in rows { li { (entry(v, node)) } } }
        }
    }
}

fn entry(v: &View, node: &Node) -> Markup {
    let l = v.cx.l;
    html! {
        span class="kind" { (parts::node_number(l, node).unwrap_or_else(|| parts::node_kind(l, node.kind).to_string())) } " "
        a href=(parts::node_href(v, &node.id)) { (l.p(&node.label)) }
        (parts::owners(v, &node.owners))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn every_node_of_both_periods_is_in_exactly_one_group() {
        let pack = testing::pack();
        let (from, to) = (&pack.periods[0], &pack.periods[1]);
        let c = compare(from, to);
        let ids = |nodes: &[&Node]| nodes.iter().map(|n| n.id.clone()).collect::<Vec<_>>();
        assert_eq!(c.kept[0].0.id, "b-vision");
        assert_eq!(ids(&c.kept[0].1), ["a-mission", "a-vision"]);
        assert_eq!(c.changed[0].0.id, "b-goal-1");
        assert_eq!(ids(&c.added), ["b-goal-2"]);
        assert_eq!(ids(&c.gone), ["a-goal-2", "a-goal-3", "a-measure-1"]);
    }
}
