//! A derivation, step by step.

use super::{compute::plain, say, table::Table};
use crate::{Derivation, RESULT, SqlValue, Step, format};
use shirube_plan::{FieldKind, Indicator, Lang, Pack, Pair};

/// Longest text of a cell, in characters.
const CELL: usize = 40;

/// Every step with its explanation, its SQL and its first rows.
pub fn explain(pack: &Pack, indicator: &Indicator, derivation: &Derivation, lang: Lang) -> String {
    let unit = pack.units.get(&indicator.unit).map_or("", |u| u.label.get(lang));
    let mut text = format!("{} ({unit}) [{}]\n{}\n", indicator.label.get(lang), indicator.id, indicator.definition.get(lang));
    for (number, step) in (1..).zip(&derivation.steps) {
        text.push('\n');
        text.push_str(&step_text(pack, step, number, lang));
    }
    text
}

fn step_text(pack: &Pack, step: &Step, number: usize, lang: Lang) -> String {
    let result = Pair { ja: "結果".into(), en: "Result".into() };
    let comment = if step.comment == Pair::default() && step.name == RESULT { &result } else { &step.comment };
    let rows = match lang {
        Lang::Ja if step.rows.len() < step.total_rows => format!("{}行のうち{}行", step.total_rows, step.rows.len()),
        Lang::Ja => format!("{}行", step.total_rows),
        Lang::En if step.rows.len() < step.total_rows => format!("{} of {} rows", step.rows.len(), step.total_rows),
        Lang::En if step.total_rows == 1 => "1 row".to_string(),
        Lang::En => format!("{} rows", step.total_rows),
    };
    let mut text = format!("{number}. {} [{}] {rows}\n", comment.get(lang), step.name);
    if let Some(register) = step.record_column.as_ref().and_then(|r| pack.registers.get(r)) {
        text.push_str(&format!("   {}: {} ({})\n", say(lang, "記録", "records"), register.label.get(lang), register.name));
    }
    for line in step.sql.lines() {
        text.push_str(&format!("   | {line}\n"));
    }
    let heads: Vec<String> = step.columns.iter().enumerate().map(|(i, name)| head(pack, step, i, name, lang)).collect();
    let mut table = Table::new(heads.iter().map(String::as_str));
    for row in &step.rows {
        table.row(row.iter().enumerate().map(|(i, value)| cell(pack, step, i, value, lang)));
    }
    for line in table.text().lines() {
        text.push_str(&format!("   {line}\n"));
    }
    text
}

/// A column's own name, with the label of the field it is taken from.
fn head(pack: &Pack, step: &Step, i: usize, name: &str, lang: Lang) -> String {
    let number = step.rows.iter().any(|r| matches!(r.get(i), Some(SqlValue::Integer(_) | SqlValue::Real(_))));
    let side = if number { ">" } else { "" };
    match field(pack, step, i) {
        Some(field) => format!("{side}{} ({name})", field.label.get(lang)),
        None => format!("{side}{name}"),
    }
}

/// The field of a register that a column shows unchanged.
fn field<'a>(pack: &'a Pack, step: &Step, i: usize) -> Option<&'a shirube_plan::Field> {
    let origin = step.origins.get(i)?.as_ref()?;
    match origin.table.split_once("__") {
        None => pack.registers.get(&origin.table)?.field(&origin.column),
        Some((register, child)) => match &pack.registers.get(register)?.field(child)?.kind {
            FieldKind::Group { fields } => fields.iter().find(|f| f.name == origin.column),
            _ => None,
        },
    }
}

fn cell(pack: &Pack, step: &Step, i: usize, value: &SqlValue, lang: Lang) -> String {
    match value {
        SqlValue::Null => "–".into(),
        // Ids and years are names, not amounts: no separators.
        SqlValue::Integer(n) if n.abs() < 10_000 || step.columns.get(i).is_some_and(|c| c == "_id") => n.to_string(),
        SqlValue::Integer(n) => format::number(*n as f64, 0),
        SqlValue::Real(x) => plain(Some(*x)),
        SqlValue::Text(text) => {
            let label = match field(pack, step, i).map(|f| &f.kind) {
                Some(FieldKind::Choice { codes }) => pack.code(codes, text).map(|c| c.label.get(lang)),
                Some(FieldKind::Country) => pack.code("country", text).map(|c| c.label.get(lang)),
                // A computed column that has a dimension's name holds its codes.
                _ => step
                    .columns
                    .get(i)
                    .and_then(|c| pack.dimensions.get(c))
                    .and_then(|d| pack.code(&d.codes, text))
                    .map(|c| c.label.get(lang)),
            };
            let shown = label.unwrap_or(text);
            if shown.chars().count() > CELL {
                format!("{}…", shown.chars().take(CELL - 1).collect::<String>())
            } else {
                shown.to_string()
            }
        }
    }
}
