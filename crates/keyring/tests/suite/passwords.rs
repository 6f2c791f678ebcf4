//! Passwords: what may be one, and signing in by one.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_keyring::{Attempt, ExposeSecret, KeyringError, Leaked, MOST_CHARACTERS, PasswordError, SignIn, What, check_password};
use std::time::{Duration, Instant};

#[test]
fn a_password_is_long_rather_than_complicated() {
    for good in [PASSWORD, "にわにはにわにわとりがいる山", "zq8#Vd!x0pLw", &"長い言葉と数字0123と鳥 ".repeat(9)[..]]
    {
        assert_eq!(check_password("ann", &[], good), Ok(()), "{good}");
    }
    assert_eq!(check_password("ann", &[], "short words"), Err(PasswordError::TooShort { characters: 11, least: 12 }));
    assert_eq!(check_password("ann", &[], &"長い言葉 ".repeat(26)), Err(PasswordError::TooLong { most: MOST_CHARACTERS }));
    // Counted as it is compared: a ligature of eighteen letters is eighteen characters.
    assert_eq!(check_password("ann", &[], &"\u{fdfa}".repeat(8)), Err(PasswordError::TooLong { most: MOST_CHARACTERS }));
}

#[test]
fn the_login_is_no_password_however_it_is_written() {
    for same in ["hanako.yamada@example.jp", "Hanako.Yamada@Example.JP", "ｈａｎａｋｏ.yamada@example.jp", " hanako.yamada@example.jp "]
    {
        assert_eq!(check_password("hanako.yamada@example.jp", &[], same), Err(PasswordError::IsLogin), "{same}");
    }
}

#[test]
fn what_is_tried_first_is_no_password() {
    let tried_first = [
        "password1234",
        "Password12345",
        "qwertyuiop123",
        "1q2w3e4r5t6y7u",
        "123456789012",
        "aaaaaaaaaaaaaa",
        "iloveyou12345",
        "passwordpassword",
        "abcdefghijklmnop",
        "administrator",
        "unforgettable",
        "p@ssw0rd2024",
        "ｐａｓｓｗｏｒｄ１２３４",
    ];
    for common in tried_first {
        assert_eq!(check_password("ann", &[], common), Err(PasswordError::Common), "{common}");
    }
    assert_eq!(check_password("takahashi.ichiro", &[], "takahashi.ichiro1"), Err(PasswordError::Common), "the login with a digit");
}

#[test]
fn a_leaked_password_is_taken_for_no_account() {
    let (place, keyring) = keyring();
    let list = tempfile::NamedTempFile::new().unwrap();
    // The hash of PASSWORD, as `sha1sum` tells it.
    std::fs::write(list.path(), "8DB0321F7D97E09A63C2F5135B80819029CFA2D3:3\n").unwrap();
    let keyring = keyring.without_leaked(Leaked::open(list.path()).unwrap());
    for typed in [PASSWORD, "ｓｅｖｅｎ lanterns beside a slow canal"] {
        let refused = keyring.set_password(ANN, "ann", typed).unwrap_err();
        assert!(matches!(refused, KeyringError::Password(PasswordError::Leaked)), "{refused}");
        assert_eq!(refused.to_string(), "the password is known from a leak, whoever chose it first; use another");
    }
    assert!(!keyring.has_password(ANN).unwrap());
    keyring.set_password(ANN, "ann", "eight lanterns beside a slow canal").unwrap();
    // A list that went away keeps no weak password out, so none is taken.
    std::fs::remove_file(list.path()).unwrap();
    let lost = keyring.set_password(ANN, "ann", "nine lanterns beside a slow canal").unwrap_err();
    assert!(matches!(lost, KeyringError::Leaked { .. }), "{lost}");
    drop(place);
}

#[test]
fn mistakes_say_what_to_do() {
    let (_place, keyring) = keyring();
    let error = keyring.set_password(ANN, "ann", "short").unwrap_err();
    assert!(matches!(error, KeyringError::Password(PasswordError::TooShort { .. })));
    assert_eq!(error.to_string(), "the password has 5 characters; use at least 12, a few words in a row do well");
    assert!(!keyring.has_password(ANN).unwrap());
}

