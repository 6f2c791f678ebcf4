//! The process is killed at a random moment of its work, again and again, and its folder held against all it said.
//!
//! A process that is killed loses nothing it has given to the kernel, so the folders may be in memory (`/dev/shm`,
//! as `tests/chaos.sh` has them): what a power cut takes is a matter of `fsync`, which is not tried here.

use crate::{
    dice::{Again, Dice, rounds, seed},
    proof::{Book, Done},
    storm,
};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

/// Rounds that share a folder: what one leaves behind the next has to live with.
const TOGETHER: u64 = 12;
/// A child that says nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
enum When {
    /// So long after it was started, maybe before it has opened the folder.
    Started(Duration),
    /// So long after this many words of a kind.
    Said(&'static str, u64, Duration),
}

fn when(dice: &mut Dice) -> When {
    let micros = |dice: &mut Dice, most| Duration::from_micros(dice.below(most));
    match dice.below(10) {
        0 | 1 => When::Started(micros(dice, 150_000)),
        2 => When::Said("opened", 1, micros(dice, 60_000)),
        3 => When::Said("begin write", 1 + dice.below(60), micros(dice, 3_000)),
        4 => When::Said("begin import", 1 + dice.below(6), micros(dice, 30_000)),
        5 => When::Said("begin redact", 1 + dice.below(4), micros(dice, 20_000)),
        6 | 7 => When::Said("begin freeze", 1 + dice.below(4), micros(dice, 30_000)),
        8 => When::Said("begin backup", 1 + dice.below(4), micros(dice, 20_000)),
        _ => When::Said("", 1 + dice.below(150), micros(dice, 5_000)),
    }
}

/// What a round came to.
#[derive(Debug, Default)]
struct Tally {
    /// Acknowledged events that were looked for.
    events: u64,
    copies: u64,
    /// What was under way when the child was killed.
    cut: BTreeMap<String, u64>,
}

#[test]
fn nothing_acknowledged_is_lost_at_any_kill_point() {
    let (seed, rounds, begun) = (seed(), rounds(8), Instant::now());
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        let workers = (0..2).map(|_| {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(TOGETHER.min(rounds.div_ceil(2)), Ordering::Relaxed);
                    if first >= rounds {
                        return;
                    }
                    let place = tempfile::tempdir().unwrap();
                    std::fs::create_dir(storm::out(place.path())).unwrap();
                    let mut book = Book::default();
                    for round in first..rounds.min(first + TOGETHER.min(rounds.div_ceil(2))) {
                        let _again = Again(seed, round);
                        once(place.path(), seed, round, &mut book, &tally);
                    }
                }
            })
        });
        // A worker that fails tells why by itself.
        let all: Vec<bool> = workers.collect::<Vec<_>>().into_iter().map(|worker| worker.join().is_ok()).collect();
        assert!(all.iter().all(|well| *well), "again with SHIRUBE_CHAOS_SEED={seed}");
    });
    let Tally { events, copies, cut } = tally.into_inner().unwrap();
    eprintln!(
        "{rounds} kill points in {} s, seed {seed}: {events} acknowledged events and {copies} copies are there; under way were {cut:?}",
        begun.elapsed().as_secs()
    );
    assert!(events > rounds, "the children hardly wrote");
}

fn once(place: &Path, seed: u64, round: u64, book: &mut Book, tally: &Mutex<Tally>) {
    let mut dice = Dice::new(seed, round);
    dice.next();
    let said = killed(place, seed, round, when(&mut dice));
    let done: Vec<Done> = said.iter().filter_map(|line| done(line)).collect();
    let open = under_way(&said);
    let begun: Vec<String> = open.iter().filter(|(kind, _)| kind == "freeze" || kind == "backup").map(|(_, what)| what.clone()).collect();
    book.prove(place, &done, &begun);
    let mut tally = tally.lock().unwrap();
    for done in &done {
        match done {
            Done::Imported { first, last, .. } => tally.events += (last - first + 1) as u64,
            Done::Written { .. } | Done::Redacted { .. } => tally.events += 1,
            Done::Frozen { .. } | Done::Backed { .. } => tally.copies += 1,
        }
    }
    if !said.iter().any(|line| line == "opened") {
        *tally.cut.entry("open".into()).or_default() += 1;
    }
    for kind in open.into_iter().map(|(kind, _)| kind).collect::<std::collections::BTreeSet<_>>() {
        *tally.cut.entry(kind).or_default() += 1;
    }
}

/// Starts a child, kills it when it is time, and gives all it had said.
fn killed(place: &Path, seed: u64, round: u64, when: When) -> Vec<String> {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "storm::child_in_a_storm", "--nocapture", "--test-threads=1"])
        .env(storm::CHILD, format!("{}|{seed}|{round}", place.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let (tell, told) = channel();
    let reader = std::thread::spawn(move || {
        let words = lines.filter_map(|line| line.strip_prefix(storm::MARK).map(str::to_string));
        // Nobody may be listening any more.
        words.inspect(|line| drop(tell.send(line.clone()))).collect::<Vec<_>>()
    });
    match when {
        When::Started(after) => std::thread::sleep(after),
        When::Said(what, times, after) => {
            wait_for(&told, what, times);
            std::thread::sleep(after);
        }
    }
    child.kill().unwrap();
    let ended = child.wait().unwrap();
    let said = reader.join().unwrap();
    let failed = said.iter().find(|line| line.starts_with("failed"));
    assert!(failed.is_none() && ended.code().is_none(), "{ended}: {failed:?}");
    said
}

/// Waits for so many words of a kind, or a while: not every child does everything.
fn wait_for(told: &Receiver<String>, what: &str, times: u64) {
    let (mut left, mut until) = (times, Instant::now() + STUCK);
    let mut opened = false;
    while left > 0 {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                left -= u64::from(line.starts_with(what));
                if !opened && line == "opened" {
                    opened = true;
                    until = Instant::now() + Duration::from_millis(400);
                }
            }
            Err(RecvTimeoutError::Timeout) if opened => return,
            Err(RecvTimeoutError::Timeout) => panic!("the child does not open the folder"),
            // It has ended by itself, and said why.
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn done(line: &str) -> Option<Done> {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |text: &str| text.parse::<i64>().unwrap();
    Some(match words[..] {
        ["written", seq, record, kind, marker] => {
            Done::Written { seq: number(seq), record: number(record), kind: kind.into(), marker: marker.into() }
        }
        ["imported", first, last, name] => Done::Imported { first: number(first), last: number(last), name: name.into() },
        ["redacted", seq, record, scope, secret] => {
            Done::Redacted { seq: number(seq), record: number(record), all: scope == "all", secret: secret.into() }
        }
        ["frozen", seq, _, path] => Done::Frozen { seq: number(seq), path: PathBuf::from(path) },
        ["backed", seq, hash, path] => Done::Backed { seq: number(seq), hash: hash.into(), path: PathBuf::from(path) },
        _ => return None,
    })
}

/// What was begun and not acknowledged: kind and name.
fn under_way(said: &[String]) -> Vec<(String, String)> {
    let ended = |name: &str| said.iter().any(|line| !line.starts_with("begin") && line.split(' ').any(|word| word == name));
    let begun = said.iter().filter_map(|line| line.strip_prefix("begin ")?.split_once(' '));
    // A batch with a mistake is not told of again.
    let open = begun.filter(|(_, name)| !name.starts_with('x') && !ended(name));
    open.map(|(kind, name)| (kind.to_string(), name.to_string())).collect()
}
