//! What is asked of the trail, and how an act is written in a file: the same for pages and API.

use crate::{
    ctx::Ctx,
    error::{Error, pair},
};
use jiff::{civil::Date, tz::Offset};
use serde_json::{Value as Json, json};
use shirube_exchange::export::{About, Column, Kind, Table, Value};
use shirube_plan::Pair;
use shirube_store::{Act, Look, Only};

/// Parameters that say what is looked for.
pub const PARAMETERS: [&str; 7] = ["person", "register", "record", "since", "until", "only", "before"];

/// What the address asks for.
pub fn look(cx: &Ctx, limit: usize) -> Result<Look, Error> {
    if let Some((name, _)) = cx.query.0.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str()) && name != "limit") {
        return Err(Error::bad(
            pair(format!("「{name}」という指定はありません。"), format!("There is no parameter “{name}”.")),
            pair(format!("使えるのは {} です。", PARAMETERS.join("、")), format!("Use {}.", PARAMETERS.join(", "))),
        ));
    }
    let record = match cx.query.get("record") {
        None => None,
        Some(text) => Some(text.trim_start_matches('#').parse().map_err(|_| wrong("record", text, "12"))?),
    };
    let day = |name: &str| cx.query.get(name).map(|text| day(text).ok_or_else(|| wrong(name, text, "2026-11-01"))).transpose();
    Ok(Look {
        person: cx.query.get("person").map(str::to_string),
        register: cx.query.get("register").map(str::to_string),
        record,
        since: day("since")?,
        // The day itself is part of it.
        until: day("until")?.map(|begin| begin + 86_400_000),
        only: match cx.query.get("only") {
            None => None,
            Some("readings") => Some(Only::Readings),
            Some("changes") => Some(Only::Changes),
            Some(other) => return Err(wrong("only", other, "readings")),
        },
        before: match cx.query.get("before") {
            None => None,
            Some(text) => Some(cursor(text).ok_or_else(|| wrong("before", text, "120.3400"))?),
        },
        limit,
    })
}

/// Where an answer ended: entry and event.
fn cursor(text: &str) -> Option<(i64, i64)> {
    let (entry, event) = text.split_once('.')?;
    Some((entry.parse().ok()?, event.parse().ok()?))
}

/// The beginning of a day in Japan.
fn day(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    Some(Offset::constant(9).to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond())
}

fn wrong(name: &str, text: &str, example: &str) -> Error {
    Error::bad(
        pair(format!("{name}「{text}」を読み取れません。"), format!("{name} “{text}” cannot be read.")),
        pair(format!("{example} のように書いてください。"), format!("Write it like {example}.")),
    )
}

/// An act as it is written.
#[derive(Clone, Debug)]
pub struct Row {
    at: String,
    did: String,
    actor: Option<String>,
    token: Option<String>,
    by: Option<String>,
    purpose: Option<String>,
    register: String,
    cells: Vec<(String, Vec<String>)>,
    as_of: Option<i64>,
    seq: i64,
    hash: Option<String>,
}

impl Row {
    /// One act.
    pub fn of(act: &Act) -> Row {
        let at = |ms| jiff::Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default();
        match act {
            Act::Changed(changed) => Row {
                at: at(changed.at),
                did: changed.kind.clone(),
                actor: Some(changed.actor.clone()),
                token: None,
                by: None,
                purpose: None,
                register: changed.register.clone(),
                cells: vec![(changed.record.to_string(), vec![])],
                as_of: None,
                seq: changed.seq,
                hash: None,
            },
            Act::Read(entry) => {
                let told = entry.told.as_ref();
                let cells = told.iter().flat_map(|t| &t.cells).map(|c| (c.ids.to_string(), c.fields.iter().cloned().collect()));
                Row {
                    at: at(entry.at),
                    did: if told.is_some_and(|t| t.over.is_some()) { "drop" } else { "read" }.to_string(),
                    actor: told.map(|t| t.actor.clone()),
                    token: told.and_then(|t| t.token.clone()),
                    by: told.map(|t| t.by.clone()),
                    purpose: told.and_then(|t| t.purpose.clone()),
                    register: entry.register.clone(),
                    cells: cells.collect(),
                    as_of: told.and_then(|t| t.as_of),
                    seq: entry.seq,
                    hash: Some(entry.hash.clone()),
                }
            }
        }
    }

