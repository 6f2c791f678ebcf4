//! The network between a process and PostgreSQL is cut, stalls, and swallows what is sent, in the middle of statements
//! and commits. Runs when there is a database to run on.

use crate::{
    dice::{Again, Dice, rounds, seed},
    proxy::{Proxy, Turn, Weather},
    support::*,
};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, BatchError, Command, LogError, LogPlace, Seal, Store, StoreError, Target, TrailError};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How soon all go on when the network is back: the longest wait before a connection is tried again, and some.
const BACK: Duration = Duration::from_secs(20);

/// A schema's log, reached through a proxy; an answer is waited for one second.
fn through(proxy: &Proxy, server: &str, schema: &str) -> LogPlace {
    let _made = schema_place(server, schema);
    format!("{}&options=-c%20search_path%3D{schema}", proxy.way(server)).parse().unwrap()
}

fn on(place: &LogPlace, folder: &Path) -> Store {
    Store::open_at(folder, place.clone(), Arc::new(pack())).unwrap()
}

/// What a writer was told of each theme.
#[derive(Debug, Default)]
struct Told {
    written: BTreeMap<String, i64>,
    refused: Vec<String>,
    unknown: Vec<String>,
}

impl Told {
    fn note(&mut self, theme: String, answer: Result<i64, StoreError>) {
        match answer {
            Ok(seq) => drop(self.written.insert(theme, seq)),
            Err(StoreError::Log(LogError::Unknown { .. })) => self.unknown.push(theme),
            Err(StoreError::Log(LogError::Unreachable { .. } | LogError::Busy { .. })) => self.refused.push(theme),
            Err(other) => panic!("{theme}: {other}"),
        }
    }
}

fn project(theme: &str) -> Command {
    create("project", &[("theme", t(theme)), ("year", n(2024))])
}

