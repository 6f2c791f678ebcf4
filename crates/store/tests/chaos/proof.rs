//! What must hold after a crash, whenever it came.

use crate::{
    storm::{data, out},
    support::*,
};
use shirube_snapshot::{AsOf, ListQuery};
use shirube_store::{Actor, Archive, Seal, Store};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What a storm said it had done.
#[derive(Clone, Debug)]
pub enum Done {
    Written { seq: i64, record: i64, kind: String, marker: String },
    Imported { first: i64, last: i64, name: String },
    Redacted { seq: i64, record: i64, all: bool, secret: String },
    Frozen { seq: i64, path: PathBuf },
    Backed { seq: i64, hash: String, path: PathBuf },
}

/// All that was acknowledged in a place, from storm to storm.
#[derive(Debug, Default)]
pub struct Book {
    hashes: BTreeMap<i64, String>,
    redacted: BTreeMap<i64, (bool, String)>,
    frozen: Vec<(i64, PathBuf)>,
}

/// An event as the log has it.
struct Event {
    record: i64,
    kind: String,
    body: Option<String>,
    personal: Option<String>,
    hash: String,
}

/// The log as someone with a shell reads it.
fn events(folder: &Path) -> BTreeMap<i64, Event> {
    let found: Vec<(i64, Event)> = match server() {
        Some(server) => client(&server, folder)
            .query("SELECT seq, record, kind, body, personal, encode(hash, 'hex') FROM event", &[])
            .unwrap()
            .iter()
            .map(|r| (r.get(0), Event { record: r.get(1), kind: r.get(2), body: r.get(3), personal: r.get(4), hash: r.get(5) }))
            .collect(),
        None => {
            let log = rusqlite::Connection::open(folder.join("log.db")).unwrap();
            let mut rows = log.prepare("SELECT seq, record, kind, body, personal, lower(hex(hash)) FROM event").unwrap();
            let event = |r: &rusqlite::Row<'_>| {
                let event = Event { record: r.get(1)?, kind: r.get(2)?, body: r.get(3)?, personal: r.get(4)?, hash: r.get(5)? };
                Ok((r.get(0)?, event))
            };
            rows.query_map([], event).unwrap().collect::<Result<_, _>>().unwrap()
        }
    };
    found.into_iter().collect()
}

/// Waits until the server is done with what a dead process had asked for: whoever has the lock knows.
fn settled(folder: &Path) {
    let Some(server) = server() else { return };
    let _made = crate::support::place(folder);
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(1936222578, hashtext(current_schema())); COMMIT";
    client(&server, folder).batch_execute(lock).unwrap();
}

impl Book {
    /// Holds a place against all that was ever acknowledged there, and opens its store to do so.
    pub fn prove(&mut self, place: &Path, done: &[Done], begun: &[String]) {
        let folder = data(place);
        settled(&folder);
        let store = open(&folder);
        let report = store.verify(&Actor::owner()).unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
        let events = events(&folder);
        assert_eq!(report.events, events.len() as i64);
        self.nothing_changed(&events);
        for done in done {
            self.acknowledged(done, &events);
        }
        self.all_or_nothing(&events);
        self.erased(&events);
        head_is_the_fold_of_the_log(&store);
        for done in done {
            self.kept(&store, done);
        }
        self.cut_off(&store, place, begun);
        found_by_search(&store, done);
        drop(store);
        self.nothing_erased_is_left(place);
        nothing_lies_about(&folder);
    }

    fn nothing_changed(&mut self, events: &BTreeMap<i64, Event>) {
        for (seq, hash) in &self.hashes {
            assert_eq!(events.get(seq).map(|e| &e.hash), Some(hash), "event {seq} is not what it was");
        }
        self.hashes = events.iter().map(|(seq, event)| (*seq, event.hash.clone())).collect();
    }

    fn acknowledged(&mut self, done: &Done, events: &BTreeMap<i64, Event>) {
        let event = |seq: &i64| events.get(seq).unwrap_or_else(|| panic!("event {seq} was acknowledged and is lost"));
        match done {
            Done::Written { seq, record, kind, marker } => {
                let found = event(seq);
                assert_eq!((&found.record, &found.kind), (record, kind), "event {seq}");
                let body = found.body.as_deref().unwrap_or_default();
                assert!(body.contains(&format!("\"{marker}\"")), "event {seq} is another than {marker}: {body}");
            }
            Done::Imported { first, last, name } => {
                for seq in *first..=*last {
                    assert!(event(&seq).body.as_deref().unwrap_or_default().contains(name), "event {seq} is not of {name}");
                }
            }
            Done::Redacted { seq, record, all, secret } => {
                assert_eq!((event(seq).record, event(seq).kind.as_str()), (*record, "redact"));
                self.redacted.insert(*record, (*all, secret.clone()));
            }
            Done::Frozen { .. } | Done::Backed { .. } => {}
        }
    }

    /// Records of a batch say how many they are.
    fn all_or_nothing(&self, events: &BTreeMap<i64, Event>) {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for body in events.values().filter(|e| e.kind == "create").filter_map(|e| e.body.as_deref()) {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            let Some(theme) = body.pointer("/content/theme").and_then(|theme| theme.as_str()) else { continue };
            assert!(!theme.starts_with('x'), "a batch with a mistake was written: {theme}");
            if theme.starts_with('b') {
                *found.entry(theme.rsplit_once('-').unwrap().0.to_string()).or_default() += 1;
            }
        }
        for (name, count) in found {
            assert!(name.ends_with(&format!("-{count}")), "{count} records of batch {name} are there");
        }
    }

