//! The second factor: codes once each, recovery codes, nothing half in force.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use data_encoding::BASE32_NOPAD;
use shirube_keyring::{Attempt, Confirmed, ExposeSecret, Keyring, KeyringError, Means, SecondFactorError, SignIn, TotpOffer, What};
use std::time::Duration;
use totp_rs::{Algorithm, Builder};

/// The code an authenticator app shows.
fn code(secret: &str, at: i64) -> String {
    let secret = <[u8; 20]>::try_from(BASE32_NOPAD.decode(secret.as_bytes()).unwrap()).unwrap();
    let app = Builder::new().with_algorithm(Algorithm::SHA1).with_secret(secret).build().unwrap();
    app.generate(u64::try_from(at / 1000).unwrap()).to_string()
}

/// Ann with a password and an app; gives the app's secret and the recovery codes.
pub fn with_app(place: &Place, keyring: &Keyring) -> (String, Vec<String>) {
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let offer = keyring.offer_totp(ANN, "s", "Shirube", "ann").unwrap();
    let secret = offer.secret.expose_secret().to_string();
    let codes = keyring.confirm_totp(ANN, "s", &code(&secret, place.clock.now())).unwrap();
    place.clock.advance(Duration::from_secs(90));
    (secret, codes.iter().map(|code| code.expose_secret().to_string()).collect())
}

