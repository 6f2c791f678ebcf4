//! Why something may be done or not.

use crate::person::Organisation;
use crate::policies::Policy;
use shirube_plan::{Pair, Place};

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// No.
    Deny,
}

/// A decision with the policies that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// What permits it, or what forbids it. Empty with [`Decision::Deny`]: nothing permits it.
    pub reasons: Vec<Reason>,
}

/// A policy that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The policy, with its label to show.
    pub policy: Policy,
    /// Under the roles held in this organisation; none for somebody without memberships.
    pub organisation: Option<Organisation>,
}

impl Explanation {
    /// Denied, for nothing permits it.
    pub(crate) fn silent() -> Explanation {
        Explanation { decision: Decision::Deny, reasons: vec![] }
    }

    /// Permitted by what the program itself is, not by a policy.
    pub(crate) fn by_nature(id: &str, ja: &str, en: &str) -> Explanation {
        let label = Pair { ja: ja.to_string(), en: en.to_string() };
        let policy = Policy { id: id.to_string(), label, permits: true, place: Place { file: "(built in)".into(), line: 0 } };
        Explanation { decision: Decision::Allow, reasons: vec![Reason { policy, organisation: None }] }
    }

    /// Whether it is permitted.
    pub fn allows(&self) -> bool {
        self.decision == Decision::Allow
    }

    /// What to say to somebody who asks why: the labels of the policies, or that nothing permits it.
    pub fn text(&self) -> Pair {
        if self.reasons.is_empty() {
            return Pair { ja: "許可する方針がない".into(), en: "Nothing permits it".into() };
        }
        let mut labels: Vec<&Pair> = vec![];
        for reason in &self.reasons {
            if !labels.contains(&&reason.policy.label) {
                labels.push(&reason.policy.label);
            }
        }
        let join = |pick: fn(&Pair) -> &str, by: &str| labels.iter().map(|l| pick(l)).collect::<Vec<_>>().join(by);
        Pair { ja: join(|l| &l.ja, "／"), en: join(|l| &l.en, "; ") }
    }
}
