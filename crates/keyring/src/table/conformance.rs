//! What every table keeps. On PostgreSQL, too, where `SHIRUBE_TEST_POSTGRES` names a database.
#![allow(clippy::unwrap_used)]

use super::{Kind, NEVER, Row, Table, postgres::PostgresTable, sqlite::SqliteTable};
use proptest::prelude::*;
use shirube_net::Server;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[path = "../../../net/tests/support/proxy.rs"]
mod proxy;
use proxy::{Proxy, Turn, Weather};

/// Opens one and the same table anew, as another process does.
type Open = Box<dyn Fn() -> Arc<dyn Table>>;

/// A database of the tests and a schema of its own in it, which is the name of its connections, too.
fn schema(server: &str) -> (Server, String) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let schema = format!("keys_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    server.parse::<Server>().unwrap().connect().unwrap().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    (format!("{server}?options=-c%20search_path%3D{schema}&application_name={schema}").parse().unwrap(), schema)
}

/// Runs a law on every table there is, each empty.
fn on_each(law: impl Fn(&Open)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.db");
    law(&(Box::new(move || Arc::new(SqliteTable::open(&path).unwrap()) as Arc<dyn Table>) as Open));
    if let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") {
        let (config, _) = schema(&server);
        law(&(Box::new(move || Arc::new(PostgresTable::open(&config).unwrap()) as Arc<dyn Table>) as Open));
    }
}

fn row(id: &str, version: i64) -> Row {
    Row { kind: Kind::Session, id: id.into(), account: Some(7), expires: 1000, seen: 10, version, body: format!("\"標 {version}\"") }
}

#[test]
fn an_entry_reads_back_as_it_was_put() {
    on_each(|open| {
        let table = open();
        let whole = Row { account: Some(i64::MAX), expires: NEVER, version: i64::MIN, ..row("a", 1) };
        let bare = Row { account: None, ..row("b", 2) };
        assert!(table.insert(&whole).unwrap() && table.insert(&bare).unwrap());
        for table in [table, open()] {
            assert_eq!(table.get(Kind::Session, "a").unwrap().unwrap(), whole);
            assert_eq!(table.get(Kind::Session, "b").unwrap().unwrap(), bare);
            assert_eq!(table.get(Kind::Link, "a").unwrap(), None);
            assert_eq!(table.get(Kind::Session, "A").unwrap(), None);
        }
    });
}

#[test]
fn there_is_one_entry_of_a_kind_and_id() {
    on_each(|open| {
        let table = open();
        assert!(table.insert(&row("a", 1)).unwrap());
        assert!(!table.insert(&row("a", 2)).unwrap());
        assert!(table.insert(&Row { kind: Kind::Link, ..row("a", 3) }).unwrap());
        assert_eq!(table.get(Kind::Session, "a").unwrap().unwrap().version, 1);
    });
}

#[test]
fn only_the_version_that_was_read_is_replaced_or_deleted() {
    on_each(|open| {
        let table = open();
        assert!(!table.replace(1, &row("a", 2)).unwrap(), "none there");
        table.insert(&row("a", 1)).unwrap();
        assert!(table.replace(1, &Row { account: None, expires: 5, seen: 6, ..row("a", 2) }).unwrap());
        assert!(!table.replace(1, &row("a", 3)).unwrap());
        let now = table.get(Kind::Session, "a").unwrap().unwrap();
        assert_eq!(now, Row { account: None, expires: 5, seen: 6, ..row("a", 2) });
        assert!(!table.delete(Kind::Session, "a", Some(1)).unwrap());
        assert!(table.delete(Kind::Session, "a", Some(2)).unwrap());
        assert!(!table.delete(Kind::Session, "a", None).unwrap());
    });
}

#[test]
fn use_is_noted_forward_only_and_keeps_the_version() {
    on_each(|open| {
        let table = open();
        table.insert(&row("a", 1)).unwrap();
        table.touch(Kind::Session, "a", 20, 2000).unwrap();
        table.touch(Kind::Session, "a", 15, 1500).unwrap();
        assert_eq!(table.get(Kind::Session, "a").unwrap().unwrap(), Row { seen: 20, expires: 2000, ..row("a", 1) });
        table.touch(Kind::Session, "absent", 20, 2000).unwrap();
        assert_eq!(table.get(Kind::Session, "absent").unwrap(), None);
    });
}

#[test]
fn an_account_lists_its_own_and_is_forgotten_whole() {
    on_each(|open| {
        let table = open();
        for id in ["b", "a", "C"] {
            table.insert(&row(id, 1)).unwrap();
        }
        table.insert(&Row { kind: Kind::Totp, ..row("a", 1) }).unwrap();
        table.insert(&Row { account: Some(8), ..row("d", 1) }).unwrap();
        table.insert(&Row { account: None, ..row("e", 1) }).unwrap();
        let ids = |account| table.list(Kind::Session, account).unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(7), ["C", "a", "b"]);
        assert_eq!(table.forget(7).unwrap(), 4);
        assert_eq!((ids(7), ids(8)), (vec![], vec!["d".to_string()]));
        assert!(table.get(Kind::Totp, "a").unwrap().is_none() && table.get(Kind::Session, "e").unwrap().is_some());
    });
}

