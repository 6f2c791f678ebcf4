//! The trail is a chain: changes are found, what is over leaves it, and it moves as a whole.

use super::{asking, open_store, pack, project, read, readings, tamper};
use crate::support::*;
use rusqlite::Connection;
use shirube_plan::Pack;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Archive, Entry, Restore, Seal, Store, StoreError, TRAIL, Target, TrailProblem};
use std::{sync::Arc, time::Duration};

#[test]
fn whatever_is_changed_in_the_trail_is_found() {
    for (sql, problem) in [
        ("UPDATE reading SET told = replace(told, 'owner', 'nobody') WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET at = at - 1 WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET register = 'hub' WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET hash = zeroblob(32) WHERE seq = 3", Some(TrailProblem::Changed { seq: 3 })),
        ("UPDATE reading SET actor = NULL, first = NULL, last = NULL, told = NULL WHERE seq = 2", Some(TrailProblem::Missing { seq: 2 })),
        ("DELETE FROM reading WHERE seq = 2", Some(TrailProblem::Gap { expected: 2, found: 3 })),
        ("SELECT 1", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path());
        let ids: Vec<i64> = (0..4).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
        read(&store, &ids);
        drop(store);
        tamper(folder.path(), sql);
        let report = Store::verify_trail_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap();
        assert_eq!(report.problems.first(), problem.as_ref(), "{sql}");
        assert_eq!(report.is_clean(), problem.is_none());
    }
}

#[test]
fn the_trail_itself_refuses_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id]);
    drop(store);
    for sql in ["DELETE FROM reading", "UPDATE reading SET at = 0", "UPDATE reading SET told = '{}'", "UPDATE reading SET actor = 'x'"] {
        let refused = match server() {
            Some(server) => client(&server, folder.path()).batch_execute(sql).is_err(),
            None => Connection::open(folder.path().join("trail.db")).unwrap().execute_batch(sql).is_err(),
        };
        assert!(refused, "{sql}");
    }
}

#[test]
fn an_anchor_shows_a_trail_that_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let ids: Vec<i64> = (0..3).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
    read(&store, &ids);
    let (place, anchors) = (place(folder.path()), folder.path().join("anchors"));
    Store::anchor(folder.path(), &place, "test", &Actor::owner()).unwrap().unwrap().append(&anchors).unwrap();
    let check = || Store::verify_anchors(folder.path(), &place, &anchors, &Actor::owner()).unwrap().1;
    assert_eq!(check(), None);
    drop(store);
    tamper(folder.path(), "DELETE FROM reading WHERE seq = 3");
    assert!(Store::verify_trail_beside(folder.path(), &place, &Actor::owner()).unwrap().is_clean(), "by itself it is whole");
    assert!(check().is_some_and(|lost| lost.of_trail && lost.found.is_none()));
}

#[test]
fn what_is_over_is_dropped_and_the_chains_still_hold() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |readings, personal| {
        let mut pack = Pack::clone(&pack());
        pack.registers.get_mut("project").unwrap().retention = shirube_plan::Retention { readings, personal };
        Store::open_at(folder.path(), place(folder.path()), Arc::new(pack)).unwrap()
    };
    let store = kept(Some(0), Some(0));
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id]);
    std::thread::sleep(Duration::from_millis(5));
    let told = store.retain(&Actor::owner(), true).unwrap();
    assert_eq!((told.readings[0].entries, told.records.clone()), (2, vec![("project".to_string(), vec![id])]));
    assert_eq!(store.retain(&Actor::owner(), true).unwrap().readings[0].entries, 2, "a dry run drops nothing");
    let refused = store.retain_for(&Actor::nobody(), Duration::ZERO);
    assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");
    let late = store.retain_for(&Actor::owner(), Duration::ZERO).unwrap();
    assert!(late.unfinished && late.records.is_empty(), "{late:?}");
    assert_eq!(store.retain(&Actor::owner(), true).unwrap().records, told.records, "what there was no time for is left");
    let done = store.retain_for(&Actor::owner(), Duration::from_secs(600)).unwrap();
    assert_eq!((done.unfinished, done.records), (false, told.records));
    assert!(readings(&store).iter().all(|e| e.register != "project" || e.told.is_none()));
    let record = store.reader(&Actor::owner(), AsOf::Head).unwrap().record("project", id).unwrap().unwrap();
    assert!(!record.content.contains_key("contact") && record.content.contains_key("summary"));
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
    let report = store.verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.is_clean(), report.over), (true, 2), "{:?}", report.problems);
    assert!(store.retain(&Actor::owner(), false).unwrap() == shirube_store::Retained::default(), "nothing is over twice");
    drop(store);
    let store = kept(Some(1), Some(1));
    read(&store, &[id]);
    assert_eq!(store.retain(&Actor::owner(), true).unwrap(), shirube_store::Retained::default());
}

