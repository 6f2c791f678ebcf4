//! Where packs come from: a folder, or the one built into the program.

use include_dir::{Dir, include_dir};
use shirube_plan::Files;
use std::path::{Path, PathBuf};

static BUILT_IN: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../packs/medical-device");

/// A pack's folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackFilesError {
    /// The path is not a folder.
    #[error("{0} is not a folder: give the folder that holds pack.toml")]
    NotAFolder(PathBuf),
    /// A file could not be read.
    #[error("{path} could not be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// The files of the pack in `folder`, or of the built-in one.
pub fn files(folder: Option<&Path>) -> Result<Files, PackFilesError> {
    let mut files = Files::new();
    match folder {
        Some(folder) if folder.is_dir() => walk(folder, folder, &mut files)?,
        Some(folder) => return Err(PackFilesError::NotAFolder(folder.to_owned())),
        None => built_in(&BUILT_IN, &mut files),
    }
    Ok(files)
}

/// Why a folder can be no pack's, if so. What its files say is not looked at.
pub fn problem(folder: &Path) -> Option<String> {
    if !folder.is_dir() {
        Some(format!("{} is not a folder", folder.display()))
    } else if !folder.join("pack.toml").is_file() {
        Some(format!("{} holds no pack.toml", folder.display()))
    } else {
        files(Some(folder)).err().map(|error| error.to_string())
    }
}

fn built_in(dir: &Dir, files: &mut Files) {
    for file in dir.files() {
        files.insert(file.path().to_string_lossy().replace('\\', "/"), file.contents().to_vec());
    }
    for inner in dir.dirs() {
        built_in(inner, files);
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Files) -> Result<(), PackFilesError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |cause| PackFilesError::Unreadable { path, cause }
    };
    for entry in std::fs::read_dir(folder).map_err(fail(folder))? {
        let path = entry.map_err(fail(folder))?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files)?;
        } else if let Ok(inside) = path.strip_prefix(root) {
            let name = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
            files.insert(name, std::fs::read(&path).map_err(fail(&path))?);
        }
    }
    Ok(())
}