#[test]
fn what_is_over_is_purged_and_nothing_else() {
    on_each(|open| {
        let table = open();
        for (id, expires) in [("past", 99), ("now", 100), ("later", 101), ("never", NEVER)] {
            table.insert(&Row { expires, ..row(id, 1) }).unwrap();
        }
        assert_eq!(table.purge(100).unwrap(), 2);
        assert!(table.get(Kind::Session, "now").unwrap().is_none() && table.get(Kind::Session, "later").unwrap().is_some());
        assert_eq!(table.purge(NEVER - 1).unwrap(), 1);
    });
}

#[test]
fn what_another_process_did_to_sessions_shows_in_the_number() {
    on_each(|open| {
        let (here, there) = (open(), open());
        for id in ["a", "b", "c"] {
            there.insert(&row(id, 1)).unwrap();
        }
        let steps: [&dyn Fn(); 4] = [
            &|| assert!(there.replace(1, &row("a", 2)).unwrap()),
            &|| assert!(there.delete(Kind::Session, "b", None).unwrap()),
            &|| assert!(there.delete(Kind::Session, "c", Some(1)).unwrap()),
            &|| assert_eq!(there.forget(7).unwrap(), 1),
        ];
        for step in steps {
            let before = here.changes().unwrap();
            assert_eq!(here.changes().unwrap(), before, "it stands still when nothing happens");
            step();
            assert_ne!(here.changes().unwrap(), before);
        }
    });
}

#[test]
fn of_many_at_once_one_succeeds() {
    on_each(|open| {
        let tables = [open(), open()];
        let race = |attempt: &(dyn Fn(&dyn Table, i64) -> bool + Sync)| {
            let barrier = Barrier::new(8);
            std::thread::scope(|scope| {
                let (barrier, tables) = (&barrier, &tables);
                let threads: Vec<_> = (0..8)
                    .map(|i| {
                        scope.spawn(move || {
                            barrier.wait();
                            attempt(tables[i % 2].as_ref(), i as i64)
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
            })
        };
        for round in 0..10 {
            let id = format!("r{round}");
            assert_eq!(race(&|table, i| table.insert(&row(&id, i)).unwrap()), 1);
            let version = tables[0].get(Kind::Session, &id).unwrap().unwrap().version;
            assert_eq!(race(&|table, i| table.replace(version, &row(&id, 100 + i)).unwrap()), 1);
            let version = tables[1].get(Kind::Session, &id).unwrap().unwrap().version;
            assert_eq!(race(&|table, _| table.delete(Kind::Session, &id, Some(version)).unwrap()), 1);
        }
    });
}

/// What only PostgreSQL can do: come back after it was away.
#[test]
fn a_broken_connection_is_made_anew_and_what_was_asked_is_done_once() {
    let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (config, name) = schema(&server);
    let table = PostgresTable::open(&config).unwrap();
    let mut other = server.parse::<Server>().unwrap().connect().unwrap();
    let mut cut = || {
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", &[&name]).unwrap();
    };
    cut();
    assert!(table.insert(&row("a", 1)).unwrap());
    cut();
    assert!(table.replace(1, &row("a", 2)).unwrap());
    cut();
    assert_eq!(table.get(Kind::Session, "a").unwrap().unwrap(), row("a", 2));
    cut();
    assert_eq!(table.list(Kind::Session, 7).unwrap().len(), 1);
    cut();
    assert!(table.delete(Kind::Session, "a", Some(2)).unwrap());
    cut();
    assert_eq!((table.forget(7).unwrap(), table.purge(NEVER - 1).unwrap()), (0, 0));
}

#[test]
fn a_network_that_fails_in_any_way_holds_nobody_up_and_what_was_answered_was_done() {
    let Ok(address) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (near, name) = schema(&address);
    let proxy = Proxy::before(&address);
    let far: Server = format!("{}&options=-c%20search_path%3D{name}", proxy.way(&address)).parse().unwrap();
    let (near, far) = (PostgresTable::open(&near).unwrap(), PostgresTable::open(&far).unwrap());
    let mut version = 0;
    assert!(near.insert(&row("a", version)).unwrap());
    for turn in [Turn::Now, Turn::BeforeCommit, Turn::AfterCommit] {
        for weather in [Weather::Cut, Weather::Hole, Weather::HoleThere, Weather::HoleBack] {
            let begun = Instant::now();
            proxy.turn(turn, weather);
            let answer = far.replace(version, &row("a", version + 1));
            assert!(begun.elapsed() < Duration::from_secs(5), "{turn:?} {weather:?}: {:?}", begun.elapsed());
            proxy.turn(Turn::Now, Weather::Fair);
            let found = loop {
                match far.get(Kind::Session, "a") {
                    Ok(found) => break found.unwrap().version,
                    Err(error) => assert!(begun.elapsed() < Duration::from_secs(15), "{turn:?} {weather:?}: {error}"),
                }
                std::thread::sleep(Duration::from_millis(50));
            };
            assert!(found == version + 1 || found == version && answer.is_err(), "{turn:?} {weather:?}: {answer:?}");
            // What was given up at that end holds nothing here.
            let begun = Instant::now();
            assert!(near.replace(found, &row("a", version + 2)).unwrap());
            assert!(begun.elapsed() < Duration::from_secs(2), "{turn:?} {weather:?}: {:?}", begun.elapsed());
            version += 2;
        }
    }
}

#[test]
fn a_table_of_a_later_release_is_refused() {
    let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (config, _) = schema(&server);
    drop(PostgresTable::open(&config).unwrap());
    config.connect().unwrap().execute("UPDATE shirube_keyring_format SET format = format + 1", &[]).unwrap();
    assert!(matches!(PostgresTable::open(&config), Err(crate::KeyringError::Format { found: 2, known: 1, .. })));
}

#[test]
fn what_the_server_refuses_is_told_without_values() {
    let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (config, _) = schema(&server);
    let table = PostgresTable::open(&config).unwrap();
    config.connect().unwrap().execute("ALTER TABLE keyring ADD CHECK (body <> 'forbidden')", &[]).unwrap();
    let refused = table.insert(&Row { body: "forbidden".into(), ..row("a", 1) });
    assert!(matches!(&refused, Err(crate::KeyringError::Refused { cause, .. }) if !cause.contains("forbidden")), "{refused:?}");
    assert!(table.insert(&row("a", 1)).unwrap(), "the connection goes on");
}

#[test]
fn processes_that_come_first_at_once_make_one_table() {
    let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (config, _) = schema(&server);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| PostgresTable::open(&config).map(|_| ()))).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_ok()));
    });
}

