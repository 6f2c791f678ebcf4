//! Events: what happened to a record.

use crate::{Cell, Content, Hash, Origin};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that happened to a record. Events are appended, never changed; a redaction empties payloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Place in the log, from 1 without gaps.
    pub seq: i64,
    /// Register of the record.
    pub register: String,
    /// The record: `seq` of the event that created it.
    pub record: i64,
    /// What happened.
    pub kind: EventKind,
    /// When: milliseconds since the epoch, UTC; never before the event before.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Payload; none once redacted.
    pub body: Option<Body>,
    /// Payload of the personal columns; none if there were none, or once redacted.
    pub personal: Option<Body>,
    /// Hash of the encoded payload, kept when the payload is redacted.
    pub body_hash: Hash,
    /// Hash of the encoded personal payload; none if the event never had one.
    pub personal_hash: Option<Hash>,
    /// Hash of the event before.
    pub prev: Hash,
    /// [`crate::chain`] of this event.
    pub hash: Hash,
}

impl Event {
    /// Why it was done, as given. It is part of the payload and leaves with it.
    pub fn reason(&self) -> Option<&str> {
        self.body.as_ref()?.reason.as_deref()
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The record began.
    Create,
    /// Columns changed.
    Amend,
    /// The record moved to another state of its lifecycle.
    Transition,
    /// A file was attached.
    Attach,
    /// Payloads were erased.
    Redact,
}

impl EventKind {
    const ALL: [EventKind; 5] = [EventKind::Create, EventKind::Amend, EventKind::Transition, EventKind::Attach, EventKind::Redact];

    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Create => "create",
            EventKind::Amend => "amend",
            EventKind::Transition => "transition",
            EventKind::Attach => "attach",
            EventKind::Redact => "redact",
        }
    }

    /// The word read back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// What a redaction erases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The columns of fields with sensitivity `personal`; the record stays.
    Personal,
    /// Everything; the record leaves every register, at every moment.
    All,
}

/// Payload of an event.
///
/// The salt keeps a payload from being guessed from its hash once it is erased.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Random; erased with the payload.
    #[serde(with = "salt")]
    pub salt: [u8; 16],
    /// Columns set by the event; `None` makes a column blank.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, Option<Cell>>,
    /// Create: where the record was transcribed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Create: number by the register's scheme at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Lifecycle state from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Transition: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Redact: what was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Redact: the personal columns that were erased (`name`, or `members.name` within a group).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<String>,
    /// Redact: digest of what a pack had said of the record, so that a later version of the pack does not bring it back.
    /// What packs say is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

/// A stored payload that does not read as one.
#[derive(Debug, thiserror::Error)]
#[error("the payload does not read: {0}")]
pub struct BrokenBody(#[from] serde_json::Error);

impl Body {
    /// A payload with these columns.
    pub fn new(salt: [u8; 16], content: Content) -> Self {
        Body { salt, content: content.into_iter().map(|(column, cell)| (column, Some(cell))).collect(), ..Body::default() }
    }

    /// The stored form: JSON. The hash is taken over exactly these bytes.
    pub fn encode(&self) -> Result<String, BrokenBody> {
        Ok(serde_json::to_string(self)?)
    }

    /// The stored form read back.
    pub fn decode(text: &str) -> Result<Self, BrokenBody> {
        Ok(serde_json::from_str(text)?)
    }
}

mod salt {
    use crate::hash::{hex, unhex};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(salt: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(salt))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| D::Error::custom("the salt is not 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = Cell> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Cell::Integer),
            any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Cell::Real),
            any::<String>().prop_map(Cell::Text),
            Just(Cell::Missing { missing: "unknown".into() }),
        ];
        let list = prop::collection::vec(any::<String>(), 1..4).prop_map(Cell::List);
        let rows = prop::collection::vec(prop::collection::btree_map("[a-z]{1,4}", leaf.clone(), 0..3), 1..3).prop_map(Cell::Rows);
        prop_oneof![leaf, list, rows]
    }

    proptest! {
        #[test]
        fn a_payload_reads_back_exactly(salt: [u8; 16], content in prop::collection::btree_map("[a-z_]{1,8}", prop::option::of(cell()), 0..6), reason: Option<String>) {
            let body = Body { salt, content, reason, ..Body::default() };
            let text = body.encode().unwrap();
            let back = Body::decode(&text).unwrap();
            prop_assert_eq!(&back, &body);
            prop_assert_eq!(back.encode().unwrap(), text);
        }
    }

    #[test]
    fn a_broken_payload_is_an_error_not_a_guess() {
        for text in ["", "{}", r#"{"salt":"00"}"#, r#"{"salt":"zz000000000000000000000000000000"}"#] {
            assert!(Body::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn kinds_read_back_from_their_words() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse("delete"), None);
    }
}
