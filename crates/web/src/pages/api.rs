//! What the API offers, for people who write programs.

use crate::{
    api::openapi,
    ctx::Ctx,
    error::Error,
    layout::{self, View},
    parts,
    reply::Reply,
    routes::Method,
    state::App,
    url,
};
use maud::{Markup, html};

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(view(&app.view(cx))))
}

/// A search that answers: without words it is refused.
fn search_example(v: &View) -> String {
    let words = v.pack.registers.values().next().map_or(&v.pack.meta.label, |r| &r.label);
    format!("/api/v1/search?q={}", url::value(v.cx.l.p(words)))
}

fn view(v: &View) -> Markup {
    let l = v.cx.l;
    let title = "API";
    let body = html! {
        (parts::heading(l.p(&v.pack.meta.label), title))
        p class="lead" {
            (l.t("この画面にあるものはすべて、JSONで読み書きできます。メンバーの名前は台帳の列の名前です。",
                 "Everything on these pages can be read and written as JSON. Names of members are names of columns."))
        }
        p { a class="button quiet" href="/api/openapi.json" { (l.t("OpenAPI 3.1 の記述", "OpenAPI 3.1 description")) } }
        ul {
            li { code { "?as_of=2026-11-01" } " " (l.t("どの読み取りにも時点を付けられます（日付、時刻、seq:N）。", "Every read can be of a moment: a day, a time or seq:N.")) }
            li { code { "ETag / If-Match" } " " (l.t("記録の版です。変更には読み取った版を付けてください。", "The version of a record; a change names the version it was read with.")) }
            li { code { "application/problem+json" } " " (l.t("できなかった理由は code、直し方は mend、箇所は errors にあります（RFC 9457）。", "Why something was not done: `code`, how to mend it: `mend`, where: `errors` (RFC 9457).")) }
            li { code { "Accept-Language" } " " (l.t("メッセージの言語（ja、en）。", "Language of the messages (ja, en).")) }
        }
        h2 { (l.t("アドレス", "Addresses")) }
        div class="scroll" {
            table class="wide" {
                caption class="visually-hidden" { (l.t("アドレス", "Addresses")) }
                thead { tr { th scope="col" { (l.t("方法", "Method")) } th scope="col" { (l.t("アドレス", "Address")) } th scope="col" { (l.t("内容", "What")) } } }
                tbody {
                    @for route in openapi::routes() {
                        tr {
                            td { code { (match route.method { Method::Get => "GET", Method::Post => "POST", Method::Patch => "PATCH" }) } }
                            td { @if route.name == "api_search" { a href=(search_example(v)) { code { (route.path) "?q=…" } } } @else if route.path.contains('{') || route.method != Method::Get { code { (route.path.replace("{*", "{")) } } @else { a href=(route.path) { code { (route.path) } } } }
                            td { (l.t(route.summary.0, route.summary.1)) }
                        }
                    }
                }
            }
        }
    };
    layout::page(v, title, "", &[], body)
}
