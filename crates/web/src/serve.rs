//! From HTTP to handlers and back.

use crate::{
    ctx::Ctx,
    error::{Error, pair},
    pages::errors,
    reply::Reply,
    routes::{Method, ROUTES, Route},
    state::App,
    url::Query,
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, OriginalUri, Query as QueryOf, RawPathParams, State, rejection::BytesRejection},
    http::{HeaderMap, Method as HttpMethod, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use shirube_plan::Lang;
use std::{future::Future, io, sync::Arc};
use tokio::net::TcpListener;

/// Greatest body of a request, in bytes.
const MOST_BODY: usize = 64 * 1024 * 1024;

/// Serves the portal until `stop` resolves; answers under way are finished.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}

/// The router over [`ROUTES`], each page in both languages.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        for lang in languages(route) {
            let answer = move |State(app): State<Arc<App>>,
                               OriginalUri(uri): OriginalUri,
                               params: RawPathParams,
                               headers: HeaderMap,
                               body: Result<Bytes, BytesRejection>| {
                let params = params.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
                respond(app, Request { uri, lang: *lang, params, headers, body }, route)
            };
            let method = match route.method {
                Method::Get => get(answer),
                Method::Post => post(answer),
                Method::Patch => patch(answer),
            };
            router = router.route(&address(route, *lang), method);
        }
    }
    let nowhere = |State(app): State<Arc<App>>, OriginalUri(uri): OriginalUri, headers: HeaderMap| {
        refuse(app, uri, headers, Error::NotFound(pair("この画面はありません。", "There is no such page.")))
    };
    let unknown_method =
        |State(app): State<Arc<App>>, OriginalUri(uri): OriginalUri, headers: HeaderMap| refuse(app, uri, headers, Error::Method);
    let router = router.fallback(nowhere).method_not_allowed_fallback(unknown_method).layer(DefaultBodyLimit::max(MOST_BODY));
    // About the whole router: no address of ours ends in a slash, and one whose tail is free would take it for its own.
    Router::new().fallback_service(router.with_state(app)).layer(middleware::from_fn(unslash))
}

async fn unslash(request: axum::extract::Request, next: Next) -> Response {
    match without_slash(request.uri()).filter(|_| matches!(*request.method(), HttpMethod::GET | HttpMethod::HEAD)) {
        Some(to) => Reply::moved(to).into_response(),
        None => next.run(request).await,
    }
}

/// The address without the slashes it ends in, where it ends in one. Never one that a browser would read as another
/// host's (`//evil`).
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    let elsewhere = path.is_empty() || !path.starts_with('/') || path.starts_with("//") || path.contains('\\');
    (!elsewhere).then(|| uri.query().map_or_else(|| path.to_string(), |query| format!("{path}?{query}")))
}

fn languages(route: &Route) -> &'static [Lang] {
    if route.languages { &[Lang::Ja, Lang::En] } else { &[Lang::Ja] }
}

/// Where a route is served in a language.
fn address(route: &Route, lang: Lang) -> String {
    match (lang, route.path) {
        (Lang::Ja, path) => path.to_string(),
        (Lang::En, "/") => "/en".to_string(),
        (Lang::En, path) => format!("/en{path}"),
    }
}

struct Request {
    uri: Uri,
    lang: Lang,
    params: Vec<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
}

async fn respond(app: Arc<App>, request: Request, route: &'static Route) -> Response {
    let (uri, headers, lang) = (request.uri.clone(), request.headers.clone(), language(request.lang, &request.uri, &request.headers));
    let shared = Arc::clone(&app);
    // Handlers read files and run SQL: never on a thread that serves the network.
    let task = tokio::task::spawn_blocking(move || {
        let mut cx = context(lang, &request.uri)?;
        if route.method != Method::Get {
            own_pages_only(&request.headers)?;
        }
        cx.params = request.params;
        cx.headers = request.headers;
        cx.body = request.body.map_err(|_| too_large())?;
        (route.handler)(&shared, &cx)
    });
    let answer = task.await.unwrap_or_else(|stopped| Err(Error::internal(stopped)));
    answer.unwrap_or_else(|error| error_reply(&app, lang, &uri, &headers, error)).into_response()
}

/// Language of the answer: of the page, or for programs what they accept.
fn language(page: Lang, uri: &Uri, headers: &HeaderMap) -> Lang {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if is_api(uri) && wanted.trim_start().to_ascii_lowercase().starts_with("en") { Lang::En } else { page }
}

fn is_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

/// Refuses a change that a page of another site has sent. Browsers say where a request comes from; programs that
/// say nothing are not steered by another site.
fn own_pages_only(headers: &HeaderMap) -> Result<(), Error> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let own = match (headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == text(header::HOST),
        (None, None) => true,
    };
    if own {
        Ok(())
    } else {
        Err(Error::Forbidden(pair("別のサイトから送られた操作は受け付けません。", "Changes sent from another site are refused.")))
    }
}

