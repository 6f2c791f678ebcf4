//! Kept snapshot files. The store remembers where it wrote them, so that a redaction reaches them too: they are
//! written anew for the same moment, which no longer holds what was erased.

use crate::{Actor, Reader, Store, StoreError, error::file_error};
use shirube_snapshot::{AsOf, SnapshotInfo};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// File of the data folder that lists kept snapshots: event and path, one per line.
const KEPT: &str = "snapshots";

/// Writes a snapshot file and remembers it.
pub(crate) fn keep(store: &Store, actor: &Actor, as_of: AsOf, path: &Path, folder: &Path) -> Result<SnapshotInfo, StoreError> {
    let info = store.reader(actor, as_of)?.write_to(path)?;
    let path = fs::canonicalize(path).map_err(file_error(path))?;
    let _held = hold();
    let mut kept = list(folder)?;
    kept.retain(|(_, other)| *other != path);
    kept.push((info.moment.seq, path));
    save(folder, &kept)?;
    Ok(info)
}

/// Writes every kept snapshot that may hold the record anew; files that are gone are forgotten.
pub(crate) fn erase(open: &dyn Fn(AsOf) -> Result<Reader, StoreError>, record: i64, folder: &Path) -> Result<(), StoreError> {
    let _held = hold();
    let mut kept = list(folder)?;
    kept.retain(|(_, path)| path.exists());
    for (seq, path) in kept.iter().filter(|(seq, _)| *seq >= record) {
        let fresh = path.with_extension("rewriting");
        let _ = fs::remove_file(&fresh);
        open(AsOf::Seq(*seq))?.write_to(&fresh)?;
        fs::rename(&fresh, path).map_err(file_error(path))?;
    }
    save(folder, &kept)
}

/// The list is read and written by one thread at a time.
fn hold() -> MutexGuard<'static, ()> {
    static LIST: Mutex<()> = Mutex::new(());
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn list(folder: &Path) -> Result<Vec<(i64, PathBuf)>, StoreError> {
    let file = folder.join(KEPT);
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(file_error(&file))?,
    };
    Ok(text.lines().filter_map(|line| line.split_once('\t')).filter_map(|(seq, path)| Some((seq.parse().ok()?, path.into()))).collect())
}

fn save(folder: &Path, kept: &[(i64, PathBuf)]) -> Result<(), StoreError> {
    let file = folder.join(KEPT);
    let text: String = kept.iter().map(|(seq, path)| format!("{seq}\t{}\n", path.display())).collect();
    fs::write(&file, text).map_err(file_error(&file))
}
