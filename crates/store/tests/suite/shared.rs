//! Several stores on one database: nothing is lost, all see the same. Runs when there is a database to run on.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, LogError, LogPlace, Store, StoreError, Target};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// Folder of the child that writes, and the schema it writes to.
const CHILD: &str = "SHIRUBE_SHARED_CHILD";

fn on(server: &str, schema: &str, folder: &Path) -> Store {
    Store::open_at(folder, schema_place(server, schema), Arc::new(pack())).unwrap()
}

fn budget(store: &Store, record: i64) -> (i64, i64) {
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let record = reader.record("project", record).unwrap().unwrap();
    let Some(shirube_record::Cell::Integer(budget)) = record.content.get("budget") else { panic!("no budget") };
    (*budget, record.version)
}

fn wait_for(what: &str, done: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

/// One more, again and again until nobody came in between.
fn add_one(store: &Store, record: i64) {
    loop {
        let (budget, version) = budget(store, record);
        match store.submit(&Actor::owner(), amend("project", record, version, &[("budget", Some(n(budget + 1)))])) {
            Ok(_) => return,
            Err(StoreError::VersionConflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn two_stores_write_at_once_and_lose_no_update() {
    let Some(server) = server() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stores = [on(&server, "two_stores", folders[0].path()), on(&server, "two_stores", folders[1].path())];
    let record = submit(&stores[0], create("project", &[("theme", t("counter")), ("year", n(2024)), ("budget", n(0))])).record;
    let seen = wait_for("the record", || stores[1].head_seq() >= record);
    assert!(seen < Duration::from_secs(1), "{seen:?}");
    std::thread::scope(|scope| {
        for store in stores.iter().flat_map(|store| [store, store, store]) {
            scope.spawn(move || (0..20).for_each(|_| add_one(store, record)));
        }
    });
    // The same name twice: whoever comes second hears so, in whichever store.
    let both: Vec<bool> = std::thread::scope(|scope| {
        let make = |store| move || Store::submit(store, &Actor::owner(), create("hub", &[("name", t("once"))])).is_ok();
        let running: Vec<_> = stores.iter().map(|store| scope.spawn(make(store))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(both.iter().filter(|made| **made).count(), 1);
    let end = stores.iter().map(Store::head_seq).max().unwrap();
    for store in &stores {
        wait_for("the other's events", || store.head_seq() == end && store.lag().events == 0);
        assert!(store.lag().unheard < Duration::from_secs(5));
        assert_eq!(budget(store, record), (120, 121));
        let report = store.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
    }
    let [a, b] = stores.each_ref().map(|store| store.head_digest(&Actor::owner()).unwrap());
    assert_eq!(a, b, "the heads differ");
}

#[test]
fn a_redaction_reaches_the_folders_of_others() {
    let Some(server) = server() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stores = [on(&server, "redacted", folders[0].path()), on(&server, "redacted", folders[1].path())];
    let columns = [("theme", t("題名")), ("year", n(2024)), ("contact", t("担当者甲乙"))];
    let record = submit(&stores[0], create("project", &columns)).record;
    wait_for("the record", || stores[1].head_seq() >= record);
    let kept = folders[1].path().join("kept.db");
    stores[1].snapshot_to(&Actor::owner(), AsOf::Head, &kept).unwrap();
    let holds = |path: &Path| std::fs::read(path).unwrap().windows(15).any(|w| w == "担当者甲乙".as_bytes());
    assert!(holds(&kept));
    submit(&stores[0], Command::Redact { register: "project".into(), record, scope: Scope::Personal, reason: "求め".into() });
    wait_for("the redaction", || stores[1].head_seq() > record && !folders[1].path().join("redacting-others").exists());
    for folder in &folders {
        for file in std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
            assert!(!holds(&file), "{}", file.display());
        }
    }
    for store in &stores {
        let report = store.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean() && report.redacted == 1, "{report:?}");
    }
}

#[test]
fn redactions_of_one_disturb_no_writer_of_the_other() {
    let Some(server) = server() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let stores = [on(&server, "disturbed", folders[0].path()), on(&server, "disturbed", folders[1].path())];
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0.. {
                if done.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                submit(&stores[1], create("hub", &[("name", t(&format!("hub {i}")))]));
            }
        });
        // Both redact, each in the middle of following the other.
        let redacting = stores.iter().enumerate().map(|(which, store)| {
            scope.spawn(move || {
                for i in 0..25 {
                    let columns = [("theme", t(&format!("題名 {which} {i}"))), ("year", n(2024)), ("contact", t("担当者甲乙"))];
                    let record = submit(store, create("project", &columns)).record;
                    submit(store, Command::Redact { register: "project".into(), record, scope: Scope::Personal, reason: "求め".into() });
                }
            })
        });
        redacting.collect::<Vec<_>>().into_iter().for_each(|both| both.join().unwrap());
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    for store in &stores {
        let report = store.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean() && report.redacted == 50, "{report:?}");
    }
}

/// Writes until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_shares() {
    let Ok(child) = std::env::var(CHILD) else { return };
    let (folder, schema) = child.split_once('|').unwrap();
    let store = on(&server().unwrap(), schema, Path::new(folder));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for i in 0.. {
                    let theme = format!("child-{}-{thread}-{i}", std::process::id());
                    let receipt = submit(store, create("project", &[("theme", t(&theme)), ("year", n(2024))]));
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {} {}", receipt.seq, theme).unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

#[test]
fn a_process_killed_in_a_storm_loses_nothing_and_stops_nobody() {
    let Some(server) = server() else { return };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = on(&server, "storm", here.path());
    let mut acknowledged: Vec<(i64, String)> = vec![];
    for (round, wait) in [150, 400, 650, 900].into_iter().enumerate() {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "shared::child_that_shares", "--nocapture", "--test-threads=1"])
            .env(CHILD, format!("{}|storm", there.path().display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = out.find(|line| line.contains("ack ")).unwrap();
        let rest = std::thread::spawn(move || out.collect::<Vec<_>>());
        let until = Instant::now() + Duration::from_millis(wait);
        let mut i = 0;
        while Instant::now() < until {
            let theme = format!("here-{round}-{i}");
            acknowledged.push((submit(&store, create("project", &[("theme", t(&theme)), ("year", n(2024))])).seq, theme));
            i += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in std::iter::once(first).chain(rest.join().unwrap()) {
            if let Some((seq, theme)) = line.split_once("ack ").and_then(|(_, said)| said.split_once(' ')) {
                acknowledged.push((seq.parse().unwrap(), theme.to_string()));
            }
        }
        // The lock of the dead does not keep the living.
        let begun = Instant::now();
        submit(&store, create("hub", &[("name", t(&format!("after {round}")))]));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert!(acknowledged.len() > 40, "{}", acknowledged.len());
    let other = on(&server, "storm", there.path());
    for store in [&store, &other] {
        let report = store.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        for (seq, theme) in &acknowledged {
            let found = reader.connection().query_row("SELECT theme FROM project WHERE _seq = ?1", [seq], |r| r.get::<_, String>(0));
            assert_eq!(found.as_ref(), Ok(theme), "event {seq} is lost");
        }
    }
    assert_eq!(store.head_digest(&Actor::owner()).unwrap(), other.head_digest(&Actor::owner()).unwrap());
}

#[test]
fn a_log_moves_to_a_server_and_back_and_stays_the_same() {
    let Some(server) = server() else { return };
    let (folder, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::open(folder.path(), Arc::new(pack())).unwrap();
    let commands: Vec<Command> = (0..1200).map(|i| create("hub", &[("name", t(&format!("hub {i}")))])).collect();
    store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
    let columns = [("theme", t("a")), ("year", n(2024)), ("contact", t("甲"))];
    let record = submit(&store, create("project", &columns)).record;
    submit(&store, Command::Redact { register: "project".into(), record, scope: Scope::All, reason: "求め".into() });
    let sha = keep(&store, &Actor::owner(), b"attached").unwrap();
    let was = store.verify(&Actor::owner()).unwrap();
    let digest = store.head_digest(&Actor::owner()).unwrap();
    let place = schema_place(&server, "moved");
    let migrate = |folder: &Path, from: &LogPlace, to: &Target<'_>| Store::migrate(folder, from, to, &Actor::owner());
    assert!(matches!(migrate(folder.path(), &LogPlace::Folder, &Target::Server(&place)), Err(StoreError::InUse(_))));
    drop(store);
    assert_eq!(migrate(folder.path(), &LogPlace::Folder, &Target::Server(&place)).unwrap(), was);
    let again = migrate(folder.path(), &LogPlace::Folder, &Target::Server(&place));
    let Err(StoreError::Log(LogError::Moved { moved, .. })) = &again else { panic!("{again:?}") };
    assert!(moved.to.contains("postgresql://") && !moved.to.contains("secret"), "{moved}");
    let store = Store::open_at(folder.path(), place.clone(), Arc::new(pack())).unwrap();
    assert_eq!((store.verify(&Actor::owner()).unwrap(), store.head_digest(&Actor::owner()).unwrap()), (was.clone(), digest));
    // The folder's head follows the log where it goes on; the one it was moved from is whole all the same.
    submit(&store, create("hub", &[("name", t("on the server"))]));
    let now = store.verify(&Actor::owner()).unwrap();
    let digest = store.head_digest(&Actor::owner()).unwrap();
    assert_eq!(Store::verify_beside(folder.path(), &LogPlace::Folder, &Actor::owner()).unwrap(), was);
    let was = now;
    drop(store);
    // Who comes late to the log in the database hears it from the database itself.
    let elsewhere = tempfile::tempdir().unwrap();
    let late = Store::open_at(elsewhere.path(), place.clone(), Arc::new(pack())).unwrap();
    assert_eq!(migrate(folder.path(), &place, &Target::Folder(back.path())).unwrap(), was);
    let refused = refusal(&late, create("hub", &[("name", t("too late"))]));
    assert!(matches!(&refused, StoreError::Log(LogError::Refused { cause, .. }) if cause.contains("was moved to")), "{refused}");
    drop(late);
    let refused = Store::open_at(folder.path(), place.clone(), Arc::new(pack())).map(drop);
    assert!(matches!(&refused, Err(StoreError::Log(LogError::Moved { .. }))), "{refused:?}");
    let taken = Store::take_up(folder.path(), &LogPlace::Folder, &Actor::owner()).unwrap();
    let old = Store::open(folder.path(), Arc::new(pack())).unwrap();
    let report = old.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean() && report.last == taken.seq && report.last < was.last, "{report:?}");
    drop(old);
    let store = Store::open(back.path(), Arc::new(pack())).unwrap();
    assert_eq!((store.verify(&Actor::owner()).unwrap(), store.head_digest(&Actor::owner()).unwrap()), (was, digest));
    assert_eq!(std::fs::read(back.path().join("files").join(&sha)).unwrap(), b"attached");
}

#[test]
fn a_log_of_a_later_release_is_refused() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = schema_place(&server, "later");
    drop(Store::open_at(folder.path(), place.clone(), Arc::new(pack())).unwrap());
    let mut client = connect(&server);
    client.batch_execute("UPDATE later.shirube_log SET format = 99").unwrap();
    let refused = Store::open_at(folder.path(), place, Arc::new(pack()));
    assert!(matches!(refused, Err(StoreError::Log(LogError::Format { found: 99, known: 2, .. }))));
}
