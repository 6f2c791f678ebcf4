//! What whoever manages accounts finds: everyone, and one of them.

use super::accounts::{Browser, founded, make, text};
use crate::{
    cells,
    testing::{self, Portal},
    text::L,
};
use shirube_keyring::Clock;
use shirube_plan::Lang;
use shirube_record::Cell;

/// How long an invitation is good.
const WEEK: i64 = 7 * 24 * 3600 * 1000;

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
