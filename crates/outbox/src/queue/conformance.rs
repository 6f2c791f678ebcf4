//! What every table keeps. On PostgreSQL, too, where `SHIRUBE_TEST_POSTGRES` names a database.
#![allow(clippy::unwrap_used)]

use super::{postgres::PostgresQueue, sqlite::SqliteQueue};
use crate::{Draft, LEASE, MOST_ATTEMPTS, Outbox, Outcome, Tally, Which};
use proptest::prelude::*;
use shirube_net::Server;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

#[path = "../../../net/tests/support/proxy.rs"]
mod proxy;
use proxy::{Proxy, Turn, Weather};

/// Opens one and the same outbox anew, as another process does.
type Open = Box<dyn Fn() -> Outbox>;

/// A database of the tests and a schema of its own in it.
fn schema(server: &str) -> (Server, String) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let schema = format!("outbox_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    server.parse::<Server>().unwrap().connect().unwrap().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    (format!("{server}?options=-c%20search_path%3D{schema}&application_name={schema}").parse().unwrap(), schema)
}

/// Runs a law on every table there is, each empty.
fn on_each(law: impl Fn(&Open)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    law(&(Box::new(move || Outbox(Box::new(SqliteQueue::open(&path).unwrap()))) as Open));
    if let Ok(server) = std::env::var("SHIRUBE_TEST_POSTGRES") {
        let (server, _) = schema(&server);
        law(&(Box::new(move || Outbox(Box::new(PostgresQueue::open(&server).unwrap()))) as Open));
    }
}

#[test]
fn a_network_that_fails_in_any_way_holds_nobody_up_and_nothing_is_put_twice() {
    let Ok(address) = std::env::var("SHIRUBE_TEST_POSTGRES") else { return };
    let (near, name) = schema(&address);
    let proxy = Proxy::before(&address);
    let far: Server = format!("{}&options=-c%20search_path%3D{name}", proxy.way(&address)).parse().unwrap();
    let (near, far) = (PostgresQueue::open(&near).unwrap(), PostgresQueue::open(&far).unwrap());
    let (near, far) = (Outbox(Box::new(near)), Outbox(Box::new(far)));
    assert!(near.advance(None, 0, &[], 0).unwrap());
    let mut at = 0;
    for turn in [Turn::Now, Turn::BeforeCommit, Turn::AfterCommit] {
        for weather in [Weather::Cut, Weather::Hole, Weather::HoleThere, Weather::HoleBack] {
            let begun = Instant::now();
            proxy.turn(turn, weather);
            let drafts = [draft(&format!("{at}/a"), "l")];
            let answer = far.advance(Some(at), at + 1, &drafts, 0);
            assert!(begun.elapsed() < Duration::from_secs(5), "{turn:?} {weather:?}: {:?}", begun.elapsed());
            proxy.turn(Turn::Now, Weather::Fair);
            let found = loop {
                match far.cursor() {
                    Ok(found) => break found.unwrap(),
                    Err(error) => assert!(begun.elapsed() < Duration::from_secs(15), "{turn:?} {weather:?}: {error}"),
                }
                std::thread::sleep(Duration::from_millis(50));
            };
            assert!(found == at + 1 || found == at && answer.is_err(), "{turn:?} {weather:?}: {answer:?}");
            // What was given up at that end holds nothing here.
            let begun = Instant::now();
            assert_eq!(near.advance(Some(at), at + 1, &drafts, 0).unwrap(), found == at);
            assert!(begun.elapsed() < Duration::from_secs(2), "{turn:?} {weather:?}: {:?}", begun.elapsed());
            at += 1;
            assert_eq!(keys(&near, Which::Waiting).len() as i64, at);
        }
    }
}

fn draft(key: &str, lane: &str) -> Draft {
    Draft { key: key.into(), lane: lane.into(), task: format!("「{key}」") }
}

fn keys(outbox: &Outbox, which: Which) -> Vec<String> {
    outbox.page(which, 0, 100).unwrap().into_iter().map(|e| e.task).collect()
}

#[test]
fn the_cursor_and_what_it_passes_move_together_and_once() {
    on_each(|open| {
        let outbox = open();
        assert_eq!(outbox.cursor().unwrap(), None);
        assert!(outbox.advance(None, 5, &[], 0).unwrap());
        assert!(!open().advance(None, 5, &[draft("x", "l")], 0).unwrap(), "another process was first");
        let won = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|at| {
                    let other = open();
                    let drafts = [draft("6/a", "l"), draft("7/a", "l")];
                    scope.spawn(move || other.advance(Some(5), 7, &drafts, at).unwrap())
                })
                .collect();
            tries.into_iter().filter_map(|t| t.join().unwrap().then_some(())).count()
        });
        assert_eq!((won, outbox.cursor().unwrap()), (1, Some(7)));
        assert_eq!(keys(&outbox, Which::Waiting), ["「6/a」", "「7/a」"]);
        assert!(!outbox.put(&draft("6/a", "m"), 0).unwrap(), "its key is there");
        assert_eq!(outbox.tally().unwrap().waiting, 2);
    });
}

