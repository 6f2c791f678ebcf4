//! Guessers are slowed down; nobody on a device of theirs is.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_keyring::{Account, Attempt, Client, ExposeSecret, Keyring, SignIn, What};
use std::time::Duration;

const WRONG: &str = "a wrong password, surely";

/// Seconds to wait, if the attempt was not looked at.
fn waits(place: &Place, keyring: &Keyring, login: &str, account: Option<Account>, from: Client<'_>, password: &str) -> Option<i64> {
    match keyring.sign_in(&Attempt { client: from, ..attempt(login, account) }, password).unwrap() {
        SignIn::Wait { until } => Some((until - place.clock.now()) / 1000),
        _ => None,
    }
}

fn device(keyring: &Keyring) -> String {
    ann(keyring).device.unwrap().expose_secret().to_string()
}

#[test]
fn waits_grow_with_the_failures_and_are_told() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let wrong = || waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), WRONG);
    for _ in 0..6 {
        assert_eq!(wrong(), None);
    }
    for wait in [1, 2, 4, 8, 16, 32] {
        assert_eq!(wrong(), Some(wait));
        assert_eq!(wrong(), Some(wait), "asking does not lengthen it");
        let right = waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), PASSWORD);
        assert_eq!(right, Some(wait), "the right one is not looked at, either");
        place.clock.advance(Duration::from_secs(u64::try_from(wait).unwrap()));
        assert_eq!(wrong(), None);
    }
    assert!(place.happened().iter().any(|what| matches!(what, What::Slowed { .. })));
}

#[test]
fn a_wait_is_no_longer_than_an_hour_and_failures_are_forgiven_in_time() {
    let (place, keyring) = keyring();
    let wrong = || waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), WRONG);
    let mut longest = 0;
    for _ in 0..30 {
        if let Some(wait) = wrong() {
            longest = longest.max(wait);
            place.clock.advance(Duration::from_secs(u64::try_from(wait).unwrap()));
        }
    }
    assert!((1024..=3600).contains(&longest), "{longest}");
    place.clock.advance(24 * HOUR);
    assert!((0..6).all(|_| wrong().is_none()));
}

#[test]
fn signing_in_forgets_the_logins_failures() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    for _ in 0..3 {
        for _ in 0..5 {
            assert_eq!(waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), WRONG), None);
        }
        done(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap());
    }
}

#[test]
fn logins_that_look_the_same_count_as_one() {
    let (place, keyring) = keyring();
    let logins = ["ann", "ANN", " ann", "ａｎｎ", "Ann ", "aNn", "ann"];
    let last = logins.map(|login| waits(&place, &keyring, login, None, client("192.0.2.1"), WRONG)).last().copied().flatten();
    assert_eq!(last, Some(1));
}

#[test]
fn a_household_is_one_client_and_its_neighbour_another() {
    for (ours, neighbour) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:0:1::1"), ("::ffff:192.0.2.1", "192.0.2.2")] {
        let (place, keyring) = keyring();
        let wrong = |from: &str| waits(&place, &keyring, "ann", None, client(from), WRONG);
        assert!((0..6).all(|_| wrong(ours).is_none()));
        let same = match ours {
            "2001:db8::1" => "2001:db8::ffff:1",
            "192.0.2.1" => "::ffff:192.0.2.1",
            _ => "192.0.2.1",
        };
        assert_eq!((wrong(same), wrong(neighbour)), (Some(1), None));
    }
}

#[test]
fn a_network_that_tries_many_logins_is_slowed_down_whatever_succeeds_in_between() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let mut slowed = None;
    for i in 0..60 {
        // Someone with an account of their own tries to wipe their failures out.
        if i % 10 == 0 && slowed.is_none() {
            keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap();
        }
        if waits(&place, &keyring, &format!("login{i}"), None, client("192.0.2.1"), WRONG).is_some() {
            slowed = slowed.or(Some(i));
        }
    }
    assert_eq!(slowed, Some(51));
    assert_eq!(waits(&place, &keyring, "login99", None, client("198.51.100.1"), WRONG), None, "another network");
}

#[test]
fn a_device_counts_its_own_failures() {
    let (place, keyring) = keyring();
    let (lost, mine) = (device(&keyring), device(&keyring));
    let from = |device| Client { address: address("192.0.2.1"), device };
    assert!((0..6).all(|_| waits(&place, &keyring, "ann", Some(ANN), from(Some(&lost)), WRONG).is_none()));
    assert_eq!(waits(&place, &keyring, "ann", Some(ANN), from(Some(&lost)), WRONG), Some(1));
    for other in [from(Some(&mine)), from(None)] {
        assert_eq!(waits(&place, &keyring, "ann", Some(ANN), other, WRONG), None);
    }
}

