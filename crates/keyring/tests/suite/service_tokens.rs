//! Service tokens: named, scoped, ending.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_keyring::{ExposeSecret, Keyring, KeyringError, MOST_TOKEN_DAYS, TokenError, What};
use std::{collections::BTreeSet, time::Duration};

const DAY: i64 = 86_400_000;
/// Where people read how long a token is good.
const GUIDES: [&str; 2] = [include_str!("../../../../docs/securing.md"), include_str!("../../../../docs/operating.md")];

fn scopes(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|scope| scope.to_string()).collect()
}

fn make(keyring: &Keyring, expires: i64) -> (String, String) {
    let (text, token) = keyring.make_token(ANN, "nightly export", scopes(&["export", "read"]), expires).unwrap();
    (text.expose_secret().to_string(), token.id)
}

fn refusal(keyring: &Keyring, name: &str, list: &[&str], expires: i64) -> TokenError {
    match keyring.make_token(ANN, name, scopes(list), expires) {
        Err(KeyringError::Token(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_says_whose_it_is_and_what_it_may_do() {
    let (place, keyring) = keyring();
    let (text, id) = make(&keyring, BEGIN + DAY);
    let token = keyring.token(&text, &client("192.0.2.1")).unwrap().unwrap();
    assert_eq!((token.account, token.name.as_str(), token.scopes), (ANN, "nightly export", scopes(&["export", "read"])));
    assert_eq!((token.made, token.used, token.expires), (BEGIN, BEGIN, BEGIN + DAY));
    assert_eq!(keyring.tokens(ANN).unwrap().len(), 1);
    assert!(keyring.tokens(BOB).unwrap().is_empty());
    assert!(place.happened().contains(&What::TokenMade {
        token: id,
        name: "nightly export".into(),
        scopes: vec!["export".into(), "read".into()],
        expires: BEGIN + DAY
    }));
}

#[test]
fn a_scanner_recognises_a_token_and_nothing_of_it_is_kept() {
    let (place, keyring) = keyring();
    let (text, id) = make(&keyring, BEGIN + DAY);
    let rest = text.strip_prefix("shirube_").unwrap();
    let (found, secret) = rest.split_once('_').unwrap();
    assert_eq!((found, secret.len(), text.len()), (id.as_str(), 59, 84));
    assert!(rest.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
    assert!(!place.kept().contains(&secret[..20]));
    assert!(!format!("{:?}", place.told.lock().unwrap()).contains(&secret[..20]));
}

#[test]
fn use_is_written_down_once_a_minute() {
    let (place, keyring) = keyring();
    let (text, _) = make(&keyring, BEGIN + DAY);
    for (wait, used) in [(59, 0), (1, 60), (59, 60), (2, 121)] {
        place.clock.advance(Duration::from_secs(wait));
        assert!(keyring.token(&text, &client("192.0.2.1")).unwrap().is_some());
        assert_eq!(keyring.tokens(ANN).unwrap()[0].used, BEGIN + used * 1000);
    }
}

#[test]
fn use_and_failure_are_told_with_the_place() {
    let (place, keyring) = keyring();
    let (text, id) = make(&keyring, BEGIN + DAY);
    place.clock.advance(MINUTE);
    place.told.lock().unwrap().clear();
    for _ in 0..3 {
        keyring.token(&text, &client("192.0.2.1")).unwrap();
    }
    keyring.token(&format!("{}x", &text[..text.len() - 1]), &client("192.0.2.2")).unwrap();
    keyring.revoke_token(ANN, &id).unwrap();
    assert!(keyring.token(&text, &client("192.0.2.3")).unwrap().is_none());
    let told: Vec<_> = place.told.lock().unwrap().iter().map(|h| (h.client, h.what.clone())).collect();
    let from = |text: &str| Some(address(text));
    assert_eq!(
        told,
        [
            (from("192.0.2.1"), What::TokenUsed { token: id.clone() }),
            (from("192.0.2.2"), What::TokenWrong),
            (None, What::TokenRevoked { token: id }),
            (from("192.0.2.3"), What::TokenWrong),
        ]
    );
}

#[test]
fn a_token_has_a_name_scopes_and_an_end_within_a_year() {
    let (_place, keyring) = keyring();
    assert_eq!(refusal(&keyring, " ", &["read"], BEGIN + DAY), TokenError::Name);
    assert_eq!(refusal(&keyring, &"x".repeat(101), &["read"], BEGIN + DAY), TokenError::Name);
    assert_eq!(refusal(&keyring, "export", &[], BEGIN + DAY), TokenError::NoScope);
    assert_eq!(refusal(&keyring, "export", &[""], BEGIN + DAY), TokenError::NoScope);
    for guide in GUIDES {
        assert!(guide.contains(&format!("at most {MOST_TOKEN_DAYS} days")));
    }
    for expires in [BEGIN, BEGIN - 1, i64::MIN, BEGIN + MOST_TOKEN_DAYS * DAY + 1, i64::MAX] {
        assert_eq!(refusal(&keyring, "export", &["read"], expires), TokenError::Expiry { most_days: MOST_TOKEN_DAYS });
    }
    keyring.make_token(ANN, "export", scopes(&["read"]), BEGIN + MOST_TOKEN_DAYS * DAY).unwrap();
}

#[test]
fn only_its_account_revokes_a_token() {
    let (place, keyring) = keyring();
    let (text, id) = make(&keyring, BEGIN + DAY);
    assert!(!keyring.revoke_token(BOB, &id).unwrap() && keyring.token(&text, &client("192.0.2.1")).unwrap().is_some());
    place.happened();
    assert!(keyring.revoke_token(ANN, &id).unwrap());
    assert_eq!(place.happened(), [What::TokenRevoked { token: id.clone() }]);
    assert!(!keyring.revoke_token(ANN, &id).unwrap() && keyring.token(&text, &client("192.0.2.1")).unwrap().is_none());
    assert!(keyring.tokens(ANN).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Whatever happens in whatever order, a token is good until its end or its revocation and never after.
    #[test]
    fn a_token_is_never_accepted_after_its_end(
        days in 1..=MOST_TOKEN_DAYS,
        steps in prop::collection::vec((0..40u64, 0..6u8), 1..30),
    ) {
        let (place, keyring) = keyring();
        let other = place.open();
        let (text, id) = make(&keyring, BEGIN + days * DAY);
        let mut revoked = false;
        for (wait, step) in steps {
            place.clock.advance(Duration::from_secs(wait * 86_400));
            match step {
                0 => {
                    other.revoke_token(ANN, &id).unwrap();
                    revoked = true;
                }
                1 => {
                    keyring.purge().unwrap();
                }
                _ => {}
            }
            let good = !revoked && place.clock.now() < BEGIN + days * DAY;
            prop_assert_eq!(keyring.token(&text, &client("192.0.2.1")).unwrap().is_some(), good);
            prop_assert_eq!(keyring.tokens(ANN).unwrap().len(), usize::from(good));
        }
    }
}
