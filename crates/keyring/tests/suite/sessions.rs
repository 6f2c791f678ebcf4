//! Sessions: good while they are used, over at once when they are ended, here and in every other process.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_keyring::{Attempt, Confirmed, ExposeSecret, Keyring, Purpose, SignIn, What, csrf_token, is_csrf_token};
use std::time::Duration;

fn is_good(keyring: &Keyring, token: &str) -> bool {
    keyring.session(token).unwrap().is_some()
}

#[test]
fn a_session_that_is_not_used_ends() {
    let (place, keyring) = keyring();
    let token = session(&keyring, ANN);
    place.clock.advance(29 * MINUTE);
    assert!(is_good(&keyring, &token));
    place.clock.advance(29 * MINUTE);
    assert!(is_good(&keyring, &token), "used 29 minutes ago");
    place.clock.advance(30 * MINUTE);
    assert!(!is_good(&keyring, &token));
}

#[test]
fn a_session_ends_twelve_hours_after_the_sign_in_however_much_it_is_used() {
    let (place, keyring) = keyring();
    let token = session(&keyring, ANN);
    for _ in 0..(12 * 60 - 1) {
        place.clock.advance(MINUTE);
        assert!(is_good(&keyring, &token));
    }
    place.clock.advance(MINUTE);
    assert!(!is_good(&keyring, &token));
}

#[test]
fn a_clock_set_back_lets_no_session_or_link_live_on_and_locks_nobody_out() {
    let (place, keyring) = keyring();
    let other = place.open();
    let year = 365 * 24 * HOUR;
    let token = session(&keyring, ANN);
    assert!(is_good(&keyring, &token));
    let link = keyring.make_link(Purpose::Invitation, BOB, "", 24 * HOUR).unwrap();
    // Within what two processes' clocks may differ by, nothing happens.
    place.clock.set(BEGIN - 4 * 60_000);
    assert!(is_good(&keyring, &token) && is_good(&other, &token));
    place.clock.set(BEGIN - year.as_millis() as i64);
    assert!(!is_good(&keyring, &token) && !is_good(&other, &token));
    assert!(keyring.sessions(ANN).unwrap().is_empty());
    assert_eq!(keyring.look_at_link(Purpose::Invitation, link.expose_secret()).unwrap(), None);
    // Forwards they end as ever, and back again all go on with what they make then.
    place.clock.set(BEGIN + 9 * year.as_millis() as i64);
    let token = session(&keyring, ANN);
    assert!(is_good(&keyring, &token));
    for _ in 0..8 {
        let _ = keyring.sign_in(&attempt("ann", None), "wrong").unwrap();
    }
    place.clock.set(BEGIN);
    assert!(!is_good(&keyring, &token));
    assert!(is_good(&keyring, &session(&keyring, ANN)));
    let link = keyring.make_link(Purpose::Invitation, BOB, "", 24 * HOUR).unwrap();
    assert!(keyring.use_link(Purpose::Invitation, link.expose_secret()).unwrap().is_some());
    // Failures that were counted then keep nobody waiting for longer than failures do.
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    let early = keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap();
    assert!(matches!(early, SignIn::Wait { until } if until <= BEGIN + 3_600_000), "{early:?}");
    place.clock.advance(HOUR);
    ann(&keyring);
}

#[test]
fn use_is_written_down_once_a_minute_and_seen_by_other_processes() {
    let (place, keyring) = keyring();
    let other = place.open();
    let token = session(&keyring, ANN);
    let written = || other.sessions(ANN).unwrap()[0].seen;
    assert!(is_good(&other, &token));
    place.clock.advance(59 * SECOND);
    assert!(is_good(&keyring, &token));
    assert_eq!(written(), BEGIN);
    place.clock.advance(SECOND);
    assert!(is_good(&keyring, &token));
    assert_eq!(written(), BEGIN + 60_000);
    // The other process looked before that; it must look again rather than believe that no one used it.
    place.clock.advance(29 * MINUTE + 30 * SECOND);
    assert!(is_good(&other, &token));
}

#[test]
fn what_is_not_a_token_is_no_session() {
    let (_place, keyring) = keyring();
    let token = session(&keyring, ANN);
    let (id, secret) = token.split_once('.').unwrap();
    let other = session(&keyring, BOB);
    let (other_id, _) = other.split_once('.').unwrap();
    for wrong in ["", id, secret, &format!("{id}."), &format!("{id}.{id}"), &format!("{other_id}.{secret}"), &token[..token.len() - 1]] {
        assert!(!is_good(&keyring, wrong), "{wrong}");
    }
    assert!(is_good(&keyring, &token));
}

