//! The trail of readings: whatever sensitive was given to somebody is in it, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use rusqlite::Connection;
use shirube_plan::{Pack, Sensitivity};
use shirube_record::{Cell, Content};
use shirube_snapshot::{
    Alike, AsOf, Fields, Filter, ListQuery, Op, Organisations, Record, RegisterSight, Seen, Shown, Sight, Snapshot, Whose,
};
use shirube_store::{Act, Actor, Archive, Entry, Look, Only, Restore, Seal, Store, StoreError, TRAIL, Target, TrailError, TrailProblem};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command as Process, Stdio},
    sync::Arc,
    time::Duration,
};

/// Record and field.
type CellName = (i64, String);

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

/// What of a content is personal or commercial, read off by hand.
fn sensitive(id: i64, content: &Content) -> BTreeSet<CellName> {
    let mut found = BTreeSet::new();
    for (column, cell) in content {
        let field = match column.as_str() {
            "summary" => "summary",
            "initial" => "initial",
            name if name.starts_with("contact") => "contact",
            name if name.starts_with("report") => "report",
            "members" => match cell {
                Cell::Rows(rows) if rows.iter().any(|row| row.contains_key("who")) => "members.who",
                _ => continue,
            },
            _ => continue,
        };
        found.insert((id, field.to_string()));
    }
    found
}

fn noted(seen: &Seen) -> BTreeSet<CellName> {
    let mut found = BTreeSet::new();
    for reading in seen.take(&pack()) {
        assert_eq!(reading.register, "project");
        for (fields, ids) in &reading.cells {
            for (first, last) in ids.runs() {
                found.extend((*first..=*last).flat_map(|id| fields.iter().map(move |f| (id, f.clone()))));
            }
        }
    }
    found
}

fn shown() -> impl Strategy<Value = Shown> {
    let owner = (any::<bool>(), any::<bool>()).prop_map(|(of, mine)| {
        let organisations = Organisations { numbers: [if mine { MINE } else { THEIRS }.to_string()].into(), ids: [].into() };
        if of { Whose::Of(organisations) } else { Whose::NotOf(organisations) }
    });
    let alike = (prop::sample::select(vec!["draft", "closed"]), owner).prop_map(|(state, owner)| Alike {
        state: Some(state.into()),
        owner,
        synthetic: false,
    });
    prop_oneof![2 => Just(Shown::All), 1 => Just(Shown::None), 3 => prop::collection::vec(alike, 0..4).prop_map(Shown::Some)]
}

/// Something that is asked.
#[derive(Clone, Debug)]
enum Request {
    Record(usize),
    Some(usize, Fields),
    List(ListQuery),
    Each(ListQuery, usize),
    Search(String),
    File(usize),
    Titles,
}

fn fields() -> impl Strategy<Value = Fields> {
    let names = ["theme", "budget", "summary", "contact", "members", "report", "initial", "grants"];
    prop::option::of(prop::sample::subsequence(names.to_vec(), 0..5).prop_map(|f| Arc::new(f.into_iter().map(str::to_string).collect())))
}

fn list() -> impl Strategy<Value = ListQuery> {
    let filter = prop_oneof![
        Just(("theme", Op::Contains, "t")),
        Just(("contact", Op::Contains, "山")),
        Just(("summary", Op::Filled, "")),
        Just(("members.who", Op::Eq, "佐藤")),
        Just(("year", Op::Eq, "2024")),
    ]
    .prop_map(|(column, op, value)| Filter {
        column: column.into(),
        op,
        values: if value.is_empty() { vec![] } else { vec![value.into()] },
    });
    let sort = prop::option::of(prop::sample::select(vec!["theme", "contact", "_id"])).prop_map(|s| s.map(|s| (s.to_string(), true)));
    (prop::collection::vec(filter, 0..2), sort, 0..3_u64, 0..6_u64, fields()).prop_map(|(filters, sort, offset, limit, fields)| ListQuery {
        register: "project".into(),
        filters,
        sort: sort.into_iter().collect(),
        offset,
        limit,
        fields,
        ..ListQuery::default()
    })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (0..8_usize).prop_map(Request::Record),
        (0..8_usize, fields()).prop_map(|(at, fields)| Request::Some(at, fields)),
        list().prop_map(Request::List),
        (list(), 0..6_usize).prop_map(|(query, most)| Request::Each(query, most)),
        prop::sample::select(vec!["t1", "題"]).prop_map(|text: &str| Request::Search(text.into())),
        (0..8_usize).prop_map(Request::File),
        Just(Request::Titles),
    ]
}