#[test]
fn a_device_is_known_for_its_login_for_a_year_and_cannot_be_made_up() {
    let (place, keyring) = keyring();
    let cookie = device(&keyring);
    let other_cookie = device(&keyring);
    let is_known = |cookie: &str, login: &str, account| {
        // A stranger wears the login out from the same address; who is known is not stopped by that.
        for _ in 0..8 {
            waits(&place, &keyring, login, account, client("192.0.2.1"), WRONG);
        }
        waits(&place, &keyring, login, account, Client { address: address("192.0.2.1"), device: Some(cookie) }, WRONG).is_none()
    };
    assert!(is_known(&cookie, "ann", Some(ANN)) && is_known(&cookie, "ANN", Some(ANN)));
    assert!(!is_known(&cookie, "bob", Some(BOB)));
    let parts: Vec<&str> = cookie.split('.').collect();
    let other: Vec<&str> = other_cookie.split('.').collect();
    let later = format!("{}.{}.{}", parts[0], BEGIN + 1, parts[2]);
    for made_up in ["", "..", &later, &cookie[..cookie.len() - 1], &format!("{}.{}.{}", parts[0], parts[1], other[2])] {
        assert!(!is_known(made_up, "ann", Some(ANN)), "{made_up}");
    }
    place.clock.advance(365 * 24 * HOUR - SECOND);
    assert!(is_known(&cookie, "ann", Some(ANN)));
    place.clock.advance(SECOND);
    assert!(!is_known(&cookie, "ann", Some(ANN)));
}

#[test]
fn many_at_once_do_not_slip_through_together() {
    let (place, keyring) = keyring();
    let looked_at = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..24).map(|_| scope.spawn(|| waits(&place, &keyring, "ann", None, client("192.0.2.1"), WRONG).is_none())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|looked_at| *looked_at).count()
    });
    assert_eq!(looked_at, 6);
}

#[test]
fn who_read_the_clock_before_another_was_counted_does_not_wait() {
    let (place, keyring) = keyring();
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let now = place.clock.now();
    assert_eq!(waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), WRONG), None);
    place.clock.set(now - 1);
    assert_eq!(waits(&place, &keyring, "ann", Some(ANN), client("192.0.2.1"), PASSWORD), None);
}

#[test]
fn what_a_stranger_typed_is_neither_kept_nor_told() {
    let (place, keyring) = keyring();
    waits(&place, &keyring, "my password by mistake", None, client("192.0.2.77"), WRONG);
    let kept = place.kept();
    assert!(kept.contains("counter") && !kept.contains("mistake") && !kept.contains("192.0.2.77"));
    assert!(!format!("{:?}", place.told.lock().unwrap()).contains("mistake"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// Whatever strangers do, from her own network and others, with her login and others, with made-up cookies: Ann is
    /// let in at once on a device where she signed in before.
    #[test]
    fn nobody_is_delayed_on_a_device_of_theirs(
        strangers in prop::collection::vec((0..3usize, 0..3usize, 0..2usize, 0..20u64), 0..60),
        at in 0..60usize,
    ) {
        let (place, keyring) = keyring();
        let cookie = device(&keyring);
        let logins = [("ann", Some(ANN)), ("bob", Some(BOB)), ("nobody", None)];
        let addresses = ["192.0.2.1", "198.51.100.1", "2001:db8::1"];
        let cookies = [None, Some("aaaa.1782864000000.bbbb")];
        let let_in = |from: &str| {
            let from = Client { address: address(from), device: Some(&cookie) };
            matches!(keyring.sign_in(&Attempt { client: from, ..attempt("ann", Some(ANN)) }, PASSWORD).unwrap(), SignIn::Done(_))
        };
        for (i, (login, from, device, wait)) in strangers.into_iter().enumerate() {
            let (login, account) = logins[login];
            waits(&place, &keyring, login, account, Client { address: address(addresses[from]), device: cookies[device] }, WRONG);
            place.clock.advance(Duration::from_secs(wait));
            if i == at {
                prop_assert!(let_in("192.0.2.1"));
            }
        }
        for from in addresses {
            prop_assert!(let_in(from));
        }
    }
}
