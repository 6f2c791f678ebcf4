//! Snapshot files: complete, readable by any SQLite tool, the same for the same moment, reached by redaction.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use rusqlite::Connection;
use shirube_record::{Cell, Scope};
use shirube_snapshot::{AsOf, Snapshot, SnapshotError};
use shirube_store::{Actor, Command, Store, StoreError};
use std::sync::Arc;

fn fill(store: &Store) -> i64 {
    submit(store, create("hub", &[("name", t("東京"))]));
    let columns = [("theme", t("弁")), ("year", n(2024)), ("contact", t("山田花子")), ("stages", Cell::List(vec!["basic".into()]))];
    let receipt = submit(store, create("project", &columns));
    submit(store, amend("project", receipt.record, 1, &[("budget", Some(n(2000)))]));
    receipt.record
}

#[test]
fn a_file_holds_a_moment_and_reads_well_without_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    let path = folder.path().join("then.db");
    let info = store.snapshot_to(&Actor::owner(), AsOf::Seq(2), &path).unwrap();
    assert_eq!(info.moment.seq, 2);
    let file = Connection::open(&path).unwrap();
    let ask = |sql: &str| -> String { file.query_row(sql, [], |r| r.get(0)).unwrap() };
    assert_eq!(ask("SELECT json_array(theme, budget, contact) FROM project"), r#"["弁",null,"山田花子"]"#);
    assert_eq!(ask("SELECT group_concat(value) FROM project__stages"), "basic");
    assert_eq!(ask("SELECT label_en FROM _columns WHERE table_name = 'project' AND column_name = 'theme'"), "theme");
    assert_eq!(ask("SELECT sensitivity FROM _columns WHERE table_name = 'project' AND column_name = 'contact_email'"), "personal");
    assert_eq!(ask("SELECT id || as_of_seq FROM _pack"), "test2");
    assert!(ask("SELECT sql FROM sqlite_schema WHERE name = 'project'").contains("研究開発課題 / R&D projects"));
    let opened = Snapshot::open(&path, Arc::new(pack()), AsOf::Head).unwrap();
    assert_eq!(opened.moment().seq, 2);
    assert!(matches!(Snapshot::open(&path, Arc::new(pack()), AsOf::Seq(1)), Err(SnapshotError::OtherMoment { taken: 2, .. })));
}

#[test]
fn the_same_moment_gives_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store);
    let (one, two) = (folder.path().join("one.db"), folder.path().join("two.db"));
    let first = store.snapshot_to(&Actor::owner(), AsOf::Seq(2), &one).unwrap();
    store.rebuild_head(&Actor::owner()).unwrap();
    let second = store.snapshot_to(&Actor::owner(), AsOf::Seq(2), &two).unwrap();
    assert_eq!(first, second);
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
}

#[test]
fn a_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let path = folder.path().join("then.db");
    std::fs::write(&path, "mine").unwrap();
    let refused = store.snapshot_to(&Actor::owner(), AsOf::Head, &path).unwrap_err();
    assert!(matches!(refused, StoreError::Snapshot(SnapshotError::Exists(_))), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn what_is_redacted_leaves_the_kept_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let record = fill(&store);
    let path = folder.path().join("then.db");
    store.snapshot_to(&Actor::owner(), AsOf::Seq(2), &path).unwrap();
    let holds = |name: &str| std::fs::read(&path).unwrap().windows(name.len()).any(|w| w == name.as_bytes());
    assert!(holds("山田花子"));
    let command = Command::Redact { register: "project".into(), record, scope: Scope::Personal, reason: "本人の求め".into() };
    submit(&store, command);
    assert!(!holds("山田花子"));
    assert!(holds("弁"), "the rest of the record stays");
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
}
