//! Where attached files are.

use crate::{LogPlace, Url};
use std::{fmt, sync::Arc};

/// Where the attached files of a log are kept.
#[derive(Clone, Debug, Default)]
pub enum FilesPlace {
    /// `files/` in the data folder.
    #[default]
    Folder,
    /// A bucket of S3-compatible object storage, which several processes may share.
    Bucket(Arc<Bucket>),
}

/// A bucket and the right to it.
#[derive(Clone)]
pub struct Bucket {
    /// The server.
    pub endpoint: Url,
    /// Name of the bucket, the second part of the path.
    pub name: String,
    /// Region, as the server calls it.
    pub region: String,
    /// Name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({} at {})", self.name, self.endpoint)
    }
}

/// Where everything of a store is that need not be in its data folder.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The event log.
    pub log: LogPlace,
    /// Attached files.
    pub files: FilesPlace,
}

impl From<LogPlace> for Place {
    /// Attached files in the data folder.
    fn from(log: LogPlace) -> Place {
        Place { log, files: FilesPlace::Folder }
    }
}
