//! The versions of a record.

use crate::{
    Actor, StoreError,
    access::{PERSON, Standing},
};
use shirube_access::RecordAction;
use shirube_plan::Register;
use shirube_record::{Cell, Content, Event, EventKind, RecordState, Scope, apply};
use shirube_snapshot::columns_of;
use std::collections::BTreeSet;

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
    /// Who, by the name under which it is recorded; `person` where the login is not for who asks to know.
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
    /// Whether it is a demonstration record.
    pub synthetic: bool,
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

/// The versions that the events of a record have made.
pub(crate) fn versions(events: &[Event], register: &str, record: i64) -> Result<Vec<Version>, StoreError> {
    if events.first().is_none_or(|e| e.register != register) {
        return Err(StoreError::NoSuchRecord { register: register.to_string(), record });
    }
    let mut state: Option<RecordState> = None;
    let mut versions = vec![];
    for event in events {
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
            synthetic: after.origin.synthetic,
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

fn standing<'a>(version: &'a Version, register: &'a Register, record: i64) -> Standing<'a> {
    Standing { register, state: version.state.as_deref(), synthetic: version.synthetic, content: &version.content, record }
}

/// What of a record's versions an actor may know.
pub(crate) fn narrowed(versions: Vec<Version>, actor: &Actor, register: &Register, record: i64) -> Result<Vec<Version>, StoreError> {
    if actor.clearance().is_unlimited() {
        versions.iter().for_each(|version| actor.note(standing(version, register, record)));
        return Ok(versions);
    }
    let unknown = || StoreError::NoSuchRecord { register: register.name.clone(), record };
    // The content of some versions may be gone, and with it whose the record was: then it is nobody's.
    let now = versions.last().ok_or_else(unknown)?;
    if now.kind == EventKind::Redact && now.scope == Some(Scope::All) {
        // Nothing is left of it by which policies could tell it from others.
        return match (actor.may_know_of_erased(&register.name), actor.may_see_every_history(&register.name)) {
            (false, _) => Err(unknown()),
            (true, false) => Err(StoreError::Redacted { register: register.name.clone(), record, seq: now.seq }),
            (true, true) => Ok(told(versions, actor)),
        };
    }
    actor.may_do(RecordAction::Read, standing(now, register, record)).map_err(|_| unknown())?;
    actor.may_do(RecordAction::History, standing(now, register, record))?;
    let readable = versions
        .iter()
        .map(|v| {
            actor.may_do(RecordAction::Read, standing(v, register, record)).is_ok().then(|| actor.hidden(standing(v, register, record)))
        })
        .collect::<Vec<_>>();
    let mut seen = vec![];
    let mut before: BTreeSet<String> = BTreeSet::new();
    for (mut version, hidden) in versions.into_iter().zip(readable) {
        let Some(hidden) = hidden else {
            // Nothing of it is shown, nor what the next version put in its place.
            before = columns_of(register, |_| true);
            continue;
        };
        actor.note(standing(&version, register, record));
        // A value from before is as secret as it was then.
        version.changes.retain(|c| !hidden.contains(&c.column) && !before.contains(&c.column));
        for change in &mut version.changes {
            change.before = change.before.take().map(|cell| conceal_within(cell, &change.column, &before));
            change.after = change.after.take().map(|cell| conceal_within(cell, &change.column, &hidden));
        }
        version.content = version
            .content
            .into_iter()
            .filter(|(column, _)| !hidden.contains(column))
            .map(|(column, cell)| (column.clone(), conceal_within(cell, &column, &hidden)))
            .collect();
        seen.push(version);
        before = hidden;
    }
    Ok(told(seen, actor))
}

/// Versions without the logins of those whom the actor may not know.
fn told(mut versions: Vec<Version>, actor: &Actor) -> Vec<Version> {
    for version in versions.iter_mut().filter(|version| !actor.may_know_login(&version.actor)) {
        version.actor = PERSON.trim_end_matches(':').to_string();
    }
    versions
}

/// Rows of a group without their hidden columns.
fn conceal_within(cell: Cell, group: &str, hidden: &BTreeSet<String>) -> Cell {
    let Cell::Rows(rows) = cell else { return cell };
    let shown = |row: Content| row.into_iter().filter(|(column, _)| !hidden.contains(&format!("{group}.{column}"))).collect();
    Cell::Rows(rows.into_iter().map(shown).collect())
}

fn changes(before: &Content, after: &Content) -> Vec<Change> {
    let columns: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change =
        |column: &String| Change { column: column.clone(), before: before.get(column).cloned(), after: after.get(column).cloned() };
    columns.into_iter().filter(|c| before.get(*c) != after.get(*c)).map(change).collect()
}