/// Asks, and gives what was returned of personal and commercial cells.
fn ask(snapshot: &Snapshot, ids: &[i64], request: &Request) -> BTreeSet<CellName> {
    let mut returned = BTreeSet::new();
    let mut take = |record: Record| returned.extend(sensitive(record.id, &record.content));
    let id = |at: &usize| ids.get(*at).copied().unwrap_or(9_999);
    match request {
        Request::Record(at) => snapshot.record("project", id(at)).unwrap().into_iter().for_each(take),
        Request::Some(at, fields) => snapshot.record_with("project", id(at), fields).unwrap().into_iter().for_each(take),
        Request::List(query) => snapshot.list(query).unwrap().rows.into_iter().for_each(take),
        Request::Each(query, most) => {
            let mut heard = 0;
            snapshot
                .each(query, &mut |record| {
                    take(record);
                    heard += 1;
                    if heard > *most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })
                .unwrap();
        }
        // Names alone, which are public.
        Request::Search(text) => assert!(snapshot.search_records(text, 10).unwrap().iter().all(|hit| !hit.title.ja.contains("山田"))),
        Request::File(at) => {
            let hash = snapshot.record("project", id(at)).unwrap().and_then(|record| {
                take(record.clone());
                record.content.get("report_sha256").cloned()
            });
            if let Some(Cell::Text(sha)) = hash {
                assert!(snapshot.names_file("project", id(at), &sha).unwrap());
            }
        }
        Request::Titles => {
            for found in snapshot.cells("project", &["theme", "contact"], "", &[]).unwrap() {
                returned.extend(found.cells[1].as_ref().map(|_| (found.id, "contact".to_string())));
            }
        }
    }
    returned
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_noted_is_exactly_what_was_returned(
        rows in shown(),
        commercial in shown(),
        personal in shown(),
        records in prop::collection::vec((prop::sample::select(vec!["draft", "closed"]), prop::sample::select(vec![None, Some(MINE), Some(THEIRS)])), 1..7),
        requests in prop::collection::vec(request(), 1..6),
        earlier in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), pack()).unwrap();
        let ids: Vec<i64> = records.iter().enumerate().map(|(i, (state, owner))| project(&store, &format!("t{i}"), state, *owner)).collect();
        let seq = store.head_seq();
        if earlier {
            submit(&store, amend("project", ids[0], 1, &[("theme", Some(t("題")))]));
        }
        let as_of = if earlier { AsOf::Seq(seq) } else { AsOf::Head };
        let mut snapshot = Snapshot::open(&folder.path().join("head.db"), pack(), as_of).unwrap();
        let columns = [(Sensitivity::Public, rows.clone()), (Sensitivity::Internal, rows.clone()), (Sensitivity::Commercial, commercial), (Sensitivity::Personal, personal)];
        let sight = RegisterSight { rows, columns: columns.into() };
        snapshot.narrow(Some(Arc::new(Sight(BTreeMap::from([("project".to_string(), sight)]))))).unwrap();
        let seen = Arc::new(Seen::default());
        snapshot.heed(Some(Arc::clone(&seen)));
        let returned: BTreeSet<CellName> = requests.iter().flat_map(|request| ask(&snapshot, &ids, request)).collect();
        prop_assert_eq!(noted(&seen), returned);
        prop_assert!(noted(&seen).is_empty(), "what was taken is not noted twice");
    }
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
fn whatever_is_changed_in_the_trail_is_found() {
    for (sql, problem) in [
        ("UPDATE reading SET told = replace(told, 'owner', 'nobody') WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET at = at - 1 WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET register = 'hub' WHERE seq = 2", Some(TrailProblem::Changed { seq: 2 })),
        ("UPDATE reading SET hash = zeroblob(32) WHERE seq = 3", Some(TrailProblem::Changed { seq: 3 })),
        ("UPDATE reading SET actor = NULL, first = NULL, last = NULL, told = NULL WHERE seq = 2", Some(TrailProblem::Missing { seq: 2 })),
        ("DELETE FROM reading WHERE seq = 2", Some(TrailProblem::Gap { expected: 2, found: 3 })),
        ("SELECT 1", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path());
        let ids: Vec<i64> = (0..4).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
        read(&store, &ids);
        drop(store);
        tamper(folder.path(), sql);
        let report = Store::verify_trail_beside(folder.path(), &place(folder.path()), &Actor::owner()).unwrap();
        assert_eq!(report.problems.first(), problem.as_ref(), "{sql}");
        assert_eq!(report.is_clean(), problem.is_none());
    }
}

