//! One series of an indicator: its points, the latest change, the trend since the last break.

use super::{Frame, Remark, TargetJudgement, Verdict, target};
use crate::{
    contract::Observation,
    period::{Form, Period},
    words::absence_word,
};
use serde::Serialize;
use shirube_plan::{Absence, Break, Dims, Direction, Rule};
use shirube_snapshot::functions::cagr;

/// How one breakdown of an indicator stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesJudgement {
    /// Breakdown; empty for all together.
    pub dims: Dims,
    /// All points in order of time.
    pub points: Vec<Point>,
    /// The latest point that is no projection, if it has a value.
    pub latest: Option<Reading>,
    /// What it is compared with: the last earlier value of the same form of period.
    pub previous: Option<Reading>,
    /// Difference of the two, in the unit; none across a break.
    pub change: Option<f64>,
    /// Difference as a fraction of the earlier value; none across a break or where that value is not positive.
    pub growth: Option<f64>,
    /// The latest change by the plan's rule.
    pub verdict: Verdict,
    /// What a reader must know beside it.
    pub remarks: Vec<Remark>,
    /// All comparable values since the last break.
    pub trend: Option<Trend>,
    /// Targets, for the series that stands for the indicator.
    pub targets: Vec<TargetJudgement>,
}

impl SeriesJudgement {
    /// What limits the change without forbidding it: it must stand wherever the change does.
    pub fn limits(&self) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(|r| matches!(r, Remark::SmallN { .. } | Remark::Skipped { .. }))
    }

    /// Names the breakdown and says when it is too early for the plan's measures to show.
    pub(super) fn of_dims(mut self, dims: Dims, effect: Option<(i32, i32)>) -> SeriesJudgement {
        let year = self.latest.as_ref().and_then(|l| Period::parse(&l.period)).map(|p| p.year());
        if let (Some(year), Some((from, _))) = (year, effect)
            && year < from
        {
            self.remarks.push(Remark::BeforeEffect { from });
        }
        SeriesJudgement { dims, ..self }
    }
}

/// A point of a series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Period.
    pub period: String,
    /// Value in the indicator's unit.
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(serialize_with = "absence_word")]
    pub status: Option<Absence>,
    /// Cases.
    pub n: Option<f64>,
    /// Fewer cases than the indicator asks for.
    pub small_n: bool,
    /// Later than the snapshot: computed ahead, not observed.
    pub projected: bool,
    /// First point of a new method.
    pub after_break: bool,
    #[serde(skip)]
    pub(super) when: Option<Period>,
}

/// A value at a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// Period.
    pub period: String,
    /// Value.
    pub value: f64,
}

/// The comparable values since the last break, step by step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// First value.
    pub from: Reading,
    /// Latest value.
    pub to: Reading,
    /// Steps in the better direction.
    pub better: usize,
    /// Steps in the worse direction.
    pub worse: usize,
    /// Steps that are flat.
    pub flat: usize,
    /// First against latest.
    pub verdict: Verdict,
    /// Yearly growth as a fraction; none where a value is not positive.
    pub yearly_growth: Option<f64>,
    /// Yearly difference in the unit.
    pub yearly_change: f64,
    /// The first value rests on few cases: rates from it mean little.
    pub weak_base: bool,
}

impl Trend {
    /// Steps from value to value: one fewer than there are values.
    pub fn steps(&self) -> usize {
        self.better + self.worse + self.flat
    }

    /// "Better every year": every step so far was.
    pub fn every_step_better(&self) -> bool {
        self.worse == 0 && self.flat == 0 && self.better > 0
    }
}

impl Point {
    pub(super) fn reading(&self) -> Option<Reading> {
        Some(Reading { period: self.period.clone(), value: self.value? })
    }

    fn form(&self) -> Option<Form> {
        self.when.as_ref().map(|w| w.form)
    }
}

pub(super) fn judge_series<'a>(frame: &Frame<'_>, observations: impl Iterator<Item = &'a Observation>, headline: bool) -> SeriesJudgement {
    let points = points(frame, observations);
    let observed: Vec<&Point> = points.iter().filter(|p| !p.projected).collect();
    let pair = Comparison::of(frame, &observed).by_rule(frame);
    let trend = trend(frame, &observed);
    let targets = if headline { target::judge_targets(frame, &points, trend.as_ref()) } else { vec![] };
    SeriesJudgement {
        dims: Dims::new(),
        latest: pair.latest,
        previous: pair.previous,
        change: pair.change,
        growth: pair.growth,
        verdict: pair.verdict,
        remarks: pair.remarks,
        trend,
        targets,
        points,
    }
}

fn points<'a>(frame: &Frame<'_>, observations: impl Iterator<Item = &'a Observation>) -> Vec<Point> {
    let indicator = frame.indicator;
    let mut points: Vec<Point> = observations
        .map(|o| {
            let when = Period::parse(&o.period);
            Point {
                period: o.period.clone(),
                value: o.value,
                status: o.status,
                n: o.n,
                small_n: matches!((o.n, indicator.min_n), (Some(n), Some(least)) if n < least as f64),
                projected: matches!((&when, frame.this_year), (Some(w), Some(year)) if i64::from(w.year()) > year),
                after_break: false,
                when,
            }
        })
        .collect();
    points.sort_by(|a, b| a.when.cmp(&b.when));
    for i in 1..points.len() {
        points[i].after_break = break_between(&indicator.breaks, &points[i - 1], &points[i]).is_some();
    }
    points
}

