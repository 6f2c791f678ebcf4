//! What was made for a moment is kept: the same moment of the same pack gives the same figures for ever.

use shirube_snapshot::Moment;
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Values kept by what they were computed for. When full it starts over: simple, and rare.
#[derive(Debug)]
pub struct Cache<K, V> {
    kept: Mutex<HashMap<K, Arc<V>>>,
    most: usize,
}

impl<K: Eq + Hash, V> Cache<K, V> {
    /// A cache of at most `most` values.
    pub fn new(most: usize) -> Cache<K, V> {
        Cache { kept: Mutex::new(HashMap::new()), most }
    }

    /// The kept value, or `make`'s. Two readers may make the same value at once; both get the same figures.
    pub fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        if let Some(found) = self.lock().get(&key) {
            return Arc::clone(found);
        }
        let made = Arc::new(make());
        let mut kept = self.lock();
        if kept.len() >= self.most {
            kept.clear();
        }
        Arc::clone(kept.entry(key).or_insert(made))
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Arc<V>>> {
        // A panic elsewhere leaves the map whole: values are only ever added or all removed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A moment as figures depend on it: the last event, and the day that `:as_of` names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MomentKey(i64, String);

impl From<Moment> for MomentKey {
    fn from(moment: Moment) -> Self {
        MomentKey(moment.seq, moment.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_its_key_and_again_after_the_cache_is_full() {
        let cache = Cache::new(2);
        let mut made = 0;
        let mut get = |key: u8| {
            *cache.get(key, || {
                made += 1;
                made
            })
        };
        assert_eq!([get(1), get(1), get(2)], [1, 1, 2]);
        assert_eq!([get(3), get(1)], [3, 4]);
    }

    #[test]
    fn moments_are_told_apart_by_event_and_day() {
        let key = |seq, at_ms| MomentKey::from(Moment { seq, at_ms });
        assert_eq!(key(1, 0), key(1, 1000));
        assert_ne!(key(1, 0), key(2, 0));
        assert_ne!(key(1, 0), key(1, 2 * 86_400_000));
    }
}
