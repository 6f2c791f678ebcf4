//! What an indicator says at the page's moment, and how that reads.

use crate::text::L;
use maud::{Markup, html};
use shirube_indicator::{
    Computed, IndicatorError, Judgement, Verdict,
    judge::{Remark, SeriesJudgement, TargetState},
    render,
};
use shirube_plan::{Indicator, IndicatorKind};
use std::sync::Arc;

/// An indicator's values and their judgement.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Values.
    pub computed: Arc<Computed>,
    /// What they mean by the plan's rule.
    pub judgement: Arc<Judgement>,
}

/// An indicator with its measure, or with why it could not be computed.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// The indicator.
    pub indicator: &'a Indicator,
    /// Its measure.
    pub outcome: Result<Measure, IndicatorError>,
}

impl Measured<'_> {
    /// Its measure.
    pub fn measure(&self) -> Result<&Measure, &IndicatorError> {
        self.outcome.as_ref()
    }

    /// The series that stands for the indicator.
    pub fn headline(&self) -> Option<&SeriesJudgement> {
        self.measure().ok()?.judgement.headline()
    }

    /// Its state, in one word.
    pub fn state(&self) -> State {
        match self.measure() {
            Err(_) => State::Failed,
            Ok(measure) => measure.judgement.headline().map_or_else(|| of_parts(&measure.judgement), of_series),
        }
    }
}

/// State of an indicator or goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// By the plan's rule for change.
    By(Verdict),
    /// Against a target.
    Target(TargetState),
    /// There is a first value and nothing to compare it with.
    First,
    /// Broken down only: nothing stands for the whole.
    Parts,
    /// Followed up in words.
    Words,
    /// Could not be computed.
    Failed,
}

/// State of one series.
pub fn of_series(series: &SeriesJudgement) -> State {
    match series.targets.last() {
        Some(target) if target.state != TargetState::Undirected => State::Target(target.state),
        _ => by_change(series),
    }
}

/// State of one series by its latest change alone.
pub fn by_change(series: &SeriesJudgement) -> State {
    let first = series.latest.is_some() && series.remarks.iter().any(|r| matches!(r, Remark::First { .. }));
    if first && series.verdict == Verdict::Unknown { State::First } else { State::By(series.verdict) }
}

fn of_parts(judgement: &Judgement) -> State {
    match judgement.series.first() {
        None => State::By(Verdict::Unknown),
        // All parts say the same: so does the whole.
        Some(first) if judgement.series.iter().all(|s| s.verdict == first.verdict) => State::By(first.verdict),
        Some(_) => State::Parts,
    }
}

impl State {
    /// Every state, for filters and for the help.
    pub const ALL: [State; 19] = [
        State::By(Verdict::Better),
        State::By(Verdict::Worse),
        State::By(Verdict::Flat),
        State::By(Verdict::NotComparable),
        State::By(Verdict::TooFew),
        State::By(Verdict::Unknown),
        State::By(Verdict::NotJudged),
        State::Target(TargetState::Reached),
        State::Target(TargetState::OnPace),
        State::Target(TargetState::Behind),
        State::Target(TargetState::Missed),
        State::Target(TargetState::Lost),
        State::Target(TargetState::Open),
        State::Target(TargetState::Unknown),
        State::Target(TargetState::Undirected),
        State::First,
        State::Parts,
        State::Words,
        State::Failed,
    ];

