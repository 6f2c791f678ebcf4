//! Requests to the portal: addresses, queries, headers, cookies, tokens, forms, JSON.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use shirube_keyring::{Clock, Keyring, Limits as KeyLimits};
use shirube_outbox::{Outbox, webhook::Webhooks};
use shirube_store::Store;
use shirube_web::{Accounts, App, Jobs, Limits, Post, Site, Who, router};
use std::{cell::RefCell, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower_service::Service;

/// After so many events a portal begins anew: what was sent before would slow what is sent now.
const EVENTS: i64 = 2_000;

/// A portal that is thrown away.
struct Portal {
    runtime: Runtime,
    router: Router,
    app: Arc<App>,
    _folder: TempDir,
}

impl Portal {
    fn open(pack: &str, accounts: bool) -> Option<Portal> {
        let folder = crate::folder();
        let (pack, _) = shirube_plan::load(&crate::files_of(pack));
        let store = Store::open(folder.path(), Arc::new(pack)).ok()?;
        let jobs = Jobs::open(folder.path().join("jobs")).ok()?;
        let limits = Limits { answer_time: Duration::from_secs(20), ..Limits::default() };
        let site = Site { data: folder.path().to_path_buf(), limits, ..Site::default() };
        let who = if accounts {
            let keyring = Keyring::in_folder(folder.path(), KeyLimits::default(), Clock::system(), Box::new(|_| ())).ok()?;
            let post = Post { outbox: Outbox::in_folder(folder.path()).ok()?, mail: None, webhooks: Webhooks::new(|_| false) };
            Who::Accounts(Box::new(Accounts::new(keyring, post, store.pack(), false).ok()?))
        } else {
            Who::Trial
        };
        let app = Arc::new(App::new(store, jobs, site, who));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?;
        Some(Portal { runtime, router: router(Arc::clone(&app)), app, _folder: folder })
    }

    fn ask(&mut self, request: Request<Body>) {
        let line = format!("{} {}", request.method(), request.uri());
        let router = &mut self.router;
        let (status, body) = self.runtime.block_on(async {
            let Ok(answer) = router.call(request).await;
            let status = answer.status().as_u16();
            (status, to_bytes(answer.into_body(), usize::MAX).await)
        });
        assert!(body.is_ok() && status != 500, "{line}: {status}");
    }
}

/// A request as it is written in HTTP: a line with method and address, headers, an empty line, the body. `{word}` stands
/// for what forms of the portal carry.
fn request(data: &[u8], word: &str) -> Option<Request<Body>> {
    let end = data.windows(2).position(|w| w == b"\n\n").unwrap_or(data.len());
    let (head, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 2..).unwrap_or_default());
    let mut lines = head.lines();
    let (method, address) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(address).header("host", "localhost");
    for (name, text) in lines.filter_map(|line| line.split_once(':')) {
        request = request.header(name, text.trim());
    }
    // As bytes: what is sent need not be text.
    let mut filled = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.windows(6).position(|w| w == b"{word}") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(word.as_bytes());
        rest = &rest[at + 6..];
    }
    filled.extend_from_slice(rest);
    request.body(Body::from(filled)).ok()
}

type Kept = RefCell<Option<Portal>>;

fn ask(kept: &Kept, data: &[u8], open: impl FnOnce() -> Option<Portal>) {
    let mut kept = kept.borrow_mut();
    if kept.as_ref().is_none_or(|portal| portal.app.store.head_seq() > EVENTS) {
        *kept = open();
    }
    let portal = kept.as_mut().expect("the portal opens");
    if let Some(request) = request(data, portal.app.token.word()) {
        portal.ask(request);
    }
}

/// A request to a portal where everyone is the owner.
pub fn request_trial(data: &[u8]) {
    thread_local!(static PORTAL: Kept = const { RefCell::new(None) });
    PORTAL.with(|kept| ask(kept, data, || Portal::open("crates/web/tests/desk", false)));
}

/// A request of nobody known to a portal where people sign in.
pub fn request_accounts(data: &[u8]) {
    thread_local!(static PORTAL: Kept = const { RefCell::new(None) });
    PORTAL.with(|kept| ask(kept, data, || Portal::open("crates/web/tests/access", true)));
}