#[test]
fn each_delivery_is_taken_by_one() {
    on_each(|open| {
        let outbox = open();
        for at in 0..40 {
            outbox.put(&draft(&format!("k{at}"), &format!("l{at}")), 0).unwrap();
        }
        let mut taken: Vec<i64> = std::thread::scope(|scope| {
            let others: Vec<_> = (0..4)
                .map(|_| {
                    let other = open();
                    scope.spawn(move || {
                        let mut mine = vec![];
                        // With others at work on the same rows an empty hand is not the end.
                        let mut empty = 0;
                        while empty < 20 {
                            match other.take(10).unwrap() {
                                Some(delivery) => mine.push(delivery.id),
                                None => empty += 1,
                            }
                        }
                        mine
                    })
                })
                .collect();
            others.into_iter().flat_map(|o| o.join().unwrap()).collect()
        });
        taken.sort_unstable();
        assert_eq!(taken.len(), 40);
        assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 40);
    });
}

#[test]
fn who_took_one_and_was_killed_loses_it_when_the_time_is_over() {
    on_each(|open| {
        let outbox = open();
        outbox.put(&draft("a", "l"), 0).unwrap();
        let killed = outbox.take(0).unwrap().unwrap();
        assert!(!outbox.retry(killed.id, 0).unwrap(), "somebody is at it");
        assert_eq!(open().take(LEASE - 1).unwrap(), None);
        let other = open().take(LEASE).unwrap().unwrap();
        assert_eq!((other.id, other.attempt, other.task.as_str()), (killed.id, 2, "「a」"));
        assert!(!outbox.settle(&killed, Outcome::Done, LEASE).unwrap(), "it is another's");
        assert_eq!(outbox.tally().unwrap().waiting, 1);
        assert!(outbox.settle(&other, Outcome::Done, LEASE).unwrap());
        assert_eq!(outbox.tally().unwrap(), Tally::default());
    });
}

#[test]
fn what_ends_the_program_each_time_is_given_up_too() {
    on_each(|open| {
        let outbox = open();
        outbox.put(&draft("a", "l"), 0).unwrap();
        for attempt in 0..i64::from(MOST_ATTEMPTS) {
            assert!(outbox.take(attempt * LEASE).unwrap().is_some());
        }
        assert_eq!(outbox.take(i64::from(MOST_ATTEMPTS) * LEASE).unwrap(), None);
        assert_eq!(outbox.tally().unwrap(), Tally { dead: 1, ..Tally::default() });
    });
}

#[test]
fn a_failing_delivery_holds_back_its_lane_and_no_other() {
    on_each(|open| {
        let outbox = open();
        for (key, lane) in [("a1", "a"), ("a2", "a"), ("b1", "b")] {
            outbox.put(&draft(key, lane), 0).unwrap();
        }
        let first = outbox.take(0).unwrap().unwrap();
        assert_eq!(first.task, "「a1」");
        assert!(outbox.settle(&first, Outcome::Again("away\nyes".into()), 0).unwrap());
        assert_eq!(outbox.take(0).unwrap().map(|d| d.task).as_deref(), Some("「b1」"));
        assert_eq!(outbox.take(3_000).unwrap(), None, "a2 waits behind a1");
        let entry = outbox.page(Which::Failed, 0, 10).unwrap().remove(0);
        assert_eq!((entry.attempts, entry.problem.as_deref(), entry.taken), (1, Some("awayyes"), false));
        assert!(entry.due >= 4_000 && entry.due <= 6_000);
        // Given up, it holds back no more.
        let again = outbox.take(10_000).unwrap().unwrap();
        assert_eq!((again.id, again.attempt), (first.id, 2));
        assert!(outbox.settle(&again, Outcome::Never("no such mailbox".into()), 10_000).unwrap());
        assert_eq!(outbox.take(10_000).unwrap().map(|d| d.task).as_deref(), Some("「a2」"));
    });
}