    /// For the API.
    pub fn json(&self) -> Json {
        let cells = self.cells.iter().map(|(ids, fields)| json!({ "records": ids, "fields": fields }));
        json!({
            "at": self.at, "did": self.did, "actor": self.actor, "token": self.token, "by": self.by, "purpose": self.purpose,
            "register": self.register, "cells": cells.collect::<Vec<_>>(), "as_of": self.as_of, "seq": self.seq, "hash": self.hash,
        })
    }

    /// For a file; sets of fields with their records are apart by semicolons.
    pub fn values(self) -> Vec<Value> {
        let text = |text: Option<String>| text.map_or(Value::Blank, Value::Text);
        let join = |parts: Vec<String>| Value::Text(parts.join("; "));
        let (ids, fields): (Vec<String>, Vec<String>) = self.cells.into_iter().map(|(ids, fields)| (ids, fields.join(" "))).unzip();
        vec![
            Value::Text(self.at),
            Value::Text(self.did),
            text(self.actor),
            text(self.token),
            text(self.by),
            text(self.purpose),
            Value::Text(self.register),
            join(ids),
            join(fields),
            self.as_of.map_or(Value::Blank, Value::Integer),
            Value::Integer(self.seq),
            text(self.hash),
        ]
    }
}

/// The columns of a file.
pub fn table(pack: &Pair) -> Table {
    let column = |(name, ja, en): (&str, &str, &str)| {
        let kind = if ["as_of", "seq"].contains(&name) { Kind::Plain } else { Kind::Text };
        Column::new(name, pair(ja, en), kind)
    };
    let columns = [
        ("at", "日時", "When"),
        ("did", "したこと", "Did"),
        ("actor", "だれ", "Who"),
        ("token", "トークン", "Token"),
        ("by", "手段", "By"),
        ("purpose", "目的", "Purpose"),
        ("register", "台帳", "Register"),
        ("records", "記録", "Records"),
        ("fields", "項目", "Fields"),
        ("as_of", "時点", "As of"),
        ("seq", "番号", "Number"),
        ("hash", "ハッシュ", "Hash"),
    ];
    let mut about = About::default();
    about.pair("pack", "パック", "Pack", pack.clone());
    Table { label: pair("閲覧と変更の記録", "Who read and changed what"), columns: columns.map(column).to_vec(), about }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Query;
    use shirube_plan::Lang;

    fn asked(query: &[(&str, &str)]) -> Result<Look, Error> {
        let query = Query(query.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
        Ctx::new(Lang::En, "/trail", query).and_then(|cx| look(&cx, 10))
    }

    #[test]
    fn an_address_says_what_is_looked_for() {
        let look = asked(&[("person", "ann"), ("record", "#12"), ("since", "2026-11-01"), ("until", "2026-11-01"), ("before", "3.9")]);
        let look = look.unwrap_or_default();
        assert_eq!((look.person.as_deref(), look.record, look.before), (Some("ann"), Some(12), Some((3, 9))));
        assert_eq!(look.until.zip(look.since).map(|(until, since)| until - since), Some(86_400_000));
        assert_eq!(look.since, Some(1_793_458_800_000), "midnight in Japan");
        assert_eq!(asked(&[("register", ""), ("only", "changes")]).ok().and_then(|look| look.only), Some(Only::Changes));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for wrong in [("record", "x"), ("since", "yesterday"), ("only", "all"), ("before", "7"), ("who", "ann")] {
            assert!(matches!(asked(&[wrong]), Err(Error::BadRequest { .. })), "{wrong:?}");
        }
    }
}
