//! Backups, what they are sealed with, and anchors.

use crate::entry::pack;
use serde_json::{Map, Value, json};
use shirube_record::{Event, EventKind, FIRST, Hash, Scope, chain, hex, payload_hash};
use shirube_snapshot::{AsOf, ListQuery};
use shirube_store::{Actor, Anchor, Archive, Command, Identity, LogPlace, Recipient, Restore, Store};
use std::{cell::OnceCell, collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

/// The key of the public test vectors of age.
const KEY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";

fn in_folder(run: impl FnOnce(&Path)) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| run(folder.get_or_init(crate::folder).path()));
}

/// Reads a whole backup.
fn proves(path: &Path, identities: Vec<Identity>) {
    let archive = Archive { path: path.to_path_buf(), identities };
    let _ = Store::verify_backup(&archive, &Actor::owner(), &|_| {});
}

fn written(data: &[u8], read: impl FnOnce(&Path)) {
    in_folder(|folder| {
        let path = folder.join("file");
        if fs::write(&path, data).is_ok() {
            read(&path);
        }
    });
}

/// Bytes that claim to be a backup without encryption.
pub fn backup_file(data: &[u8]) {
    written(data, |path| {
        proves(path, vec![]);
    });
}

/// A backup of these parts: name, zero byte, content, zero byte, and again.
pub fn backup_parts(data: &[u8]) {
    let mut parts = data.split(|b| *b == 0);
    let mut named = vec![];
    while let (Some(name), Some(content)) = (parts.next(), parts.next()) {
        named.push((String::from_utf8_lossy(name).into_owned(), content.to_vec()));
    }
    backup_file(&tar_of(&named));
}

fn tar_of(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(vec![]);
    for (name, content) in parts {
        let mut header = tar::Header::new_ustar();
        let name: Vec<u8> = name.bytes().take(99).collect();
        header.as_mut_bytes()[..name.len()].copy_from_slice(&name);
        header.set_size(content.len() as u64);
        header.set_cksum();
        if tar.append(&header, &content[..]).is_err() {
            return vec![];
        }
    }
    tar.into_inner().unwrap_or_default()
}

/// A file encrypted by age, or a file of keys.
pub fn age_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for recipient in Recipient::of_file(&text).unwrap_or_default() {
        assert_eq!(recipient.to_string().parse(), Ok(recipient));
    }
    for identity in Identity::of_file(&text).unwrap_or_default() {
        assert!(identity.expose().is_ok_and(|text| Identity::of_file(&text).is_ok()));
    }
    let file = [b"age-encryption.org/v1\n", data.strip_prefix(b"age-encryption.org/v1\n").unwrap_or(data)].concat();
    written(&file, |path| {
        proves(path, Identity::of_file(KEY).unwrap_or_default());
    });
}

/// Anchors of a log, one a line.
pub fn anchors(data: &[u8]) {
    thread_local!(static LOG: OnceCell<TempDir> = const { OnceCell::new() });
    written(data, |path| {
        let last = Anchor::last_in(path);
        LOG.with(|log| {
            let folder = log.get_or_init(|| a_log()).path();
            let held = Store::verify_anchors(folder, &LogPlace::Folder, path, &Actor::owner());
            // Where all lines are anchors, the last one is.
            assert!(held.is_err() || last.is_some());
        });
    });
}

fn a_log() -> TempDir {
    let folder = crate::folder();
    if let Ok(store) = Store::open(folder.path(), pack()) {
        let content = [("name".to_string(), shirube_record::Cell::Text("a".into()))].into();
        let _ = store.submit(&Actor::owner(), Command::Create { register: "hub".into(), content, origin: Default::default() });
    }
    folder
}