    /// Name in addresses and classes.
    pub fn slug(self) -> &'static str {
        match self {
            State::By(Verdict::Better) => "better",
            State::By(Verdict::Worse) => "worse",
            State::By(Verdict::Flat) => "flat",
            State::By(Verdict::NotComparable) => "not-comparable",
            State::By(Verdict::TooFew) => "too-few",
            State::By(Verdict::Unknown) => "unknown",
            State::By(Verdict::NotJudged) => "not-judged",
            State::Target(TargetState::Unknown) => "target-unknown",
            State::Target(TargetState::Undirected) => "undirected",
            State::Target(TargetState::Reached) => "reached",
            State::Target(TargetState::Lost) => "lost",
            State::Target(TargetState::Missed) => "missed",
            State::Target(TargetState::OnPace) => "on-pace",
            State::Target(TargetState::Behind) => "behind",
            State::Target(TargetState::Open) => "open",
            State::First => "first",
            State::Parts => "parts",
            State::Words => "words",
            State::Failed => "failed",
        }
    }

    /// Colour family: `better`, `worse`, `flat`, `care`, `words`, `none`.
    pub fn tone(self) -> &'static str {
        match self.slug() {
            "better" | "reached" | "on-pace" => "better",
            "first" => "flat",
            "worse" | "missed" | "lost" | "behind" | "failed" => "worse",
            "flat" => "flat",
            "not-comparable" | "too-few" | "unknown" | "target-unknown" | "open" => "care",
            "words" | "parts" => "words",
            _ => "none",
        }
    }

    /// A sign that tells the state without colour.
    pub fn sign(self) -> &'static str {
        match self.slug() {
            "better" => "✓",
            "worse" => "！",
            "flat" => "＝",
            "not-comparable" => "≠",
            "too-few" => "△",
            "unknown" | "target-unknown" | "open" => "？",
            "reached" => "◎",
            "on-pace" => "○",
            "behind" | "missed" | "lost" => "×",
            "first" => "1",
            "words" => "¶",
            "parts" => "⊞",
            "failed" => "✕",
            _ => "―",
        }
    }

    /// In words.
    pub fn word(self, l: L) -> String {
        match self {
            State::By(verdict) => render::verdict(verdict, l.0).to_string(),
            State::Target(state) => format!("{}{}", l.t("目標：", "target: "), render::state(state, l.0)),
            State::First => l.t("初回の値", "first value").to_string(),
            State::Parts => l.t("内訳ごと", "by breakdown").to_string(),
            State::Words => l.t("文章で報告", "in words").to_string(),
            State::Failed => l.t("計算できない", "cannot be computed").to_string(),
        }
    }

    /// What it means, for the help.
    pub fn meaning(self, l: L) -> &'static str {
        match self.slug() {
            "better" => l.t("前の時期より、その指標にとって良い向きに動いた。", "Moved the better way since the period before."),
            "worse" => l.t("前の時期より、悪い向きに動いた。", "Moved the worse way since the period before."),
            "flat" => l.t("表示する桁で同じ値だった。", "The same at the places shown."),
            "not-comparable" => {
                l.t("調査方法の変更などで、前の時期と比べられない。", "A break of the series lies between, such as a change of method.")
            }
            "too-few" => l.t("件数が少なく、変化を判定しない。", "Too few cases to judge the change."),
            "unknown" | "target-unknown" => l.t("値がない。", "There is no value."),
            "first" => l.t("値はあるが、比べる前の値がない。", "There is a value, and none before it to compare with."),
            "reached" => l.t("最新の値が目標に達している。", "The latest value is at or beyond the target."),
            "lost" => l.t("一度達したが、今は達していない。", "Reached once, not any more."),
            "missed" => l.t("期限が来たが達していない。", "Its period has come and it is not reached."),
            "on-pace" => l.t("これまでの伸びが続けば達する。", "The pace so far is enough."),
            "behind" => l.t("これまでの伸びでは届かない。", "The pace so far is not enough."),
            "open" => l.t(
                "目標の期限はまだ来ておらず、これまでの伸びも分からないので、判定できない。",
                "Its period has not come, and too little is known of the pace so far.",
            ),
            "words" => l.t("数値ではなく、実施状況の文章で報告される。", "Reported in words, not in figures."),
            "parts" => l.t("全体の値がなく、内訳ごとに判定が異なる。", "There is no value for the whole, and the parts differ."),
            "failed" => l.t("指標の計算に失敗した。理由は指標の画面に示す。", "The calculation failed; the indicator's page says why."),
            _ => l.t("計画に評価の決まりがない、または良い向きが決まっていない。", "The plan has no rule for it, or no better direction."),
        }
    }

    /// As a tag.
    pub fn tag(self, l: L) -> Markup {
        html! { span class={ "tag " (self.tone()) } { span aria-hidden="true" { (self.sign()) } " " (self.word(l)) } }
    }
}

/// Indicators of a node: KGI and KPI first, then follow-up items, then reference; checks are the audit's.
pub fn rank(kind: IndicatorKind) -> u8 {
    match kind {
        IndicatorKind::Kgi => 0,
        IndicatorKind::Kpi => 1,
        IndicatorKind::FollowUp => 2,
        IndicatorKind::Reference => 3,
        IndicatorKind::Check => 4,
    }
}

/// The measure that stands for a goal: the first KGI or KPI with a value for the whole, else any with one.
pub fn headline_of<'m, 'a>(measures: &'m [Measured<'a>]) -> Option<&'m Measured<'a>> {
    let told = |m: &&Measured<'_>| m.headline().is_some_and(|s| s.points.iter().any(|p| p.value.is_some()));
    let judged = |m: &&Measured<'_>| told(m) && rank(m.indicator.kind) < 2;
    measures.iter().find(judged).or_else(|| measures.iter().find(told))
}

/// States of the measures that count for a goal (KGI, KPI and follow-up items), with how many each.
pub fn tally(measures: &[Measured<'_>]) -> Vec<(State, usize)> {
    let mut counts: Vec<(State, usize)> = vec![];
    for state in measures.iter().filter(|m| rank(m.indicator.kind) < 3).map(Measured::state) {
        match counts.iter_mut().find(|(s, _)| *s == state) {
            Some((_, n)) => *n += 1,
            None => counts.push((state, 1)),
        }
    }
    counts.sort_by_key(|(state, _)| State::ALL.iter().position(|s| s == state));
    counts
}

/// Colour family of a goal: what all its states share, or `care` when some are good and some bad.
pub fn tone_of(tally: &[(State, usize)]) -> &'static str {
    let has = |tone: &str| tally.iter().any(|(s, _)| s.tone() == tone);
    match (has("better"), has("worse")) {
        (true, true) => "care",
        (true, false) => "better",
        (false, true) => "worse",
        (false, false) => tally.first().map_or("none", |(s, _)| s.tone()),
    }
}
