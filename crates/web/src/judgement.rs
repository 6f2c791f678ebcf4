//! A judgement in words: rule, change, trend, target, and what limits it.

use crate::{
    fmt,
    layout::View,
    measures::{State, by_change, of_series},
    parts,
};
use maud::{Markup, html};
use shirube_indicator::{
    Judgement, Verdict, format,
    judge::{Method, Reading, SeriesJudgement, TargetJudgement, Trend},
};
use shirube_plan::{Indicator, Rule, Unit};

/// Draws it: the whole first, then each breakdown as a line of a table.
pub fn view(v: &View, indicator: &Indicator, judgement: &Judgement) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &indicator.unit);
    html! {
        p class="small muted" { (rule(v, indicator)) @if let Some((from, to)) = judgement.effect { " " (effect(v, from, to)) } }
        @if let Some(series) = judgement.headline() {
            (whole(v, series, unit))
            @for target in &series.targets { (against(v, target, unit)) }
        }
        @if judgement.series.len() > 1 {
            // A table of "not judged" would only repeat the values.
            @if judgement.series.iter().any(|s| s.verdict != Verdict::NotJudged) { (parts_table(v, judgement, unit)) }
            @else { p { (State::By(Verdict::NotJudged).tag(l)) " " (judgement.series.first().and_then(|s| s.remarks.first()).map(|r| r.text(l.0)).unwrap_or_default()) } }
        }
        @if judgement.series.is_empty() { p { (State::By(Verdict::Unknown).tag(l)) } }
    }
}

fn rule(v: &View, indicator: &Indicator) -> &'static str {
    let l = v.cx.l;
    match shirube_indicator::judge::rule_of(v.pack, indicator) {
        Rule::Improve => l.t("計画の評価の考え方：年々良くなっているか。", "The plan's rule: is it better every year?"),
        Rule::Target => l.t("計画の評価の考え方：目標に対してどこまで来たか。", "The plan's rule: where does it stand against its target?"),
        Rule::None => l.t("計画はこの指標の評価の決まりを置いていない。", "The plan has no rule for judging it."),
    }
}

fn effect(v: &View, from: i32, to: i32) -> String {
    if v.cx.l.is_ja() {
        format!("施策の効果が現れるのは{from}～{to}年度と見込まれ、それより前の動きはこの計画の成果とは限らない。")
    } else {
        format!("Measures are expected to take effect in fiscal years {from} to {to}; earlier moves need not be this plan's doing.")
    }
}

fn reading(v: &View, r: &Reading, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    html! { span class="nowrap" { (fmt::period(l, &r.period)) " " b { (fmt::value(l, r.value, unit)) } } }
}

fn whole(v: &View, series: &SeriesJudgement, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    html! {
        p {
            (by_change(series).tag(l)) " "
            @match (&series.previous, &series.latest) {
                (Some(before), Some(now)) => { (reading(v, before, unit)) (l.t(" から ", " to ")) (reading(v, now, unit)) },
                (None, Some(now)) => (reading(v, now, unit)),
                _ => "",
            }
            @if let Some(change) = series.change {
                (l.t("（", " (")) (fmt::change(l, change, unit))
                @if let Some(growth) = series.growth { (l.t("、", ", ")) (format::growth(growth)) }
                (l.t("）", ")"))
                @if let (Some(before), Some(now)) = (&series.previous, &series.latest)
                    && fmt::rounded_otherwise(before.value, now.value, change, unit) {
                    " " span class="small muted" { (l.t("差は丸める前の値から計算しています。", "The change is taken before rounding.")) }
                }
            }
        }
        @if let Some(trend) = &series.trend { p { (trend_words(v, trend, unit)) } }
        @if !series.remarks.is_empty() {
            div class="callout" { ul { @for remark in &series.remarks { li { (remark.text(l.0)) } } } }
        }
    }
}

fn trend_words(v: &View, trend: &Trend, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    let steps = trend.steps();
    html! {
        (l.t("比較できる範囲の推移：", "Over the comparable years: "))
        (reading(v, &trend.from, unit)) (l.t(" から ", " to ")) (reading(v, &trend.to, unit)) (l.t("。", ". "))
        @if trend.every_step_better() && steps > 1 { (l.t("毎回改善している。", "Better at every step.")) }
        @else if l.is_ja() { (steps) "回の変化のうち改善" (trend.better) "・悪化" (trend.worse) "・横ばい" (trend.flat) "。" }
        @else { (fmt::counted(l, steps, "", "step", "steps")) ": " (trend.better) " better, " (trend.worse) " worse, " (trend.flat) " flat." }
        @if let Some(growth) = trend.yearly_growth.filter(|_| !trend.weak_base) { " " (l.t("年平均 ", "Yearly ")) (format::growth(growth)) (l.t("。", ".")) }
    }
}

