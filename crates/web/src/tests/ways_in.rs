//! Coming in, being asked again, being out: links, second factors, accounts that are no longer active.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::accounts::{Browser, PASSWORD, founded, make, member, text};
use crate::{
    error::Error,
    reply::Reply,
    routes::Method,
    testing::{self, Portal},
    url,
    who::{SecondFactor, Who, way_in},
};
use shirube_keyring::{Account, Clock, ExposeSecret, Keyring, Purpose};
use shirube_record::Cell;
use shirube_store::{Actor, Command};
use std::time::Duration;
use totp_rs::{Algorithm, Builder};

const NEW: &str = "four other words entirely";

pub(super) fn keyring(portal: &Portal) -> &Keyring {
    &portal.app.who.accounts().unwrap().keyring
}

pub(super) fn account(portal: &Portal, login: &str) -> Account {
    Account(portal.app.store.people().unwrap().by_login(login).unwrap().id)
}

/// An active account with the role of owner and nothing to sign in with, as a restore leaves it.
fn owner_without_password(portal: &Portal) -> i64 {
    let account = make(portal, "office_account", &[("login", text("ann")), ("kind", text("person")), ("_state", text("active"))]);
    let house = make(portal, "office_organisation", &[("name", text("House")), ("kind", text("ministry"))]);
    let held = [("account", Cell::Integer(account)), ("organisation", Cell::Integer(house)), ("role", text("owner"))];
    make(portal, "office_membership", &held);
    account
}

fn choose(browser: &mut Browser<'_>, path: &str, password: &str) -> Result<Reply, Error> {
    browser.ask(Method::Post, path, format!("password={0}&again={0}", url::value(password)))
}

/// The code an authenticator app shows, some steps of half a minute from now.
fn code(secret: &str, now: i64) -> String {
    let secret = <[u8; 20]>::try_from(data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    let app = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret).build().unwrap();
    app.generate(u64::try_from(now / 1000).unwrap()).to_string()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Puts an authenticator app in force; gives its secret.
pub(super) fn with_app(portal: &Portal, account: Account, now: i64) -> String {
    let secret = keyring(portal).offer_totp(account, "s", "Shirube", "x").unwrap().secret.expose_secret().to_string();
    keyring(portal).confirm_totp(account, "s", &code(&secret, now)).unwrap();
    secret
}

pub(super) fn move_account(portal: &Portal, id: i64, version: i64, transition: &str) {
    let command = Command::Transition {
        register: "office_account".into(),
        record: id,
        version,
        transition: transition.into(),
        content: Default::default(),
        reason: Some("a test".into()),
    };
    portal.app.store.submit(&Actor::owner(), command).unwrap();
}

#[test]
fn as_long_as_no_owner_can_sign_in_there_is_a_link() {
    let (portal, _) = Portal::with_accounts(testing::desk());
    let link = || way_in(&portal.app.store.people().unwrap(), keyring(&portal)).unwrap();
    let first = link().unwrap();
    assert!(first.login.is_none() && first.path.starts_with("/links/set-up/"), "{first:?}");
    owner_without_password(&portal);
    let found = link().unwrap();
    assert_eq!(found.login.as_deref(), Some("ann"));
    let mut ann = Browser::new(&portal);
    assert_eq!(choose(&mut ann, &found.path, NEW).unwrap().location(), Some("/sign-in?done=password"));
    assert_eq!(ann.sign_in("ann", NEW).status(), 303);
    assert!(ann.page("/registers/office_account").contains("ann"));
    assert_eq!(link(), None);
}

#[test]
fn a_set_up_that_was_cut_off_is_gone_through_again() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let before = owner_without_password(&portal);
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    assert!(ann.page("/me").contains("ann"));
    let people = portal.app.store.people().unwrap();
    assert_eq!(people.owners().map(|a| a.id).collect::<Vec<_>>(), [before], "the account that was left is used");
}

