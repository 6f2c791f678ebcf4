//! Traces: what the parts of the program took for a request, told to a collector of OpenTelemetry (OTLP 1 over HTTP, as
//! JSON).
//!
//! The other crates only begin spans (`tracing`), with the names of fields that `tracing-opentelemetry` knows
//! (`otel.name`, `otel.kind`, `otel.status_code`) and `traceparent` for what a caller sent. Here they become spans of
//! OTLP: ids, times, parents, links, attributes. Nobody waits for the collector: spans go into a queue of bounded length,
//! and what does not fit is dropped and counted. Without a collector no span is made at all.

mod context;
mod export;
mod layer;
mod otlp;

pub use export::Exporter;

use shirube_net::Url;
use std::io;
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

/// What hears the spans of this program's crates, and what sends them to a collector: to `/v1/traces` below its address.
/// Spans end up there until the exporter is dropped.
///
/// # Errors
/// The system gives no thread or no random numbers.
pub fn to<S>(collector: &Url) -> io::Result<(impl Layer<S> + use<S>, Exporter)>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let (exporter, queue) = Exporter::start(collector)?;
    // Of libraries nobody knows what their fields hold, and events of ours are lines of the log.
    let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("shirube"));
    Ok((layer::Spans::new(queue).with_filter(ours), exporter))
}
