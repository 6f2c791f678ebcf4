//! Files in the data folder.

use super::{Keeper, is_hash};
use crate::{StoreError, error::file_error};
use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// A folder with a file for each hash.
#[derive(Debug)]
pub(super) struct FolderFiles {
    pub folder: PathBuf,
}

/// How the name of a file ends that is not whole.
const PART: &str = ".part";
/// Twice as long as a form may take from its file to its record.
const LONG: Duration = Duration::from_secs(48 * 3600);

impl FolderFiles {
    /// Removes what a process that was killed has left. Nobody else may have the data folder open.
    pub fn tidy(&self) -> Result<(), StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(file_error(&self.folder))?;
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(PART)) {
            fs::remove_file(entry.path()).map_err(file_error(&entry.path()))?;
        }
        Ok(())
    }
}

impl Keeper for FolderFiles {
    fn keep(&self, sha: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.join(sha);
        // Sent once more, it is waited for once more. One that cannot be marked so is written anew.
        if fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now())).is_ok() {
            return Ok(());
        }
        // Two that keep the same file at once do not write into each other's.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let partial = self.folder.join(format!("{sha}.{}{PART}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let write = |to: &Path| -> std::io::Result<()> {
            let mut file = fs::File::create(to)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        if let Err(error) = write(&partial) {
            // A full disk gets its room back.
            let _ = fs::remove_file(&partial);
            return Err(file_error(&partial)(error));
        }
        fs::rename(&partial, &path).map_err(file_error(&path))?;
        fs::File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(file_error(&self.folder))
    }

    fn read(&self, sha: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.folder.join(sha);
        if_there(fs::read(&path), &path)
    }

    fn size(&self, sha: &str) -> Result<Option<u64>, StoreError> {
        let path = self.folder.join(sha);
        if_there(fs::metadata(&path).map(|found| found.len()), &path)
    }

    fn all(&self) -> Result<BTreeSet<String>, StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(file_error(&self.folder))?;
        Ok(entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).filter(|name| is_hash(name)).collect())
    }

    fn left(&self) -> Result<BTreeSet<String>, StoreError> {
        let long_ago = |sha: &String| {
            let sent = fs::metadata(self.folder.join(sha)).and_then(|found| found.modified());
            sent.is_ok_and(|sent| sent.elapsed().is_ok_and(|age| age > LONG))
        };
        Ok(self.all()?.into_iter().filter(long_ago).collect())
    }

    fn remove(&self, sha: &str) -> Result<(), StoreError> {
        let path = self.folder.join(sha);
        if_there(fs::remove_file(&path), &path).map(drop)
    }
}

fn if_there<T>(found: std::io::Result<T>, path: &Path) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(path)(error)),
    }
}
