//! How an indicator stands.

use super::{dims_label, say, table::Table};
use crate::{
    format,
    judge::{Judgement, Reading, TargetState, Verdict},
};
use shirube_plan::{Indicator, Lang, Pack, Unit};

/// The judgement as a table, one row per breakdown, then its targets.
pub fn judge(pack: &Pack, indicator: &Indicator, judgement: &Judgement, lang: Lang) -> String {
    let unit = pack.units.get(&indicator.unit).cloned().unwrap_or_default();
    let heads = [
        ("内訳", "Breakdown"),
        (">最新", ">Latest"),
        (">前回", ">Before"),
        (">変化", ">Change"),
        ("判定", "Verdict"),
        ("推移", "Trend"),
        ("注", "Remarks"),
    ];
    let mut table = Table::new(heads.iter().map(|(ja, en)| say(lang, ja, en)));
    for series in &judgement.series {
        let remarks: Vec<String> = series.remarks.iter().map(|r| r.text(lang)).collect();
        let trend = series.trend.as_ref().map(|t| {
            let span = format!("{}–{}", t.from.period, t.to.period);
            let counts =
                if t.verdict == Verdict::NotJudged { String::new() } else { format!(" (+{} −{} ={})", t.better, t.worse, t.flat) };
            format!("{span} {}{counts}", verdict(t.verdict, lang))
        });
        table.row([
            dims_label(pack, &indicator.dimensions, &series.dims, lang),
            reading(series.latest.as_ref(), &unit, lang),
            reading(series.previous.as_ref(), &unit, lang),
            series.change.map(|c| format::change(c, &unit, lang)).unwrap_or_default(),
            verdict(series.verdict, lang).to_string(),
            trend.unwrap_or_default(),
            remarks.join(" "),
        ]);
    }
    let mut text = table.text();
    for target in judgement.headline().map(|s| s.targets.as_slice()).unwrap_or_default() {
        let goal = format::value(target.value, &unit, lang);
        let gap = target.gap.map(|g| format::change(g, &unit, lang)).unwrap_or_default();
        let gap_word = say(lang, "残り", "to go");
        let head = format!("{} {}: {goal}", say(lang, "目標", "Target"), format::period(&target.period, lang));
        text.push_str(&format!("{head}; {gap_word} {gap}; {}\n", state(target.state, lang)));
        for remark in &target.remarks {
            text.push_str(&format!("  {}\n", remark.text(lang)));
        }
        for point in &target.path {
            text.push_str(&format!("  {} {}\n", format::period(&point.period, lang), format::value(point.value, &unit, lang)));
        }
        if let Some(projected) = target.projected {
            text.push_str(&format!("  {} {}\n", say(lang, "推計", "projected"), format::value(projected, &unit, lang)));
        }
    }
    text
}

fn reading(reading: Option<&Reading>, unit: &Unit, lang: Lang) -> String {
    reading.map(|r| format!("{} ({})", format::value(r.value, unit, lang), r.period)).unwrap_or_default()
}

/// The word for a verdict.
pub fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    let (ja, en) = match verdict {
        Verdict::Better => ("改善", "better"),
        Verdict::Worse => ("悪化", "worse"),
        Verdict::Flat => ("横ばい", "flat"),
        Verdict::NotComparable => ("比較不可", "not comparable"),
        Verdict::TooFew => ("少数のため不可", "too few"),
        Verdict::Unknown => ("不明", "unknown"),
        Verdict::NotJudged => ("評価対象外", "not judged"),
    };
    if lang == Lang::Ja { ja } else { en }
}

/// The word for the state of a target.
pub fn state(state: TargetState, lang: Lang) -> &'static str {
    let (ja, en) = match state {
        TargetState::Reached => ("達成", "reached"),
        TargetState::Lost => ("達成後に後退", "reached once, lost since"),
        TargetState::Missed => ("未達成（期限到来）", "missed"),
        TargetState::OnPace => ("このペースで到達", "on pace"),
        TargetState::Behind => ("このペースでは届かない", "behind"),
        TargetState::Open => ("期限前、まだ判定できない", "not due, cannot be judged yet"),
        TargetState::Unknown => ("不明", "unknown"),
        TargetState::Undirected => ("方向の定めなし", "no direction"),
    };
    if lang == Lang::Ja { ja } else { en }
}