#[test]
fn a_trail_moves_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id, id]);
    let before = store.verify_trail(&Actor::owner()).unwrap();
    drop(store);
    let home = tempfile::tempdir().unwrap();
    Store::migrate(folder.path(), &place(folder.path()), &Target::Folder(home.path()), &Actor::owner()).unwrap();
    let after = Store::verify_trail_beside(home.path(), &shirube_store::LogPlace::Folder, &Actor::owner()).unwrap();
    assert_eq!((after.entries, &after), (3, &before));
}

#[test]
fn a_backup_is_a_reading_of_all_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let ids: Vec<i64> = (0..3).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
    let hub = submit(&store, create("hub", &[("name", t("public"))])).record;
    let out = folder.path().join("backup");
    let back_up =
        || Store::backup((folder.path(), &place(folder.path()).into()), &pack(), (&out, &Seal::Plain), &asking("shirube backup"), &|_| {});
    let manifest = back_up().unwrap();
    let found: Vec<Entry> = readings(&store).into_iter().filter(|entry| entry.register != TRAIL).collect();
    let [entry] = found.as_slice() else { panic!("{found:?}") };
    let told = entry.told.clone().unwrap();
    assert_eq!((entry.register.as_str(), told.by.as_str(), told.as_of), ("project", "shirube backup", Some(hub)));
    assert_eq!((manifest.last_seq, manifest.readings), (hub, 0), "it is told after what is in it");
    let [shown] = told.cells.as_slice() else { panic!("{:?}", told.cells) };
    assert_eq!(shown.ids, ids.into_iter().collect());
    for field in ["contact", "members.who", "report", "summary"] {
        assert!(shown.fields.contains(field), "{field}: {:?}", shown.fields);
    }
    assert!(back_up().is_err(), "there is one");
    assert_eq!(readings(&store).iter().filter(|entry| entry.register == "project").count(), 1, "nothing was given");
}

#[test]
fn a_backup_holds_the_trail_and_brings_it_back() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id, id]);
    let out = folder.path().join("backup");
    let manifest = Store::backup((folder.path(), &place(folder.path()).into()), &pack(), (&out, &Seal::Plain), &Actor::owner(), &|_| {});
    assert_eq!(manifest.unwrap().readings, 3);
    read(&store, &[id]);
    let archive = Archive { path: out.clone(), identities: vec![] };
    let how = Restore { pack: &pack(), until: AsOf::Head, redactions_from: None };
    Store::restore(&archive, (to.path(), &place(to.path()).into()), &how, &Actor::owner(), &|_| {}).unwrap();
    let restored = open_store(to.path());
    let report = restored.verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.entries, report.is_clean()), (3, true));
    read(&restored, &[id]);
    assert!(restored.verify_trail(&Actor::owner()).unwrap().is_clean(), "it goes on");
    // A reading changed in the backup is found, and nothing is restored.
    let bytes = std::fs::read(&out).unwrap();
    let needle = br#"actor\":\"owner"#;
    let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    let mut changed = bytes.clone();
    changed[at + needle.len() - 1] = b'x';
    std::fs::write(&out, changed).unwrap();
    assert!(Store::verify_backup(&archive, &Actor::owner(), &|_| {}).is_err());
}
