//! The versions of a record.

use crate::{StoreError, log::EventLog};
use shirube_record::{Cell, Content, EventKind, RecordState, Scope, apply};

/// One version of a record: the event that made it, and the record after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Version, from 1.
    pub version: i64,
    /// The event.
    pub seq: i64,
    /// What happened.
    pub kind: EventKind,
    /// When (milliseconds since the epoch, UTC).
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Why, as given; gone if redacted.
    pub reason: Option<String>,
    /// Name of the transition, for transitions.
    pub transition: Option<String>,
    /// What was erased, for redactions.
    pub scope: Option<Scope>,
    /// Lifecycle state from here on.
    pub state: Option<String>,
    /// Columns that changed. What a redaction erased is not among them.
    pub changes: Vec<Change>,
    /// The values after it, without derived columns.
    pub content: Content,
    /// The payload of this event was erased since.
    pub erased: bool,
    /// The personal payload of this event was erased since.
    pub personal_erased: bool,
    /// The event's hash in the chain, hexadecimal.
    pub hash: String,
}

/// A column that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Column.
    pub column: String,
    /// Value before; none if blank.
    pub before: Option<Cell>,
    /// Value after; none if blank.
    pub after: Option<Cell>,
}

pub(crate) fn read(log: &dyn EventLog, register: &str, record: i64) -> Result<Vec<Version>, StoreError> {
    let events = log.of_record(record)?;
    if events.first().is_none_or(|e| e.register != register) {
        return Err(StoreError::NoSuchRecord { register: register.to_string(), record });
    }
    let mut state: Option<RecordState> = None;
    let mut versions = vec![];
    for event in &events {
        let before = state.as_ref().map(|s| s.content.clone()).unwrap_or_default();
        let after = apply(state, event);
        let body = event.body.as_ref();
        versions.push(Version {
            version: after.version,
            seq: event.seq,
            kind: event.kind,
            at: event.at,
            actor: event.actor.clone(),
            reason: event.reason().map(str::to_string),
            transition: body.and_then(|b| b.transition.clone()),
            scope: body.and_then(|b| b.scope),
            state: after.state.clone(),
            changes: if event.kind == EventKind::Redact { vec![] } else { changes(&before, &after.content) },
            content: after.content.clone(),
            erased: event.body.is_none(),
            personal_erased: event.personal_hash.is_some() && event.personal.is_none(),
            hash: shirube_record::hex(&event.hash),
        });
        state = Some(after);
    }
    Ok(versions)
}

fn changes(before: &Content, after: &Content) -> Vec<Change> {
    let columns: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change =
        |column: &String| Change { column: column.clone(), before: before.get(column).cloned(), after: after.get(column).cloned() };
    columns.into_iter().filter(|c| before.get(*c) != after.get(*c)).map(change).collect()
}