/// The break after which the later of two points counts by a new method.
fn break_between<'a>(breaks: &'a [Break], earlier: &Point, later: &Point) -> Option<&'a Break> {
    let (from, to) = (earlier.when.as_ref()?, later.when.as_ref()?);
    breaks.iter().find(|b| Period::parse(&b.period).is_some_and(|point| from.is_before(&point) && !to.is_before(&point)))
}

/// The latest value against the one before it.
struct Comparison {
    latest: Option<Reading>,
    previous: Option<Reading>,
    change: Option<f64>,
    growth: Option<f64>,
    verdict: Verdict,
    remarks: Vec<Remark>,
}

impl Comparison {
    fn of(frame: &Frame<'_>, observed: &[&Point]) -> Comparison {
        let mut comparison =
            Comparison { latest: None, previous: None, change: None, growth: None, verdict: Verdict::Unknown, remarks: vec![] };
        let Some((latest, earlier)) = observed.split_last().filter(|_| observed.iter().any(|p| p.value.is_some())) else {
            comparison.remarks.push(Remark::NoValue);
            return comparison;
        };
        comparison.latest = latest.reading();
        let Some(now) = latest.value else {
            let status = latest.status.map(Absence::as_str);
            comparison.remarks.push(Remark::Missing { period: latest.period.clone(), status });
            return comparison;
        };
        if latest.form() == Some(Form::None) {
            comparison.remarks.push(Remark::Timeless);
            return comparison;
        }
        let same = |p: &&&Point| p.form() == latest.form() && p.value.is_some();
        let Some(previous) = earlier.iter().rev().find(same) else {
            comparison.remarks.push(Remark::First { period: latest.period.clone() });
            return comparison;
        };
        comparison.previous = previous.reading();
        if let Some(found) = break_between(&frame.indicator.breaks, previous, latest) {
            comparison.verdict = Verdict::NotComparable;
            comparison.remarks.push(Remark::Break { period: found.period.clone(), reason: found.reason.clone() });
            return comparison;
        }
        let before = previous.value.unwrap_or_default();
        comparison.change = Some(now - before);
        comparison.growth = (before > 0.0).then(|| (now - before) / before);
        comparison.limits(frame, previous, latest);
        comparison.verdict = comparison.verdict_by(frame, before, now);
        comparison
    }

    /// What limits the comparison without forbidding it.
    fn limits(&mut self, frame: &Frame<'_>, previous: &Point, latest: &Point) {
        for point in [previous, latest].into_iter().filter(|p| p.small_n) {
            let (n, least) = (point.n.unwrap_or_default(), frame.indicator.min_n.unwrap_or_default());
            self.remarks.push(Remark::SmallN { period: point.period.clone(), n, least });
        }
        let year = |p: &Point| p.when.as_ref().map_or(0, Period::year);
        if latest.form() == Some(Form::Year) && year(latest) - year(previous) > 1 {
            self.remarks.push(Remark::Skipped { from: previous.period.clone(), to: latest.period.clone() });
        }
    }

    fn verdict_by(&self, frame: &Frame<'_>, before: f64, now: f64) -> Verdict {
        if self.remarks.iter().any(|r| matches!(r, Remark::SmallN { .. })) {
            return Verdict::TooFew;
        }
        frame.compare(before, now)
    }

    /// Where the plan has no rule or the indicator no direction, nothing is judged, whatever is known.
    fn by_rule(mut self, frame: &Frame<'_>) -> Comparison {
        let refusal = match (frame.rule, frame.indicator.direction) {
            (Rule::None, _) => Remark::NoRule,
            (_, Direction::None) => Remark::NoDirection,
            _ => return self,
        };
        self.verdict = Verdict::NotJudged;
        self.remarks.insert(0, refusal);
        self
    }
}

/// Values of the latest point's form since the last break; none with fewer than two.
fn trend(frame: &Frame<'_>, observed: &[&Point]) -> Option<Trend> {
    let last = observed.iter().rev().find(|p| p.value.is_some())?;
    let comparable: Vec<&&Point> = observed
        .iter()
        .filter(|p| p.value.is_some() && p.form() == last.form() && last.form() != Some(Form::None))
        .filter(|p| break_between(&frame.indicator.breaks, p, last).is_none())
        .collect();
    let (first, to) = (comparable.first()?, comparable.last()?);
    let (from, to) = (first.reading()?, to.reading()?);
    let years = last.when.as_ref()?.position() - first.when.as_ref()?.position();
    if comparable.len() < 2 || years <= 0.0 {
        return None;
    }
    let steps: Vec<Verdict> = comparable.windows(2).filter_map(|pair| Some(frame.compare(pair[0].value?, pair[1].value?))).collect();
    let count = |verdict| steps.iter().filter(|v| **v == verdict).count();
    Some(Trend {
        better: count(Verdict::Better),
        worse: count(Verdict::Worse),
        flat: count(Verdict::Flat),
        verdict: match frame.rule {
            Rule::None => Verdict::NotJudged,
            _ if frame.indicator.direction == Direction::None => Verdict::NotJudged,
            _ if first.small_n || last.small_n => Verdict::TooFew,
            _ => frame.compare(from.value, to.value),
        },
        yearly_growth: cagr(from.value, to.value, years),
        yearly_change: (to.value - from.value) / years,
        weak_base: first.small_n,
        from,
        to,
    })
}
