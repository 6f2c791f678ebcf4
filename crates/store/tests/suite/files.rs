//! Files that forms send before the records that name them.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_plan::{FieldKind, FileType, Pack};
use shirube_record::Cell;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, FileRefused, Store, StoreError};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The pack with more fields for files: one for pictures, one for small texts.
fn albums() -> Arc<Pack> {
    let mut pack = pack();
    let project = pack.registers.get_mut("project").unwrap();
    project.fields.push(field("picture", FieldKind::Attachment { max_size: 1000, types: vec![FileType::Png] }));
    project.fields.push(field("note", FieldKind::Attachment { max_size: 3, types: FileType::ALL.to_vec() }));
    Arc::new(pack)
}

/// A project that names a file in a field, with a type and a size that it has not.
fn naming(theme: &str, at: &str, name: &str, sha256: &str) -> Command {
    let of = |suffix: &str| format!("{at}{suffix}");
    let (sha, media, size) = (of("_sha256"), of("_media"), of("_size"));
    create("project", &[("theme", t(theme)), (at, t(name)), (&sha, t(sha256)), (&media, t("image/png")), (&size, n(1))])
}

fn said(store: &Store, record: i64) -> (Cell, Cell) {
    let content = store.reader(&Actor::owner(), AsOf::Head).unwrap().record("project", record).unwrap().unwrap().content;
    (content["report_media"].clone(), content["report_size"].clone())
}

#[test]
fn a_file_is_held_to_the_field_that_names_it_wherever_it_was_sent_or_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_with(folder.path(), albums()).unwrap();
    let sha = keep(&store, &Actor::owner(), b"hello").unwrap();
    let mut record = 0;
    for round in ["sent", "seen"] {
        let into = |at: &str, name: &str| store.submit(&Actor::owner(), naming(&format!("{round} {at} {name}"), at, name, &sha));
        let refused = |answer| match answer {
            Err(StoreError::FileRefused(refused)) => refused,
            other => panic!("{round}: {other:?}"),
        };
        assert!(matches!(refused(into("picture", "r.txt")), FileRefused::NotTaken { found: "text", .. }));
        assert!(matches!(refused(into("report", "r.bat")), FileRefused::Ending { ending, .. } if ending == "bat"));
        assert_eq!(mistakes(&into("note", "r.txt").unwrap_err()), [("note_size".to_string(), "file-too-large")]);
        record = into("report", "r.txt").unwrap().record;
        assert_eq!(said(&store, record), (t("text/plain"), n(5)), "{round}: as it is, whatever was said");
        // Of the next round nobody here has sent it.
        drop(store);
        store = open_with(folder.path(), albums()).unwrap();
    }
    let size = amend("project", record, 1, &[("report_size", Some(n(1)))]);
    assert!(matches!(refusal(&store, size), StoreError::NothingChanged), "nor is it made another later");
    let name = amend("project", record, 1, &[("report", Some(t("r.js")))]);
    assert!(matches!(refusal(&store, name), StoreError::FileRefused(FileRefused::NotYours { .. })), "not before it is looked into");
    submit(&store, amend("project", record, 1, &[("report", Some(t("s.txt")))]));
}

#[test]
fn one_that_is_too_large_is_not_kept_for_another_field() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), albums()).unwrap();
    let pack = albums();
    let sha = store.keep(&Actor::owner(), pack.registers["project"].field("note").unwrap(), "r.txt", "", b"hello").unwrap();
    assert_eq!(mistakes(&refusal(&store, naming("a", "note", "r.txt", &sha))), [("note_size".to_string(), "file-too-large")]);
    let other = refusal(&store, naming("b", "report", "r.txt", &sha));
    assert!(matches!(other, StoreError::FileRefused(FileRefused::NotYours { .. })), "{other}");
}

fn sent_days_ago(folder: &Path, sha256: &str) {
    let file = std::fs::File::options().append(true).open(folder.join("files").join(sha256)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3 * 86_400)).unwrap();
}

#[test]
fn what_was_sent_with_a_form_and_never_saved_is_removed_after_days_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let [saved, past, old, again, young] =
        ["saved", "past", "old", "again", "young"].map(|text| keep(&store, &Actor::owner(), text.as_bytes()).unwrap());
    submit(&store, naming("a", "report", "r.txt", &saved));
    let record = submit(&store, naming("b", "report", "r.txt", &past)).record;
    submit(&store, amend("project", record, 1, &["report", "report_sha256", "report_media", "report_size"].map(|c| (c, None))));
    for sha in [&saved, &past, &old, &again] {
        sent_days_ago(folder.path(), sha);
    }
    keep(&store, &Actor::owner(), b"again").unwrap();
    assert_eq!(store.tidy_files().unwrap(), 1);
    let is_there = |sha: &String| folder.path().join("files").join(sha).exists();
    assert_eq!([&saved, &past, &old, &again, &young].map(is_there), [true, true, false, true, true]);
    assert_eq!(store.tidy_files().unwrap(), 0);
    // No record comes to name what is not there.
    let late = refusal(&store, naming("c", "report", "r.txt", &old));
    assert!(matches!(late, StoreError::FileRefused(FileRefused::NotYours { .. })), "{late}");
    keep(&store, &Actor::owner(), b"old").unwrap();
    submit(&store, naming("c", "report", "r.txt", &old));
}
