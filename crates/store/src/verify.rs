//! Proof of the chain.

use crate::{StoreError, log::Log};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use shirube_record::{Body, Event, EventKind, FIRST, Hash, Scope, chain, hex, payload_hash};
use shirube_snapshot::is_damage;
use std::{collections::BTreeMap, fmt, path::Path};

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Events read.
    pub events: i64,
    /// Hash of the last event, hexadecimal: whoever keeps it can later prove that nothing before it changed.
    pub last_hash: String,
    /// Events whose payloads were erased by a redaction.
    pub redacted: i64,
    /// Where the chain breaks, in order; empty when everything holds.
    pub problems: Vec<Problem>,
}

impl VerifyReport {
    /// Everything holds.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Events are missing before this one.
    Gap {
        /// The event that should have come.
        expected: i64,
        /// The event that came.
        found: i64,
    },
    /// The event does not follow the one before it.
    Unlinked {
        /// The event.
        seq: i64,
    },
    /// The event is not what its hash was taken over.
    Changed {
        /// The event.
        seq: i64,
    },
    /// The payload is not what its hash was taken over.
    PayloadChanged {
        /// The event.
        seq: i64,
    },
    /// A payload is gone and no redaction accounts for it.
    PayloadMissing {
        /// The event.
        seq: i64,
    },
    /// A redaction should have erased this payload.
    PayloadNotErased {
        /// The event.
        seq: i64,
    },
    /// The event does not read.
    Unreadable {
        /// The event.
        seq: i64,
        /// What is wrong.
        what: String,
    },
    /// The head has seen events that are no longer in the log.
    Truncated {
        /// Last event of the log.
        last: i64,
        /// Last event the head has seen.
        seen: i64,
    },
    /// The head does not read. It is made anew from the log at the next start.
    HeadUnreadable {
        /// What SQLite says.
        what: String,
    },
    /// The head was made from other events.
    HeadDiffers {
        /// The head's last event.
        seq: i64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Gap { expected, found } => write!(f, "events {expected} to {} are missing", found - 1),
            Problem::Unlinked { seq } => write!(f, "event {seq} does not follow the one before it"),
            Problem::Changed { seq } => write!(f, "event {seq} was changed"),
            Problem::PayloadChanged { seq } => write!(f, "the payload of event {seq} was changed"),
            Problem::PayloadMissing { seq } => write!(f, "the payload of event {seq} is missing and no redaction accounts for it"),
            Problem::PayloadNotErased { seq } => write!(f, "the payload of event {seq} should have been erased by a redaction"),
            Problem::Unreadable { seq, what } => write!(f, "event {seq} does not read: {what}"),
            Problem::Truncated { last, seen } => write!(f, "the log ends at event {last}, but events up to {seen} were recorded"),
            Problem::HeadUnreadable { what } => write!(f, "the head snapshot does not read ({what}); start shirube to make it anew"),
            Problem::HeadDiffers { seq } => write!(f, "the head snapshot was made from another event {seq}"),
        }
    }
}

/// The last redaction of each record: of personal columns (or all), and of all.
type Redactions = BTreeMap<i64, (i64, i64)>;

pub(crate) fn log(path: &Path, head: &Path) -> Result<VerifyReport, StoreError> {
    let log = Log::open_reader(path)?;
    let connection = log.connection();
    // One moment of the log for both passes.
    connection.execute_batch("BEGIN")?;
    let redactions = redactions(connection)?;
    let mut report = VerifyReport::default();
    let mut last = (0, FIRST);
    let sql = "SELECT seq, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash FROM event ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        report.events += 1;
        if seq != last.0 + 1 {
            report.problems.push(Problem::Gap { expected: last.0 + 1, found: seq });
        }
        last.0 = seq;
        match check(row, seq, &last.1, &redactions, &mut report) {
            Ok(hash) => last.1 = hash,
            Err(error) => report.problems.push(Problem::Unreadable { seq, what: error.to_string() }),
        }
    }
    report.last_hash = hex(&last.1);
    match check_head(connection, head, last.0, &mut report) {
        Err(StoreError::Sqlite(error)) if is_damage(&error) => {
            report.problems.push(Problem::HeadUnreadable { what: error.to_string() });
            Ok(report)
        }
        checked => checked.map(|()| report),
    }
}

