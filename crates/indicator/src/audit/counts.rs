//! Counts of an audit, over all, by source and by goal.

use super::{AuditLine, AuditVerdict, NotHeldBecause};
use serde::Serialize;
use shirube_plan::{NodeKind, Pack};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many figures match, differ, or rest on records not held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All figures.
    pub figures: usize,
    /// Match.
    #[serde(rename = "match")]
    pub matches: usize,
    /// Differ, explained or not.
    pub differs: usize,
    /// Differ and are explained.
    pub explained: usize,
    /// Records not held.
    pub not_held: usize,
    /// Records not held, by reason.
    pub because: BTreeMap<NotHeldBecause, usize>,
}

impl Counts {
    pub(super) fn add(&mut self, line: &AuditLine) {
        self.figures += 1;
        match line.verdict {
            AuditVerdict::Match => self.matches += 1,
            AuditVerdict::Differs { .. } => self.differs += 1,
            AuditVerdict::NotHeld => self.not_held += 1,
        }
        self.explained += usize::from(line.explained);
        if let Some(because) = line.because {
            *self.because.entry(because).or_default() += 1;
        }
    }
}

/// The goal each node of the plan stands under.
pub(super) struct Goals<'a>(HashMap<&'a str, &'a str>);

impl<'a> Goals<'a> {
    pub fn of(pack: &'a Pack) -> Goals<'a> {
        let nodes: HashMap<&str, _> = pack.periods.iter().flat_map(|p| &p.nodes).map(|n| (n.id.as_str(), n)).collect();
        let goal = |id: &'a str| {
            let mut node = *nodes.get(id)?;
            // A tree has fewer levels than nodes; the count ends a circle.
            for _ in 0..nodes.len() {
                if node.kind == NodeKind::Goal {
                    return Some((id, node.id.as_str()));
                }
                node = nodes.get(node.parent.as_deref()?)?;
            }
            None
        };
        Goals(nodes.keys().filter_map(|id| goal(id)).collect())
    }

    /// Goals of a series: those of its own nodes and of its indicator's.
    pub fn of_figure(&self, pack: &Pack, series: &str) -> Vec<String> {
        let Some(series) = pack.series.get(series) else { return vec![] };
        let indicator = series.indicator.as_ref().and_then(|id| pack.indicators.get(id));
        let nodes = series.nodes.iter().chain(indicator.iter().flat_map(|i| &i.nodes));
        let goals: BTreeSet<&str> = nodes.filter_map(|n| self.0.get(n.as_str()).copied()).collect();
        goals.into_iter().map(str::to_string).collect()
    }
}
