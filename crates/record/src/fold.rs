//! The state of a record: the fold of its events.

use crate::{Cell, Content, Event, EventKind, Origin, Scope, merge};
use std::collections::BTreeMap;

/// A record after some of its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordState {
    /// Identifier: `seq` of the creating event.
    pub id: i64,
    /// Number by the register's scheme.
    pub number: Option<String>,
    /// Lifecycle state.
    pub state: Option<String>,
    /// How many events made it.
    pub version: i64,
    /// Last event.
    pub seq: i64,
    /// When it began (milliseconds since the epoch, UTC).
    pub created_at: i64,
    /// When it last changed (milliseconds since the epoch, UTC).
    pub updated_at: i64,
    /// Where it was transcribed from.
    pub origin: Origin,
    /// Values.
    pub content: Content,
    /// Everything in it was redacted; it is in no register any more.
    pub erased: bool,
}

/// The state after one more event. The first event of a record is its `Create`.
///
/// An event whose payload is gone leaves the values as they are: the redaction that follows says what it was.
pub fn apply(state: Option<RecordState>, event: &Event) -> RecordState {
    let mut state = state.unwrap_or_else(|| RecordState { id: event.record, created_at: event.at, ..RecordState::default() });
    state.version += 1;
    state.seq = event.seq;
    state.updated_at = event.at;
    match &event.body {
        None => {
            state.erased = true;
            state.content.clear();
            state.origin = Origin::default();
            state.number = None;
        }
        Some(body) if event.kind == EventKind::Redact => match body.scope {
            Some(Scope::Personal) => erase(&mut state.content, &body.erased),
            _ => {
                state =
                    RecordState { erased: true, content: Content::new(), origin: Origin::default(), number: None, state: None, ..state };
            }
        },
        Some(body) => {
            if let Some(origin) = &body.origin {
                state.origin = origin.clone();
            }
            if body.number.is_some() {
                state.number.clone_from(&body.number);
            }
            if body.state.is_some() {
                state.state.clone_from(&body.state);
            }
            set(&mut state.content, merge(&body.content, event.personal.as_ref().map(|p| &p.content)));
        }
    }
    state
}

fn set(content: &mut Content, changes: BTreeMap<String, Option<Cell>>) {
    for (column, cell) in changes {
        match cell {
            Some(cell) => content.insert(column, cell),
            None => content.remove(&column),
        };
    }
}

/// Removes columns, `group.column` within every row of a group.
fn erase(content: &mut Content, columns: &[String]) {
    for column in columns {
        match column.split_once('.') {
            None => {
                content.remove(column);
            }
            Some((group, column)) => {
                if let Some(Cell::Rows(rows)) = content.get_mut(group) {
                    for row in rows {
                        row.remove(column);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Body, FIRST};

    fn event(seq: i64, kind: EventKind, body: Option<Body>) -> Event {
        Event {
            seq,
            register: "project".into(),
            record: 1,
            kind,
            at: seq * 1000,
            actor: "owner".into(),
            body,
            personal: None,
            body_hash: FIRST,
            personal_hash: None,
            prev: FIRST,
            hash: FIRST,
        }
    }

    fn body(columns: &[(&str, Option<&str>)]) -> Body {
        Body { content: columns.iter().map(|(c, v)| (c.to_string(), v.map(|v| Cell::Text(v.into())))).collect(), ..Body::default() }
    }

    #[test]
    fn amendments_set_and_blank_columns_and_keep_the_rest() {
        let created = apply(
            None,
            &event(
                1,
                EventKind::Create,
                Some(Body { number: Some("P-1".into()), state: Some("draft".into()), ..body(&[("a", Some("1")), ("b", Some("2"))]) }),
            ),
        );
        let amended = apply(Some(created), &event(5, EventKind::Amend, Some(body(&[("b", None), ("c", Some("3"))]))));
        assert_eq!(amended.content, Content::from([("a".into(), Cell::Text("1".into())), ("c".into(), Cell::Text("3".into()))]));
        assert_eq!((amended.id, amended.version, amended.seq, amended.created_at, amended.updated_at), (1, 2, 5, 1000, 5000));
        assert_eq!((amended.number.as_deref(), amended.state.as_deref()), (Some("P-1"), Some("draft")));
    }

    #[test]
    fn a_redaction_gives_the_same_state_live_and_from_erased_payloads() {
        let mut create = event(1, EventKind::Create, Some(body(&[("title", Some("t"))])));
        create.personal = Some(body(&[("name", Some("n")), ("name_email", Some("e"))]));
        let redact = event(
            2,
            EventKind::Redact,
            Some(Body { scope: Some(Scope::Personal), erased: vec!["name".into(), "name_email".into()], ..Body::default() }),
        );
        let live = apply(Some(apply(None, &create)), &redact);
        create.personal = None;
        assert_eq!(apply(Some(apply(None, &create)), &redact), live);
        assert_eq!(live.content.len(), 1);

        let redact = event(3, EventKind::Redact, Some(Body { scope: Some(Scope::All), ..Body::default() }));
        let live = apply(Some(live), &redact);
        assert!(live.erased && live.content.is_empty());
        create.body = None;
        let mut earlier = event(2, EventKind::Redact, Some(Body { scope: Some(Scope::Personal), ..Body::default() }));
        earlier.body.as_mut().unwrap().erased = vec!["name".into()];
        assert_eq!(apply(Some(apply(Some(apply(None, &create)), &earlier)), &redact), live);
    }

    #[test]
    fn personal_columns_leave_the_rows_of_a_group() {
        let row = |c: &[(&str, &str)]| c.iter().map(|(k, v)| (k.to_string(), Cell::Text(v.to_string()))).collect::<Content>();
        let mut content = Content::from([("members".into(), Cell::Rows(vec![row(&[("name", "n"), ("role", "chair")])]))]);
        erase(&mut content, &["members.name".into()]);
        assert_eq!(content["members"], Cell::Rows(vec![row(&[("role", "chair")])]));
    }
}
