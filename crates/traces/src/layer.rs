//! Hears spans begin and end.

use crate::{
    context::{Caller, Context},
    export::Queue,
    otlp::{Finished, Kind, Value},
};
use std::{
    fmt,
    time::{Instant, SystemTime},
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::Context as In,
    registry::{LookupSpan, SpanRef},
};

pub(crate) struct Spans(Queue);

impl Spans {
    pub fn new(queue: Queue) -> Spans {
        Spans(queue)
    }
}

/// A span under way.
struct Open {
    finished: Finished,
    begun: Instant,
    /// When it was left last; what holds on to it afterwards does not make it longer.
    left: Option<Instant>,
}

/// A span that belongs to a trace which its caller does not keep.
struct Unkept;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, within: In<'_, S>) {
        let Some(span) = within.span(id) else { return };
        let mut told = Told::default();
        attributes.record(&mut told);
        let parent = match span.parent() {
            Some(parent) if parent.extensions().get::<Unkept>().is_some() => return span.extensions_mut().insert(Unkept),
            Some(parent) => context(&parent),
            None => None,
        };
        let caller = told.caller.filter(|_| parent.is_none());
        if caller.is_some_and(|caller| !caller.sampled) {
            return span.extensions_mut().insert(Unkept);
        }
        let above = parent.or(caller.map(|caller| caller.context));
        let Some(own) = Context::new(above.map(|above| above.trace)) else { return };
        let mut finished = Finished {
            context: own,
            parent: above.map(|above| above.span),
            remote: caller.is_some(),
            name: span.name().into(),
            kind: Kind::Internal,
            begun: SystemTime::now(),
            took: Default::default(),
            failed: false,
            attributes: vec![],
            links: vec![],
        };
        told.into(&mut finished);
        span.extensions_mut().insert(Open { finished, begun: Instant::now(), left: None });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, within: In<'_, S>) {
        let Some(span) = within.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut told = Told::default();
            values.record(&mut told);
            told.into(&mut open.finished);
        }
    }

    fn on_follows_from(&self, id: &Id, cause: &Id, within: In<'_, S>) {
        let cause = within.span(cause).and_then(|cause| context(&cause));
        if let (Some(span), Some(cause)) = (within.span(id), cause)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            open.finished.links.push(cause);
        }
    }

    fn on_exit(&self, id: &Id, within: In<'_, S>) {
        let Some(span) = within.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            open.left = Some(Instant::now());
        }
    }

    fn on_close(&self, id: Id, within: In<'_, S>) {
        let open = within.span(&id).and_then(|span| span.extensions_mut().remove::<Open>());
        if let Some(Open { mut finished, begun, left }) = open {
            finished.took = left.unwrap_or_else(Instant::now).duration_since(begun);
            self.0.put(finished);
        }
    }
}

fn context<'s, S: LookupSpan<'s>>(span: &SpanRef<'s, S>) -> Option<Context> {
    span.extensions().get::<Open>().map(|open| open.finished.context)
}

/// What fields say.
#[derive(Default)]
struct Told {
    caller: Option<Caller>,
    name: Option<String>,
    kind: Option<Kind>,
    failed: bool,
    attributes: Vec<(&'static str, Value)>,
}

impl Told {
    fn into(self, finished: &mut Finished) {
        if let Some(name) = self.name {
            finished.name = name.into();
        }
        if let Some(kind) = self.kind {
            finished.kind = kind;
        }
        finished.failed |= self.failed;
        for (name, value) in self.attributes {
            finished.attributes.retain(|(known, _)| *known != name);
            finished.attributes.push((name, value));
        }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, text: &str) {
        match field.name() {
            "traceparent" => self.caller = Caller::parse(text),
            "otel.name" => self.name = Some(text.to_string()),
            "otel.kind" => self.kind = Kind::named(text),
            "otel.status_code" => self.failed = text == "ERROR",
            name => self.attributes.push((name, Value::Text(text.to_string()))),
        }
    }

    fn record_i64(&mut self, field: &Field, number: i64) {
        self.attributes.push((field.name(), Value::Number(number)));
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        self.record_i64(field, i64::try_from(number).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, yes: bool) {
        self.attributes.push((field.name(), Value::Flag(yes)));
    }

    /// Left out: what is written by `Debug` or `Display` may hold anything.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use crate::export::tests::Heard;
    use tracing::{field::Empty, info_span};
    use tracing_subscriber::layer::SubscriberExt;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

    fn heard(room: usize, work: impl FnOnce()) -> (Vec<Finished>, u64) {
        let (queue, heard) = Heard::with_room(room);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Spans::new(queue)), work);
        heard.spans()
    }

    #[test]
    fn spans_within_each_other_are_one_trace_and_causes_are_links() {
        let (spans, _) = heard(10, || {
            let request = info_span!("request", otel.kind = "server", otel.name = Empty, otel.status_code = Empty, n = 1, n2 = Empty);
            let other = info_span!(parent: None, "request");
            let inner = request.in_scope(|| info_span!("inner", yes = true));
            inner.follows_from(other.id());
            drop(inner);
            request.record("otel.name", "GET /").record("otel.status_code", "ERROR").record("n", 2).record("n2", "x");
        });
        let [inner, other, request] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((inner.parent, inner.context.trace), (Some(request.context.span), request.context.trace));
        assert_eq!((inner.links.as_slice(), inner.kind), (&[other.context][..], Kind::Internal));
        assert!(other.context.trace != request.context.trace && request.parent.is_none() && !request.remote);
        assert_eq!((&*request.name, request.kind, request.failed), ("GET /", Kind::Server, true));
        assert_eq!(request.attributes, [("n", Value::Number(2)), ("n2", Value::Text("x".into()))]);
    }

    #[test]
    fn a_callers_trace_goes_on_unless_it_is_not_kept() {
        let call = |flags: &str| {
            heard(10, || {
                let request = info_span!("request", traceparent = format!("{TRACE}-{flags}"));
                request.in_scope(|| info_span!("inner").in_scope(|| drop(info_span!("innermost"))));
            })
            .0
        };
        assert!(call("00").is_empty());
        let spans = call("01");
        assert_eq!(spans.len(), 3);
        assert!(spans.iter().all(|span| span.context.trace == 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736));
        assert_eq!((spans[2].parent, spans[2].remote, spans[1].remote), (Some(0x00f0_67aa_0ba9_02b7), true, false));
        assert!(spans.iter().all(|span| span.attributes.is_empty()));
        assert_ne!(call("no")[2].context.trace, spans[2].context.trace);
    }

    #[test]
    fn what_is_written_by_debug_or_display_does_not_leave() {
        let secret = "hush";
        let (spans, _) = heard(10, || drop(info_span!("a", %secret, error = ?secret, told = 1)));
        assert_eq!(spans[0].attributes, [("told", Value::Number(1))]);
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let (spans, dropped) = heard(2, || (0..5).for_each(|_| drop(info_span!("a"))));
        assert_eq!((spans.len(), dropped), (2, 3));
    }

    #[test]
    fn a_span_lasts_until_it_was_left_and_not_until_it_was_forgotten() {
        let (spans, _) = heard(10, || {
            let span = info_span!("a");
            span.in_scope(|| ());
            std::thread::sleep(std::time::Duration::from_millis(300));
        });
        assert!(spans[0].took.as_millis() < 200, "{:?}", spans[0].took);
    }
}
