//! Indicators: what they are, their values, how they come about; the audit.

use super::{answer, cites, known_only, number, page_of, words, words_or_null};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    measures::Measured,
    reply::Reply,
    state::App,
};
use serde_json::{Value, json};
use shirube_indicator::{IndicatorError, Overrides};
use shirube_plan::{Direction, Indicator, IndicatorKind, Lang};

/// All indicators.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &["kind", "node"], &[])?;
    let fits = |i: &&Indicator| {
        cx.query.get("kind").is_none_or(|k| k == kind(i.kind)) && cx.query.get("node").is_none_or(|n| i.nodes.iter().any(|m| m == n))
    };
    let whole = app.whole(cx)?;
    answer(&json!({ "indicators": app.indicators(cx, &whole).filter(fits).map(|i| json!({
        "id": i.id, "kind": kind(i.kind), "label": words(&i.label), "unit": i.unit, "nodes": i.nodes, "dimensions": i.dimensions,
    })).collect::<Vec<_>>() }))
}

/// What an indicator is.
pub fn get(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let whole = app.whole(cx)?;
    let i = app.indicator(cx, &whole, cx.param("id"))?;
    answer(&json!({
        "id": i.id,
        "kind": kind(i.kind),
        "label": words(&i.label),
        "definition": words(&i.definition),
        "nodes": i.nodes,
        "unit": i.unit,
        "dimensions": i.dimensions,
        "frequency": words_or_null(i.frequency.as_ref()),
        "surveyor": words_or_null(i.surveyor.as_ref()),
        "direction": match i.direction { Direction::Up => "up", Direction::Down => "down", Direction::None => "none" },
        "lag": i.lag,
        "min_n": i.min_n,
        "assumptions": i.assumptions,
        "targets": i.targets.iter().map(|t| json!({ "period": t.period, "value": t.value, "cites": cites(&t.cites) })).collect::<Vec<_>>(),
        "breaks": i.breaks.iter().map(|b| json!({ "period": b.period, "reason": words(&b.reason), "cites": cites(&b.cites) })).collect::<Vec<_>>(),
        "cites": cites(&i.cites),
        "sql": i.sql,
    }))
}

fn kind(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Kgi => "kgi",
        IndicatorKind::Kpi => "kpi",
        IndicatorKind::Reference => "reference",
        IndicatorKind::FollowUp => "follow-up",
        IndicatorKind::Check => "check",
    }
}

/// Parameters that stand in for assumptions: `if.ASSUMPTION=value`.
const TRIAL: &str = "if.";

fn overrides(app: &App, cx: &Ctx, indicator: &Indicator) -> Result<Overrides, Error> {
    let mut overrides = Overrides::new();
    for (name, text) in &cx.query.0 {
        let Some(id) = name.strip_prefix(TRIAL) else { continue };
        let offered = app.pack.assumptions.iter().find(|a| a.id == id && indicator.assumptions.contains(&a.id));
        let assumption = offered.ok_or_else(|| {
            let known = indicator.assumptions.join(", ");
            Error::bad(
                pair(format!("この指標に前提「{id}」はありません。"), format!("The indicator has no assumption “{id}”.")),
                pair(format!("変えられるのは {known} です。"), format!("It offers: {known}.")),
            )
        })?;
        let value = text.parse::<f64>().ok().filter(|v| (assumption.min..=assumption.max).contains(v)).ok_or_else(|| {
            Error::bad(
                pair(format!("{name}={text} は使えません。"), format!("{name}={text} cannot be used.")),
                pair(
                    format!("{}から{}までの数にしてください。", assumption.min, assumption.max),
                    format!("Write a number from {} to {}.", assumption.min, assumption.max),
                ),
            )
        })?;
        overrides.insert(id.to_string(), value);
    }
    Ok(overrides)
}

/// Values of an indicator, and how they are judged.
pub fn values(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[TRIAL])?;
    let whole = app.whole(cx)?;
    let indicator = app.indicator(cx, &whole, cx.param("id"))?;
    let overrides = overrides(app, cx, indicator)?;
    let Measured { outcome, .. } = app.measure(cx, &whole, indicator, &overrides);
    let measure = outcome.map_err(|e| failed(&e))?;
    let mut json = serde_json::to_value(&*measure.computed).map_err(Error::internal)?;
    json["unit"] = json!(indicator.unit);
    json["overrides"] = json!(overrides);
    if let Some(telling) = app.telling(cx, &whole, indicator)? {
        json["disclosure"] = telling.json();
    }
    json["judgement"] = serde_json::to_value(&measure.judgement).map_err(Error::internal)?;
    json["pack_digest"] = json!(app.pack.digest);
    answer(&json)
}

/// The steps of an indicator with their rows.
pub fn derivation(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &["rows"], &[TRIAL])?;
    let whole = app.whole(cx)?;
    let indicator = app.indicator(cx, &whole, cx.param("id"))?;
    let overrides = overrides(app, cx, indicator)?;
    let rows = number(cx, "rows", 100, 10_000)?;
    let (derivation, withheld) = app.derivation(cx, &whole, indicator, &overrides, rows)?.map_err(|e| failed(&e))?;
    let mut json = serde_json::to_value(&*derivation).map_err(Error::internal)?;
    json["withheld"] = json!(withheld);
    answer(&json)
}

/// The pack's SQL fails: told with its place, as the one who writes packs needs it.
fn failed(error: &IndicatorError) -> Error {
    let place = format!("{}:{}", error.place.file, error.place.line);
    Error::refused(
        500,
        "indicator-failed",
        pair("指標を計算できません", "The indicator cannot be computed"),
        pair(format!("{place}: {}", error.mistake), format!("{place}: {}", error.mistake)),
        pair(error.mistake.mend(), error.mistake.mend()),
    )
}

/// Every published figure against its recomputation.
pub fn audit(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &["verdict", "source", "limit", "cursor"], &[])?;
    let whole = app.whole(cx)?;
    let audit = app.audit(cx, &whole);
    let mut all = serde_json::to_value(&*audit).map_err(Error::internal)?;
    let lines = match all["lines"].take() {
        Value::Array(lines) => lines,
        _ => vec![],
    };
    let is = |line: &Value, name: &str| cx.query.get(name).is_none_or(|wanted| line[name] == wanted);
    let (rows, next) = page_of(cx, lines.into_iter().filter(|l| is(l, "verdict") && is(l, "source")), whole.moment())?;
    all["lines"] = Value::Array(rows);
    all["next"] = next;
    answer(&all)
}

/// Side of a text pair, for titles of the description.
pub fn side(lang: Lang, text: (&'static str, &'static str)) -> &'static str {
    match lang {
        Lang::Ja => text.0,
        Lang::En => text.1,
    }
}
