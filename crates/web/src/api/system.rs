//! State of the program, proof of the log.

use super::{answer, known_only};
use crate::{ctx::Ctx, error::Error, reply::Reply, state::App};
use serde_json::json;

/// The program answers; the last event that readers see.
pub fn health(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    answer(&json!({ "status": "ok", "seq": app.store.head_seq(), "pack": app.pack.meta.id, "pack_digest": app.pack.digest }))
}

/// Checks the chain of events from the first to the last.
pub fn verify(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &[], &[])?;
    let report = app.store.verify(&cx.asking.actor)?;
    answer(&json!({
        "ok": report.is_clean(),
        "events": report.events,
        "last_hash": report.last_hash,
        "redacted": report.redacted,
        "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
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
