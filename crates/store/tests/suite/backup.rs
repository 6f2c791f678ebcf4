//! A backup holds one moment of the log and the files it names; what does not prove is not restored.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{
    Actor, AgeError, Archive, BackupError, Command, FilesError, Identity, LogError, LogPlace, Manifest, Restore, Restored, Seal, Store,
    StoreError, VerifyReport,
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// What a child of the kill tests does, and where.
const CHILD: &str = "SHIRUBE_BACKUP_CHILD";

fn back_up(folder: &Path, out: &Path, seal: &Seal) -> Result<Manifest, StoreError> {
    Store::backup((folder, &place(folder).into()), &pack(), (out, seal), &Actor::owner(), &|_| {})
}

fn restore_to(from: &Path, folder: &Path, to: &LogPlace, until: AsOf, redactions_from: Option<&Path>) -> Result<Restored, StoreError> {
    let live = redactions_from.map(|folder| (folder, place(folder)));
    let how = Restore { pack: &pack(), until, redactions_from: live.as_ref().map(|(folder, place)| (*folder, place)) };
    Store::restore(&plain(from), (folder, &to.clone().into()), &how, &Actor::owner(), &|_| {})
}

fn restore(from: &Path, folder: &Path, until: AsOf) -> Result<Restored, StoreError> {
    restore_to(from, folder, &place(folder), until, None)
}

fn prove(archive: &Archive) -> Result<(Manifest, VerifyReport), StoreError> {
    Store::verify_backup(archive, &Actor::owner(), &|_| {})
}

fn plain(path: &Path) -> Archive {
    Archive { path: path.to_path_buf(), identities: vec![] }
}

fn project(store: &Store, theme: &str, contact: &str) -> i64 {
    submit(store, create("project", &[("theme", t(theme)), ("year", n(2024)), ("contact", t(contact))])).record
}

fn attach(store: &Store, record: i64, bytes: &[u8]) {
    submit(
        store,
        Command::Attach {
            register: "project".into(),
            record,
            version: 1,
            field: "report".into(),
            name: "r.txt".into(),
            media: "text/plain".into(),
            bytes: bytes.to_vec(),
            reason: None,
        },
    );
}

fn redact(store: &Store, record: i64, scope: Scope) {
    submit(store, Command::Redact { register: "project".into(), record, scope, reason: "求め".into() });
}

/// Three projects, the first two with a file; a file that no record names. Seven events.
fn fill(folder: &Path) -> Store {
    let store = open(folder);
    for i in 1..=2 {
        let record = project(&store, &format!("題名{i}"), &format!("担当{i}"));
        attach(&store, record, format!("file {i}").as_bytes());
    }
    project(&store, "題名3", "担当3");
    submit(&store, create("hub", &[("name", t("拠点"))]));
    submit(&store, amend("hub", 6, 1, &[("country", Some(t("JP")))]));
    keep(&store, &Actor::owner(), b"sent, and named by no record").unwrap();
    store
}

#[test]
fn a_backup_beside_a_writing_store_is_one_moment_and_comes_back_the_same() {
    let (folder, to, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fill(folder.path());
    let out = out.path().join("backup");
    let done = AtomicBool::new(false);
    let manifest = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut i = 0;
            while !done.load(Ordering::Relaxed) || i < 20 {
                i += 1;
                let record = project(&store, &format!("meanwhile {i}"), "x");
                attach(&store, record, format!("meanwhile {i}").as_bytes());
            }
        });
        std::thread::sleep(Duration::from_millis(30));
        let manifest = back_up(folder.path(), &out, &Seal::Plain);
        done.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        manifest.unwrap()
    });
    assert!(manifest.events >= 7 && manifest.events < store.head_seq(), "{}", manifest.events);
    let restored = restore(&out, to.path(), AsOf::Head).unwrap();
    assert_eq!((restored.kept, &restored.manifest), (manifest.events, &manifest));
    let again = open(to.path());
    let report = again.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean());
    assert_eq!((report.events, &report.last_hash), (manifest.events, &manifest.last_hash));
    let names: Vec<String> =
        std::fs::read_dir(to.path().join("files")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), manifest.files.len(), "files that no record names are no part of it");
    for file in &manifest.files {
        assert_eq!(std::fs::read(to.path().join("files").join(&file.sha256)).unwrap().len() as u64, file.size);
    }
    // Records and history of that moment are those of the store it was made of.
    let (here, there) =
        (store.reader(&Actor::owner(), AsOf::Seq(manifest.events)).unwrap(), again.reader(&Actor::owner(), AsOf::Head).unwrap());
    assert_eq!(here.record("project", 1).unwrap(), there.record("project", 1).unwrap());
    submit(&again, create("hub", &[("name", t("goes on"))]));
}

