//! Who is told of what: webhooks against a receiver of the tests, and the page of the outbox.

use super::accounts::{Browser, founded, make, text};
use crate::{
    notify::{Post, Task, deliver, derive},
    routes::Method,
    testing::{self, Portal},
    who::Who,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use shirube_keyring::{Account, ExposeSecret};
use shirube_outbox::{Outbox, Tally, Which, mail::Mailer, webhook::Webhooks};
use shirube_record::Cell;
use shirube_store::{Actor, Command};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// What a receiver heard: head and body of each request that it answered with 2xx.
type Heard = Arc<Mutex<Vec<(Vec<String>, String)>>>;

/// Answers each request as told by its number; nothing at all for the status 0.
fn receiver(answer: impl Fn(usize) -> u16 + Send + 'static) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
            let length = head.iter().find_map(|l| l.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let status = answer(at);
            if (200..300).contains(&status) {
                hears.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
            }
            if status > 0 {
                let _ = stream.write_all(format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
            }
        }
    });
    (port, heard)
}

/// A portal with accounts whose webhooks may go to this machine, and its owner.
fn portal(pack: shirube_plan::Pack) -> (Portal, Vec<(String, String)>) {
    let (mut portal, link) = Portal::with_accounts(pack);
    let cookies = founded(&portal, &link);
    post(&mut portal).webhooks = Webhooks::new(|a| a.is_loopback());
    // The outbox begins here.
    assert!(derive(&portal.app).unwrap());
    (portal, cookies)
}

pub(super) fn post(portal: &mut Portal) -> &mut Post {
    match &mut portal.app.who {
        Who::Accounts(accounts) => &mut accounts.post,
        Who::Trial => panic!("no accounts"),
    }
}

fn outbox(portal: &Portal) -> &Outbox {
    &portal.app.who.accounts().unwrap().post.outbox
}

/// An active account with a role in an organisation.
pub(super) fn member(portal: &Portal, login: &str, role: &str, more: &[(&str, Cell)]) -> (i64, i64) {
    let columns = [&[("login", text(login)), ("kind", text("person")), ("_state", text("active"))], more].concat();
    let account = make(portal, "office_account", &columns);
    let organisation = make(portal, "office_organisation", &[("name", text(&format!("House of {login}"))), ("kind", text("other"))]);
    let held = [("account", Cell::Integer(account)), ("organisation", Cell::Integer(organisation)), ("role", text(role))];
    make(portal, "office_membership", &held);
    (account, organisation)
}

fn hook(portal: &Portal, account: i64, register: &str, address: &str) -> i64 {
    let columns = [
        ("account", Cell::Integer(account)),
        ("register", text(register)),
        ("happening", text("any")),
        ("channel", text("webhook")),
        ("address", text(address)),
    ];
    make(portal, "office_subscription", &columns)
}

fn submit(portal: &Portal, command: Command) -> i64 {
    portal.app.store.submit(&Actor::owner(), command).unwrap().seq
}

fn amend(portal: &Portal, register: &str, record: i64, version: i64, column: &str, to: &str) -> i64 {
    let content = BTreeMap::from([(column.to_string(), Some(text(to)))]);
    submit(portal, Command::Amend { register: register.into(), record, version, content, reason: Some("r".into()) })
}

fn transition(portal: &Portal, register: &str, record: i64, version: i64, name: &str) -> i64 {
    let (register, transition) = (register.to_string(), name.to_string());
    submit(portal, Command::Transition { register, record, version, transition, content: Default::default(), reason: Some("r".into()) })
}

/// Tells all that is due, once.
pub(super) fn tell(portal: &Portal) {
    while derive(&portal.app).unwrap() {}
    while deliver(&portal.app).unwrap() {}
}

/// The event and the record of each message heard.
fn events(heard: &Heard) -> Vec<(i64, i64)> {
    let body = |(_, body): &(Vec<String>, String)| serde_json::from_str::<Value>(body).unwrap();
    heard.lock().unwrap().iter().map(body).map(|b| (b["data"]["event"].as_i64().unwrap(), b["data"]["record"].as_i64().unwrap())).collect()
}