#[test]
fn after_the_last_attempt_it_is_a_dead_letter_that_may_be_tried_again_or_removed() {
    on_each(|open| {
        let outbox = open();
        outbox.put(&draft("a", "l"), 0).unwrap();
        let mut now = 0;
        for attempt in 1..=MOST_ATTEMPTS {
            let taken = outbox.take(now).unwrap().unwrap();
            assert_eq!(taken.attempt, attempt);
            outbox.settle(&taken, Outcome::Again("away".into()), now).unwrap();
            now += 24 * 3_600_000;
        }
        assert_eq!(outbox.take(now).unwrap(), None);
        assert_eq!(outbox.tally().unwrap(), Tally { dead: 1, ..Tally::default() });
        let dead = outbox.page(Which::Dead, 0, 10).unwrap().remove(0);
        assert_eq!((dead.attempts, dead.problem.as_deref()), (MOST_ATTEMPTS, Some("away")));
        assert_eq!(outbox.page(Which::Dead, dead.id, 10).unwrap(), []);
        assert!(outbox.retry(dead.id, now).unwrap());
        assert_eq!(outbox.tally().unwrap(), Tally { failed: 1, oldest: Some(0), ..Tally::default() });
        let taken = open().take(now).unwrap().unwrap();
        assert_eq!(taken.attempt, 1, "from the beginning");
        assert!(outbox.remove(dead.id).unwrap() && !outbox.remove(dead.id).unwrap());
        assert!(!outbox.settle(&taken, Outcome::Done, now).unwrap(), "it is gone");
    });
}

/// What happens to an attempt.
#[derive(Clone, Debug)]
enum Fate {
    Told,
    Fails,
    /// The receiver heard it, and the process was killed before it could say so.
    KilledAfter,
    KilledBefore,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![3 => Just(Fate::Told), 2 => Just(Fate::Fails), 1 => Just(Fate::KilledAfter), 1 => Just(Fate::KilledBefore)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever fails and is killed: all that is not given up is told, and of one lane in order.
    #[test]
    fn everything_is_told_at_least_once_and_in_order(
        lanes in prop::collection::vec(0_u8..4, 1..12),
        fates in prop::collection::vec((fate(), 0_i64..200_000), 0..60),
        parts in 1_usize..4,
    ) {
        on_each(|open| {
            let mut outbox = open();
            outbox.advance(None, 0, &[], 0).unwrap();
            // The log's events come in several steps, and each step is made twice, as after a crash in between.
            let drafts: Vec<Draft> = lanes.iter().enumerate().map(|(at, lane)| Draft { key: format!("{at}"), lane: format!("{lane}"), task: format!("{lane}/{at}") }).collect();
            let step = lanes.len().div_ceil(parts);
            for part in drafts.chunks(step) {
                let from = outbox.cursor().unwrap();
                let to = from.unwrap() + part.len() as i64;
                assert!(outbox.advance(from, to, part, 0).unwrap());
                assert!(!open().advance(from, to, part, 0).unwrap());
            }
            let (mut now, mut heard, mut fates) = (0, Vec::<String>::new(), fates.iter());
            let mut rounds = 0;
            while outbox.tally().unwrap() != (Tally { dead: outbox.tally().unwrap().dead, ..Tally::default() }) {
                rounds += 1;
                assert!(rounds < 10_000, "it does not come to an end");
                let Some(delivery) = outbox.take(now).unwrap() else {
                    now += 60_000;
                    continue;
                };
                let (fate, later) = fates.next().cloned().unwrap_or((Fate::Told, 1_000));
                match fate {
                    Fate::Told => {
                        heard.push(delivery.task.clone());
                        outbox.settle(&delivery, Outcome::Done, now).unwrap();
                    }
                    Fate::Fails => drop(outbox.settle(&delivery, Outcome::Again("fails".into()), now).unwrap()),
                    Fate::KilledAfter => {
                        heard.push(delivery.task.clone());
                        outbox = open();
                    }
                    Fate::KilledBefore => outbox = open(),
                }
                now += later;
            }
            let dead: BTreeSet<String> = outbox.page(Which::Dead, 0, 100).unwrap().into_iter().map(|e| e.task).collect();
            let mut last: BTreeMap<&str, usize> = BTreeMap::new();
            for task in &heard {
                let (lane, at) = task.split_once('/').unwrap();
                let at: usize = at.parse().unwrap();
                assert!(last.insert(lane, at).is_none_or(|before| before <= at), "out of order: {heard:?}");
            }
            let told: BTreeSet<&String> = heard.iter().collect();
            for draft in &drafts {
                assert!(told.contains(&draft.task) || dead.contains(&draft.task), "{} was lost", draft.task);
            }
        });
    }
}
