//! Attached files, kept by their SHA-256.

use crate::{StoreError, error::file_error};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The folder of attached files.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    shirube_record::hex(&Sha256::digest(bytes))
}

impl Files {
    pub fn open(folder: PathBuf) -> Result<Files, StoreError> {
        fs::create_dir_all(&folder).map_err(file_error(&folder))?;
        Ok(Files { folder })
    }

    fn path(&self, sha: &str) -> Result<PathBuf, StoreError> {
        // Only a hash may become a path.
        if sha.len() == 64 && sha.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()) {
            Ok(self.folder.join(sha))
        } else {
            Err(StoreError::NoSuchFile(sha.to_string()))
        }
    }

    /// Keeps a file; it is on disk when this returns.
    pub fn keep(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let sha = sha256(bytes);
        let path = self.path(&sha)?;
        if path.exists() {
            return Ok(sha);
        }
        let partial = self.folder.join(format!("{sha}.part"));
        let write = |to: &Path| -> std::io::Result<()> {
            let mut file = fs::File::create(to)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write(&partial).map_err(file_error(&partial))?;
        fs::rename(&partial, &path).map_err(file_error(&path))?;
        fs::File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(file_error(&self.folder))?;
        Ok(sha)
    }

    pub fn read(&self, sha: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.path(sha)?;
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NoSuchFile(sha.to_string())),
            Err(error) => Err(file_error(&path)(error)),
        }
    }

    /// Size of a file; none if it is not kept here.
    pub fn size(&self, sha: &str) -> Result<Option<u64>, StoreError> {
        let path = self.path(sha)?;
        match fs::metadata(&path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error(&path)(error)),
        }
    }

    /// Hashes of all kept files.
    pub fn all(&self) -> Result<BTreeSet<String>, StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(file_error(&self.folder))?;
        Ok(entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).filter(|name| self.path(name).is_ok()).collect())
    }

    pub fn remove(&self, sha: &str) -> Result<(), StoreError> {
        let path = self.path(sha)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(&path)(error)),
            _ => Ok(()),
        }
    }
}
