//! Where a snapshot can be opened again: for more than one thread to read the same moment.

use crate::{AsOf, Snapshot, SnapshotError};
use shirube_plan::Pack;
use std::{path::PathBuf, sync::Arc};

/// The file, pack and moment of a snapshot.
#[derive(Clone, Debug)]
pub struct Place {
    /// None in memory, where nothing is recorded.
    path: Option<PathBuf>,
    pack: Arc<Pack>,
    seq: i64,
}

impl Snapshot {
    /// Where this snapshot can be opened again.
    pub fn place(&self) -> Place {
        let path = self.connection().path().filter(|path| !path.is_empty()).map(PathBuf::from);
        Place { path, pack: self.pack().clone(), seq: self.moment().seq }
    }
}

impl Place {
    /// Opens the same moment on a connection of its own. It shows everything, however narrow the snapshot was: what of it
    /// goes to whom is for the caller to ask.
    pub fn open(self) -> Result<Snapshot, SnapshotError> {
        match self.path {
            Some(path) => Snapshot::open(&path, self.pack, AsOf::Seq(self.seq)),
            None => Snapshot::empty(self.pack),
        }
    }
}
