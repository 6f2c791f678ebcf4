//! Opens a pack and its store for a command.

use crate::Place;
use crate::failure::Failure;
use crate::packs;
use shirube_keyring::{Clock, Keyring, Limits, Listener};
use shirube_plan::Pack;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, LogError, LogPlace, Reader, Store, StoreError};
use std::sync::Arc;

/// A pack with its store.
pub struct Office {
    /// The pack, free of mistakes.
    pub pack: Arc<Pack>,
    /// Its store.
    pub store: Store,
}

impl Office {
    /// Opens the pack and the data folder.
    pub fn open(place: &Place) -> Result<Self, Failure> {
        let pack = pack(place)?;
        let store = Store::open_at(&place.data, place.store(), pack.clone())?;
        Ok(Office { pack, store })
    }
}

/// The pack, free of mistakes.
pub fn pack(place: &Place) -> Result<Arc<Pack>, Failure> {
    let (pack, mistakes) = shirube_plan::load(&packs::files(place.pack.as_deref())?);
    if mistakes.is_empty() { Ok(Arc::new(pack)) } else { Err(Failure::PackMistakes(mistakes.len())) }
}

/// The secrets of the accounts: beside the log, wherever that is.
pub fn keyring(place: &Place, listener: Listener) -> Result<Keyring, Failure> {
    Ok(match &place.log {
        LogPlace::Folder => Keyring::in_folder(&place.data, Limits::default(), Clock::system(), listener)?,
        LogPlace::Postgres(server) => Keyring::in_postgres(server, Limits::default(), Clock::system(), listener)?,
    })
}

/// What a command reads for somebody, and where it is written down.
pub struct Reading {
    /// The registers as of a moment.
    pub reader: Reader,
    actor: Actor,
    store: Option<Store>,
}

impl Reading {
    /// Reads for the owner, by a command.
    pub fn open(place: &Place, as_of: Option<&str>, by: &str) -> Result<Self, Failure> {
        let (pack, as_of, actor) = (pack(place)?, moment(as_of)?, Actor::owner().asking(by, None));
        match Store::open_at(&place.data, place.store(), pack.clone()) {
            Ok(store) => Ok(Reading { reader: store.reader(&actor, as_of)?, actor, store: Some(store) }),
            Err(error) => Ok(Reading { reader: beside(place, pack, &actor, as_of, error)?, actor, store: None }),
        }
    }

    /// Writes down what was read; before that nothing is given out.
    pub fn settle(&self, place: &Place) -> Result<(), Failure> {
        match &self.store {
            Some(store) => store.settle(&self.actor)?,
            None => Store::settle_beside(&place.data, &place.log, self.reader.pack(), &self.actor)?,
        }
        Ok(())
    }
}

/// Reads the registers as of a moment (`None`: now), also while the portal has the data folder open.
pub fn read(place: &Place, as_of: Option<&str>) -> Result<Reader, Failure> {
    let (pack, as_of) = (pack(place)?, moment(as_of)?);
    match Store::open_at(&place.data, place.store(), pack.clone()) {
        Ok(store) => Ok(store.reader(&Actor::owner(), as_of)?),
        Err(error) => beside(place, pack, &Actor::owner(), as_of, error),
    }
}

/// Reads the head where a store cannot be opened: another program has it open, or the log was moved, which is said.
fn beside(place: &Place, pack: Arc<Pack>, actor: &Actor, as_of: AsOf, error: StoreError) -> Result<Reader, Failure> {
    if !matches!(&error, StoreError::InUse(_) | StoreError::Log(LogError::Moved { .. })) {
        return Err(error.into());
    }
    if let Err(moved) = refuse_moved(place) {
        eprintln!("shirube: note: {moved}");
    }
    Ok(Store::look(&place.data, &place.log, pack, actor, as_of)?)
}

/// Refuses a log that goes on elsewhere.
pub fn refuse_moved(place: &Place) -> Result<(), Failure> {
    let Some(moved) = Store::moved(&place.data, &place.log, &Actor::owner())? else { return Ok(()) };
    Err(StoreError::from(LogError::Moved { place: place.log.describe(&place.data), moved: Box::new(moved) }).into())
}

/// A moment as typed on the command line; now when left out.
pub fn moment(text: Option<&str>) -> Result<AsOf, Failure> {
    let Some(text) = text else { return Ok(AsOf::Head) };
    text.parse().map_err(|_| Failure::Misuse(format!("“{text}” is not a moment: write 2026-11-01, an RFC 3339 time or seq:N")))
}
