//! What the pack declares: plan, code lists, sources, published figures.

use super::{answer, cite, cites, known_only, page_of, words, words_or_null};
use crate::{ctx::Ctx, error::Error, reply::Reply, state::App};
use serde_json::{Value, json};
use shirube_plan::{Absence, Change, CodeList, Figure, FollowUp, Node, NodeKind, Period, PeriodStatus, Rule, Source};

/// The pack itself.
pub fn pack(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let pack = &app.pack;
    answer(&json!({
        "id": pack.meta.id,
        "version": pack.meta.version,
        "digest": pack.digest,
        "label": words(&pack.meta.label),
        "description": words(&pack.meta.description),
        "fictional": pack.meta.fictional,
        "fiscal_year_start": pack.meta.fiscal_year_start,
        "default_period": pack.meta.default_period,
        "actors": pack.actors.iter().map(|a| json!({ "id": a.id, "label": words(&a.label), "short": words(&a.short) })).collect::<Vec<_>>(),
        "units": pack.units.values().map(|u| json!({ "name": u.name, "label": words(&u.label), "places": u.places, "money": u.money })).collect::<Vec<_>>(),
        "dimensions": pack.dimensions.values().map(|d| json!({ "name": d.name, "label": words(&d.label), "codes": d.codes })).collect::<Vec<_>>(),
        "assumptions": pack.assumptions.iter().map(|a| json!({
            "id": a.id, "label": words(&a.label), "value": a.value, "unit": a.unit, "min": a.min, "max": a.max, "step": a.step, "cites": cites(&a.cites),
        })).collect::<Vec<_>>(),
    }))
}

/// All periods with their nodes.
pub fn plan(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    answer(&json!({ "periods": app.pack.periods.iter().map(period).collect::<Vec<_>>() }))
}

fn period(p: &Period) -> Value {
    json!({
        "id": p.id,
        "label": words(&p.label),
        "from": p.from,
        "to": p.to,
        "horizon": p.horizon,
        "status": match p.status {
            PeriodStatus::InForce => "in-force",
            PeriodStatus::Draft => "draft",
            PeriodStatus::Ended => "ended",
        },
        "rule": match p.rule {
            Rule::Improve => "improve",
            Rule::Target => "target",
            Rule::None => "none",
        },
        "rule_text": words_or_null(p.rule_text.as_ref()),
        "cites": cites(&p.cites),
        "nodes": p.nodes.iter().map(node).collect::<Vec<_>>(),
        "progress": p.progress.iter().map(|g| json!({ "node": g.node, "year": g.year, "owners": g.owners, "text": words(&g.text), "cites": cites(&g.cites) })).collect::<Vec<_>>(),
        "milestones": p.milestones.iter().map(|m| json!({ "date": m.date, "label": words(&m.label), "cites": cites(&m.cites) })).collect::<Vec<_>>(),
    })
}

fn node(n: &Node) -> Value {
    json!({
        "id": n.id,
        "kind": kind(n.kind),
        "parent": n.parent,
        "number": n.number,
        "label": words(&n.label),
        "text": words_or_null(n.text.as_ref()),
        "owners": n.owners,
        "follow_up": n.follow_up.map(|f| match f { FollowUp::Figures => "figures", FollowUp::Words => "words" }),
        "lag": n.lag,
        "from": n.from,
        "change": n.change.map(|c| match c { Change::Keep => "keep", Change::Change => "change", Change::Add => "add" }),
        "cites": cites(&n.cites),
    })
}

fn kind(kind: NodeKind) -> &'static str {
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

/// All code lists.
pub fn codes(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    answer(
        &json!({ "lists": app.pack.code_lists.values().map(|l| json!({ "name": l.name, "label": words(&l.label), "codes": l.codes.len() })).collect::<Vec<_>>() }),
    )
}

/// One code list.
pub fn code_list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let name = cx.param("list");
    let list: &CodeList = app.pack.code_lists.get(name).ok_or_else(|| Error::no("区分表", "code list", name))?;
    answer(&json!({
        "name": list.name,
        "label": words(&list.label),
        "codes": list.codes.iter().map(|c| json!({
            "code": c.code, "label": words(&c.label), "description": words_or_null(c.description.as_ref()), "parent": c.parent, "cites": cites(&c.cites),
        })).collect::<Vec<_>>(),
    }))
}

/// All sources, without their texts.
pub fn sources(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    answer(&json!({ "sources": app.pack.sources.iter().map(source_json).collect::<Vec<_>>() }))
}

fn source_json(s: &Source) -> Value {
    json!({ "id": s.id, "label": words(&s.label), "publisher": words(&s.publisher), "date": s.date, "url": s.url, "has_text": s.text.is_some() })
}

/// A source with its text and what its text lost.
pub fn source(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("source");
    let source = app.pack.source(id).ok_or_else(|| Error::no("出典", "source", id))?;
    let mut json = source_json(source);
    json["text"] = json!(source.text);
    let lost = app.pack.not_transcribed.iter().filter(|n| n.source == id);
    json["not_transcribed"] = lost.map(|n| json!({ "heading": n.heading, "what": words(&n.what), "why": n.why })).collect();
    answer(&json)
}

/// Published figures, of one source or series.
pub fn figures(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &["source", "series", "period", "limit", "cursor"], &[])?;
    let reader = app.open(cx)?;
    let is = |name: &str, value: &str| cx.query.get(name).is_none_or(|wanted| wanted == value);
    let chosen = app.pack.figures.iter().filter(|f| is("source", &f.cite.source) && is("series", &f.series) && is("period", &f.period));
    let (rows, next) = page_of(cx, chosen.map(|f| figure_json(app, f)), reader.moment())?;
    answer(&json!({ "figures": rows, "next": next }))
}

/// A published figure with its recomputation.
pub fn figure(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let figure = app.pack.figure(id).ok_or_else(|| Error::no("公表値", "published figure", id))?;
    let whole = app.whole(cx)?;
    let mut json = figure_json(app, figure);
    json["audit"] = app.audit(cx, &whole).line(id).map_or(Ok(Value::Null), serde_json::to_value).map_err(Error::internal)?;
    let corrections = app.pack.corrections.iter().filter(|c| c.figure == id);
    json["corrections"] = corrections
        .map(|c| json!({ "period": c.period, "value": c.value, "reason": words(&c.reason), "cites": cites(&c.cites) }))
        .collect();
    let findings = app.pack.findings.iter().filter(|f| f.figures.iter().any(|i| i == id));
    json["findings"] = findings.map(|f| json!({ "id": f.id, "kind": f.kind, "explain": words(&f.explain) })).collect();
    answer(&json)
}

fn figure_json(app: &App, f: &Figure) -> Value {
    json!({
        "id": f.id,
        "series": f.series,
        "period": f.period,
        "dims": f.dims,
        "printed": f.printed,
        "value": f.value,
        "unit": app.pack.series.get(&f.series).map(|s| s.unit.as_str()),
        "precision": f.precision,
        "approximate": f.approximate,
        "status": f.status.map(Absence::as_str),
        "cite": cite(&f.cite),
    })
}
