//! Signing in, and what someone who did or did not may see and do.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::{
    error::Error,
    reply::Reply,
    routes::Method,
    testing::{self, Portal},
    url,
    who::{Provider, Who, cookies},
};
use axum::body::Bytes;
use shirube_keyring::{ExposeSecret, Purpose};
use shirube_oidc::{Attempt, RelyingParty};
use shirube_record::Cell;
use shirube_store::{Actor, Command};

pub(super) const PASSWORD: &str = "three unrelated words beside";

/// A browser: it keeps cookies and the word of its forms.
pub(super) struct Browser<'p> {
    pub portal: &'p Portal,
    pub cookies: Vec<(String, String)>,
}

impl<'p> Browser<'p> {
    pub fn new(portal: &'p Portal) -> Browser<'p> {
        Browser { portal, cookies: vec![] }
    }

    pub fn ask(&mut self, method: Method, address: &str, body: String) -> Result<Reply, Error> {
        let cookies = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
        // Pages of ours are where it comes from.
        let headers =
            [("cookie", cookies.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        let reply = self.portal.ask(method, address, &headers, Bytes::from(body))?;
        for cookie in reply.cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(n, _)| n != name);
            if !value.is_empty() {
                self.cookies.push((name.to_string(), value.to_string()));
            }
        }
        Ok(reply)
    }

    pub fn get(&mut self, address: &str) -> Result<Reply, Error> {
        self.ask(Method::Get, address, String::new())
    }

    pub fn page(&mut self, address: &str) -> String {
        let reply = self.get(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        assert_eq!(reply.status(), 200, "{address}");
        reply.text()
    }

    /// Sends a form with the word of the page that it is on.
    pub fn send(&mut self, on: &str, to: &str, pairs: &[(&str, &str)]) -> Result<Reply, Error> {
        let page = self.page(on);
        let word = page.split("name=\"_token\" value=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap()).to_string();
        let pairs = pairs.iter().map(|(n, v)| format!("&{}={}", url::value(n), url::value(v))).collect::<String>();
        self.ask(Method::Post, to, format!("_token={word}{pairs}"))
    }

    pub fn sign_in(&mut self, login: &str, password: &str) -> Reply {
        self.ask(Method::Post, "/sign-in", format!("login={}&password={}", url::value(login), url::value(password))).unwrap()
    }
}

/// A portal whose owner is `ann`, and the browser she set it up with.
pub(super) fn founded(portal: &Portal, link: &str) -> Vec<(String, String)> {
    let mut ann = Browser::new(portal);
    let address = format!("/links/set-up/{link}");
    let form = |password: &str| {
        format!("organisation=House&login=ann&name=Ann&email=ann%40example.org&password={0}&again={0}", url::value(password))
    };
    let short = ann.ask(Method::Post, &format!("/en{address}"), form("short")).unwrap();
    assert!(short.status() == 422 && short.text().contains("<p>The password has 5 characters"), "a sentence: {}", short.text());
    assert_eq!(ann.ask(Method::Post, &address, form(PASSWORD)).unwrap().status(), 303);
    ann.cookies
}

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_string())
}

pub(super) fn make(portal: &Portal, register: &str, columns: &[(&str, Cell)]) -> i64 {
    let content = columns.iter().map(|(n, c)| (n.to_string(), c.clone())).collect();
    let create = Command::Create { register: register.to_string(), content, origin: Default::default() };
    portal.app.store.submit(&Actor::owner(), create).unwrap().record
}

/// An active account with a role in an organisation, and its password.
pub(super) fn member(portal: &Portal, login: &str, role: Option<&str>) -> i64 {
    let columns = [("login", text(login)), ("kind", text("person")), ("_state", text("active"))];
    let account = make(portal, "office_account", &columns);
    if let Some(role) = role {
        let organisation = make(portal, "office_organisation", &[("name", text(&format!("House of {login}"))), ("kind", text("other"))]);
        let held = [("account", Cell::Integer(account)), ("organisation", Cell::Integer(organisation)), ("role", text(role))];
        make(portal, "office_membership", &held);
    }
    let keyring = &portal.app.who.accounts().unwrap().keyring;
    keyring.set_password(shirube_keyring::Account(account), login, PASSWORD).unwrap();
    account
}

#[test]
fn the_first_owner_comes_in_by_a_link_that_is_good_once() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let address = format!("/links/set-up/{link}");
    // Looking does not use it up.
    for _ in 0..2 {
        assert!(Browser::new(&portal).page(&address).contains("最初の管理者"));
    }
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let me = ann.page("/me");
    assert!(me.contains("Ann") && me.contains(">House</a>"), "the organisation by its name: {me}");
    assert!(ann.page("/registers/office_account").contains("ann"));
    assert!(matches!(Browser::new(&portal).get(&address), Err(Error::Refused(r)) if r.code == "link-over"));
    let history = portal.app.store.history(&Actor::owner(), "office_account", 1).ok();
    assert!(history.is_none_or(|h| h.iter().all(|v| v.actor != "owner")), "the program is on record as what it is");
}

