//! Kept snapshot files. The store remembers where it wrote them, so that a redaction reaches them too: they are
//! written anew for the same moment, which no longer holds what was erased.

use crate::{Actor, Reader, Store, StoreError, error::file_error, store::remove};
use shirube_snapshot::{AsOf, SnapshotError, SnapshotInfo, unfinished};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// File of the data folder that lists kept snapshots: event and path, one per line.
const KEPT: &str = "snapshots";

/// Writes a snapshot file and remembers it.
///
/// It is in the list before there is anything of it, and no redaction looks at the list meanwhile: whatever happens to the
/// process, none misses it.
pub(crate) fn keep(store: &Store, actor: &Actor, as_of: AsOf, path: &Path, folder: &Path) -> Result<SnapshotInfo, StoreError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).map_err(file_error(parent))?;
    let path = parent.join(path.file_name().unwrap_or_default());
    let _held = hold();
    if path.exists() {
        return Err(SnapshotError::Exists(path.display().to_string()).into());
    }
    let reader = store.reader(actor, as_of)?;
    let mut kept = list(folder)?;
    kept.retain(|(_, other)| *other != path);
    kept.push((reader.moment().seq, path.clone()));
    save(folder, &kept)?;
    Ok(reader.write_to(&path)?)
}

/// Writes every kept snapshot that may hold the record anew; files that are gone are forgotten, and what was left of one
/// that was never finished is removed.
pub(crate) fn erase(open: &dyn Fn(AsOf) -> Result<Reader, StoreError>, record: i64, folder: &Path) -> Result<(), StoreError> {
    let _held = hold();
    let mut kept = list(folder)?;
    for (_, path) in &kept {
        remove(&unfinished(path))?;
    }
    kept.retain(|(_, path)| path.exists());
    for (seq, path) in kept.iter().filter(|(seq, _)| *seq >= record) {
        let fresh = path.with_extension("rewriting");
        remove(&fresh)?;
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

/// A list that is cut off would keep redactions from files.
fn save(folder: &Path, kept: &[(i64, PathBuf)]) -> Result<(), StoreError> {
    let (file, part) = (folder.join(KEPT), folder.join(format!("{KEPT}.part")));
    let text: String = kept.iter().map(|(seq, path)| format!("{seq}\t{}\n", path.display())).collect();
    let write = || {
        let mut to = fs::File::create(&part)?;
        to.write_all(text.as_bytes())?;
        to.sync_all()
    };
    write().map_err(file_error(&part))?;
    fs::rename(&part, &file).map_err(file_error(&file))?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))
}
