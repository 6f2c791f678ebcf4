//! The trail of readings: whatever sensitive was given to somebody is in it, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic)]

mod chain;
mod noted;
mod processes;

use crate::support::*;
use rusqlite::Connection;
use shirube_plan::{Pack, Sensitivity};
use shirube_record::Cell;
use shirube_snapshot::{AsOf, ListQuery};
use shirube_store::{Act, Actor, Entry, Look, Only, Store, StoreError, TRAIL, TrailError};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// The test pack with commercial summaries and files; the person who is the contact is personal, as are members.
fn pack() -> Arc<Pack> {
    owned(&[("budget", Sensitivity::Internal), ("report", Sensitivity::Commercial), ("summary", Sensitivity::Commercial)])
}

const MINE: &str = "7000012050002";
const THEIRS: &str = "2000012010019";

/// A project with something in every field that is personal or commercial.
fn project(store: &Store, theme: &str, state: &str, owner: Option<&str>) -> i64 {
    let member = BTreeMap::from([("who".to_string(), t("佐藤")), ("role".to_string(), t("代表"))]);
    let sha = format!("{:064x}", theme.bytes().fold(7_u64, |sum, b| sum * 31 + u64::from(b)));
    let mut columns = vec![
        ("theme", t(theme)),
        ("year", n(2024)),
        ("budget", n(5)),
        ("summary", t("秘密の設計")),
        ("contact", t("山田太郎")),
        ("members", Cell::Rows(vec![member])),
        ("report", t("r.pdf")),
        ("report_sha256", t(&sha)),
        ("report_media", t("application/pdf")),
        ("report_size", n(9)),
        ("_state", t(state)),
    ];
    columns.extend(owner.map(|o| ("organisation", t(o))));
    columns.extend(owner.map(|o| ("organisation_number", t(o))));
    submit(store, create("project", &columns)).record
}

fn asking(by: &str) -> Actor {
    Actor::owner().asking(by, None)
}

fn readings(store: &Store) -> Vec<Entry> {
    let look = Look { only: Some(Only::Readings), limit: 1000, ..Look::default() };
    let acts = store.trail(&Actor::owner(), &look).unwrap().acts;
    acts.into_iter().filter_map(|act| if let Act::Read(entry) = act { Some(entry) } else { None }).collect()
}

fn open_store(folder: &Path) -> Store {
    Store::open_at(folder, place(folder), pack()).unwrap()
}

#[test]
fn one_request_is_one_entry_that_says_who_read_what_and_holds_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let ids: Vec<i64> = (0..3).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
    let actor = Actor::owner().asking("register", Some("tok1"));
    let query = ListQuery { register: "project".into(), limit: 10, ..ListQuery::default() };
    store.reader(&actor, AsOf::Head).unwrap().list(&query).unwrap();
    store.reader(&actor, AsOf::Head).unwrap().record("project", ids[1]).unwrap();
    assert!(readings(&store).iter().all(|e| e.register == TRAIL), "written only when it is about to be given out");
    store.settle(&actor).unwrap();
    store.settle(&actor).unwrap();
    let found: Vec<Entry> = readings(&store).into_iter().filter(|e| e.register == "project").collect();
    let [entry] = found.as_slice() else { panic!("{found:?}") };
    let told = entry.told.clone().unwrap();
    assert_eq!((told.actor.as_str(), told.by.as_str(), told.token.as_deref()), ("owner", "register", Some("tok1")));
    assert_eq!(told.as_of, Some(store.head_seq()));
    let [cells] = told.cells.as_slice() else { panic!("{told:?}") };
    let fields: Vec<&str> = cells.fields.iter().map(String::as_str).collect();
    assert_eq!(fields, ["contact", "initial", "members.who", "report", "summary"]);
    assert_eq!(cells.ids.to_string(), format!("{}-{}", ids[0], ids[2]));
    let text = format!("{entry:?}");
    assert!(["山田", "秘密", "佐藤", "r.pdf"].iter().all(|value| !text.contains(value)), "{text}");
}

#[test]
fn who_reads_nothing_sensitive_leaves_no_trail() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "弁", "draft", None);
    submit(&store, create("hub", &[("name", t("東京"))]));
    let public = ListQuery {
        register: "project".into(),
        limit: 10,
        fields: Some(Arc::new(["theme".to_string(), "budget".to_string()].into())),
        ..ListQuery::default()
    };
    let actor = asking("register");
    let reader = store.reader(&actor, AsOf::Head).unwrap();
    reader.list(&public).unwrap();
    reader.search_records("弁", 10).unwrap();
    reader.list(&ListQuery { register: "hub".into(), limit: 10, ..ListQuery::default() }).unwrap();
    store.settle(&actor).unwrap();
    let stranger = stranger(&pack()).asking("record", None);
    assert!(store.reader(&stranger, AsOf::Head).unwrap().record("project", id).unwrap().is_none());
    store.settle(&stranger).unwrap();
    assert!(readings(&store).is_empty());
}