/// Writes one by one and in batches until it is time to stop. A batch is all or nothing: its last record stands for it.
fn write(store: &Store, name: &str, stop: &AtomicBool, last: &AtomicU64, told: &Mutex<Told>) {
    for i in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let theme = format!("{name}-{i}");
        let answer = match i % 5 {
            0 => {
                let commands: Vec<Command> = (0..600).map(|row| project(&format!("{theme}-{row}"))).collect();
                let answer = store.submit_all(&Actor::owner(), commands, &|_| {});
                answer.map(|receipts| receipts[599].seq).map_err(|BatchError { mut errors, .. }| errors.remove(0).1)
            }
            _ => store.submit(&Actor::owner(), project(&theme)).map(|receipt| receipt.seq),
        };
        let well = answer.is_ok();
        told.lock().unwrap().note(if i % 5 == 0 { format!("{theme}-599") } else { theme }, answer);
        if well {
            last.store(i + 1, Ordering::Relaxed);
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Reads something personal again and again; gives what was written into the trail, as it was said.
fn read(store: &Store, record: i64, stop: &AtomicBool, last: &AtomicU64) -> Vec<String> {
    let mut settled = vec![];
    for i in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let way = format!("way-{i}-");
        let actor = Actor::owner().asking(&way, None);
        assert!(store.reader(&actor, AsOf::Head).unwrap().record("project", record).unwrap().is_some());
        match store.settle(&actor) {
            Ok(()) => {
                settled.push(way);
                last.store(i + 1, Ordering::Relaxed);
            }
            Err(StoreError::Trail(TrailError::Unwritten(_))) => {}
            Err(other) => panic!("{other}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    settled
}

fn soon(what: &str, within: Duration, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_network_that_fails_in_any_way_loses_nothing_and_all_go_on_by_themselves() {
    let Some(server) = server() else { return };
    let (seed, rounds) = (seed(), rounds(0).div_ceil(10).clamp(3, 60));
    let proxy = Proxy::before(&server);
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let schema = "weather";
    let (far, near) = (through(&proxy, &server, schema), schema_place(&server, schema));
    // One that writes and one that follows through the failing network, and one beside the server.
    let stores = [on(&far, folders[0].path()), on(&far, folders[1].path()), on(&near, folders[2].path())];
    let (stop, told) = (AtomicBool::new(false), Mutex::new(Told::default()));
    let personal = submit(&stores[0], create("project", &[("theme", t("first")), ("year", n(2024)), ("contact", t("担当"))])).record;
    // Three that write, and one that reads.
    let last = [(); 4].map(|()| AtomicU64::new(0));
    let settled = std::thread::scope(|scope| {
        // Should an assertion fail, the writers are to end, too.
        let _stop = scopeguard(&stop);
        for (name, (store, last)) in [(&stores[0], &last[0]), (&stores[0], &last[1]), (&stores[2], &last[2])].into_iter().enumerate() {
            let (stop, told) = (&stop, &told);
            scope.spawn(move || write(store, &format!("n{name}"), stop, last, told));
        }
        let reading = scope.spawn(|| read(&stores[0], personal, &stop, &last[3]));
        for round in 0..rounds {
            let _again = Again(seed, round);
            let mut dice = Dice::new(seed, round);
            let weather =
                dice.of(&[Weather::Cut, Weather::Hole, Weather::HoleThere, Weather::HoleBack, Weather::Slow(Duration::from_millis(300))]);
            let turn = dice.of(&[Turn::Now, Turn::BeforeCommit, Turn::AfterCommit, Turn::InStatement]);
            proxy.turn(turn, weather);
            std::thread::sleep(Duration::from_millis(dice.below(2500)));
            proxy.turn(Turn::Now, Weather::Fair);
            let was = last.each_ref().map(|last| last.load(Ordering::Relaxed));
            for (who, last) in last.iter().enumerate() {
                soon(&format!("{weather:?} {turn:?}, {who}"), BACK, || last.load(Ordering::Relaxed) > was[who]);
            }
            let seq = stores[2].head_seq();
            soon(&format!("{weather:?} {turn:?}, follower"), BACK, || stores[1].head_seq() >= seq);
        }
        stop.store(true, Ordering::Relaxed);
        reading.join().unwrap()
    });
    let trail = stores[2].verify_trail(&Actor::owner()).unwrap();
    assert!(trail.is_clean(), "{:?}", trail.problems);
    let ways = "SELECT substring(told from 'way-[0-9]+-'), count(*) FROM weather.reading WHERE told ~ 'way-' GROUP BY 1";
    let found: BTreeMap<String, i64> = connect(&server).query(ways, &[]).unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    for way in &settled {
        assert_eq!(found.get(way), Some(&1), "{way} was settled");
    }
    assert!(found.values().all(|count| *count == 1));
    let end = stores[2].verify(&Actor::owner()).unwrap();
    assert!(end.is_clean(), "{:?}", end.problems);
    // All of them first: each is compared with one that may have followed last.
    for store in &stores {
        soon("the others' events", BACK, || store.head_seq() == end.last);
    }
    for store in &stores {
        assert!(store.head_digest(&Actor::owner()).unwrap() == stores[2].head_digest(&Actor::owner()).unwrap(), "the heads differ");
    }
    let told = told.into_inner().unwrap();
    let reader = stores[2].reader(&Actor::owner(), AsOf::Head).unwrap();
    let found = |theme: &str| {
        let mut found = reader.connection().prepare("SELECT _seq FROM project WHERE theme = ?1").unwrap();
        found.query_map([theme], |r| r.get(0)).unwrap().collect::<Result<Vec<i64>, _>>().unwrap()
    };
    for (theme, seq) in &told.written {
        assert_eq!(found(theme), [*seq], "{theme} was acknowledged");
    }
    for theme in &told.refused {
        assert!(found(theme).is_empty(), "{theme} was said not to be written");
    }
    assert!(told.unknown.iter().all(|theme| found(theme).len() <= 1));
    let half = "SELECT count(*) % 600 FROM project WHERE theme LIKE '%-%-%'";
    assert_eq!(reader.connection().query_row(half, [], |r| r.get::<_, i64>(0)).unwrap(), 0, "part of a batch was written");
    let (written, refused, unknown) = (told.written.len(), told.refused.len(), told.unknown.len());
    let read = settled.len();
    eprintln!("{rounds} failures of the network, seed {seed}: {written} written, {refused} refused, {unknown} unknown, {read} readings");
}

/// Tells the writers to stop when it goes.
fn scopeguard(stop: &AtomicBool) -> impl Drop + '_ {
    struct Stop<'s>(&'s AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    Stop(stop)
}

type Work<'w> = &'w dyn Fn() -> Result<(), StoreError>;

#[test]
fn what_reads_the_whole_log_ends_where_nothing_comes_and_is_done_when_asked_again() {
    let Some(server) = server() else { return };
    let proxy = Proxy::before(&server);
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [folder, out, home] = folders.each_ref().map(|folder| folder.path());
    let far = through(&proxy, &server, "whole");
    let store = on(&far, folder);
    for i in 0..5 {
        submit(&store, project(&format!("{i}")));
    }
    let pack = store.pack().clone();
    let expected = store.verify(&Actor::owner()).unwrap();
    drop(store);
    let place = far.clone().into();
    let out = out.join("backup");
    let works: [(&str, Work<'_>); 5] = [
        ("verify", &|| Store::verify_beside(folder, &far, &Actor::owner()).map(|report| assert_eq!(report, expected))),
        ("verify the trail", &|| Store::verify_trail_beside(folder, &far, &Actor::owner()).map(drop)),
        ("backup", &|| Store::backup((folder, &place), &pack, (&out, &Seal::Plain), &Actor::owner(), &|_| {}).map(drop)),
        ("start", &|| Store::open_at(folder, far.clone(), pack.clone()).map(drop)),
        ("migrate", &|| Store::migrate(folder, &far, &Target::Folder(home), &Actor::owner()).map(|report| assert_eq!(report, expected))),
    ];
    for (name, work) in works {
        proxy.turn(Turn::Now, Weather::Hole);
        let begun = Instant::now();
        let refused = work();
        assert!(matches!(refused, Err(StoreError::Log(LogError::Unreachable { .. }))), "{name}: {refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
        proxy.turn(Turn::Now, Weather::Fair);
        work().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_connection_on_which_nothing_comes_is_given_up_and_holds_nobody_up() {
    let Some(server) = server() else { return };
    let proxy = Proxy::before(&server);
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (far, near) = (through(&proxy, &server, "silence"), schema_place(&server, "silence"));
    let (store, other) = (on(&far, folders[0].path()), on(&near, folders[1].path()));
    submit(&store, project("before"));
    // Swallowed before the server heard of it: it waits, in the middle of a transaction, and has the lock.
    proxy.turn(Turn::BeforeCommit, Weather::HoleThere);
    let begun = Instant::now();
    let answer = std::thread::scope(|scope| {
        let writing = scope.spawn(|| store.submit(&Actor::owner(), project("swallowed")));
        soon("the commit", BACK, || proxy.turned() > 0);
        std::thread::sleep(Duration::from_millis(500));
        proxy.turn(Turn::Now, Weather::Fair);
        writing.join().unwrap()
    });
    assert!(matches!(answer, Err(StoreError::Log(LogError::Unreachable { ref cause, .. })) if cause.contains("no answer")), "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // The server was told to let go of it.
    let begun = Instant::now();
    submit(&other, project("beside"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    submit(&store, project("after"));
    // Done, and the answer swallowed: it is looked up.
    let turned = proxy.turned();
    proxy.turn(Turn::AfterCommit, Weather::HoleBack);
    let answer = std::thread::scope(|scope| {
        let writing = scope.spawn(|| store.submit(&Actor::owner(), project("answer swallowed")));
        soon("the commit", BACK, || proxy.turned() > turned);
        std::thread::sleep(Duration::from_millis(500));
        proxy.turn(Turn::Now, Weather::Fair);
        writing.join().unwrap()
    });
    let seq = answer.unwrap().seq;
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let found: Vec<(String, i64)> = reader
        .connection()
        .prepare("SELECT theme, _seq FROM project ORDER BY _seq")
        .unwrap()
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(found.last(), Some(&("answer swallowed".to_string(), seq)));
    assert_eq!(found.iter().map(|(theme, _)| theme.as_str()).collect::<Vec<_>>(), ["before", "beside", "after", "answer swallowed"]);
}