#[test]
fn a_set_up_takes_nobody_s_account_over() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    for login in ["rob", "sue", "feed"] {
        let kind = if login == "feed" { "service" } else { "person" };
        let id = make(&portal, "office_account", &[("login", text(login)), ("kind", text(kind)), ("_state", text("active"))]);
        if login != "feed" {
            keyring(&portal).set_password(Account(id), login, PASSWORD).unwrap();
        }
        if login == "sue" {
            move_account(&portal, id, 1, "suspend");
        }
    }
    let mut rob = Browser::new(&portal);
    assert_eq!(rob.sign_in("rob", PASSWORD).status(), 303);
    let before = portal.app.store.head_seq();
    let path = format!("/links/set-up/{link}");
    let set_up = |login: &str| {
        let (new, fields) = ("another password of four words", [("organisation", "Other"), ("name", "N"), ("login", login)]);
        Browser::new(&portal).send(&path, &path, &[&fields[..], &[("password", new), ("again", new)]].concat()).unwrap()
    };
    for login in ["rob", "sue", "feed"] {
        let refused = set_up(login);
        assert!(
            refused.status() == 422 && refused.text().contains(&format!("「{login}」の利用者はすでにあります")),
            "{login}: {}",
            refused.text()
        );
    }
    assert_eq!(portal.app.store.head_seq(), before, "nothing is made");
    assert!(rob.page("/me").contains("rob"), "the session of before, with the rights of before");
    assert!(matches!(rob.get("/people"), Err(crate::error::Error::Forbidden(_))));
    assert_eq!(set_up("ann").status(), 303, "the link is still good");
}

#[test]
fn of_many_who_set_up_at_once_one_comes_in() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let one = |n: usize| {
            let (portal, path) = (&portal, format!("/links/set-up/{link}"));
            let form =
                format!("organisation=House&login=owner{n}&name=N&email=n{n}%40example.org&password={0}&again={0}", url::value(PASSWORD));
            scope.spawn(move || match Browser::new(portal).ask(Method::Post, &path, form) {
                Ok(reply) => reply.status(),
                Err(error) => error.status(),
            })
        };
        let all: Vec<_> = (0..4).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!((answers.iter().filter(|s| **s == 303).count(), answers.iter().filter(|s| **s == 410).count()), (1, 3), "{answers:?}");
    let people = portal.app.store.people().unwrap();
    let owners: Vec<_> = people.owners().collect();
    assert!(owners.len() == 1 && keyring(&portal).can_sign_in(Account(owners[0].id)).unwrap());
}

#[test]
fn no_link_goes_round_a_second_factor() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let id = make(&portal, "office_account", &[("login", text("bob")), ("kind", text("person")), ("_state", text("invited"))]);
    with_app(&portal, Account(id), now());
    for (purpose, word) in [(Purpose::Invitation, "invitation"), (Purpose::Recovery, "recovery")] {
        let token = keyring(&portal).make_link(purpose, Account(id), "", Duration::from_secs(60)).unwrap();
        let mut bob = Browser::new(&portal);
        let reply = choose(&mut bob, &format!("/links/{word}/{}", token.expose_secret()), NEW).unwrap();
        assert_eq!((reply.location(), reply.cookies().len()), (Some("/sign-in?done=password"), 0), "{word}");
        assert_eq!(bob.get("/me").map(|r| r.status()), Err(Error::SignIn));
        let asked = bob.sign_in("bob", NEW);
        assert!(asked.status() == 200 && asked.text().contains("one-time-code"), "{word}: the code is asked for");
    }
}

#[test]
fn a_link_that_signs_in_ends_the_session_of_the_browser() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let of_ann = ann.cookies.clone();
    let id = make(&portal, "office_account", &[("login", text("bob")), ("kind", text("person")), ("_state", text("invited"))]);
    let token = keyring(&portal).make_link(Purpose::Invitation, Account(id), "", Duration::from_secs(60)).unwrap();
    assert_eq!(choose(&mut ann, &format!("/links/invitation/{}", token.expose_secret()), NEW).unwrap().location(), Some("/me"));
    assert!(ann.page("/me").contains("bob"), "the browser is Bob’s now");
    assert!(Browser { portal: &portal, cookies: of_ann }.get("/me").is_err());
}

