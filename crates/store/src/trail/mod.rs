//! The trail of readings: who was given which personal and commercial fields of which records, when and by what way.
//!
//! It holds no value of any field. It is a chain of its own beside the log's, and is never written by the log's writer:
//! a long import must not keep people from reading. What an actor reads is noted ([`shirube_snapshot::Seen`]) and
//! written by [`Store::settle`] before it is given out.

mod copy;
mod desk;
mod entry;
mod error;
mod find;
mod postgres;
mod retain;
mod sqlite;
mod verify;

pub(crate) use copy::{Copying, copy};
pub(crate) use desk::{Desk, append};
pub(crate) use entry::{Draft, Row};
pub(crate) use verify::{Proof, whole as verify};
pub(crate) use {postgres::PostgresTrail, sqlite::SqliteTrail};

pub use entry::{CHECKPOINT, Entry, Over, Shown, TRAIL, Told};
pub use error::TrailError;
pub use find::{Act, Acts, Changed, Look, Only};
pub use retain::Retained;
pub use verify::{TrailProblem, TrailReport};

use crate::{Actor, LogPlace, Store, StoreError, log::Last};
use shirube_plan::Pack;
use std::path::Path;

/// Hears an entry, newest first; false ends the reading.
pub(crate) type Each<'e> = dyn FnMut(Row) -> Result<bool, StoreError> + 'e;
/// Hears the number of an entry, and the entry or why it does not read.
pub(crate) type EachRow<'e> = dyn FnMut(i64, Result<Row, String>) -> Result<(), StoreError> + 'e;

/// Which entries are looked for: all conditions hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Before this entry.
    pub before: i64,
    /// As recorded.
    pub actors: Vec<String>,
    pub register: Option<String>,
    pub record: Option<i64>,
    /// From this time on (milliseconds since the epoch).
    pub since: i64,
    /// Before this time.
    pub until: i64,
}

/// What keeps a trail.
pub(crate) trait Keeper: Send {
    /// Begins to append: no one else does until it ends. Gives the end of the trail.
    fn begin(&mut self) -> Result<Last, StoreError>;
    /// Writes entries as they are.
    fn put(&mut self, rows: &[Row]) -> Result<(), StoreError>;
    /// Erases what entries of a register before a time tell, checkpoints excepted; gives how many.
    fn erase(&mut self, register: &str, before: i64) -> Result<u64, StoreError>;
    /// How many [`Keeper::erase`] would.
    fn over(&mut self, register: &str, before: i64) -> Result<u64, StoreError>;
    /// From here on what was put is on disk.
    fn commit(&mut self) -> Result<(), StoreError>;
    fn rollback(&mut self);
    /// Makes sure that nothing erased stays behind the table, as far as no reader is in the way.
    fn purge(&mut self) -> Result<(), StoreError>;
    /// Shows one and the same moment of the trail until it is let go.
    fn moment(&mut self) -> Result<(), StoreError>;
    /// All entries after one, in order, of one moment.
    fn rows(&mut self, after: i64, each: &mut EachRow<'_>) -> Result<(), StoreError>;
    /// Entries that fulfil the conditions, newest first.
    fn find(&mut self, wanted: &Wanted, each: &mut Each<'_>) -> Result<(), StoreError>;
    /// The end of the trail.
    fn last(&mut self) -> Result<Last, StoreError>;
}

impl LogPlace {
    /// Opens or makes the trail of a log.
    pub(crate) fn trail(&self, folder: &Path) -> Result<Box<dyn Keeper>, StoreError> {
        Ok(match self {
            LogPlace::Folder => Box::new(SqliteTrail::open(&folder.join("trail.db"))?),
            LogPlace::Postgres(server) => Box::new(PostgresTrail::open(server)?),
        })
    }

    /// A connection for reading the trail of a log; none if nobody has read anything under this release.
    pub(crate) fn trail_reader(&self, folder: &Path) -> Result<Option<Box<dyn Keeper>>, StoreError> {
        Ok(match self {
            LogPlace::Folder => match folder.join("trail.db") {
                path if path.exists() => Some(Box::new(SqliteTrail::open_reader(&path)?)),
                _ => None,
            },
            LogPlace::Postgres(server) => match PostgresTrail::open_reader(server)? {
                Some(trail) => Some(Box::new(trail)),
                None => None,
            },
        })
    }
}

impl Store {
    /// Writes down what the actor was given since this was last done; it is on disk when this returns. Whoever reads on
    /// behalf of somebody calls it before they are given anything, and gives nothing when it fails.
    pub fn settle(&self, actor: &Actor) -> Result<(), StoreError> {
        let drafts = drafts(actor, self.pack())?;
        if drafts.is_empty() { Ok(()) } else { self.trail.note(drafts) }
    }

    /// [`Store::settle`] for what was read of a data folder that another program has open.
    pub fn settle_beside(folder: &Path, place: &LogPlace, pack: &Pack, actor: &Actor) -> Result<(), StoreError> {
        let drafts = drafts(actor, pack)?;
        if drafts.is_empty() {
            return Ok(());
        }
        let unwritten = |error: StoreError| StoreError::from(TrailError::Unwritten(error.to_string()));
        let mut keeper = place.trail(folder).map_err(unwritten)?;
        append(keeper.as_mut(), drafts).map_err(unwritten)
    }
}

fn drafts(actor: &Actor, pack: &Pack) -> Result<Vec<Draft>, StoreError> {
    let Some(errand) = actor.errand() else { return Ok(vec![]) };
    let drafts = errand.seen.take(pack).into_iter().map(|reading| {
        let cells = reading.cells.into_iter().map(|(fields, ids)| Shown { fields, ids }).collect();
        Draft::new(reading.register, Told { as_of: Some(reading.as_of).filter(|seq| *seq > 0), cells, ..Told::by(actor)? })
    });
    drafts.collect()
}
