//! A log that was moved takes no more events and says where it went, until it is taken up again on purpose.

use crate::support::*;
use shirube_store::{Actor, LogError, LogPlace, Moved, Store, StoreError, Target};
use std::{fs, path::Path, sync::Arc};

/// What a child of the kill test moves, and where to.
const CHILD: &str = "SHIRUBE_MOVED_CHILD";

fn migrate(from: &Path, to: &Path) -> Result<shirube_store::VerifyReport, StoreError> {
    Store::migrate(from, &place(from), &Target::Folder(to), &Actor::owner())
}

fn moved(folder: &Path) -> Option<Moved> {
    Store::moved(folder, &place(folder), &Actor::owner()).unwrap()
}

fn take_up(folder: &Path) -> Result<Moved, StoreError> {
    Store::take_up(folder, &place(folder), &Actor::owner())
}

fn hub(name: &str) -> shirube_store::Command {
    create("hub", &[("name", t(name))])
}

/// A log with one event.
fn begun(folder: &Path) {
    submit(&open(folder), hub("first"));
}

#[track_caller]
fn is_moved<T: std::fmt::Debug>(refused: Result<T, StoreError>, to: &Path) {
    let Err(StoreError::Log(error @ LogError::Moved { .. })) = &refused else { panic!("{refused:?}") };
    assert!(error.is_misuse());
    let (text, to) = (error.to_string(), fs::canonicalize(to).unwrap());
    assert!(text.contains(to.to_str().unwrap()) && text.contains("--take-up"), "{text}");
}

#[test]
fn one_that_is_not_there_was_not_moved() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(moved(folder.path()), None);
    if server().is_some() {
        let refused = Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner());
        assert!(matches!(refused, Err(StoreError::Log(LogError::Absent { .. }))), "{refused:?}");
    }
}

#[test]
fn it_is_read_and_proved_and_no_longer_written() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    begun(folder.path());
    assert_eq!(moved(folder.path()), None);
    let report = migrate(folder.path(), home.path()).unwrap();
    let mark = moved(folder.path()).unwrap();
    assert_eq!((mark.seq, mark.hash.iter().map(|b| format!("{b:02x}")).collect::<String>()), (1, report.last_hash.clone()));
    is_moved(open_with(folder.path(), Arc::new(pack())), home.path());
    is_moved(migrate(folder.path(), home.path()), home.path());
    is_moved(migrate(folder.path(), tempfile::tempdir().unwrap().path()), home.path());
    // Nor by a program that knows nothing of marks.
    let insert = "INSERT INTO event SELECT seq + 1, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash FROM event";
    let refused = match server() {
        Some(server) => client(&server, folder.path()).batch_execute(insert).map_err(|error| error.to_string()),
        None => rusqlite::Connection::open(folder.path().join("log.db")).unwrap().execute_batch(insert).map_err(|error| error.to_string()),
    };
    assert!(refused.unwrap_err().contains("was moved"));
    let store = Store::open(home.path(), Arc::new(pack())).unwrap();
    submit(&store, hub("second"));
    assert_eq!(Store::moved(home.path(), &LogPlace::Folder, &Actor::owner()).unwrap(), None);
    assert_eq!(Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap(), report);
    let reader =
        Store::look(folder.path(), &place(folder.path()), Arc::new(pack()), &Actor::owner(), shirube_snapshot::AsOf::Head).unwrap();
    assert!(reader.record("hub", 1).unwrap().is_some());
}

