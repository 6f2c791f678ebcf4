//! The hash chain.
//!
//! Each event's hash covers the one before it and everything in the event, its payloads through their own salted
//! hashes. So a payload can be erased and the chain still verifies; anything else that changes breaks it.

use crate::Event;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What the first event follows.
pub const FIRST: Hash = [0; 32];

/// Hash of an encoded payload.
pub fn payload_hash(encoded: &str) -> Hash {
    let mut sha = Sha256::new();
    sha.update(b"shirube payload 1\0");
    sha.update(encoded.as_bytes());
    sha.finalize().into()
}

/// Hash of an event that follows the event with hash `prev`.
pub fn chain(prev: &Hash, event: &Event) -> Hash {
    let mut sha = Sha256::new();
    sha.update(b"shirube event 1\0");
    sha.update(prev);
    sha.update(event.seq.to_be_bytes());
    sha.update(event.record.to_be_bytes());
    sha.update(event.at.to_be_bytes());
    for text in [event.register.as_str(), event.kind.as_str(), event.actor.as_str()] {
        // The length keeps "ab" + "c" apart from "a" + "bc".
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    }
    sha.update(event.body_hash);
    match &event.personal_hash {
        Some(hash) => {
            sha.update([1]);
            sha.update(hash);
        }
        None => sha.update([0]),
    }
    sha.finalize().into()
}

/// Hash of an entry of the trail of readings that follows the entry with hash `prev`. What it tells is covered through
/// its own salted hash, so that it can be erased when its time is over.
pub fn chain_reading(prev: &Hash, (seq, at): (i64, i64), register: &str, told: &Hash) -> Hash {
    let mut sha = Sha256::new();
    sha.update(b"shirube reading 1\0");
    sha.update(prev);
    sha.update(seq.to_be_bytes());
    sha.update(at.to_be_bytes());
    sha.update((register.len() as u64).to_be_bytes());
    sha.update(register.as_bytes());
    sha.update(told);
    sha.finalize().into()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventKind;

    fn event() -> Event {
        Event {
            seq: 7,
            register: "project".into(),
            record: 3,
            kind: EventKind::Amend,
            at: 1_700_000_000_000,
            actor: "owner".into(),
            body: None,
            personal: None,
            body_hash: [1; 32],
            personal_hash: None,
            prev: [2; 32],
            hash: [0; 32],
        }
    }

    #[test]
    fn every_part_of_an_event_is_in_its_hash() {
        let original = chain(&[2; 32], &event());
        let changes: [fn(&mut Event); 9] = [
            |e| e.seq = 8,
            |e| e.register = "projec".into(),
            |e| e.record = 4,
            |e| e.kind = EventKind::Create,
            |e| e.at += 1,
            |e| e.actor = "towner".into(),
            |e| e.body_hash = [9; 32],
            |e| e.personal_hash = Some([0; 32]),
            |e| (e.register, e.actor) = ("projectowner".into(), "".into()),
        ];
        for change in changes {
            let mut changed = event();
            change(&mut changed);
            assert_ne!(chain(&[2; 32], &changed), original, "{changed:?}");
        }
        assert_ne!(chain(&[3; 32], &event()), original);
    }

    #[test]
    fn the_hash_outlives_the_payload() {
        let mut with = event();
        with.body = Some(Default::default());
        assert_eq!(chain(&[2; 32], &with), chain(&[2; 32], &event()));
    }

    #[test]
    fn the_hash_is_the_same_in_every_version() {
        assert_eq!(hex(&chain(&[2; 32], &event()))[..16], *"b59e2dc69fba2ae2");
        assert_eq!(hex(&payload_hash("{}"))[..16], *"715d0be05b8fddc6");
    }

    #[test]
    fn every_part_of_a_reading_is_in_its_hash_and_none_passes_for_an_event() {
        let original = chain_reading(&[2; 32], (7, 1), "project", &[1; 32]);
        let others = [
            chain_reading(&[3; 32], (7, 1), "project", &[1; 32]),
            chain_reading(&[2; 32], (8, 1), "project", &[1; 32]),
            chain_reading(&[2; 32], (7, 2), "project", &[1; 32]),
            chain_reading(&[2; 32], (7, 1), "projec", &[1; 32]),
            chain_reading(&[2; 32], (7, 1), "project", &[2; 32]),
            chain(&[2; 32], &event()),
        ];
        assert!(!others.contains(&original));
        assert_eq!(hex(&original)[..16], *"f3b5059aef5e8d7d");
    }

    #[test]
    fn hexadecimal_digits_read_back() {
        assert_eq!(unhex(&hex(&[0, 15, 255, 16])), Some(vec![0, 15, 255, 16]));
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
    }
}
