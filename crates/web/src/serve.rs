//! From HTTP to handlers and back.

use crate::{
    asked::{context, is_api, language},
    ctx::Ctx,
    error::{Error, pair},
    gate::{self, Gate, Peer, Refused, RequestId},
    health,
    listen::listen,
    meter,
    pages::errors,
    reply::Reply,
    routes::{Method, ROUTES, Route, Takes},
    site::Limits,
    state::App,
    who::{self, Asking},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawPathParams, Request as Asked, State},
    http::{HeaderMap, Method as HttpMethod, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use shirube_plan::Lang;
use std::{
    future::Future,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, time};

/// How long a page waits for its turn at most.
pub(crate) const TURN: Duration = Duration::from_millis(250);

/// Where the program is asked.
#[derive(Debug)]
pub struct Listeners {
    /// For readers and programs.
    pub portal: TcpListener,
    /// For whoever watches the program. A proxy that hands on everything never reaches it.
    pub metrics: Option<TcpListener>,
}

/// Serves until `stop` resolves. Requests and jobs under way have the site's time to end; says whether all have.
pub async fn serve(app: Arc<App>, listeners: Listeners, stop: impl Future<Output = ()>) -> bool {
    let limits = app.site.limits.clone();
    let (over, told) = watch::channel(false);
    let ending = |mut told: watch::Receiver<bool>| async move {
        // An error says that the sender is gone: then it is over as well.
        let _ = told.wait_for(|over| *over).await;
    };
    let watching = listeners.metrics.map(|listener| {
        let (router, limits, ending) = (watch_router(Arc::clone(&app)), limits.clone(), ending(told));
        tokio::spawn(async move { listen(router, listener, &limits, ending).await })
    });
    let tidying = tokio::spawn(tidy(Arc::clone(&app)));
    let answered = listen(router(Arc::clone(&app)), listeners.portal, &limits, stop).await;
    tidying.abort();
    let jobs = Arc::clone(&app.jobs);
    let finished = tokio::task::spawn_blocking(move || jobs.finish(limits.stop_time)).await.unwrap_or(false);
    // Watched to the end.
    let _ = over.send(true);
    if let Some(watching) = watching {
        watching.abort();
    }
    answered && finished
}

/// Removes sessions, links, counters, jobs and files of forms that are over, once an hour.
async fn tidy(app: Arc<App>) {
    let mut hours = time::interval(Duration::from_secs(3600));
    loop {
        hours.tick().await;
        let app = Arc::clone(&app);
        let tidied = tokio::task::spawn_blocking(move || {
            if let Err(error) = app.who.purge() {
                tracing::warn!(%error, "what is over in the keyring was not removed");
            }
            if let Err(error) = app.jobs.tidy() {
                tracing::warn!(%error, "jobs of long ago were not removed");
            }
            match app.store.tidy_files() {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "files that were sent with forms and never saved"),
                Err(error) => tracing::warn!(%error, "files that were sent with forms and never saved were not removed"),
            }
        });
        if tidied.await.is_err() {
            tracing::warn!("tidying ended before its end");
        }
    }
}

/// The router over [`ROUTES`], each page in both languages.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for (at, route) in ROUTES.iter().enumerate() {
        for lang in languages(route) {
            let answer = move |State(app): State<Arc<App>>, params: RawPathParams, asked: Asked| {
                let params = params.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
                respond(app, *lang, params, asked, (at, route))
            };
            let method = match route.method {
                Method::Get => get(answer),
                Method::Post => post(answer),
                Method::Patch => patch(answer),
            };
            router = router.route(&address(route, *lang), method);
        }
    }
    let nowhere = |State(app), asked: Asked| stray(app, asked, Error::NotFound(pair("この画面はありません。", "There is no such page.")));
    let unknown_method = |State(app), asked: Asked| stray(app, asked, Error::Method);
    let router = router.fallback(nowhere).method_not_allowed_fallback(unknown_method);
    // About the whole router: no address of ours ends in a slash, and one whose tail is free would take it for its own.
    Router::new()
        .fallback_service(router.with_state(Arc::clone(&app)))
        .layer(middleware::from_fn(unslash))
        .layer(middleware::from_fn_with_state(Gate::new(app), gate::pass))
}

