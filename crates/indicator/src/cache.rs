//! Results kept for repeated reads.

use crate::{
    audit::{Audit, audit_with},
    compute::{Computed, compute_and_tell, planned_reads},
    derive::{Derivation, derive},
    error::{IndicatorError, Mistake},
    fence::{Limits, Reads},
    judge::{Judgement, judge},
    run::{Overrides, Scope, declared, last_change},
    shelf::{Shelf, hold},
};
use shirube_plan::{Indicator, Pack, Sensitivity};
use shirube_snapshot::Snapshot;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Results on the snapshots of one store, kept up to a number of rows; what was not read for longest goes first.
/// Threads share it.
///
/// A result is found again by pack digest, day of the snapshot (which is `:as_of`), the last event that touched a
/// register it reads, the last redaction of all (which changes moments that are past, whichever process made it),
/// indicator and overrides: everything it depends on. Mistakes are kept too, but not failures of the database or of time.
#[derive(Debug)]
pub struct Cache {
    computed: Shelf<Question, Outcome>,
    derived: Shelf<(Question, usize), Result<Arc<Derivation>, IndicatorError>>,
    judged: Shelf<Same, Arc<Judgement>>,
    audited: Shelf<(State, Vec<String>), Arc<Audit>>,
    /// Microseconds that computing and deriving have taken, ever.
    spent: AtomicU64,
    /// What each indicator reads, by pack digest, by id.
    sources: Mutex<HashMap<String, HashMap<String, Arc<Sources>>>>,
}

/// What an indicator reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Registers.
    pub registers: BTreeSet<String>,
    /// Greatest sensitivity among the fields.
    pub sensitivity: Sensitivity,
}

/// A result and what was read for it.
pub(crate) type Outcome = Result<(Arc<Computed>, Arc<Reads>), IndicatorError>;

/// A snapshot as far as results depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    pack: String,
    seq: i64,
    redaction: i64,
    day: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    state: State,
    indicator: String,
    /// Values by their bits: what reads the same is the same.
    overrides: Vec<(String, u64)>,
}

/// One and the same result, kept so that no other takes its place in memory.
#[derive(Clone, Debug)]
struct Same(Arc<Computed>);

