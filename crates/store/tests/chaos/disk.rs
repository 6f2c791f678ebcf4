//! The disk fills up in the middle of everything. Runs where `SHIRUBE_CHAOS_SMALL` names a folder on a file system of
//! its own with a few megabytes (`tests/chaos.sh` makes one).

use crate::{
    dice::{Again, Dice, rounds, seed},
    proof::{Book, Done},
    storm::{data, out},
    support::*,
};
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, BatchError, Command, LogError, Seal, Store, StoreError};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Takes all room but some.
fn fill(path: &Path, left: u64) {
    let mut file = fs::File::create(path).unwrap();
    let block = vec![0; 4096];
    while file.write_all(&block).is_ok() {}
    let size = fs::metadata(path).unwrap().len();
    file.set_len(size.saturating_sub(left)).unwrap();
}

/// A refusal tells that the disk is full, and not something else that follows from it.
fn plain(error: &StoreError) {
    let text = error.to_string();
    assert!(text.contains("disk is full") || text.contains("No space left"), "{error:?}: {text}");
}

/// What was asked and answered while the disk was full.
#[derive(Default)]
struct Answers {
    done: Vec<Done>,
    refused: Vec<String>,
    begun: Vec<String>,
    errors: u64,
}

impl Answers {
    /// Gives what was done; a refusal is held to be plain.
    fn take<T>(&mut self, answer: Result<T, StoreError>) -> Option<T> {
        if let Err(error) = &answer {
            self.errors += 1;
            plain(error);
        }
        answer.ok()
    }
}

fn something(store: &Store, place: &Path, name: &str, dice: &mut Dice, answers: &mut Answers) {
    let project = |theme: &str, size: u64| {
        let summary = "s".repeat(size as usize + 1);
        create("project", &[("theme", t(theme)), ("year", n(2024)), ("summary", t(&summary)), ("contact", t(theme))])
    };
    let path: PathBuf = out(place).join(format!("{}-{name}", dice.of(&["frozen", "backup"])));
    match dice.below(12) {
        0 => {
            let size = 2 + dice.below(40);
            let name = format!("b{name}-{size}");
            let commands: Vec<Command> = (0..size).map(|row| project(&format!("{name}-{row}"), 2000)).collect();
            let answer = store.submit_all(&Actor::owner(), commands, &|_| {});
            match answers.take(answer.map_err(|BatchError { mut errors, .. }| errors.remove(0).1)) {
                Some(receipts) => {
                    let (first, last) = (receipts[0].seq, receipts[receipts.len() - 1].seq);
                    answers.done.push(Done::Imported { first, last, name });
                }
                None => answers.refused.push(format!("{name}-0")),
            }
        }
        1 => {
            let secret = format!("secret-{name}-.");
            let columns = [("theme", t(&format!("r{name}"))), ("year", n(2024)), ("contact", t(&secret))];
            let Some(made) = answers.take(store.submit(&Actor::owner(), create("project", &columns))) else { return };
            let (register, record) = ("project".to_string(), made.record);
            let command = Command::Redact { register, record, scope: Scope::Personal, reason: "求め".into() };
            if let Some(done) = answers.take(store.submit(&Actor::owner(), command)) {
                answers.done.push(Done::Redacted { seq: done.seq, record, all: false, secret });
            }
        }
        2 if path.to_string_lossy().contains("frozen") => match answers.take(store.snapshot_to(&Actor::owner(), AsOf::Head, &path)) {
            Some(info) => answers.done.push(Done::Frozen { seq: info.moment.seq, path }),
            None => answers.begun.push(path.display().to_string()),
        },
        2 => {
            let from = data(place);
            let log = crate::support::place(&from).into();
            let answer = Store::backup((&from, &log), store.pack(), (&path, &Seal::Plain), &Actor::owner(), &|_| {});
            match answers.take(answer) {
                Some(manifest) => answers.done.push(Done::Backed { seq: manifest.last_seq, hash: manifest.last_hash, path }),
                None => answers.begun.push(path.display().to_string()),
            }
        }
        3 => {
            let report = store.pack().registers["project"].field("report").unwrap();
            answers.take(store.keep(&Actor::owner(), report, "r.txt", "text/plain", name.repeat(20).as_bytes()));
        }
        _ => {
            let theme = format!("d{name}");
            match answers.take(store.submit(&Actor::owner(), project(&theme, dice.next() % 6000))) {
                Some(made) => {
                    answers.done.push(Done::Written { seq: made.seq, record: made.record, kind: "create".into(), marker: theme });
                }
                None => answers.refused.push(theme),
            }
        }
    }
}