#[test]
fn only_who_has_a_key_reads_it() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(fill(folder.path()));
    let out = folder.path().join("backup");
    let refused = back_up(folder.path(), &out, &Seal::Recipients(vec![]));
    assert!(matches!(refused, Err(StoreError::Backup(e)) if matches!(*e, BackupError::NoRecipient)));
    let keys = [Identity::generate().unwrap(), Identity::generate().unwrap()];
    back_up(folder.path(), &out, &Seal::Recipients(vec![keys[0].recipient()])).unwrap();
    let bytes = std::fs::read(&out).unwrap();
    assert!(!bytes.windows(6).any(|w| w == "題名".as_bytes() || w == b"hub\",\""), "it can be read");
    let with = |identities: &[Identity]| prove(&Archive { path: out.clone(), identities: identities.to_vec() });
    assert!(with(&keys[..1]).is_ok());
    let error = |result: Result<_, StoreError>| match result {
        Err(StoreError::Backup(error)) => *error,
        other => panic!("{:?}", other.map(|_: (Manifest, VerifyReport)| ())),
    };
    assert!(matches!(error(with(&[])), BackupError::IdentityNeeded(_)));
    assert!(matches!(error(with(&keys[1..])), BackupError::Age { error: AgeError::NotForUs, .. }));
    let how = Restore { pack: &pack(), until: AsOf::Head, redactions_from: None };
    let archive = Archive { path: out, identities: keys[..1].to_vec() };
    Store::restore(&archive, (to.path(), &place(to.path()).into()), &how, &Actor::owner(), &|_| {}).unwrap();
    assert!(open(to.path()).verify(&Actor::owner()).unwrap().is_clean());
}

#[test]
fn a_moment_of_the_past_comes_back_and_what_was_erased_since_stays_erased() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    redact(&store, 1, Scope::All);
    redact(&store, 3, Scope::Personal);
    project(&store, "題名4", "担当4");
    let out = folder.path().join("backup");
    let manifest = back_up(folder.path(), &out, &Seal::Plain).unwrap();
    assert_eq!((manifest.events, manifest.files.len()), (10, 1));
    let text = std::fs::read(&out).unwrap();
    let has = |words: &str| text.windows(words.len()).any(|w| w == words.as_bytes());
    assert!(has("題名2") && has("担当3") && !has("題名1") && !has("担当2") && !has("file 1"), "what was erased is in it, or not all else");
    for (until, kept) in [("seq:10", 10), ("seq:9", 9), ("seq:7", 7), ("seq:2", 2)] {
        let to = tempfile::tempdir().unwrap();
        let restored = restore(&out, to.path(), until.parse().unwrap()).unwrap();
        let later = if kept >= 9 { 0 } else { [8, 9].len() - usize::from(kept < 3) };
        assert_eq!((restored.kept, restored.redacted, restored.files), (kept, later, usize::from(kept >= 4)), "{until}");
        let again = open(to.path());
        let report = again.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean() && report.events == kept + later as i64, "{until}: {:?}", report.problems);
        let reader = again.reader(&Actor::owner(), AsOf::Head).unwrap();
        assert!(reader.record("project", 1).unwrap().is_none(), "{until}");
        assert_eq!(reader.record("hub", 6).unwrap().is_some(), kept >= 6, "{until}");
        if kept >= 3 {
            let record = reader.record("project", 3).unwrap().unwrap();
            assert_eq!((record.content.get("theme"), record.content.get("contact")), (Some(&t("題名2")), None));
        }
        // What the past had of the sequence is the same to the byte.
        let history = again.history(&Actor::owner(), "project", 3);
        assert_eq!(history.is_ok(), kept >= 3);
    }
    for until in ["seq:0", "seq:11", "2020-01-01", "2999-01-01T00:00:00Z"] {
        let to = tempfile::tempdir().unwrap();
        let refused = restore(&out, to.path(), until.parse().unwrap());
        assert!(
            matches!(&refused, Err(StoreError::Backup(e)) if matches!(**e, BackupError::OutOfReach { last: 10, .. })),
            "{until}: {refused:?}"
        );
        assert!(!to.path().join("log.db").exists());
    }
}

