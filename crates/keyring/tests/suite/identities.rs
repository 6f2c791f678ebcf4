//! External identities: one account each.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::{second_factor::with_app, support::*};
use shirube_keyring::{Attempt, ExposeSecret, Identity, IdentityError, Keyring, KeyringError, Means, SignIn, Vouched, What};

const ISSUER: &str = "https://id.example.jp/realm";

const VOUCHED: Vouched<'static> = Vouched { issuer: ISSUER, subject: "f3c1", many_factors: false, anew: false };

fn sign_in(keyring: &Keyring, vouched: &Vouched<'_>) -> SignIn {
    keyring.sign_in_external(vouched, &attempt("ann", Some(ANN))).unwrap()
}

#[test]
fn an_identity_finds_its_account_and_signs_it_in() {
    let (place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    assert_eq!(keyring.account_of(ISSUER, "f3c1").unwrap(), Some(ANN));
    for (issuer, subject) in [(ISSUER, "f3c2"), ("https://id.example.jp/", "f3c1"), ("https://id.example.jp/real", "mf3c1")] {
        assert_eq!(keyring.account_of(issuer, subject).unwrap(), None);
        assert!(matches!(sign_in(&keyring, &Vouched { issuer, subject, ..VOUCHED }), SignIn::Wrong));
    }
    let before = session(&keyring, ANN);
    let attempt = Attempt { session: Some(&before), ..attempt("ann", Some(ANN)) };
    let signed_in = done(keyring.sign_in_external(&VOUCHED, &attempt).unwrap());
    assert_eq!((signed_in.session.account, signed_in.session.means), (ANN, Means::External));
    assert!(keyring.session(signed_in.token.expose_secret()).unwrap().is_some() && keyring.session(&before).unwrap().is_none());
    assert_eq!(keyring.identities(ANN).unwrap(), [Identity { issuer: ISSUER.into(), subject: "f3c1".into(), linked: BEGIN }]);
    assert!(place.happened().contains(&What::IdentityLinked { issuer: ISSUER.into() }));
}

#[test]
fn an_identity_has_one_account_and_an_account_one_identity_of_an_issuer() {
    let (_place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    let refusal = |account, subject| match keyring.link_identity(account, ISSUER, subject) {
        Err(KeyringError::Identity(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(BOB, "f3c1"), IdentityError::OfAnother);
    assert_eq!(refusal(ANN, "f3c2"), IdentityError::IssuerTaken);
    assert_eq!((keyring.account_of(ISSUER, "f3c1").unwrap(), keyring.account_of(ISSUER, "f3c2").unwrap()), (Some(ANN), None));
    keyring.link_identity(ANN, "https://other.example", "f3c2").unwrap();
    assert_eq!(keyring.identities(ANN).unwrap().len(), 2);
}

#[test]
fn of_many_who_claim_an_identity_at_once_one_has_it() {
    let (_place, keyring) = keyring();
    for round in 0..10 {
        let subject = &format!("s{round}");
        let linked = std::thread::scope(|scope| {
            let keyring = &keyring;
            let threads: Vec<_> = (0..8)
                .map(|i| scope.spawn(move || keyring.link_identity(shirube_keyring::Account(round * 100 + i), ISSUER, subject).is_ok()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|linked| *linked).count()
        });
        assert_eq!(linked, 1);
    }
}

#[test]
fn what_was_removed_or_forgotten_lets_no_one_in() {
    let (place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    assert!(keyring.unlink_identity(ANN, ISSUER).unwrap() && !keyring.unlink_identity(ANN, ISSUER).unwrap());
    assert!(place.happened().contains(&What::IdentityRemoved { issuer: ISSUER.into() }));
    assert_eq!(keyring.account_of(ISSUER, "f3c1").unwrap(), None);
    keyring.link_identity(BOB, ISSUER, "f3c1").unwrap();
    keyring.forget(BOB).unwrap();
    let bob = attempt("bob", Some(BOB));
    assert!(matches!(keyring.sign_in_external(&VOUCHED, &bob).unwrap(), SignIn::Wrong));
}

#[test]
fn an_identity_signs_in_no_other_account() {
    let (_place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    for account in [Some(BOB), None] {
        assert!(matches!(keyring.sign_in_external(&VOUCHED, &attempt("bob", account)).unwrap(), SignIn::Wrong));
    }
}

#[test]
fn who_was_asked_nothing_at_the_sign_in_is_asked_before_what_is_grave() {
    let (_place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    let silent = done(sign_in(&keyring, &VOUCHED));
    assert!(!keyring.is_fresh(&silent.session, MINUTE));
    let asked = done(sign_in(&keyring, &Vouched { anew: true, ..VOUCHED }));
    assert!(keyring.is_fresh(&asked.session, MINUTE) && asked.session.means == Means::ExternalAnew);
}

#[test]
fn a_second_factor_holds_for_identities_too_unless_the_provider_asked_for_more_than_one() {
    let (place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    let (_, codes) = with_app(&place, &keyring);
    let half = |keyring: &Keyring| match sign_in(keyring, &VOUCHED) {
        SignIn::SecondFactor(token) => token,
        other => panic!("{other:?}"),
    };
    let token = half(&keyring);
    assert!(place.happened().contains(&What::IdentityAccepted { issuer: ISSUER.into() }));
    let wrong = keyring.second_factor(token.expose_secret(), "000000", &client("192.0.2.1")).unwrap();
    assert!(matches!(wrong, Some(SignIn::Wrong)));
    let right = keyring.second_factor(token.expose_secret(), &codes[0], &client("192.0.2.1")).unwrap();
    let session = done(right.unwrap()).session;
    assert_eq!(session.means, Means::ExternalAndRecoveryCode);
    assert!(keyring.is_fresh(&session, MINUTE));
    assert_eq!(done(sign_in(&keyring, &Vouched { many_factors: true, ..VOUCHED })).session.means, Means::External);
    // What was half done ends with the link.
    let token = half(&keyring);
    keyring.unlink_identity(ANN, ISSUER).unwrap();
    assert!(keyring.second_factor(token.expose_secret(), &codes[1], &client("192.0.2.1")).unwrap().is_none());
}
