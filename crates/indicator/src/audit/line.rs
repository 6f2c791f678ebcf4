//! One figure against the observation of the same period and breakdown.

use super::{Results, compare::agrees};
use crate::{Computed, Observation, words::absence_word};
use serde::Serialize;
use shirube_plan::{Absence, Compare, Dims, Figure, Pack, Series};

/// A published figure and its recomputation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditLine {
    /// Id of the figure.
    pub figure: String,
    /// Verdict, and the finding that explains a difference.
    #[serde(flatten)]
    pub verdict: AuditVerdict,
    /// Why the records are not held.
    pub because: Option<NotHeldBecause>,
    /// Whether a difference is explained by a finding or correction whose guard holds.
    pub explained: bool,
    /// Source.
    pub source: String,
    /// Series.
    pub series: String,
    /// Period as printed.
    pub period: String,
    /// Breakdown.
    pub dims: Dims,
    /// As printed.
    pub printed: String,
    /// Its value in the unit of the series.
    pub value: Option<f64>,
    /// Step of its last digit, in the unit.
    pub precision: f64,
    /// Printed as approximate.
    pub approximate: bool,
    /// Why the document prints no number.
    #[serde(serialize_with = "absence_word")]
    pub status: Option<Absence>,
    /// Unit of the series.
    pub unit: String,
    /// Indicator it is compared with.
    pub indicator: Option<String>,
    /// Column of the indicator: `value`, `numerator`, `denominator` or `n`.
    pub compare: &'static str,
    /// What the indicator gives.
    pub computed: Option<f64>,
    /// Why the indicator gives no number.
    #[serde(serialize_with = "absence_word")]
    pub computed_status: Option<Absence>,
    /// Computed minus printed.
    pub difference: Option<f64>,
    /// All findings about the figure.
    pub findings: Vec<String>,
    /// Whether indicators use a corrected value or period instead of this print.
    pub corrected: bool,
    /// Goals of the plan it belongs to.
    pub goals: Vec<String>,
}

/// What the comparison of a figure says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum AuditVerdict {
    /// The records give what was printed.
    Match,
    /// They give something else.
    Differs {
        /// The finding that explains it, whether or not its guard still holds.
        finding: Option<String>,
    },
    /// The records behind it are not held.
    NotHeld,
}

/// Why the records behind a figure are not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotHeldBecause {
    /// Its series names no indicator.
    NoIndicator,
    /// The indicator has no row of its period and breakdown.
    NoObservation,
    /// The row has no value.
    NoValue,
    /// The indicator only repeats the print: that it agrees says nothing.
    RepeatsPrint,
    /// The indicator could not be computed.
    Failed,
}

/// What a comparison found.
type Found = (AuditVerdict, Option<NotHeldBecause>, Option<f64>, Option<Absence>);

pub(super) fn line(pack: &Pack, figure: &Figure, results: &Results) -> AuditLine {
    let series = pack.series.get(&figure.series);
    let (verdict, because, computed, computed_status) = compared(pack, figure, series, results);
    AuditLine {
        figure: figure.id.clone(),
        verdict,
        because,
        explained: false,
        source: figure.cite.source.clone(),
        series: figure.series.clone(),
        period: figure.period.clone(),
        dims: figure.dims.clone(),
        printed: figure.printed.clone(),
        value: figure.value,
        precision: figure.precision,
        approximate: figure.approximate,
        status: figure.status,
        unit: series.map(|s| s.unit.clone()).unwrap_or_default(),
        indicator: series.and_then(|s| s.indicator.clone()),
        compare: column_name(series.map(|s| s.compare).unwrap_or_default()),
        computed,
        computed_status,
        difference: computed.zip(figure.value).map(|(c, p)| c - p),
        findings: pack.findings.iter().filter(|f| f.figures.contains(&figure.id)).map(|f| f.id.clone()).collect(),
        corrected: pack.corrections.iter().any(|c| c.figure == figure.id),
        goals: vec![],
    }
}

fn compared(pack: &Pack, figure: &Figure, series: Option<&Series>, results: &Results) -> Found {
    let not_held = |because| (AuditVerdict::NotHeld, Some(because), None, None);
    let Some((series, id)) = series.and_then(|s| Some((s, s.indicator.as_ref()?))) else {
        return not_held(NotHeldBecause::NoIndicator);
    };
    let computed = match results.get(id) {
        Some(Ok((computed, _))) => computed,
        Some(Err(_)) => return not_held(NotHeldBecause::Failed),
        None => return not_held(NotHeldBecause::NoIndicator),
    };
    if let Some(observation) = computed.find(&figure.period, &figure.dims) {
        return against(figure, series, observation);
    }
    // The print names a wrong period: what it printed is compared where it belongs, and differs in any case.
    match moved(pack, figure, computed) {
        Some(observation) => {
            let (verdict, because, value, status) = against(figure, series, observation);
            let verdict = if verdict == AuditVerdict::Match { AuditVerdict::Differs { finding: None } } else { verdict };
            (verdict, because, value, status)
        }
        None => not_held(NotHeldBecause::NoObservation),
    }
}

/// The observation of the period a correction moves a figure to.
fn moved<'a>(pack: &Pack, figure: &Figure, computed: &'a Computed) -> Option<&'a Observation> {
    let correction = pack.corrections.iter().find(|c| c.figure == figure.id)?;
    computed.find(correction.period.as_ref()?, &figure.dims)
}

fn against(figure: &Figure, series: &Series, observation: &Observation) -> Found {
    let differs = || AuditVerdict::Differs { finding: None };
    let computed = column(observation, series.compare);
    let status = observation.status.filter(|_| computed.is_none());
    let (verdict, because) = match (figure.value, computed) {
        (Some(printed), Some(computed)) if agrees(computed, printed, figure.precision) => (AuditVerdict::Match, None),
        (Some(_), Some(_)) => (differs(), None),
        // A printed "not collected" against a reason of the records.
        (None, None) if figure.status.is_some() && figure.status == status => (AuditVerdict::Match, None),
        (None, None) if figure.status.is_some() && status.is_some() => (differs(), None),
        (None, Some(_)) => (differs(), None),
        (_, None) => (AuditVerdict::NotHeld, Some(NotHeldBecause::NoValue)),
    };
    (verdict, because, computed, status)
}

/// The column of an observation a series is compared with.
pub(super) fn column(observation: &Observation, compare: Compare) -> Option<f64> {
    match compare {
        Compare::Value => observation.value,
        Compare::Numerator => observation.numerator,
        Compare::Denominator => observation.denominator,
        Compare::N => observation.n,
    }
}

fn column_name(compare: Compare) -> &'static str {
    match compare {
        Compare::Value => "value",
        Compare::Numerator => "numerator",
        Compare::Denominator => "denominator",
        Compare::N => "n",
    }
}
