//! The OpenAPI 3.1 description, made from the table of addresses and the pack's registers: what the router does not
//! serve is not described, and what it serves is.

use super::{answer, schema};
use crate::{
    ctx::Ctx,
    error::Error,
    reply::Reply,
    routes::{Method, ROUTES, Route},
    state::App,
    text::L,
};
use serde_json::{Map, Value, json};
use shirube_plan::Pack;

/// What is known of an operation beside its address and summary.
#[derive(Debug)]
pub struct Operation {
    /// Name of the route.
    pub route: &'static str,
    /// Its query parameters: name, Japanese, English.
    pub query: &'static [(&'static str, &'static str, &'static str)],
    /// What its body is.
    pub body: Body,
    /// What it answers.
    pub gives: Gives,
}

/// Body of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// All columns of a new record.
    NewRecord,
    /// Some columns, and the reason.
    Changes,
    /// Scope and reason of a redaction.
    Redaction,
    /// That it is meant.
    Now,
}

/// A good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A JSON object that needs no schema of its own.
    Json,
    /// A record.
    Record,
    /// A new record.
    Created,
    /// A page of records.
    Records,
    /// The history of a record.
    Versions,
    /// A file of this media type.
    File(&'static str),
}

const LIMIT: (&str, &str, &str) = ("limit", "一度に返す件数（1～1000）", "Rows per answer, 1 to 1000");
const CURSOR: (&str, &str, &str) = ("cursor", "続きの位置（応答の next のもの）", "Where to go on, from `next` of the answer before");
const IF: (&str, &str, &str) = ("if.{assumption}", "前提の試し値", "A value to try for an assumption");

const fn plain(route: &'static str) -> Operation {
    Operation { route, query: &[], body: Body::None, gives: Gives::Json }
}

const fn asked(route: &'static str, query: &'static [(&'static str, &'static str, &'static str)]) -> Operation {
    Operation { route, query, body: Body::None, gives: Gives::Json }
}

/// Every operation of the API.
pub const OPERATIONS: &[Operation] = &[
    plain("api_health"),
    plain("api_verify"),
    asked(
        "api_trail",
        &[
            ("person", "ログイン名", "Login"),
            ("register", "台帳", "Register"),
            ("record", "記録のID", "Id of the record"),
            ("since", "この日から（2026-11-01）", "From this day, as 2026-11-01"),
            ("until", "この日まで", "Until this day, which is part of it"),
            ("only", "readings（閲覧）または changes（変更）", "readings or changes alone"),
            ("before", "続きの位置（応答の next のもの）", "Where to go on, from `next` of the answer before"),
            ("limit", "一度に返す件数（1～10000）", "Acts per answer, 1 to 10,000"),
        ],
    ),
    plain("api_retention"),
    Operation { route: "api_retain", query: &[], body: Body::Now, gives: Gives::Json },
    plain("api_pack"),
    plain("api_plan"),
    plain("api_codes"),
    plain("api_code_list"),
    plain("api_sources"),
    plain("api_source"),
    asked("api_figures", &[("source", "出典", "Source"), ("series", "系列", "Series"), ("period", "時点", "Period"), LIMIT, CURSOR]),
    plain("api_figure"),
    asked("api_indicators", &[("kind", "種別", "Kind"), ("node", "計画の項目", "Node of the plan")]),
    plain("api_indicator"),
    asked("api_values", &[IF]),
    asked("api_derivation", &[("rows", "段ごとの行数（1～10000）", "Rows per step, 1 to 10,000"), IF]),
    asked(
        "api_audit",
        &[
            ("verdict", "判定（match、differs、not-held）", "Verdict: match, differs, not-held"),
            ("source", "出典", "Source"),
            LIMIT,
            CURSOR,
        ],
    ),
    plain("api_registers"),
    plain("api_register"),
    Operation {
        route: "api_records",
        query: &[
            ("q", "言葉", "Words"),
            (
                "f.{column}",
                "条件。f.列=値、f.列.ge=値 など（eq ne lt le gt ge contains in blank filled）",
                "Conditions: f.COLUMN=value, f.COLUMN.ge=value and so on (eq ne lt le gt ge contains in blank filled)",
            ),
            ("sort", "並び順。-列 で降順、カンマ区切り", "Order: columns separated by commas, -COLUMN for descending"),
            ("columns", "返す列、カンマ区切り", "Columns to give, separated by commas"),
            LIMIT,
            CURSOR,
        ],
        body: Body::None,
        gives: Gives::Records,
    },
    asked("api_search", &[("q", "言葉", "Words"), ("limit", "種類ごとの件数（1～100）", "Hits of each kind, 1 to 100")]),
    Operation { route: "api_snapshot", query: &[], body: Body::None, gives: Gives::File("application/vnd.sqlite3") },
    Operation { route: "api_record", query: &[], body: Body::None, gives: Gives::Record },
    Operation { route: "api_history", query: &[], body: Body::None, gives: Gives::Versions },
    Operation { route: "api_file", query: &[], body: Body::None, gives: Gives::File("application/octet-stream") },
    Operation { route: "api_create", query: &[], body: Body::NewRecord, gives: Gives::Created },
    Operation { route: "api_amend", query: &[], body: Body::Changes, gives: Gives::Record },
    Operation { route: "api_transition", query: &[], body: Body::Changes, gives: Gives::Record },
    Operation { route: "api_redact", query: &[], body: Body::Redaction, gives: Gives::Json },
    plain("api_document"),
];

/// Routes of the API.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|r| r.path.starts_with("/api/"))
}

/// The description.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    answer(&document(&app.pack, cx.l))
}

