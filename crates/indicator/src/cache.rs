//! Results kept for repeated reads.

use crate::{
    compute::{Computed, compute},
    error::{IndicatorError, Mistake},
    run::Overrides,
};
use shirube_plan::Indicator;
use shirube_snapshot::Snapshot;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Results of indicators on the snapshots of one store, kept up to a number of observations; what was not read for
/// longest goes first. Threads share it.
///
/// A result is found again by pack digest, last event and day of the snapshot (which is `:as_of`), indicator and
/// overrides: everything it depends on. Mistakes are kept too, but not failures of the database or of time.
#[derive(Debug)]
pub struct Cache {
    capacity: usize,
    kept: Mutex<Kept>,
}

type Outcome = Result<Arc<Computed>, IndicatorError>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    pack: String,
    seq: i64,
    day: String,
    indicator: String,
    /// Values by their bits: what reads the same is the same.
    overrides: Vec<(String, u64)>,
}

#[derive(Debug, Default)]
struct Kept {
    results: HashMap<Arc<Key>, Entry>,
    /// Keys by when they were last read.
    by_age: BTreeMap<u64, Arc<Key>>,
    clock: u64,
    cost: usize,
}

#[derive(Debug)]
struct Entry {
    outcome: Outcome,
    read: u64,
    cost: usize,
}

/// What an entry costs beside its observations.
const ENTRY_COST: usize = 8;

impl Cache {
    /// A cache for about this many observations.
    pub fn new(capacity: usize) -> Cache {
        Cache { capacity, kept: Mutex::default() }
    }

    /// The result of an indicator on a snapshot, computed at most once per state of everything it depends on.
    pub fn compute(&self, snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides) -> Outcome {
        let moment = snapshot.moment();
        let key = Key {
            pack: snapshot.pack().digest.clone(),
            seq: moment.seq,
            day: moment.day(),
            indicator: indicator.id.clone(),
            overrides: overrides.iter().map(|(id, value)| (id.clone(), value.to_bits())).collect(),
        };
        if let Some(outcome) = self.kept().read(&key) {
            return outcome;
        }
        // Not under the lock: others read on while this is computed, at worst twice.
        let outcome = compute(snapshot, indicator, overrides).map(Arc::new);
        if worth_keeping(&outcome) {
            self.kept().keep(key, outcome.clone(), self.capacity);
        }
        outcome
    }

    /// Forgets everything. Needed after a redaction, which alone changes moments that are past.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
    }

    /// Number of results kept.
    pub fn len(&self) -> usize {
        self.kept().results.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is kept is whole after every statement, so a panic elsewhere does not spoil it.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cache {
    /// A cache for 200,000 observations, some 50 MB.
    fn default() -> Self {
        Cache::new(200_000)
    }
}

fn worth_keeping(outcome: &Outcome) -> bool {
    !matches!(outcome, Err(IndicatorError { mistake: Mistake::Database { .. } | Mistake::TooSlow { .. }, .. }))
}

impl Kept {
    fn read(&mut self, key: &Key) -> Option<Outcome> {
        self.clock += 1;
        let entry = self.results.get_mut(key)?;
        if let Some(key) = self.by_age.remove(&entry.read) {
            self.by_age.insert(self.clock, key);
        }
        entry.read = self.clock;
        Some(entry.outcome.clone())
    }

    fn keep(&mut self, key: Key, outcome: Outcome, capacity: usize) {
        let cost = ENTRY_COST + outcome.as_ref().map_or(0, |c| c.observations.len());
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
        self.results.insert(key, Entry { outcome, read: self.clock, cost });
        self.cost += cost;
    }

    fn drop_entry(&mut self, key: &Key) {
        if let Some(entry) = self.results.remove(key) {
            self.by_age.remove(&entry.read);
            self.cost -= entry.cost;
        }
    }
}
