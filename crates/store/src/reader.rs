//! Readers: snapshots of a moment, handed out by the store.

use scopeguard::ScopeGuard;
use shirube_snapshot::{AsOf, Seen, Sight, Snapshot, SnapshotError};
use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Snapshots kept for the next reader at most: as many as a burst of changes holds at once.
const MOST: usize = 64;

/// Snapshots that nobody reads at present. To open one takes milliseconds, for SQLite reads the whole schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Idle(Arc<Mutex<Vec<Snapshot>>>);

impl Idle {
    /// A snapshot of a moment that shows what may be seen, everything if `sight` is none: an idle one that showed the
    /// same before, else a new one as long as few are kept, for to draw other views costs as much as to open one.
    pub fn reader(
        &self,
        as_of: AsOf,
        (sight, seen): (Option<Arc<Sight>>, Option<Arc<Seen>>),
        open: impl FnOnce() -> Result<Snapshot, SnapshotError>,
    ) -> Result<Reader, SnapshotError> {
        let idle = self.take(as_of, &sight);
        let _opening = tracing::info_span!("snapshot", shirube.reused = idle.is_some()).entered();
        let mut snapshot = match idle {
            Some(snapshot) => snapshot,
            None => open()?,
        };
        snapshot.rest()?;
        snapshot.narrow(sight)?;
        snapshot.turn_to(as_of)?;
        snapshot.heed(seen);
        let idle = self.clone();
        Ok(Reader(scopeguard::guard(snapshot, Box::new(move |snapshot| idle.give_back(snapshot)))))
    }

    fn take(&self, as_of: AsOf, sight: &Option<Arc<Sight>>) -> Option<Snapshot> {
        let mut idle = self.hold();
        let alike = |s: &Snapshot| s.has_sight(sight);
        // The last one given back: when few read, the others are left alone and take up no memory but what they had.
        let at = idle.iter().rposition(|s| *s.as_of() == as_of && alike(s));
        // Between the present and the past views change, and with them all statements that are kept.
        let is_head = as_of == AsOf::Head;
        let at = at.or_else(|| idle.iter().rposition(|s| alike(s) && (*s.as_of() == AsOf::Head) == is_head));
        let other = || if idle.len() < MOST { None } else { Some(0) };
        let at = at.or_else(|| idle.iter().rposition(alike)).or_else(other)?;
        Some(idle.remove(at))
    }

    fn give_back(&self, mut snapshot: Snapshot) {
        snapshot.heed(None);
        // What a panic left half-done is not for the next reader.
        if !std::thread::panicking() && snapshot.rest().is_ok() {
            let mut idle = self.hold();
            if idle.len() < MOST {
                idle.push(snapshot);
            }
        }
    }

    /// Closes them.
    pub fn clear(&self) {
        self.hold().clear();
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Snapshot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open snapshot. Reads everything by SQL, changes nothing.
#[derive(Debug)]
pub struct Reader(ScopeGuard<Snapshot, Box<dyn FnOnce(Snapshot) + Send>>);

impl Deref for Reader {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.0
    }
}
