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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{LogPlace, log::LogError};
    use std::cell::Cell;

    /// A log, how often it was opened, and how many of the next reads fail as over a connection that went stale.
    fn asked(idle: &IdleLogs, folder: &std::path::Path, (opened, stale): (&Cell<usize>, &Cell<usize>)) -> Result<i64, StoreError> {
        let open = || {
            opened.set(opened.get() + 1);
            LogPlace::Folder.open(folder)
        };
        idle.read(open, |log| match stale.get() {
            0 => Ok(log.last().seq),
            more => {
                stale.set(more - 1);
                Err(LogError::Unreachable { place: String::new(), cause: String::new() }.into())
            }
        })
    }

    #[test]
    fn a_kept_connection_that_went_stale_is_made_anew_and_one_that_fails_at_once_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (idle, opened, stale) = (IdleLogs::default(), Cell::new(0), Cell::new(0));
        let ask = || asked(&idle, folder.path(), (&opened, &stale));
        assert_eq!((ask().unwrap(), ask().unwrap(), opened.get()), (0, 0, 1), "one is enough for one after the other");
        stale.set(1);
        assert_eq!((ask().unwrap(), opened.get()), (0, 2));
        assert_eq!((ask().unwrap(), opened.get()), (0, 2), "the new one is kept in its place");
        stale.set(2);
        assert!(ask().is_err());
        assert_eq!(opened.get(), 3);
        assert_eq!((ask().unwrap(), opened.get()), (0, 4), "what failed is not kept");
        idle.clear();
        assert_eq!((ask().unwrap(), opened.get()), (0, 5));
    }
}
