//! The page of an error, in both languages: the page's own first. It reads nothing; of who asks it has what every page
//! has at its head.

use crate::{
    asked::{context, context_now, is_api, language},
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    reply::Reply,
    state::App,
    text::L,
    url,
    who::Asking,
};
use axum::http::{HeaderMap, Uri, header};
use maud::{Markup, html};
use shirube_plan::{Lang, Pack};

/// An answer to a request that reaches no handler.
pub fn refuse(app: &App, uri: &Uri, headers: &HeaderMap, asking: Asking, error: Error) -> Reply {
    let english = uri.path() == "/en" || uri.path().starts_with("/en/");
    let lang = language(if english { Lang::En } else { Lang::Ja }, uri, headers);
    reply(app, lang, uri, headers, asking, error)
}

/// An error as a page, or as an RFC 9457 document for programs.
pub fn reply(app: &App, lang: Lang, uri: &Uri, headers: &HeaderMap, asking: Asking, error: Error) -> Reply {
    // The page links on with its moment where there is such a moment, and to now otherwise.
    let now = || context_now(lang, uri);
    let cx = if matches!(error, Error::Moment(_)) { now() } else { context(lang, uri).unwrap_or_else(|_| now()) };
    let cx = Ctx { asking, ..cx };
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if is_api(uri) || (accepts.contains("json") && !accepts.contains("html")) {
        let json = error.problem_json(cx.l, uri.path()).to_string();
        return Reply::bytes("application/problem+json", json.into()).with_status(error.status());
    }
    if error == Error::SignIn {
        let here = uri.path_and_query().map_or("/", |p| p.as_str());
        return Reply::see_other(cx.form_path(&format!("/sign-in?to={}", url::value(here))));
    }
    Reply::page(view(&cx, &app.pack, &error)).with_status(error.status())
}

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
    let there = Ctx { l, ..cx.clone() };
    // What is not there at a moment may be there now.
    let elsewhen = matches!(error, Error::Moment(_)) || matches!(error, Error::NotFound(_)) && cx.as_of_text.is_some();
    html! {
        section lang=(l.code()) {
            @if first { h1 { (l.p(&error.title())) } } @else { h2 { (l.p(&error.title())) } }
            p { (l.p(&error.problem())) }
            p { (l.p(&error.mend())) }
            @if elsewhen { p { a href=(there.now()) { (l.t("この画面の現在の表示へ", "This page as it is now")) } } }
            p { a href=(there.to("/")) { (l.t("計画の現状へ", "To the plan at a glance")) } }
        }
    }
}
