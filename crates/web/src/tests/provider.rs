//! Signing in by a provider, against one of the tests.

use super::{
    accounts::{Browser, PASSWORD, founded, member},
    html::{Piece, pieces},
};
use crate::{
    error::Error,
    reply::Reply,
    routes::Method,
    testing::{self, Portal},
    url,
    who::{Provider, SecondFactor, Who},
};
use axum::body::Bytes;
use data_encoding::BASE64URL_NOPAD;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use shirube_keyring::{Account, NotVouched, What};
use shirube_oidc::RelyingParty;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// A provider that vouches for whomever it is told to.
struct Institution {
    issuer: String,
    key: Ed25519KeyPair,
    /// What it gives for the next code.
    token: Arc<Mutex<String>>,
}

impl Institution {
    fn start() -> Institution {
        let key = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let keys = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": BASE64URL_NOPAD.encode(key.public_key().as_ref()),
        }] });
        let about = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        let token: Arc<Mutex<String>> = Arc::default();
        let gives = Arc::clone(&token);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let length = head.iter().find_map(|l| l.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
                let _ = reader.read_exact(&mut vec![0; length]);
                let body = match head.first().and_then(|line| line.split(' ').nth(1)) {
                    Some("/keys") => keys.to_string(),
                    Some("/token") => {
                        json!({ "token_type": "Bearer", "access_token": "a", "id_token": *gives.lock().unwrap() }).to_string()
                    }
                    _ => about.to_string(),
                };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
                let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
            }
        });
        Institution { issuer, key, token }
    }

    /// The address to which it sends a browser back that was sent to it: it vouches for `subject`, with more claims.
    fn answers(&self, asked: &str, subject: &str, more: &Value) -> String {
        let asked = url::form_pairs(asked.split_once('?').unwrap().1);
        let of = |name: &str| asked.iter().find(|(n, _)| n == name).unwrap().1.clone();
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.issuer, "aud": "shirube", "sub": subject, "nonce": of("nonce"), "iat": now, "exp": now + 300, "auth_time": now,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let message = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": "k" })), part(&claims));
        let signature = BASE64URL_NOPAD.encode(self.key.sign(message.as_bytes()).as_ref());
        *self.token.lock().unwrap() = format!("{message}.{signature}");
        format!("/sign-in/provider/back?code=c&state={}", url::value(&of("state")))
    }
}

fn portal() -> (Portal, Institution) {
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let office = Institution::start();
    let party = RelyingParty { issuer: office.issuer.clone(), client_id: "shirube".into(), client_secret: None };
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("a trial") };
    accounts.provider = Some(Provider::new("Office".into(), party));
    (portal, office)
}

fn link(portal: &Portal, office: &Institution, account: i64, subject: &str) {
    portal.app.who.accounts().unwrap().keyring.link_identity(Account(account), &office.issuer, subject).unwrap();
}

/// Goes to the provider and comes back as `subject`.
fn sign_in(browser: &mut Browser<'_>, office: &Institution, subject: &str, more: &Value) -> Result<Reply, Error> {
    let away = browser.get("/sign-in/provider?to=/me")?;
    let back = office.answers(away.location().unwrap(), subject, more);
    browser.get(&back)
}

#[test]
fn a_sign_in_by_the_provider_begins_on_a_page_of_ours() {
    let (portal, office) = portal();
    let go = |headers: &[(&'static str, &str)]| {
        let reply = portal.ask(Method::Get, "/en/sign-in/provider?to=/me&again=1", headers, Bytes::new()).unwrap();
        reply.location().unwrap().to_string()
    };
    for own in [&[("sec-fetch-site", "same-origin")][..], &[("host", "plan.example:8420"), ("referer", "http://plan.example:8420/sign-in")]]
    {
        assert!(go(own).starts_with(&format!("{}/auth?", office.issuer)), "{own:?}");
    }
    for other in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("host", "plan.example"), ("referer", "https://plan.example/")],
        &[("host", "plan.example"), ("referer", "https://evil.example/plan.example")],
        &[("host", "plan.example")],
        &[],
    ] {
        let shown = go(other);
        assert_eq!(shown, "/en/sign-in?again=1&to=/me", "{other:?}");
        let page = portal.page(&shown);
        let link = pieces(&page).into_iter().find_map(|piece| match piece {
            Piece::Open(name, attributes) if name == "a" => {
                attributes.into_iter().find(|(n, v)| n == "href" && v.contains("/provider")).map(|(_, v)| v)
            }
            _ => None,
        });
        assert_eq!(link.as_deref(), Some("/en/sign-in/provider?to=/me&again=1"), "one more step, of one's own");
    }
}

