//! plan/PERIOD.toml.

use crate::model::*;
use crate::table::Table;

const KINDS: [(&str, NodeKind); 10] = [
    ("mission", NodeKind::Mission),
    ("vision", NodeKind::Vision),
    ("policy", NodeKind::Policy),
    ("goal", NodeKind::Goal),
    ("challenge", NodeKind::Challenge),
    ("measure", NodeKind::Measure),
    ("priority", NodeKind::Priority),
    ("focus", NodeKind::Focus),
    ("kgi", NodeKind::Kgi),
    ("text", NodeKind::Text),
];

/// Words of a judging rule.
pub(super) const RULES: [(&str, Rule); 3] = [("improve", Rule::Improve), ("target", Rule::Target), ("none", Rule::None)];

pub(super) fn period(pack: &mut Pack, id: &str, t: Table) {
    let mut period = Period { id: id.to_owned(), ..Period::default() };
    match t.table("period") {
        Some(p) => {
            period.label = p.need_pair("label");
            period.from = p.small("from").unwrap_or_else(|| {
                p.report("from", "`from` is missing", "add the first fiscal year, e.g. `from = 2022`");
                0
            });
            period.to = p.small("to");
            period.horizon = p.small("horizon");
            let words = [("in-force", PeriodStatus::InForce), ("draft", PeriodStatus::Draft), ("ended", PeriodStatus::Ended)];
            period.status = p.word("status", &words).unwrap_or_default();
            period.rule = p.word("rule", &RULES).unwrap_or(Rule::None);
            period.rule_text = p.pair("rule_text");
            period.cites = p.cites("cite");
            p.finish();
        }
        None => t.report("period", "`[period]` is missing", "begin the file with [period]: label, from, to"),
    }
    period.nodes = t.tables("node").into_iter().filter_map(node).collect();
    for p in t.tables("progress") {
        let year = p.small("year");
        if year.is_none() {
            p.report("year", "`year` is missing", "add the fiscal year, e.g. `year = 2023`");
        }
        period.progress.push(Progress {
            node: p.need_str("node", "\"goal-1\""),
            year: year.unwrap_or(0),
            owners: p.strings("owners"),
            text: p.need_pair("text"),
            cites: p.need_cites("cite"),
            place: p.place(),
        });
        p.finish();
    }
    for m in t.tables("milestone") {
        period.milestones.push(Milestone {
            date: m.need_str("date", "\"2022-05-31\""),
            label: m.need_pair("label"),
            cites: m.need_cites("cite"),
        });
        m.finish();
    }
    t.finish();
    pack.periods.push(period);
}

fn node(t: Table) -> Option<Node> {
    let kind = t.need_word("kind", &KINDS);
    let follow_up = t.word("follow_up", &[("figures", FollowUp::Figures), ("words", FollowUp::Words)]);
    let change = t.word("change", &[("keep", Change::Keep), ("change", Change::Change), ("add", Change::Add)]);
    let node = Node {
        id: t.need_str("id", "\"goal-1\""),
        kind: kind.unwrap_or(NodeKind::Text),
        parent: t.str("parent"),
        number: t.str("number"),
        label: t.need_pair("label"),
        text: t.pair("text"),
        owners: t.strings("owners"),
        follow_up,
        lag: t.range("lag"),
        from: t.strings("from"),
        change,
        cites: t.need_cites("cite"),
        place: t.place(),
    };
    if kind == Some(NodeKind::Goal) && follow_up.is_none() {
        t.report("follow_up", "a goal says how it is followed up", "add `follow_up = \"figures\"` or `follow_up = \"words\"`");
    }
    t.finish();
    kind.map(|_| node)
}
