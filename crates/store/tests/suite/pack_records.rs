//! A pack's own records: loaded once, brought up with the pack, and what a desk has changed stays.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_plan::{FieldKind, Pack, RecordFile, Register};
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, Problem, Store, StoreError};
use std::{path::Path, sync::Arc};

fn file(register: &str, lines: &[&str]) -> RecordFile {
    let cells = |line: &str| line.split(',').map(str::to_string).collect::<Vec<_>>();
    RecordFile {
        register: register.into(),
        file: format!("records/{register}.csv"),
        header: cells(lines[0]),
        rows: lines[1..].iter().enumerate().map(|(i, line)| (i + 2, cells(line))).collect(),
    }
}

/// The test pack with a register of remarks that has no natural key, and tasks that refer to tasks.
fn with(digest: &str, records: Vec<RecordFile>) -> Arc<Pack> {
    let mut pack = pack();
    pack.digest = digest.into();
    let remark = Register { name: "remark".into(), title: "words".into(), fields: vec![field("words", text())], ..Register::default() };
    let after = field("after", FieldKind::Reference { register: "task".into() });
    let task = Register {
        name: "task".into(),
        title: "name".into(),
        key: vec!["name".into()],
        fields: vec![field("name", text()), after],
        ..Register::default()
    };
    pack.registers.insert("remark".into(), remark);
    pack.registers.insert("task".into(), task);
    pack.records = records;
    Arc::new(pack)
}

fn load(folder: &Path, digest: &str, records: Vec<RecordFile>) -> Store {
    open_with(folder, with(digest, records)).unwrap()
}

