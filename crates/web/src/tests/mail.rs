//! Letters with links, walked from the mailbox. `tests/mail.sh` starts the servers.

use super::{
    accounts::{Browser, PASSWORD, founded, make, text},
    notices::{member, post, tell},
};
use crate::{
    notify::derive,
    routes::Method,
    testing::{self, Portal},
    url,
};
use serde_json::Value;
use shirube_outbox::{Which, mail::Mailer};
use shirube_record::Cell;
use shirube_store::{Actor, Command};

const SITE: &str = "https://plan.example.jp";

/// A port without TLS, and the file where the server writes what came; none where the script did not start it.
fn server() -> Option<(String, String)> {
    let said = std::env::var("SHIRUBE_TEST_SMTP").ok()?;
    let words: Vec<&str> = said.split(' ').collect();
    Some((format!("smtp://127.0.0.1:{}", words[0]), words[4].to_string()))
}

fn mailer(server: &str) -> Mailer {
    Mailer::new(&server.parse().unwrap(), None, &"plan@example.jp".parse().unwrap()).unwrap()
}

fn portal(server: &str) -> (Portal, Vec<(String, String)>) {
    let (mut portal, link) = Portal::with_accounts(testing::desk());
    let cookies = founded(&portal, &link);
    post(&mut portal).mail = Some(mailer(server));
    portal.app.site.public_url = Some(SITE.into());
    derive(&portal.app).unwrap();
    (portal, cookies)
}

/// The letters that came to an address.
fn letters(came: &str, to: &str) -> Vec<Value> {
    let came = std::fs::read_to_string(came).unwrap();
    came.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).filter(|l| l["rcpt"] == serde_json::json!([to])).collect()
}

/// The path of the address in a letter.
fn path(letter: &Value) -> String {
    let text = letter["text"].as_str().unwrap();
    text.lines().find_map(|l| l.strip_prefix(SITE)).unwrap().to_string()
}

