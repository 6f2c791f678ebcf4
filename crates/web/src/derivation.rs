//! The steps of an indicator: comment, SQL, rows that lead on to records and citations.

use crate::{cells, fmt, layout::View, parts, routes, url};
use maud::{Markup, html};
use shirube_indicator::{Derivation, RESULT, SqlValue, Step};
use shirube_plan::{FieldKind, Indicator, Sensitivity};
use std::collections::BTreeSet;

/// Value of the parameter `rows` that asks for more rows of each step.
pub const MORE: &str = "more";

/// Draws all steps in order; those withheld come without rows.
pub fn view(v: &View, indicator: &Indicator, derivation: &Derivation, withheld: &BTreeSet<String>) -> Markup {
    let l = v.cx.l;
    html! {
        p { (l.t("下の順に計算しています。各段階の行は、記録または公表値の引用につながります。", "It is computed in this order. The rows of each step lead to records or to citations of published figures.")) }
        @for (i, step) in derivation.steps.iter().enumerate() { (one(v, indicator, step, i + 1, withheld.contains(&step.name))) }
    }
}

fn one(v: &View, indicator: &Indicator, step: &Step, number: usize, withheld: bool) -> Markup {
    let l = v.cx.l;
    let comment = l.p(&step.comment);
    html! {
        div class="step" id={ "step-" (step.name) } {
            h3 {
                (number) ". "
                @if !comment.is_empty() { (comment) } @else if step.name == RESULT { (l.t("結果", "Result")) } @else { code { (step.name) } }
            }
            p class="small muted" {
                @if step.name != RESULT { code { (step.name) } " · " }
                @if withheld {
                    (l.t("行は、閲覧できない記録を含むため表示していません", "its rows are not shown: they hold records that you may not read"))
                } @else { (fmt::counted(l, step.total_rows, "行", "row", "rows")) }
                @if step.rows.len() < step.total_rows {
                    @if l.is_ja() { "（うち初めの" (step.rows.len()) "行を表示）" } @else { " (first " (step.rows.len()) " shown)" }
                    @if v.cx.query.get("rows") != Some(MORE) {
                        " " a class="no-print" href={ (v.cx.here_with("rows", Some(MORE))) "#step-" (step.name) } { (l.t("さらに表示", "show more")) }
                    }
                }
                @if let Some(register) = step.record_column.as_ref().and_then(|name| v.pack.registers.get(name)) {
                    " · " (l.t("台帳", "register")) " " a href=(v.cx.to(&cells::register_path(&register.name))) { (l.p(&register.label)) }
                }
                @if step.sensitivity > Sensitivity::Public { " · " span class="tag care" { (sensitivity(v, step.sensitivity)) } }
            }
            @if !step.rows.is_empty() { (rows(v, indicator, step, number)) }
            details { summary class="small" { "SQL" } pre { code { (step.sql.trim()) } } }
        }
    }
}

/// Sensitivity in words.
fn sensitivity(v: &View, sensitivity: Sensitivity) -> &'static str {
    let l = v.cx.l;
    match sensitivity {
        Sensitivity::Public => l.t("公開", "public"),
        Sensitivity::Internal => l.t("内部情報を含む", "holds internal data"),
        Sensitivity::Commercial => l.t("営業上の秘密を含む", "holds commercial secrets"),
        Sensitivity::Personal => l.t("個人情報を含む", "holds personal data"),
    }
}

fn rows(v: &View, indicator: &Indicator, step: &Step, number: usize) -> Markup {
    let l = v.cx.l;
    let title = format!("{} {number}", l.t("段階", "Step"));
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(title) {
            table {
                caption class="visually-hidden" { (title) }
                thead { tr { @for (i, column) in step.columns.iter().enumerate() { th scope="col" class=[numeric(step, i).then_some("num")] { (head(v, indicator, step, i, column)) } } } }
                tbody {
                    @for row in &step.rows {
                        tr { @for (i, value) in row.iter().enumerate() { td class=[numeric(step, i).then_some("num")] { (cell(v, step, i, value)) } } }
                    }
                }
            }
        }
    }
}