#[test]
fn who_is_not_signed_in_is_sent_to_sign_in_and_back() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let mut anyone = Browser::new(&portal);
    for address in ["/registers/project/new", "/registers/office_account", "/jobs", "/me", "/people/1"] {
        assert_eq!(anyone.get(address).map(|r| r.status()), Err(Error::SignIn), "{address}");
    }
    assert!(anyone.page("/").contains("/sign-in?to="));
    let reply = anyone.ask(Method::Post, "/sign-in", format!("login=ann&password={}&to=%2Fme", url::value(PASSWORD))).unwrap();
    assert_eq!((reply.status(), reply.location()), (303, Some("/me")));
    let reply =
        anyone.ask(Method::Post, "/sign-in", format!("login=ANN%40example.org&password={}&to=%2F%2Fevil", url::value(PASSWORD))).unwrap();
    assert_eq!(reply.location(), Some("/"), "never off the portal");
    assert!(anyone.page("/me").contains("Ann"));
}

#[test]
fn a_wrong_password_and_an_unknown_login_read_the_same() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let told = |login: &str| {
        let reply = Browser::new(&portal).sign_in(login, "not the right password");
        assert_eq!(reply.status(), 422);
        reply.text().replace(&format!("value=\"{login}\""), "")
    };
    assert_eq!(told("ann"), told("bob"));
}

#[test]
fn a_mailbox_alone_does_not_take_the_place_of_the_second_factor() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let account = shirube_keyring::Account(portal.app.store.people().unwrap().by_login("ann").unwrap().id);
    let keyring = &portal.app.who.accounts().unwrap().keyring;
    let token = keyring.make_link(Purpose::Recovery, account, "", std::time::Duration::from_secs(60)).unwrap();
    let to = format!("/links/recovery/{}", token.expose_secret());
    let new = "four other words entirely";
    let body = format!("password={0}&again={0}", url::value(new));
    let mut other = Browser::new(&portal);
    assert_eq!(other.ask(Method::Post, &to, body).unwrap().location(), Some("/sign-in?done=password"));
    assert!(other.page("/en/sign-in?done=password").contains("The password is set.") && !other.page("/en/sign-in").contains("is set"));
    assert!(other.get("/me").is_err() && ann.get("/me").is_err(), "all sessions are over");
    assert_eq!((other.sign_in("ann", PASSWORD).status(), other.sign_in("ann", new).status()), (422, 303));
}

#[test]
fn forms_of_a_session_carry_its_word() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let foreign = ann.ask(Method::Post, "/me", "_do=end-others&_token=guessed".into());
    assert!(matches!(foreign, Err(Error::Refused(r)) if r.code == "stale-page"));
    assert_eq!(ann.send("/me", "/me", &[("_do", "end-others")]).unwrap().status(), 200);
}

#[test]
fn sessions_end_with_the_account_and_follow_its_roles() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let id = member(&portal, "bob", None);
    let mut bob = Browser::new(&portal);
    bob.sign_in("bob", PASSWORD);
    assert!(matches!(bob.get("/registers/project/new"), Err(Error::Forbidden(_))), "an account alone may do nothing");
    let organisation = make(&portal, "office_organisation", &[("name", text("Desk")), ("kind", text("other"))]);
    let held = [("account", Cell::Integer(id)), ("organisation", Cell::Integer(organisation)), ("role", text("owner"))];
    make(&portal, "office_membership", &held);
    bob.page("/registers/project/new");
    let suspend = Command::Transition {
        register: "office_account".into(),
        record: id,
        version: 1,
        transition: "suspend".into(),
        content: Default::default(),
        reason: Some("left the desk".into()),
    };
    portal.app.store.submit(&Actor::owner(), suspend).unwrap();
    assert_eq!(bob.get("/me").map(|r| r.status()), Err(Error::SignIn));
}

