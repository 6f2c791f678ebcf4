//! Registers and their records.

use super::{BASE, answer, body, known_only, moment, schema, values, words};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    names,
    pages::{
        confirm,
        desk::{record_id, register},
        registers::{holding, holdings},
        whose,
    },
    reply::Reply,
    state::App,
    url,
};
use serde_json::{Value, json};
use shirube_access::RecordAction;
use shirube_plan::Register;
use shirube_record::{Content, Mistake, Scope};
use shirube_snapshot::{AsOf, Record};
use shirube_store::{Command, Receipt, StoreError};
use std::cell::OnceCell;

/// All registers with what is in them.
pub fn registers(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let reader = app.open(cx)?;
    let rows = holdings(&reader, cx)?;
    answer(&json!({
        "as_of": moment(reader.moment()),
        "registers": rows.iter().map(|h| json!({
            "name": h.register.name,
            "label": words(&h.register.label),
            "desk": h.register.desk.as_ref().map(words),
            "records": h.records,
            "changed_at": h.changed_at.and_then(super::time),
        })).collect::<Vec<_>>(),
    }))
}

/// A register: fields, lifecycle, and the JSON Schemas of its records.
pub fn get_register(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let register = register(app, cx)?;
    let reader = app.open(cx)?;
    let mut json = schema::register(register);
    json["records"] = json!(holding(&reader, register)?.records);
    json["schema"] = schema::record(register, &app.pack, cx.l.0);
    json["schema_new"] = schema::new_record(register, &app.pack, cx.l.0);
    answer(&json)
}

/// A record, its version as ETag.
pub fn get(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let register = register(app, cx)?;
    let id = record_id(cx)?;
    let record = app.open(cx)?.record(&register.name, id)?;
    match record {
        Some(record) => Ok(with_etag(Reply::json(&values::record(&record)), record.version)),
        None => Err(absent(app, cx, register, id)),
    }
}

/// Redacted, not there yet, or never there.
fn absent(app: &App, cx: &Ctx, register: &Register, id: i64) -> Error {
    let fallback = Error::no("記録", "record", &id.to_string());
    match app.store.history(&cx.asking.actor, &register.name, id) {
        Ok(versions) => versions
            .iter()
            .find(|v| v.scope == Some(Scope::All))
            .map_or(fallback, |v| StoreError::Redacted { register: register.name.clone(), record: id, seq: v.seq }.into()),
        Err(error) => error.into(),
    }
}

fn with_etag(reply: Reply, version: i64) -> Reply {
    reply.with_header("etag", format!("\"{version}\""))
}

/// The versions of a record, oldest first.
pub fn history(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let register = register(app, cx)?;
    let moment = app.open(cx)?.moment();
    let versions = app.store.history(&cx.asking.actor, &register.name, record_id(cx)?)?;
    answer(&json!({ "versions": versions.iter().filter(|v| v.seq <= moment.seq).map(values::version).collect::<Vec<_>>() }))
}

/// Creates a record.
pub fn create(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let sent = sent(app, cx, register, true)?;
    let content: Content = sent.content.into_iter().filter_map(|(column, cell)| Some((column, cell?))).collect();
    let owner = whose::named(register, &content);
    let make = || {
        let command = Command::Create { register: register.name.clone(), content, origin: sent.origin };
        Ok(app.submit(cx, command).map_err(|error| whose::refused(app, cx, RecordAction::Create, &owner, error))?.record)
    };
    let (id, new) = match cx.header("idempotency-key") {
        // Keys are everyone's own: who guesses another's learns nothing of what it made.
        Some(key) => app.keys.once(&format!("{}\n{}", cx.asking.actor.id(), register.name), key, &cx.body, make)?,
        None => (make()?, true),
    };
    let record = now(app, cx, register, id)?;
    let place = format!("{BASE}/registers/{}/records/{id}", url::segment(&register.name));
    let reply = with_etag(Reply::json(&values::record(&record)), record.version).with_header("location", place);
    Ok(reply.with_status(if new { 201 } else { 200 }))
}

