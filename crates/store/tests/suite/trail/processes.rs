//! Several processes, and some that are killed.

use super::{open_store, pack, project, read};
use crate::support::*;
use shirube_store::{Actor, Look, Only, Store};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command as Process, Stdio},
    time::Duration,
};

/// Folder of the child that reads.
const CHILD: &str = "SHIRUBE_TRAIL_CHILD";

/// Reads until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_reads() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let store = open_store(Path::new(&folder));
    let ids: Vec<i64> = (0..4).map(|i| project(&store, &format!("{}-{i}", store.head_seq()), "draft", None)).collect();
    std::thread::scope(|scope| {
        for id in ids {
            let store = &store;
            scope.spawn(move || {
                loop {
                    read(store, &[id]);
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "read {id}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

#[test]
fn nothing_that_was_given_out_is_missing_from_the_trail_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut given: BTreeMap<i64, usize> = BTreeMap::new();
    for wait in [20, 60, 150, 300] {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "trail::processes::child_that_reads", "--nocapture", "--test-threads=1"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.filter_map(|line| line.rsplit_once("read ")?.1.parse::<i64>().ok());
        *given.entry(lines.next().expect("the child reads")).or_default() += 1;
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(|id| *given.entry(id).or_default() += 1);
        let store = open_store(folder.path());
        assert!(store.verify_trail(&Actor::owner()).unwrap().is_clean());
    }
    let store = open_store(folder.path());
    for (id, times) in given {
        let look = Look { record: Some(id), only: Some(Only::Readings), limit: 10_000, ..Look::default() };
        let found = store.trail(&Actor::owner(), &look).unwrap().acts.len();
        assert!(found >= times, "record {id} was given out {times} times, the trail tells of {found}");
    }
}

#[test]
fn two_processes_append_to_one_trail() {
    let Some(server) = server() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let at = |folder: &Path| Store::open_at(folder, schema_place(&server, "two_trails"), pack()).unwrap();
    let stores = [at(folders[0].path()), at(folders[1].path())];
    let id = project(&stores[0], "t", "draft", None);
    while stores[1].head_seq() < id {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::scope(|scope| {
        for store in stores.iter().flat_map(|store| [store, store, store]) {
            scope.spawn(move || (0..25).for_each(|_| read(store, &[id])));
        }
    });
    let report = stores[1].verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.entries, report.is_clean()), (150, true), "{:?}", report.problems);
}