#[test]
fn a_backup_from_before_a_redaction_can_follow_the_log_it_was_made_of() {
    let (folder, other, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fill(folder.path());
    let out = folder.path().join("backup");
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let last = project(&store, "題名4", "担当4");
    redact(&store, 1, Scope::All);
    redact(&store, last, Scope::All);
    drop(fill(other.path()));
    let into = |from: &Path| restore_to(&out, to.path(), &place(to.path()), AsOf::Head, Some(from));
    let refused = into(other.path());
    assert!(matches!(&refused, Err(StoreError::Backup(e)) if matches!(**e, BackupError::OtherLog(_))), "{refused:?}");
    let restored = into(folder.path()).unwrap();
    assert_eq!((restored.kept, restored.redacted, restored.files, restored.manifest.files.len()), (7, 1, 1, 2));
    let again = open(to.path());
    let report = again.verify(&Actor::owner()).unwrap();
    assert!(report.is_clean() && report.redacted == 2, "{report:?}");
    drop(again);
    for file in std::fs::read_dir(to.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|w| w == "題名1".as_bytes()), "{} has it", file.display());
    }
}

/// The parts of a backup that is not encrypted.
fn parts(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(std::fs::File::open(path).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, std::fs::File>>| {
        let mut entry = entry.unwrap();
        let mut bytes = vec![];
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    };
    tar.entries().unwrap().map(read).collect()
}

fn write(path: &Path, parts: &[(String, Vec<u8>)]) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    tar.finish().unwrap();
}

