//! What reads bytes from outside, as functions of bytes.
//!
//! Nothing here may panic, hang or take memory out of proportion, whatever the bytes; some functions also say what must
//! hold of what was read. `seeds` has a folder of sound or instructive input for each function.

pub mod archive;
pub mod entry;
pub mod identity;
pub mod policy;
pub mod portal;
pub mod setting;

#[cfg(test)]
mod seeds;

use std::path::Path;

/// A folder in memory where there is one: nothing here has to outlive a run.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder of its own can be made")
}

/// The files below a folder of the repository.
fn files_of(folder: &str) -> shirube_plan::Files {
    fn read(root: &Path, folder: &Path, files: &mut shirube_plan::Files) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(root, &path, files);
            } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(root), std::fs::read(&path)) {
                files.insert(name.to_string_lossy().into_owned(), bytes);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files = shirube_plan::Files::new();
    read(&root, &root, &mut files);
    files
}
