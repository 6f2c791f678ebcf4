//! Letters against real servers, which `tests/mail.sh` starts.

use secrecy::SecretString;
use serde_json::Value;
use shirube_outbox::{
    Outcome,
    mail::{Letter, Mailer},
};

/// Ports of servers on this machine, and the file where they write what came: none where the script did not start them.
struct Servers {
    plain: u16,
    starttls: u16,
    smtps: u16,
    untrusted: u16,
    came: String,
}

fn servers() -> Option<Servers> {
    let said = std::env::var("SHIRUBE_TEST_SMTP").ok()?;
    let words: Vec<&str> = said.split(' ').collect();
    let port = |at: usize| words[at].parse().unwrap();
    Some(Servers { plain: port(0), starttls: port(1), smtps: port(2), untrusted: port(3), came: words[4].to_string() })
}

/// The letter with this id, if it came.
fn letter(servers: &Servers, id: &str) -> Option<Value> {
    let came = std::fs::read_to_string(&servers.came).unwrap();
    let letters: Vec<Value> = came.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    letters.into_iter().find(|l| l["id"].as_str().is_some_and(|found| found.starts_with(&format!("<{id}@"))))
}

fn send(server: &str, password: Option<&str>, id: &str) -> Outcome {
    let password = password.map(SecretString::from);
    let user = password.as_ref().map(|password| ("plan", password));
    let mailer = Mailer::new(&server.parse().unwrap(), user, &"計画事務局 <plan@example.jp>".parse().unwrap()).unwrap();
    mailer.send(&Letter {
        id,
        to: "ann@example.org",
        subject: "計画の通知：長い件名でも一つの件名のままであること",
        text: "標\n\nhttps://plan.example.jp/links/x\n",
    })
}

#[test]
fn letters_come_as_they_were_written_and_encrypted_where_asked() {
    let Some(servers) = servers() else { return };
    for (server, password, tls) in [
        (format!("smtp://127.0.0.1:{}", servers.plain), None, false),
        (format!("smtp://localhost:{}", servers.starttls), Some("secret"), true),
        (format!("smtps://localhost:{}", servers.smtps), Some("secret"), true),
    ] {
        let id = server.replace([':', '/'], "-");
        assert_eq!(send(&server, password, &id), Outcome::Done, "{server}");
        let letter = letter(&servers, &id).unwrap();
        assert_eq!((letter["from"].as_str(), letter["to"].as_str()), (Some("計画事務局 <plan@example.jp>"), Some("ann@example.org")));
        assert_eq!(letter["subject"], "計画の通知：長い件名でも一つの件名のままであること");
        assert_eq!(letter["text"].as_str().map(str::trim_end), Some("標\n\nhttps://plan.example.jp/links/x"));
        assert_eq!((letter["type"].as_str(), letter["auto"].as_str()), (Some("text/plain"), Some("auto-generated")));
        assert_eq!(letter["tls"], tls, "{server}");
    }
}

#[test]
fn a_certificate_that_nobody_trusts_or_for_another_name_ends_it() {
    let Some(servers) = servers() else { return };
    // The second has a good certificate, for the name localhost alone.
    for server in [
        format!("smtp://localhost:{}", servers.untrusted),
        format!("smtp://127.0.0.1:{}", servers.starttls),
        format!("smtps://127.0.0.1:{}", servers.smtps),
    ] {
        let sent = send(&server, Some("secret"), "refused");
        assert!(matches!(&sent, Outcome::Again(why) if why.contains("certificate")), "{server}: {sent:?}");
    }
    assert_eq!(letter(&servers, "refused"), None);
}

#[test]
fn a_wrong_password_is_a_fault_of_the_settings_and_not_of_the_letter() {
    let Some(servers) = servers() else { return };
    let sent = send(&format!("smtp://localhost:{}", servers.starttls), Some("wrong"), "unsigned");
    assert!(matches!(&sent, Outcome::Again(why) if why.contains("mail.password") && why.contains("535")), "{sent:?}");
    assert_eq!(letter(&servers, "unsigned"), None);
}
