//! Lists of records and search.

use super::{MOST_ROWS, ROWS, answer, known_only, moment, number, values};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    listing::Listing,
    pages::desk::register,
    reply::Reply,
    state::App,
};
use serde_json::json;
use shirube_snapshot::{Hit, HitKind, Total};

/// Records of a register: the same words, conditions and order as in the page's address.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let query = cx.query.with("limit", None).with("cursor", None);
    let mut listing = Listing::read(&app.pack, register, &query, &[])?;
    listing.size = number(cx, "limit", ROWS, MOST_ROWS)? as u64;
    let offset = match cx.query.get("cursor") {
        None => 0,
        Some(text) => text.strip_prefix('o').and_then(|n| n.parse().ok()).ok_or_else(|| {
            Error::bad(
                pair(format!("cursor「{text}」を読み取れません。"), format!("The cursor “{text}” cannot be read.")),
                pair("前の応答の next をそのまま使ってください。", "Use `next` of the answer before as it is."),
            )
        })?,
    };
    let reader = app.open(cx)?;
    let chosen = cx.query.get("columns").is_some();
    let fields = if chosen { listing.fields() } else { None };
    let asked = shirube_snapshot::ListQuery { offset, fields, ..listing.query() };
    let page = reader.list(&asked)?;
    let (count, exact) = match page.total {
        Total::Exactly(n) => (n, true),
        Total::AtLeast(n) => (n, false),
    };
    let shown = page.rows.len() as u64;
    let more = if exact { offset + shown < count } else { shown == listing.size };
    // The next part is of the same moment: pages of one list fit together whatever is written meanwhile.
    let cursor = format!("o{}", offset + shown);
    let next = cx.query.with("cursor", Some(&cursor)).with("as_of", Some(&format!("seq:{}", reader.moment().seq)));
    let rows = page.rows.iter().map(|r| {
        let mut json = values::record(r);
        if let (true, serde_json::Value::Object(members)) = (chosen, &mut json) {
            members.retain(|name, _| name.starts_with('_') || listing.columns.iter().any(|c| belongs(c, name)));
        }
        json
    });
    answer(&json!({
        "records": rows.collect::<Vec<_>>(),
        "total": { "count": count, "exact": exact },
        "next": more.then(|| format!("{}{}", cx.path, next.to_suffix())),
        "as_of": moment(reader.moment()),
    }))
}

/// A column is the one chosen, or a part of its value.
fn belongs(shown: &crate::listing::Shown, column: &str) -> bool {
    match shown {
        crate::listing::Shown::Field(field) => field.name == column || field.columns().iter().any(|c| c.name == column),
        crate::listing::Shown::Own(..) => false,
    }
}

/// What is found by words in the plan and in all registers.
pub fn search(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    known_only(cx, &["q", "limit"], &[])?;
    let words = cx.query.get("q").ok_or_else(|| {
        Error::bad(pair("q がありません。", "`q` is missing."), pair("?q=言葉 の形で探してください。", "Write ?q=words."))
    })?;
    let limit = number(cx, "limit", 20, 100)?;
    let reader = app.open(cx)?;
    let mut hits = app.pack_texts().search(words, limit);
    hits.extend(reader.search_records(words, limit)?);
    answer(&json!({ "hits": hits.iter().map(hit).collect::<Vec<_>>(), "as_of": moment(reader.moment()) }))
}

fn hit(hit: &Hit) -> serde_json::Value {
    json!({
        "kind": hit.kind.as_str(),
        "register": match &hit.kind {
            HitKind::Record(register) => Some(register),
            _ => None,
        },
        "id": hit.id,
        "line": hit.line,
        "title": super::words(&hit.title),
        "excerpt": hit.excerpt.as_ref().map(super::words),
    })
}
