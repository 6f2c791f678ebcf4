//! The lines that refusals leave in the log.

use super::{
    accounts::{Browser, PASSWORD, founded, member},
    network::{Answer, Live},
    sent_to,
    ways_in::{keyring, move_account},
    whose,
};
use crate::{
    testing::{self, Portal},
    url,
    who::{SecondFactor, Who},
};
use shirube_keyring::{Account, ExposeSecret, csrf_token};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, OnceLock},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n";

/// A line in the log: its fields.
#[derive(Clone, Debug, Default)]
struct Line(BTreeMap<&'static str, String>);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, text: &str) {
        self.0.insert(field.name(), text.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

static HEARD: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// Hears the lines of requests, those of other tests too.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().ends_with("::gate")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        HEARD.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| tracing::subscriber::set_global_default(Lines).unwrap());
}

/// What the line of an answer says: status, route, kind of refusal, account.
fn told(answer: &Answer) -> (u16, String, Option<String>, Option<i64>) {
    let id = answer.header("x-request-id").unwrap();
    let heard = HEARD.lock().unwrap().iter().find(|line| line.0.get("request").is_some_and(|request| request == id)).cloned();
    let Line(line) = heard.unwrap();
    assert_eq!(line["status"], answer.status.to_string());
    for (name, value) in &line {
        assert!(["message", "request", "method", "route", "status", "micros", "refused", "account"].contains(name), "{line:?}");
        for secret in ["ann", "bob", "rob", "House", "guessed", "evil", "xxx", "7777777", "203.0.113"] {
            assert!(!value.contains(secret), "{secret} is told: {line:?}");
        }
    }
    let account = line.get("account").map(|id| id.parse().unwrap());
    (answer.status, line["route"].clone(), line.get("refused").cloned(), account)
}

fn refused(status: u16, route: &str, why: &str, account: Option<i64>) -> (u16, String, Option<String>, Option<i64>) {
    (status, route.to_string(), Some(why.to_string()), account)
}

/// The session of a browser, and the header that brings it.
fn session(cookies: &[(String, String)]) -> (String, String) {
    let session = &cookies.iter().find(|(name, _)| name == "shirube").unwrap().1;
    (session.clone(), format!("cookie: shirube={session}\r\n"))
}

fn id_of(portal: &Portal, login: &str) -> i64 {
    portal.app.store.people().unwrap().by_login(login).unwrap().id
}

#[test]
fn a_refusal_leaves_a_line_with_its_kind_its_route_and_the_account() {
    listen();
    let (portal, link) = Portal::with_accounts(testing::desk());
    let (_, ann) = session(&founded(&portal, &link));
    let (bob, feed, gone) = (member(&portal, "bob", None), member(&portal, "feed", Some("owner")), member(&portal, "gone", Some("owner")));
    let of_ann = Some(id_of(&portal, "ann"));
    let of_bob = {
        let mut browser = Browser::new(&portal);
        browser.sign_in("bob", PASSWORD);
        session(&browser.cookies).1
    };
    let token = |account| {
        let until = jiff::Timestamp::now().as_millisecond() + 86_400_000;
        let (token, _) = keyring(&portal).make_token(Account(account), "t", ["read".to_string()].into(), until).unwrap();
        format!("authorization: Bearer {}\r\n", token.expose_secret())
    };
    let (reads, suspended) = (token(feed), token(gone));
    move_account(&portal, gone, 1, "suspend");
    let live = Live::start(portal, |site| {
        site.proxies = vec!["127.0.0.1".parse().unwrap()];
        (site.limits.per_second, site.limits.burst, site.limits.address) = (1, 2, 300);
        (site.limits.form, site.limits.upload) = (2000, 5000);
    });
    let ask = |method: &str, path: &str, headers: &str, body: &str| told(&live.ask(method, path, headers, body));
    let form = |path: &str, session: &str, body: &str| ask("POST", path, &format!("{session}{FORM}"), body);

    // First: with the next look at the people the token is gone.
    assert_eq!(ask("GET", "/api/v1/plan", &suspended, ""), refused(401, "api_plan", "account-not-active", Some(gone)));
    assert_eq!(ask("GET", "/jobs", "", ""), refused(303, "jobs", "sign-in", None), "the way to the sign-in");
    assert_eq!(ask("GET", "/api/v1/registers/office_account/records", "", ""), refused(401, "api_records", "sign-in", None));
    assert_eq!(ask("GET", "/registers/project/new", &of_bob, ""), refused(403, "record_new", "forbidden", Some(bob)));
    assert_eq!(ask("POST", "/api/v1/registers/hub/records", &reads, "{}"), refused(403, "api_create", "forbidden", Some(feed)));
    let foreign = format!("{ann}sec-fetch-site: cross-site\r\n");
    assert_eq!(ask("POST", "/registers/project/new", &foreign, "title=x"), refused(403, "record_create", "foreign-form", of_ann));
    assert_eq!(form("/me", &ann, "_do=end-others&_token=guessed"), refused(409, "me_send", "stale-page", of_ann));
    let on_the_form = form("/registers/project/new", &ann, "title=x&_token=guessed");
    assert_eq!(on_the_form, refused(422, "record_create", "stale-page", of_ann), "also where a page tells of it");
    assert_eq!(form("/me", &ann, &"x".repeat(2100)), refused(413, "me_send", "too-large", of_ann));
    assert_eq!(form("/registers/project/import", &ann, &"x".repeat(5100)), refused(413, "import_send", "too-large", of_ann));
    let host = live.send("GET /registers HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    assert_eq!(told(&host), refused(421, "none", "unknown-host", None));
    assert_eq!(ask("GET", "/registers/%00", "", ""), refused(400, "none", "bad-request", None));
    assert_eq!(ask("GET", &format!("/search?q={}", "x".repeat(300)), "", ""), refused(414, "none", "address-too-long", None));
    let often: Vec<_> = (0..3).map(|_| ask("GET", "/registers", "x-forwarded-for: 203.0.113.1\r\n", "")).collect();
    assert_eq!(often[2], refused(429, "none", "too-many-requests", None));
    let guess = || form("/sign-in", "", "login=bob&password=guessed");
    let slowed = (0..20).map(|_| guess()).find(|told| told.0 != 422).unwrap();
    assert_eq!(slowed, refused(429, "sign_in_send", "slowed", None));

    assert_eq!(ask("GET", "/me", &ann, ""), (200, "me".to_string(), None, None), "who is given what they ask for is not told");
    // What may not be seen is as what is not there.
    assert_eq!(ask("GET", "/registers/project/7777777", &ann, ""), (404, "record".to_string(), None, None));
}

#[test]
fn who_is_led_to_a_second_factor_or_told_on_the_form_was_refused_as_well() {
    listen();
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    let (_, ann) = session(&founded(&portal, &link));
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("a trial") };
    accounts.second_factor = SecondFactor::Owners;
    let of_ann = Some(id_of(&portal, "ann"));
    let live = Live::start(portal, |_| {});
    let led = told(&live.ask("GET", "/registers/office_account", &ann, ""));
    assert_eq!(led, refused(303, "register", "second-factor", of_ann));

    let portal = whose::portal();
    let (word, rob) = session(&whose::signed_in(&portal, "rob").cookies);
    let of_rob = Some(id_of(&portal, "rob"));
    let live = Live::start(portal, |_| {});
    let enter = |house: &str, number: &str| {
        let word = url::value(csrf_token(&word).expose_secret());
        let body = format!("_token={word}&title=x&company={}&company_number={number}", url::value(house));
        live.ask("POST", "/registers/case/new", &format!("{rob}{FORM}"), &body)
    };
    assert_eq!(told(&enter("House B", "8000012010038")), refused(422, "record_create", "forbidden", of_rob));
    let own = enter("House R", "7000012050002");
    assert!(sent_to(own.header("location")) > 0);
    assert_eq!(told(&own), (303, "record_create".to_string(), None, None));
}
