//! Proof of the chain.

use crate::{
    StoreError,
    log::{EventLog, Log, Row, Which},
};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use shirube_record::{Body, EventKind, FIRST, Hash, Scope, chain, hex, payload_hash};
use shirube_snapshot::is_damage;
use std::{collections::BTreeMap, fmt, path::Path};

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Events read.
    pub events: i64,
    /// The last event.
    pub last: i64,
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
            Problem::Gap { expected, found } => write!(f, "events {expected} to {} are missing", found.saturating_sub(1)),
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
pub(crate) type Redactions = BTreeMap<i64, (i64, i64)>;

/// A verification under way: it hears every row, in order, and knows all redactions beforehand.
pub(crate) struct Chain {
    redactions: Redactions,
    before: Hash,
    report: VerifyReport,
}

impl Chain {
    pub fn new(redactions: Redactions) -> Chain {
        Chain { redactions, before: FIRST, report: VerifyReport::default() }
    }

    pub fn hear(&mut self, seq: i64, row: Result<&Row<'_>, String>) {
        let report = &mut self.report;
        report.events += 1;
        // What is heard may be anyone's file.
        let expected = report.last.saturating_add(1);
        if seq != expected {
            report.problems.push(Problem::Gap { expected, found: seq });
        }
        report.last = seq;
        match row {
            Ok(row) => self.before = check(row, seq, &self.before, &self.redactions, report),
            Err(what) => report.problems.push(Problem::Unreadable { seq, what }),
        }
    }

    /// The first thing that is wrong so far.
    pub fn problem(&self) -> Option<&Problem> {
        self.report.problems.first()
    }

    pub fn end(mut self) -> VerifyReport {
        self.report.last_hash = hex(&self.before);
        self.report
    }
}

/// Checks a log opened for reading, and that the head at this path is of it.
pub(crate) fn log(mut log: Log, head: &Path) -> Result<VerifyReport, StoreError> {
    // One moment of the log for both passes.
    log.moment()?;
    let mut report = chain_of(&*log)?;
    if log.moved()?.is_some() {
        // The head may have followed it to where it goes on.
        return Ok(report);
    }
    match check_head(&mut log, head, report.last, &mut report.problems) {
        Err(StoreError::Sqlite(error)) if is_damage(&error) => {
            report.problems.push(Problem::HeadUnreadable { what: error.to_string() });
            Ok(report)
        }
        checked => checked.map(|()| report),
    }
}

/// Checks the events and how they hang together.
pub(crate) fn chain_of(log: &dyn EventLog) -> Result<VerifyReport, StoreError> {
    let mut chain = Chain::new(redactions(log)?);
    log.rows(Which::After(0), &mut |seq, row| {
        chain.hear(seq, row.as_ref().map_err(Clone::clone));
        Ok(())
    })?;
    Ok(chain.end())
}

/// The redactions of a log, by record.
pub(crate) fn redactions(log: &dyn EventLog) -> Result<Redactions, StoreError> {
    let mut found = Redactions::new();
    log.rows(Which::RedactionsAfter(0), &mut |_, row| {
        // What does not read is told by the other pass.
        if let Ok(row) = row {
            note_redaction(&mut found, &row);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Notes a row that is a redaction.
pub(crate) fn note_redaction(found: &mut Redactions, row: &Row<'_>) {
    if row.event.kind != EventKind::Redact {
        return;
    }
    let scope = row.body.and_then(|text| Body::decode(text).ok()).and_then(|body| body.scope);
    let entry = found.entry(row.event.record).or_default();
    entry.0 = row.event.seq;
    if scope == Some(Scope::All) {
        entry.1 = row.event.seq;
    }
}

/// Checks one event; gives its stored hash.
fn check(row: &Row<'_>, seq: i64, before: &Hash, redactions: &Redactions, report: &mut VerifyReport) -> Hash {
    let Row { event, body, personal } = row;
    if event.prev != *before {
        report.problems.push(Problem::Unlinked { seq });
    }
    if chain(&event.prev, event) != event.hash {
        report.problems.push(Problem::Changed { seq });
    }
    let (redacted_personal, redacted_all) = redactions.get(&event.record).copied().unwrap_or_default();
    let erasable = event.kind != EventKind::Redact;
    let mut redacted = false;
    let payloads = [(*body, Some(event.body_hash), redacted_all), (*personal, event.personal_hash, redacted_personal)];
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
    event.hash
}

/// The head remembers the end of the log, so that a log cut off at its end is noticed.
fn check_head(log: &mut Log, head: &Path, last: i64, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
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
        let mut stored = log.hash_of(seen)?.as_ref().map(|hash| hex(hash));
        if stored.is_none() && seen > last {
            // Events acknowledged while this verification runs are seen by the head and not by its moment of the log.
            log.moment()?;
            stored = log.hash_of(seen)?.as_ref().map(|hash| hex(hash));
        }
        match stored {
            None => problems.push(Problem::Truncated { last, seen }),
            Some(stored) if stored == hash => {}
            Some(_) => problems.push(Problem::HeadDiffers { seq: seen }),
        }
    }
    Ok(())
}
