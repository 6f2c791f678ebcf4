//! Guards: an explanation holds only as long as the print and the recomputation it was written for.

use super::{
    AuditLine, AuditVerdict,
    compare::{agrees, same_at_six_digits},
};
use crate::words::pair;
use serde::Serialize;
use shirube_plan::{Finding, Pack, Pair};

/// A finding and whether its guard holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingCheck {
    /// Id of the finding.
    pub id: String,
    /// `slip`, `rounding`, `definition`, `scope` or `conflict`.
    pub kind: String,
    /// Explanation.
    #[serde(serialize_with = "pair")]
    pub explain: Pair,
    /// Whether the guard holds, or there is none.
    pub holds: bool,
    /// Printed text it was written for.
    pub expect_printed: Option<String>,
    /// Recomputed value it was written for.
    pub expect_computed: Option<f64>,
    /// Its figures as they are now.
    pub figures: Vec<Seen>,
    /// File of the pack in which it stands.
    pub file: String,
    /// Line.
    pub line: usize,
}

/// A figure as it is now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Id of the figure.
    pub figure: String,
    /// As printed; none when there is no such figure.
    pub printed: Option<String>,
    /// As recomputed.
    pub computed: Option<f64>,
}

/// A correction and whether its guard holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorrectionCheck {
    /// Figure it corrects.
    pub figure: String,
    /// Period used instead.
    pub period: Option<String>,
    /// Value used instead.
    pub value: Option<f64>,
    /// Why.
    #[serde(serialize_with = "pair")]
    pub reason: Pair,
    /// Whether the figure is still printed as it was when this was written.
    pub holds: bool,
    /// Printed text it was written for.
    pub expect: String,
    /// As printed now; none when there is no such figure.
    pub printed: Option<String>,
    /// File of the pack in which it stands.
    pub file: String,
    /// Line.
    pub line: usize,
}

pub(super) fn findings(pack: &Pack, lines: &[AuditLine]) -> Vec<FindingCheck> {
    pack.findings.iter().map(|finding| check(finding, lines)).collect()
}

fn check(finding: &Finding, lines: &[AuditLine]) -> FindingCheck {
    let seen = |id: &String| {
        let line = lines.iter().find(|l| &l.figure == id);
        Seen { figure: id.clone(), printed: line.map(|l| l.printed.clone()), computed: line.and_then(|l| l.computed) }
    };
    let figures: Vec<Seen> = finding.figures.iter().map(seen).collect();
    // A finding about several figures (a conflict of two documents) was written for one pair of values; it holds as
    // long as one of them still has both.
    let printed = |s: &Seen| finding.expect_printed.is_none() || s.printed == finding.expect_printed;
    let computed = |s: &Seen| finding.expect_computed.is_none_or(|e| s.computed.is_some_and(|c| same_at_six_digits(e, c)));
    let unguarded = finding.expect_printed.is_none() && finding.expect_computed.is_none();
    FindingCheck {
        id: finding.id.clone(),
        kind: finding.kind.clone(),
        explain: finding.explain.clone(),
        holds: figures.iter().all(|s| s.printed.is_some()) && (unguarded || figures.iter().any(|s| printed(s) && computed(s))),
        expect_printed: finding.expect_printed.clone(),
        expect_computed: finding.expect_computed,
        figures,
        file: finding.place.file.clone(),
        line: finding.place.line,
    }
}

pub(super) fn corrections(pack: &Pack) -> Vec<CorrectionCheck> {
    let check = |correction: &shirube_plan::Correction| {
        let printed = pack.figure(&correction.figure).map(|f| f.printed.clone());
        CorrectionCheck {
            figure: correction.figure.clone(),
            period: correction.period.clone(),
            value: correction.value,
            reason: correction.reason.clone(),
            holds: printed.as_ref() == Some(&correction.expect),
            expect: correction.expect.clone(),
            printed,
            file: correction.place.file.clone(),
            line: correction.place.line,
        }
    };
    pack.corrections.iter().map(check).collect()
}

/// Attaches to each difference what explains it.
pub(super) fn explain(lines: &mut [AuditLine], findings: &[FindingCheck], corrections: &[CorrectionCheck]) {
    for line in lines {
        let AuditVerdict::Differs { finding } = &mut line.verdict else { continue };
        let about = |f: &&FindingCheck| f.figures.iter().any(|s| s.figure == line.figure);
        // One that holds explains better than one that does not.
        let best = findings.iter().filter(about).max_by_key(|f| f.holds);
        *finding = best.map(|f| f.id.clone());
        // A correction explains the difference to what it says, and none that records make later.
        let says = |c: &CorrectionCheck| {
            let right = c.value.or(line.value);
            line.computed.zip(right).is_some_and(|(computed, right)| agrees(computed, right, line.precision))
        };
        let corrected = corrections.iter().any(|c| c.figure == line.figure && c.holds && says(c));
        line.explained = corrected || best.is_some_and(|f| f.holds);
    }
}
