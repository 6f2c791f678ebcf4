//! Formats of the log: forward and back while others write, and what is refused.

use crate::support::*;
use rusqlite::Connection;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, LogError, LogPlace, Look, Only, Store, StoreError};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The indexes of a folder's log.
fn indexes(folder: &Path) -> Vec<String> {
    match server() {
        Some(server) => {
            let sql = "SELECT indexname FROM pg_indexes WHERE tablename = 'event' AND schemaname = current_schema() ORDER BY 1";
            client(&server, folder).query(sql, &[]).unwrap().iter().map(|row| row.get(0)).filter(|name| name != "event_pkey").collect()
        }
        None => {
            let log = Connection::open(folder.join("log.db")).unwrap();
            let mut rows = log.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'event' ORDER BY 1").unwrap();
            rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        }
    }
}

fn migrate(folder: &Path, to: Option<i64>) -> Result<(i64, i64), StoreError> {
    Store::migrate_format(folder, &place(folder), to, &Actor::owner())
}

fn project(theme: &str) -> shirube_store::Command {
    create("project", &[("theme", t(theme)), ("year", n(2024))])
}

/// Numbers of the changes that a search by person finds, page by page.
fn changes(store: &Store, person: &str, register: Option<&str>) -> Vec<i64> {
    let (person, register) = (Some(person.to_string()), register.map(str::to_string));
    let mut look = Look { person, register, only: Some(Only::Changes), limit: 7, ..Look::default() };
    let mut found = vec![];
    loop {
        let page = store.trail(&Actor::owner(), &look).unwrap();
        found.extend(page.acts.iter().map(|act| match act {
            shirube_store::Act::Changed(changed) => changed.seq,
            shirube_store::Act::Read(entry) => panic!("{entry:?}"),
        }));
        let Some(next) = page.next else { return found };
        look.before = Some(next);
    }
}

#[test]
fn a_log_goes_to_every_format_and_back_while_it_is_written_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, project("first"));
    let stop = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut written = 1;
            while !stop.load(Ordering::Relaxed) {
                submit(&store, project(&format!("題名 {written}")));
                written += 1;
            }
            written
        });
        for _ in 0..10 {
            assert_eq!(migrate(folder.path(), Some(1)).unwrap(), (2, 1));
            assert_eq!(indexes(folder.path()), ["event_record", "event_redaction"]);
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert_eq!(migrate(folder.path(), None).unwrap(), (1, 2));
            assert_eq!(indexes(folder.path()), ["event_actor", "event_record", "event_redaction"]);
        }
        stop.store(true, Ordering::Relaxed);
        writing.join().unwrap()
    });
    let before = store.verify(&Actor::owner()).unwrap();
    assert!(before.is_clean() && before.events == written, "{before:?}");
    for to in [1, 2] {
        migrate(folder.path(), Some(to)).unwrap();
        assert_eq!(store.verify(&Actor::owner()).unwrap(), before);
    }
    assert_eq!(migrate(folder.path(), None).unwrap(), (2, 2), "nothing is to be done");
}

#[test]
fn who_did_what_is_found_alike_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (owner, program) = (Actor::owner(), Actor::program("set-up"));
    for i in 0..40 {
        let command = if i % 3 == 0 { create("hub", &[("name", t(&format!("hub {i}")))]) } else { project(&format!("{i}")) };
        store.submit(if i % 4 == 0 { &program } else { &owner }, command).unwrap();
    }
    let asked = [("owner", None), ("owner", Some("hub")), (program.id(), None), (program.id(), Some("hub")), ("nobody", None)];
    let found = || asked.map(|(person, register)| changes(&store, person, register));
    let indexed = found();
    assert_eq!(indexed.each_ref().map(Vec::len), [30, 10, 10, 4, 0]);
    assert!(indexed.iter().all(|found| found.is_sorted_by(|a, b| a > b)));
    migrate(folder.path(), Some(1)).unwrap();
    assert_eq!(found(), indexed);
}

#[test]
fn a_log_of_the_format_before_is_opened_and_brought_forward_when_nobody_else_has_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    migrate(folder.path(), Some(1)).unwrap();
    submit(&open(folder.path()), project("written"));
    let expected = if server().is_some() { (1, 2) } else { (2, 2) };
    assert_eq!(migrate(folder.path(), None).unwrap(), expected);
}

#[test]
fn a_folder_that_follows_a_log_elsewhere_begins_none_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    // What a database keeps is not in the folder.
    let _ = std::fs::remove_file(folder.path().join("log.db"));
    let refused = Store::open(folder.path(), Arc::new(pack())).map(drop);
    assert!(matches!(&refused, Err(StoreError::Log(error @ LogError::Elsewhere { .. })) if error.is_misuse()), "{refused:?}");
    // Nor is it read as if it had one: what is read would be noted in a trail that nobody looks at.
    let refused = Store::look(folder.path(), &LogPlace::Folder, Arc::new(pack()), &Actor::owner(), AsOf::Head).map(drop);
    assert!(matches!(&refused, Err(StoreError::Log(LogError::Elsewhere { .. }))), "{refused:?}");
    assert!(!folder.path().join("log.db").exists());
}

#[test]
fn what_is_no_format_or_no_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(migrate(folder.path(), None), Err(StoreError::Log(LogError::Absent { .. }))));
    assert!(!folder.path().join("log.db").exists());
    drop(open(folder.path()));
    for asked in [0, 3, -1, i64::MAX] {
        let refused = migrate(folder.path(), Some(asked));
        assert!(matches!(refused, Err(StoreError::Log(LogError::NoFormat { known: 2, .. }))), "{asked}: {refused:?}");
    }
    let refused = Store::migrate_format(folder.path(), &LogPlace::Folder, Some(1), &Actor::nobody());
    assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");
    assert_eq!(migrate(folder.path(), None).unwrap(), (2, 2));
}
