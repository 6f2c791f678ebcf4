//! What a backup says of itself, and how a row of the log is written in it.

use crate::{Mark, StoreError, log::Row, trail, verify::Redactions};
use serde::{Deserialize, Serialize};
use shirube_record::{Event, EventKind, Hash, hex, unhex};
use std::borrow::Cow;

/// The format this release writes.
pub(super) const FORMAT: u32 = 2;
/// Names within the tar.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const LOG: &str = "log/";
pub(super) const FILES: &str = "files/";
pub(super) const READINGS: &str = "trail/";

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
    /// Entries of the trail of readings; format 1 has none.
    #[serde(default)]
    pub readings: i64,
    /// Hash of the last of them, hexadecimal; empty if there is none.
    #[serde(default)]
    pub last_reading: String,
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

/// An entry of the trail as a line of JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct ReadingLine {
    seq: i64,
    at: i64,
    register: String,
    told: Option<String>,
    told_hash: String,
    prev: String,
    hash: String,
}

/// Appends an entry to a part of the trail.
pub(super) fn put_reading(part: &mut Vec<u8>, row: trail::Row) -> Result<(), StoreError> {
    let trail::Row { seq, at, register, told, told_hash, prev, hash } = row;
    let line = ReadingLine { seq, at, register, told, told_hash: hex(&told_hash), prev: hex(&prev), hash: hex(&hash) };
    serde_json::to_writer(&mut *part, &line).map_err(|error| StoreError::Body(error.into()))?;
    part.push(b'\n');
    Ok(())
}

impl ReadingLine {
    /// The entry; none if a hash is none.
    pub fn row(self) -> Option<trail::Row> {
        let hash = |text: &str| unhex(text).and_then(|bytes| Hash::try_from(bytes).ok());
        let (told_hash, prev, own) = (hash(&self.told_hash)?, hash(&self.prev)?, hash(&self.hash)?);
        Some(trail::Row { seq: self.seq, at: self.at, register: self.register, told: self.told, told_hash, prev, hash: own })
    }
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