impl PartialEq for Same {
    fn eq(&self, other: &Same) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Same {}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Cache {
    /// A cache for about this many rows of results, as many of derivations, as many judged, and as many lines of audits.
    pub fn new(capacity: usize) -> Cache {
        let (computed, derived, audited) = (Shelf::new(capacity), Shelf::new(capacity), Shelf::new(capacity));
        Cache { computed, derived, judged: Shelf::new(capacity), audited, spent: AtomicU64::new(0), sources: Mutex::default() }
    }

    /// [`compute()`](crate::compute()), done at most once per state of everything it depends on.
    pub fn compute(&self, snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides) -> Result<Arc<Computed>, IndicatorError> {
        self.outcome(snapshot, indicator, overrides).map(|(computed, _)| computed)
    }

    /// [`judge()`], done at most once for a result that is kept. `computed` is the indicator's.
    pub fn judge(&self, pack: &Pack, indicator: &Indicator, computed: &Arc<Computed>) -> Arc<Judgement> {
        let make = || Arc::new(judge(pack, indicator, computed));
        // One without rows is often made anew, and soon judged.
        let rows = computed.observations.len();
        self.judged.get(Same(Arc::clone(computed)), make, |_| (rows > 0).then_some(rows))
    }

    fn outcome(&self, snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides) -> Outcome {
        let make = || {
            let _computing = tracing::info_span!("indicator", shirube.indicator = indicator.id.as_str()).entered();
            let (computed, reads) = self.timed(|| compute_and_tell(snapshot, indicator, overrides, Limits::default()))?;
            Ok((Arc::new(computed), Arc::new(reads)))
        };
        let cost = |outcome: &Outcome| cost_of(outcome, |(computed, _)| computed.observations.len());
        self.computed.get(self.question(snapshot, indicator, overrides)?, make, cost)
    }

    /// [`derive()`], done at most once per state of everything it depends on.
    pub fn derive(
        &self,
        snapshot: &Snapshot,
        indicator: &Indicator,
        overrides: &Overrides,
        max_rows: usize,
    ) -> Result<Arc<Derivation>, IndicatorError> {
        let make = || {
            let _deriving = tracing::info_span!("derivation", shirube.indicator = indicator.id.as_str()).entered();
            self.timed(|| derive(snapshot, indicator, overrides, max_rows)).map(Arc::new)
        };
        let key = (self.question(snapshot, indicator, overrides)?, max_rows);
        self.derived.get(key, make, |outcome| cost_of(outcome, |d| d.steps.iter().map(|s| s.rows.len()).sum()))
    }

    /// [`audit()`](crate::audit()), done at most once per state of everything it depends on. `told` are the values of
    /// indicators of which other values are shown than the snapshot gives, or the mistake that is told instead.
    pub fn audit(&self, snapshot: &Snapshot, told: &BTreeMap<&str, Result<Arc<Computed>, IndicatorError>>) -> Arc<Audit> {
        let moment = snapshot.moment();
        // Where it cannot be asked for, nothing that was kept before a redaction may be found.
        let redaction = snapshot.last_redaction().unwrap_or(i64::MAX);
        let state = State { pack: snapshot.pack().digest.clone(), seq: moment.seq, redaction, day: moment.day() };
        let of = |told: &Result<Arc<Computed>, IndicatorError>| told.as_ref().map_or(String::new(), |t| format!("{} {}", t.as_of, t.seq));
        let others = told.iter().map(|(id, told)| format!("{id} {}", of(told))).collect();
        let compute = |snapshot: &Snapshot, indicator: &Indicator| match told.get(indicator.id.as_str()) {
            Some(told) => told.clone().map(|computed| (computed, Arc::default())),
            None => self.outcome(snapshot, indicator, &Overrides::new()),
        };
        let make = || {
            let _auditing = tracing::info_span!("audit").entered();
            Arc::new(audit_with(snapshot, &compute))
        };
        self.audited.get((state, others), make, |audit| Some(audit.lines.len()))
    }

    /// Everything a result depends on.
    fn question(&self, snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides) -> Result<Question, IndicatorError> {
        let pack = snapshot.pack().digest.clone();
        let sources = self.sources(snapshot, indicator);
        let seq = last_change(snapshot, &sources.registers).map_err(|m| declared(indicator, m))?;
        let redaction = snapshot.last_redaction().map_err(|e| declared(indicator, Mistake::Database { message: e.to_string() }))?;
        let state = State { pack, seq, redaction, day: snapshot.moment().day() };
        let overrides = overrides.iter().map(|(id, value)| (id.clone(), value.to_bits())).collect();
        Ok(Question { state, indicator: indicator.id.clone(), overrides })
    }

    /// What an indicator reads; everything when its SQL cannot be planned.
    pub fn sources(&self, snapshot: &Snapshot, indicator: &Indicator) -> Arc<Sources> {
        let digest = &snapshot.pack().digest;
        if let Some(known) = hold(&self.sources).get(digest).and_then(|of_pack| of_pack.get(&indicator.id)) {
            return known.clone();
        }
        let scope = Scope::of(snapshot);
        let all = || Sources { registers: scope.pack.registers.keys().cloned().collect(), sensitivity: Sensitivity::Personal };
        let of = |reads| Sources { registers: scope.registers(&reads), sensitivity: scope.sensitivity(&reads) };
        let found = Arc::new(planned_reads(&scope, indicator).map_or_else(|_| all(), of));
        hold(&self.sources).entry(digest.clone()).or_default().insert(indicator.id.clone(), Arc::clone(&found));
        found
    }

    fn timed<T>(&self, make: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let made = make();
        self.spent.fetch_add(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        made
    }

    /// How long all that was not kept has taken to compute and derive, ever.
    pub fn spent(&self) -> Duration {
        Duration::from_micros(self.spent.load(Ordering::Relaxed))
    }

    /// Forgets everything: after a redaction, what was erased need not stay in memory.
    pub fn clear(&self) {
        self.computed.clear();
        self.derived.clear();
        self.judged.clear();
        self.audited.clear();
    }

    /// Number of results, derivations, judgements and audits kept.
    pub fn len(&self) -> usize {
        self.computed.len() + self.derived.len() + self.judged.len() + self.audited.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for Cache {
    /// A cache for 20,000 rows of each kind.
    fn default() -> Self {
        Cache::new(20_000)
    }
}

/// What an outcome costs; none for one that may be another the next time.
fn cost_of<T>(outcome: &Result<T, IndicatorError>, rows: impl Fn(&T) -> usize) -> Option<usize> {
    match outcome {
        Ok(result) => Some(rows(result)),
        Err(error) => (!matches!(*error.mistake, Mistake::Database { .. } | Mistake::TooSlow { .. })).then_some(0),
    }
}