#[test]
fn programs_come_with_tokens_that_have_scopes() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let account = make(&portal, "office_account", &[("login", text("feed")), ("kind", text("service")), ("_state", text("active"))]);
    let organisation = make(&portal, "office_organisation", &[("name", text("Feeds")), ("kind", text("other"))]);
    let held = [("account", Cell::Integer(account)), ("organisation", Cell::Integer(organisation)), ("role", text("owner"))];
    make(&portal, "office_membership", &held);
    let at = format!("/people/{account}");
    let page = ann.send(&at, &at, &[("_do", "token"), ("name", "feed"), ("scope", "read"), ("days", "30")]).unwrap().text();
    let token = page.split("<code class=\"break\">").nth(1).unwrap().split('<').next().unwrap().to_string();
    let ask = |method, address: &str, token: &str, body: &str| {
        portal.ask(method, address, &[("authorization", &format!("Bearer {token}"))], Bytes::from(body.to_string()))
    };
    assert_eq!(ask(Method::Get, "/api/v1/registers/office_account/records", &token, "").unwrap().status(), 200);
    let create = ask(Method::Post, "/api/v1/registers/hub/records", &token, "{}");
    assert!(matches!(create, Err(Error::Forbidden(_))), "{create:?}");
    assert!(ask(Method::Get, "/registers/office_account", &token, "").is_err(), "tokens are for the API");
    assert!(ask(Method::Get, "/api/v1/plan", "shirube_no_such_token", "").is_err());
    assert_eq!(ann.send(&at, &at, &[("_do", "token"), ("name", "x"), ("days", "30")]).unwrap().status(), 422, "without a scope");
    assert!(ann.page(&at).contains("max=\"365\""), "as many days as the keyring takes");
    for (days, status) in [("365", 200), ("366", 422), ("0", 422)] {
        let form = [("_do", "token"), ("name", "x"), ("scope", "read"), ("days", days)];
        assert_eq!(ann.send(&at, &at, &form).unwrap().status(), status, "{days} days");
    }
}

#[test]
fn who_can_see_a_record_and_what_an_account_can_see_is_told() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let account = portal.app.store.people().unwrap().by_login("ann").unwrap().id;
    let page = ann.page(&format!("/people/{account}"));
    assert!(page.contains("この利用者に見えるもの") && page.contains("台帳"));
    let page = ann.page(&format!("/registers/office_account/{account}/access"));
    assert!(page.contains("管理者はすべてを行う") && page.contains("だれでも"));
    assert!(page.contains("<select name=\"purpose\">"), "what is seen for a purpose is shown for one");
    assert!(matches!(Browser::new(&portal).get(&format!("/people/{account}")), Err(Error::SignIn)));
}

#[test]
fn a_provider_is_offered_where_one_signs_in_and_told_when_it_is_away() {
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    let kept = founded(&portal, &link);
    let mut anyone = Browser::new(&portal);
    assert!(!anyone.page("/sign-in").contains("/sign-in/provider"));
    assert!(matches!(anyone.get("/sign-in/provider"), Err(Error::NotFound(_))), "there is none");
    // Nobody listens there.
    let party = RelyingParty { issuer: "http://127.0.0.1:9".into(), client_id: "shirube".into(), client_secret: None };
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("a trial") };
    accounts.provider = Some(Provider::new("Office".into(), party));
    let mut anyone = Browser::new(&portal);
    assert!(anyone.page("/sign-in?to=/me&again=1").contains("/sign-in/provider?to=/me&amp;again=1"));
    let mut ann = Browser { portal: &portal, cookies: kept };
    assert!(ann.page("/me").contains("link-identity"));
    let away = |reply: Result<Reply, Error>| matches!(reply, Err(Error::Refused(r)) if r.code == "provider-away");
    assert!(away(anyone.get("/sign-in/provider?to=/me")));
    assert!(away(ann.send("/me", "/me", &[("_do", "link-identity")])));
}

#[test]
fn an_answer_without_its_attempt_is_refused_in_the_language_it_was_begun_in() {
    let (mut portal, _) = Portal::with_accounts(testing::desk());
    let party = RelyingParty { issuer: "http://127.0.0.1:9".into(), client_id: "shirube".into(), client_secret: None };
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("a trial") };
    accounts.provider = Some(Provider::new("Office".into(), party));
    let back = |cookie: &str| {
        let header = format!("{}={cookie}", cookies::PROVIDER);
        portal.ask(Method::Get, "/sign-in/provider/back?code=c&state=s", &[("cookie", &header)], Bytes::new()).unwrap()
    };
    for nothing in ["", "guessed", "a.b.c"] {
        let reply = back(nothing);
        assert_eq!(reply.status(), 400, "{nothing}");
        assert!(reply.text().contains("もう一度始めて") && !reply.text().contains("code=c"), "the code is not linked on");
    }
    // The attempt is known; the provider is not there.
    let attempt = Attempt::begin(r#"{"aim":{"sign-in":{"to":"/me"}},"english":true,"anew":false}"#, 0).unwrap();
    let reply = back(attempt.cookie().expose_secret());
    assert_eq!(reply.status(), 503);
    assert!(reply.text().contains("Office does not answer"));
}