/// Changes columns of a record.
pub fn amend(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let (record, version) = (record_id(cx)?, if_match(cx)?);
    let sent = sent(app, cx, register, false)?;
    if sent.reason.is_none() {
        return Err(StoreError::ReasonRequired.into());
    }
    let owner = whose::changed(register, &sent.content);
    let command = Command::Amend { register: register.name.clone(), record, version, content: sent.content, reason: sent.reason };
    let receipt = app.submit(cx, command).map_err(|error| match (error, &owner) {
        (error @ StoreError::Denied { .. }, Some(owner)) => whose::refused(app, cx, RecordAction::Amend, owner, error),
        (error, _) => unmatched(error),
    })?;
    changed(app, cx, register, receipt)
}

/// Moves a record to another state.
pub fn transition(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let (record, version) = (record_id(cx)?, if_match(cx)?);
    let sent = sent(app, cx, register, false)?;
    let command = Command::Transition {
        register: register.name.clone(),
        record,
        version,
        transition: cx.param("transition").to_string(),
        content: sent.content,
        reason: sent.reason,
    };
    changed(app, cx, register, app.submit(cx, command).map_err(unmatched)?)
}

/// Erases personal columns or everything.
pub fn redact(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let record = record_id(cx)?;
    let body = body(cx)?;
    confirm::shown(app, cx, register)?;
    let scope = match body.get("scope").and_then(Value::as_str) {
        Some("personal") => Scope::Personal,
        Some("all") => Scope::All,
        _ => {
            return Err(Error::bad(
                pair("scope がないか、読み取れません。", "`scope` is missing or cannot be read."),
                pair("\"personal\" か \"all\" を指定してください。", "Write \"personal\" or \"all\"."),
            ));
        }
    };
    let reason = body.get("_reason").and_then(Value::as_str).unwrap_or_default().to_string();
    let receipt = app.submit(cx, Command::Redact { register: register.name.clone(), record, scope, reason })?;
    match scope {
        Scope::Personal => changed(app, cx, register, receipt),
        Scope::All => answer(&json!({ "_id": receipt.record, "_register": register.name, "_seq": receipt.seq, "erased": true })),
    }
}

fn sent(app: &App, cx: &Ctx, register: &Register, new: bool) -> Result<values::Sent, Error> {
    confirm::shown(app, cx, register)?;
    let body = body(cx)?;
    // Opened for the first reference that is not an id: most bodies hold none.
    let reader = OnceCell::new();
    let resolve = |register: &str, text: &str| match reader.get_or_init(|| app.store.reader(&cx.asking.actor, AsOf::Head)) {
        Ok(reader) => names::resolve(reader, register, text),
        Err(_) => Err(Mistake::NoSuchRecord { register: register.to_string(), text: text.to_string() }),
    };
    let sent = values::read(register, &app.pack, body, new, &resolve);
    match reader.into_inner() {
        Some(Err(error)) => Err(error.into()),
        _ => sent,
    }
}

fn now(app: &App, cx: &Ctx, register: &Register, id: i64) -> Result<Record, Error> {
    let reader = app.store.reader(&cx.asking.actor, AsOf::Head)?;
    reader.record(&register.name, id)?.ok_or_else(|| Error::no("記録", "record", &id.to_string()))
}

fn changed(app: &App, cx: &Ctx, register: &Register, receipt: Receipt) -> Result<Reply, Error> {
    let record = now(app, cx, register, receipt.record)?;
    Ok(with_etag(Reply::json(&values::record(&record)), record.version))
}

/// The version a change was made on. Without it two programs would overwrite each other unseen.
fn if_match(cx: &Ctx) -> Result<i64, Error> {
    let Some(text) = cx.header("if-match") else {
        return Err(Error::refused(
            428,
            "if-match-required",
            pair("If-Matchが必要です", "If-Match is required"),
            pair("どの版に対する変更かが示されていません。", "The request does not say which version it changes."),
            pair("読み取ったときのETagを If-Match に付けてください。", "Send the ETag of the record as If-Match."),
        ));
    };
    text.trim().trim_matches('"').parse().map_err(|_| {
        Error::bad(
            pair(format!("If-Match「{text}」を読み取れません。"), format!("If-Match “{text}” cannot be read.")),
            pair("\"3\" のように版を書いてください。", "Write the version, such as \"3\"."),
        )
    })
}

/// A version that no longer fits is a failed precondition.
fn unmatched(error: StoreError) -> Error {
    match Error::from(error) {
        Error::Refused(mut refusal) if refusal.code == "conflict" => {
            refusal.status = 412;
            Error::Refused(refusal)
        }
        other => other,
    }
}

/// A file attached to a record.
pub fn file(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    crate::pages::record::file(app, cx)
}
