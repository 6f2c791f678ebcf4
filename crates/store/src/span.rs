//! Spans of transactions, for traces.

use tracing::{Span, field::Empty};

/// The span of a transaction that appends to a chain: a part of the first thing it is done for, and linked to the others.
/// How many entries it wrote is recorded when it has.
pub(crate) fn writing<'c>(chain: &'static str, causes: impl IntoIterator<Item = &'c Span>) -> Span {
    let mut causes = causes.into_iter();
    let first = causes.next().and_then(Span::id);
    let span = tracing::info_span!(parent: first, "write", shirube.chain = chain, shirube.entries = Empty);
    causes.for_each(|other| {
        span.follows_from(other.id());
    });
    span
}
