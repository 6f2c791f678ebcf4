//! Who read and changed what: the trail of readings and the log's events together, newest first.

use super::{Draft, Entry, Shown, TRAIL, Told, Wanted};
use crate::{
    Actor, Store, StoreError,
    log::{BY_ACTOR, EventLog, Line},
};
use shirube_access::SystemAction;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How long events are looked through for one answer; then it says how far it came.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events that are looked through at once.
const WINDOW: i64 = 20_000;
/// Events of one actor that are asked for together.
const TOGETHER: usize = 1000;
/// Most that is given at once.
const MOST: usize = 10_000;

/// What is looked for: all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Login, or who as events and entries name them.
    pub person: Option<String>,
    /// Register.
    pub register: Option<String>,
    /// Record.
    pub record: Option<i64>,
    /// From this time on (milliseconds since the epoch).
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Readings alone, or changes alone; both if none.
    pub only: Option<Only>,
    /// Before this entry of the trail and this event: where the answer before ended.
    pub before: Option<(i64, i64)>,
    /// How many at most.
    pub limit: usize,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Entries of the trail.
    Readings,
    /// Events.
    Changes,
}

/// A change, without what was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The event.
    pub seq: i64,
    /// When (milliseconds since the epoch, UTC).
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Register.
    pub register: String,
    /// Record.
    pub record: i64,
    /// What happened: `create`, `amend` …
    pub kind: String,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Fields were read.
    Read(Entry),
    /// A record was changed.
    Changed(Changed),
}

impl Act {
    /// When (milliseconds since the epoch, UTC).
    pub fn at(&self) -> i64 {
        match self {
            Act::Read(entry) => entry.at,
            Act::Changed(changed) => changed.at,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acts {
    /// Newest first.
    pub acts: Vec<Act>,
    /// Where to go on; none at the end.
    pub next: Option<(i64, i64)>,
}

impl Store {
    /// Who read and changed what. That this was read is an entry itself, on disk when this returns.
    pub fn trail(&self, actor: &Actor, look: &Look) -> Result<Acts, StoreError> {
        actor.may(SystemAction::Trail)?;
        let before = look.before.unwrap_or((i64::MAX, i64::MAX));
        let limit = look.limit.min(MOST);
        let readings = if look.only == Some(Only::Changes) { vec![] } else { self.readings(look, before.0, limit)? };
        let (changes, reached) = match look.only {
            Some(Only::Readings) => (vec![], 0),
            _ => changes(&*self.log_reader()?, look, before.1, limit)?,
        };
        let found = merge(readings, changes, (before, reached), limit);
        let seen: Vec<i64> = found.acts.iter().filter_map(|act| if let Act::Read(entry) = act { Some(entry.seq) } else { None }).collect();
        let cells = vec![Shown { fields: BTreeSet::new(), ids: seen.into_iter().collect() }];
        self.trail.note(vec![Draft::new(TRAIL.to_string(), Told { cells, ..Told::by(actor)? })?])?;
        Ok(found)
    }

    fn readings(&self, look: &Look, before: i64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut found = vec![];
        let Some(mut keeper) = self.place().log.trail_reader(self.folder())? else { return Ok(found) };
        let wanted = Wanted {
            before,
            actors: actors(look),
            register: look.register.clone(),
            record: look.record,
            since: look.since.unwrap_or(i64::MIN),
            until: look.until.unwrap_or(i64::MAX),
        };
        keeper.find(&wanted, &mut |row| {
            let entry = row.entry()?;
            let shows = |record| entry.told.as_ref().is_some_and(|told| told.shows(record));
            // Numbers of entries are no ids of records.
            if look.record.is_none_or(|record| shows(record) && entry.register != TRAIL) {
                found.push(entry);
            }
            // One more tells that there is more.
            Ok(found.len() <= limit)
        })?;
        Ok(found)
    }
}

fn actors(look: &Look) -> Vec<String> {
    look.person.iter().flat_map(|person| [person.clone(), format!("person:{person}")]).collect()
}

/// Events, newest first, and the last that was looked at.
fn changes(log: &dyn EventLog, look: &Look, before: i64, limit: usize) -> Result<(Vec<Changed>, i64), StoreError> {
    let (begun, actors) = (Instant::now(), actors(look));
    let (since, until) = (look.since.unwrap_or(i64::MIN), look.until.unwrap_or(i64::MAX));
    let mut high = before.min(log.last().seq.saturating_add(1));
    if until < i64::MAX {
        high = high.min(first_since(log, until)?);
    }
    let low = if since > i64::MIN { first_since(log, since)? } else { 1 };
    let by_actor = !actors.is_empty() && log.format()? >= BY_ACTOR;
    let mut found = vec![];
    while high > low && found.len() <= limit && begun.elapsed() < PATIENCE {
        let fits = |line: &Line| {
            (actors.is_empty() || actors.contains(&line.actor))
                && look.register.as_ref().is_none_or(|register| line.register == *register)
                && look.record.is_none_or(|record| line.record == record)
        };
        let (mut lines, reached) = match look.record {
            Some(record) => (log.lines_of(record, (low, high))?, low),
            None if by_actor => newest(log, &actors, (low, high))?,
            None => {
                let from = low.max(high - WINDOW);
                (log.lines((from, high))?, from)
            }
        };
        lines.retain(fits);
        found.extend(lines.into_iter().rev().map(|l| Changed {
            seq: l.seq,
            at: l.at,
            actor: l.actor,
            register: l.register,
            record: l.record,
            kind: l.kind,
        }));
        high = reached;
    }
    Ok((found, if high > low { high } else { 0 }))
}

/// The newest events of some actors, in order, and the event down to which these are all.
fn newest(log: &dyn EventLog, actors: &[String], (low, high): (i64, i64)) -> Result<(Vec<Line>, i64), StoreError> {
    let (mut lines, mut reached) = (vec![], low);
    for actor in actors {
        let theirs = log.lines_by(actor, (low, high), TOGETHER)?;
        if let Some(last) = theirs.get(TOGETHER - 1) {
            reached = reached.max(last.seq);
        }
        lines.extend(theirs);
    }
    lines.retain(|line| line.seq >= reached);
    lines.sort_by_key(|line| line.seq);
    Ok((lines, reached))
}

/// The first event at this time or later; the log is in the order of time.
fn first_since(log: &dyn EventLog, at: i64) -> Result<i64, StoreError> {
    let (mut low, mut high) = (1, log.last().seq + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match log.at_of(middle)? {
            Some(time) if time < at => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Both in the order of time. `reached` is the event down to which was looked, 0 for all.
fn merge(readings: Vec<Entry>, changes: Vec<Changed>, (before, reached): ((i64, i64), i64), limit: usize) -> Acts {
    let (mut readings, mut changes) = (readings.into_iter().peekable(), changes.into_iter().peekable());
    let mut found = Acts::default();
    let mut next = before;
    while found.acts.len() < limit {
        let newer = match (readings.peek(), changes.peek()) {
            (Some(read), Some(changed)) => read.at >= changed.at,
            // Below what was looked at may be a change that is newer.
            (Some(_), None) => reached == 0,
            (None, _) => false,
        };
        if newer {
            let Some(entry) = readings.next() else { break };
            next.0 = entry.seq;
            found.acts.push(Act::Read(entry));
        } else {
            let Some(changed) = changes.next() else { break };
            next.1 = changed.seq;
            found.acts.push(Act::Changed(changed));
        }
    }
    if changes.peek().is_none() && reached > 0 {
        next.1 = reached;
    }
    let more = readings.peek().is_some() || changes.peek().is_some() || reached > 0;
    found.next = more.then_some(next);
    found
}
