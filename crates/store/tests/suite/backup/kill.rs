//! Killed at any time, a backup or a restore is whole or is told to be none.

use super::{attach, back_up, fill, plain, project, prove, restore};
use crate::support::*;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, BackupError, Command, Seal, Store, StoreError};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// What a child of the kill tests does, and where.
const CHILD: &str = "SHIRUBE_BACKUP_CHILD";

/// Backs up or restores until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_backs_up_or_restores() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let words: Vec<PathBuf> = what.split('|').map(PathBuf::from).collect();
    let say = |line: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    say("begun");
    match words[0].to_str().unwrap() {
        "backup" => {
            for i in 0..10_000 {
                back_up(&words[1], &words[2].join(format!("{i}")), &Seal::Plain).unwrap();
                say("done");
            }
        }
        _ => {
            restore(&words[1], &words[2], AsOf::Head).unwrap();
            say("done");
        }
    }
}

#[test]
fn nothing_half_done_is_taken_for_whole_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let commands: Vec<Command> = (0..6000).map(|i| create("hub", &[("name", t(&format!("hub {i}")))])).collect();
    store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
    for i in 0..20 {
        let record = project(&store, &format!("more {i}"), "x");
        attach(&store, record, format!("more {i}").as_bytes());
    }
    let was = store.verify(&Actor::owner()).unwrap();
    drop(store);
    let (mut cut, mut whole) = (0, 0);
    for when in [("begun", 3), ("begun", 30), ("begun", 170), ("done", 0), ("done", 110), ("done", 250)] {
        let out = tempfile::tempdir().unwrap();
        let text = |path: &Path| path.display().to_string();
        killed(
            "backup::kill::child_that_backs_up_or_restores",
            (CHILD, &["backup", &text(folder.path()), &text(out.path())].join("|")),
            when,
        );
        for name in std::fs::read_dir(out.path()).unwrap().map(|e| e.unwrap().path()) {
            if name.extension().is_some_and(|e| e == "part") {
                cut += 1;
                // It stands in nobody's way.
                let out = name.with_extension("");
                back_up(folder.path(), &out, &Seal::Plain).unwrap();
            } else {
                whole += 1;
                assert_eq!(prove(&plain(&name)).unwrap().1, was, "{}", name.display());
            }
        }
        assert_eq!(Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap(), was);
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
    let out = folder.path().join("backup");
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let (mut cut, mut whole) = (0, 0);
    for when in [("begun", 0), ("begun", 5), ("begun", 30), ("begun", 80), ("begun", 150), ("begun", 260), ("begun", 400), ("done", 0)] {
        let to = tempfile::tempdir().unwrap();
        let to_place = place(to.path());
        let done = killed(
            "backup::kill::child_that_backs_up_or_restores",
            (CHILD, &format!("restore|{}|{}", out.display(), to.path().display())),
            when,
        );
        let there = match server() {
            Some(_) => Store::verify_beside(to.path(), &to_place, &Actor::owner()).ok().filter(|report| report.events > 0),
            None => to.path().join("log.db").exists().then(|| Store::verify_beside(to.path(), &to_place, &Actor::owner()).unwrap()),
        };
        match there {
            Some(report) => {
                whole += 1;
                assert_eq!(report, was);
            }
            None => {
                assert!(!done, "what was restored is not there");
                cut += 1;
                if to.path().join("restoring").exists() {
                    let refused = open_with(to.path(), std::sync::Arc::new(pack())).map(drop);
                    assert!(matches!(&refused, Err(StoreError::Backup(e)) if matches!(**e, BackupError::Unfinished { .. })), "{refused:?}");
                }
                restore(&out, to.path(), AsOf::Head).unwrap();
            }
        }
        let again = open(to.path());
        assert_eq!(again.verify(&Actor::owner()).unwrap(), was);
        assert_eq!(std::fs::read_dir(to.path().join("files")).unwrap().count(), 22);
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
}
