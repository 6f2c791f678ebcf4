//! The process that is killed: it writes, imports, redacts, freezes and backs up all at once, and says before each
//! piece of work what it begins and after it what was acknowledged.

use crate::{dice::Dice, support::*};
use shirube_record::{Cell, Origin, Scope};
use shirube_snapshot::{AsOf, RuleError};
use shirube_store::{Actor, Batch, Command, Seal, Store};
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// Folder, seed and round of the child.
pub const CHILD: &str = "SHIRUBE_CHAOS_CHILD";
/// What every line for the parent begins with.
pub const MARK: &str = "chaos ";

/// The data folder of a place where a storm has been. On a server its name is that of a schema.
pub fn data(place: &Path) -> PathBuf {
    place.join(place.file_name().unwrap())
}

/// Where its frozen copies and backups go.
pub fn out(place: &Path) -> PathBuf {
    place.join("out")
}

/// Works until killed; does nothing when the test run calls it as a test.
#[test]
fn child_in_a_storm() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let words: Vec<&str> = told.split('|').collect();
    let (place, seed, round) = (Path::new(words[0]), words[1].parse().unwrap(), words[2].parse().unwrap());
    let mut dice = Dice::new(seed, round);
    let writers = 1 + dice.below(3);
    // Not always all at once: each would rarely be the one that is cut.
    let mut runs = [false; 4].map(|_| dice.one_in(2));
    runs[dice.below(4) as usize] = true;
    let store = open(&data(place));
    say("opened");
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let (store, dice) = (&store, Dice::new(seed, round << 8 | writer));
            scope.spawn(move || writes(store, &format!("w{round}-{writer}"), dice));
        }
        let works = [imports, redactions, freezes, backups];
        for (at, work) in works.into_iter().enumerate().filter(|(at, _)| runs[*at]) {
            let (store, dice) = (&store, Dice::new(seed, round << 8 | 16 | at as u64));
            scope.spawn(move || work(store, place, round, dice));
        }
    });
}

/// One line, complete or not there at all: a pipe takes so few bytes at once.
fn say(line: &str) {
    let line = format!("\n{MARK}{line}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Work that must not fail does: the parent is told, and all ends.
fn wanted<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        say(&format!("failed {error}"));
        std::process::exit(3)
    })
}

fn project(theme: &str, more: &[(&str, Cell)]) -> Command {
    let columns = [&[("theme", t(theme)), ("year", n(2024))][..], more].concat();
    create("project", &columns)
}

/// Single changes, one after the other.
fn writes(store: &Store, name: &str, mut dice: Dice) {
    let submit = |command| wanted(store.submit(&Actor::owner(), command));
    for i in 0.. {
        let theme = format!("{name}-{i}");
        let summary = "記".repeat(dice.below(300) as usize + 1);
        say(&format!("begin write {theme}"));
        let made = submit(project(&theme, &[("summary", t(&summary)), ("contact", t(&theme))]));
        say(&format!("written {} {} create {theme}", made.seq, made.record));
        let mut version = made.version;
        for step in 0..dice.below(4) {
            let what = format!("{theme}-{step}");
            say(&format!("begin write {what}"));
            let (kind, command) = match dice.below(3) {
                0 => ("amend", amend("project", made.record, version, &[("code", Some(t(&what)))])),
                1 => {
                    let bytes = what.repeat(1 + dice.below(40) as usize).into_bytes();
                    let (register, record, name) = ("project".into(), made.record, what.clone());
                    let (field, media) = ("report".into(), "text/plain".into());
                    ("attach", Command::Attach { register, record, version, field, name, media, bytes, reason: Some("a".into()) })
                }
                _ if step == 0 => {
                    let (register, transition, content) = ("project".into(), "close".into(), changes(&[("code", Some(t(&what)))]));
                    let (record, reason) = (made.record, None);
                    ("transition", Command::Transition { register, record, version, transition, content, reason })
                }
                _ => ("amend", amend("project", made.record, version, &[("code", Some(t(&what)))])),
            };
            let done = submit(command);
            version = done.version;
            say(&format!("written {} {} {kind} {what}", done.seq, done.record));
        }
    }
}

