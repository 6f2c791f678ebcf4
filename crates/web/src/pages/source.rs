//! A document's text with everything that cites it.

use crate::{
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_plan::Source;

/// The page of a source.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let source = app.pack.source(id).ok_or_else(|| Error::no("出典", "source", id))?;
    Ok(Reply::page(view(&app.view(cx)?, source)))
}

/// Draws it.
pub fn view(v: &View, source: &Source) -> Markup {
    let l = v.cx.l;
    layout::page(v, l.p(&source.label), "sources", &[], html! {})
}
