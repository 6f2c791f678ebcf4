//! A backup holds one moment of the log and the files it names; what does not prove is not restored.
#![allow(clippy::unwrap_used, clippy::panic)]

mod damaged;
mod kill;

use crate::support::*;
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{
    Actor, AgeError, Archive, BackupError, Command, FilesError, Identity, LogError, LogPlace, Manifest, Restore, Restored, Seal, Store,
    StoreError, VerifyReport,
};
use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

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