#[test]
fn an_invitation_is_accepted_from_the_mailbox() {
    let Some((server, came)) = server() else { return };
    let (portal, cookies) = portal(&server);
    let mut ann = Browser { portal: &portal, cookies };
    let columns = [("login", text("guest")), ("kind", text("person")), ("email", text("guest@example.org")), ("language", text("en"))];
    let guest = make(&portal, "office_account", &columns);
    let at = format!("/people/{guest}");
    assert!(ann.send(&at, &at, &[("_do", "mail")]).unwrap().text().contains("リンクをメールで送ります"));
    tell(&portal);
    let letters = letters(&came, "guest@example.org");
    assert_eq!(letters.len(), 1);
    assert!(letters[0]["subject"].as_str().unwrap().starts_with("Invitation ("));
    let headers: Vec<&str> = letters[0]["headers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(!headers.iter().any(|h| ["Bcc", "Cc", "List-Unsubscribe"].contains(h)), "{headers:?}");
    let path = path(&letters[0]);
    assert!(path.starts_with("/en/links/invitation/"), "{path}");
    let mut guest = Browser::new(&portal);
    assert!(guest.page(&path).contains("guest"));
    let reply = guest.ask(Method::Post, &path, format!("password={0}&again={0}", url::value(PASSWORD))).unwrap();
    assert_eq!((reply.status(), reply.location()), (303, Some("/en/me")));
    assert!(guest.page("/en/me").contains("guest"));
    assert!(guest.get(&path).is_err(), "it is good once");
}

#[test]
fn a_lost_password_is_replaced_from_the_mailbox_and_a_server_that_was_away_is_tried_again() {
    let Some((server, came)) = server() else { return };
    let (mut portal, _) = portal("smtp://127.0.0.1:1");
    let account = make(
        &portal,
        "office_account",
        &[("login", text("may")), ("kind", text("person")), ("email", text("may@example.org")), ("_state", text("active"))],
    );
    portal.app.who.accounts().unwrap().keyring.set_password(shirube_keyring::Account(account), "may", PASSWORD).unwrap();
    assert_eq!(Browser::new(&portal).ask(Method::Post, "/sign-in/forgot", "login=may".into()).unwrap().status(), 200);
    tell(&portal);
    let failed = post(&mut portal).outbox.page(Which::Failed, 0, 10).unwrap().remove(0);
    assert!(failed.problem.unwrap().contains("cannot be reached"));
    post(&mut portal).mail = Some(mailer(&server));
    assert!(post(&mut portal).outbox.retry(failed.id, 0).unwrap());
    tell(&portal);
    let letters = letters(&came, "may@example.org");
    assert_eq!(letters.len(), 1);
    assert!(letters[0]["subject"].as_str().unwrap().starts_with("パスワードの再設定（"));
    let (path, new) = (path(&letters[0]), "four other words entirely");
    let mut may = Browser::new(&portal);
    let reply = may.ask(Method::Post, &path, format!("password={0}&again={0}", url::value(new))).unwrap();
    assert_eq!(reply.location(), Some("/sign-in?done=password"));
    assert_eq!((may.sign_in("may", PASSWORD).status(), may.sign_in("may", new).status()), (422, 303));
}

#[test]
fn a_letter_on_a_record_says_which_and_what_and_no_values() {
    let Some((server, came)) = server() else { return };
    let (portal, _) = portal(&server);
    let (account, _) = member(&portal, "joe", "owner", &[("email", text("joe@example.org")), ("language", text("en"))]);
    let columns = [("account", Cell::Integer(account)), ("register", text("hub")), ("happening", text("any")), ("channel", text("mail"))];
    let subscription = make(&portal, "office_subscription", &columns);
    let hub = make(&portal, "hub", &[("name", text("hushed name"))]);
    tell(&portal);
    let letters = letters(&came, "joe@example.org");
    assert_eq!(letters.len(), 1);
    let (subject, text) = (letters[0]["subject"].as_str().unwrap(), letters[0]["text"].as_str().unwrap());
    assert!(subject.contains(&format!("#{hub}: new record")), "{subject}");
    assert!(text.contains(&format!("\n{SITE}/en/registers/hub/{hub}\n")), "{text}");
    assert!(text.contains(&format!("/en/registers/office_subscription/{subscription}")) && !text.contains("hushed"), "{text}");
}

#[test]
fn an_import_is_one_letter_that_says_how_many_and_leads_to_them() {
    let Some((server, came)) = server() else { return };
    let (portal, _) = portal(&server);
    let columns = [("email", text("kim@example.org")), ("language", text("en"))];
    let (account, _) = member(&portal, "kim", "owner", &columns);
    portal.app.who.accounts().unwrap().keyring.set_password(shirube_keyring::Account(account), "kim", PASSWORD).unwrap();
    let columns = [("account", Cell::Integer(account)), ("register", text("hub")), ("happening", text("any")), ("channel", text("mail"))];
    make(&portal, "office_subscription", &columns);
    let hub = |n: usize| Command::Create {
        register: "hub".into(),
        content: [("name".to_string(), text(&format!("hushed {n}")))].into(),
        origin: Default::default(),
    };
    portal.app.store.submit_all(&Actor::owner(), (0..30).map(hub).collect::<Vec<_>>(), &|_| {}).unwrap();
    tell(&portal);
    let letters = letters(&came, "kim@example.org");
    assert_eq!(letters.len(), 1);
    assert!(
        letters[0]["subject"].as_str().unwrap().contains(": 30 records (") && !letters[0].to_string().contains("hushed"),
        "{letters:?}"
    );
    let mut kim = Browser::new(&portal);
    kim.sign_in("kim", PASSWORD);
    let list = kim.page(&path(&letters[0]));
    assert!(list.contains("hushed 0") && !list.contains("東の拠点"), "{list}");
}