#[test]
fn signing_in_takes_the_place_of_the_session_that_was_there() {
    let (place, keyring) = keyring();
    let first = ann(&keyring);
    place.clock.advance(HOUR / 4);
    assert!(!keyring.is_fresh(&first.session, 10 * MINUTE) && keyring.is_fresh(&first.session, 20 * MINUTE));
    let again = Attempt { session: Some(first.token.expose_secret()), ..attempt("ann", Some(ANN)) };
    let second = done(keyring.sign_in(&again, PASSWORD).unwrap());
    assert!(!is_good(&keyring, first.token.expose_secret()));
    assert!(keyring.is_fresh(&second.session, 10 * MINUTE));
    assert_eq!(keyring.sessions(ANN).unwrap(), [second.session]);
}

#[test]
fn a_new_token_ends_the_old_one_and_leaves_the_session() {
    let (place, keyring) = keyring();
    let other = place.open();
    let old = session(&keyring, ANN);
    assert!(is_good(&other, &old));
    keyring.rights_changed(ANN).unwrap();
    let before = keyring.session(&old).unwrap().unwrap();
    assert!(before.rotation_due);
    let new = keyring.rotate(&old).unwrap().unwrap();
    let new = new.expose_secret();
    assert!(!is_good(&keyring, &old), "at once, before anyone used the new one");
    let after = keyring.session(new).unwrap().unwrap();
    assert!(!after.rotation_due && after.id == before.id && after.begun == before.begun);
    assert!(!is_good(&keyring, &old) && keyring.rotate(&old).unwrap().is_none());
    assert!(is_good(&other, new), "at once, although the other process knew the old one");
    place.clock.advance(SECOND);
    assert!(!is_good(&other, &old));
}

#[test]
fn an_account_sees_and_ends_its_sessions_and_no_others() {
    let (place, keyring) = keyring();
    let tokens: Vec<String> = (0..4)
        .map(|_| {
            place.clock.advance(SECOND);
            session(&keyring, ANN)
        })
        .collect();
    let bobs = session(&keyring, BOB);
    let list = keyring.sessions(ANN).unwrap();
    assert_eq!(list.iter().map(|s| s.begun - BEGIN).collect::<Vec<_>>(), [4000, 3000, 2000, 1000]);
    assert_eq!(list[0].label, "a test");
    let bobs_id = keyring.sessions(BOB).unwrap()[0].id.clone();
    assert!(!keyring.end_session_of(ANN, &bobs_id).unwrap());
    place.happened();
    assert!(keyring.end_session_of(ANN, &list[3].id).unwrap());
    assert_eq!(place.happened(), [What::SessionEnded { session: list[3].id.clone() }]);
    assert!(!is_good(&keyring, &tokens[0]));
    assert!(keyring.end_session(&tokens[1]).unwrap() && !is_good(&keyring, &tokens[1]));
    assert_eq!(keyring.end_sessions(ANN, Some(&list[0].id)).unwrap(), 1);
    assert!(!is_good(&keyring, &tokens[2]) && is_good(&keyring, &tokens[3]));
    assert_eq!(keyring.end_sessions(ANN, None).unwrap(), 1);
    assert!(!is_good(&keyring, &tokens[3]) && is_good(&keyring, &bobs));
}

#[test]
fn forgetting_an_account_ends_everything_of_it_within_a_second_everywhere() {
    let (place, keyring) = keyring();
    let other = place.open();
    let signed_in = ann(&keyring);
    let (token, bobs) = (signed_in.token.expose_secret(), session(&keyring, BOB));
    assert!(is_good(&other, token) && is_good(&other, &bobs));
    keyring.forget(ANN).unwrap();
    assert!(!is_good(&keyring, token));
    place.clock.advance(SECOND);
    assert!(!is_good(&other, token) && is_good(&other, &bobs));
    assert!(!keyring.has_password(ANN).unwrap() && keyring.sessions(ANN).unwrap().is_empty());
    assert!(place.happened().contains(&What::Forgotten));
}

#[test]
fn a_form_of_another_session_is_not_ours() {
    let (_place, keyring) = keyring();
    let (ours, theirs) = (session(&keyring, ANN), session(&keyring, ANN));
    assert!(is_csrf_token(&ours, csrf_token(&ours).expose_secret()));
    assert!(!is_csrf_token(&ours, csrf_token(&theirs).expose_secret()));
    assert!(!is_csrf_token(&ours, "") && !is_csrf_token(&ours, &ours));
}

