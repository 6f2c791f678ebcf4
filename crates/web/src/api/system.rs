//! State of the program, proof of the log.

use super::{answer, body, known_only, number};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    reply::Reply,
    state::App,
    trail::{self, Row},
};
use serde_json::{Value, json};
use shirube_store::Retained;

/// The program answers; the last event that readers see.
pub fn health(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    answer(&json!({ "status": "ok", "seq": app.store.head_seq(), "pack": app.pack.meta.id, "pack_digest": app.pack.digest }))
}

/// Checks the chain of events from the first to the last.
pub fn verify(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let report = app.store.verify(&cx.asking.actor)?;
    let trail = app.store.verify_trail(&cx.asking.actor)?;
    answer(&json!({
        "ok": report.is_clean() && trail.is_clean(),
        "events": report.events,
        "last_hash": report.last_hash,
        "redacted": report.redacted,
        "problems": report.problems.iter().map(ToString::to_string).chain(trail.problems.iter().map(ToString::to_string)).collect::<Vec<_>>(),
        "readings": { "entries": trail.entries, "over": trail.over, "last_hash": trail.last_hash },
    }))
}

/// Who read and changed what, newest first.
pub fn trail(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let look = trail::look(cx, number(cx, "limit", 100, 10_000)?)?;
    let found = app.store.trail(&cx.asking.actor, &look)?;
    let next =
        found.next.map(|(entry, event)| format!("{}{}", cx.path, cx.query.with("before", Some(&format!("{entry}.{event}"))).to_suffix()));
    answer(&json!({ "acts": found.acts.iter().map(|act| Row::of(act).json()).collect::<Vec<_>>(), "next": next }))
}

/// What the pack keeps no longer, and is there still.
pub fn retention(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    over(&app.store.retain(&cx.asking.actor, true)?)
}

/// Drops it, for good.
pub fn retain(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    if body(cx)?.get("now") != Some(&Value::Bool(true)) {
        return Err(Error::bad(
            pair("now がありません。消したものは元に戻りません。", "`now` is missing. What is dropped cannot be taken back."),
            pair("消すなら {\"now\": true} を送ってください。", "Send {\"now\": true} to drop it."),
        ));
    }
    over(&app.retain(cx)?)
}

/// How much of each register; which records, is for who may read them.
fn over(found: &Retained) -> Result<Reply, Error> {
    let readings = found.readings.iter().map(|over| json!({ "register": over.register, "entries": over.entries }));
    let records = found.records.iter().map(|(register, records)| json!({ "register": register, "records": records.len() }));
    answer(&json!({
        "readings": readings.collect::<Vec<_>>(),
        "personal": records.collect::<Vec<_>>(),
        "unfinished": found.unfinished,
    }))
}

/// The registers of a moment as one SQLite file.
pub fn snapshot(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let path = app.jobs.scratch()?;
    let written = app.store.snapshot_to(&cx.asking.actor, cx.as_of, &path);
    let bytes = std::fs::read(&path);
    // The copy was made for this answer only.
    let _ = std::fs::remove_file(&path);
    let info = written?;
    let name = format!("{}-{}.db", app.pack.meta.id, info.moment.day());
    let reply = Reply::bytes("application/vnd.sqlite3", bytes.map_err(Error::internal)?.into()).as_file(name);
    Ok(reply.with_header("etag", format!("\"{}\"", info.sha256)))
}
