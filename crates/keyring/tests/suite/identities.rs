//! External identities: one account each.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_keyring::{ExposeSecret, Identity, IdentityError, KeyringError, Means, What};

const ISSUER: &str = "https://id.example.jp/realm";

#[test]
fn an_identity_finds_its_account_and_signs_it_in() {
    let (place, keyring) = keyring();
    keyring.link_identity(ANN, ISSUER, "f3c1").unwrap();
    assert_eq!(keyring.account_of(ISSUER, "f3c1").unwrap(), Some(ANN));
    for (issuer, subject) in [(ISSUER, "f3c2"), ("https://id.example.jp/", "f3c1"), ("https://id.example.jp/real", "mf3c1")] {
        assert_eq!(keyring.account_of(issuer, subject).unwrap(), None);
        assert!(keyring.sign_in_external((issuer, subject), &client("192.0.2.1"), "Firefox", None).unwrap().is_none());
    }
    let before = session(&keyring, ANN);
    let signed_in = keyring.sign_in_external((ISSUER, "f3c1"), &client("192.0.2.1"), "Firefox", Some(&before)).unwrap().unwrap();
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
    assert!(keyring.sign_in_external((ISSUER, "f3c1"), &client("192.0.2.1"), "Firefox", None).unwrap().is_none());
}
