//! Proof of the trail: every entry follows the one before it, and what is gone was dropped by a checkpoint.

use super::{CHECKPOINT, Keeper, Row};
use crate::StoreError;
use shirube_record::{FIRST, Hash, chain_reading, hex, payload_hash};
use std::{collections::BTreeMap, fmt};

/// What a verification of the trail found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailReport {
    /// Entries read.
    pub entries: i64,
    /// Hash of the last entry, hexadecimal; empty if there is none.
    pub last_hash: String,
    /// Entries whose time was over, so that they tell nothing any more.
    pub over: i64,
    /// Where the chain breaks; empty when everything holds.
    pub problems: Vec<TrailProblem>,
}

impl TrailReport {
    /// Everything holds.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A break of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailProblem {
    /// Entries are missing before this one.
    Gap {
        /// The entry that should have come.
        expected: i64,
        /// The entry that came.
        found: i64,
    },
    /// The entry is not what its hash was taken over, or does not follow the one before it.
    Changed {
        /// The entry.
        seq: i64,
    },
    /// What an entry tells is gone, and no checkpoint accounts for it.
    Missing {
        /// The entry.
        seq: i64,
    },
    /// The entry does not read.
    Unreadable {
        /// The entry.
        seq: i64,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for TrailProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrailProblem::Gap { expected, found } => {
                write!(f, "entries {expected} to {} of the trail of readings are missing", found.saturating_sub(1))
            }
            TrailProblem::Changed { seq } => write!(f, "entry {seq} of the trail of readings was changed"),
            TrailProblem::Missing { seq } => {
                write!(f, "what entry {seq} of the trail of readings tells is missing and no checkpoint accounts for it")
            }
            TrailProblem::Unreadable { seq, what } => write!(f, "entry {seq} of the trail of readings does not read: {what}"),
        }
    }
}

/// A proof under way.
#[derive(Debug)]
pub(crate) struct Proof {
    report: TrailReport,
    expected: i64,
    before: Hash,
    /// Entries that tell nothing, by register: the latest time, and the first of them.
    gone: Vec<(i64, String, i64)>,
    /// Until when entries of a register may be gone, by the checkpoints heard.
    dropped: BTreeMap<String, i64>,
}

impl Proof {
    pub fn new() -> Proof {
        Proof { report: TrailReport::default(), expected: 1, before: FIRST, gone: vec![], dropped: BTreeMap::new() }
    }

    /// Takes in the next entry.
    pub fn hear(&mut self, seq: i64, row: Result<&Row, String>) {
        let report = &mut self.report;
        if seq != self.expected {
            report.problems.push(TrailProblem::Gap { expected: self.expected, found: seq });
        }
        self.expected = seq.saturating_add(1);
        report.entries += 1;
        let row = match row {
            Ok(row) => row,
            Err(what) => return report.problems.push(TrailProblem::Unreadable { seq, what }),
        };
        let told_hash = row.told.as_deref().map(payload_hash);
        let own = chain_reading(&row.prev, (row.seq, row.at), &row.register, &row.told_hash);
        if row.prev != self.before || own != row.hash || told_hash.is_some_and(|hash| hash != row.told_hash) {
            report.problems.push(TrailProblem::Changed { seq });
        }
        self.before = row.hash;
        match row.told() {
            Ok(None) => {
                report.over += 1;
                self.gone.push((seq, row.register.clone(), row.at));
            }
            Ok(Some(told)) => {
                if let Some(over) = told.over.filter(|_| row.register == CHECKPOINT) {
                    let until = self.dropped.entry(over.register).or_default();
                    *until = over.before.max(*until);
                }
            }
            Err(error) => report.problems.push(TrailProblem::Unreadable { seq, what: error.to_string() }),
        }
    }

    /// What is wrong so far.
    pub fn problem(&self) -> Option<&TrailProblem> {
        self.report.problems.first()
    }

    pub fn end(mut self) -> TrailReport {
        let unaccounted = |(_, register, at): &&(i64, String, i64)| self.dropped.get(register).is_none_or(|before| at >= before);
        let missing: Vec<TrailProblem> =
            self.gone.iter().filter(unaccounted).map(|(seq, ..)| TrailProblem::Missing { seq: *seq }).collect();
        self.report.problems.extend(missing);
        self.report.last_hash = if self.report.entries == 0 { String::new() } else { hex(&self.before) };
        self.report
    }
}

/// Checks a whole trail; an empty one if there is none.
pub(crate) fn whole(keeper: Option<&mut Box<dyn Keeper>>) -> Result<TrailReport, StoreError> {
    let mut proof = Proof::new();
    if let Some(keeper) = keeper {
        keeper.rows(0, &mut |seq, row| {
            proof.hear(seq, row.as_ref().map_err(Clone::clone));
            Ok(())
        })?;
    }
    Ok(proof.end())
}
