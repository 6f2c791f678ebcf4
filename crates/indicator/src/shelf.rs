//! Values by key: kept up to a bound, and made once for all who ask at the same time.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// Values by key, bounded by what they cost.
#[derive(Debug)]
pub(crate) struct Shelf<K, V> {
    capacity: usize,
    kept: Mutex<Kept<K, V>>,
    /// Rung when something was made, or given up.
    made: Condvar,
}

#[derive(Debug)]
struct Kept<K, V> {
    entries: HashMap<Arc<K>, Entry<V>>,
    /// What is being made, since when by the clock.
    making: HashMap<K, u64>,
    /// Keys by when they were last read.
    by_age: BTreeMap<u64, Arc<K>>,
    clock: u64,
    cost: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    read: u64,
    cost: usize,
}

/// What an entry costs beside its rows.
const ENTRY_COST: usize = 8;

/// That something is being made, until it is over, also by a panic.
struct Making<'s, K: Eq + Hash, V: Clone>(&'s Shelf<K, V>, K);

impl<K: Eq + Hash, V: Clone> Drop for Making<'_, K, V> {
    fn drop(&mut self) {
        self.0.kept().making.remove(&self.1);
        self.0.made.notify_all();
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Shelf<K, V> {
    pub fn new(capacity: usize) -> Shelf<K, V> {
        Shelf { capacity, kept: Mutex::default(), made: Condvar::new() }
    }

    pub fn get(&self, key: K, make: impl FnOnce() -> V, cost: impl FnOnce(&V) -> Option<usize>) -> V {
        let mut kept = self.kept();
        // Who asks for the same waits; once, since what is not kept would else be made by one after the other.
        if let Some(begun) = kept.making.get(&key).copied() {
            let still = |kept: &mut Kept<K, V>| kept.making.get(&key) == Some(&begun);
            kept = self.made.wait_while(kept, still).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(value) = kept.read(&key) {
            return value;
        }
        kept.clock += 1;
        let begun = kept.clock;
        kept.making.insert(key.clone(), begun);
        drop(kept);
        // Not under the lock: others read on while this is made.
        let _making = Making(self, key.clone());
        let value = make();
        if let Some(cost) = cost(&value) {
            self.kept().keep(key, value.clone(), cost + ENTRY_COST, self.capacity);
        }
        value
    }

    pub fn clear(&self) {
        let mut kept = self.kept();
        *kept = Kept { making: std::mem::take(&mut kept.making), ..Kept::default() };
    }

    pub fn len(&self) -> usize {
        self.kept().entries.len()
    }
}

impl<K: Eq + Hash, V: Clone> Shelf<K, V> {
    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        hold(&self.kept)
    }
}

/// What is kept is whole after every statement, so a panic elsewhere does not spoil it.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept { entries: HashMap::new(), making: HashMap::new(), by_age: BTreeMap::new(), clock: 0, cost: 0 }
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn read(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        if let Some(key) = self.by_age.remove(&entry.read) {
            self.by_age.insert(self.clock, key);
        }
        entry.read = self.clock;
        Some(entry.value.clone())
    }

    fn keep(&mut self, key: K, value: V, cost: usize, capacity: usize) {
        if cost > capacity {
            return;
        }
        let key = Arc::new(key);
        self.drop_entry(&key);
        while self.cost + cost > capacity {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            self.drop_entry(&oldest);
        }
        self.clock += 1;
        self.by_age.insert(self.clock, Arc::clone(&key));
        self.entries.insert(key, Entry { value, read: self.clock, cost });
        self.cost += cost;
    }

    fn drop_entry(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_age.remove(&entry.read);
            self.cost -= entry.cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicU64, Ordering},
        },
        thread,
        time::Duration,
    };

    /// How often eight threads that ask for the same at once make it.
    fn made(is_kept: bool) -> u64 {
        let (shelf, made, together) = (Shelf::<i64, i64>::new(100), AtomicU64::new(0), Barrier::new(8));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    let make = || {
                        made.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(100));
                        7
                    };
                    assert_eq!(shelf.get(1, make, |_| is_kept.then_some(1)), 7);
                });
            }
        });
        assert!(shelf.kept().making.is_empty());
        made.into_inner()
    }

    #[test]
    fn what_many_ask_for_at_once_is_made_once() {
        assert_eq!(made(true), 1);
        assert_eq!(made(false), 8, "what is not kept each makes for himself");
    }

    #[test]
    fn who_waits_for_one_that_failed_makes_it() {
        let (shelf, together) = (Shelf::<i64, i64>::new(100), Barrier::new(2));
        thread::scope(|scope| {
            let failing = scope.spawn(|| {
                let make = || {
                    together.wait();
                    thread::sleep(Duration::from_millis(50));
                    std::panic::resume_unwind(Box::new(()))
                };
                shelf.get(1, make, |_| Some(1))
            });
            together.wait();
            assert_eq!(shelf.get(1, || 7, |_| Some(1)), 7);
            assert!(failing.join().is_err());
        });
    }
}
