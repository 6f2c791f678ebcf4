//! What the tests of this crate share: the base pack of `tests/base`, files laid over it, and a snapshot of both.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use shirube_plan::{Files, Indicator, Pack};
use shirube_snapshot::Snapshot;
use std::{fs, path::Path, sync::Arc};

/// Folder of the tests.
pub fn tests_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// All files below a folder, by path inside it.
pub fn files_of(folder: &Path) -> Files {
    fn walk(folder: &Path, inside: &str, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{inside}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = Files::new();
    walk(folder, "", &mut files);
    files
}

/// The base pack with some of its files replaced or added. It must be right but for its SQL.
pub fn pack_with(over: Files) -> Arc<Pack> {
    let mut files = files_of(&tests_folder().join("base"));
    files.extend(over);
    let (pack, mistakes) = shirube_plan::load(&files);
    assert!(mistakes.is_empty(), "{}", mistakes.iter().map(|m| format!("{m}\n")).collect::<String>());
    Arc::new(pack)
}

/// The base pack.
pub fn base() -> Arc<Pack> {
    pack_with(Files::new())
}

/// An indicator `x` on trees with this SQL; `more` is added to its declaration.
pub fn indicator(sql: &str, more: &str) -> Indicator {
    let toml = format!(
        "{}unit = \"trees\"\nlabel = {{ ja = \"木\", en = \"Trees\" }}\ndefinition = {{ ja = \"木\", en = \"Trees\" }}\n{more}\n",
        if more.contains("kind =") { "" } else { "kind = \"check\"\n" }
    );
    let over = Files::from([("indicators/x.toml".into(), toml.into_bytes()), ("indicators/x.sql".into(), sql.as_bytes().to_vec())]);
    pack_with(over).indicators["x"].clone()
}

/// A snapshot that holds the records of the pack as they are written in its CSV files.
pub fn snapshot(pack: &Arc<Pack>) -> Snapshot {
    let snapshot = Snapshot::empty(Arc::clone(pack)).unwrap();
    write(&snapshot, |connection| {
        for file in &pack.records {
            let names: Vec<String> = file.header.iter().map(|h| format!("\"{h}\"")).collect();
            let marks: Vec<String> = (1..=file.header.len()).map(|i| format!("nullif(?{i}, '')")).collect();
            let sql = format!(
                "INSERT INTO \"{}\" (_version, _seq, _created_at, _updated_at, {}) VALUES (1, 1, '', '', {})",
                file.register,
                names.join(", "),
                marks.join(", ")
            );
            for (_, row) in &file.rows {
                connection.execute(&sql, rusqlite::params_from_iter(row)).unwrap();
            }
        }
    });
    snapshot
}

/// Changes a snapshot's tables, which only its builder may do otherwise.
pub fn write(snapshot: &Snapshot, change: impl FnOnce(&rusqlite::Connection)) {
    snapshot.connection().pragma_update(None, "query_only", false).unwrap();
    change(snapshot.connection());
    snapshot.connection().pragma_update(None, "query_only", true).unwrap();
}