fn too_large() -> Error {
    let most = MOST_BODY / (1024 * 1024);
    Error::refused(
        413,
        "too-large",
        pair("送られたデータが大きすぎます", "Too much data at once"),
        pair(format!("一度に送れるのは{most} MBまでです。"), format!("At most {most} MB can be sent at once.")),
        pair(
            "ファイルを分けるか、コマンド「shirube import」で取り込んでください。",
            "Split the file, or import it with the command `shirube import`.",
        ),
    )
}

fn context(lang: Lang, uri: &Uri) -> Result<Ctx, Error> {
    let path = match lang {
        Lang::En if !is_api(uri) => uri.path().strip_prefix("/en").filter(|p| !p.is_empty()).unwrap_or("/"),
        _ => uri.path(),
    };
    Ctx::new(lang, path, query(uri)?)
}

fn query(uri: &Uri) -> Result<Query, Error> {
    let pairs = QueryOf::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| Error::BadRequest {
        problem: pair("アドレスの「?」より後を読み取れません。", "The part of the address after “?” cannot be read."),
        mend: pair("画面のリンクから開き直してください。", "Open the page from a link of the portal."),
    })?;
    Ok(Query(pairs.0))
}

async fn refuse(app: Arc<App>, uri: Uri, headers: HeaderMap, error: Error) -> Response {
    let english = uri.path() == "/en" || uri.path().starts_with("/en/");
    let lang = language(if english { Lang::En } else { Lang::Ja }, &uri, &headers);
    error_reply(&app, lang, &uri, &headers, error).into_response()
}

/// An error as a page, or as an RFC 9457 document for programs.
fn error_reply(app: &App, lang: Lang, uri: &Uri, headers: &HeaderMap, error: Error) -> Reply {
    if let Error::Internal(cause) = &error {
        eprintln!("{uri}: {cause}");
    }
    // The page links on with its moment where that can be read, and without it otherwise.
    let cx = context(lang, uri).unwrap_or_else(|_| Ctx::plain(lang, "/"));
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if is_api(uri) || (accepts.contains("json") && !accepts.contains("html")) {
        let json = error.problem_json(cx.l, uri.path()).to_string();
        return Reply::bytes("application/problem+json", json.into()).with_status(error.status());
    }
    Reply::page(errors::view(&cx, &app.pack, &error)).with_status(error.status())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), header::HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn only_own_pages_and_programs_may_send_changes() {
        for own in [
            from(&[]),
            from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]),
            from(&[("sec-fetch-site", "none")]),
            from(&[("origin", "http://127.0.0.1:8420"), ("host", "127.0.0.1:8420")]),
        ] {
            assert!(own_pages_only(&own).is_ok(), "{own:?}");
        }
        for foreign in [
            from(&[("sec-fetch-site", "cross-site")]),
            from(&[("sec-fetch-site", "same-site")]),
            from(&[("origin", "http://example.org"), ("host", "127.0.0.1:8420")]),
            from(&[("origin", "null"), ("host", "127.0.0.1:8420")]),
            from(&[("origin", "http://127.0.0.1:8420")]),
        ] {
            assert_eq!(own_pages_only(&foreign).unwrap_err().status(), 403, "{foreign:?}");
        }
    }

    #[test]
    fn a_slash_at_the_end_leads_to_the_address_without_and_never_to_another_host() {
        let to = |uri: &str| without_slash(&uri.parse().unwrap());
        assert_eq!(to("/en/").as_deref(), Some("/en"));
        assert_eq!(to("/registers/project/?q=a%2Fb&page=2").as_deref(), Some("/registers/project?q=a%2Fb&page=2"));
        assert_eq!(to("/registers//").as_deref(), Some("/registers"));
        assert_eq!(to("http://evil.example/plan/").as_deref(), Some("/plan"), "the host is not repeated");
        for stays in ["/", "/plan", "/plan?to=/", "//", "//evil", "//evil/", "///evil/", "//evil.example//", "http://evil.example/"] {
            assert_eq!(to(stays), None, "{stays}");
        }
        for odd in ["/\\evil/", "/\\/evil/", "\\\\evil/"] {
            assert!(odd.parse::<Uri>().map_or(true, |uri| without_slash(&uri).is_none()), "{odd}");
        }
        let reply = Reply::moved("/en".into());
        assert_eq!((reply.status(), reply.location()), (308, Some("/en")));
    }

    #[test]
    fn programs_get_the_language_they_accept_and_pages_their_own() {
        let english = from(&[("accept-language", "en-GB,en;q=0.9")]);
        assert_eq!(language(Lang::Ja, &"/api/v1/pack".parse().unwrap(), &english), Lang::En);
        assert_eq!(language(Lang::Ja, &"/plan".parse().unwrap(), &english), Lang::Ja);
        assert_eq!(context(Lang::En, &"/api/v1/pack".parse().unwrap()).unwrap().path, "/api/v1/pack");
    }
}
