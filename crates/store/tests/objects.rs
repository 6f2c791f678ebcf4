//! Two stores on one database share their attached files by a bucket. Runs when there are both (`tests/objects.sh`).
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Archive, Bucket, Command, FilesPlace, Place, Restore, Seal, Store, StoreError};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use support::*;

/// The bucket of `tests/objects.sh`.
fn bucket() -> Option<FilesPlace> {
    let told = std::env::var("SHIRUBE_TEST_S3").ok()?;
    let [endpoint, name, region, access_key, secret_key] = told.split(' ').map(str::to_string).collect::<Vec<_>>().try_into().unwrap();
    Some(FilesPlace::Bucket(Arc::new(Bucket { endpoint: endpoint.parse().unwrap(), name, region, access_key, secret_key })))
}

fn attach(store: &Store, record: i64, bytes: &[u8]) {
    let (register, field, name, media) = ("project".into(), "report".into(), "r.txt".into(), "text/plain".into());
    submit(store, Command::Attach { register, record, version: 1, field, name, media, bytes: bytes.to_vec(), reason: None });
}

fn file(store: &Store, record: i64, sha: &str) -> Result<Vec<u8>, StoreError> {
    store.file(&store.reader(&Actor::owner(), AsOf::Head).unwrap(), "project", record, sha)
}

fn sha_of(store: &Store, record: i64) -> String {
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    match reader.record("project", record).unwrap().unwrap().content.get("report_sha256") {
        Some(shirube_record::Cell::Text(sha)) => sha.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_one_attaches_the_other_reads_and_a_redaction_takes_it_from_all() {
    let (Some(files), Some(server)) = (bucket(), server()) else { return };
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let place = Place { log: schema_place(&server, "objects"), files };
    let on = |folder: &Path| Store::open_at(folder, place.clone(), Arc::new(pack())).unwrap();
    let stores = [on(here.path()), on(there.path())];
    let record = submit(&stores[0], create("project", &[("theme", t("a")), ("year", n(2024))])).record;
    attach(&stores[0], record, b"shared");
    let begun = Instant::now();
    while stores[1].head_seq() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    let sha = sha_of(&stores[1], record);
    assert_eq!(file(&stores[1], record, &sha).unwrap(), b"shared");
    assert!(!here.path().join("files").exists(), "nothing is in the folder");
    submit(&stores[1], Command::Redact { register: "project".into(), record, scope: Scope::All, reason: "求め".into() });
    // A record that names it finds it gone.
    let columns = [
        ("theme", t("b")),
        ("year", n(2024)),
        ("report", t("r.txt")),
        ("report_sha256", t(&sha)),
        ("report_media", t("text/plain")),
        ("report_size", n(6)),
    ];
    let other = submit(&stores[1], create("project", &columns)).record;
    let begun = Instant::now();
    while stores[0].head_seq() < other {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    for store in &stores {
        assert!(matches!(file(store, other, &sha), Err(StoreError::NoSuchFile(_))));
    }
}

#[test]
fn a_backup_of_a_bucket_restores_to_a_folder_and_back() {
    let Some(files) = bucket() else { return };
    let [folder, plain, again] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let in_bucket = |folder: &Path| Place { log: support::place(folder), files: files.clone() };
    let store = Store::open_at(folder.path(), in_bucket(folder.path()), Arc::new(pack())).unwrap();
    let record = submit(&store, create("project", &[("theme", t("a")), ("year", n(2024))])).record;
    attach(&store, record, b"backed up");
    let sha = sha_of(&store, record);
    drop(store);
    let how = Restore { pack: &pack(), until: AsOf::Head, redactions_from: None };
    let mut from = (folder.path().to_path_buf(), in_bucket(folder.path()));
    for (to, place) in [(plain.path(), support::place(plain.path()).into()), (again.path(), in_bucket(again.path()))] {
        let out = to.with_extension("backup");
        let manifest = Store::backup((&from.0, &from.1), &pack(), (&out, &Seal::Plain), &Actor::owner(), &|_| {}).unwrap();
        assert_eq!(manifest.files.len(), 1);
        let archive = Archive { path: out.clone(), identities: vec![] };
        Store::restore(&archive, (to, &place), &how, &Actor::owner(), &|_| {}).unwrap();
        std::fs::remove_file(out).unwrap();
        let store = Store::open_at(to, place.clone(), Arc::new(pack())).unwrap();
        assert_eq!(file(&store, record, &sha).unwrap(), b"backed up");
        from = (to.to_path_buf(), place);
    }
}