#[test]
fn every_event_comes_at_least_once_and_a_records_events_in_order_whatever_fails() {
    let (mut portal, _) = portal(testing::desk());
    let (account, _) = member(&portal, "feed", "owner", &[]);
    // One in three is refused, one in five gets no answer; the rest is taken.
    let (port, heard) = receiver(|at| match at * 7919 % 15 {
        n if n % 3 == 0 => 503,
        n if n % 5 == 0 => 0,
        _ => 204,
    });
    let subscription = hook(&portal, account, "project", &format!("http://127.0.0.1:{port}/in"));
    let secret = portal.app.who.accounts().unwrap().keyring.make_webhook_secret(subscription, Account(account)).unwrap();
    let mut wanted = BTreeSet::new();
    for at in 0..6 {
        let record =
            make(&portal, "project", &[("title", text(&format!("hushed {at}"))), ("year", Cell::Integer(2024)), ("stage", text("basic"))]);
        wanted.insert(record);
        wanted.insert(amend(&portal, "project", record, 1, "summary", "hushed"));
        wanted.insert(amend(&portal, "project", record, 2, "summary", "hushed again"));
        if at == 3 {
            tell(&portal);
            // Another process takes over what this one left.
            let again = Outbox::in_folder(&portal.app.site.data).unwrap();
            post(&mut portal).outbox = again;
        }
    }
    let mut rounds = 0;
    while {
        tell(&portal);
        outbox(&portal).tally().unwrap()
    } != Tally::default()
    {
        rounds += 1;
        assert!(rounds < 100, "it does not come to an end");
        for failed in outbox(&portal).page(Which::Failed, 0, 100).unwrap() {
            assert!(outbox(&portal).retry(failed.id, 0).unwrap());
        }
    }
    assert!(rounds > 0, "something failed");
    let told = events(&heard);
    assert_eq!(told.iter().map(|(event, _)| *event).collect::<BTreeSet<_>>(), wanted);
    let mut last = BTreeMap::new();
    for (event, record) in told {
        assert!(last.insert(record, event).is_none_or(|before| before <= event), "out of order");
    }
    // Each is signed, and says nothing of what the records hold.
    let key = data_encoding::BASE64.decode(secret.expose_secret().strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    for (head, body) in heard.lock().unwrap().iter() {
        let header = |name: &str| head.iter().find_map(|l| l.strip_prefix(&format!("{name}: "))).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
        assert_eq!(header("webhook-signature"), format!("v1,{}", data_encoding::BASE64.encode(&mac.finalize().into_bytes())));
        let said: Value = serde_json::from_str(body).unwrap();
        assert!(!body.contains("hushed") && said["data"]["register"] == "project", "{body}");
        assert_eq!(header("webhook-id"), format!("event-{}-{subscription}", said["data"]["event"]));
    }
}

#[test]
fn one_is_told_of_what_one_may_see_then_and_now() {
    let (portal, _) = portal(testing::guarded());
    // Desks see all but drafts.
    let (desk, _) = member(&portal, "dee", "desk", &[]);
    let (port, heard) = receiver(|_| 200);
    let subscription = hook(&portal, desk, "case", &format!("http://127.0.0.1:{port}/"));
    portal.app.who.accounts().unwrap().keyring.make_webhook_secret(subscription, Account(desk)).unwrap();
    let case = |title: &str, state: &str| make(&portal, "case", &[("title", text(title)), ("memo", text("m")), ("_state", text(state))]);
    let (draft, reported) = (case("a", "draft"), case("b", "reported"));
    tell(&portal);
    assert_eq!(events(&heard), [(reported, reported)]);
    // Its beginning stays untold after it was reported; the report is told, with the state.
    let report = transition(&portal, "case", draft, 1, "report");
    tell(&portal);
    assert_eq!(events(&heard).last(), Some(&(report, draft)));
    assert!(heard.lock().unwrap().last().unwrap().1.contains(r#""state":"reported""#));
    // Who has lost the role is told nothing more, though it happened before.
    let confirm = transition(&portal, "case", draft, 2, "confirm");
    while derive(&portal.app).unwrap() {}
    let suspended = transition(&portal, "office_account", desk, 1, "suspend");
    assert!(suspended > confirm);
    tell(&portal);
    assert_eq!((events(&heard).len(), outbox(&portal).tally().unwrap()), (2, Tally::default()));
}

#[test]
fn a_receiver_that_is_gone_is_not_written_to_again() {
    let (portal, _) = portal(testing::desk());
    let (account, _) = member(&portal, "feed", "owner", &[]);
    let (port, heard) = receiver(|at| if at == 0 { 410 } else { 200 });
    let subscription = hook(&portal, account, "hub", &format!("http://127.0.0.1:{port}/"));
    portal.app.who.accounts().unwrap().keyring.make_webhook_secret(subscription, Account(account)).unwrap();
    make(&portal, "hub", &[("name", text("A"))]);
    make(&portal, "hub", &[("name", text("B"))]);
    tell(&portal);
    let record = super::record(&portal, "office_subscription", subscription);
    assert_eq!(record.state.as_deref(), Some("stopped"));
    assert_eq!((heard.lock().unwrap().len(), outbox(&portal).tally().unwrap()), (0, Tally::default()));
    transition(&portal, "office_subscription", subscription, 2, "resume");
    let hub = make(&portal, "hub", &[("name", text("C"))]);
    tell(&portal);
    assert_eq!(events(&heard), [(hub, hub)]);
}

#[test]
fn what_failed_is_seen_with_its_reason_and_retried_or_dropped() {
    let (portal, cookies) = portal(testing::desk());
    let mut ann = Browser { portal: &portal, cookies };
    let (account, _) = member(&portal, "feed", "owner", &[]);
    let subscription = hook(&portal, account, "hub", "https://10.0.0.1/in?key=hush");
    let hub = make(&portal, "hub", &[("name", text("A"))]);
    tell(&portal);
    let page = ann.page("/outbox?state=failed");
    assert!(page.contains("no signing secret was made") && page.contains("https://10.0.0.1") && !page.contains("hush"), "{page}");
    assert!(page.contains(&format!("/registers/hub/{hub}")));
    let id = outbox(&portal).page(Which::Failed, 0, 10).unwrap()[0].id.to_string();
    let made = ann.send("/outbox", "/outbox", &[("_do", "secret"), ("id", &subscription.to_string())]).unwrap().text();
    assert!(made.contains("whsec_") && !ann.page("/outbox").contains("whsec_"), "shown once");
    assert_eq!(ann.send("/outbox?state=failed", "/outbox?state=failed", &[("_do", "retry"), ("id", &id)]).unwrap().status(), 303);
    tell(&portal);
    assert!(ann.page("/en/outbox?state=failed").contains("address that is not public"));
    assert!(crate::meter::text(&portal.app).contains("shirube_outbox_deliveries{state=\"failed\"} 1"));
    let foreign = ann.ask(Method::Post, "/outbox", format!("_do=drop&id={id}&_token=guessed"));
    assert!(foreign.is_err() && outbox(&portal).tally().unwrap().failed == 1);
    ann.send("/outbox?state=failed", "/outbox", &[("_do", "drop"), ("id", &id)]).unwrap();
    assert_eq!(outbox(&portal).tally().unwrap(), Tally::default());
    assert!(Browser::new(&portal).get("/outbox").is_err());
}

#[test]
fn an_organisation_is_everyone_who_belongs_to_it_and_has_a_mailbox() {
    let (portal, _) = portal(testing::desk());
    let (_, house) = member(&portal, "bob", "reader", &[("email", text("bob@example.org"))]);
    for (login, email) in [("eve", Some("eve@example.org")), ("dan", None)] {
        let email: Vec<(&str, Cell)> = email.map(|e| ("email", text(e))).into_iter().collect();
        let (account, _) = member(&portal, login, "reader", &email);
        make(
            &portal,
            "office_membership",
            &[("account", Cell::Integer(account)), ("organisation", Cell::Integer(house)), ("role", text("reader"))],
        );
    }
    let columns =
        [("organisation", Cell::Integer(house)), ("register", text("hub")), ("happening", text("create")), ("channel", text("mail"))];
    make(&portal, "office_subscription", &columns);
    let hub = make(&portal, "hub", &[("name", text("A"))]);
    amend(&portal, "hub", hub, 1, "name", "B");
    while derive(&portal.app).unwrap() {}
    let waiting = outbox(&portal).page(Which::Waiting, 0, 10).unwrap();
    let people = portal.app.store.people().unwrap();
    let to = |entry: &shirube_outbox::Entry| match Task::parse(&entry.task) {
        Some(Task::Event { account, .. }) => people.account(account).unwrap().login.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(waiting.iter().map(to).collect::<Vec<_>>(), ["bob", "eve"]);
}

#[test]
fn much_at_once_is_one_letter_of_what_one_may_see_and_each_event_for_programs() {
    let (portal, _) = portal(testing::guarded());
    // Desks see all but drafts.
    let (desk, _) = member(&portal, "dee", "desk", &[("email", text("dee@example.org"))]);
    let (register, happening) = (("register", text("case")), ("happening", text("any")));
    make(&portal, "office_subscription", &[("account", Cell::Integer(desk)), register, happening, ("channel", text("mail"))]);
    let batch = |state: &'static str, from: usize, to: usize| {
        let of = move |n: usize| {
            let columns = [("title", text(&format!("case {n}"))), ("memo", text("m")), ("_state", text(state))];
            let content = columns.into_iter().map(|(n, c)| (n.to_string(), c)).collect();
            Command::Create { register: "case".into(), content, origin: Default::default() }
        };
        portal.app.store.submit_all(&Actor::owner(), (from..to).map(of).collect::<Vec<_>>(), &|_| {}).unwrap();
        while derive(&portal.app).unwrap() {}
        let waiting = outbox(&portal).page(Which::Waiting, 0, 100).unwrap();
        let letters: Vec<Task> = waiting.iter().map(|entry| Task::parse(&entry.task).unwrap()).collect();
        while deliver(&portal.app).unwrap() {}
        (letters, outbox(&portal).tally().unwrap().failed)
    };
    let (few, _) = batch("draft", 0, 20);
    assert_eq!(few.len(), 20);
    let (many, failed) = batch("draft", 100, 130);
    assert!(matches!(&many[..], [Task::Many { records, .. }] if records.len() == 30), "{many:?}");
    assert_eq!(failed, 0, "of what one may not see nothing is told");
    let (many, failed) = batch("reported", 200, 230);
    assert_eq!((many.len(), failed), (1, 1), "one letter, for which there is no mail server");
    let (port, heard) = receiver(|_| 204);
    let hooked = hook(&portal, desk, "case", &format!("http://127.0.0.1:{port}/in"));
    portal.app.who.accounts().unwrap().keyring.make_webhook_secret(hooked, Account(desk)).unwrap();
    let (both, _) = batch("reported", 300, 330);
    assert_eq!((both.len(), heard.lock().unwrap().len()), (31, 30));
}

#[test]
fn a_subscription_says_who_and_by_what_in_one_way() {
    let (portal, _) = portal(testing::desk());
    let (account, house) = member(&portal, "bob", "reader", &[]);
    let (account, house) = (Cell::Integer(account), Cell::Integer(house));
    let whole = [("register", text("hub")), ("happening", text("any"))];
    for (columns, fault) in [
        (vec![("channel", text("mail"))], "account"),
        (vec![("channel", text("mail")), ("account", account.clone()), ("organisation", house.clone())], "account"),
        (vec![("channel", text("webhook")), ("organisation", house), ("address", text("https://a.example/"))], "account"),
        (vec![("channel", text("webhook")), ("account", account.clone())], "address"),
        (vec![("channel", text("mail")), ("account", account.clone()), ("address", text("https://a.example/"))], "address"),
        (vec![("channel", text("mail")), ("account", account.clone()), ("to_state", text("open"))], "to_state"),
        (vec![("channel", text("webhook")), ("account", account), ("address", text("https://ann:secret@a.example/"))], "address"),
    ] {
        let content = whole.iter().cloned().chain(columns).map(|(n, c)| (n.to_string(), c)).collect();
        let create = Command::Create { register: "office_subscription".into(), content, origin: Default::default() };
        match portal.app.store.submit(&Actor::owner(), create) {
            Err(shirube_store::StoreError::Invalid(places)) => assert!(places.iter().any(|p| p.column == fault), "{fault}: {places:?}"),
            other => panic!("{fault}: {other:?}"),
        }
    }
}

#[test]
fn who_asks_for_a_new_password_learns_nothing_and_floods_nobody() {
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    founded(&portal, &link);
    let mut anyone = Browser::new(&portal);
    assert!(anyone.page("/sign-in/forgot").contains("管理者に"), "no mail is set");
    // Nobody listens there.
    post(&mut portal).mail = Some(Mailer::new(&"smtp://127.0.0.1:1".parse().unwrap(), None, &"plan@example.jp".parse().unwrap()).unwrap());
    portal.app.site.public_url = Some("https://plan.example.jp".into());
    let mut anyone = Browser::new(&portal);
    let mut told = BTreeSet::new();
    for (at, login) in ["ann", "ANN@example.org", "nobody", "ann", "", "ann", "ann"].iter().enumerate() {
        let reply = anyone.ask(Method::Post, "/sign-in/forgot", format!("login={login}")).unwrap();
        told.insert((reply.status(), reply.text()));
        assert_eq!(outbox(&portal).tally().unwrap().waiting, at as u64 + 1, "the same is done for all");
    }
    assert_eq!(told.len(), 1, "the same is said to all");
    while deliver(&portal.app).unwrap() {}
    // Three letters, which are tried again; the others were to nobody, or too many.
    assert_eq!(outbox(&portal).tally().unwrap(), Tally { failed: 3, oldest: outbox(&portal).tally().unwrap().oldest, ..Tally::default() });
    let statuses: Vec<u16> = (0..8).map(|_| anyone.ask(Method::Post, "/sign-in/forgot", "login=nobody".into()).unwrap().status()).collect();
    assert!(statuses.starts_with(&[200]) && statuses.ends_with(&[429]), "{statuses:?}");
    let ann = portal.app.store.people().unwrap().by_login("ann").unwrap().id;
    let keyring = &portal.app.who.accounts().unwrap().keyring;
    assert!(!keyring.drop_link(shirube_keyring::Purpose::Recovery, Account(ann)).unwrap(), "no link is left of letters that were not sent");
}
