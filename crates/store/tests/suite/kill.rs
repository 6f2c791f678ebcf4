//! Killed at any moment, the store loses nothing it acknowledged.
//!
//! The test starts itself again as a child that writes and says what was acknowledged, kills the child with
//! SIGKILL after a random while, and opens the folder.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_record::{Cell, Origin};
use shirube_snapshot::{AsOf, ListQuery, RuleError, Total};
use shirube_store::{Actor, Batch, Command, Store};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command as Process, Stdio},
    time::Duration,
};

const FOLDER: &str = "SHIRUBE_KILL_FOLDER";
/// Folder of the child that loads in bulk.
const LOAD: &str = "SHIRUBE_KILL_LOAD";
/// Records of a load: enough for indexes to be left out meanwhile.
const LOADED: i64 = 12_000;

/// Writes until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_writes() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = open(Path::new(&folder));
    let run = store.head_seq();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for i in 0.. {
                    let receipt = submit(store, project(&format!("{run}-{thread}-{i}")));
                    said("one", receipt.seq, receipt.record);
                    if i % 3 == 0 {
                        let receipt = submit(store, amend("project", receipt.record, 1, &[("budget", Some(n(i)))]));
                        said("one", receipt.seq, receipt.record);
                    }
                }
            });
        }
        let store = &store;
        scope.spawn(move || {
            for batch in 0.. {
                let commands: Vec<Command> = (0..500).map(|i| project(&format!("{run}-batch-{batch}-{i}"))).collect();
                let receipts = store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
                said("all", receipts[0].seq, receipts[499].seq);
            }
        });
    });
}

fn project(theme: &str) -> Command {
    create("project", &[("theme", t(theme)), ("year", n(2024)), ("contact", Cell::Text("山田".into()))])
}

/// One line per acknowledgement, complete or not there at all.
fn said(what: &str, a: i64, b: i64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {what} {a} {b}").unwrap();
    out.flush().unwrap();
}

/// Loads judged records in one batch until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_loads() {
    let Ok(folder) = std::env::var(LOAD) else { return };
    let store = open(Path::new(&folder));
    let run = store.head_seq();
    let mut batch = Batch::new("project", None);
    {
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        let rules = reader.rules("project").unwrap();
        for i in 0..LOADED {
            let content = [("theme".to_string(), t(&format!("{run}-{i}"))), ("year".to_string(), n(2024))].into();
            let judged: Result<_, RuleError> = reader.judge(&rules, None, content, &[], |_, _| Ok(true));
            batch.create(judged.unwrap().unwrap(), &Origin::default());
        }
    }
    // From here on the other side may kill.
    said("load", run, run);
    let receipts = store.submit_batch(&Actor::owner(), batch, &|_| {}).unwrap();
    said("all", receipts[0].seq, receipts[LOADED as usize - 1].seq);
}

#[test]
fn a_load_is_there_whole_or_not_at_all_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut whole, mut none) = (0, 0);
    // The last is killed when it has said that all is written, however slow the machine is.
    for wait in [Some(0), Some(30), Some(100), Some(300), Some(600), Some(1200), Some(2000), Some(3000), None] {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_that_loads", "--nocapture", "--test-threads=1"])
            .env(LOAD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("ack load")), "the child did not come to its load");
        let mut acknowledged = false;
        match wait {
            Some(wait) => std::thread::sleep(Duration::from_millis(wait)),
            None => acknowledged = lines.any(|line| line.contains("ack all")),
        }
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = acknowledged || lines.any(|line| line.contains("ack all"));
        let store = open(folder.path());
        check(&store, &[], &[]);
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        let records: i64 = reader.connection().query_row("SELECT count(*) FROM project", [], |r| r.get(0)).unwrap();
        let added = records - whole * LOADED;
        assert!(added == 0 && !acknowledged || added == LOADED, "{added} of {LOADED} records were written");
        if added == 0 { none += 1 } else { whole += 1 }
    }
    assert!(whole > 0 && none > 0, "killed {none} times before and {whole} times after the batch was written");
}

#[test]
fn nothing_acknowledged_is_lost_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut singles = vec![];
    let mut batches = vec![];
    // Acknowledgements to wait for, and milliseconds after that.
    for (heard, wait) in [(0_u32, 0), (0, 300), (1, 7), (2, 40), (5, 95), (10, 160), (20, 310), (40, 505)] {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_that_writes", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            let tell_of = |line: &String| {
                if line.contains("ack ") {
                    let _ = tell.send(line.contains("ack all"));
                }
            };
            lines.inspect(tell_of).collect::<Vec<_>>()
        });
        // The last is not killed before one of its batches is whole, however slow the machine is.
        let (mut left, mut batch) = (heard, heard < 40);
        while left > 0 || !batch {
            batch |= told.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|_| panic!("the child writes nothing"));
            left = left.saturating_sub(1);
        }
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["ack", what, a, b] = words[..] {
                let pair = (a.parse().unwrap(), b.parse().unwrap());
                if what == "one" { singles.push(pair) } else { batches.push(pair) }
            }
        }
        let store = open(folder.path());
        check(&store, &singles, &batches);
    }
    assert!(singles.len() > 20 && !batches.is_empty(), "the children hardly wrote: {} {}", singles.len(), batches.len());
}

fn check(store: &Store, singles: &[(i64, i64)], batches: &[(i64, i64)]) {
    let report = store.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    for (seq, record) in singles {
        let found = reader.record("project", *record).unwrap().unwrap_or_else(|| panic!("record {record} is lost"));
        assert!(found.seq >= *seq, "event {seq} of record {record} is lost");
    }
    for (first, last) in batches {
        assert!(*last <= report.events, "batch {first}–{last} is lost");
    }
    // Half a batch would leave a number of batch records that 500 does not divide.
    let whole =
        reader.connection().query_row("SELECT count(*) % 500 FROM project WHERE theme LIKE '%-batch-%'", [], |r| r.get::<_, i64>(0));
    assert_eq!(whole.unwrap(), 0, "part of a batch was written");
    let listed = reader.list(&ListQuery { register: "project".into(), limit: 1, ..ListQuery::default() }).unwrap().total;
    let counted: i64 = reader.connection().query_row("SELECT count(*) FROM project", [], |r| r.get(0)).unwrap();
    assert_eq!(listed, Total::Exactly(counted as u64));
}
