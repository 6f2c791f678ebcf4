//! The database goes down under a writing store and comes back. A test of its own: it would disturb others.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use shirube_snapshot::AsOf;
use shirube_store::{Actor, LogError, StoreError};
use std::{
    process::{Command as Process, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use support::*;

#[test]
fn a_database_restarted_loses_nothing_acknowledged_and_reports_nothing_falsely() {
    let (Some(server), Ok(restart)) = (server(), std::env::var("SHIRUBE_TEST_POSTGRES_RESTART")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("first")), ("year", n(2024))]));
    let (stop, refused) = (AtomicBool::new(false), AtomicBool::new(false));
    let (written, not_written, unknown) = (Mutex::new(vec![]), Mutex::new(vec![]), Mutex::new(0));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (store, stop, refused, written, not_written, unknown) = (&store, &stop, &refused, &written, &not_written, &unknown);
            scope.spawn(move || {
                for i in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let theme = format!("{thread}-{i}");
                    match store.submit(&Actor::owner(), create("project", &[("theme", t(&theme)), ("year", n(2024))])) {
                        Ok(receipt) => written.lock().unwrap().push((receipt.seq, theme)),
                        Err(StoreError::Log(LogError::Unknown { .. })) => *unknown.lock().unwrap() += 1,
                        Err(StoreError::Log(LogError::Unreachable { place, .. })) => {
                            assert!(place.contains("127.0.0.1"));
                            refused.store(true, Ordering::Relaxed);
                            not_written.lock().unwrap().push(theme);
                            // Reading goes on.
                            let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
                            assert!(reader.record("project", 1).unwrap().is_some());
                            std::thread::sleep(Duration::from_millis(20));
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
        // As often as `tests/chaos.sh` asks for, a restart taking some seconds.
        let times = std::env::var("SHIRUBE_CHAOS_ROUNDS").map_or(4, |rounds| rounds.parse::<u64>().unwrap().div_ceil(20).clamp(2, 50));
        for _ in 0..times {
            std::thread::sleep(Duration::from_millis(700));
            let done = Process::new("bash").args(["-c", &restart]).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            assert!(done.success());
            // A connection cut while the server stands.
            std::thread::sleep(Duration::from_millis(700));
            let mut client = connect(&server);
            let cut =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shirube' AND pid <> pg_backend_pid()";
            client.batch_execute(cut).unwrap();
        }
        let before = written.lock().unwrap().len();
        let begun = Instant::now();
        while written.lock().unwrap().len() < before + 20 {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not come back");
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let report = store.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let count = |sql: &str, theme: &str| reader.connection().query_row(sql, [theme], |r| r.get::<_, i64>(0)).unwrap();
    for (seq, theme) in written.lock().unwrap().iter() {
        assert_eq!(count("SELECT _seq FROM project WHERE theme = ?1", theme), *seq);
    }
    for theme in not_written.lock().unwrap().iter() {
        assert_eq!(count("SELECT count(*) FROM project WHERE theme = ?1", theme), 0, "{theme} was said not to be written");
    }
    let (written, not_written, unknown) = (written.lock().unwrap().len(), not_written.lock().unwrap().len(), *unknown.lock().unwrap());
    eprintln!("{written} written, {not_written} refused, {unknown} unknown");
}
