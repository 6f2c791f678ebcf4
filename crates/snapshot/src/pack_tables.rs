//! Tables filled from the pack itself: published figures, assumptions, codes, plan nodes.

use crate::HitKind;
use rusqlite::{Connection, Result, params};
use shirube_plan::{Figure, NodeKind, Pack, Pair};
use std::collections::BTreeSet;

/// Replaces the content of the pack's own tables.
pub(crate) fn fill(connection: &Connection, pack: &Pack) -> Result<()> {
    connection.execute_batch(
        "DELETE FROM published_figure; DELETE FROM assumption; DELETE FROM code; DELETE FROM plan_node; DELETE FROM _pack_text;",
    )?;
    figures(connection, pack)?;
    let mut insert = connection.prepare("INSERT INTO assumption VALUES (?1, ?2, ?3)")?;
    for assumption in &pack.assumptions {
        insert.execute(params![assumption.id, assumption.value, assumption.unit])?;
    }
    let mut insert = connection.prepare("INSERT INTO code VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for list in pack.code_lists.values() {
        for (position, code) in (1i64..).zip(&list.codes) {
            insert.execute(params![list.name, code.code, code.label.ja, code.label.en, position])?;
        }
    }
    let mut insert = connection.prepare("INSERT INTO plan_node VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for period in &pack.periods {
        for node in &period.nodes {
            insert.execute(params![node.id, period.id, kind_word(node.kind), node.parent, node.number, node.label.ja, node.label.en])?;
        }
    }
    texts(connection, pack)
}

fn texts(connection: &Connection, pack: &Pack) -> Result<()> {
    let mut insert = connection.prepare("INSERT INTO _pack_text VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for Wording { kind, id, title, text } in wordings(pack) {
        insert.execute(params![kind.as_str(), id, title.ja, title.en, text.ja, text.en])?;
    }
    Ok(())
}

/// What searches look at of a thing of the pack: id, names, wordings.
pub(crate) struct Wording<'a> {
    pub kind: HitKind,
    pub id: &'a str,
    pub title: Pair,
    pub text: Pair,
}

/// The wordings of everything in a pack.
pub(crate) fn wordings(pack: &Pack) -> Vec<Wording<'_>> {
    let none = Pair::default();
    let mut all = vec![];
    let mut add = |kind, id, title: &Pair, text: &Pair| all.push(Wording { kind, id, title: title.clone(), text: text.clone() });
    for node in pack.periods.iter().flat_map(|p| &p.nodes) {
        add(HitKind::Node, &node.id, &node.label, node.text.as_ref().unwrap_or(&none));
    }
    for indicator in pack.indicators.values() {
        add(HitKind::Indicator, &indicator.id, &indicator.label, &indicator.definition);
    }
    for figure in &pack.figures {
        let series = pack.series.get(&figure.series).map_or(&none, |s| &s.label);
        let printed = format!("{}\n{}\n{}", figure.printed, figure.cite.heading, figure.cite.quote);
        add(HitKind::Figure, &figure.id, series, &Pair { ja: printed.clone(), en: printed });
    }
    let mut headings = BTreeSet::new();
    for source in &pack.sources {
        add(HitKind::Source, &source.id, &source.label, &source.publisher);
        // Headings are those that something is cited under.
        let figures = pack.figures.iter().map(|f| &f.cite);
        let nodes = pack.periods.iter().flat_map(|p| &p.nodes).flat_map(|n| &n.cites);
        for cite in figures.chain(nodes).filter(|c| c.source == source.id && !c.heading.is_empty()) {
            if headings.insert((&source.id, &cite.heading)) {
                add(HitKind::Heading, &source.id, &Pair { ja: cite.heading.clone(), en: cite.heading.clone() }, &none);
            }
        }
    }
    for register in pack.registers.values() {
        add(HitKind::Register, &register.name, &register.label, &register.description);
    }
    all
}

/// A correction changes what indicators read; `printed` stays what the document says.
fn figures(connection: &Connection, pack: &Pack) -> Result<()> {
    let mut insert = connection.prepare("INSERT INTO published_figure VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for figure in &pack.figures {
        let correction = pack.corrections.iter().find(|c| c.figure == figure.id);
        let period = correction.and_then(|c| c.period.as_ref()).unwrap_or(&figure.period);
        let value = correction.and_then(|c| c.value).or(figure.value);
        // A corrected value is a number, whatever the document printed instead of one.
        let status = if correction.is_some_and(|c| c.value.is_some()) { None } else { figure.status.map(|s| s.as_str()) };
        let unit = pack.series.get(&figure.series).map_or("", |s| s.unit.as_str());
        let cite = &figure.cite;
        insert.execute(params![
            figure.id,
            cite.source,
            figure.series,
            period,
            dims(figure),
            value,
            figure.printed,
            unit,
            status,
            cite.heading,
            cite.quote
        ])?;
    }
    Ok(())
}

fn dims(figure: &Figure) -> String {
    serde_json::json!(figure.dims).to_string()
}

/// The word of a node's kind, as in `plan/PERIOD.toml`.
fn kind_word(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Mission => "mission",
        NodeKind::Vision => "vision",
        NodeKind::Policy => "policy",
        NodeKind::Goal => "goal",
        NodeKind::Challenge => "challenge",
        NodeKind::Measure => "measure",
        NodeKind::Priority => "priority",
        NodeKind::Focus => "focus",
        NodeKind::Kgi => "kgi",
        NodeKind::Text => "text",
    }
}