#[test]
fn the_trail_itself_refuses_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id]);
    drop(store);
    for sql in ["DELETE FROM reading", "UPDATE reading SET at = 0", "UPDATE reading SET told = '{}'", "UPDATE reading SET actor = 'x'"] {
        let refused = match server() {
            Some(server) => client(&server, folder.path()).batch_execute(sql).is_err(),
            None => Connection::open(folder.path().join("trail.db")).unwrap().execute_batch(sql).is_err(),
        };
        assert!(refused, "{sql}");
    }
}

#[test]
fn an_anchor_shows_a_trail_that_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let ids: Vec<i64> = (0..3).map(|i| project(&store, &format!("t{i}"), "draft", None)).collect();
    read(&store, &ids);
    let (place, anchors) = (place(folder.path()), folder.path().join("anchors"));
    Store::anchor(folder.path(), &place, "test", &Actor::owner()).unwrap().unwrap().append(&anchors).unwrap();
    let check = || Store::verify_anchors(folder.path(), &place, &anchors, &Actor::owner()).unwrap().1;
    assert_eq!(check(), None);
    drop(store);
    tamper(folder.path(), "DELETE FROM reading WHERE seq = 3");
    assert!(Store::verify_trail_beside(folder.path(), &place, &Actor::owner()).unwrap().is_clean(), "by itself it is whole");
    assert!(check().is_some_and(|lost| lost.of_trail && lost.found.is_none()));
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

#[test]
fn what_is_over_is_dropped_and_the_chains_still_hold() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |readings, personal| {
        let mut pack = Pack::clone(&pack());
        pack.registers.get_mut("project").unwrap().retention = shirube_plan::Retention { readings, personal };
        Store::open_at(folder.path(), place(folder.path()), Arc::new(pack)).unwrap()
    };
    let store = kept(Some(0), Some(0));
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id]);
    std::thread::sleep(Duration::from_millis(5));
    let told = store.retain(&Actor::owner(), true).unwrap();
    assert_eq!((told.readings[0].entries, told.records.clone()), (2, vec![("project".to_string(), vec![id])]));
    assert_eq!(store.retain(&Actor::owner(), true).unwrap().readings[0].entries, 2, "a dry run drops nothing");
    store.retain(&Actor::owner(), false).unwrap();
    assert!(readings(&store).iter().all(|e| e.register != "project" || e.told.is_none()));
    let record = store.reader(&Actor::owner(), AsOf::Head).unwrap().record("project", id).unwrap().unwrap();
    assert!(!record.content.contains_key("contact") && record.content.contains_key("summary"));
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
    let report = store.verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.is_clean(), report.over), (true, 2), "{:?}", report.problems);
    assert!(store.retain(&Actor::owner(), false).unwrap() == shirube_store::Retained::default(), "nothing is over twice");
    drop(store);
    let store = kept(Some(1), Some(1));
    read(&store, &[id]);
    assert_eq!(store.retain(&Actor::owner(), true).unwrap(), shirube_store::Retained::default());
}