#[test]
fn a_full_disk_is_told_plainly_and_what_was_refused_is_not_there() {
    let Ok(small) = std::env::var("SHIRUBE_CHAOS_SMALL") else { return };
    let (seed, rounds) = (seed(), rounds(0).div_ceil(25).clamp(2, 40));
    let mut tally = (0, 0);
    for round in 0..rounds {
        let _again = Again(seed, round);
        let mut dice = Dice::new(seed, round);
        let place = tempfile::tempdir_in(&small).unwrap();
        fs::create_dir(out(place.path())).unwrap();
        let (mut book, ballast) = (Book::default(), place.path().join("ballast"));
        let mut refused = vec![];
        for time in 0..3 {
            let store = open(&data(place.path()));
            fill(&ballast, dice.below(600) << 10);
            let mut answers = Answers::default();
            let (mut i, mut after) = (0, 0);
            while after < 12 && i < 400 {
                something(&store, place.path(), &format!("{round}-{time}-{i}"), &mut dice, &mut answers);
                (i, after) = (i + 1, after + u64::from(answers.errors > 0));
            }
            assert!(answers.errors > 0, "the disk was never full");
            // Reading goes on.
            store.reader(&Actor::owner(), AsOf::Head).unwrap().record("project", 1).unwrap();
            fs::remove_file(&ballast).unwrap();
            // And so does writing, by itself.
            let theme = format!("room again {round}-{time}");
            let made = submit(&store, create("project", &[("theme", t(&theme)), ("year", n(2024))]));
            answers.done.push(Done::Written { seq: made.seq, record: made.record, kind: "create".into(), marker: theme });
            let begun = Instant::now();
            while store.head_seq() < made.seq {
                assert!(begun.elapsed() < Duration::from_secs(5), "readers do not see it");
                std::thread::sleep(Duration::from_millis(10));
            }
            drop(store);
            tally = (tally.0 + answers.done.len(), tally.1 + answers.errors);
            refused.extend(answers.refused);
            // A folder that is opened on a full disk opens, or says why not.
            fill(&ballast, dice.below(30) << 10);
            let _ = open_with(&data(place.path()), std::sync::Arc::new(pack())).map_err(|error| plain(&error));
            fs::remove_file(&ballast).unwrap();
            book.prove(place.path(), &answers.done, &answers.begun);
        }
        let store = open(&data(place.path()));
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        for theme in refused {
            let found = reader.connection().query_row("SELECT count(*) FROM project WHERE theme = ?1", [&theme], |r| r.get::<_, i64>(0));
            assert_eq!(found, Ok(0), "{theme} was said not to be written");
        }
    }
    eprintln!("{rounds} times a full disk, seed {seed}: {} acknowledged and there, {} refused plainly", tally.0, tally.1);
}

#[test]
fn a_database_without_room_refuses_plainly_and_goes_on_when_it_has_some() {
    let (Some(server), Ok(small)) = (server(), std::env::var("SHIRUBE_CHAOS_TABLESPACE")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut admin = client(&server, folder.path());
    admin.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{small}'")).unwrap();
    admin.batch_execute("ALTER TABLE event SET TABLESPACE small").unwrap();
    let mut dice = Dice::new(seed(), 0);
    // Text that does not compress.
    let mut project = |theme: &str| {
        let summary: String = (0..1200).map(|_| format!("{:016x}", dice.next())).collect();
        create("project", &[("theme", t(theme)), ("year", n(2024)), ("summary", t(&summary))])
    };
    let (mut written, mut refused) = (vec![], vec![]);
    for i in 0..100 {
        let theme = format!("t{i}");
        let commands: Vec<Command> = (0..if i % 3 == 0 { 20 } else { 1 }).map(|row| project(&format!("{theme}-{row}"))).collect();
        let count = commands.len() as i64;
        match store.submit_all(&Actor::owner(), commands, &|_| {}).map_err(|BatchError { mut errors, .. }| errors.remove(0).1) {
            Ok(_) => written.push((theme, count)),
            Err(StoreError::Log(LogError::Refused { cause, .. })) => {
                assert!(cause.contains("No space left"), "{cause}");
                refused.push((theme, 0));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused.len() > 10 && !written.is_empty(), "{} written, {} refused", written.len(), refused.len());
    admin.batch_execute("ALTER TABLE event SET TABLESPACE pg_default").unwrap();
    admin.batch_execute("DROP TABLESPACE small").unwrap();
    submit(&store, project("room again"));
    let report = store.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    for (theme, count) in written.iter().chain(&refused) {
        let sql = "SELECT count(*) FROM project WHERE theme LIKE ?1 || '-%'";
        let found = reader.connection().query_row(sql, [theme], |r| r.get::<_, i64>(0));
        assert_eq!(found, Ok(*count), "{theme}");
    }
    eprintln!("a database without room: {} written, {} refused plainly", written.len(), refused.len());
}
