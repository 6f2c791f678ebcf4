//! Tables filled from the pack itself: published figures, assumptions, codes, plan nodes.

use rusqlite::{Connection, Result, params};
use shirube_plan::{Figure, NodeKind, Pack};

/// Replaces the content of the pack's own tables.
pub(crate) fn fill(connection: &Connection, pack: &Pack) -> Result<()> {
    connection.execute_batch("DELETE FROM published_figure; DELETE FROM assumption; DELETE FROM code; DELETE FROM plan_node;")?;
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
    Ok(())
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
