//! Readers: snapshots of a moment, handed out by the store.

use scopeguard::ScopeGuard;
use shirube_snapshot::{AsOf, Seen, Sight, Snapshot, SnapshotError};
use std::{
    ops::Deref,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Snapshots kept for the next reader at most.
const MOST: usize = 64;
/// With so many in use another is not opened at once: one is likely to be given back sooner.
const BUSY: usize = 8;
/// How long one is waited for then. Who waits may hold another, so it is not for ever.
const WAIT: Duration = Duration::from_millis(20);

/// Snapshots that nobody reads at present. To open one takes milliseconds, for SQLite reads the whole schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Idle(Arc<(Mutex<Kept>, Condvar)>);

#[derive(Debug, Default)]
struct Kept {
    idle: Vec<Snapshot>,
    /// How many are in use.
    used: usize,
}

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
        let turned = idle.map_or_else(open, Ok).and_then(|mut snapshot| {
            snapshot.rest()?;
            snapshot.narrow(sight)?;
            snapshot.turn_to(as_of)?;
            snapshot.heed(seen);
            Ok(snapshot)
        });
        let snapshot = turned.inspect_err(|_| self.give_back(None))?;
        let idle = self.clone();
        Ok(Reader(scopeguard::guard(snapshot, Box::new(move |snapshot| idle.give_back(Some(snapshot))))))
    }

    /// An idle snapshot that fits, counted as used; none if a new one is to be opened.
    fn take(&self, as_of: AsOf, sight: &Option<Arc<Sight>>) -> Option<Snapshot> {
        let (mut kept, until) = (self.hold(), Instant::now() + WAIT);
        loop {
            let found = Self::fitting(&mut kept.idle, as_of, sight);
            let left = until.saturating_duration_since(Instant::now());
            if found.is_some() || kept.used < BUSY || left.is_zero() {
                kept.used += 1;
                return found;
            }
            kept = self.0.1.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn fitting(idle: &mut Vec<Snapshot>, as_of: AsOf, sight: &Option<Arc<Sight>>) -> Option<Snapshot> {
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

    /// A snapshot is used no longer; none if it was of no use.
    fn give_back(&self, snapshot: Option<Snapshot>) {
        // What a panic left half-done is not for the next reader.
        let usable = snapshot.filter(|_| !std::thread::panicking()).and_then(|mut snapshot| {
            snapshot.heed(None);
            snapshot.rest().ok().map(|()| snapshot)
        });
        let mut kept = self.hold();
        kept.used -= 1;
        if kept.idle.len() < MOST {
            kept.idle.extend(usable);
        }
        drop(kept);
        self.0.1.notify_one();
    }

    /// Closes them.
    pub fn clear(&self) {
        self.hold().idle.clear();
    }

    fn hold(&self) -> MutexGuard<'_, Kept> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
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
