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
    extract::{DefaultBodyLimit, OriginalUri, Query as QueryOf, RawPathParams, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
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
                               body: Bytes| {
                let params = params.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
                respond(app, Request { uri, lang: *lang, params, headers, body }, route.handler)
            };
            let method = match route.method {
                Method::Get => get(answer),
            };
            router = router.route(&address(route, *lang), method);
        }
    }
    let nowhere = |State(app): State<Arc<App>>, OriginalUri(uri): OriginalUri, headers: HeaderMap| {
        refuse(app, uri, headers, Error::NotFound(pair("この画面はありません。", "There is no such page.")))
    };
    let unknown_method =
        |State(app): State<Arc<App>>, OriginalUri(uri): OriginalUri, headers: HeaderMap| refuse(app, uri, headers, Error::Method);
    router.fallback(nowhere).method_not_allowed_fallback(unknown_method).layer(DefaultBodyLimit::max(MOST_BODY)).with_state(app)
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
    body: Bytes,
}

async fn respond(app: Arc<App>, request: Request, handler: crate::routes::Handler) -> Response {
    let (uri, headers, lang) = (request.uri.clone(), request.headers.clone(), request.lang);
    let shared = Arc::clone(&app);
    // Handlers read files and run SQL: never on a thread that serves the network.
    let task = tokio::task::spawn_blocking(move || {
        let mut cx = context(request.lang, &request.uri)?;
        cx.params = request.params;
        cx.body_media = request.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_string);
        cx.body = request.body;
        handler(&shared, &cx)
    });
    let answer = task.await.unwrap_or_else(|stopped| Err(Error::internal(stopped)));
    answer.unwrap_or_else(|error| error_reply(&app, lang, &uri, &headers, error)).into_response()
}

fn context(lang: Lang, uri: &Uri) -> Result<Ctx, Error> {
    let path = match lang {
        Lang::Ja => uri.path(),
        Lang::En => uri.path().strip_prefix("/en").filter(|p| !p.is_empty()).unwrap_or("/"),
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
    let lang = if english { Lang::En } else { Lang::Ja };
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
    if uri.path().starts_with("/api/") || (accepts.contains("json") && !accepts.contains("html")) {
        let json = error.problem_json(cx.l, uri.path()).to_string();
        return Reply::bytes("application/problem+json", json.into()).with_status(error.status());
    }
    Reply::page(errors::view(&cx, &app.pack, &error)).with_status(error.status())
}
