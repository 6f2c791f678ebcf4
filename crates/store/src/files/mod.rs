//! Attached files, kept by their SHA-256: in the data folder, or in a bucket that several processes share.

mod bucket;
mod error;
mod folder;
mod kind;
mod place;
mod sent;
mod sign;

pub use error::FilesError;
pub use kind::FileRefused;
pub use place::{Bucket, FilesPlace, Place};

pub(crate) use kind::{check as check_kind, ending, fits, look};
pub(crate) use sent::{Sent, Upload};

use crate::{StoreError, error::file_error};
use bucket::BucketFiles;
use folder::FolderFiles;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt, fs, path::Path};

/// What keeps files. It is only asked for names that are hashes, and given bytes whose hash is the name.
trait Keeper: fmt::Debug + Send + Sync {
    /// The file is safe when this returns.
    fn keep(&self, sha: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// None if it is not there.
    fn read(&self, sha: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Its size; none if it is not there.
    fn size(&self, sha: &str) -> Result<Option<u64>, StoreError>;
    /// Names of the files that no form is waiting for any more.
    fn all(&self) -> Result<BTreeSet<String>, StoreError>;
    /// Names of the files that were sent so long ago, the last time, that no form of any process waits for them.
    fn left(&self) -> Result<BTreeSet<String>, StoreError>;
    /// Removes it, if it is there.
    fn remove(&self, sha: &str) -> Result<(), StoreError>;
}

/// The attached files of a log.
#[derive(Debug)]
pub(crate) struct Files(Box<dyn Keeper>);

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    shirube_record::hex(&Sha256::digest(bytes))
}

/// Only a hash may become a name.
fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
}

fn named(sha: &str) -> Result<&str, StoreError> {
    if is_hash(sha) { Ok(sha) } else { Err(StoreError::NoSuchFile(sha.to_string())) }
}

impl Files {
    /// The files of a data folder.
    pub fn open(folder: &Path, place: &FilesPlace) -> Result<Files, StoreError> {
        Ok(Files(match place {
            FilesPlace::Folder => {
                let folder = folder.join("files");
                fs::create_dir_all(&folder).map_err(file_error(&folder))?;
                Box::new(FolderFiles { folder })
            }
            FilesPlace::Bucket(bucket) => Box::new(BucketFiles::new(bucket.clone())),
        }))
    }

    /// [`Files::open`] by the one program that has the data folder open: removes what one that was killed has left half
    /// written.
    pub fn take_over(folder: &Path, place: &FilesPlace) -> Result<Files, StoreError> {
        let files = Files::open(folder, place)?;
        if matches!(place, FilesPlace::Folder) {
            FolderFiles { folder: folder.join("files") }.tidy()?;
        }
        Ok(files)
    }

    /// Keeps a file; it is safe when this returns.
    pub fn keep(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let sha = sha256(bytes);
        self.0.keep(&sha, bytes)?;
        Ok(sha)
    }

    /// A file, as it was kept and not otherwise.
    pub fn read(&self, sha: &str) -> Result<Vec<u8>, StoreError> {
        let bytes = self.0.read(named(sha)?)?.ok_or_else(|| StoreError::NoSuchFile(sha.to_string()))?;
        if sha256(&bytes) == sha { Ok(bytes) } else { Err(FilesError::Damaged(sha.to_string()).into()) }
    }

    /// Size of a file; none if it is not kept here.
    pub fn size(&self, sha: &str) -> Result<Option<u64>, StoreError> {
        self.0.size(named(sha)?)
    }

    /// Hashes of kept files. Those that a form may have sent just now through another process are not among them.
    pub fn all(&self) -> Result<BTreeSet<String>, StoreError> {
        self.0.all()
    }

    /// Hashes of files that were last sent long ago.
    pub fn left(&self) -> Result<BTreeSet<String>, StoreError> {
        self.0.left()
    }

    pub fn remove(&self, sha: &str) -> Result<(), StoreError> {
        self.0.remove(named(sha)?)
    }
}

#[cfg(test)]
mod tests;