#[test]
fn whatever_is_wrong_with_a_backup_is_found_and_nothing_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    redact(&store, 1, Scope::Personal);
    let (out, bad) = (folder.path().join("backup"), folder.path().join("bad"));
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let whole = parts(&out);
    assert_eq!(whole.len(), 4, "a manifest, a part of the log, two files");
    let replace = |part: usize, from: &str, to: &str| {
        let mut parts = whole.clone();
        let text = String::from_utf8(parts[part].1.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        parts[part].1 = text.replacen(from, to, 1).into_bytes();
        parts
    };
    let without = |part: usize| whole.iter().enumerate().filter(|(at, _)| *at != part).map(|(_, p)| p.clone()).collect::<Vec<_>>();
    let with = |name: &str, bytes: &[u8]| [whole.clone(), vec![(name.to_string(), bytes.to_vec())]].concat();
    let line = String::from_utf8(whole[1].1.clone()).unwrap().lines().nth(4).unwrap().to_string() + "\n";
    let last = String::from_utf8(whole[1].1.clone()).unwrap().lines().last().unwrap().to_string() + "\n";
    let cases = [
        ("a payload was changed", replace(1, "題名3", "題名9")),
        ("an event is missing", replace(1, &line, "")),
        ("the last event is missing", replace(1, &last, "")),
        ("an event comes twice", replace(1, &line, &format!("{line}{line}"))),
        ("an event was changed", replace(1, "\"actor\":\"owner\"", "\"actor\":\"other\"")),
        ("a hash is none", replace(1, "\"prev\":\"00", "\"prev\":\"0")),
        ("a line is none", replace(1, "{\"seq\":3", "{seq:3")),
        ("the manifest says more", replace(0, "\"events\": 8", "\"events\": 9")),
        ("the manifest says another hash", replace(0, "\"last_hash\": \"", "\"last_hash\": \"0")),
        ("the manifest says other redactions", replace(0, "\"1\": [", "\"2\": [")),
        ("a file was changed", replace(2, "file", "fill")),
        ("a file is longer", replace(2, "file", "file ")),
        ("a file is missing", without(2)),
        ("a file is said to be longer than any can be", replace(0, "\"size\": ", "\"size\": 18446744073709551615, \"was\": ")),
        ("the log is missing", without(1)),
        ("the manifest is missing", without(0)),
        ("a file that it does not say", with(&format!("files/{}", "0".repeat(64)), b"")),
        ("another part", with("other", b"")),
        ("another format", replace(0, "\"format\": 2", "\"format\": 9")),
    ];
    for (what, parts) in cases {
        write(&bad, &parts);
        assert!(matches!(prove(&plain(&bad)), Err(StoreError::Backup(_))), "{what} was not found");
        let to = tempfile::tempdir().unwrap();
        assert!(matches!(restore(&bad, to.path(), AsOf::Head), Err(StoreError::Backup(_))), "{what} was restored");
        assert!(!to.path().join("log.db").exists() && !to.path().join("restoring").exists());
        assert_eq!(open(to.path()).head_seq(), 0, "{what}: something is in the log");
    }
    // Cut off anywhere, encrypted or not.
    let key = Identity::generate().unwrap();
    let sealed = folder.path().join("sealed");
    back_up(folder.path(), &sealed, &Seal::Recipients(vec![key.recipient()])).unwrap();
    for (path, identities) in [(&out, vec![]), (&sealed, vec![key])] {
        let bytes = std::fs::read(path).unwrap();
        for eighth in 0..8 {
            std::fs::write(&bad, &bytes[..bytes.len() * eighth / 8]).unwrap();
            assert!(
                prove(&Archive { path: bad.clone(), identities: identities.clone() }).is_err(),
                "cut at {eighth}/8 of {}",
                path.display()
            );
        }
    }
    std::fs::write(&bad, b"another file").unwrap();
    assert!(matches!(prove(&plain(&bad)), Err(StoreError::Backup(e)) if matches!(*e, BackupError::NotABackup { .. })));
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(fill(folder.path()));
    let out = folder.path().join("backup");
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let was = std::fs::read(&out).unwrap();
    let error = |result: Result<(), StoreError>| match result {
        Err(StoreError::Backup(error)) => *error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(error(back_up(folder.path(), &out, &Seal::Plain).map(drop)), BackupError::Exists(_)));
    assert_eq!(std::fs::read(&out).unwrap(), was);
    // Into the folder it was made of, or one with a log of its own.
    assert!(matches!(error(restore(&out, folder.path(), AsOf::Head).map(drop)), BackupError::Occupied(_)));
    restore(&out, to.path(), AsOf::Head).unwrap();
    let again = restore(&out, to.path(), AsOf::Head).map(drop);
    match server() {
        Some(_) => assert!(matches!(again, Err(StoreError::Log(LogError::NotEmpty { events: 7, .. }))), "{again:?}"),
        None => assert!(matches!(error(again), BackupError::Occupied(_))),
    }
    let mut other = pack();
    other.meta.id = "other".into();
    let how = Restore { pack: &other, until: AsOf::Head, redactions_from: None };
    let third = tempfile::tempdir().unwrap();
    let refused = Store::restore(&plain(&out), (third.path(), &place(third.path()).into()), &how, &Actor::owner(), &|_| {});
    assert!(matches!(refused, Err(StoreError::OtherPack { .. })));
    let stranger = Actor::nobody();
    let refused = Store::restore(&plain(&out), (third.path(), &LogPlace::Folder.into()), &how, &stranger, &|_| {});
    assert!(matches!(refused, Err(StoreError::Denied { .. })));
    let refused =
        Store::backup((folder.path(), &place(folder.path()).into()), &pack(), (&third.path().join("b"), &Seal::Plain), &stranger, &|_| {});
    assert!(matches!(refused, Err(StoreError::Denied { .. })));
    assert!(matches!(Store::verify_backup(&plain(&out), &stranger, &|_| {}), Err(StoreError::Denied { .. })));
}

#[test]
fn a_file_that_is_not_what_was_attached_stops_a_backup_and_one_never_sent_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let absent = "ab".repeat(32);
    let columns = [
        ("theme", t("taken over")),
        ("year", n(2024)),
        ("report", t("r")),
        ("report_sha256", t(&absent)),
        ("report_media", t("text/plain")),
        ("report_size", n(1)),
    ];
    submit(&store, create("project", &columns));
    let out = folder.path().join("backup");
    assert_eq!(back_up(folder.path(), &out, &Seal::Plain).unwrap().missing, [absent]);
    let sha = prove(&plain(&out)).unwrap().0.files[0].sha256.clone();
    std::fs::write(folder.path().join("files").join(&sha), b"something else").unwrap();
    let second = folder.path().join("second");
    let refused = back_up(folder.path(), &second, &Seal::Plain);
    assert!(matches!(refused, Err(StoreError::Files(FilesError::Damaged(found))) if found == sha));
    assert!(!second.exists() && !folder.path().join("second.part").exists());
}

