//! Readers: snapshots of a moment, handed out by the store.

use shirube_snapshot::Snapshot;
use std::ops::Deref;

/// An open snapshot. Reads everything by SQL, changes nothing.
#[derive(Debug)]
pub struct Reader {
    snapshot: Snapshot,
}

impl Reader {
    pub(crate) fn new(snapshot: Snapshot) -> Reader {
        Reader { snapshot }
    }
}

impl Deref for Reader {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}