/// Makes the description in a language.
pub fn document(pack: &Pack, l: L) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let Some(operation) = OPERATIONS.iter().find(|o| o.route == route.name) else { continue };
        let path = route.path.replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[verb(route.method)] = described(pack, l, route, operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} – Shirube API", l.p(&pack.meta.label)),
            "version": env!("CARGO_PKG_VERSION"),
            "description": l.t(
                "記録・指標・照合の読み書き。メンバーの名前は台帳の列の名前です。値の代わりに空欄の理由 {\"missing\": …} を置けます。誤りは RFC 9457 の形で返ります。",
                "Records, indicators and the audit. Names of members are names of columns; in place of a value there may be the reason for a blank, {\"missing\": …}. Errors are RFC 9457 documents."
            ),
            "x-pack": { "id": pack.meta.id, "version": pack.meta.version, "digest": pack.digest },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas(pack, l), "responses": { "Problem": {
            "description": l.t("できなかった理由", "Why it was not done"),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        } } },
    })
}

fn verb(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Patch => "patch",
    }
}

fn described(pack: &Pack, l: L, route: &Route, operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path).map(|name| path_parameter(pack, name)).collect();
    for (name, ja, en) in operation.query {
        parameters.push(json!({ "name": name, "in": "query", "description": l.t(ja, en), "schema": { "type": "string" } }));
    }
    if route.method == Method::Get {
        parameters.push(json!({
            "name": "as_of", "in": "query", "schema": { "type": "string" }, "example": "2026-11-01",
            "description": l.t("時点。日付、RFC 3339の時刻、seq:N。省くと現在。", "The moment: a day, an RFC 3339 time or seq:N; now when left out."),
        }));
    }
    if matches!(operation.body, Body::Changes) {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" },
            "description": l.t("変更する版（読み取ったときのETag）", "The version that is changed: the ETag it was read with"),
        }));
    }
    if operation.body == Body::NewRecord {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" },
            "description": l.t("同じキーで二度送っても一度だけ登録します。", "Sent twice with one key, the record is created once."),
        }));
    }
    let (status, content) = good(operation.gives);
    let mut json = json!({
        "operationId": route.name.trim_start_matches("api_"),
        "summary": l.t(route.summary.0, route.summary.1),
        "parameters": parameters,
        "responses": { status: { "description": l.t("できました", "Done"), "content": content }, "default": { "$ref": "#/components/responses/Problem" } },
    });
    if let Some(body) = body_of(pack, operation.body) {
        json["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    json
}

/// Names in a pattern, in order.
pub fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).map(|name| name.trim_start_matches('*'))
}

fn path_parameter(pack: &Pack, name: &str) -> Value {
    let schema = match name {
        "register" => json!({ "type": "string", "enum": pack.registers.keys().collect::<Vec<_>>() }),
        "list" => json!({ "type": "string", "enum": pack.code_lists.keys().collect::<Vec<_>>() }),
        _ => json!({ "type": "string" }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn good(gives: Gives) -> (&'static str, Value) {
    let of = |name: &str| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } });
    match gives {
        Gives::Json => ("200", json!({ "application/json": { "schema": { "type": "object" } } })),
        Gives::Record => ("200", of("Record")),
        Gives::Created => ("201", of("Record")),
        Gives::Records => ("200", of("Records")),
        Gives::Versions => ("200", of("Versions")),
        Gives::File(media) => ("200", json!({ media: {} })),
    }
}