/// Batches; their records say how many they are. Some have a mistake and must leave nothing.
fn imports(store: &Store, _: &Path, round: u64, mut dice: Dice) {
    for i in 0.. {
        let size = 2 + dice.below(80);
        let refused = dice.one_in(5);
        let name = format!("{}{round}-{i}-{size}", if refused { "x" } else { "b" });
        say(&format!("begin import {name}"));
        let themes = (0..size).map(|row| format!("{name}-{row}"));
        let result = if dice.one_in(2) {
            let mut batch = Batch::new("project", None);
            let reader = wanted(store.reader(&Actor::owner(), AsOf::Head));
            let rules = wanted(reader.rules("project"));
            for theme in themes {
                let content = [("theme".to_string(), t(&theme)), ("year".to_string(), n(2024))].into();
                let judged: Result<_, RuleError> = reader.judge(&rules, None, content, &[], |_, _| Ok(true));
                batch.create(wanted(judged).unwrap(), &Origin::default());
            }
            if refused {
                batch.amend(1 << 40, 1, &changes(&[("budget", Some(n(1)))]));
            }
            store.submit_batch(&Actor::owner(), batch, &|_| {})
        } else {
            let mut commands: Vec<Command> = themes.map(|theme| project(&theme, &[])).collect();
            if refused {
                commands.push(amend("project", 1 << 40, 1, &[("budget", Some(n(1)))]));
            }
            store.submit_all(&Actor::owner(), commands, &|_| {})
        };
        match result {
            Ok(receipts) if !refused => say(&format!("imported {} {} {name}", receipts[0].seq, receipts[receipts.len() - 1].seq)),
            Err(error) if refused => assert!(!error.errors.is_empty()),
            Ok(_) => wanted(Err("a batch with a mistake was written")),
            Err(error) => wanted(Err(error)),
        }
    }
}

/// Records with something to hide, which is then erased.
fn redactions(store: &Store, _: &Path, round: u64, mut dice: Dice) {
    let submit = |command| wanted(store.submit(&Actor::owner(), command));
    for i in 0.. {
        let scope = dice.of(&[Scope::All, Scope::Personal]);
        let secret = format!("secret-{round}-{i}-.");
        let made = submit(project(&format!("r{round}-{i}"), &[("contact", t(&secret))]));
        let (register, record, version) = ("project".to_string(), made.record, made.version);
        // The file is not among the personal columns.
        let bytes = if scope == Scope::All { &secret } else { "kept" }.as_bytes().to_vec();
        let (field, name, media) = ("report".into(), "r".into(), "text/plain".into());
        submit(Command::Attach { register: register.clone(), record, version, field, name, media, bytes, reason: None });
        say(&format!("begin redact {record}"));
        let done = submit(Command::Redact { register, record, scope, reason: "求め".into() });
        say(&format!("redacted {} {record} {} {secret}", done.seq, if scope == Scope::All { "all" } else { "personal" }));
        std::thread::sleep(Duration::from_millis(dice.below(20)));
    }
}

fn freezes(store: &Store, place: &Path, round: u64, mut dice: Dice) {
    for i in 0.. {
        let path = out(place).join(format!("frozen-{round}-{i}"));
        let head = store.head_seq();
        let as_of = if dice.one_in(2) { AsOf::Head } else { AsOf::Seq(head - (dice.next() as i64).rem_euclid(head + 1)) };
        say(&format!("begin freeze {}", path.display()));
        let info = wanted(store.snapshot_to(&Actor::owner(), as_of, &path));
        say(&format!("frozen {} {} {}", info.moment.seq, info.sha256, path.display()));
        std::thread::sleep(Duration::from_millis(dice.below(20)));
    }
}

fn backups(store: &Store, folder: &Path, round: u64, mut dice: Dice) {
    for i in 0.. {
        let path = out(folder).join(format!("backup-{round}-{i}"));
        say(&format!("begin backup {}", path.display()));
        let from = data(folder);
        let place = place(&from).into();
        let manifest = wanted(Store::backup((&from, &place), store.pack(), (&path, &Seal::Plain), &Actor::owner(), &|_| {}));
        say(&format!("backed {} {} {}", manifest.last_seq, manifest.last_hash, path.display()));
        std::thread::sleep(Duration::from_millis(dice.below(20)));
    }
}