fn against(v: &View, target: &TargetJudgement, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    html! {
        h3 { @if l.is_ja() { (fmt::period(l, &target.period)) "の目標 " } @else { "Target for " (fmt::period(l, &target.period)) ": " } (fmt::value(l, target.value, unit)) }
        p { (State::Target(target.state).tag(l)) @for remark in &target.remarks { " " (remark.text(l.0)) } }
        dl class="facts" {
            @if let Some(from) = &target.from { dt { (l.t("最新の値", "Latest")) } dd { (reading(v, from, unit)) } }
            @if let Some(gap) = target.gap { dt { (l.t("目標までの差", "Gap")) } dd { (fmt::value(l, gap, unit)) } }
            @if let Some(pace) = &target.pace {
                dt { (l.t("必要な伸び（年）", "Pace needed, a year")) } dd { (pace_words(v, target.method, pace.needed, unit)) }
                dt { (l.t("これまでの伸び（年）", "Pace so far, a year")) }
                dd { @match pace.so_far { Some(p) => (pace_words(v, target.method, p, unit)), None => (l.t("分からない", "not known")) } }
            }
            @if let Some(projected) = target.projected {
                dt { (l.t("この指標の推計", "The indicator's projection")) }
                dd {
                    (fmt::value(l, projected, unit))
                    @if let Some(gap) = target.projected_gap { (l.t("（目標との差 ", " (gap to the target ")) (fmt::value(l, gap, unit)) (l.t("）", ")")) }
                }
            }
        }
        @if target.path.len() > 2 { (path_table(v, target, unit)) }
    }
}

/// A yearly pace: a rate, or an amount in the unit.
pub fn pace_words(v: &View, method: Option<Method>, pace: f64, unit: Option<&Unit>) -> String {
    match method {
        Some(Method::Growth) => format::growth(pace),
        _ => fmt::change(v.cx.l, pace, unit),
    }
}

/// The path year by year, folded: the chart shows its ends.
fn path_table(v: &View, target: &TargetJudgement, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    html! {
        details {
            summary { (l.t("目標までの道筋（年ごと）", "Path to the target, year by year")) }
            div class="scroll" {
                table {
                    caption {
                        @if target.method == Some(Method::Linear) { (l.t("毎年同じ量ずつ進む場合", "The same step every year")) }
                        @else { (l.t("毎年同じ率で伸びる場合", "The same growth every year")) }
                    }
                    (parts::thead(&[(l.t("時期", "Period"), false), (l.t("道筋の値", "Value on the path"), true)]))
                    tbody { @for r in &target.path { tr { th scope="row" { (fmt::period(l, &r.period)) } td class="num" { (fmt::value(l, r.value, unit)) } } } }
                }
            }
        }
    }
}

fn parts_table(v: &View, judgement: &Judgement, unit: Option<&Unit>) -> Markup {
    let l = v.cx.l;
    html! {
        details open[judgement.headline().is_none()] {
            summary { (l.t("内訳ごとの判定", "By breakdown")) }
            div class="scroll" {
                table data-sort="" {
                    caption class="visually-hidden" { (l.t("内訳ごとの判定", "By breakdown")) }
                    (parts::thead(&[
                        (l.t("内訳", "Breakdown"), false),
                        (l.t("前の値", "Before"), true),
                        (l.t("最新の値", "Latest"), true),
                        (l.t("変化", "Change"), true),
                        (l.t("判定", "State"), false),
                        (l.t("注意", "Note"), false),
                    ]))
                    tbody {
                        @for s in &judgement.series {
                            tr {
                                th scope="row" { (parts::dims(v, &s.dims)) }
                                td class="num" data-v=[s.previous.as_ref().map(|r| r.value)] { @if let Some(r) = &s.previous { (fmt::value(l, r.value, unit)) } }
                                td class="num" data-v=[s.latest.as_ref().map(|r| r.value)] { @if let Some(r) = &s.latest { (fmt::value(l, r.value, unit)) } }
                                td class="num" data-v=[s.change] { @if let Some(change) = s.change { (fmt::change(l, change, unit)) } }
                                td { (of_series(s).tag(l)) }
                                td class="small" { @for remark in &s.remarks { (remark.text(l.0)) " " } }
                            }
                        }
                    }
                }
            }
        }
    }
}
