//! Judging an indicator by the plan's own rule: change, trend, target.
//!
//! The rule is the period's ("better every year") unless the indicator has targets. What cannot be judged says
//! so: a change across a break of the series is no change, few cases are few, a missing year is missing. Nothing
//! here replaces a zero, skips a sign or picks a base year: see each function for its edges.

mod remark;
mod series;
mod target;

pub use remark::Remark;
pub use series::{Point, Reading, SeriesJudgement, Trend};
pub use target::{Method, Pace, TargetJudgement, TargetState};

use crate::{compute::Computed, order::dims_order};
use serde::Serialize;
use shirube_plan::{Dims, Direction, Indicator, Pack, Rule};

/// How an indicator stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Id of the indicator.
    pub indicator: String,
    /// Which way is better: `up`, `down` or `none`.
    pub direction: &'static str,
    /// The rule applied: `improve`, `target` or `none`.
    pub rule: &'static str,
    /// Fiscal years in which measures of the plan's period take effect, where a lag is declared.
    pub effect: Option<(i32, i32)>,
    /// The series that stands for the indicator: all together, or the only one.
    pub headline: Option<usize>,
    /// One per breakdown, in the order of the code lists, all together first.
    pub series: Vec<SeriesJudgement>,
}

impl Judgement {
    /// The series that stands for the indicator.
    pub fn headline(&self) -> Option<&SeriesJudgement> {
        self.headline.and_then(|i| self.series.get(i))
    }

    /// The series of a breakdown.
    pub fn of(&self, dims: &Dims) -> Option<&SeriesJudgement> {
        self.series.iter().find(|s| &s.dims == dims)
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In the better direction.
    Better,
    /// In the worse direction.
    Worse,
    /// No difference at the places shown.
    Flat,
    /// Across a break of the series.
    NotComparable,
    /// Fewer cases than the indicator asks for.
    TooFew,
    /// A value is missing.
    Unknown,
    /// The plan has no rule for it, or the indicator no direction.
    NotJudged,
}

/// Judges an indicator by the plan's rule.
pub fn judge(pack: &Pack, indicator: &Indicator, computed: &Computed) -> Judgement {
    let rule = rule_of(pack, indicator);
    let frame = Frame {
        indicator,
        rule,
        places: pack.units.get(&indicator.unit).map_or(0, |u| u.places),
        // A snapshot without events has no date; nothing in it is known to lie ahead.
        this_year: (computed.seq > 0).then_some(computed.fiscal_year),
    };
    let mut all: Vec<Dims> = Vec::new();
    for observation in &computed.observations {
        if !all.contains(&observation.dims) {
            all.push(observation.dims.clone());
        }
    }
    let order = dims_order(pack, indicator);
    all.sort_by_cached_key(|dims| order.key(dims));
    let alone = all.len() == 1;
    let headline = all.iter().position(|dims| alone || dims.is_empty());
    let effect = effect(pack, indicator);
    let series = all
        .into_iter()
        .enumerate()
        .map(|(i, dims)| {
            let own = computed.observations.iter().filter(|o| o.dims == dims);
            // Targets are set for the whole, not for its parts.
            let is_headline = headline == Some(i);
            series::judge_series(&frame, own, is_headline).of_dims(dims.clone(), effect.filter(|_| is_headline))
        })
        .collect();
    Judgement {
        indicator: indicator.id.clone(),
        direction: direction_word(indicator.direction),
        rule: rule_word(rule),
        effect,
        headline,
        series,
    }
}

/// What judging a series needs to know of its indicator.
struct Frame<'a> {
    indicator: &'a Indicator,
    rule: Rule,
    /// Decimals at which two values are shown, and so compared.
    places: u8,
    /// Fiscal year of the snapshot; later periods are projections.
    this_year: Option<i64>,
}

impl Frame<'_> {
    /// Compares two values by their difference at the places shown, so that a verdict always agrees with the change
    /// beside it.
    fn compare(&self, from: f64, to: f64) -> Verdict {
        let rise = shirube_snapshot::functions::round_to(to - from, i64::from(self.places));
        match self.indicator.direction {
            _ if rise == 0.0 => Verdict::Flat,
            Direction::None => Verdict::NotJudged,
            Direction::Up if rise > 0.0 => Verdict::Better,
            Direction::Down if rise < 0.0 => Verdict::Better,
            _ => Verdict::Worse,
        }
    }
}

/// The rule an indicator is judged by: its own, target where it has targets, or that of the period its first node
/// belongs to (of the pack's default period for one without nodes).
pub fn rule_of(pack: &Pack, indicator: &Indicator) -> Rule {
    if let Some(rule) = indicator.rule {
        return rule;
    }
    if !indicator.targets.is_empty() {
        return Rule::Target;
    }
    let of_node = indicator.nodes.iter().find_map(|id| pack.node(id)).map(|(period, _)| period.rule);
    let default = || pack.periods.iter().find(|p| Some(&p.id) == pack.meta.default_period.as_ref()).map(|p| p.rule);
    of_node.or_else(default).unwrap_or(Rule::None)
}

/// Years in which measures taken in the plan's first year take effect, by the lag of the indicator or its node.
fn effect(pack: &Pack, indicator: &Indicator) -> Option<(i32, i32)> {
    let (period, node) = indicator.nodes.iter().find_map(|id| pack.node(id))?;
    let (least, most) = indicator.lag.or(node.lag)?;
    Some((period.from + least, period.from + most))
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::None => "none",
    }
}

fn rule_word(rule: Rule) -> &'static str {
    match rule {
        Rule::Improve => "improve",
        Rule::Target => "target",
        Rule::None => "none",
    }
}