/// What may happen to sessions.
#[derive(Clone, Debug)]
enum Step {
    Begin(usize),
    Use(usize, usize),
    Rotate(usize, usize),
    End(usize, usize),
    EndAll(usize),
    Forget(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let process = 0..2usize;
    prop_oneof![
        3 => process.clone().prop_map(Step::Begin),
        4 => (process.clone(), 0..6usize).prop_map(|(p, s)| Step::Use(p, s)),
        2 => (process.clone(), 0..6usize).prop_map(|(p, s)| Step::Rotate(p, s)),
        2 => (process.clone(), 0..6usize).prop_map(|(p, s)| Step::End(p, s)),
        1 => process.clone().prop_map(Step::EndAll),
        1 => process.prop_map(Step::Forget),
        3 => (1..2000u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Two processes share a keyring. A token that was revoked or replaced, or whose time is over, is refused by the
    /// process that did it at once, and by the other within a second; one that is good is never refused.
    #[test]
    fn a_token_is_never_accepted_after_its_end(steps in prop::collection::vec(step(), 1..40)) {
        let place = Place::new();
        let keyrings = [place.open(), place.open()];
        let mut good: Vec<String> = vec![];
        let mut over: Vec<String> = vec![];
        for step in steps {
            // Those that were not used for half an hour, or begun twelve hours ago, are over in both.
            let now = place.clock.now();
            let list = keyrings[0].sessions(ANN).unwrap();
            prop_assert!(list.iter().all(|s| now - s.seen < 30 * 60_000 && now < s.ends));
            let stands = |token: &String| list.iter().any(|s| token.starts_with(&s.id));
            let (still, ended): (Vec<String>, Vec<String>) = good.into_iter().partition(stands);
            good = still;
            over.extend(ended);
            match step {
                Step::Begin(p) => good.push(session(&keyrings[p], ANN)),
                Step::Use(p, s) if s < good.len() => prop_assert!(is_good(&keyrings[p], &good[s])),
                Step::Rotate(p, s) if s < good.len() => {
                    let new = keyrings[p].rotate(&good[s]).unwrap().unwrap();
                    over.push(std::mem::replace(&mut good[s], new.expose_secret().to_string()));
                }
                Step::End(p, s) if s < good.len() => {
                    prop_assert!(keyrings[p].end_session(&good[s]).unwrap());
                    over.push(good.remove(s));
                }
                Step::EndAll(p) => {
                    keyrings[p].end_sessions(ANN, None).unwrap();
                    prop_assert!(good.iter().all(|token| !is_good(&keyrings[p], token)));
                    over.append(&mut good);
                }
                Step::Forget(p) => {
                    keyrings[p].forget(ANN).unwrap();
                    prop_assert!(good.iter().all(|token| !is_good(&keyrings[p], token)));
                    over.append(&mut good);
                }
                Step::Wait(seconds) => {
                    place.clock.advance(Duration::from_secs(seconds));
                    continue;
                }
                _ => continue,
            }
            place.clock.advance(SECOND);
            for keyring in &keyrings {
                prop_assert!(over.iter().all(|token| !is_good(keyring, token)));
            }
        }
    }
}

#[test]
fn a_session_is_fresh_again_once_the_password_was_entered_again() {
    let (place, keyring) = keyring();
    let mine = ann(&keyring).token;
    let from = Attempt { session: Some(mine.expose_secret()), ..attempt("ann", Some(ANN)) };
    let fresh = |token: &str| keyring.is_fresh(&keyring.session(token).unwrap().unwrap(), 15 * MINUTE);
    place.clock.advance(20 * MINUTE);
    assert!(!fresh(mine.expose_secret()));
    assert_eq!(keyring.confirm(&from, "not the right one", "").unwrap(), Confirmed::Wrong);
    assert!(!fresh(mine.expose_secret()));
    assert_eq!(keyring.confirm(&from, PASSWORD, "").unwrap(), Confirmed::Yes);
    let session = keyring.session(mine.expose_secret()).unwrap().unwrap();
    assert!(fresh(mine.expose_secret()) && session.rotation_due && session.begun == BEGIN);
    // Neither the session of another, nor none at all.
    let of_bob = crate::support::session(&keyring, BOB);
    for brought in [Some(of_bob.as_str()), Some("made.up"), None] {
        assert_eq!(keyring.confirm(&Attempt { session: brought, ..from }, PASSWORD, "").unwrap(), Confirmed::Wrong);
    }
    for _ in 0..20 {
        let _ = keyring.confirm(&from, "not the right one", "").unwrap();
    }
    assert!(matches!(keyring.confirm(&from, PASSWORD, "").unwrap(), Confirmed::Wait { .. }), "guessing is slowed down");
}

#[test]
fn a_link_that_signs_in_ends_the_session_that_was_there() {
    let (_place, keyring) = keyring();
    let before = session(&keyring, BOB);
    let after = keyring.sign_in_by_link(ANN, &client("192.0.2.1"), "a test", Some(&before)).unwrap();
    assert!(keyring.session(&before).unwrap().is_none() && keyring.session(after.token.expose_secret()).unwrap().is_some());
}
