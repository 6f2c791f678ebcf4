//! The clock jumps, backwards and forwards, by hours and by years. Runs where `SHIRUBE_CHAOS_FAKETIME` names libfaketime
//! (`tests/chaos.sh` installs it).

use crate::{
    dice::{Dice, rounds, seed},
    support::*,
};
use shirube_plan::{Files, load};
use shirube_snapshot::{AsOf, SnapshotError};
use shirube_store::{Actor, Store};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command as Process,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// The folder of the child whose clock is set by a file in it.
const CHILD: &str = "SHIRUBE_CHAOS_CLOCK";
const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

/// Runs a child whose clock is set by a file; gives the line it ends with.
fn child(name: &str) -> Option<String> {
    let library = std::env::var("SHIRUBE_CHAOS_FAKETIME").ok()?;
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0").unwrap();
    let child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, folder.path())
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{}{said}", String::from_utf8_lossy(&child.stdout));
    Some(said.lines().find(|line| line.contains("of the clock")).unwrap().to_string())
}

#[test]
fn a_clock_that_jumps_changes_no_answer_of_the_past() {
    if let Some(line) = child("clock::child_whose_clock_jumps") {
        eprintln!("{line}");
    }
}

#[test]
fn a_membership_ends_on_its_day_though_nothing_is_recorded() {
    if let Some(line) = child("clock::child_whose_day_ends") {
        eprintln!("{line}");
    }
}

/// Looks who holds what while days go by; does nothing when the test run calls it as a test.
#[test]
fn child_whose_day_ends() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let text = "id = 'small'\nversion = '1'\nlabel = { ja = '小', en = 'Small' }\ndescription = { ja = '例', en = 'Example' }\nfiscal_year_start = 4";
    let (pack, mistakes) = load(&Files::from([("pack.toml".to_string(), text.as_bytes().to_vec())]));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let store = open_with(&folder.join("data"), Arc::new(pack)).unwrap();
    let active = ("_state", t("active"));
    let account = submit(&store, create("office_account", &[("login", t("ann")), ("kind", t("person")), active.clone()])).record;
    let house = submit(&store, create("office_organisation", &[("name", t("House")), ("kind", t("other"))])).record;
    let until = ("until", t(&shirube_snapshot::today()));
    let held = [("account", n(account)), ("organisation", n(house)), ("role", t("owner")), until];
    submit(&store, create("office_membership", &held));
    let roles = || store.people().unwrap().by_login("ann").unwrap().person.memberships().len();
    for (clock, held) in [(0, 1), (24 * HOUR, 0), (YEAR, 0), (0, 1), (-YEAR, 1), (48 * HOUR, 0)] {
        fs::write(folder.join("clock"), format!("{clock:+}")).unwrap();
        assert_eq!(roles(), held, "{clock} s from now");
    }
    eprintln!("a membership by the days of the clock");
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// What there was at a moment: how many records, and the last event; or nothing if it is said to be to come.
fn answer(store: &Store, at: i64) -> Option<(i64, i64)> {
    match store.reader(&Actor::owner(), AsOf::At(at)) {
        Ok(reader) => {
            let ask = |sql: &str| reader.connection().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
            Some((ask("SELECT count(*) FROM project"), ask("SELECT coalesce(max(_seq), 0) FROM project")))
        }
        Err(shirube_store::StoreError::Snapshot(SnapshotError::NotYet { .. })) => None,
        Err(other) => panic!("{other}"),
    }
}

/// Writes while its clock jumps; does nothing when the test run calls it as a test.
#[test]
fn child_whose_clock_jumps() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let (seed, jumps) = (seed(), rounds(0).clamp(20, 300));
    let mut dice = Dice::new(seed, 0);
    let real = now();
    // The library is at work.
    fs::write(folder.join("clock"), format!("+{YEAR}")).unwrap();
    assert!(now() - real > (YEAR - HOUR) * 1000, "the clock cannot be set");
    let mut store = open(&folder.join("data"));
    // Every moment that was asked for when it was past, and what the answer was.
    let mut asked: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    let mut ends: Vec<i64> = vec![];
    for jump in 0..jumps {
        let by = dice.of(&[0, HOUR, 5 * HOUR, 30 * HOUR, YEAR, 9 * YEAR]) * dice.of(&[1, -1]);
        fs::write(folder.join("clock"), format!("{by:+}")).unwrap();
        if dice.one_in(5) {
            drop(store);
            store = open(&folder.join("data"));
        }
        for i in 0..dice.below(4) {
            let made = submit(&store, create("project", &[("theme", t(&format!("{jump}-{i}"))), ("year", n(2024))]));
            if dice.one_in(2) {
                submit(&store, amend("project", made.record, 1, &[("budget", Some(n(jump as i64)))]));
            }
        }
        let last = store.reader(&Actor::owner(), AsOf::Head).unwrap().moment().at_ms;
        ends.push(last);
        for (at, was) in &asked {
            assert_eq!(answer(&store, *at), Some(*was), "seed {seed}, jump {jump} by {by} s: the answer for {at} changed");
        }
        // Past is what lies before the clock and before the last event: there the log is to say the same for ever.
        for _ in 0..3 {
            let from = dice.of(&ends);
            let at = from - dice.below(2 * YEAR as u64 * 1000) as i64 * i64::from(dice.one_in(2)) - 1;
            let answer = answer(&store, at);
            assert!(
                answer.is_some(),
                "seed {seed}, jump {jump} by {by} s: {at} is before event {} and is said to be to come",
                store.head_seq()
            );
            asked.insert(at, answer.unwrap());
        }
    }
    // Later moments know more, or as much.
    let (mut before, mut seq) = (0, 0);
    for (at, (count, last)) in &asked {
        assert!(*count >= before && *last >= seq, "{at} knows less than a moment before");
        (before, seq) = (*count, *last);
    }
    let report = store.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    assert!(ends.windows(2).all(|pair| pair[0] <= pair[1]), "times go back");
    let was = store.head_digest(&Actor::owner()).unwrap();
    store.rebuild_head(&Actor::owner()).unwrap();
    assert!(store.head_digest(&Actor::owner()).unwrap() == was, "the head is not the fold of the log");
    eprintln!("{jumps} jumps of the clock, seed {seed}: {} events, {} moments of the past answered alike", report.events, asked.len());
}
