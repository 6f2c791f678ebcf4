//! What stands before every handler: the headers of answers, the checks of requests, the line in the log.

mod address;
mod bucket;
mod client;
mod headers;
mod trace;

pub use address::own_address;
pub use client::{Network, NotANetwork};
pub use headers::LASTING;

use crate::{
    error::{Error, pair},
    pages::errors::refuse,
    reply::Reply,
    routes::ROUTES,
    state::App,
    who::Asking,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bucket::Buckets;
use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tracing::Instrument;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The client's address, as far as trusted proxies say it.
pub fn client_of(peer: &Peer, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    client::address(peer.0.ip(), headers, proxies)
}

/// Name of a request in the log and in the answer's `x-request-id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Position in the table of routes of what answered; marks the answer.
#[derive(Clone, Copy, Debug)]
pub struct Answered(pub usize);

/// What the line in the log says of a refusal; marks the answer.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// Of what kind, in the words that programs get as code.
    pub why: &'static str,
    /// Record of the account that was refused, where one is known.
    pub account: Option<i64>,
}

/// Checks over all requests.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: Arc<App>,
    buckets: Buckets,
    names: RandomState,
    count: AtomicU64,
}

/// Addresses that probes ask, by whatever name they know this machine.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

impl Gate {
    /// A gate before a portal.
    pub fn new(app: Arc<App>) -> Gate {
        let limits = &app.site.limits;
        let buckets = Buckets::new(limits.per_second, limits.burst);
        Gate(Arc::new(Inner { app, buckets, names: RandomState::new(), count: AtomicU64::new(0) }))
    }

    fn name(&self) -> RequestId {
        // Keyed by random numbers of the system: names of two starts differ.
        RequestId(format!("{:016x}", self.0.names.hash_one(self.0.count.fetch_add(1, Ordering::Relaxed))))
    }

    /// Why a request is turned away before it is read.
    fn check(&self, request: &Request) -> Result<(), Turned> {
        let site = &self.0.app.site;
        let (uri, headers) = (request.uri(), request.headers());
        if uri.path_and_query().map_or(0, |p| p.as_str().len()) > site.limits.address {
            return Err(Turned::TooLong(site.limits.address));
        }
        if !address::plain_path(uri.path()) {
            return Err(Turned::Path);
        }
        if PROBES.contains(&uri.path()) {
            return Ok(());
        }
        let named = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let asked = [named, uri.authority().map(|a| a.as_str())];
        if asked.iter().all(Option::is_none) || asked.into_iter().flatten().any(|h| !address::own_host(h, &site.hosts)) {
            return Err(Turned::Host);
        }
        match request.extensions().get::<Peer>() {
            Some(Peer(peer)) => self.let_in(client::address(peer.ip(), headers, &site.proxies)),
            None => Ok(()),
        }
    }

    fn let_in(&self, client: IpAddr) -> Result<(), Turned> {
        // Whoever sits at this machine can do worse than ask often. Behind a proxy on it, clients have their own address.
        if client.is_loopback() {
            return Ok(());
        }
        self.0.buckets.take(client::one(client), Instant::now()).map_err(Turned::TooOften)
    }
}

/// Why a request does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turned {
    TooLong(usize),
    Path,
    Host,
    TooOften(Duration),
}

impl From<Turned> for Error {
    fn from(turned: Turned) -> Error {
        match turned {
            Turned::TooLong(most) => Error::refused(
                414,
                "address-too-long",
                pair("アドレスが長すぎます", "The address is too long"),
                pair(format!("アドレスは{most}バイトまでです。"), format!("An address has at most {most} bytes.")),
                pair("条件を減らしてください。", "Use fewer conditions."),
            ),
            Turned::Path => Error::bad(
                pair("アドレスに使えない文字が含まれています。", "The address holds characters that cannot be used there."),
                pair("画面のリンクから開き直してください。", "Open the page from a link of the portal."),
            ),
            Turned::Host => Error::refused(
                421,
                "unknown-host",
                pair("このホスト名では応答しません", "Not under this host name"),
                pair("このポータルが受け付けるホスト名ではありません。", "This portal does not answer to this host name."),
                pair(
                    "正しいアドレスで開いてください。管理者は設定の allowed_hosts か public_url にこの名前を加えてください。",
                    "Use the portal’s own address. Whoever runs it adds the name to `allowed_hosts` or `public_url`.",
                ),
            ),
            Turned::TooOften(_) => Error::refused(
                429,
                "too-many-requests",
                pair("要求が多すぎます", "Too many requests"),
                pair("短い間に多くの要求がありました。", "Too many requests have come from your address in a short time."),
                pair("少し待ってから、もう一度試してください。", "Wait a moment and try again."),
            ),
        }
    }
}

/// Lets a request through to its handler, and puts on its answer what every answer carries.
pub async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let app = Arc::clone(&gate.0.app);
    let (method, id) = (request.method().clone(), gate.name());
    let span = trace::begin(&request, &id);
    request.extensions_mut().insert(id.clone());
    let mut response = match gate.check(&request) {
        Ok(()) => next.run(request).instrument(span.clone()).await,
        Err(turned) => turned_away(&app, &request, turned),
    };
    headers::put(&mut response, &method, app.site.https);
    if let Ok(name) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", name);
    }
    let answered = response.extensions().get::<Answered>().copied();
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    let route = app.meter.count(answered.map(|a| a.0), status, took);
    trace::end(&span, &method, answered.and_then(|a| ROUTES.get(a.0)), status);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let refused = response.extensions().get::<Refused>().copied();
    // Never the address: it holds what people search for. Who asks only where they are refused, and no more than their
    // account's id.
    let (account, refused) = (refused.and_then(|refused| refused.account), refused.map(|refused| refused.why));
    match status {
        500.. => tracing::error!(request = %id.0, method = %method, route, status, micros, "answered"),
        _ if PROBES.iter().any(|p| p.trim_start_matches('/') == route) => {
            tracing::debug!(request = %id.0, method = %method, route, status, micros, "answered");
        }
        _ => tracing::info!(request = %id.0, method = %method, route, status, micros, refused, account, "answered"),
    }
    response
}

fn turned_away(app: &App, request: &Request, turned: Turned) -> Response {
    let error = Error::from(turned);
    let refused = Refused { why: error.slug(), account: None };
    let reply = refuse(app, request.uri(), request.headers(), Asking::nobody(), error);
    let reply = match turned {
        Turned::TooOften(wait) => reply.with_header("retry-after", (wait.as_secs() + 1).to_string()),
        _ => reply,
    };
    let mut response = reply.into_response();
    response.extensions_mut().insert(refused);
    response
}

/// For answers that are no [`Reply`] and no page (metrics).
pub async fn dress(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let mut response = next.run(request).await;
    headers::put(&mut response, &method, false);
    response
}

/// Marks an answer with the route that gave it, and as a refusal if it is one.
pub fn mark(reply: Reply, route: usize, refused: Option<Refused>) -> Response {
    let mut response = reply.into_response();
    response.extensions_mut().insert(Answered(route));
    if let Some(refused) = refused {
        response.extensions_mut().insert(refused);
    }
    response
}
