//! Small fictional packs for tests: every kind of thing once, English texts without Japanese.

use shirube_plan::{Files, Pack, load};
use std::path::Path;

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(root, &path, files);
        } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(root), std::fs::read(&path)) {
            files.insert(name.to_string_lossy().into_owned(), bytes);
        }
    }
}

/// Loads it; a mistake in it fails the test.
pub fn pack() -> Pack {
    from_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pack"))
}

/// A desk's pack: every type of field, a lifecycle, groups, references.
pub fn desk() -> Pack {
    from_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/desk"))
}

fn from_folder(folder: &str) -> Pack {
    let root = Path::new(folder);
    let mut files = Files::new();
    read(root, root, &mut files);
    let (pack, mistakes) = load(&files);
    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    pack
}
