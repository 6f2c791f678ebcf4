//! The page of an error, in both languages: the page's own first.

use crate::{
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    text::L,
};
use maud::{Markup, html};
use shirube_plan::Pack;

/// Draws an error.
pub fn view(cx: &Ctx, pack: &Pack, error: &Error) -> Markup {
    let v = View { cx, pack, moment: None };
    let body = html! {
        div class="error-page" {
            p class="code digits" { (error.status()) }
            (section(cx, cx.l, error, true))
            (section(cx, cx.l.other(), error, false))
        }
    };
    layout::page(&v, cx.l.p(&error.title()), "", &[], body)
}

fn section(cx: &Ctx, l: L, error: &Error, first: bool) -> Markup {
    let home = Ctx { l, ..cx.clone() };
    html! {
        section lang=(l.code()) {
            @if first { h1 { (l.p(&error.title())) } } @else { h2 { (l.p(&error.title())) } }
            p { (l.p(&error.problem())) }
            p { (l.p(&error.mend())) }
            p { a href=(home.to("/")) { (l.t("計画の現状へ", "To the plan at a glance")) } }
        }
    }
}
