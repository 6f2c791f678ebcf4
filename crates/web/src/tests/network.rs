//! What holds for every answer on the wire, asked as strangers ask.

use super::{
    accounts::{Browser, PASSWORD, founded, member},
    html::{Piece, pieces},
};
use crate::{
    App, Limits, Listeners, Site,
    routes::{Method, ROUTES, Route},
    serve::{self, TURN},
    testing::{self, Portal},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// A portal that really listens.
pub(super) struct Live {
    address: SocketAddr,
    metrics: SocketAddr,
    pub app: Arc<App>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<bool>>,
    _folder: tempfile::TempDir,
}

pub(super) struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn read(mut stream: TcpStream) -> Answer {
        let mut bytes = vec![];
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers = lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_string())).collect();
        Answer { status, headers, body: body.to_string() }
    }
}

impl Live {
    pub fn start(portal: Portal, change: impl FnOnce(&mut Site)) -> Live {
        let (mut app, folder) = portal.into_parts();
        change(&mut app.site);
        let app = Arc::new(app);
        let (told, known) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&app);
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let bind = || tokio::net::TcpListener::bind("127.0.0.1:0");
                let (portal, metrics) = (bind().await.unwrap(), bind().await.unwrap());
                told.send((portal.local_addr().unwrap(), metrics.local_addr().unwrap())).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                serve::serve(shared, Listeners { portal, metrics: Some(metrics) }, stop).await
            })
        });
        let (address, metrics) = known.recv().unwrap();
        Live { address, metrics, app, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    pub fn send(&self, text: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let _ = stream.write_all(text.as_bytes());
        Answer::read(stream)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Stops it; whether everything had ended in time.
    fn stop(mut self) -> bool {
        let _ = self.stop.take().unwrap().send(());
        self.thread.take().unwrap().join().unwrap()
    }
}

fn limits(change: impl FnOnce(&mut Limits)) -> impl FnOnce(&mut Site) {
    |site| change(&mut site.limits)
}

/// An address of a route, with things that are there.
fn example(route: &Route, record: i64) -> String {
    let id = match route.path {
        p if p.contains("/registers") => record.to_string(),
        p if p.contains("/nodes") => "a-goal-1".into(),
        p if p.contains("/indicators") => "lamps".into(),
        p if p.contains("/figures") => "doc/lamps@2024".into(),
        _ => "doc".into(),
    };
    let values =
        [("period", "a"), ("from", "a"), ("to", "b"), ("list", "field"), ("register", "lamp"), ("format", "csv"), ("source", "doc")];
    let path = route.path.replace("{*", "{").replace("{id}", &id);
    let path = values.iter().fold(path, |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    // What there is none of (jobs, files, transitions) gives an answer too.
    path.replace(['{', '}'], "") + if route.name == "api_search" { "?q=x" } else { "" }
}

fn safe(address: &str, answer: &Answer) {
    let has = |name: &str| answer.header(name).unwrap_or_else(|| panic!("{address}: no {name}"));
    let policy = has("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action '"] {
        assert!(policy.contains(part), "{address}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("data:"), "{address}: {policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(has(name), value, "{address}");
    }
    assert!(answer.header("access-control-allow-origin").is_none(), "{address}: no other site reads it");
    assert!(has("permissions-policy").contains("camera=()"));
    assert_eq!(has("x-request-id").len(), 16);
    has("cache-control");
    if answer.header("content-type").is_some_and(|t| t.starts_with("text/html")) {
        no_inline_code(address, &answer.body);
    }
}

/// Nothing in a page that the policy would have to forbid.
fn no_inline_code(address: &str, page: &str) {
    for piece in pieces(page) {
        let Piece::Open(name, attributes) = piece else { continue };
        assert_ne!(name, "style", "{address}");
        assert!(name != "script" || attributes.iter().any(|(n, _)| n == "src"), "{address}: a script in the page");
        for (attribute, value) in attributes {
            assert!(attribute != "style" && !attribute.starts_with("on") && attribute != "srcdoc", "{address}: {name} {attribute}");
            let scheme = value.trim_start().to_ascii_lowercase();
            assert!(!scheme.starts_with("javascript:") && !scheme.starts_with("data:"), "{address}: {name} {attribute}");
        }
    }
}

#[test]
fn every_answer_of_every_route_is_safe() {
    let live = Live::start(Portal::open(testing::pack()), |_| {});
    let record: serde_json::Value = serde_json::from_str(&live.get("/api/v1/registers/lamp/records?limit=1").body).unwrap();
    let record = record["records"][0]["_id"].as_i64().unwrap_or_else(|| panic!("{record}"));
    // There are no jobs, files and transitions here; their answers are refusals.
    let none =
        ["job", "job_errors_csv", "job_errors_xlsx", "record_file", "record_transition", "api_file", "record_redact", "record_amend"];
    // In a trial there are no accounts.
    let none = [
        &none[..],
        &["sign_in", "sign_in_provider", "sign_in_back", "link", "me", "people", "person", "record_access", "forgot", "outbox"],
    ]
    .concat();
    for route in ROUTES {
        let (method, path) = (format!("{:?}", route.method).to_ascii_uppercase(), example(route, record));
        let prefixes: &[&str] = if route.languages { &["", "/en"] } else { &[""] };
        for prefix in prefixes {
            let path = if path == "/" && !prefix.is_empty() { prefix.to_string() } else { format!("{prefix}{path}") };
            let before = live.app.store.head_seq();
            let answer = live.ask(&method, &path, "accept: text/html\r\n", "");
            assert!(route.method != Method::Get || live.app.store.head_seq() == before, "{path}: reading writes nothing");
            assert!((200..500).contains(&answer.status), "{method} {path}: {}", answer.status);
            assert!(route.method != Method::Get || answer.status == 200 || none.contains(&route.name), "{path}: {}", answer.status);
            safe(&path, &answer);
            let kept = answer.header("cache-control").unwrap();
            if route.method != Method::Get || answer.status >= 400 || answer.header("content-disposition").is_some() {
                assert_eq!(kept, "no-store", "{path}");
            } else {
                assert_eq!(kept, "private, no-cache", "{path}");
            }
        }
    }
    for (method, path, status) in
        [("GET", "/nowhere", 404), ("DELETE", "/plan", 405), ("TRACE", "/plan", 405), ("GET", "/%2e%2e/x", 400), ("GET", "/plan/", 308)]
    {
        let answer = live.ask(method, path, "", "");
        assert_eq!(answer.status, status, "{path}");
        safe(path, &answer);
    }
    let icon = live.get("/assets/icon.svg");
    assert_eq!(icon.header("content-type"), Some("image/svg+xml; charset=utf-8"));
    assert!(icon.header("content-security-policy").unwrap().contains("object-src 'none'"));
    let page = live.get("/").body;
    let style = page.split("href=\"").map(|p| p.split('"').next().unwrap()).find(|h| h.starts_with("/assets/app.css")).unwrap();
    assert_eq!(live.get(style).header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(live.get("/").header("strict-transport-security").is_none(), "only where readers come by https");
    assert!(live.stop());
}

#[test]
fn requests_that_are_not_meant_for_us_are_turned_away() {
    let live = Live::start(Portal::desk(), |site| {
        site.hosts = vec!["plan.example.jp".into()];
        site.https = true;
    });
    let with_host = |host: &str, path: &str| live.send(&format!("GET {path} HTTP/1.1\r\n{host}connection: close\r\n\r\n"));
    for host in ["host: localhost:8420\r\n", "host: plan.example.jp\r\n", "host: 127.0.0.1\r\n"] {
        let answer = with_host(host, "/registers");
        assert_eq!(answer.status, 200, "{host}");
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
    }
    for (host, path) in
        [("host: evil.example\r\n", "/registers"), ("", "/registers"), ("host: localhost\r\n", "http://evil.example/registers")]
    {
        let answer = with_host(host, path);
        assert_eq!(answer.status, 421, "{host}{path}");
        safe(path, &answer);
    }
    assert_eq!(with_host("host: 10.1.2.3\r\n", "/healthz").status, 200, "probes know no name");
    for path in ["/registers/..%2f..%2fetc", "/registers/%00", "/a%5cb", "/registers/%2e%2e/x"] {
        assert_eq!(live.get(path).status, 400, "{path}");
    }
    let foreign = live.ask("POST", "/registers/project/new", "origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n", "");
    assert_eq!(foreign.status, 403);
    assert!(live.get("//evil.example/").header("location").is_none());
}

#[test]
fn an_attached_file_leaves_as_a_file_that_runs_nothing() {
    let portal = Portal::desk();
    let form = [("title", "x"), ("year", "2024"), ("stage", "basic")];
    let reply = portal.send_file("/registers/project/new", &form, "report", "報告.txt", b"see javascript:alert(1)").unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let id = super::sent_to(reply.location());
    let live = Live::start(portal, |_| {});
    for path in [format!("/registers/project/{id}/files/report"), format!("/api/v1/registers/project/records/{id}/files/report")] {
        let answer = live.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        safe(&path, &answer);
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename*=UTF-8''"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("sandbox"), "{path}");
    }
}

#[test]
fn answers_to_who_is_signed_in_are_kept_by_nobody_and_errors_carry_the_new_token() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let cookies = founded(&portal, &link);
    let live = Live::start(portal, |_| {});
    let mut session = cookies.iter().find(|(n, _)| n == "shirube").unwrap().1.clone();
    let get = |session: &str, path: &str| live.ask("GET", path, &format!("cookie: shirube={session}\r\n"), "");
    for path in ["/", "/me", "/registers/office_account", "/search?q=x", "/api/v1/registers"] {
        let answer = get(&session, path);
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{path}");
    }
    assert_eq!(live.get("/").header("cache-control"), Some("private, no-cache"), "of the public");
    let page = live.get("/").body;
    let style = page.split("href=\"").map(|p| p.split('"').next().unwrap()).find(|h| h.starts_with("/assets/app.css")).unwrap();
    assert_eq!(get(&session, style).header("cache-control"), Some("public, max-age=31536000, immutable"), "the same for all");
    let keyring = &live.app.who.accounts().unwrap().keyring;
    let ann = shirube_keyring::Account(live.app.store.people().unwrap().by_login("ann").unwrap().id);
    for path in ["/registers/project/999999", "/people/999999", "/registers/nowhere", "/plan?as_of=never"] {
        keyring.rights_changed(ann).unwrap();
        let answer = get(&session, path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        let Some(renewed) = answer.header("set-cookie") else {
            assert_eq!(get(&session, "/me").status, 200, "{path}: the token is as good as before");
            continue;
        };
        session = renewed.split(['=', ';']).nth(1).unwrap().to_string();
        assert_eq!(get(&session, "/me").status, 200, "{path}: who was refused is still signed in");
    }
    assert!(live.stop());
}

#[test]
fn pages_of_errors_tell_who_is_signed_in_and_lead_on_to_a_moment_that_there_is() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let cookies = founded(&portal, &link);
    member(&portal, "bob", None);
    let mut bob = Browser::new(&portal);
    bob.sign_in("bob", PASSWORD);
    let bob = bob.cookies.into_iter().find(|(n, _)| n == "shirube").unwrap().1;
    let live = Live::start(portal, |_| {});
    let session = format!("cookie: shirube={}\r\n", cookies.iter().find(|(n, _)| n == "shirube").unwrap().1);
    let errors = [
        ("GET", "/en/nowhere", 404),
        ("DELETE", "/en/plan", 405),
        ("GET", "/en/nodes/nowhere", 404),
        ("GET", "/en/plan?as_of=never", 400),
        ("GET", "/en/registers/project?q=x&as_of=2999-01-01", 400),
    ];
    for (method, path, status) in errors {
        let answer = live.ask(method, path, &session, "");
        assert_eq!((answer.status, answer.header("cache-control")), (status, Some("no-store")), "{path}");
        assert!(answer.body.contains("href=\"/en/me\">Ann<") && answer.body.contains("action=\"/en/sign-out\""), "{path}");
        assert!(!live.ask(method, path, "", "").body.contains("Ann"), "{path}");
        safe(path, &answer);
    }
    let bob = format!("cookie: shirube={bob}\r\n");
    for (method, path, headers, length, status) in [
        ("GET", "/en/people/1", bob.clone(), 0, 403),
        ("GET", "/en/nowhere", bob.clone(), 0, 404),
        // Refused before anybody looks at who asks.
        ("POST", "/en/me", format!("{bob}sec-fetch-site: same-site\r\n"), 0, 403),
        ("POST", "/en/me", bob.clone(), 1_000_000_000, 413),
    ] {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n");
        let answer = live.send(&format!("{head}{headers}\r\n"));
        assert_eq!((answer.status, answer.header("cache-control")), (status, Some("no-store")), "{method} {path}");
        assert!(answer.body.contains("href=\"/en/me\">bob<") && answer.body.contains("action=\"/en/sign-out\""), "{method} {path}");
    }
    let early = live.ask("GET", errors[4].1, &session, "").body;
    assert!(early.contains("href=\"/en/registers/project?q=x\">This page as it is now<"), "{early}");
    assert!(!early.contains("href=\"/en/plan?as_of=2999-01-01\""), "no link leads to the same refusal");
}

#[test]
fn sizes_are_limited_by_what_a_route_takes() {
    let live = Live::start(Portal::desk(), limits(|l| (l.form, l.upload, l.address, l.headers) = (1000, 5000, 300, 8192)));
    let body = |n: usize| format!("_token={}", "x".repeat(n));
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    assert_eq!(live.ask("POST", "/registers/project/1/redact", form, &body(1100)).status, 413);
    assert_ne!(live.ask("POST", "/registers/project/new", form, &body(1100)).status, 413, "forms with files may be longer");
    assert_eq!(live.ask("POST", "/registers/project/new", form, &body(6000)).status, 413);
    assert_eq!(live.ask("POST", "/api/v1/registers/project/records", "content-type: application/json\r\n", &body(1100)).status, 413);
    let chunked =
        "POST /api/v1/registers/project/records HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let pieces = format!("{:x}\r\n{}\r\n", 800, "x".repeat(800)).repeat(3);
    assert_eq!(live.send(&format!("{chunked}{pieces}0\r\n\r\n")).status, 413, "the length need not be told");
    assert_eq!(live.get(&format!("/search?q={}", "x".repeat(300))).status, 414);
    assert_eq!(live.ask("GET", "/registers", &format!("x-long: {}\r\n", "y".repeat(9000)), "").status, 431);
    assert_eq!(live.ask("GET", "/registers", &"x-many: y\r\n".repeat(100), "").status, 431);
}

#[test]
fn a_client_that_asks_too_often_waits() {
    let live = Live::start(Portal::desk(), |site| {
        site.proxies = vec!["127.0.0.1".parse().unwrap()];
        (site.limits.per_second, site.limits.burst) = (1, 2);
    });
    let from = |client: &str| live.ask("GET", "/registers", &format!("x-forwarded-for: {client}\r\n"), "");
    assert_eq!([from("203.0.113.1").status, from("203.0.113.1").status], [200, 200]);
    let refused = from("203.0.113.1");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    safe("429", &refused);
    assert_eq!(from("198.51.100.9, 203.0.113.1").status, 429, "what the client itself says of others counts for nothing");
    assert_eq!(from("203.0.113.2").status, 200);
    assert!(crate::meter::text(&live.app).contains("count{route=\"none\",status=\"4xx\"} 2"));
}

#[test]
fn slow_clients_are_cut_off_and_long_answers_end() {
    let live = Live::start(
        Portal::desk(),
        limits(|l| {
            (l.header_time, l.upload_time, l.answer_time) =
                (Duration::from_millis(300), Duration::from_millis(300), Duration::from_nanos(1))
        }),
    );
    let begun = Instant::now();
    let mut stream = TcpStream::connect(live.address).unwrap();
    stream.write_all(b"GET /registers HTTP/1.1\r\nhost: loc").unwrap();
    let cut = Answer::read(stream);
    assert!([0, 408].contains(&cut.status) && begun.elapsed() < Duration::from_secs(20), "headers that never end: {}", cut.status);
    let begun = Instant::now();
    let slow = live.send("POST /registers/project/new HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 100\r\n\r\nhalf");
    assert_eq!(slow.status, 408);
    assert!(begun.elapsed() < Duration::from_secs(20));
    // An answer may be there before anyone looks at the clock.
    assert!((0..5000).any(|_| live.get("/audit").status == 503));
    assert!(live.stop());
}

#[test]
fn pages_wait_for_a_turn_for_a_while_and_changes_take_none() {
    let live = Live::start(Portal::desk(), |_| {});
    assert_eq!(live.get("/registers").status, 200);
    let turns = live.app.reading.available_permits();
    let hold = |turns: usize| Arc::clone(&live.app.reading).try_acquire_many_owned(u32::try_from(turns).unwrap()).unwrap();
    let page = || {
        let begun = Instant::now();
        assert_eq!(live.get("/registers").status, 200);
        begun.elapsed()
    };
    // A busy machine may take long over one; not over each.
    let soon = |ask: &dyn Fn() -> Duration| (0..20).any(|_| ask() < TURN);
    let held = hold(turns);
    assert!(page() >= TURN, "who gets no turn is answered all the same, later");
    assert!(soon(&|| {
        let begun = Instant::now();
        assert_ne!(live.ask("POST", "/registers/project/new", "", "").status, 503);
        begun.elapsed()
    }));
    drop(held);
    assert!(soon(&page));
    let _others = hold(turns - 1);
    assert!(soon(&page), "one turn is enough");
    assert!(soon(&|| {
        let last = hold(1);
        let waiting = std::thread::spawn(move || {
            std::thread::sleep(TURN / 10);
            drop(last);
        });
        let took = page();
        waiting.join().unwrap();
        took
    }));
    assert_eq!(live.app.reading.available_permits(), 1, "each is given back");
}

#[test]
fn metrics_are_told_on_their_own_address_only() {
    let live = Live::start(Portal::desk(), |_| {});
    assert_eq!(live.get("/metrics").status, 404);
    live.get("/registers?q=secret-words");
    let mut stream = TcpStream::connect(live.metrics).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: prometheus\r\nconnection: close\r\n\r\n").unwrap();
    let answer = Answer::read(stream);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("shirube_request_duration_seconds_count{route=\"registers\",status=\"2xx\"} 1"), "{}", answer.body);
    assert!(!answer.body.contains("secret-words"));
    assert_eq!(live.get("/readyz").status, 200);
}