#[test]
fn what_was_begun_ends_with_the_account_and_does_not_come_back() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let id = member(&portal, "bob", Some("owner"));
    let mut bob = Browser::new(&portal);
    bob.sign_in("bob", PASSWORD);
    bob.page("/me");
    let (token, _) = keyring(&portal).make_token(Account(id), "feed", ["read".to_string()].into(), now() + 86_400_000).unwrap();
    let recovery = keyring(&portal).make_link(Purpose::Recovery, Account(id), "", Duration::from_secs(60)).unwrap();
    let api = || {
        let bearer = format!("Bearer {}", token.expose_secret());
        portal.ask(Method::Get, "/api/v1/registers/office_account/records", &[("authorization", &bearer)], Default::default())
    };
    assert_eq!(api().unwrap().status(), 200);
    move_account(&portal, id, 1, "suspend");
    assert_eq!((bob.get("/me").map(|r| r.status()), api().map(|r| r.status())), (Err(Error::SignIn), Err(Error::SignIn)));
    move_account(&portal, id, 2, "resume");
    assert_eq!((bob.get("/me").map(|r| r.status()), api().map(|r| r.status())), (Err(Error::SignIn), Err(Error::SignIn)));
    let path = format!("/links/recovery/{}", recovery.expose_secret());
    assert!(matches!(bob.get(&path), Err(Error::Refused(r)) if r.code == "link-over"));
    assert_eq!(bob.sign_in("bob", PASSWORD).status(), 303, "the password is as it was");
    move_account(&portal, id, 3, "leave");
    portal.get("/").unwrap();
    assert!(!keyring(&portal).can_sign_in(Account(id)).unwrap(), "nothing is kept of who left");
}

#[test]
fn a_token_is_made_for_an_active_account_only_and_its_holder_is_told_why_it_is_refused() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let feed = make(&portal, "office_account", &[("login", text("feed")), ("kind", text("service"))]);
    let at = format!("/en/people/{feed}");
    assert!(ann.page(&format!("/people/{feed}")).contains("<dd>招待中</dd>"), "its state as the register calls it");
    assert!(ann.page(&at).contains("Tokens are made for active accounts only") && !ann.page(&at).contains("Make a token"));
    let form = [("_do", "token"), ("name", "feed"), ("scope", "read"), ("days", "30")];
    let refused = ann.send(&at, &at, &form).unwrap();
    assert!(refused.status() == 422 && refused.text().contains("Tokens are made for active accounts only"));
    assert!(keyring(&portal).tokens(Account(feed)).unwrap().is_empty());
    move_account(&portal, feed, 1, "activate");
    assert_eq!(ann.send(&at, &at, &form).unwrap().status(), 200);
    let (token, _) = keyring(&portal).make_token(Account(feed), "x", ["read".to_string()].into(), now() + 86_400_000).unwrap();
    move_account(&portal, feed, 2, "suspend");
    let api = |bearer: &str| portal.ask(Method::Get, "/api/v1/plan", &[("authorization", bearer)], Default::default()).unwrap_err();
    assert_eq!(api("Bearer shirube_aaaaaaaaaaaaaaaa_x"), Error::SignIn, "a stranger learns nothing");
    let told = api(&format!("Bearer {}", token.expose_secret()));
    assert_eq!((told.status(), told.slug()), (401, "account-not-active"));
}

#[test]
fn what_became_of_accounts_while_the_program_was_stopped_is_followed_at_the_start() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let (bob, eve) = (member(&portal, "bob", None), member(&portal, "eve", None));
    let session = |login: &str| {
        let mut browser = Browser::new(&portal);
        browser.sign_in(login, PASSWORD);
        browser.cookies.iter().find(|(n, _)| n == "shirube").unwrap().1.clone()
    };
    let of_bob = session("bob");
    session("eve");
    // Nobody asks between this and the next start.
    move_account(&portal, bob, 1, "suspend");
    move_account(&portal, eve, 1, "leave");
    let portal = portal.restarted();
    portal.get("/").unwrap();
    assert!(keyring(&portal).session(&of_bob).unwrap().is_none() && keyring(&portal).can_sign_in(Account(bob)).unwrap());
    assert!(!keyring(&portal).can_sign_in(Account(eve)).unwrap());
}

#[test]
fn a_request_that_was_overtaken_takes_nothing_back() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let before = portal.app.store.people().unwrap();
    let bob = member(&portal, "bob", None);
    portal.get("/").unwrap();
    // It began before Bob was there.
    portal.app.who.accounts().unwrap().actor(&before, None, None).unwrap();
    portal.get("/").unwrap();
    assert!(keyring(&portal).can_sign_in(Account(bob)).unwrap());
}

fn demanding(second_factor: SecondFactor) -> (Portal, String) {
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    let Who::Accounts(accounts) = &mut portal.app.who else { panic!("accounts") };
    accounts.second_factor = second_factor;
    (portal, link)
}

