//! What time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970-01-01 UTC, as in the event log.
pub type Moment = i64;

/// The system's time, or one that is set by hand so that tests need not sleep.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's time.
    pub fn system() -> Clock {
        Clock(None)
    }

    /// Stands still at a moment until it is advanced.
    pub fn at(moment: Moment) -> Clock {
        Clock(Some(Arc::new(AtomicI64::new(moment))))
    }

    /// Moves a clock that stands still; the system's time moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(moment) = &self.0 {
            moment.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Sets a clock that stands still, backwards, too, as a machine's may be.
    pub fn set(&self, to: Moment) {
        if let Some(moment) = &self.0 {
            moment.store(to, Ordering::SeqCst);
        }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        match &self.0 {
            Some(moment) => moment.load(Ordering::SeqCst),
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
        }
    }
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
