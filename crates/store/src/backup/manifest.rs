//! What a backup says of itself, and how a row of the log is written in it.

use crate::{Mark, StoreError, log::Row, verify::Redactions};
use serde::{Deserialize, Serialize};
use shirube_record::{Event, EventKind, Hash, hex, unhex};
use std::borrow::Cow;

/// The format this release writes.
pub(super) const FORMAT: u32 = 1;
/// Names within the tar.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const LOG: &str = "log/";
pub(super) const FILES: &str = "files/";

/// What a backup says of itself; its first part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the backup.
    pub format: u32,
    /// The pack whose records are in the log.
    pub pack: Mark,
    /// When it was taken (RFC 3339).
    pub taken_at: String,
    /// Events in the log.
    pub events: i64,
    /// The last event.
    pub last_seq: i64,
    /// Its hash, hexadecimal.
    pub last_hash: String,
    /// Redacted records: the last redaction of personal columns (or all), and of all.
    pub(crate) redactions: Redactions,
    /// Attached files that the log names.
    pub files: Vec<FileEntry>,
    /// Files that the log names and nobody had sent: a hash may be imported without its file.
    pub missing: Vec<String>,
}

/// An attached file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// A row of the log as a line of JSON. Payloads are texts within it, for their hashes are taken over these very bytes.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'l> {
    seq: i64,
    register: String,
    record: i64,
    kind: String,
    at: i64,
    actor: String,
    #[serde(borrow)]
    body: Option<Cow<'l, str>>,
    #[serde(borrow)]
    personal: Option<Cow<'l, str>>,
    body_hash: String,
    personal_hash: Option<String>,
    prev: String,
    hash: String,
}

/// Appends a row to a part of the log.
pub(super) fn put(part: &mut Vec<u8>, row: &Row<'_>) -> Result<(), StoreError> {
    let event = &row.event;
    let line = Line {
        seq: event.seq,
        register: event.register.clone(),
        record: event.record,
        kind: event.kind.as_str().to_string(),
        at: event.at,
        actor: event.actor.clone(),
        body: row.body.map(Cow::Borrowed),
        personal: row.personal.map(Cow::Borrowed),
        body_hash: hex(&event.body_hash),
        personal_hash: event.personal_hash.as_ref().map(|hash| hex(hash)),
        prev: hex(&event.prev),
        hash: hex(&event.hash),
    };
    serde_json::to_writer(&mut *part, &line).map_err(|error| StoreError::Body(error.into()))?;
    part.push(b'\n');
    Ok(())
}

impl<'l> Line<'l> {
    /// The row; none if a hash or the kind is none.
    pub fn row(&'l self) -> Option<Row<'l>> {
        let hash = |text: &str| unhex(text).and_then(|bytes| Hash::try_from(bytes).ok());
        let event = Event {
            seq: self.seq,
            register: self.register.clone(),
            record: self.record,
            kind: EventKind::parse(&self.kind)?,
            at: self.at,
            actor: self.actor.clone(),
            body: None,
            personal: None,
            body_hash: hash(&self.body_hash)?,
            personal_hash: match &self.personal_hash {
                Some(text) => Some(hash(text)?),
                None => None,
            },
            prev: hash(&self.prev)?,
            hash: hash(&self.hash)?,
        };
        Some(Row { event, body: self.body.as_deref(), personal: self.personal.as_deref() })
    }
}