#[test]
fn it_is_taken_up_again_on_purpose() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    begun(folder.path());
    let refused = take_up(folder.path());
    assert!(matches!(&refused, Err(StoreError::Log(error @ LogError::NotMoved { .. })) if error.is_misuse()), "{refused:?}");
    migrate(folder.path(), home.path()).unwrap();
    let mark = moved(folder.path()).unwrap();
    assert_eq!(take_up(folder.path()).unwrap(), mark);
    assert_eq!(moved(folder.path()), None);
    let store = open(folder.path());
    submit(&store, hub("second"));
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
    drop(store);
    assert!(matches!(take_up(folder.path()), Err(StoreError::Log(LogError::NotMoved { .. }))));
    let none = tempfile::tempdir().unwrap();
    let refused = Store::take_up(none.path(), &LogPlace::Folder, &Actor::owner());
    assert!(matches!(refused, Err(StoreError::Log(LogError::Absent { .. }))), "{refused:?}");
}

/// The copy is there and the mark is not: what a crash between the two leaves.
#[test]
fn a_move_that_was_cut_off_before_the_mark_is_finished_by_doing_it_again() {
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    begun(folder.path());
    let report = migrate(folder.path(), home.path()).unwrap();
    take_up(folder.path()).unwrap();
    assert_eq!(migrate(folder.path(), home.path()).unwrap(), report);
    assert!(moved(folder.path()).is_some());
    // One that went on since is another log.
    take_up(folder.path()).unwrap();
    submit(&Store::open(home.path(), Arc::new(pack())).unwrap(), hub("second"));
    let refused = migrate(folder.path(), home.path());
    assert!(matches!(refused, Err(StoreError::Log(LogError::NotEmpty { events: 2, .. }))), "{refused:?}");
    assert_eq!(moved(folder.path()), None);
}

#[test]
fn what_could_not_be_moved_is_not_marked() {
    let folder = tempfile::tempdir().unwrap();
    begun(folder.path());
    let occupied = tempfile::tempdir().unwrap();
    submit(&Store::open(occupied.path(), Arc::new(pack())).unwrap(), hub("another"));
    assert!(matches!(migrate(folder.path(), occupied.path()), Err(StoreError::Log(LogError::NotEmpty { events: 1, .. }))));
    let here = place(folder.path());
    let onto_itself = match server() {
        Some(_) => Store::migrate(folder.path(), &here, &Target::Server(&here), &Actor::owner()),
        None => migrate(folder.path(), &folder.path().join("../").join(folder.path().file_name().unwrap())),
    };
    assert!(matches!(onto_itself, Err(StoreError::Log(LogError::NotEmpty { events: 1, .. }))), "{onto_itself:?}");
    assert_eq!(moved(folder.path()), None);
    submit(&open(folder.path()), hub("second"));
}

/// Moves a log; does nothing when the test run calls it as a test.
#[test]
fn child_that_moves() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let (from, to) = what.split_once('|').unwrap();
    println!("begun");
    migrate(Path::new(from), Path::new(to)).unwrap();
    println!("done");
}

#[test]
fn killed_at_any_time_it_is_marked_and_whole_elsewhere_or_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let commands: Vec<shirube_store::Command> = (0..3000).map(|i| hub(&format!("hub {i}"))).collect();
    store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
    let was = store.verify(&Actor::owner()).unwrap();
    drop(store);
    let (mut cut, mut whole) = (0, 0);
    for (word, wait) in [("begun", 0), ("begun", 20), ("begun", 60), ("begun", 120), ("begun", 200), ("begun", 320), ("done", 0)] {
        let home = tempfile::tempdir().unwrap();
        let what = format!("{}|{}", folder.path().display(), home.path().display());
        let done = killed("moved::child_that_moves", (CHILD, &what), (word, wait));
        if moved(folder.path()).is_some() {
            whole += 1;
        } else {
            assert!(!done, "what was moved is not marked");
            cut += 1;
            // Nothing is lost, and nothing stands in the way of doing it again.
            assert_eq!(Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap(), was);
            assert_eq!(migrate(folder.path(), home.path()).unwrap(), was);
        }
        let there = Store::open(home.path(), Arc::new(pack())).unwrap();
        assert_eq!(there.verify(&Actor::owner()).unwrap(), was);
        take_up(folder.path()).unwrap();
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
}