#[test]
fn the_right_password_signs_in_and_nothing_else_does() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let changed = PASSWORD.to_uppercase();
    for wrong in ["", &changed, &PASSWORD[1..], &format!("{PASSWORD} "), &"x".repeat(100_000)] {
        assert!(matches!(keyring.sign_in(&attempt("ann", Some(ANN)), wrong).unwrap(), SignIn::Wrong));
    }
    let signed_in = ann(&keyring);
    assert_eq!(keyring.session(signed_in.token.expose_secret()).unwrap().unwrap().account, ANN);
    let session = signed_in.session.id;
    assert!(
        matches!(&place.happened()[..], [What::PasswordSet, What::PasswordWrong, .., What::SignedIn { session: s, .. }] if *s == session)
    );
}

#[test]
fn keyboards_that_write_the_same_differently_write_the_same_password() {
    let (_place, keyring) = keyring();
    // Composed and decomposed, half-width and full-width.
    keyring.set_password(ANN, "ann", "がぎぐげご は Ｔｅｓｔ１２３ だ").unwrap();
    done(keyring.sign_in(&attempt("ann", Some(ANN)), "か\u{3099}き\u{3099}く\u{3099}け\u{3099}こ\u{3099} は Test123 た\u{3099}").unwrap());
}

#[test]
fn an_unknown_login_is_answered_like_a_known_one_and_as_late() {
    let (_place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let mut fastest = [Duration::MAX; 3];
    // The hash takes tens of milliseconds; whatever skipped it would be many times faster.
    let alike = |[known, unknown, without]: [Duration; 3]| [unknown, without].iter().all(|other| *other > known / 3 && *other < known * 3);
    // By turns, so that a busy machine slows all of them, and again until each had a quiet moment.
    for turn in 0..60 {
        for (fastest, (login, account)) in fastest.iter_mut().zip([("ann", Some(ANN)), ("nobody", None), ("bob", Some(BOB))]) {
            let from = Attempt { client: client(&format!("198.51.100.{turn}")), ..attempt(login, account) };
            let begun = Instant::now();
            assert!(matches!(keyring.sign_in(&from, "a wrong password, surely").unwrap(), SignIn::Wrong));
            *fastest = begun.elapsed().min(*fastest);
        }
        if turn >= 5 && alike(fastest) {
            return;
        }
    }
    panic!("{fastest:?}");
}

#[test]
fn a_new_password_ends_the_old_one_and_what_hangs_on_it() {
    let (_place, keyring) = keyring();
    ann(&keyring);
    keyring.set_password(ANN, "ann", "another canal with eight lanterns").unwrap();
    assert!(matches!(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap(), SignIn::Wrong));
    done(keyring.sign_in(&attempt("ann", Some(ANN)), "another canal with eight lanterns").unwrap());
}

#[test]
fn no_password_is_kept_or_told() {
    let (place, keyring) = keyring();
    let signed_in = ann(&keyring);
    let kept = place.kept();
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
    let told = format!("{:?} {keyring:?} {signed_in:?}", place.told.lock().unwrap());
    let token = signed_in.token.expose_secret().split_once('.').unwrap().1;
    let device = signed_in.device.as_ref().unwrap().expose_secret();
    for secret in [PASSWORD, token, device] {
        assert!(!kept.contains(secret) && !told.contains(secret));
    }
}

#[test]
fn names_that_a_guesser_knows_make_no_password() {
    let names = ["国立研究開発法人日本医療研究開発機構", "Medical Device Plan", "Hanako Yamashiro"];
    for guessed in ["国立研究開発法人日本医療研究開発機構", "Medical Device Plan 2026", "hanako.yamashiro1", "YamashiroHanako"]
    {
        assert_eq!(check_password("ann", &names, guessed), Err(PasswordError::Common), "{guessed}");
    }
    assert_eq!(check_password("ann", &names, PASSWORD), Ok(()));
    assert_eq!(check_password("ann", &[], "YamashiroHanako"), Ok(()), "what is no name here may be one");
}