/// What is told to whoever watches the program: figures, and whether it is well.
pub fn watch_router(app: Arc<App>) -> Router {
    let figures = |State(app): State<Arc<App>>| async move {
        let text = tokio::task::spawn_blocking(move || meter::text(&app)).await.unwrap_or_default();
        Reply::bytes("text/plain; version=0.0.4; charset=utf-8", text.into())
    };
    let probe = |look: fn(&App, &Ctx) -> Result<Reply, Error>| {
        get(move |State(app): State<Arc<App>>| async move {
            let answer = tokio::task::spawn_blocking(move || look(&app, &Ctx::plain(Lang::En, "/"))).await;
            answer.ok().and_then(Result::ok).unwrap_or_else(|| Reply::bytes("text/plain", Bytes::new()).with_status(503))
        })
    };
    Router::new()
        .route("/metrics", get(figures))
        .route("/healthz", probe(health::alive))
        .route("/readyz", probe(health::ready))
        .layer(middleware::from_fn(gate::dress))
        .with_state(app)
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
    gate::own_address(path).then(|| uri.query().map_or_else(|| path.to_string(), |query| format!("{path}?{query}")))
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

async fn respond(app: Arc<App>, page: Lang, params: Vec<(String, String)>, asked: Asked, (at, route): (usize, &'static Route)) -> Response {
    let (head, body) = asked.into_parts();
    let lang = language(page, &head.uri, &head.headers);
    let client = head.extensions.get::<Peer>().map(|peer| gate::client_of(peer, &head.headers, &app.site.proxies));
    let (uri, headers) = (head.uri, head.headers);
    // What was found out of who asks, also when the answer is an error or comes too late.
    let told: Arc<OnceLock<Asking>> = Arc::default();
    let kind = (route.method == Method::Get, is_api(&uri));
    let most = app.site.limits.answer_time;
    let answer = match bring_in(route, &headers, body, &app.site.limits).await {
        Err(error) => {
            let _ = told.set(who_asks(&app, &headers, client, kind).await);
            Err(error)
        }
        Ok(body) => {
            let (app, uri, headers) = (Arc::clone(&app), uri.clone(), headers.clone());
            let told = Arc::clone(&told);
            let span = tracing::Span::current();
            // Pages at once beyond these take each other's time and snapshots. Long ones do not keep the others for ever.
            let turn = match route.method {
                Method::Get => time::timeout(TURN, Arc::clone(&app.reading).acquire_owned()).await.ok(),
                _ => None,
            };
            // Handlers read files and run SQL: never on a thread that serves the network.
            let task = tokio::task::spawn_blocking(move || {
                let (_turn, _request) = (turn, span.entered());
                let asking = app.who.is_asking(&app.store, &headers, client, app.token.word(), kind)?.at(route.name);
                let _ = told.set(asking.clone());
                let mut cx = context(lang, &uri)?;
                (cx.params, cx.headers, cx.body, cx.asking) = (params, headers, body, asking);
                who::answer(route, &app, &cx)
            });
            match time::timeout(most, task).await {
                Ok(done) => done.unwrap_or_else(|stopped| Err(Error::internal(stopped))),
                Err(_) => Err(too_long(most.as_secs())),
            }
        }
    };
    if let Err(Error::Internal(cause)) = &answer {
        let id = head.extensions.get::<RequestId>().map_or("", |id| id.0.as_str());
        tracing::error!(request = id, route = route.name, cause, "failed");
    }
    let asking = told.get().cloned().unwrap_or_else(Asking::nobody);
    let why = asking.noted().or_else(|| answer.as_ref().err().and_then(Error::logged_as));
    let refused = why.map(|why| Refused { why, account: asking.account() });
    let (renewed, known) = (asking.renewed.clone(), asking.visitor.is_known());
    let reply = answer.unwrap_or_else(|error| errors::reply(&app, lang, &uri, &headers, asking, error));
    let reply = if known { reply.unkept() } else { reply };
    gate::mark(who::renewed(reply, renewed), at, refused)
}

/// An answer to a request that no route takes.
async fn stray(app: Arc<App>, asked: Asked, error: Error) -> Reply {
    let (head, _) = asked.into_parts();
    let asking = who_asks(&app, &head.headers, None, (head.method == HttpMethod::GET, is_api(&head.uri))).await;
    let (renewed, known) = (asking.renewed.clone(), asking.visitor.is_known());
    let reply = errors::refuse(&app, &head.uri, &head.headers, asking, error);
    who::renewed(if known { reply.unkept() } else { reply }, renewed)
}

/// Who asks, found out for the head of a page that no handler makes, and for its line in the log.
async fn who_asks(app: &Arc<App>, headers: &HeaderMap, client: Option<IpAddr>, kind: (bool, bool)) -> Asking {
    let (inside, headers) = (Arc::clone(app), headers.clone());
    let look = move || inside.who.is_asking(&inside.store, &headers, client, inside.token.word(), kind).ok();
    let looked = time::timeout(app.site.limits.answer_time, tokio::task::spawn_blocking(look)).await;
    looked.ok().and_then(Result::ok).flatten().unwrap_or_else(Asking::nobody)
}

/// What a request brings along, as far as its route takes it.
async fn bring_in(route: &Route, headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Error> {
    if route.method != Method::Get {
        own_pages_only(headers)?;
    }
    let most = match route.takes {
        Takes::Nothing => return Ok(Bytes::new()),
        Takes::Form => limits.form,
        Takes::Files => limits.upload,
    };
    let told = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    match time::timeout(limits.upload_time, axum::body::to_bytes(body, most)).await {
        Ok(body) => body.map_err(|_| too_large(most)),
        Err(_) => Err(too_slow(limits.upload_time.as_secs())),
    }
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
        Err(Error::refused(
            403,
            "foreign-form",
            pair("別のサイトから送られました", "Sent from another site"),
            pair("別のサイトから送られた操作は受け付けません。", "Changes sent from another site are refused."),
            pair("このポータルの画面を開き、そこから操作してください。", "Open the page on this portal and do it there."),
        ))
    }
}

fn too_large(most: usize) -> Error {
    let most = most as f64 / (1024.0 * 1024.0);
    Error::refused(
        413,
        "too-large",
        pair("送られたデータが大きすぎます", "Too much data at once"),
        pair(format!("一度に送れるのは{most:.1} MBまでです。"), format!("At most {most:.1} MB can be sent at once.")),
        pair(
            "ファイルを分けるか、コマンド「shirube import」で取り込んでください。",
            "Split the file, or import it with the command `shirube import`.",
        ),
    )
}

fn too_slow(seconds: u64) -> Error {
    Error::refused(
        408,
        "too-slow",
        pair("時間内に届きませんでした", "Not received in time"),
        pair(
            format!("送られたデータが{seconds}秒以内に届きませんでした。"),
            format!("What was sent did not arrive within {seconds} seconds."),
        ),
        pair("もう一度送るか、ファイルを分けてください。", "Send it again, or split the file."),
    )
}

fn too_long(seconds: u64) -> Error {
    Error::refused(
        503,
        "took-too-long",
        pair("時間内に終わりませんでした", "Not done in time"),
        pair(format!("{seconds}秒以内に終わりませんでした。"), format!("The answer was not ready within {seconds} seconds.")),
        pair(
            "条件を絞ってください。変更を送った場合は、記録されたかどうかを先に確かめてください。",
            "Ask for less. If you sent a change, look whether it was made before you send it again.",
        ),
    )
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
}
