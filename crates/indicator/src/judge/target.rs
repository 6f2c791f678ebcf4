//! Targets: the path to one from the last value, the gap, and whether the pace so far is enough.

use super::{Frame, Reading, Remark, Trend, Verdict, series::Point};
use crate::period::Period;
use serde::Serialize;
use shirube_plan::{Direction, Target};
use shirube_snapshot::functions::cagr;

/// How a series stands against a target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetJudgement {
    /// Period by which.
    pub period: String,
    /// Value to reach.
    pub value: f64,
    /// The last observed value.
    pub from: Option<Reading>,
    /// What is still to go, in the unit: positive while the target is not reached, whichever way is better; for an
    /// indicator without a better direction, target minus value.
    pub gap: Option<f64>,
    /// State.
    pub state: TargetState,
    /// How the path is drawn.
    pub method: Option<Method>,
    /// The path: one value a year from the last observed value to the target.
    pub path: Vec<Reading>,
    /// What is needed a year from now on against what was achieved so far, both by the path's method.
    pub pace: Option<Pace>,
    /// The indicator's own projection for the target's period.
    pub projected: Option<f64>,
    /// What the projection leaves open, counted like `gap`.
    pub projected_gap: Option<f64>,
    /// What a reader must know beside the state.
    pub remarks: Vec<Remark>,
}

/// State of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// The last value is at or beyond it.
    Reached,
    /// It was reached once and is not any more. This is a loss, never progress.
    Lost,
    /// Its period has come and it is not reached.
    Missed,
    /// Not reached; the pace so far is enough.
    OnPace,
    /// Not reached; the pace so far is not enough, or leads away from it.
    Behind,
    /// Not reached; too little is known of the pace.
    Open,
    /// There is no value.
    Unknown,
    /// The indicator has no better direction.
    Undirected,
}

/// How the path to a target is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The same growth every year.
    Growth,
    /// The same difference every year: where growth is undefined because a value is zero or negative.
    Linear,
}

/// Yearly pace: fractions for [`Method::Growth`], the unit for [`Method::Linear`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Needed from the last value on.
    pub needed: f64,
    /// Achieved over the trend; none without one, or when its base rests on few cases.
    pub so_far: Option<f64>,
}

pub(super) fn judge_targets(frame: &Frame<'_>, points: &[Point], trend: Option<&Trend>) -> Vec<TargetJudgement> {
    frame.indicator.targets.iter().map(|target| judge_target(frame, points, trend, target)).collect()
}

fn judge_target(frame: &Frame<'_>, points: &[Point], trend: Option<&Trend>, target: &Target) -> TargetJudgement {
    let last = points.iter().rev().find(|p| !p.projected && p.value.is_some());
    let from = last.and_then(Point::reading);
    let due = Period::parse(&target.period);
    let years = last.and_then(|p| p.when.as_ref()).zip(due.as_ref()).map(|(last, due)| due.position() - last.position());
    let ahead = years.filter(|y| *y > 0.0);
    let method = from.as_ref().map(|r| method(r.value, target.value));
    let pace = from.as_ref().zip(ahead).and_then(|(r, years)| pace(r.value, target.value, years, trend));
    let state = from.as_ref().map_or(TargetState::Unknown, |r| state(frame, points, r, target, ahead.is_some(), pace));
    let by_pace = matches!(state, TargetState::OnPace | TargetState::Behind);
    let projected = points.iter().find(|p| p.projected && p.period == target.period).and_then(|p| p.value);
    TargetJudgement {
        period: target.period.clone(),
        value: target.value,
        gap: from.as_ref().map(|r| gap(frame, r.value, target.value)),
        state,
        path: from.as_ref().zip(due).filter(|_| ahead.is_some()).map(|(r, due)| path(r, &due, target)).unwrap_or_default(),
        method: method.filter(|_| ahead.is_some()),
        pace,
        projected,
        projected_gap: projected.map(|p| gap(frame, p, target.value)),
        remarks: trend.filter(|t| by_pace && t.steps() == 1).map(Remark::two_values).into_iter().collect(),
        from,
    }
}

fn gap(frame: &Frame<'_>, value: f64, target: f64) -> f64 {
    match frame.indicator.direction {
        Direction::Down => value - target,
        Direction::Up | Direction::None => target - value,
    }
}

fn reached(frame: &Frame<'_>, value: f64, target: f64) -> bool {
    matches!(frame.compare(target, value), Verdict::Better | Verdict::Flat)
}

fn state(frame: &Frame<'_>, points: &[Point], from: &Reading, target: &Target, ahead: bool, pace: Option<Pace>) -> TargetState {
    let before = || points.iter().filter(|p| !p.projected && p.period != from.period).filter_map(|p| p.value);
    if frame.indicator.direction == Direction::None {
        TargetState::Undirected
    } else if reached(frame, from.value, target.value) {
        TargetState::Reached
    } else if before().any(|value| reached(frame, value, target.value)) {
        TargetState::Lost
    } else if !ahead {
        TargetState::Missed
    } else {
        let so_far = |pace: Pace| Some((pace.needed, pace.so_far?));
        match (pace.and_then(so_far), frame.indicator.direction) {
            (None, _) => TargetState::Open,
            (Some((needed, so_far)), Direction::Down) if so_far <= needed => TargetState::OnPace,
            (Some((needed, so_far)), Direction::Up) if so_far >= needed => TargetState::OnPace,
            _ => TargetState::Behind,
        }
    }
}

fn method(from: f64, to: f64) -> Method {
    if from > 0.0 && to > 0.0 { Method::Growth } else { Method::Linear }
}

fn pace(from: f64, to: f64, years: f64, trend: Option<&Trend>) -> Option<Pace> {
    let trend = trend.filter(|t| !t.weak_base);
    Some(match method(from, to) {
        Method::Growth => Pace { needed: cagr(from, to, years)?, so_far: trend.and_then(|t| t.yearly_growth) },
        Method::Linear => Pace { needed: (to - from) / years, so_far: trend.map(|t| t.yearly_change) },
    })
}

/// Longest path: a slip in a target's year must not fill the memory.
const MOST_YEARS: i32 = 200;

/// One value a year, the first the last observed one, the last exactly the target.
fn path(from: &Reading, due: &Period, target: &Target) -> Vec<Reading> {
    let Some(first) = Period::parse(&from.period).map(|p| p.year()) else { return vec![] };
    let years = due.year() - first;
    if !(1..=MOST_YEARS).contains(&years) {
        return vec![];
    }
    let value = |i: i32| {
        let part = f64::from(i) / f64::from(years);
        match method(from.value, target.value) {
            _ if i == years => target.value,
            Method::Growth => from.value * (target.value / from.value).powf(part),
            Method::Linear => from.value + (target.value - from.value) * part,
        }
    };
    let between = (1..years).map(|i| Reading { period: (first + i).to_string(), value: value(i) });
    let last = Reading { period: target.period.clone(), value: target.value };
    [from.clone()].into_iter().chain(between).chain([last]).collect()
}