fn redactions(connection: &Connection) -> Result<Redactions, StoreError> {
    let mut found = Redactions::new();
    let mut statement = connection.prepare("SELECT seq, record, body FROM event WHERE kind = 'redact' ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, record): (i64, i64) = (row.get(0)?, row.get(1)?);
        let scope = row.get_ref(2)?.as_str().ok().and_then(|text| Body::decode(text).ok()).and_then(|body| body.scope);
        let entry = found.entry(record).or_default();
        entry.0 = seq;
        if scope == Some(Scope::All) {
            entry.1 = seq;
        }
    }
    Ok(found)
}

/// Checks one event; gives its stored hash.
fn check(row: &rusqlite::Row<'_>, seq: i64, before: &Hash, redactions: &Redactions, report: &mut VerifyReport) -> rusqlite::Result<Hash> {
    let body: Option<&str> = row.get_ref(6)?.as_str_or_null()?;
    let personal: Option<&str> = row.get_ref(7)?.as_str_or_null()?;
    let event = Event {
        seq,
        register: row.get(1)?,
        record: row.get(2)?,
        kind: EventKind::parse(row.get_ref(3)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)?,
        at: row.get(4)?,
        actor: row.get(5)?,
        body: None,
        personal: None,
        body_hash: row.get(8)?,
        personal_hash: row.get(9)?,
        prev: row.get(10)?,
        hash: row.get(11)?,
    };
    if event.prev != *before {
        report.problems.push(Problem::Unlinked { seq });
    }
    if chain(&event.prev, &event) != event.hash {
        report.problems.push(Problem::Changed { seq });
    }
    let (redacted_personal, redacted_all) = redactions.get(&event.record).copied().unwrap_or_default();
    let erasable = event.kind != EventKind::Redact;
    let mut redacted = false;
    let payloads = [(body, Some(event.body_hash), redacted_all), (personal, event.personal_hash, redacted_personal)];
    for (payload, hash, redaction) in payloads {
        let due = erasable && redaction > seq;
        match (payload, hash) {
            (Some(text), Some(hash)) if payload_hash(text) != hash => report.problems.push(Problem::PayloadChanged { seq }),
            (Some(_), Some(_)) if due => report.problems.push(Problem::PayloadNotErased { seq }),
            (Some(_), None) => report.problems.push(Problem::PayloadChanged { seq }),
            (None, Some(_)) if due => redacted = true,
            (None, Some(_)) => report.problems.push(Problem::PayloadMissing { seq }),
            _ => {}
        }
    }
    report.redacted += i64::from(redacted);
    Ok(event.hash)
}

/// The head remembers the end of the log, so that a log cut off at its end is noticed.
fn check_head(log: &Connection, head: &Path, last: i64, report: &mut VerifyReport) -> Result<(), StoreError> {
    if !head.exists() {
        return Ok(());
    }
    let head = Connection::open_with_flags(head, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let seen = head.query_row("SELECT seq, hash FROM _applied", [], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Hash>(1)?))).optional()?;
    let mut known: Vec<(i64, String)> = seen.into_iter().map(|(seq, hash)| (seq, hex(&hash))).collect();
    // What an earlier head had seen of this log before it was cut off.
    let lost = head.query_row("SELECT value FROM _meta WHERE key = 'lost'", [], |r| r.get::<_, String>(0)).optional()?;
    known.extend(lost.iter().filter_map(|note| note.split_once(' ')).filter_map(|(seq, hash)| Some((seq.parse().ok()?, hash.to_string()))));
    for (seen, hash) in known.into_iter().filter(|k| k.0 > 0) {
        let mut stored = hash_of(log, seen)?;
        if stored.is_none() && seen > last {
            // Events acknowledged while this verification runs are seen by the head and not by its moment of the log.
            log.execute_batch("COMMIT; BEGIN")?;
            stored = hash_of(log, seen)?;
        }
        match stored {
            None => report.problems.push(Problem::Truncated { last, seen }),
            Some(stored) if stored == hash => {}
            Some(_) => report.problems.push(Problem::HeadDiffers { seq: seen }),
        }
    }
    Ok(())
}

fn hash_of(log: &Connection, seq: i64) -> Result<Option<String>, StoreError> {
    Ok(log.query_row("SELECT hash FROM event WHERE seq = ?1", [seq], |r| Ok(hex(&r.get::<_, Hash>(0)?))).optional()?)
}
