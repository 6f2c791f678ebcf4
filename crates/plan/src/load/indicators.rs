//! indicators/ID.toml (the SQL is handed in).

use super::{disclosure, plan::RULES};
use crate::model::*;
use crate::table::Table;

pub(super) fn indicator(pack: &mut Pack, id: &str, sql: String, t: Table) {
    let kinds = [
        ("kgi", IndicatorKind::Kgi),
        ("kpi", IndicatorKind::Kpi),
        ("reference", IndicatorKind::Reference),
        ("follow-up", IndicatorKind::FollowUp),
        ("check", IndicatorKind::Check),
    ];
    let kind = t.need_word("kind", &kinds).unwrap_or(IndicatorKind::Check);
    let indicator = Indicator {
        id: id.to_owned(),
        kind,
        label: t.need_pair("label"),
        definition: t.need_pair("definition"),
        nodes: t.strings("nodes"),
        unit: t.need_str("unit", "\"cases\""),
        dimensions: t.strings("dimensions"),
        frequency: t.pair("frequency"),
        surveyor: t.pair("surveyor"),
        direction: t.word("direction", &[("up", Direction::Up), ("down", Direction::Down), ("none", Direction::None)]).unwrap_or_default(),
        rule: t.word("rule", &RULES),
        lag: t.range("lag"),
        min_n: t.int("min_n"),
        assumptions: t.strings("assumptions"),
        chart: t.word("chart", &[("line", Chart::Line), ("bar", Chart::Bar), ("matrix", Chart::Matrix), ("none", Chart::None)]),
        targets: t.tables("target").into_iter().map(target).collect(),
        breaks: t.tables("break").into_iter().map(series_break).collect(),
        disclosure: disclosure::of_indicator(&t),
        // Arithmetic over printed figures cites them row by row; every other definition comes from a document.
        cites: if kind == IndicatorKind::Check { t.cites("cite") } else { t.need_cites("cite") },
        sql,
        place: t.place(),
    };
    t.finish();
    pack.indicators.insert(id.to_owned(), indicator);
}

fn target(t: Table) -> Target {
    let value = t.float("value");
    if value.is_none() {
        t.report("value", "a target needs a `value`", "add it in the indicator's unit");
    }
    let target = Target { period: t.need_str("period", "\"2040\""), value: value.unwrap_or(0.0), cites: t.need_cites("cite") };
    t.finish();
    target
}

fn series_break(t: Table) -> Break {
    let found = Break { period: t.need_str("period", "\"2024\""), reason: t.need_pair("reason"), cites: t.need_cites("cite") };
    t.finish();
    found
}
