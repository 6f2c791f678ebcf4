//! Spans as OTLP writes them in JSON: ids as hexadecimal digits, numbers of 64 bits as texts, kinds as numbers.

use crate::context::Context;
use serde_json::{Value as Json, json};
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

/// A span that is over.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub context: Context,
    pub parent: Option<u64>,
    /// The parent is another program's.
    pub remote: bool,
    pub name: Cow<'static, str>,
    pub kind: Kind,
    pub begun: SystemTime,
    pub took: Duration,
    pub failed: bool,
    pub attributes: Vec<(&'static str, Value)>,
    pub links: Vec<Context>,
}

/// What a span is to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
}

impl Kind {
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "server" => Some(Kind::Server),
            "client" => Some(Kind::Client),
            "producer" => Some(Kind::Producer),
            _ => None,
        }
    }
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Value {
    fn json(&self) -> Json {
        match self {
            Value::Text(text) => json!({ "stringValue": text }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::Flag(yes) => json!({ "boolValue": yes }),
        }
    }
}

/// Sampled, and known whether the parent is another program's.
const FLAGS: u32 = 0x101;
/// It is.
const REMOTE: u32 = 0x200;

/// The body of a request: spans of this program, whose run has this name.
pub(crate) fn request(run: &str, spans: &[Finished]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [("service.name", "shirube"), ("service.version", version), ("service.instance.id", run)];
    let resource: Vec<Json> = resource.into_iter().map(|(name, text)| attribute(name, &Value::Text(text.to_string()))).collect();
    let scope = json!({ "name": "shirube", "version": version });
    let scoped = json!({ "scope": scope, "spans": spans.iter().map(span).collect::<Vec<_>>() });
    json!({ "resourceSpans": [{ "resource": { "attributes": resource }, "scopeSpans": [scoped] }] }).to_string().into_bytes()
}

fn attribute(name: &str, value: &Value) -> Json {
    json!({ "key": name, "value": value.json() })
}

fn span(span: &Finished) -> Json {
    let begun = span.begun.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut json = json!({
        "traceId": trace_id(&span.context),
        "spanId": span_id(span.context.span),
        "flags": if span.remote { FLAGS | REMOTE } else { FLAGS },
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": begun.as_nanos().to_string(),
        "endTimeUnixNano": (begun + span.took).as_nanos().to_string(),
        "attributes": span.attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.parent {
        json["parentSpanId"] = span_id(parent).into();
    }
    if !span.links.is_empty() {
        let link = |other: &Context| json!({ "traceId": trace_id(other), "spanId": span_id(other.span) });
        json["links"] = span.links.iter().map(link).collect();
    }
    if span.failed {
        json["status"] = json!({ "code": 2 });
    }
    json
}

fn trace_id(context: &Context) -> String {
    format!("{:032x}", context.trace)
}

fn span_id(span: u64) -> String {
    format!("{span:016x}")
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    pub(crate) fn finished(name: &'static str) -> Finished {
        Finished {
            context: Context { trace: 0x0123_4567_89ab_cdef, span: 0xff },
            parent: None,
            remote: false,
            name: name.into(),
            kind: Kind::Internal,
            begun: SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_001),
            took: Duration::from_nanos(41),
            failed: false,
            attributes: vec![],
            links: vec![],
        }
    }

    /// As the examples of opentelemetry-proto write it.
    #[test]
    fn a_span_is_written_as_the_protocol_says() {
        let attributes = vec![("a", Value::Text("t".into())), ("n", Value::Number(i64::MAX)), ("f", Value::Flag(true))];
        let link = Context { trace: 2, span: 3 };
        let whole = Finished {
            parent: Some(1),
            remote: true,
            kind: Kind::Server,
            failed: true,
            attributes,
            links: vec![link],
            ..finished("GET /")
        };
        assert_eq!(
            span(&whole),
            json!({
                "traceId": "00000000000000000123456789abcdef", "spanId": "00000000000000ff", "parentSpanId": "0000000000000001", "flags": 769,
                "name": "GET /", "kind": 2, "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "1700000000000000042",
                "attributes": [
                    { "key": "a", "value": { "stringValue": "t" } },
                    { "key": "n", "value": { "intValue": "9223372036854775807" } },
                    { "key": "f", "value": { "boolValue": true } },
                ],
                "links": [{ "traceId": "00000000000000000000000000000002", "spanId": "0000000000000003" }],
                "status": { "code": 2 },
            })
        );
        let keys = |json: &Json| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&span(&finished("x"))).len(), 8, "what is not there is left out");
    }
}
