//! `Idempotency-Key`: a creation that is sent twice creates once.

use crate::error::{Error, pair};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Keys that are remembered at most; they are forgotten when the program stops.
const MOST: usize = 10_000;

/// Keys already used, with what was sent and the record it made.
#[derive(Debug, Default)]
pub struct Keys(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    records: HashMap<String, (Vec<u8>, i64)>,
    order: VecDeque<String>,
}

impl Keys {
    /// The record that this key made, or the one that `make` makes now. While one is made, others with a key wait.
    pub fn once(&self, key: &str, body: &[u8], make: impl FnOnce() -> Result<i64, Error>) -> Result<(i64, bool), Error> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sent, record)) = used.records.get(key) {
            if sent == body {
                return Ok((*record, false));
            }
            return Err(Error::refused(
                422,
                "key-reused",
                pair("キーが使われています", "The key was used before"),
                pair("このIdempotency-Keyは別の内容で使われています。", "This Idempotency-Key was sent with other content."),
                pair("新しいキーを付けてください。", "Send a new key."),
            ));
        }
        let record = make()?;
        if used.order.len() >= MOST
            && let Some(oldest) = used.order.pop_front()
        {
            used.records.remove(&oldest);
        }
        used.order.push_back(key.to_string());
        used.records.insert(key.to_string(), (body.to_vec(), record));
        Ok((record, true))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_makes_one_record_for_one_body() {
        let keys = Keys::default();
        assert_eq!(keys.once("k", b"a", || Ok(1)).unwrap(), (1, true));
        assert_eq!(keys.once("k", b"a", || Ok(2)).unwrap(), (1, false));
        assert_eq!(keys.once("k", b"b", || Ok(2)).unwrap_err().slug(), "key-reused");
        assert!(keys.once("l", b"a", || Err(Error::Method)).is_err());
        assert_eq!(keys.once("l", b"a", || Ok(3)).unwrap(), (3, true), "a creation that failed may be tried again");
    }
}
