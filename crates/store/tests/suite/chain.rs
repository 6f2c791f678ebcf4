//! The chain finds every tampering, and redaction takes the payload everywhere without breaking it.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use rusqlite::Connection;
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, Problem, Store};
use std::path::Path;

fn fill(folder: &Path) -> Store {
    let store = open(folder);
    for i in 0..6 {
        let columns = [("theme", t(&format!("題名{i}"))), ("year", n(2024)), ("contact", t(&format!("担当者{i}")))];
        let receipt = submit(&store, create("project", &columns));
        submit(&store, amend("project", receipt.record, 1, &[("contact", Some(t(&format!("後任者{i}")))), ("budget", Some(n(i)))]));
    }
    store
}

/// Someone with the file and an SQLite shell, who also removes the triggers.
fn tamper(folder: &Path, sql: &str) {
    if let Some(server) = server() {
        let zero = format!("'\\x{}'", "0".repeat(64));
        let sql = sql.replace("zeroblob(32)", &zero);
        return client(&server, folder).batch_execute(&format!("ALTER TABLE event DISABLE TRIGGER USER; {sql}")).unwrap();
    }
    let log = Connection::open(folder.join("log.db")).unwrap();
    log.execute_batch("DROP TRIGGER event_stays; DROP TRIGGER event_is_fixed; DROP TRIGGER payload_is_fixed").unwrap();
    log.execute_batch(sql).unwrap();
}

#[test]
fn the_log_itself_refuses_changes() {
    let folder = tempfile::tempdir().unwrap();
    drop(fill(folder.path()));
    let mut refused: Box<dyn FnMut(&str) -> bool> = match server() {
        Some(server) => {
            let mut client = client(&server, folder.path());
            assert!(client.batch_execute("TRUNCATE event").is_err());
            Box::new(move |sql| client.batch_execute(sql).is_err())
        }
        None => {
            let log = Connection::open(folder.path().join("log.db")).unwrap();
            Box::new(move |sql| log.execute_batch(sql).is_err())
        }
    };
    for sql in
        ["DELETE FROM event WHERE seq = 3", "UPDATE event SET actor = 'x' WHERE seq = 3", "UPDATE event SET body = '{}' WHERE seq = 3"]
    {
        assert!(refused(sql), "{sql}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_is_found(seq in 1..=12_i64, which in 0..9_usize) {
        let folder = tempfile::tempdir().unwrap();
        drop(fill(folder.path()));
        let change = [
            "register = 'hub'",
            "record = record + 1",
            "kind = CASE kind WHEN 'create' THEN 'amend' ELSE 'create' END",
            "at = at + 1",
            "actor = actor || 'x'",
            "body = replace(body, '2024', '2025') || ' '",
            "personal = NULL",
            "body_hash = zeroblob(32)",
            "prev = zeroblob(32)",
        ][which];
        // The first event follows no other: its `prev` is zero already.
        prop_assume!(!(seq == 1 && which == 8));
        tamper(folder.path(), &format!("UPDATE event SET {change} WHERE seq = {seq}"));
        let store = open(folder.path());
        prop_assert!(!store.verify(&Actor::owner()).unwrap().is_clean(), "{change} of {seq} was not found");
    }

    #[test]
    fn a_removed_event_is_found(seq in 1..=11_i64) {
        let folder = tempfile::tempdir().unwrap();
        drop(fill(folder.path()));
        tamper(folder.path(), &format!("DELETE FROM event WHERE seq = {seq}"));
        let store = open(folder.path());
        prop_assert!(!store.verify(&Actor::owner()).unwrap().is_clean(), "nobody missed event {seq}");
    }
}

/// A chain cut at its end is whole in itself: the head, which has seen more, tells, and so does the last hash, kept
/// elsewhere.
#[test]
fn a_removed_last_event_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let anchored = store.verify(&Actor::owner()).unwrap().last_hash;
    drop(store);
    tamper(folder.path(), "DELETE FROM event WHERE seq = 12");
    let store = open(folder.path());
    let report = store.verify(&Actor::owner()).unwrap();
    assert_eq!(report.events, 11);
    assert_ne!(report.last_hash, anchored);
    assert_eq!(report.problems, [Problem::Truncated { last: 11, seen: 12 }]);
    // Another event in its place does not hide it.
    submit(&store, create("hub", &[("name", t("x"))]));
    drop(store);
    assert_eq!(open(folder.path()).verify(&Actor::owner()).unwrap().problems, [Problem::HeadDiffers { seq: 12 }]);
}

#[test]
fn redaction_leaves_no_trace_in_any_file_and_the_chain_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let redact = |record: i64, scope: Scope| {
        submit(&store, Command::Redact { register: "project".into(), record, scope, reason: "本人の求め".into() });
    };
    redact(1, Scope::Personal);
    redact(3, Scope::All);
    let report = store.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!(report.redacted, 4);
    for (erased, stays) in [("担当者0", "担当者2"), ("後任者0", "後任者2"), ("題名1", "題名0"), ("担当者1", "題名2")] {
        assert!(found(folder.path(), stays), "{stays} is gone");
        assert!(!found(folder.path(), erased), "{erased} is still in a file");
    }
    for as_of in [AsOf::Head, AsOf::Seq(2), AsOf::Seq(12)] {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        let record = reader.record("project", 1).unwrap().unwrap();
        assert_eq!((record.content.get("contact"), record.content.get("theme")), (None, Some(&t("題名0"))));
        assert!(reader.record("project", 3).unwrap().is_none());
    }
}

/// Whether the words stand in any file of the folder.
fn found(folder: &Path, words: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(words.len()).any(|w| w == words.as_bytes())
    })
}