#[test]
fn a_sign_in_by_the_provider_that_fails_leaves_a_line_with_its_reason_and_nothing_of_what_was_said() {
    let (portal, office) = portal();
    let (bob, eve) = (member(&portal, "bob", None), member(&portal, "eve", None));
    link(&portal, &office, bob, "b");
    link(&portal, &office, eve, "e");
    portal.happened();
    let refused = |account: Option<i64>, why: NotVouched| vec![(account, What::IdentityRefused { why })];
    // Nothing was begun here, or something else.
    portal.get("/sign-in/provider/back?code=c&state=guessed").unwrap();
    assert_eq!(portal.happened(), refused(None, NotVouched::NoAttempt));
    let mut browser = Browser::new(&portal);
    browser.get("/sign-in/provider").unwrap();
    browser.get("/sign-in/provider/back?code=c&state=guessed").unwrap();
    assert_eq!(portal.happened(), refused(None, NotVouched::NoAttempt));
    // A no, a token of another attempt, one that does not hold.
    let away = browser.get("/sign-in/provider").unwrap();
    let back = office.answers(away.location().unwrap(), "b", &json!({}));
    browser.get(&format!("{}&error=access_denied", back.replace("code=c&", ""))).unwrap();
    assert_eq!(portal.happened(), refused(None, NotVouched::Refused));
    for (more, why) in [(json!({ "nonce": "another" }), NotVouched::OtherAttempt), (json!({ "aud": "another" }), NotVouched::Unsound)] {
        assert!(sign_in(&mut browser, &office, "b", &more).unwrap().status() >= 400);
        assert_eq!(portal.happened(), refused(None, why));
    }
    // Asked to ask anew, it says that it did not.
    let away = browser.get("/sign-in/provider?again=1").unwrap();
    let back = office.answers(away.location().unwrap(), "b", &json!({ "auth_time": 1_000 }));
    browser.get(&back).unwrap();
    assert_eq!(portal.happened(), refused(None, NotVouched::NotAnew));
    // Nobody's identity, and that of an account which may not sign in.
    sign_in(&mut browser, &office, "stranger", &json!({})).unwrap();
    assert_eq!(portal.happened(), refused(None, NotVouched::Unknown));
    super::ways_in::move_account(&portal, eve, 1, "suspend");
    sign_in(&mut browser, &office, "e", &json!({})).unwrap();
    assert!(portal.happened().ends_with(&refused(Some(eve), NotVouched::Unknown)));
    // Another's identity is not linked.
    let mut ann = Browser::new(&portal);
    ann.sign_in("ann", PASSWORD);
    portal.happened();
    let page = ann.send("/me", "/me", &[("_do", "link-identity")]).unwrap();
    let asked = page.header("refresh").unwrap().split_once("url=").unwrap().1.to_string();
    assert_eq!(ann.get(&office.answers(&asked, "b", &json!({}))).unwrap().status(), 409);
    let of_ann = portal.app.store.people().unwrap().by_login("ann").unwrap().id;
    assert_eq!(portal.happened(), refused(Some(of_ann), NotVouched::Taken));
    // And one that succeeds is told as such.
    assert_eq!(sign_in(&mut browser, &office, "b", &json!({})).unwrap().location(), Some("/me"));
    assert!(matches!(portal.happened()[..], [(Some(account), What::SignedIn { .. })] if account == bob));
}

#[test]
fn who_showed_more_than_one_factor_to_the_provider_sets_none_up_here() {
    let (mut portal, office) = portal();
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("a trial") };
    accounts.second_factor = SecondFactor::Owners;
    let dan = member(&portal, "dan", Some("owner"));
    link(&portal, &office, dan, "d");
    let mut browser = Browser::new(&portal);
    sign_in(&mut browser, &office, "d", &json!({})).unwrap();
    assert_eq!(browser.get("/registers/office_account").unwrap().location(), Some("/me"), "one factor is not enough");
    let mut browser = Browser::new(&portal);
    sign_in(&mut browser, &office, "d", &json!({ "amr": ["pwd", "mfa"] })).unwrap();
    assert!(browser.page("/registers/office_account").contains("dan") && !browser.page("/").contains("認証アプリが必要です"));
}