#[test]
fn a_trail_moves_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id, id]);
    let before = store.verify_trail(&Actor::owner()).unwrap();
    drop(store);
    let home = tempfile::tempdir().unwrap();
    Store::migrate(folder.path(), &place(folder.path()), &Target::Folder(home.path()), &Actor::owner()).unwrap();
    let after = Store::verify_trail_beside(home.path(), &shirube_store::LogPlace::Folder, &Actor::owner()).unwrap();
    assert_eq!((after.entries, &after), (3, &before));
}

#[test]
fn a_backup_holds_the_trail_and_brings_it_back() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open_store(folder.path());
    let id = project(&store, "t", "draft", None);
    read(&store, &[id, id, id]);
    let out = folder.path().join("backup");
    let manifest = Store::backup((folder.path(), &place(folder.path()).into()), &pack(), (&out, &Seal::Plain), &Actor::owner(), &|_| {});
    assert_eq!(manifest.unwrap().readings, 3);
    read(&store, &[id]);
    let archive = Archive { path: out.clone(), identities: vec![] };
    let how = Restore { pack: &pack(), until: AsOf::Head, redactions_from: None };
    Store::restore(&archive, (to.path(), &place(to.path()).into()), &how, &Actor::owner(), &|_| {}).unwrap();
    let restored = open_store(to.path());
    let report = restored.verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.entries, report.is_clean()), (3, true));
    read(&restored, &[id]);
    assert!(restored.verify_trail(&Actor::owner()).unwrap().is_clean(), "it goes on");
    // A reading changed in the backup is found, and nothing is restored.
    let bytes = std::fs::read(&out).unwrap();
    let needle = br#"actor\":\"owner"#;
    let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    let mut changed = bytes.clone();
    changed[at + needle.len() - 1] = b'x';
    std::fs::write(&out, changed).unwrap();
    assert!(Store::verify_backup(&archive, &Actor::owner(), &|_| {}).is_err());
}

/// Folder of the child that reads.
const CHILD: &str = "SHIRUBE_TRAIL_CHILD";

/// Reads until killed; does nothing when the test run calls it as a test.
#[test]
fn child_that_reads() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let store = open_store(Path::new(&folder));
    let ids: Vec<i64> = (0..4).map(|i| project(&store, &format!("{}-{i}", store.head_seq()), "draft", None)).collect();
    std::thread::scope(|scope| {
        for id in ids {
            let store = &store;
            scope.spawn(move || {
                loop {
                    read(store, &[id]);
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "read {id}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

#[test]
fn nothing_that_was_given_out_is_missing_from_the_trail_whenever_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut given: BTreeMap<i64, usize> = BTreeMap::new();
    for wait in [20, 60, 150, 300] {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "trail::child_that_reads", "--nocapture", "--test-threads=1"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.filter_map(|line| line.rsplit_once("read ")?.1.parse::<i64>().ok());
        *given.entry(lines.next().expect("the child reads")).or_default() += 1;
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(|id| *given.entry(id).or_default() += 1);
        let store = open_store(folder.path());
        assert!(store.verify_trail(&Actor::owner()).unwrap().is_clean());
    }
    let store = open_store(folder.path());
    for (id, times) in given {
        let look = Look { record: Some(id), only: Some(Only::Readings), limit: 10_000, ..Look::default() };
        let found = store.trail(&Actor::owner(), &look).unwrap().acts.len();
        assert!(found >= times, "record {id} was given out {times} times, the trail tells of {found}");
    }
}

#[test]
fn two_processes_append_to_one_trail() {
    let Some(server) = server() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let at = |folder: &Path| Store::open_at(folder, schema_place(&server, "two_trails"), pack()).unwrap();
    let stores = [at(folders[0].path()), at(folders[1].path())];
    let id = project(&stores[0], "t", "draft", None);
    while stores[1].head_seq() < id {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::scope(|scope| {
        for store in stores.iter().flat_map(|store| [store, store, store]) {
            scope.spawn(move || (0..25).for_each(|_| read(store, &[id])));
        }
    });
    let report = stores[1].verify_trail(&Actor::owner()).unwrap();
    assert_eq!((report.entries, report.is_clean()), (150, true), "{:?}", report.problems);
}
