//! `Idempotency-Key`: a creation that is sent twice creates once.

use crate::error::{Error, pair};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// Keys that are remembered at most; they are forgotten when the program stops.
const MOST: usize = 10_000;

/// Characters of a key at most.
const LONGEST: usize = 255;

/// Keys already used, with a digest of what was sent and the record it made.
#[derive(Debug, Default)]
pub struct Keys(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    slots: HashMap<String, Arc<Slot>>,
    order: VecDeque<String>,
}

/// What one key made; held while it makes it.
type Slot = Mutex<Option<([u8; 32], i64)>>;

impl Keys {
    /// The record that this key of someone's made, or the one that `make` makes now. Others with the same key wait
    /// meanwhile.
    pub fn once(&self, whose: &str, key: &str, body: &[u8], make: impl FnOnce() -> Result<i64, Error>) -> Result<(i64, bool), Error> {
        if key.is_empty() || key.len() > LONGEST {
            return Err(Error::bad(
                pair(format!("Idempotency-Keyは1〜{LONGEST}文字です。"), format!("An Idempotency-Key has 1 to {LONGEST} characters.")),
                pair("UUIDなどの短いキーを付けてください。", "Send a short one, a UUID say."),
            ));
        }
        let sent: [u8; 32] = Sha256::digest(body).into();
        let slot = self.slot(&format!("{whose}\n{key}"));
        let mut made = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match *made {
            Some((before, record)) if before == sent => Ok((record, false)),
            Some(_) => Err(Error::refused(
                422,
                "key-reused",
                pair("キーが使われています", "The key was used before"),
                pair("このIdempotency-Keyは別の内容で使われています。", "This Idempotency-Key was sent with other content."),
                pair("新しいキーを付けてください。", "Send a new key."),
            )),
            None => {
                let record = make()?;
                *made = Some((sent, record));
                Ok((record, true))
            }
        }
    }

    /// The place of a key. The oldest is forgotten where there are too many.
    fn slot(&self, key: &str) -> Arc<Slot> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = used.slots.get(key) {
            return Arc::clone(slot);
        }
        if used.order.len() >= MOST
            && let Some(oldest) = used.order.pop_front()
        {
            used.slots.remove(&oldest);
        }
        let slot = Arc::<Slot>::default();
        used.order.push_back(key.to_string());
        used.slots.insert(key.to_string(), Arc::clone(&slot));
        slot
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_key_makes_one_record_for_one_body() {
        let keys = Keys::default();
        assert_eq!(keys.once("ann", "k", b"a", || Ok(1)).unwrap(), (1, true));
        assert_eq!(keys.once("ann", "k", b"a", || Ok(2)).unwrap(), (1, false));
        assert_eq!(keys.once("ann", "k", b"b", || Ok(2)).unwrap_err().slug(), "key-reused");
        assert_eq!(keys.once("bob", "k", b"b", || Ok(2)).unwrap(), (2, true), "keys are everyone's own");
        assert!(keys.once("ann", "l", b"a", || Err(Error::Method)).is_err());
        assert_eq!(keys.once("ann", "l", b"a", || Ok(3)).unwrap(), (3, true), "a creation that failed may be tried again");
    }

    #[test]
    fn a_slow_creation_holds_up_its_own_key_alone() {
        let keys = Arc::new(Keys::default());
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let slow = Arc::clone(&keys);
        let slow = std::thread::spawn(move || {
            slow.once("ann", "slow", b"a", || {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                Ok(1)
            })
        });
        has_begun.recv().unwrap();
        assert_eq!(keys.once("ann", "quick", b"a", || Ok(2)).unwrap(), (2, true));
        let again = Arc::clone(&keys);
        let again = std::thread::spawn(move || again.once("ann", "slow", b"a", || Ok(3)));
        go.send(()).unwrap();
        assert_eq!((slow.join().unwrap().unwrap(), again.join().unwrap().unwrap()), ((1, true), (1, false)));
    }

    #[test]
    fn keys_are_short_and_few_are_kept() {
        let keys = Keys::default();
        for key in ["", &"k".repeat(LONGEST + 1)] {
            assert_eq!(keys.once("ann", key, b"a", || Ok(1)).unwrap_err().status(), 400);
        }
        for n in 0..=MOST {
            keys.once("ann", &n.to_string(), b"a", || Ok(1)).unwrap();
        }
        let used = keys.0.lock().unwrap();
        assert_eq!((used.slots.len(), used.order.len()), (MOST, MOST));
    }
}