#[test]
fn whoever_administers_sets_a_second_factor_up_before_anything_else() {
    let (portal, link) = demanding(SecondFactor::Owners);
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let id = account(&portal, "ann");
    for address in ["/registers/office_account", "/registers/project/new", "/jobs", &format!("/people/{}", id.0)] {
        assert_eq!(ann.get(address).unwrap().location(), Some("/me"), "{address}");
    }
    assert!(matches!(ann.get("/api/v1/registers/office_account/records"), Err(Error::Forbidden(_))));
    assert!(!ann.page("/search?q=ann").contains("office_account"), "they see what everyone sees");
    assert!(ann.page("/me").contains("認証アプリが必要です") && ann.page("/").contains("認証アプリが必要です"));
    let page = ann.send("/me", "/me", &[("_do", "offer")]).unwrap().text();
    let secret = page.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_string();
    let mut other = Browser::new(&portal);
    other.sign_in("ann", PASSWORD);
    let reply = ann.send("/me", "/me", &[("_do", "confirm"), ("code", "000 00")]).unwrap();
    let again = reply.text();
    assert!(reply.status() == 422 && again.contains(&secret) && again.contains("<svg") && again.contains("コードが違います"), "{again}");
    let elsewhere = other.send("/me", "/me", &[("_do", "confirm"), ("code", "000 00")]).unwrap();
    assert!(elsewhere.status() == 422 && !elsewhere.text().contains(&secret), "it is told to the session alone that began it");
    let reply = ann.send("/me", "/me", &[("_do", "confirm"), ("code", &code(&secret, now()))]).unwrap();
    assert!(reply.status() == 200 && reply.text().contains("予備コード"), "{}", reply.text());
    assert!(ann.page("/registers/office_account").contains("ann"));
    assert!(!ann.page("/").contains("認証アプリが必要です"));
    assert!(other.get("/me").is_err(), "sessions that began without it are over");
    let kept = ann.send("/me", "/me", &[("_do", "remove-factor")]).unwrap();
    assert!(kept.status() == 422 && keyring(&portal).has_second_factor(id).unwrap());
    // Taken away by another, it is asked for again at the next sign-in.
    keyring(&portal).remove_second_factor(id).unwrap();
    assert_eq!(ann.get("/registers/office_account").unwrap().location(), Some("/me"));
}

#[test]
fn to_remove_an_authenticator_app_is_not_the_next_thing_after_setting_it_up() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let offer = ann.send("/me", "/me", &[("_do", "offer")]).unwrap().text();
    let secret = offer.split("<code>").nth(1).unwrap().split('<').next().unwrap();
    let page = ann.send("/me", "/en/me", &[("_do", "confirm"), ("code", &code(secret, now()))]).unwrap().text();
    let (before, folded) = page.split_once("<summary>Do without the app</summary>").unwrap();
    assert!(before.ends_with("<details>") && before.contains("Recovery codes") && !before.contains("value=\"remove-factor\""), "{page}");
    let folded = folded.split("</details>").next().unwrap();
    assert!(folded.contains("without a code") && folded.contains("value=\"remove-factor\""), "it says what follows: {folded}");
}

#[test]
fn who_else_must_have_a_second_factor_is_decided_by_the_setting() {
    for (setting, ann_goes_on, bob_goes_on) in
        [(SecondFactor::Owners, false, true), (SecondFactor::Everyone, false, false), (SecondFactor::Optional, true, true)]
    {
        let (portal, link) = demanding(setting);
        let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
        member(&portal, "bob", Some("reader"));
        let mut bob = Browser::new(&portal);
        bob.sign_in("bob", PASSWORD);
        let goes_on = |browser: &mut Browser<'_>| browser.get("/jobs").unwrap().status() == 200;
        assert_eq!((goes_on(&mut ann), goes_on(&mut bob)), (ann_goes_on, bob_goes_on), "{setting:?}");
    }
}