/// The column holds numbers only.
fn numeric(step: &Step, i: usize) -> bool {
    let number = |value: &SqlValue| matches!(value, SqlValue::Integer(_) | SqlValue::Real(_) | SqlValue::Null);
    step.rows.iter().filter_map(|row| row.get(i)).all(number) && step.columns.get(i).is_none_or(|c| c != "_id")
}

/// Name of a column: the label of the field or dimension it shows, and the name the SQL uses.
fn head(v: &View, indicator: &Indicator, step: &Step, i: usize, column: &str) -> Markup {
    let l = v.cx.l;
    let field = step.origins.get(i).and_then(Option::as_ref).and_then(|o| v.pack.registers.get(&o.table)?.field(&o.column));
    let label = match (column, field, v.pack.dimensions.get(column)) {
        ("_id", ..) => Some(l.t("記録", "record")),
        ("figure", ..) => Some(l.t("公表値", "figure")),
        ("period", ..) => Some(l.t("時期", "period")),
        ("value", ..) => Some(l.t("値", "value")),
        ("numerator", ..) => Some(l.t("分子", "numerator")),
        ("denominator", ..) => Some(l.t("分母", "denominator")),
        (_, Some(field), _) => Some(l.p(&field.label)),
        (_, _, Some(dimension)) => Some(l.p(&dimension.label)),
        _ => None,
    };
    let unit = match (column, field.map(|f| &f.kind)) {
        ("value", _) if step.name == RESULT => Some(indicator.unit.as_str()),
        (_, Some(FieldKind::Integer { unit, .. } | FieldKind::Decimal { unit, .. })) => unit.as_deref(),
        _ => None,
    };
    let unit = unit.and_then(|u| v.pack.units.get(u)).map(|u| l.p(&u.label));
    html! {
        @if let Some(label) = label {
            (label) @if let Some(unit) = unit { span class="unit-word" { (l.t("（", " (")) (unit) (l.t("）", ")")) } }
            @if !label.eq_ignore_ascii_case(column) { br; }
        }
        @if label.is_none_or(|label| !label.eq_ignore_ascii_case(column)) { code class="muted" { (column) } }
    }
}

fn cell(v: &View, step: &Step, i: usize, value: &SqlValue) -> Markup {
    let l = v.cx.l;
    let column = step.columns.get(i).map_or("", String::as_str);
    match value {
        SqlValue::Null if v.pack.dimensions.contains_key(column) => html! { span class="muted" { (l.t("全体", "all together")) } },
        SqlValue::Null => html! { span class="muted" { "NULL" } },
        SqlValue::Integer(id) if column == "_id" => match (&step.record_column, routes::named("record")) {
            (Some(register), Some(_)) => html! { a href=(v.cx.to(&format!("/registers/{}/{id}", url::segment(register)))) { (id) } },
            _ => html! { (id) },
        },
        // Years and other numbers that name something are not counted in thousands.
        SqlValue::Integer(n) if column.contains("year") || column == "period" || (1900..2200).contains(n) => html! { (n) },
        SqlValue::Integer(n) => html! { (fmt::plain(*n as f64)) },
        SqlValue::Real(x) => html! { (fmt::plain(*x)) },
        SqlValue::Text(id) if column == "figure" && step.figure_column => html! { a href=(parts::figure_href(v, id)) { code { (id) } } },
        SqlValue::Text(text) => match coded(v, step, i, text) {
            Some(label) => html! { (label) },
            None => html! { (l.foreign(text)) },
        },
    }
}

/// The label of a code, where the column shows a choice field or is a dimension.
fn coded<'a>(v: &View<'a>, step: &Step, i: usize, text: &str) -> Option<&'a str> {
    let column = step.columns.get(i)?;
    let origin = step.origins.get(i).and_then(Option::as_ref);
    let field = origin.and_then(|o| v.pack.registers.get(&o.table)?.field(&o.column));
    if column == "assumption" {
        return v.pack.assumptions.iter().find(|a| a.id == text).map(|a| v.cx.l.p(&a.label));
    }
    let list = match (field.map(|f| &f.kind), v.pack.dimensions.get(column)) {
        (Some(FieldKind::Choice { codes }), _) => codes,
        (Some(FieldKind::Country), _) => "country",
        (_, Some(dimension)) => &dimension.codes,
        _ => return None,
    };
    v.pack.code(list, text).map(|c| v.cx.l.p(&c.label))
}