    fn erased(&self, events: &BTreeMap<i64, Event>) {
        for (record, (all, secret)) in &self.redacted {
            for event in events.values().filter(|e| e.record == *record && e.kind != "redact") {
                assert!(event.personal.is_none() && (event.body.is_none() || !all), "{secret} is in the log");
            }
        }
    }

    /// Copies that were acknowledged are whole.
    fn kept(&mut self, store: &Store, done: &Done) {
        match done {
            Done::Frozen { seq, path } => {
                same_as_frozen_now(store, *seq, path);
                self.frozen.push((*seq, path.clone()));
            }
            Done::Backed { seq, hash, path } => {
                assert_eq!(self.hashes.get(seq), (*seq > 0).then_some(hash));
                assert_eq!(whole_backup(path), *seq);
            }
            _ => {}
        }
    }

    /// Copies that were not acknowledged are not there, or are whole; and they are made when asked for again.
    fn cut_off(&mut self, store: &Store, place: &Path, begun: &[String]) {
        let names = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let listed = fs::read_to_string(data(place).join("snapshots")).unwrap_or_default();
        for path in begun.iter().map(PathBuf::from) {
            match (names(&path).starts_with("frozen"), path.exists()) {
                (true, true) => {
                    let file = rusqlite::Connection::open(&path).unwrap();
                    let seq = file.query_row("SELECT as_of_seq FROM _pack", [], |r| r.get(0)).unwrap();
                    same_as_frozen_now(store, seq, &path);
                    assert!(listed.contains(&names(&path)), "no redaction would reach {}", path.display());
                    self.frozen.push((seq, path));
                }
                (true, false) => {
                    let info = store.snapshot_to(&Actor::owner(), AsOf::Head, &path).unwrap();
                    self.frozen.push((info.moment.seq, path));
                }
                (false, true) => drop(whole_backup(&path)),
                (false, false) => {
                    let from = data(place);
                    let log = crate::support::place(&from).into();
                    Store::backup((&from, &log), store.pack(), (&path, &Seal::Plain), &Actor::owner(), &|_| {}).unwrap();
                    assert_eq!(whole_backup(&path), store.head_seq());
                }
            }
        }
        for entry in fs::read_dir(out(place)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = names(&entry);
            if name.starts_with("backup") {
                fs::remove_file(&entry).unwrap();
            } else {
                assert!(self.frozen.iter().any(|(_, path)| *path == entry), "nobody knows {name}");
            }
        }
        // Redactions have reached those of earlier storms, too.
        while self.frozen.len() > 6 {
            fs::remove_file(self.frozen.remove(0).1).unwrap();
        }
        for (seq, path) in &self.frozen {
            same_as_frozen_now(store, *seq, path);
        }
    }

    /// The bytes themselves are gone. What a database server keeps in its own files is its keeper's.
    fn nothing_erased_is_left(&self, place: &Path) {
        let secrets: Vec<&str> = self.redacted.values().map(|(_, secret)| secret.as_str()).collect();
        for folder in [data(place), data(place).join("files"), out(place)] {
            for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|path| path.is_file()) {
                let bytes = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                for secret in &secrets {
                    assert!(!text.contains(secret), "{secret} was erased and is in {}", path.display());
                }
            }
        }
    }
}

/// Made anew from the log, the head is what it was.
fn head_is_the_fold_of_the_log(store: &Store) {
    let was = store.head_digest(&Actor::owner()).unwrap();
    store.rebuild_head(&Actor::owner()).unwrap();
    assert!(store.head_digest(&Actor::owner()).unwrap() == was, "the head is not the fold of the log");
}

fn same_as_frozen_now(store: &Store, seq: i64, path: &Path) {
    let again = path.with_file_name("again");
    store.whole(AsOf::Seq(seq)).unwrap().write_to(&again).unwrap();
    assert!(fs::read(&again).unwrap() == fs::read(path).unwrap(), "{} is not event {seq}", path.display());
    fs::remove_file(again).unwrap();
}

/// Reads a backup to its end; gives its last event.
fn whole_backup(path: &Path) -> i64 {
    let archive = Archive { path: path.to_path_buf(), identities: vec![] };
    let (manifest, report) = Store::verify_backup(&archive, &Actor::owner(), &|_| {}).unwrap();
    assert!(report.is_clean() && report.last_hash == manifest.last_hash, "{}: {:?}", path.display(), report.problems);
    report.last
}

fn found_by_search(store: &Store, done: &[Done]) {
    let theme = done.iter().rev().find_map(|done| match done {
        Done::Written { kind, marker, .. } if kind == "create" => Some(marker),
        _ => None,
    });
    let Some(theme) = theme else { return };
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let query = ListQuery { register: "project".into(), text: Some(theme.clone()), limit: 100, ..ListQuery::default() };
    assert!(!reader.list(&query).unwrap().rows.is_empty(), "{theme} is not found");
}

/// Nothing half done is left in a data folder that is closed.
fn nothing_lies_about(folder: &Path) {
    let known = ["files", "head.db", "lock", "log.db", "pack", "search.db", "snapshots", "trail.db"];
    for name in fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()) {
        assert!(known.contains(&name.as_str()), "{name} was left in the data folder");
    }
    for name in fs::read_dir(folder.join("files")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()) {
        assert!(name.len() == 64, "{name} was left among the attached files");
    }
}
