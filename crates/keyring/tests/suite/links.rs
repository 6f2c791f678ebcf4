//! One-time links: each used once, the latest of its purpose alone.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_keyring::{ExposeSecret, Keyring, Link, Purpose, What};

fn make(keyring: &Keyring, purpose: Purpose) -> String {
    keyring.make_link(purpose, ANN, "ann@example.jp", HOUR).unwrap().expose_secret().to_string()
}

#[test]
fn a_link_is_looked_at_often_and_used_once() {
    let (place, keyring) = keyring();
    let token = make(&keyring, Purpose::Mail);
    let link = Link { account: ANN, about: "ann@example.jp".into(), expires: BEGIN + 3_600_000 };
    for _ in 0..2 {
        assert_eq!(keyring.look_at_link(Purpose::Mail, &token).unwrap().as_ref(), Some(&link));
    }
    assert_eq!(keyring.use_link(Purpose::Mail, &token).unwrap(), Some(link));
    assert_eq!(keyring.use_link(Purpose::Mail, &token).unwrap(), None);
    assert_eq!(keyring.look_at_link(Purpose::Mail, &token).unwrap(), None);
    assert_eq!(place.happened(), [What::LinkMade { purpose: Purpose::Mail }, What::LinkUsed { purpose: Purpose::Mail }]);
    assert!(!place.kept().contains(token.split_once('.').unwrap().1));
}

#[test]
fn a_link_is_good_for_its_purpose_and_time_only() {
    let (place, keyring) = keyring();
    let token = make(&keyring, Purpose::Invitation);
    assert_eq!(keyring.use_link(Purpose::Recovery, &token).unwrap(), None);
    for wrong in ["", "invitation-17", "invitation-17.", &token.replace("-17", "-18"), &token[..token.len() - 1]] {
        assert_eq!(keyring.use_link(Purpose::Invitation, wrong).unwrap(), None, "{wrong}");
    }
    place.clock.advance(HOUR);
    assert_eq!(keyring.use_link(Purpose::Invitation, &token).unwrap(), None);
}

#[test]
fn a_new_link_ends_the_one_before_and_no_other() {
    let (_place, keyring) = keyring();
    let (first, invitation) = (make(&keyring, Purpose::Recovery), make(&keyring, Purpose::Invitation));
    let second = make(&keyring, Purpose::Recovery);
    assert!(keyring.use_link(Purpose::Recovery, &first).unwrap().is_none());
    assert!(keyring.use_link(Purpose::Recovery, &second).unwrap().is_some());
    let third = make(&keyring, Purpose::Recovery);
    assert!(keyring.use_link(Purpose::Recovery, &second).unwrap().is_none());
    assert!(keyring.drop_link(Purpose::Recovery, ANN).unwrap() && !keyring.drop_link(Purpose::Recovery, ANN).unwrap());
    assert!(keyring.use_link(Purpose::Recovery, &third).unwrap().is_none());
    assert!(keyring.use_link(Purpose::Invitation, &invitation).unwrap().is_some());
}

#[test]
fn a_recovery_link_ends_with_the_password_it_was_for() {
    let (_place, keyring) = keyring();
    let (recovery, mail) = (make(&keyring, Purpose::Recovery), make(&keyring, Purpose::Mail));
    keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    assert!(keyring.look_at_link(Purpose::Recovery, &recovery).unwrap().is_none());
    assert!(keyring.look_at_link(Purpose::Mail, &mail).unwrap().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Eight threads in two processes use a link while another may be made: each link is used at most once, and one
    /// that no other took the place of exactly once.
    #[test]
    fn of_eight_who_use_a_link_at_once_one_does(make_another in any::<bool>(), life in 1..100u64) {
        let place = Place::new();
        let keyrings = [place.open(), place.open()];
        let token = keyrings[0].make_link(Purpose::SetUp, ANN, "", MINUTE * u32::try_from(life).unwrap()).unwrap();
        let token = token.expose_secret();
        let used = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|i| { let keyring = &keyrings[i % 2]; scope.spawn(move || keyring.use_link(Purpose::SetUp, token).unwrap()) })
                .collect();
            if make_another {
                let another = make(&keyrings[1], Purpose::SetUp);
                assert!(keyrings[0].use_link(Purpose::SetUp, &another).unwrap().is_some(), "an old link does not use up a new one");
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(Option::is_some).count()
        });
        prop_assert!(used <= 1);
        prop_assert!(used == 1 || make_another);
    }
}

#[test]
fn letters_that_strangers_ask_for_are_slowed_by_network_and_by_mailbox() {
    let (place, keyring) = keyring();
    let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    let asked = (0..20).take_while(|_| keyring.may_ask_for_letter(here).unwrap().is_none()).count();
    assert_eq!(asked, 11, "the eleventh is the last before a wait");
    let until = keyring.may_ask_for_letter(here).unwrap().unwrap();
    assert_eq!(until, BEGIN + 60_000);
    assert!(keyring.may_ask_for_letter(there).unwrap().is_none(), "others are not slowed");
    place.clock.advance(MINUTE);
    assert!(keyring.may_ask_for_letter(here).unwrap().is_none());
    // However many networks ask, a mailbox gets few.
    let sent = |keyring: &Keyring| (0..20).filter(|_| keyring.may_send_letter(ANN).unwrap()).count();
    assert_eq!(sent(&keyring), 3);
    assert!(keyring.may_send_letter(BOB).unwrap());
    let mut day = 0;
    for _ in 0..24 {
        place.clock.advance(HOUR);
        day += sent(&keyring);
    }
    assert!((1..10).contains(&day), "{day}");
}
