//! The keyring as a whole: what it keeps over a restart, and what it lets go.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_keyring::{Account, Attempt, Client, ExposeSecret, Happening, Keyring, KeyringError, Limits, Means, Purpose, SignIn, What};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

#[test]
fn a_restart_changes_nothing() {
    let (place, keyring) = keyring();
    let signed_in = ann(&keyring);
    let link = keyring.make_link(Purpose::Invitation, BOB, "", HOUR).unwrap();
    let (token, _) = keyring.make_token(ANN, "export", BTreeSet::from(["read".to_string()]), BEGIN + 1000).unwrap();
    drop(keyring);
    let keyring = place.open();
    assert_eq!(keyring.session(signed_in.token.expose_secret()).unwrap(), Some(signed_in.session));
    assert!(keyring.use_link(Purpose::Invitation, link.expose_secret()).unwrap().is_some());
    assert!(keyring.token(token.expose_secret(), &client("192.0.2.1")).unwrap().is_some());
    // The device is known still: strangers have worn the login out.
    let wrong = Attempt { client: client("192.0.2.1"), ..attempt("ann", Some(ANN)) };
    while !matches!(keyring.sign_in(&wrong, "a wrong password, surely").unwrap(), SignIn::Wait { .. }) {}
    let device = signed_in.device.unwrap();
    let known = Attempt { client: Client { device: Some(device.expose_secret()), ..wrong.client }, ..wrong };
    done(keyring.sign_in(&known, PASSWORD).unwrap());
}

#[test]
fn what_is_over_is_let_go_and_what_is_good_stays() {
    let (place, keyring) = keyring();
    ann(&keyring);
    keyring.make_link(Purpose::Recovery, ANN, "", HOUR).unwrap();
    let (token, _) = keyring.make_token(ANN, "export", BTreeSet::from(["read".to_string()]), BEGIN + 86_400_000).unwrap();
    place.clock.advance(2 * HOUR);
    assert_eq!(keyring.purge().unwrap(), 2, "a session and a link");
    assert_eq!(keyring.purge().unwrap(), 0);
    assert!(keyring.token(token.expose_secret(), &client("192.0.2.1")).unwrap().is_some());
    ann(&keyring);
}

#[test]
fn forgetting_leaves_nothing_of_an_account_and_all_of_the_others() {
    let (place, keyring) = keyring();
    let everything = |account: Account, login: &str| {
        keyring.set_password(account, login, PASSWORD).unwrap();
        keyring.offer_totp(account, "s", "Shirube", login).unwrap();
        keyring.make_link(Purpose::Mail, account, "", HOUR).unwrap();
        keyring.link_identity(account, "https://id.example.jp", login).unwrap();
        let session = session(&keyring, account);
        let (token, _) = keyring.make_token(account, "export", BTreeSet::from(["read".to_string()]), BEGIN + 1000).unwrap();
        (session, token)
    };
    let (anns, bobs) = (everything(ANN, "ann"), everything(BOB, "bob"));
    keyring.forget(ANN).unwrap();
    let good = |(session, token): &(String, shirube_keyring::SecretString)| {
        (keyring.session(session).unwrap().is_some(), keyring.token(token.expose_secret(), &client("192.0.2.1")).unwrap().is_some())
    };
    assert_eq!((good(&anns), good(&bobs)), ((false, false), (true, true)));
    assert!(keyring.has_password(BOB).unwrap() && keyring.identities(BOB).unwrap().len() == 1);
    assert!(!keyring.has_password(ANN).unwrap() && keyring.identities(ANN).unwrap().is_empty());
    assert!(!keyring.drop_link(Purpose::Mail, ANN).unwrap());
    assert!(matches!(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap(), SignIn::Wrong));
    assert!(place.happened().contains(&What::Forgotten));
}

/// Whoever is suspended while signing in is not let in after that, whichever comes first.
#[test]
fn nobody_slips_in_while_being_forgotten() {
    let (_place, keyring) = keyring();
    for round in 0..12 {
        keyring.set_password(ANN, "ann", PASSWORD).unwrap();
        let forgotten = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..3 {
                    let from = Attempt { client: client(&format!("198.51.100.{round}")), ..attempt("ann", Some(ANN)) };
                    let begun_after = forgotten.load(Ordering::SeqCst);
                    let sign_in = keyring.sign_in(&from, PASSWORD).unwrap();
                    assert!(!begun_after || !matches!(sign_in, SignIn::Done(_)));
                }
            });
            std::thread::sleep(std::time::Duration::from_millis(3 * round));
            keyring.forget(ANN).unwrap();
            forgotten.store(true, Ordering::SeqCst);
        });
        assert!(keyring.sessions(ANN).unwrap().is_empty(), "round {round}");
    }
}

