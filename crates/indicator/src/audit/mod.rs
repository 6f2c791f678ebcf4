//! The audit (照合): every published figure against what the records give.
//!
//! A figure is compared at the precision it was printed with. It matches, differs, or the records behind it are
//! not held. A difference counts as explained only by a finding or a correction whose guard still holds: when the
//! print or the records change, the explanation must be looked at again, and the audit fails until it was.

mod compare;
mod counts;
mod guard;
mod line;
mod repeat;

pub use compare::agrees;
pub use counts::Counts;
pub use guard::{CorrectionCheck, FindingCheck, Seen};
pub use line::{AuditLine, AuditVerdict, NotHeldBecause};

use crate::{
    cache::Outcome,
    compute::compute_and_tell,
    each::each,
    error::IndicatorError,
    fence::Limits,
    run::{Overrides, Scope},
};
use counts::Goals;
use serde::Serialize;
use shirube_plan::{Indicator, Pack, Place};
use shirube_snapshot::Snapshot;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// Day of the snapshot, `YYYY-MM-DD`.
    pub as_of: String,
    /// Version of the pack: its digest.
    pub pack: String,
    /// Whether nothing is left to explain: no unexplained difference, no broken guard, no indicator that fails.
    pub ok: bool,
    /// Counts over all figures.
    pub counts: Counts,
    /// Counts by source.
    pub by_source: BTreeMap<String, Counts>,
    /// Counts by goal of the plan; figures of several goals count for each, those of none under "".
    pub by_goal: BTreeMap<String, Counts>,
    /// One line per published figure, in the order of the pack.
    pub lines: Vec<AuditLine>,
    /// Findings and whether their guards hold.
    pub findings: Vec<FindingCheck>,
    /// Corrections and whether their guards hold.
    pub corrections: Vec<CorrectionCheck>,
    /// Indicators that could not be computed.
    pub failures: Vec<Failure>,
}

/// An indicator that could not be computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// Id of the indicator.
    pub indicator: String,
    /// File.
    pub file: String,
    /// Line; 0 for the whole file.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}

impl From<&IndicatorError> for Failure {
    fn from(error: &IndicatorError) -> Self {
        let Place { file, line } = error.place.clone();
        Failure { indicator: error.indicator.clone(), file, line, problem: error.mistake.to_string(), mend: error.mistake.mend() }
    }
}

/// Results of the indicators that figures name.
type Results = BTreeMap<String, Outcome>;

/// Audits all published figures of the pack on a snapshot.
pub fn audit(snapshot: &Snapshot) -> Audit {
    audit_with(snapshot, &|snapshot, indicator| {
        let (computed, reads) = compute_and_tell(snapshot, indicator, &Overrides::new(), Limits::default())?;
        Ok((Arc::new(computed), Arc::new(reads)))
    })
}

/// [`audit`] with results from elsewhere.
pub(crate) fn audit_with(snapshot: &Snapshot, compute: &(dyn Fn(&Snapshot, &Indicator) -> Outcome + Sync)) -> Audit {
    let scope = Scope::of(snapshot);
    let pack = scope.pack;
    let results = compute_all(snapshot, compute);
    let mut lines: Vec<AuditLine> = pack.figures.iter().map(|figure| line::line(pack, figure, &results)).collect();
    repeat::mark(&scope, &results, &mut lines);
    let findings = guard::findings(pack, &lines);
    let corrections = guard::corrections(pack);
    guard::explain(&mut lines, &findings, &corrections);
    let failures: Vec<Failure> = results.values().filter_map(|r| r.as_ref().err()).map(Failure::from).collect();
    let mut audit = Audit {
        as_of: scope.as_of.clone(),
        pack: pack.digest.clone(),
        ok: false,
        counts: Counts::default(),
        by_source: BTreeMap::new(),
        by_goal: BTreeMap::new(),
        lines,
        findings,
        corrections,
        failures,
    };
    audit.count(pack);
    audit.ok = audit.failures.is_empty()
        && audit.counts.differs == audit.counts.explained
        && audit.findings.iter().all(|f| f.holds)
        && audit.corrections.iter().all(|c| c.holds);
    audit
}

impl Audit {
    fn count(&mut self, pack: &Pack) {
        let goals = Goals::of(pack);
        for line in &mut self.lines {
            line.goals = goals.of_figure(pack, &line.series);
            self.counts.add(line);
            self.by_source.entry(line.source.clone()).or_default().add(line);
            if line.goals.is_empty() {
                self.by_goal.entry(String::new()).or_default().add(line);
            }
            for goal in &line.goals {
                self.by_goal.entry(goal.clone()).or_default().add(line);
            }
        }
    }

    /// The audit as someone may see it who may not read these indicators: without the lines of figures that they
    /// recompute, and without findings and failures on these. `ok` stays what it is for the plan.
    pub fn without(&self, indicators: &BTreeSet<&str>, pack: &Pack) -> Audit {
        let hidden = |id: &str| indicators.contains(id);
        let mut audit = self.clone();
        audit.lines.retain(|l| !l.indicator.as_deref().is_some_and(hidden));
        let left: BTreeSet<String> = audit.lines.iter().map(|l| l.figure.clone()).collect();
        let concerns = |id: &str| pack.findings.iter().find(|f| f.id == id).is_some_and(|f| f.figures.iter().any(|f| !left.contains(f)));
        audit.findings.retain(|f| !concerns(&f.id));
        audit.failures.retain(|f| !hidden(&f.indicator));
        (audit.counts, audit.by_source, audit.by_goal) = Default::default();
        audit.count(pack);
        audit
    }

    /// The line of a figure.
    pub fn line(&self, figure: &str) -> Option<&AuditLine> {
        self.lines.iter().find(|l| l.figure == figure)
    }
}

fn compute_all(snapshot: &Snapshot, compute: &(dyn Fn(&Snapshot, &Indicator) -> Outcome + Sync)) -> Results {
    let pack = snapshot.pack();
    let ids: BTreeSet<&String> = pack.figures.iter().filter_map(|f| pack.series.get(&f.series)?.indicator.as_ref()).collect();
    let indicators: Vec<&Indicator> = ids.into_iter().filter_map(|id| pack.indicators.get(id)).collect();
    let results = each(snapshot, &indicators, compute);
    indicators.iter().map(|i| i.id.clone()).zip(results).collect()
}
