//! What whoever manages accounts finds: everyone, and one of them.

#![allow(clippy::unwrap_used)]

use super::{
    accounts::{Browser, PASSWORD, founded, make, member, text},
    html::{pieces, texts},
    ways_in::with_app,
};
use crate::{
    cells,
    error::Error,
    testing::{self, Portal},
    text::{L, is_japanese},
};
use shirube_keyring::{Account, Clock};
use shirube_plan::Lang;
use shirube_record::Cell;
use shirube_store::{Act, Actor, Look, Only};

/// How long an invitation is good.
const WEEK: i64 = 7 * 24 * 3600 * 1000;

/// The row of an account in the list.
fn row(page: &str, account: i64) -> &str {
    page.split(&format!("/people/{account}\">")).nth(1).unwrap().split("</tr>").next().unwrap()
}

fn lists(page: &str, account: i64) -> bool {
    page.contains(&format!("/people/{account}\">"))
}

#[test]
fn whoever_manages_accounts_finds_everyone_from_the_menu() {
    let (portal, link) = Portal::with_accounts(testing::desk());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let bob = member(&portal, "bob", Some("reader"));
    let eve = make(&portal, "office_account", &[("login", text("eve")), ("kind", text("person"))]);
    let feed = make(&portal, "office_account", &[("login", text("feed")), ("kind", text("service")), ("_state", text("active"))]);
    with_app(&portal, Account(bob), jiff::Timestamp::now().as_millisecond());
    assert!(ann.page("/en").contains("<a href=\"/en/people\">People</a>"));
    let page = ann.page("/en/people");
    assert!(page.contains("<a href=\"/en/people\" aria-current=\"page\">People</a>"), "{page}");
    for told in ["bob</a>", "Active", "Reader", "House of bob", "in force"] {
        assert!(row(&page, bob).contains(told), "{told}: {}", row(&page, bob));
    }
    for told in ["Invited", "no role", "none"] {
        assert!(row(&page, eve).contains(told), "{told}: {}", row(&page, eve));
    }
    assert!(row(&page, feed).contains("service") && !row(&page, feed).contains("none"), "a program has no app");
    assert!(page.contains("href=\"/en/registers/office_account/new\"") && page.contains("href=\"/en/registers/office_membership\""));
    for (query, found) in
        [("f._state=invited", [false, true, false]), ("f.login=BO", [true, false, false]), ("f.kind=service", [false, false, true])]
    {
        let page = ann.page(&format!("/en/people?{query}"));
        assert_eq!([bob, eve, feed].map(|account| lists(&page, account)), found, "{query}");
        assert!(page.contains("class=\"chips conditions\"") && page.contains("href=\"/en/people\""), "{query} is named");
    }
    let second = ann.page("/people?size=1&page=2");
    assert!(second.contains("rel=\"prev\"") && second.contains("rel=\"next\""));
    assert!(ann.page("/people?f.login=nobody").contains("条件に合う利用者はいません"));
    for (lang, text) in texts(&pieces(&page)) {
        assert!(lang == "ja" || !is_japanese(text), "“{text}” in {lang}");
    }
    assert!(lists(&ann.page("/people?as_of=seq:1"), bob), "who may sign in now");
    member(&portal, "dan", Some("reader"));
    let mut other = Browser::new(&portal);
    assert_eq!(other.sign_in("dan", PASSWORD).status(), 303);
    assert!(!other.page("/").contains("href=\"/people\"") && matches!(other.get("/people"), Err(Error::Forbidden(_))));
    let trial = Portal::desk();
    assert!(!trial.page("/").contains("href=\"/people\"") && matches!(trial.get("/people"), Err(Error::NotFound(_))));
}

#[test]
fn names_are_shown_for_a_purpose_alone_and_the_reading_is_noted() {
    let (portal, link) = Portal::with_accounts(testing::guarded());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let columns = [("login", text("bob")), ("name", text("Robert Long")), ("kind", text("person"))];
    let bob = make(&portal, "office_account", &columns);
    let page = ann.page("/en/people");
    assert!(row(&page, bob).starts_with("bob</a>") && page.contains("Names are personal") && !page.contains("name=\"f.name\""), "{page}");
    assert!(!lists(&ann.page("/en/people?f.name=robert"), bob), "nor is anybody found by their name");
    ann.cookies.push(("shirube-purpose".into(), "duty".into()));
    let page = ann.page("/en/people?f.name=robert");
    assert!(row(&page, bob).starts_with("Robert Long</a>") && !page.contains("Names are personal"), "{page}");
    let look = Look { person: Some("ann".into()), only: Some(Only::Readings), limit: 10, ..Look::default() };
    let acts = portal.app.store.trail(&Actor::owner(), &look).unwrap().acts;
    let noted = |act: &Act| match act {
        Act::Read(entry) => entry.told.as_ref().is_some_and(|told| told.by == "people" && told.shows(bob)),
        Act::Changed(_) => false,
    };
    assert!(acts.iter().any(noted), "{acts:?}");
}

#[test]
fn an_invitation_says_until_when_it_is_good_and_what_it_leads_to_without_a_role() {
    let clock = Clock::at(jiff::Timestamp::now().as_millisecond());
    let (portal, link) = Portal::with_accounts_by(testing::desk(), clock.clone());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let eve = make(&portal, "office_account", &[("login", text("eve")), ("kind", text("person"))]);
    let at = format!("/en/people/{eve}");
    let page = ann.send(&at, &at, &[("_do", "invite")]).unwrap().text();
    assert!(page.contains(&cells::time_words(L(Lang::En), clock.now() + WEEK)), "{page}");
    assert!(page.contains("sees only what the public sees") && page.contains("href=\"/en/registers/office_membership/new\""), "{page}");
    // The role does not count before she has come in, and is hers all the same.
    let house = make(&portal, "office_organisation", &[("name", text("North")), ("kind", text("other"))]);
    let held = |role: &str, until: &str| {
        let held = [("account", Cell::Integer(eve)), ("organisation", Cell::Integer(house)), ("role", text(role))];
        make(&portal, "office_membership", &[&held[..], &[("until", text(until))]].concat());
    };
    held("reader", "2001-01-01");
    assert!(ann.page(&at).contains("sees only what the public sees"), "it was over long ago");
    held("auditor", "2999-01-01");
    let page = ann.send(&at, &at, &[("_do", "invite")]).unwrap().text();
    assert!(page.contains("/links/invitation/") && !page.contains("sees only what the public sees"), "{page}");
}
