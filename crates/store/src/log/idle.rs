//! Connections to the log for short reads, kept open between them: to open one takes longer than most such reads, above
//! all over a network.

use super::{EventLog, Log};
use crate::StoreError;
use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Connections kept at most.
const MOST: usize = 4;

/// Connections that nobody reads by at present.
#[derive(Default)]
pub(crate) struct IdleLogs(Mutex<Vec<Log>>);

impl fmt::Debug for IdleLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdleLogs")
    }
}

impl IdleLogs {
    /// Reads by an idle connection, or by a new one if there is none or the server has given it up meanwhile.
    pub fn read<T>(
        &self,
        open: impl FnOnce() -> Result<Log, StoreError>,
        read: impl Fn(&dyn EventLog) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.hold().pop();
        let again = kept.and_then(|log| Some((read(&*log).ok()?, log)));
        let (found, log) = match again {
            Some(found) => found,
            None => {
                let log = open()?;
                (read(&*log)?, log)
            }
        };
        let mut idle = self.hold();
        if idle.len() < MOST {
            idle.push(log);
        }
        Ok(found)
    }

    /// Closes them.
    pub fn clear(&self) {
        self.hold().clear();
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