#[test]
fn history_snapshots_and_files_are_readings_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "弁", "draft", None);
    let last = || readings(&store).into_iter().find(|e| e.register == "project").and_then(|e| e.told).unwrap();
    let actor = asking("api_history");
    store.history(&actor, "project", id).unwrap();
    store.settle(&actor).unwrap();
    assert_eq!((last().by.as_str(), last().as_of), ("api_history", None));
    assert!(last().cells[0].fields.contains("contact"));

    let actor = asking("snapshot");
    store.snapshot_to(&actor, AsOf::Head, &folder.path().join("s.db")).unwrap();
    assert_eq!((last().by.as_str(), last().shows(id)), ("snapshot", true), "it is written down before the file is given out");

    let pdf = b"%PDF-1.7 x";
    let version = 1;
    let attach = shirube_store::Command::Attach {
        register: "project".into(),
        record: id,
        version,
        field: "report".into(),
        name: "x.pdf".into(),
        media: "application/pdf".into(),
        bytes: pdf.to_vec(),
        reason: None,
    };
    submit(&store, attach);
    let sha =
        match store.reader(&Actor::owner(), AsOf::Head).unwrap().record("project", id).unwrap().unwrap().content["report_sha256"].clone() {
            Cell::Text(sha) => sha,
            other => panic!("{other:?}"),
        };
    let actor = asking("record_file");
    let reader = store.reader(&actor, AsOf::Head).unwrap();
    assert_eq!(store.file(&reader, "project", id, &sha).unwrap(), pdf);
    store.settle(&actor).unwrap();
    assert_eq!(last().cells[0].fields, BTreeSet::from(["report".to_string()]), "the file and nothing else");
}

#[test]
fn what_cannot_be_written_down_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    project(&store, "弁", "draft", None);
    tamper(folder.path(), "DROP TABLE reading");
    let actor = asking("register");
    let query = ListQuery { register: "project".into(), limit: 10, ..ListQuery::default() };
    store.reader(&actor, AsOf::Head).unwrap().list(&query).unwrap();
    let refused = store.settle(&actor).unwrap_err();
    assert!(matches!(refused, StoreError::Trail(TrailError::Unwritten(_))), "{refused}");
    assert!(!refused.to_string().contains("山田"));
    let file = folder.path().join("s.db");
    assert!(matches!(store.snapshot_to(&asking("snapshot"), AsOf::Head, &file), Err(StoreError::Trail(_))));
    assert!(!file.exists(), "the file is taken away again");
}

/// Someone with the file and an SQLite shell, who also removes the triggers.
fn tamper(folder: &Path, sql: &str) {
    if let Some(server) = server() {
        let sql = sql.replace("zeroblob(32)", &format!("'\\x{}'", "0".repeat(64)));
        return client(&server, folder).batch_execute(&format!("ALTER TABLE reading DISABLE TRIGGER USER; {sql}")).unwrap();
    }
    let trail = Connection::open(folder.join("trail.db")).unwrap();
    let drop = ["reading_stays", "reading_is_fixed", "told_is_fixed"].map(|name| format!("DROP TRIGGER IF EXISTS {name};")).concat();
    trail.execute_batch(&format!("{drop} {sql}")).unwrap();
}

/// Readings of one record each.
fn read(store: &Store, ids: &[i64]) {
    for id in ids {
        let actor = asking("record");
        store.reader(&actor, AsOf::Head).unwrap().record("project", *id).unwrap();
        store.settle(&actor).unwrap();
    }
}

#[test]
fn readings_and_changes_are_found_by_person_record_register_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let ids: Vec<i64> = (0..5).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
    let hub = submit(&store, create("hub", &[("name", t("東京"))])).record;
    read(&store, &ids);
    let all = |look: Look| store.trail(&Actor::owner(), &Look { limit: 100, ..look }).unwrap().acts;
    let of = |acts: &[Act]| {
        let reads = acts.iter().filter(|a| matches!(a, Act::Read(e) if e.register == "project")).count();
        (reads, acts.iter().filter(|a| matches!(a, Act::Changed(_))).count())
    };
    assert_eq!(of(&all(Look::default())), (5, 6));
    assert_eq!(of(&all(Look { record: Some(ids[2]), ..Look::default() })), (1, 1));
    assert_eq!(of(&all(Look { register: Some("hub".into()), ..Look::default() })), (0, 1));
    assert_eq!(of(&all(Look { record: Some(hub), only: Some(Only::Readings), ..Look::default() })), (0, 0));
    assert_eq!(of(&all(Look { person: Some("nobody-else".into()), ..Look::default() })), (0, 0));
    assert_eq!(of(&all(Look { person: Some("owner".into()), ..Look::default() })), (5, 6));
    let at = |acts: &[Act]| acts.iter().map(Act::at).max().unwrap();
    let latest = at(&all(Look { only: Some(Only::Changes), ..Look::default() }));
    assert_eq!(of(&all(Look { until: Some(0), ..Look::default() })), (0, 0));
    assert_eq!(of(&all(Look { since: Some(latest + 3_600_000), ..Look::default() })), (0, 0));
    // Page by page it is the same, each once and in the order of time.
    let mut paged: Vec<Act> = vec![];
    let mut look = Look { limit: 2, ..Look::default() };
    for _ in 0..100 {
        let found = store.trail(&Actor::owner(), &look).unwrap();
        paged.extend(found.acts);
        let Some(next) = found.next else { break };
        look.before = Some(next);
    }
    assert_eq!(of(&paged), (5, 6));
    assert!(paged.windows(2).all(|two| two[0].at() >= two[1].at()));
    assert!(all(Look::default()).iter().any(|a| matches!(a, Act::Read(e) if e.register == TRAIL)), "to look is a reading itself");
    let refused = store.trail(&stranger(&pack()), &Look::default());
    assert!(matches!(refused, Err(StoreError::Denied { .. })));
}