#[test]
fn a_log_moves_between_its_keepers_through_a_backup() {
    let Some(server) = server() else { return };
    let [folder, there, back] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    drop(fill(folder.path()));
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let was = back_up(folder.path(), &first, &Seal::Plain).unwrap();
    restore_to(&first, there.path(), &LogPlace::Folder, AsOf::Head, None).unwrap();
    let took = Store::backup((there.path(), &LogPlace::Folder.into()), &pack(), (&second, &Seal::Plain), &Actor::owner(), &|_| {}).unwrap();
    assert_eq!((&took.last_hash, &took.files), (&was.last_hash, &was.files));
    let restored = restore_to(&second, back.path(), &schema_place(&server, "through_a_backup"), AsOf::Head, None).unwrap();
    assert_eq!(restored.report.last_hash, was.last_hash);
}

/// Backs up or restores until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_backs_up_or_restores() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let words: Vec<PathBuf> = what.split('|').map(PathBuf::from).collect();
    let say = |line: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    say("begun");
    match words[0].to_str().unwrap() {
        "backup" => {
            for i in 0..10_000 {
                back_up(&words[1], &words[2].join(format!("{i}")), &Seal::Plain).unwrap();
                say("done");
            }
        }
        _ => {
            restore(&words[1], &words[2], AsOf::Head).unwrap();
            say("done");
        }
    }
}

/// Starts a child, kills it some milliseconds after it has said a word, and says whether it was done.
fn killed(what: &[&str], (word, wait): (&str, u64)) -> bool {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "backup::child_that_backs_up_or_restores", "--nocapture", "--test-threads=1"])
        .env(CHILD, what.join("|"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(word)));
    std::thread::sleep(Duration::from_millis(wait));
    child.kill().unwrap();
    child.wait().unwrap();
    word == "done" || lines.any(|line| line.contains("done"))
}

#[test]
fn nothing_half_done_is_taken_for_whole_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let commands: Vec<Command> = (0..6000).map(|i| create("hub", &[("name", t(&format!("hub {i}")))])).collect();
    store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
    for i in 0..20 {
        let record = project(&store, &format!("more {i}"), "x");
        attach(&store, record, format!("more {i}").as_bytes());
    }
    let was = store.verify(&Actor::owner()).unwrap();
    drop(store);
    let (mut cut, mut whole) = (0, 0);
    for when in [("begun", 3), ("begun", 30), ("begun", 170), ("done", 0), ("done", 110), ("done", 250)] {
        let out = tempfile::tempdir().unwrap();
        let text = |path: &Path| path.display().to_string();
        killed(&["backup", &text(folder.path()), &text(out.path())], when);
        for name in std::fs::read_dir(out.path()).unwrap().map(|e| e.unwrap().path()) {
            if name.extension().is_some_and(|e| e == "part") {
                cut += 1;
                // It stands in nobody's way.
                let out = name.with_extension("");
                back_up(folder.path(), &out, &Seal::Plain).unwrap();
            } else {
                whole += 1;
                assert_eq!(prove(&plain(&name)).unwrap().1, was, "{}", name.display());
            }
        }
        assert_eq!(Store::verify_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap(), was);
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
    let out = folder.path().join("backup");
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let (mut cut, mut whole) = (0, 0);
    for when in [("begun", 0), ("begun", 5), ("begun", 30), ("begun", 80), ("begun", 150), ("begun", 260), ("begun", 400), ("done", 0)] {
        let to = tempfile::tempdir().unwrap();
        let to_place = place(to.path());
        let done = killed(&["restore", &out.display().to_string(), &to.path().display().to_string()], when);
        let there = match server() {
            Some(_) => Store::verify_beside(to.path(), &to_place, &Actor::owner()).ok().filter(|report| report.events > 0),
            None => to.path().join("log.db").exists().then(|| Store::verify_beside(to.path(), &to_place, &Actor::owner()).unwrap()),
        };
        match there {
            Some(report) => {
                whole += 1;
                assert_eq!(report, was);
            }
            None => {
                assert!(!done, "what was restored is not there");
                cut += 1;
                if to.path().join("restoring").exists() {
                    let refused = open_with(to.path(), std::sync::Arc::new(pack())).map(drop);
                    assert!(matches!(&refused, Err(StoreError::Backup(e)) if matches!(**e, BackupError::Unfinished { .. })), "{refused:?}");
                }
                restore(&out, to.path(), AsOf::Head).unwrap();
            }
        }
        let again = open(to.path());
        assert_eq!(again.verify(&Actor::owner()).unwrap(), was);
        assert_eq!(std::fs::read_dir(to.path().join("files")).unwrap().count(), 22);
    }
    assert!(cut > 0 && whole > 0, "{cut} cut off, {whole} whole");
}
