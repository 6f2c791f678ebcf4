//! The event log: one append-only table, kept by SQLite in the data folder or by PostgreSQL.

mod error;
mod format;
mod idle;
mod moved;
mod place;
pub(crate) mod postgres;
mod sqlite;

pub use error::LogError;
pub(crate) use format::BY_ACTOR;
pub(crate) use idle::IdleLogs;
pub use moved::Moved;
pub use place::LogPlace;

use crate::StoreError;
use shirube_record::{Body, Event, EventKind, FIRST, Hash, Scope, chain, payload_hash};

const COLUMNS: &str = "seq, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash";

/// What becomes an event once it has its place in the log.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub register: String,
    /// None for a new record.
    pub record: Option<i64>,
    pub kind: EventKind,
    pub actor: String,
    pub body: Body,
    pub personal: Option<Body>,
}

impl Draft {
    /// The event at its place, not yet sealed.
    pub fn at(self, seq: i64, at: i64) -> Event {
        Event {
            seq,
            register: self.register,
            record: self.record.unwrap_or(seq),
            kind: self.kind,
            at,
            actor: self.actor,
            body: Some(self.body),
            personal: self.personal,
            body_hash: FIRST,
            personal_hash: None,
            prev: FIRST,
            hash: FIRST,
        }
    }
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub seq: i64,
    pub hash: Hash,
    pub at: i64,
}

impl Last {
    /// Before the first event.
    pub const NONE: Last = Last { seq: 0, hash: FIRST, at: 0 };
}

/// A row of the log: the event without its payloads, and these as they stand.
#[derive(Debug)]
pub(crate) struct Row<'r> {
    pub event: Event,
    pub body: Option<&'r str>,
    pub personal: Option<&'r str>,
}

/// Which rows are read, always in order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    After(i64),
    /// Behind the first, up to the second.
    Between(i64, i64),
    OfRecord(i64),
    RedactionsAfter(i64),
}

/// A row without its payloads and hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub seq: i64,
    pub register: String,
    pub record: i64,
    pub kind: String,
    pub at: i64,
    pub actor: String,
}

/// Hears the number of a row, and the row or why it does not read.
pub(crate) type Each<'e> = dyn FnMut(i64, Result<Row<'_>, String>) -> Result<(), StoreError> + 'e;

/// An open log, in whatever keeps it. Reading between `begin` and `commit` sees what was put meanwhile.
pub(crate) trait EventLog: Send {
    /// The end of the log as far as it is known here, uncommitted events included.
    fn last(&self) -> Last;
    /// Looks where the log ends now.
    fn refresh(&mut self) -> Result<(), StoreError>;
    /// Whether other processes may write, too, and have to be followed.
    fn is_shared(&self) -> bool;
    /// Begins a batch: no one else writes until it ends, and [`EventLog::last`] is the end of the log.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Ends a batch: from here on its events are on disk.
    fn commit(&mut self) -> Result<(), StoreError>;
    fn rollback(&mut self) -> Result<(), StoreError>;
    /// Shows one and the same moment of the log from here on, and at the next call a later one.
    fn moment(&mut self) -> Result<(), StoreError>;
    /// Writes a row as it is.
    fn put(&mut self, row: &Row<'_>) -> Result<(), StoreError>;
    /// Hands over what was put and still waits here, so that it can be read.
    fn flush(&mut self) -> Result<(), StoreError>;
    fn rows(&self, which: Which, each: &mut Each<'_>) -> Result<(), StoreError>;
    /// Hash of one event.
    fn hash_of(&self, seq: i64) -> Result<Option<Hash>, StoreError>;
    /// When an event happened.
    fn at_of(&self, seq: i64) -> Result<Option<i64>, StoreError>;
    /// Who did what, from one event to before another, in order.
    fn lines(&self, range: (i64, i64)) -> Result<Vec<Line>, StoreError>;
    /// The same of one record.
    fn lines_of(&self, record: i64, range: (i64, i64)) -> Result<Vec<Line>, StoreError>;
    /// The newest events of one actor, from one to before another, newest first; as many as asked for. Takes long where
    /// the format has no index for it ([`BY_ACTOR`]).
    fn lines_by(&self, actor: &str, range: (i64, i64), most: usize) -> Result<Vec<Line>, StoreError>;
    /// The format it has.
    fn format(&self) -> Result<i64, StoreError>;
    /// Records of a register created by actors whose name begins so, in order.
    fn created_by(&self, register: &str, actors: &str) -> Result<Vec<i64>, StoreError>;
    /// Actor of the first event that a pack has made.
    fn first_pack(&self) -> Result<Option<String>, StoreError>;
    /// Erases the payloads of a record's events, redactions excepted.
    fn erase(&mut self, record: i64, scope: Scope) -> Result<(), StoreError>;
    /// Where it was moved, if it goes on elsewhere.
    fn moved(&self) -> Result<Option<Moved>, StoreError>;
    /// Marks it as moved, from the end of the batch on, or takes the mark that it has away.
    fn mark(&mut self, moved: Option<&Moved>) -> Result<(), StoreError>;
    /// Makes sure that nothing erased stays behind the table. False while a reader still needs it.
    fn checkpoint(&mut self) -> Result<bool, StoreError>;
}

/// The log, whatever keeps it.
pub(crate) type Log = Box<dyn EventLog>;

impl dyn EventLog + '_ {
    /// Refuses a log that goes on elsewhere.
    pub fn refuse_moved(&self, place: &str) -> Result<(), StoreError> {
        let refuse = |moved| LogError::Moved { place: place.to_string(), moved: Box::new(moved) }.into();
        self.moved()?.map_or(Ok(()), |moved| Err(refuse(moved)))
    }

    /// Seals the next event into the chain and writes it.
    pub fn append(&mut self, mut event: Event) -> Result<(), StoreError> {
        let body = event.body.take().map(|b| b.encode()).transpose()?.unwrap_or_default();
        let personal = event.personal.take().map(|b| b.encode()).transpose()?;
        event.body_hash = payload_hash(&body);
        event.personal_hash = personal.as_deref().map(payload_hash);
        event.prev = self.last().hash;
        event.hash = chain(&event.prev, &event);
        self.put(&Row { event, body: Some(&body), personal: personal.as_deref() })
    }

    /// Calls `each` with the events, in order.
    pub fn read(&self, which: Which, each: &mut dyn FnMut(Event) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.rows(which, &mut |seq, row| {
            let unreadable = |what: String| StoreError::Unreadable { seq, what };
            let decode = |text: Option<&str>| text.map(Body::decode).transpose().map_err(|e| unreadable(e.to_string()));
            let row = row.map_err(unreadable)?;
            let (body, personal) = (decode(row.body)?, decode(row.personal)?);
            each(Event { body, personal, ..row.event })
        })
    }

    /// The events of one record, in order.
    pub fn of_record(&self, record: i64) -> Result<Vec<Event>, StoreError> {
        let mut events = vec![];
        self.read(Which::OfRecord(record), &mut |event| {
            events.push(event);
            Ok(())
        })?;
        Ok(events)
    }
}