/// The token after the password, before the code.
fn half(keyring: &Keyring, from: &Attempt<'_>) -> String {
    match keyring.sign_in(from, PASSWORD).unwrap() {
        SignIn::SecondFactor(token) => token.expose_secret().to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_offered_is_in_force_only_once_confirmed() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let confirm = |code: &str| keyring.confirm_totp(ANN, "s", code);
    assert!(matches!(confirm("123456"), Err(KeyringError::SecondFactor(SecondFactorError::NotBegun))));
    let offer = keyring.offer_totp(ANN, "s", "標 Shirube", "ann@example.jp").unwrap();
    let secret = offer.secret.expose_secret();
    assert_eq!(
        offer.uri.expose_secret(),
        &format!(
            "otpauth://totp/%E6%A8%99%20Shirube:ann%40example%2Ejp?secret={secret}&issuer=%E6%A8%99%20Shirube&algorithm=SHA1&digits=6&period=30"
        )
    );
    assert!(offer.qr_svg.expose_secret().starts_with("<svg xmlns=") && !offer.qr_svg.expose_secret().contains("style"));
    assert!(!format!("{offer:?}").contains(secret));
    let wrong = code(secret, place.clock.now() + 3_600_000);
    assert!(matches!(confirm(&wrong), Err(KeyringError::SecondFactor(SecondFactorError::WrongCode))));
    assert!(!keyring.has_second_factor(ANN).unwrap());
    done(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap());

    assert_eq!(confirm(&code(secret, place.clock.now())).unwrap().len(), 10);
    assert!(keyring.has_second_factor(ANN).unwrap());
    half(&keyring, &attempt("ann", Some(ANN)));
    assert!(matches!(keyring.make_recovery_codes(BOB), Err(KeyringError::SecondFactor(SecondFactorError::Absent))));
}

#[test]
fn a_wrong_code_leaves_the_offer_to_the_session_that_has_it_for_some_more_tries() {
    let (place, keyring) = keyring();
    let secret = |offer: TotpOffer| offer.secret.expose_secret().to_string();
    let offered = secret(keyring.offer_totp(ANN, "s", "Shirube", "ann").unwrap());
    let again = |session: &str| keyring.offered_totp(ANN, session, "Shirube", "ann").unwrap().map(secret);
    let (right, wrong) = (code(&offered, place.clock.now()), code(&offered, place.clock.now() + 3_600_000));
    let confirm = |session: &str, code: &str| match keyring.confirm_totp(ANN, session, code) {
        Err(KeyringError::SecondFactor(error)) => Err(error),
        other => Ok(other.unwrap().len()),
    };
    assert_eq!(confirm("other", &right), Err(SecondFactorError::NotBegun));
    assert_eq!((again("s"), again("other")), (Some(offered.clone()), None));
    for _ in 0..20 {
        assert_eq!(again("s"), Some(offered.clone()));
        assert_eq!(confirm("s", &wrong), Err(SecondFactorError::WrongCode));
    }
    assert_eq!((confirm("s", &right), again("s")), (Err(SecondFactorError::NotBegun), None), "guessing ends");
    let offered = secret(keyring.offer_totp(ANN, "s", "Shirube", "ann").unwrap());
    assert_eq!(confirm("s", &wrong), Err(SecondFactorError::WrongCode));
    assert_eq!(confirm("s", &code(&offered, place.clock.now())), Ok(10));
}

#[test]
fn an_offer_ends_and_leaves_what_is_in_force() {
    let (place, keyring) = keyring();
    let (secret, _) = with_app(&place, &keyring);
    let offer = keyring.offer_totp(ANN, "s", "Shirube", "ann").unwrap();
    place.clock.advance(HOUR + SECOND);
    let late = keyring.confirm_totp(ANN, "s", &code(offer.secret.expose_secret(), place.clock.now()));
    assert!(matches!(late, Err(KeyringError::SecondFactor(SecondFactorError::NotBegun))));
    let token = half(&keyring, &attempt("ann", Some(ANN)));
    done(keyring.second_factor(&token, &code(&secret, place.clock.now()), &client("192.0.2.1")).unwrap().unwrap());
}

#[test]
fn a_code_is_good_one_step_early_or_late_and_only_once() {
    let (place, keyring) = keyring();
    let (secret, _) = with_app(&place, &keyring);
    let try_code = |code: &str| {
        let token = half(&keyring, &attempt("ann", Some(ANN)));
        keyring.second_factor(&token, code, &client("192.0.2.1")).unwrap().unwrap()
    };
    let now = place.clock.now();
    assert!(matches!(try_code(&code(&secret, now - 60_000)), SignIn::Wrong));
    assert!(matches!(try_code(&code(&secret, now + 60_000)), SignIn::Wrong));
    assert_eq!(done(try_code(&code(&secret, now - 30_000))).session.means, Means::PasswordAndCode);
    assert!(matches!(try_code(&code(&secret, now - 30_000)), SignIn::Wrong), "the same once more");
    done(try_code(&code(&secret, now + 30_000)));
    // A step before one that was used was seen before it.
    assert!(matches!(try_code(&code(&secret, now)), SignIn::Wrong));
}

#[test]
fn of_eight_who_enter_one_code_at_once_one_gets_in() {
    let (place, keyring) = keyring();
    let (secret, recovery) = with_app(&place, &keyring);
    for code in [code(&secret, place.clock.now()), recovery[3].clone()] {
        let tokens: Vec<String> =
            (0..8).map(|i| half(&keyring, &Attempt { client: client(&format!("198.51.100.{i}")), ..attempt("ann", Some(ANN)) })).collect();
        let got_in = std::thread::scope(|scope| {
            let threads: Vec<_> =
                tokens.iter().map(|token| scope.spawn(|| keyring.second_factor(token, &code, &client("192.0.2.1")).unwrap())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).filter(|s| matches!(s, Some(SignIn::Done(_)))).count()
        });
        assert_eq!(got_in, 1);
    }
}

#[test]
fn a_recovery_code_is_used_once_however_it_is_typed() {
    let (place, keyring) = keyring();
    let (_, codes) = with_app(&place, &keyring);
    assert!(codes.iter().all(|code| !place.kept().contains(code) && !place.kept().contains(&code.replace('-', ""))));
    let try_code = |code: &str| {
        let token = half(&keyring, &attempt("ann", Some(ANN)));
        keyring.second_factor(&token, code, &client("192.0.2.1")).unwrap().unwrap()
    };
    place.happened();
    assert_eq!(done(try_code(&codes[9].to_lowercase().replace('-', " "))).session.means, Means::PasswordAndRecoveryCode);
    assert!(place.happened().contains(&What::RecoveryCodeUsed { left: 9 }));
    assert!(matches!(try_code(&codes[9]), SignIn::Wrong));
    let new = keyring.make_recovery_codes(ANN).unwrap();
    assert!(matches!(try_code(&codes[0]), SignIn::Wrong), "the old ones are over");
    done(try_code(new[0].expose_secret()));
    assert_eq!(keyring.recovery_codes_left(ANN).unwrap(), 9);
}

#[test]
fn five_wrong_codes_ask_for_the_password_again() {
    let (place, keyring) = keyring();
    let (secret, _) = with_app(&place, &keyring);
    let token = half(&keyring, &attempt("ann", Some(ANN)));
    for _ in 0..4 {
        assert!(matches!(keyring.second_factor(&token, "12345", &client("192.0.2.1")).unwrap(), Some(SignIn::Wrong)));
    }
    assert!(keyring.second_factor(&token, "12345", &client("192.0.2.1")).unwrap().is_none());
    assert!(keyring.second_factor(&token, &code(&secret, place.clock.now()), &client("192.0.2.1")).unwrap().is_none());
}

#[test]
fn whoever_knows_the_password_cannot_guess_codes_from_many_networks() {
    let (place, keyring) = keyring();
    with_app(&place, &keyring);
    let mut looked_at = 0;
    for i in 0..30 {
        let from = client(&format!("198.51.100.{i}"));
        let token = half(&keyring, &Attempt { client: from, ..attempt("ann", Some(ANN)) });
        looked_at += usize::from(matches!(keyring.second_factor(&token, "000000", &from).unwrap(), Some(SignIn::Wrong)));
    }
    assert!(looked_at <= 11, "{looked_at}");
}

#[test]
fn a_half_done_sign_in_is_no_session_and_does_not_last() {
    let (place, keyring) = keyring();
    let (secret, _) = with_app(&place, &keyring);
    let try_it = |token: &str| keyring.second_factor(token, &code(&secret, place.clock.now()), &client("192.0.2.1")).unwrap();
    let token = half(&keyring, &attempt("ann", Some(ANN)));
    assert!(keyring.session(&token).unwrap().is_none());
    place.clock.advance(10 * MINUTE);
    assert!(try_it(&token).is_none());
    let token = half(&keyring, &attempt("ann", Some(ANN)));
    done(try_it(&token).unwrap());
    place.clock.advance(MINUTE);
    assert!(try_it(&token).is_none(), "once signed in, it is over");
    let token = half(&keyring, &attempt("ann", Some(ANN)));
    keyring.set_password(ANN, "ann", "another canal with eight lanterns").unwrap();
    assert!(try_it(&token).is_none(), "whoever began with the old password");
    assert!(try_it("x.y").is_none() && try_it("").is_none());
}

#[test]
fn without_the_second_factor_the_password_is_enough_again() {
    let (place, keyring) = keyring();
    with_app(&place, &keyring);
    assert!(keyring.remove_second_factor(ANN).unwrap());
    assert!(!keyring.remove_second_factor(ANN).unwrap());
    assert_eq!(keyring.recovery_codes_left(ANN).unwrap(), 0);
    done(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap());
}

#[test]
fn being_asked_again_takes_a_code_where_a_factor_is_in_force() {
    let (place, keyring) = keyring();
    let (secret, _) = with_app(&place, &keyring);
    let mine = session(&keyring, ANN);
    let from = Attempt { session: Some(&mine), ..attempt("ann", Some(ANN)) };
    let now = code(&secret, place.clock.now());
    assert_eq!(keyring.confirm(&from, PASSWORD, "").unwrap(), Confirmed::Wrong);
    assert_eq!(keyring.confirm(&from, "not the right one", &now).unwrap(), Confirmed::Wrong);
    assert_eq!(keyring.confirm(&from, PASSWORD, &now).unwrap(), Confirmed::Yes);
    assert_eq!(keyring.confirm(&from, PASSWORD, &now).unwrap(), Confirmed::Wrong, "a code is good once");
}