fn rows(store: &Store, sql: &str) -> Vec<String> {
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let mut statement = reader.connection().prepare(sql).unwrap();
    statement.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn records_come_with_their_references_and_citations() {
    let folder = tempfile::tempdir().unwrap();
    let projects = file("project", &["theme,year,hub,_source,_quote,_state", "弁,R5,東京,d1,（1）,closed"]);
    let store = load(folder.path(), "1", vec![projects, file("hub", &["name", "東京"])]);
    let sql = "SELECT json_array(p.theme, p.year, h.name, p._source, p._quote, p._state, p._number IS NOT NULL) FROM project p JOIN hub h ON h._id = p.hub";
    assert_eq!(rows(&store, sql), [r#"["弁",2023,"東京","d1","（1）","closed",1]"#]);
    assert_eq!(store.history(&Actor::owner(), "hub", 1).unwrap()[0].actor, "pack:test@1");
}

#[test]
fn a_new_version_of_the_pack_amends_what_it_changes_and_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = file("project", &["theme,budget,summary,_quote", "a,1,x,q", "b,2,y,q", "c,3,z,q"]);
    let store = load(folder.path(), "1", vec![first.clone()]);
    let seq = store.head_seq();
    drop(store);
    assert_eq!(load(folder.path(), "1", vec![first]).head_seq(), seq, "loaded once");
    let second = file("project", &["theme,budget,summary,_quote", "a,1,x,q", "b,20,,r", "d,4,,q"]);
    let store = load(folder.path(), "2", vec![second]);
    assert_eq!(
        rows(&store, "SELECT json_array(theme, budget, summary, _quote, _version) FROM project ORDER BY theme"),
        [r#"["a",1,"x","q",1]"#, r#"["b",20,null,"r",2]"#, r#"["c",3,"z","q",1]"#, r#"["d",4,null,"q",1]"#]
    );
}

#[test]
fn what_a_desk_has_changed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = load(folder.path(), "1", vec![file("project", &["theme,budget", "a,1"])]);
    submit(&store, amend("project", 1, 1, &[("budget", Some(n(7)))]));
    drop(store);
    let store = load(folder.path(), "2", vec![file("project", &["theme,budget", "a,2"])]);
    assert_eq!(rows(&store, "SELECT budget || '' FROM project"), ["7"]);
}

#[test]
fn records_without_a_key_are_not_doubled() {
    let folder = tempfile::tempdir().unwrap();
    drop(load(folder.path(), "1", vec![file("remark", &["words", "a", "b", "b", "c"])]));
    drop(load(folder.path(), "2", vec![file("remark", &["words", "a", "b", "b", "c"])]));
    let store = load(folder.path(), "3", vec![file("remark", &["words", "new", "b", "a", "b", "changed"])]);
    assert_eq!(rows(&store, "SELECT words FROM remark ORDER BY words"), ["a", "b", "b", "changed", "new"]);
    assert_eq!(rows(&store, "SELECT count(*) || '' FROM remark WHERE _version = 2"), ["1"]);
}

#[test]
fn rows_may_refer_to_rows_of_the_same_register() {
    let folder = tempfile::tempdir().unwrap();
    let store = load(folder.path(), "1", vec![file("task", &["name,after", "c,b", "b,a", "a,"])]);
    assert_eq!(
        rows(&store, "SELECT t.name || coalesce(a.name, '-') FROM task t LEFT JOIN task a ON a._id = t.after ORDER BY 1"),
        ["a-", "ba", "cb"]
    );
}

#[test]
fn every_mistake_names_its_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let records = vec![
        file("project", &["theme,year,budget", "a,2024,1", "b,soon,2", "a,2024,3"]),
        file("task", &["name,after", "a,nobody"]),
        file("hub", &["names", "x"]),
    ];
    let Err(StoreError::PackRecords(errors)) = open_with(folder.path(), with("1", records)) else { panic!("loaded") };
    let places: Vec<String> = errors.iter().map(|e| format!("{}:{}", e.file, e.line)).collect();
    assert_eq!(places, ["records/hub.csv:1", "records/project.csv:3", "records/project.csv:4", "records/task.csv:2"]);
    assert!(errors[1].problem.contains("year") && errors[2].problem.contains("already has the same: "), "{errors:?}");
    // Nothing of the register with a mistake is half loaded, and mending it is enough.
    let store = load(folder.path(), "2", vec![file("project", &["theme,year,budget", "a,2024,1"])]);
    assert_eq!(rows(&store, "SELECT theme FROM project"), ["a"]);
}

#[test]
fn a_folder_takes_no_other_pack_and_no_older_version() {
    let folder = tempfile::tempdir().unwrap();
    let version = |id: &str, version: &str| {
        let mut pack = Arc::unwrap_or_clone(with(version, vec![file("hub", &["name", "東京"])]));
        pack.meta.id = id.into();
        pack.meta.version = version.into();
        open_with(folder.path(), Arc::new(pack))
    };
    let seq = version("test", "2026.10").unwrap().head_seq();
    assert!(matches!(version("other", "2026.10"), Err(StoreError::OtherPack { holds, .. }) if holds == "test"));
    assert!(matches!(version("test", "2026.9"), Err(StoreError::OlderPack { holds, .. }) if holds == "2026.10"));
    // The mark only saves work: the log knows, too.
    std::fs::remove_file(folder.path().join("pack")).unwrap();
    assert!(matches!(version("other", "2026.10"), Err(StoreError::OtherPack { .. })));
    assert_eq!(version("test", "2026.10").unwrap().head_seq(), seq, "nothing was written");
}

/// What a program beside the one that has the folder open reads with.
#[test]
fn a_head_is_read_with_the_pack_that_it_was_made_with() {
    let folder = tempfile::tempdir().unwrap();
    let hubs = || vec![file("hub", &["name", "東京"])];
    let store = load(folder.path(), "first-digest", hubs());
    let look = |pack: &Arc<Pack>| Store::look(folder.path(), &place(folder.path()), pack.clone(), &Actor::owner(), AsOf::Head).map(drop);
    look(&with("first-digest", hubs())).unwrap();
    let other = |id: &str, version: &str| {
        let mut pack = Arc::unwrap_or_clone(with("second-digest", hubs()));
        (pack.meta.id, pack.meta.version) = (id.into(), version.into());
        Arc::new(pack)
    };
    let refused = look(&other("other", "1"));
    assert!(
        matches!(&refused, Err(StoreError::OtherPack { holds, given, .. }) if (&**holds, &**given) == ("test", "other")),
        "{refused:?}"
    );
    assert!(matches!(look(&other("test", "0.9")), Err(StoreError::OlderPack { .. })));
    let refused = look(&other("test", "2")).unwrap_err();
    assert!(matches!(&refused, StoreError::PackChanged { .. }), "{refused}");
    assert!(refused.to_string().contains("version 1 (first-di) of the pack, not with 2 (second-d)"), "{refused}");
    drop(store);
    std::fs::remove_file(folder.path().join("pack")).unwrap();
    assert!(matches!(look(&other("other", "1")), Err(StoreError::OtherPack { .. })), "the log knows, too");
}

#[test]
fn what_was_redacted_does_not_come_back_with_the_next_version() {
    let folder = tempfile::tempdir().unwrap();
    let hubs = file("hub", &["name", "東京", "大阪"]);
    let remarks = file("remark", &["words", "a", "b"]);
    let projects = |more: &[&str]| file("project", &[&["theme,hub", "弁,東京", "管,大阪"], more].concat());
    let store = load(folder.path(), "1", vec![hubs.clone(), remarks.clone(), projects(&[])]);
    let erase = |register: &str, title: &str, value: &str| {
        let id: i64 = rows(&store, &format!("SELECT _id || '' FROM {register} WHERE {title} = '{value}'"))[0].parse().unwrap();
        let (register, reason) = (register.to_string(), "asked to".to_string());
        submit(&store, Command::Redact { register, record: id, scope: Scope::All, reason });
    };
    erase("hub", "name", "東京");
    erase("remark", "words", "b");
    drop(store);
    let store = load(folder.path(), "2", vec![hubs, remarks, projects(&["骨,東京"])]);
    assert_eq!(rows(&store, "SELECT name FROM hub"), ["大阪"]);
    assert_eq!(rows(&store, "SELECT words FROM remark"), ["a"]);
    assert_eq!(rows(&store, "SELECT theme FROM project ORDER BY theme"), ["弁", "管"], "neither doubled nor brought in without its hub");
}

#[test]
fn a_damaged_head_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let digest = load(folder.path(), "1", vec![file("hub", &["name", "東京"])]).head_digest(&Actor::owner()).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "head.db-wal" || name == "log.db-wal"), "closing empties the write-ahead logs: {left:?}");
    std::fs::write(folder.path().join("head.db"), "no database at all, but longer than a header of a hundred bytes would be ".repeat(3))
        .unwrap();
    let report = Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap();
    assert!(matches!(report.problems[..], [Problem::HeadUnreadable { .. }]), "{report:?}");
    let store = load(folder.path(), "1", vec![file("hub", &["name", "東京"])]);
    assert_eq!(store.head_digest(&Actor::owner()).unwrap(), digest);
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
}