fn body_of(pack: &Pack, body: Body) -> Option<Value> {
    let any =
        |suffix: &str| pack.registers.keys().map(|r| json!({ "$ref": format!("#/components/schemas/{r}{suffix}") })).collect::<Vec<_>>();
    Some(match body {
        Body::None => return None,
        Body::NewRecord => json!({ "anyOf": any(".new") }),
        Body::Changes => json!({
            "type": "object",
            "properties": { "_reason": { "type": "string" } },
            "description": "Changed columns only; null makes a column blank.",
        }),
        Body::Redaction => json!({
            "type": "object",
            "properties": { "scope": { "enum": ["personal", "all"] }, "_reason": { "type": "string" } },
            "required": ["scope", "_reason"],
        }),
        Body::Now => json!({ "type": "object", "properties": { "now": { "const": true } }, "required": ["now"] }),
    })
}

fn schemas(pack: &Pack, l: L) -> Map<String, Value> {
    let mut schemas = Map::new();
    let records: Vec<Value> = pack.registers.keys().map(|r| json!({ "$ref": format!("#/components/schemas/{r}") })).collect();
    schemas.insert("Record".into(), json!({ "anyOf": records }));
    schemas.insert(
        "Records".into(),
        json!({
            "type": "object",
            "properties": {
                "records": { "type": "array", "items": { "$ref": "#/components/schemas/Record" } },
                "total": { "type": "object", "properties": { "count": { "type": "integer" }, "exact": { "type": "boolean" } } },
                "next": { "type": ["string", "null"] },
                "as_of": { "type": "object" },
            },
        }),
    );
    schemas.insert(
        "Versions".into(),
        json!({ "type": "object", "properties": { "versions": { "type": "array", "items": { "type": "object" } } } }),
    );
    schemas.insert(
        "Missing".into(),
        json!({
            "type": "object",
            "title": l.t("空欄の理由", "Why it is blank"),
            "properties": { "missing": { "enum": ["unknown", "not_collected", "not_applicable", "suppressed"] } },
            "required": ["missing"],
            "additionalProperties": false,
        }),
    );
    schemas.insert(
        "Problem".into(),
        json!({
            "type": "object",
            "title": "RFC 9457",
            "properties": {
                "type": { "type": "string", "format": "uri-reference" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "instance": { "type": "string", "format": "uri-reference" },
                "code": { "type": "string" },
                "mend": { "type": "string" },
                "errors": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "code": { "type": "string" },
                        "field": { "type": "string" },
                        "column": { "type": "string" },
                        "row": { "type": ["integer", "null"] },
                        "detail": { "type": "string" },
                        "mend": { "type": "string" },
                    },
                } },
            },
            "required": ["type", "title", "status", "detail", "code", "mend"],
        }),
    );
    for (name, register) in &pack.registers {
        schemas.insert(name.clone(), schema::record(register, pack, l.0));
        schemas.insert(format!("{name}.new"), schema::new_record(register, pack, l.0));
    }
    schemas
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::Lang;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let served: BTreeSet<&str> = routes().map(|r| r.name).collect();
        let described: BTreeSet<&str> = OPERATIONS.iter().map(|o| o.route).collect();
        assert_eq!(served, described);
        for l in [L(Lang::Ja), L(Lang::En)] {
            let document = document(&crate::testing::desk(), l);
            for route in routes() {
                let operation = &document["paths"][route.path.replace("{*", "{")][verb(route.method)];
                assert!(!operation["summary"].as_str().unwrap().is_empty(), "{}", route.path);
                let names: Vec<&str> = path_parameters(route.path).collect();
                let told: Vec<&str> = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|p| p["in"] == "path")
                    .map(|p| p["name"].as_str().unwrap())
                    .collect();
                assert_eq!(names, told);
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(&crate::testing::desk(), L(Lang::En));
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) = members.get("$ref") {
                        let pointer = target.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{target}");
                    }
                    open.extend(members.values());
                }
                Value::Array(values) => open.extend(values),
                _ => {}
            }
        }
    }
}
