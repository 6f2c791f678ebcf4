//! A goal, or any other node of the plan.

use crate::{
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_plan::{Node, Period};

/// The page of a node.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let (period, node) = app.pack.node(id).ok_or_else(|| Error::no("計画の項目", "plan node", id))?;
    Ok(Reply::page(view(&app.view(cx)?, period, node)))
}

/// Draws it.
pub fn view(v: &View, period: &Period, node: &Node) -> Markup {
    let l = v.cx.l;
    let body = html! { (parts::heading(l.p(&period.label), &parts::node_name(l, node))) };
    layout::page(v, &parts::node_name(l, node), "plan", &[], body)
}