/// What may be done to a table.
#[derive(Clone, Debug)]
enum Step {
    Insert(Row),
    Replace(i64, Row),
    Touch(String, i64, i64),
    Delete(String, Option<i64>),
    Forget(i64),
    Purge(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_string);
    let row =
        (id(), prop::option::of(0..3i64), 0..9i64, 0..9i64, 0..3i64, ".{0,5}").prop_map(|(id, account, expires, seen, version, text)| {
            // PostgreSQL keeps no NUL, and JSON text has none.
            let body = serde_json::to_string(&text).unwrap();
            Row { kind: Kind::Session, id, account, expires, seen, version, body }
        });
    prop_oneof![
        4 => row.clone().prop_map(Step::Insert),
        3 => (0..3i64, row).prop_map(|(version, row)| Step::Replace(version, row)),
        2 => (id(), 0..9i64, 0..9i64).prop_map(|(id, seen, expires)| Step::Touch(id, seen, expires)),
        2 => (id(), prop::option::of(0..3i64)).prop_map(|(id, version)| Step::Delete(id, version)),
        1 => (0..3i64).prop_map(Step::Forget),
        1 => (0..9i64).prop_map(Step::Purge),
    ]
}

/// A table as simple as can be: what the others are held against.
fn expected(rows: &mut BTreeMap<String, Row>, step: &Step) -> u64 {
    let before = rows.len();
    match step {
        Step::Insert(row) if !rows.contains_key(&row.id) => u64::from(rows.insert(row.id.clone(), row.clone()).is_none()),
        Step::Replace(version, row) if rows.get(&row.id).is_some_and(|old| old.version == *version) => {
            u64::from(rows.insert(row.id.clone(), row.clone()).is_some())
        }
        Step::Touch(id, seen, expires) => {
            if let Some(row) = rows.get_mut(id).filter(|row| row.seen < *seen) {
                (row.seen, row.expires) = (*seen, *expires);
            }
            0
        }
        Step::Delete(id, version) if rows.get(id).is_some_and(|row| version.is_none_or(|v| v == row.version)) => {
            u64::from(rows.remove(id).is_some())
        }
        Step::Forget(account) => {
            rows.retain(|_, row| row.account != Some(*account));
            (before - rows.len()) as u64
        }
        Step::Purge(now) => {
            rows.retain(|_, row| row.expires > *now);
            (before - rows.len()) as u64
        }
        _ => 0,
    }
}

fn done(table: &dyn Table, step: &Step) -> u64 {
    match step {
        Step::Insert(row) => u64::from(table.insert(row).unwrap()),
        Step::Replace(version, row) => u64::from(table.replace(*version, row).unwrap()),
        Step::Touch(id, seen, expires) => table.touch(Kind::Session, id, *seen, *expires).map(|()| 0).unwrap(),
        Step::Delete(id, version) => u64::from(table.delete(Kind::Session, id, *version).unwrap()),
        Step::Forget(account) => table.forget(*account).unwrap(),
        Step::Purge(now) => table.purge(*now).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_table_does_what_a_map_does(steps in prop::collection::vec(step(), 1..30)) {
        on_each(|open| {
            let (table, mut rows) = (open(), BTreeMap::new());
            for step in &steps {
                assert_eq!(done(table.as_ref(), step), expected(&mut rows, step), "{step:?}");
                for id in ["a", "b", "c"] {
                    assert_eq!(table.get(Kind::Session, id).unwrap().as_ref(), rows.get(id), "after {step:?}");
                }
            }
        });
    }
}