#[test]
fn what_happens_is_told_with_account_time_and_place() {
    let (place, keyring) = keyring();
    let signed_in = ann(&keyring);
    keyring.sign_in(&attempt("nobody", None), "a wrong password, surely").unwrap();
    let told = place.told.lock().unwrap().clone();
    let from = Some(address("192.0.2.1"));
    let signed_in = What::SignedIn { session: signed_in.session.id, means: Means::Password };
    assert_eq!(
        told,
        [
            Happening { at: BEGIN, account: Some(ANN), client: None, what: What::PasswordSet },
            Happening { at: BEGIN, account: Some(ANN), client: from, what: signed_in },
            Happening { at: BEGIN, account: None, client: from, what: What::PasswordWrong },
        ]
    );
}

#[test]
fn memory_for_passwords_is_bounded_and_everyone_gets_a_turn() {
    let place = Place::new();
    let keyring: Keyring = place.open_with(Limits { hashes: 1, ..Limits::default() });
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let let_in = std::thread::scope(|scope| {
        let keyring = &keyring;
        let threads: Vec<_> = (0..8)
            .map(|i| {
                scope.spawn(move || {
                    let from = format!("198.51.100.{i}");
                    keyring.sign_in(&Attempt { client: client(&from), ..attempt("ann", Some(ANN)) }, PASSWORD)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).filter(|s| matches!(s, Ok(SignIn::Done(_)))).count()
    });
    assert_eq!(let_in, 8);
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let absent = tempfile::tempdir().unwrap().path().join("absent");
    let refused = Keyring::in_folder(&absent, Limits::default(), shirube_keyring::Clock::system(), Box::new(|_| ()));
    assert!(matches!(refused, Err(KeyringError::File { path, .. }) if path.ends_with("absent/keys.db")));
}

#[test]
fn whoever_is_shut_out_keeps_the_password_and_nothing_that_was_begun_with_it() {
    let (_place, keyring) = keyring();
    let (of_ann, of_bob) = (ann(&keyring).token, session(&keyring, BOB));
    let scopes = ["read".to_string()].into();
    let (text, _) = keyring.make_token(ANN, "feed", scopes, BEGIN + 1000).unwrap();
    let link = keyring.make_link(Purpose::Recovery, ANN, "", HOUR).unwrap();
    assert!(keyring.can_sign_in(ANN).unwrap() && !keyring.can_sign_in(BOB).unwrap());
    keyring.shut_out(ANN).unwrap();
    assert!(keyring.session(of_ann.expose_secret()).unwrap().is_none() && keyring.session(&of_bob).unwrap().is_some());
    assert!(keyring.token(text.expose_secret(), &client("192.0.2.1")).unwrap().is_none());
    assert!(keyring.look_at_link(Purpose::Recovery, link.expose_secret()).unwrap().is_none());
    ann(&keyring);
    keyring.link_identity(BOB, "https://id.example.jp", "b").unwrap();
    assert!(keyring.can_sign_in(BOB).unwrap(), "a provider vouches for him");
}

#[test]
fn the_secret_of_a_webhook_goes_with_its_account_and_a_new_one_ends_it() {
    let (place, keyring) = keyring();
    let first = keyring.make_webhook_secret(12, ANN).unwrap();
    assert!(first.expose_secret().starts_with("whsec_") && first.expose_secret().len() == 50);
    assert_eq!(keyring.webhook_secret(12, ANN).unwrap().unwrap().expose_secret(), first.expose_secret());
    assert!(keyring.webhook_secret(12, BOB).unwrap().is_none(), "the subscription speaks for another since");
    assert!(keyring.webhook_secret(13, ANN).unwrap().is_none());
    let second = keyring.make_webhook_secret(12, ANN).unwrap();
    assert_ne!(second.expose_secret(), first.expose_secret());
    assert_eq!(place.happened(), [What::WebhookSecretMade { subscription: 12 }, What::WebhookSecretMade { subscription: 12 }]);
    keyring.forget(ANN).unwrap();
    assert!(keyring.webhook_secret(12, ANN).unwrap().is_none());
}