/// Events of a log, one a line, as `{"register","record","kind","at","actor","body","personal"}`: a backup is made of
/// them in which every hash is right, restored, and read.
pub fn backup_log(data: &[u8]) {
    let lines =
        String::from_utf8_lossy(data).lines().take(50).map_while(|line| serde_json::from_str(line).ok()).collect::<Vec<Map<_, _>>>();
    if lines.is_empty() {
        return;
    }
    let archive = crate::folder();
    let path = archive.path().join("backup");
    if fs::write(&path, sound(&lines)).is_err() {
        return;
    }
    let (to, pack) = (crate::folder(), pack());
    let how = Restore { pack: &pack, until: AsOf::Head, redactions_from: None };
    let archive = Archive { path, identities: vec![] };
    let restored = Store::restore(&archive, (to.path(), &LogPlace::Folder.into()), &how, &Actor::owner(), &|_| {});
    if restored.is_err() {
        return;
    }
    let Ok(store) = Store::open(to.path(), pack) else { return };
    let Ok(reader) = store.reader(&Actor::owner(), AsOf::Head) else { return };
    for register in ["project", "hub", "memo"] {
        let query = ListQuery { register: register.into(), limit: 10, ..ListQuery::default() };
        let _ = reader.list(&query);
    }
    for record in 1..=lines.len() as i64 {
        let _ = reader.record("project", record);
        let _ = store.history(&Actor::owner(), "project", record);
    }
}

/// A backup of these events, with all that is derived of them made right.
fn sound(lines: &[Map<String, Value>]) -> Vec<u8> {
    let text = |line: &Map<String, Value>, name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let number = |line: &Map<String, Value>, name: &str| line.get(name).and_then(Value::as_i64).unwrap_or_default();
    let payload = |line: &Map<String, Value>, name: &str| {
        let mut body = line.get(name)?.as_object()?.clone();
        body.entry("salt").or_insert("00".repeat(16).into());
        Some(Value::Object(body).to_string())
    };
    let mut redactions = BTreeMap::<i64, (i64, i64)>::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| text(line, "kind") == "redact") {
        let entry = redactions.entry(number(line, "record")).or_default();
        entry.0 = at as i64 + 1;
        if payload(line, "body").and_then(|body| shirube_record::Body::decode(&body).ok()).and_then(|body| body.scope) == Some(Scope::All) {
            entry.1 = at as i64 + 1;
        }
    }
    let (mut log, mut prev): (Vec<u8>, Hash) = (vec![], FIRST);
    for (seq, line) in (1..).zip(lines) {
        let (body, personal) = (payload(line, "body").unwrap_or_default(), payload(line, "personal"));
        let kind = EventKind::parse(&text(line, "kind")).unwrap_or(EventKind::Create);
        let mut event = Event {
            seq,
            register: text(line, "register"),
            record: number(line, "record"),
            kind,
            at: number(line, "at"),
            actor: text(line, "actor"),
            body: None,
            personal: None,
            body_hash: payload_hash(&body),
            personal_hash: personal.as_deref().map(payload_hash),
            prev,
            hash: FIRST,
        };
        event.hash = chain(&prev, &event);
        let (some, all) = redactions.get(&event.record).copied().unwrap_or_default();
        let erased = |redaction: i64| kind != EventKind::Redact && redaction > seq;
        let line = json!({
            "seq": seq, "register": event.register, "record": event.record, "kind": kind.as_str(), "at": event.at, "actor": event.actor,
            "body": (!erased(all)).then_some(body), "personal": personal.filter(|_| !erased(some)),
            "body_hash": hex(&event.body_hash), "personal_hash": event.personal_hash.map(|hash| hex(&hash)),
            "prev": hex(&event.prev), "hash": hex(&event.hash),
        });
        log.extend(format!("{line}\n").into_bytes());
        prev = event.hash;
    }
    let manifest = json!({
        "format": 2, "pack": { "id": pack().meta.id, "version": "1", "digest": "" }, "taken_at": "2026-04-01T00:00:00Z",
        "events": lines.len(), "last_seq": lines.len(), "last_hash": hex(&prev), "readings": 0, "last_reading": "",
        "redactions": redactions, "files": [], "missing": [],
    });
    tar_of(&[("manifest.json".into(), manifest.to_string().into_bytes()), ("log/1.jsonl".into(), log)])
}
