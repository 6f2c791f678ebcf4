//! Changes of who may sign in and what they may do, and who is told of whom.

use super::{
    accounts::{Browser, PASSWORD, founded, make, member, text},
    ways_in::keyring,
};
use crate::{
    error::Error,
    reply::Reply,
    routes::Method,
    testing::{self, Portal},
};
use axum::body::Bytes;
use shirube_keyring::{Account, Clock, ExposeSecret};
use shirube_record::Cell;
use shirube_store::{Actor, Command, Look, Only};
use std::time::Duration;

/// Longer than one's word holds.
const LATER: Duration = Duration::from_secs(16 * 60);

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn head(portal: &Portal) -> i64 {
    portal.app.store.head_seq()
}

#[test]
fn what_says_who_may_sign_in_and_do_what_is_changed_after_the_password_was_entered_again() {
    let clock = Clock::at(now());
    let (portal, link) = Portal::with_accounts_by(testing::desk(), clock.clone());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    ann.cookies.push(("shirube-purpose".into(), "duty".into()));
    let bob = member(&portal, "bob", None);
    let house = make(&portal, "office_organisation", &[("name", text("North")), ("kind", text("other"))]);
    let job = portal.app.jobs.create("office_account", "person:ann", "a.csv", b"login,kind\nfeed,service\n").unwrap().id;
    ann.send(&format!("/jobs/{job}"), &format!("/jobs/{job}"), &[("_do", "check")]).unwrap();
    portal.app.jobs.wait(&job, Duration::from_secs(10));
    let (account, membership) = (format!("/registers/office_account/{bob}"), format!("#{bob}"));
    let house = format!("#{house}");
    let tries: [(String, Vec<(&str, &str)>); 6] = [
        ("/registers/office_account/new".into(), vec![("login", "eve"), ("kind", "person")]),
        (
            format!("{account}/amend"),
            vec![("login", "bob"), ("kind", "person"), ("email", "thief@example.org"), ("_reason", "r"), ("_version", "1")],
        ),
        ("/registers/office_membership/new".into(), vec![("account", &membership), ("organisation", &house), ("role", "owner")]),
        (format!("/jobs/{job}"), vec![("_do", "write")]),
        (format!("{account}/transitions/suspend"), vec![("_reason", "r"), ("_version", "2")]),
        (format!("{account}/redact"), vec![("_scope", "all"), ("_reason", "r"), ("_sure", "1")]),
    ];
    for (at, typed) in tries {
        clock.advance(LATER);
        let before = head(&portal);
        let reply = ann.send(&at, &at, &typed).unwrap();
        let page = reply.text();
        assert!(reply.status() == 200 && page.contains("name=\"_password\""), "{at}: {page}");
        assert!(typed.iter().all(|(name, value)| page.contains(&format!("name=\"{name}\" value=\"{value}\""))), "{at}: {page}");
        let wrong = [&typed[..], &[("_password", "not the right one")]].concat();
        assert_eq!(ann.send(&at, &at, &wrong).unwrap().status(), 422, "{at}");
        assert_eq!(head(&portal), before, "{at}: nothing was done yet");
        // A form that is not of the session is not carried on to the password.
        let forged = ann.ask(Method::Post, &at, format!("{}&_token=guessed", pairs(&typed))).map(|reply| reply.text());
        assert!(!forged.unwrap_or_default().contains("name=\"_password\"") && head(&portal) == before, "{at}");
        let reply = ann.send(&at, &at, &[&typed[..], &[("_password", PASSWORD)]].concat()).unwrap();
        assert_eq!(reply.status(), 303, "{at}: {}", reply.text());
        portal.app.jobs.wait(&job, Duration::from_secs(10));
        assert_eq!(head(&portal), before + 1, "{at}: done as soon as it is shown");
    }
    clock.advance(LATER);
    let hub = ann.send("/registers/hub/new", "/registers/hub/new", &[("name", "North")]).unwrap();
    assert_eq!(hub.status(), 303, "other registers ask for nothing: {}", hub.text());
}

fn pairs(typed: &[(&str, &str)]) -> String {
    typed.iter().map(|(n, v)| format!("{}={}", crate::url::value(n), crate::url::value(v))).collect::<Vec<_>>().join("&")
}

