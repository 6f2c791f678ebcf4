//! The span of a request, for traces: OpenTelemetry's semantic conventions for servers of HTTP, as far as they hold
//! nothing of what people ask. The address is its route's pattern.

use super::RequestId;
use crate::routes::Route;
use axum::{extract::Request, http::Method};
use tracing::{Span, field::Empty, info_span};

/// Header of a caller that traces (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// Methods by name; what is none of them may be any text.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn named(method: &Method) -> &'static str {
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// Begins it; a part of the caller's trace if the caller names one.
pub fn begin(request: &Request, id: &RequestId) -> Span {
    // Named twice, neither counts.
    let mut callers = request.headers().get_all(TRACEPARENT).iter();
    let caller = callers.next().filter(|_| callers.next().is_none()).and_then(|caller| caller.to_str().ok());
    info_span!(
        "request",
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        traceparent = caller,
        shirube.request = id.0.as_str(),
        http.request.method = named(request.method()),
        http.route = Empty,
        http.response.status_code = Empty,
    )
}

/// Says what came of it.
pub fn end(span: &Span, method: &Method, route: Option<&Route>, status: u16) {
    if span.is_disabled() {
        return;
    }
    let name = named(method);
    span.record("otel.name", route.map_or_else(|| name.to_string(), |route| format!("{name} {}", route.path)));
    span.record("http.route", route.map(|route| route.path)).record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}
