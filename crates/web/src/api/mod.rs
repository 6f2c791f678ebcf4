//! The API: the same reads and writes as the pages, as JSON.
//!
//! Names of members are names of columns. Errors are RFC 9457 documents with a stable `code`, a `mend`, and for
//! values their places. A version is an ETag: changes name the version they were made on with `If-Match`.
//! [`openapi`] describes all of it from [`crate::routes::ROUTES`] and the pack's registers.

pub mod indicators;
mod keys;
pub mod lists;
pub mod openapi;

pub mod plan;
pub mod records;
pub mod schema;
pub mod system;
mod values;

pub use keys::Keys;

use crate::{
    ctx::Ctx,
    error::{Error, pair},
    reply::Reply,
};
use serde_json::{Map, Value, json};
use shirube_plan::{Citation, Pair};
use shirube_snapshot::Moment;

/// Path of the API's first version.
pub const BASE: &str = "/api/v1";

/// A JSON answer.
fn answer(value: &impl serde::Serialize) -> Result<Reply, Error> {
    Ok(Reply::json(&serde_json::to_value(value).map_err(Error::internal)?))
}

/// The body of a request, which must be a JSON object.
fn body(cx: &Ctx) -> Result<Map<String, Value>, Error> {
    let media = cx.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !media.starts_with("application/json") && !media.starts_with("application/merge-patch+json") {
        return Err(Error::refused(
            415,
            "not-json",
            pair("JSONではありません", "Not JSON"),
            pair(format!("Content-Type「{media}」は受け付けません。"), format!("Content-Type “{media}” is not accepted.")),
            pair("application/json で送ってください。", "Send application/json."),
        ));
    }
    match serde_json::from_slice(&cx.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(bad_body("オブジェクトではありません。", "It is not an object.".to_string())),
        Err(error) => {
            Err(bad_body(&format!("{}行{}文字目で読み取れません。", error.line(), error.column()), format!("It cannot be read: {error}.")))
        }
    }
}

fn bad_body(ja: &str, en: String) -> Error {
    Error::bad(
        pair(ja, en),
        pair("列の名前をメンバーとするJSONオブジェクトを送ってください。", "Send a JSON object whose members are column names."),
    )
}

/// A whole number in the query, within a range.
fn number(cx: &Ctx, name: &str, default: usize, most: usize) -> Result<usize, Error> {
    let Some(text) = cx.query.get(name) else { return Ok(default) };
    text.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
        Error::bad(
            pair(format!("{name}={text} は使えません。"), format!("{name}={text} cannot be used.")),
            pair(format!("1から{most}までの整数にしてください。"), format!("Write a whole number from 1 to {most}.")),
        )
    })
}

/// Refuses parameters that mean nothing here: a misspelt filter must not read as "everything".
fn known_only(cx: &Ctx, known: &[&str], prefixes: &[&str]) -> Result<(), Error> {
    let unknown = cx.query.0.iter().find(|(name, _)| !known.contains(&name.as_str()) && !prefixes.iter().any(|p| name.starts_with(p)));
    match unknown {
        None => Ok(()),
        Some((name, _)) => Err(Error::bad(
            pair(format!("「{name}」という指定はありません。"), format!("There is no parameter “{name}”.")),
            pair(format!("使えるのは {} です。", list(known, prefixes)), format!("Known are {}.", list(known, prefixes))),
        )),
    }
}

fn list(known: &[&str], prefixes: &[&str]) -> String {
    let patterns = prefixes.iter().map(|p| format!("{p}…"));
    ["as_of".to_string()].into_iter().chain(known.iter().map(|k| k.to_string())).chain(patterns).collect::<Vec<_>>().join(", ")
}

/// A part of a long list: `cursor` of the answer leads to the next.
struct Part {
    offset: usize,
    limit: usize,
}

/// Rows per answer when nothing is said, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1000;

impl Part {
    fn of(cx: &Ctx) -> Result<Part, Error> {
        let offset = match cx.query.get("cursor") {
            None => 0,
            Some(text) => text.strip_prefix('o').and_then(|n| n.parse().ok()).ok_or_else(|| {
                Error::bad(
                    pair(format!("cursor「{text}」を読み取れません。"), format!("The cursor “{text}” cannot be read.")),
                    pair("前の応答の next をそのまま使ってください。", "Use `next` of the answer before as it is."),
                )
            })?,
        };
        Ok(Part { offset, limit: number(cx, "limit", ROWS, MOST_ROWS)? })
    }

    /// Address of the next part, at the same moment: pages of one list fit together whatever is written meanwhile.
    fn next(&self, cx: &Ctx, moment: Moment, more: bool) -> Option<String> {
        let cursor = format!("o{}", self.offset + self.limit);
        let query = cx.query.with("cursor", Some(&cursor)).with("as_of", Some(&format!("seq:{}", moment.seq)));
        more.then(|| format!("{}{}", cx.path, query.to_suffix()))
    }
}

/// One of the things the pack declares; rows of a list that is not long.
fn page_of<T>(cx: &Ctx, all: impl Iterator<Item = T>, moment: Moment) -> Result<(Vec<T>, Value), Error> {
    let part = Part::of(cx)?;
    let mut rows: Vec<T> = all.skip(part.offset).take(part.limit + 1).collect();
    let more = rows.len() > part.limit;
    rows.truncate(part.limit);
    Ok((rows, json!(part.next(cx, moment, more))))
}

fn words(pair: &Pair) -> Value {
    json!({ "ja": pair.ja, "en": pair.en })
}

fn words_or_null(pair: Option<&Pair>) -> Value {
    pair.map_or(Value::Null, words)
}

fn cites(cites: &[Citation]) -> Value {
    cites.iter().map(cite).collect()
}

fn cite(c: &Citation) -> Value {
    json!({ "source": c.source, "heading": c.heading, "quote": c.quote, "line": c.line })
}

/// The moment an answer shows.
fn moment(moment: Moment) -> Value {
    json!({ "seq": moment.seq, "time": time(moment.at_ms), "day": moment.day() })
}

/// A time of the log, RFC 3339 in UTC.
fn time(ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms).ok().map(|t| t.to_string())
}