#[test]
fn by_the_api_a_session_shows_it_first_and_a_token_is_made_for_it() {
    let clock = Clock::at(now());
    let (portal, link) = Portal::with_accounts_by(testing::desk(), clock.clone());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let feed = member(&portal, "feed", Some("owner"));
    let create = |register: &str, header: (&'static str, &str), body: &str| {
        let headers = [header, ("content-type", "application/json")];
        portal.ask(Method::Post, &format!("/api/v1/registers/{register}/records"), &headers, Bytes::from(body.to_string()))
    };
    let account = |n: usize| format!("{{\"login\":\"made{n}\",\"kind\":\"service\"}}");
    for (scopes, allowed) in [(&["read", "write"][..], false), (&["write", "accounts"], true), (&["accounts"], false)] {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        let (token, _) = keyring(&portal).make_token(Account(feed), "feed", scopes, clock.now() + 86_400_000).unwrap();
        let bearer = format!("Bearer {}", token.expose_secret());
        let made = create("office_account", ("authorization", &bearer), &account(usize::from(allowed)));
        assert_eq!(made.as_ref().map(Reply::status).map_err(Error::status), if allowed { Ok(201) } else { Err(403) }, "{made:?}");
    }
    let session = |ann: &Browser<'_>| ann.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    assert_eq!(create("office_account", ("cookie", &session(&ann)), &account(2)).unwrap().status(), 201, "just after the sign-in");
    clock.advance(LATER);
    let late = create("office_account", ("cookie", &session(&ann)), &account(3)).unwrap_err();
    assert_eq!((late.status(), late.slug()), (403, "confirm"));
    assert_eq!(create("hub", ("cookie", &session(&ann)), r#"{"name":"South"}"#).unwrap().status(), 201);
    let at = format!("/people/{feed}");
    ann.send(&at, &at, &[("_do", "end"), ("_password", PASSWORD)]).unwrap();
    ann.page("/me");
    assert_eq!(create("office_account", ("cookie", &session(&ann)), &account(3)).unwrap().status(), 201);
}

#[test]
fn a_form_that_lacks_personal_fields_says_why_and_offers_a_purpose_where_one_helps() {
    let (portal, link) = Portal::with_accounts(testing::guarded());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    let at = "/registers/office_account/new";
    let page = ann.page(at);
    assert!(page.contains("利用目的を示すと") && page.contains("「氏名、メールアドレス」") && !page.contains("name=\"email\""), "{page}");
    let english = ann.page("/en/registers/office_account/new");
    assert!(english.contains("Name, E-mail") && english.contains("stay blank"), "{english}");
    // Beside a record, “State” would be read as the record's.
    assert!(english.contains(">Set the purpose</button>") && page.contains(">目的を示す</button>"), "{english}");
    let state = |ann: &mut Browser<'_>, to: &str| {
        let reply = ann.send(at, "/me", &[("_do", "purpose"), ("purpose", "duty"), ("to", to)]).unwrap();
        reply.location().unwrap().to_string()
    };
    assert_eq!(state(&mut ann, "//evil.example"), "/me");
    assert_eq!(state(&mut ann, at), at);
    let page = ann.page(at);
    assert!(page.contains("name=\"email\"") && !page.contains("利用目的を示すと") && !page.contains("この画面になく"), "{page}");
    // Desks see nothing personal, for whatever purpose.
    member(&portal, "dee", Some("desk"));
    let mut dee = Browser::new(&portal);
    dee.sign_in("dee", PASSWORD);
    let page = dee.page("/registers/case/new");
    assert!(!page.contains("利用目的を示すと") && page.contains("空欄になります"), "{page}");
}

#[test]
fn histories_name_people_to_those_who_see_their_accounts_and_nobody_to_others() {
    let (portal, link) = Portal::with_accounts(testing::guarded());
    let mut ann = Browser { portal: &portal, cookies: founded(&portal, &link) };
    for (login, role) in [("sue", "secretariat"), ("dee", "desk")] {
        member(&portal, login, Some(role));
    }
    let people = portal.app.store.people().unwrap();
    let of_ann = people.by_login("ann").unwrap();
    let actor = portal.app.who.accounts().unwrap().actor(&people, Some(of_ann), None).unwrap();
    let content = [("title", text("a case")), ("memo", text("m")), ("_state", text("confirmed"))];
    let content = content.into_iter().map(|(n, c): (&str, Cell)| (n.to_string(), c)).collect();
    let create = Command::Create { register: "case".into(), content, origin: Default::default() };
    let case = portal.app.store.submit(&actor, create).unwrap().record;
    let (at, api) = (format!("/registers/case/{case}"), format!("/api/v1/registers/case/records/{case}/history"));
    let by = |page: &str| page.split("記録者：").nth(1).unwrap().split("この版を見る").next().unwrap().to_string();
    let told = |api: Reply| serde_json::from_slice::<serde_json::Value>(api.bytes_of()).unwrap()["versions"][0]["actor"].clone();
    let to_account = format!("/registers/office_account/{}\"", of_ann.id);

    let mut public = Browser::new(&portal);
    let page = public.page(&at);
    assert!(by(&page).contains("関係者") && !page.contains("person:") && !page.contains(">ann<") && !page.contains("Ann"), "{page}");
    assert_eq!(told(public.get(&api).unwrap()), "person");
    let mut dee = Browser::new(&portal);
    dee.sign_in("dee", PASSWORD);
    assert!(by(&dee.page(&at)).contains("関係者"), "{}", by(&dee.page(&at)));
    assert_eq!(told(dee.get(&api).unwrap()), "person");

    let mut sue = Browser::new(&portal);
    sue.sign_in("sue", PASSWORD);
    let page = by(&sue.page(&at));
    assert!(page.contains(&to_account) && page.contains(">ann<") && !page.contains("Ann"), "the login, without a purpose: {page}");
    assert_eq!(told(sue.get(&api).unwrap()), "person:ann");
    sue.cookies.push(("shirube-purpose".into(), "duty".into()));
    assert!(by(&sue.page(&at)).contains(">Ann<"));
    let look = Look { person: Some("sue".into()), only: Some(Only::Readings), limit: 10, ..Look::default() };
    let noted = portal.app.store.trail(&Actor::owner(), &look).unwrap().acts;
    assert!(format!("{noted:?}").contains("office_account"), "the name was read: {noted:?}");
    assert!(by(&ann.page(&at)).contains(&to_account));
}