#[test]
fn what_could_take_an_account_away_asks_for_the_password_again_and_goes_on() {
    let clock = Clock::at(now());
    let (portal, link) = Portal::with_accounts_by(testing::desk(), clock.clone());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let bob = member(&portal, "bob", None);
    let at = format!("/people/{bob}");
    let invited = |reply: &Reply| reply.text().contains("/links/recovery/");
    assert!(invited(&ann.send(&at, &at, &[("_do", "invite")]).unwrap()), "just after the sign-in nothing is asked");
    clock.advance(Duration::from_secs(16 * 60));
    for (at, tasks) in [
        (at.as_str(), &["invite", "end", "remove-factor", "forget", "token", "revoke"][..]),
        ("/me", &["end", "end-others", "offer", "confirm", "codes", "remove-factor"][..]),
    ] {
        for task in tasks {
            let page = ann.send(at, at, &[("_do", task), ("name", "carried on")]).unwrap().text();
            assert!(page.contains("name=\"_password\"") && page.contains("carried on"), "{at} {task}");
        }
    }
    assert!(keyring(&portal).can_sign_in(Account(bob)).unwrap(), "nothing was done yet");
    let send = |ann: &mut Browser<'_>, password: &str| ann.send(&at, &at, &[("_do", "invite"), ("_password", password)]).unwrap();
    assert_eq!(send(&mut ann, "not the right one").status(), 422);
    let old = ann.cookies.clone();
    assert!(invited(&send(&mut ann, PASSWORD)), "done as soon as it is shown");
    assert!(invited(&ann.send(&at, &at, &[("_do", "invite")]).unwrap()), "and not asked again soon");
    assert!(Browser { portal: &portal, cookies: old }.get("/me").is_err(), "the session has a new token");
    // With a second factor the code is asked for, too.
    let secret = with_app(&portal, account(&portal, "ann"), clock.now());
    clock.advance(Duration::from_secs(16 * 60));
    assert!(ann.send(&at, &at, &[("_do", "invite")]).unwrap().text().contains("name=\"_code\""));
    assert_eq!(send(&mut ann, PASSWORD).status(), 422);
    let with_code = [("_do", "invite"), ("_password", PASSWORD), ("_code", &code(&secret, clock.now()))];
    assert!(invited(&ann.send(&at, &at, &with_code).unwrap()));
}

#[test]
fn a_password_is_changed_with_the_present_one_and_ends_all_other_sessions() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let mut other = Browser::new(&portal);
    other.sign_in("ann", PASSWORD);
    let old = ann.cookies.clone();
    let mut change = |present: &str, new: &str, again: &str| {
        ann.send("/me", "/me", &[("_do", "password"), ("present", present), ("password", new), ("again", again)]).unwrap().status()
    };
    assert_eq!(change("not the right one", NEW, NEW), 422);
    assert_eq!(change(PASSWORD, NEW, "another"), 422);
    assert_eq!(change(PASSWORD, "short", "short"), 422);
    assert_eq!(change(PASSWORD, "House Ann House", "House Ann House"), 422, "names that others know");
    assert!(other.get("/me").is_ok(), "nothing was changed yet");
    assert_eq!(change(PASSWORD, NEW, NEW), 303);
    assert!(ann.page("/me").contains("Ann") && other.get("/me").is_err());
    assert!(Browser { portal: &portal, cookies: old }.get("/me").is_err());
    assert_eq!((other.sign_in("ann", PASSWORD).status(), other.sign_in("ann", NEW).status()), (422, 303));
}

#[test]
fn a_form_is_taken_as_rights_change_and_the_session_goes_on() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let word = ann.page("/me").split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string();
    keyring(&portal).rights_changed(account(&portal, "ann")).unwrap();
    let old = ann.cookies.clone();
    let reply = ann.ask(Method::Post, "/me", format!("_do=end-others&_token={word}")).unwrap();
    assert!(reply.status() == 200 && reply.cookies().len() == 1, "the word was made for the token that came with it");
    assert!(ann.page("/me").contains("Ann") && Browser { portal: &portal, cookies: old }.get("/me").is_err());
}

#[test]
fn signing_out_ends_the_session_from_any_page_of_ours_and_leaves_nothing() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    ann.cookies.push(("shirube-purpose".into(), "audit".into()));
    let old = ann.cookies.clone();
    let reply = ann.ask(Method::Post, "/sign-out", "_token=of-a-page-before".into()).unwrap();
    assert_eq!((reply.status(), reply.header("clear-site-data")), (303, Some("\"cache\"")));
    assert!(ann.cookies.iter().all(|(n, _)| n != "shirube" && n != "shirube-purpose"), "{:?}", ann.cookies);
    assert!(Browser { portal: &portal, cookies: old }.get("/me").is_err());
}
