//! A narrowed snapshot: what may not be seen cannot be reached by way of it.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_plan::{Pack, Sensitivity};
use shirube_record::Cell;
use shirube_snapshot::{Alike, AsOf, Filter, ListQuery, Op, Organisations, RegisterSight, Shown, Sight, Snapshot, Total, Whose};
use shirube_store::{Actor, Store};
use std::{collections::BTreeMap, path::Path, sync::Arc};

const MINE: &str = "7000012050002";
const THEIRS: &str = "2000012010019";

/// The test pack with money internal, summaries commercial, and projects that belong to organisations.
fn pack() -> Arc<Pack> {
    owned(&[("budget", Sensitivity::Internal), ("grants", Sensitivity::Internal), ("summary", Sensitivity::Commercial)])
}

fn store(folder: &Path) -> Store {
    Store::open(folder, pack()).unwrap()
}

fn narrowed(folder: &Path, as_of: AsOf, project: RegisterSight) -> Snapshot {
    let mut snapshot = Snapshot::open(&folder.join("head.db"), pack(), as_of).unwrap();
    snapshot.narrow(Some(Arc::new(Sight(BTreeMap::from([("project".to_string(), project)]))))).unwrap();
    snapshot
}

fn everywhere(sensitivities: &[Sensitivity]) -> RegisterSight {
    RegisterSight { rows: Shown::All, columns: sensitivities.iter().map(|s| (*s, Shown::All)).collect() }
}

fn project(store: &Store, theme: &str, organisation: &str) -> i64 {
    let grant = BTreeMap::from([("year".to_string(), n(2024)), ("amount".to_string(), n(5))]);
    let member = BTreeMap::from([("who".to_string(), t("佐藤")), ("role".to_string(), t("代表"))]);
    submit(
        store,
        create(
            "project",
            &[
                ("theme", t(theme)),
                ("year", n(2024)),
                ("budget", n(1_000_000)),
                ("summary", t("秘密の設計")),
                ("contact", t("山田太郎")),
                ("organisation", t("機関")),
                ("organisation_number", t(organisation)),
                ("stage", Cell::Missing { missing: "unknown".into() }),
                ("share", Cell::Missing { missing: "suppressed".into() }),
                ("grants", Cell::Rows(vec![grant])),
                ("members", Cell::Rows(vec![member])),
            ],
        ),
    )
    .record
}

fn themes(snapshot: &Snapshot, query: ListQuery) -> Vec<String> {
    let page = snapshot.list(&ListQuery { register: "project".into(), limit: 100, ..query }).unwrap();
    assert_eq!(page.total.count(), page.rows.len() as u64, "the total counts what is seen and nothing else");
    page.rows.iter().map(|r| r.content.get("theme").map_or_else(String::new, |c| format!("{c:?}"))).collect()
}

fn filter(column: &str, op: Op, value: &str) -> ListQuery {
    let values = if value.is_empty() { vec![] } else { vec![value.to_string()] };
    ListQuery { filters: vec![Filter { column: column.into(), op, values }], ..ListQuery::default() }
}

#[test]
fn hidden_columns_are_blank_and_cannot_be_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let id = project(&store, "弁", MINE);
    let snapshot = narrowed(folder.path(), AsOf::Head, everywhere(&[Sensitivity::Public]));
    let record = snapshot.record("project", id).unwrap().unwrap();
    for hidden in [
        "budget",
        "budget_currency",
        "summary",
        "contact",
        "contact_email",
        "initial",
        "big",
        "kind",
        "grants",
        "grants.amount",
        "members.who",
    ] {
        assert!(record.hidden.contains(hidden), "{hidden}");
        assert!(!record.content.contains_key(hidden), "{hidden}");
    }
    assert!(!record.hidden.contains("theme") && !record.hidden.contains("members"));
    let Some(Cell::Rows(members)) = record.content.get("members") else { panic!("{record:?}") };
    assert_eq!(members[0].get("role"), Some(&t("代表")));
    assert_eq!(members[0].get("who"), None);
    // Filters, sorts and searches see what the reader sees.
    for (column, op, value) in [
        ("budget", Op::Eq, "1000000"),
        ("budget", Op::Filled, ""),
        ("summary", Op::Contains, "設計"),
        ("contact", Op::Eq, "山田太郎"),
        ("initial", Op::Eq, "山"),
        ("big", Op::Eq, "1"),
        ("grants.amount", Op::Eq, "5"),
        ("members.who", Op::Eq, "佐藤"),
    ] {
        assert_eq!(themes(&snapshot, filter(column, op, value)), Vec::<String>::new(), "{column}");
    }
    assert_eq!(themes(&snapshot, filter("members.role", Op::Eq, "代表")).len(), 1);
    assert_eq!(themes(&snapshot, ListQuery { text: Some("設計".into()), ..ListQuery::default() }).len(), 0);
    assert_eq!(themes(&snapshot, ListQuery { text: Some("弁".into()), ..ListQuery::default() }).len(), 1);
    assert!(snapshot.search("山田", 10).unwrap().is_empty());
    let first: Option<String> =
        snapshot.connection().query_row("SELECT coalesce(contact, summary, budget, initial) FROM project", [], |r| r.get(0)).unwrap();
    assert_eq!(first, None);
}

#[test]
fn the_kept_count_is_the_total_for_who_sees_every_row_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let opened = store(folder.path());
    project(&opened, "弁", MINE);
    let before = opened.head_seq();
    project(&opened, "管", MINE);
    project(&opened, "膜", THEIRS);
    drop(opened);
    // A count that no counting gives shows where a total comes from.
    let head = rusqlite::Connection::open(folder.path().join("head.db")).unwrap();
    assert_eq!(head.execute("UPDATE _count SET n = 77 WHERE register = 'project' AND n = 3", []).unwrap(), 1);
    let organisations = Organisations { numbers: [MINE.to_string()].into(), ids: [].into() };
    let own = Shown::Some(vec![Alike { state: Some("draft".into()), owner: Whose::Of(organisations), synthetic: false }]);
    let total = |as_of: AsOf, sight: RegisterSight, query: ListQuery| {
        narrowed(folder.path(), as_of, sight).list(&ListQuery { register: "project".into(), limit: 1, ..query }).unwrap().total
    };
    let public = || everywhere(&[Sensitivity::Public]);
    assert_eq!(total(AsOf::Head, public(), ListQuery::default()), Total::Exactly(77), "hidden columns hide no row");
    assert_eq!(total(AsOf::Head, public(), filter("year", Op::Eq, "2024")), Total::Exactly(3));
    assert_eq!(total(AsOf::Seq(before), public(), ListQuery::default()), Total::Exactly(1));
    let sight = RegisterSight { columns: [(Sensitivity::Public, own.clone())].into(), rows: own.clone() };
    assert_eq!(total(AsOf::Head, sight, ListQuery::default()), Total::Exactly(2));
    let sight = RegisterSight { columns: [(Sensitivity::Public, own)].into(), rows: Shown::All };
    assert_eq!(total(AsOf::Head, sight, ListQuery::default()), Total::Exactly(3));
    assert_eq!(total(AsOf::Head, RegisterSight::default(), ListQuery::default()), Total::Exactly(0));
}

#[test]
fn rows_that_are_not_shown_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let (mine, theirs) = (project(&store, "弁", MINE), project(&store, "管", THEIRS));
    submit(&store, create("hub", &[("name", t("東京"))]));
    let organisations = Organisations { numbers: [MINE.to_string()].into(), ids: [].into() };
    let own = Shown::Some(vec![Alike { state: Some("draft".into()), owner: Whose::Of(organisations), synthetic: false }]);
    let sight = RegisterSight { columns: [(Sensitivity::Public, own.clone())].into(), rows: own };
    let seq = store.head_seq();
    submit(&store, amend("project", mine, 1, &[("theme", Some(t("弁2")))]));
    for (as_of, theme) in [(AsOf::Head, "弁2"), (AsOf::Seq(seq), "弁")] {
        let snapshot = narrowed(folder.path(), as_of, sight.clone());
        assert_eq!(themes(&snapshot, ListQuery::default()), [format!("{:?}", t(theme))], "{as_of}");
        assert!(snapshot.record("project", theirs).unwrap().is_none());
        assert_eq!(snapshot.count(&ListQuery { register: "project".into(), ..filter("year", Op::Eq, "2024") }).unwrap(), 1);
        let count = |sql: &str| snapshot.connection().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM project"), 1);
        assert_eq!(count("SELECT count(*) FROM project__members"), 1);
        assert_eq!(count("SELECT count(*) FROM project__grants"), 0, "a field that is hidden has no rows");
        assert_eq!(count("SELECT count(*) FROM hub"), 0, "what a sight does not name is not seen");
        assert!(snapshot.search("管", 10).unwrap().is_empty() && snapshot.search("東京", 10).unwrap().is_empty());
    }
}

#[test]
fn the_tables_behind_the_views_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    project(&store, "弁", MINE);
    let mut snapshot = narrowed(folder.path(), AsOf::Head, everywhere(&[]));
    for sql in [
        "SELECT contact FROM main.project",
        "SELECT count(_id) FROM main.project",
        "SELECT contact FROM main._past_project",
        "SELECT who FROM main.project__members",
        "WITH project AS (SELECT * FROM main.project) SELECT contact FROM project",
        "SELECT contact FROM (SELECT * FROM main.project) AS project",
        "SELECT name FROM temp.sqlite_schema",
        "SELECT sql FROM sqlite_temp_master",
    ] {
        let error = snapshot.connection().prepare(sql).err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|e| e.contains("not authorized") || e.contains("prohibited")), "{sql}: {error:?}");
    }
    snapshot.narrow(None).unwrap();
    let contact: String = snapshot.connection().query_row("SELECT contact FROM main.project", [], |r| r.get(0)).unwrap();
    assert_eq!(contact, "山田太郎");
}

#[test]
fn reasons_for_blanks_go_with_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let id = project(&store, "弁", MINE);
    let record = narrowed(folder.path(), AsOf::Head, everywhere(&[Sensitivity::Public])).record("project", id).unwrap().unwrap();
    assert_eq!(record.content.get("stage"), None, "a group with hidden columns takes all reasons along");
    let all = [Sensitivity::Public, Sensitivity::Internal, Sensitivity::Commercial, Sensitivity::Personal];
    let record = narrowed(folder.path(), AsOf::Head, everywhere(&all)).record("project", id).unwrap().unwrap();
    assert_eq!(record.content.get("stage"), Some(&Cell::Missing { missing: "unknown".into() }));
    assert!(record.hidden.is_empty());
}

#[test]
fn a_snapshot_turns_from_one_reader_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let id = project(&store, "弁", MINE);
    let mut snapshot = narrowed(folder.path(), AsOf::Head, everywhere(&[Sensitivity::Public]));
    let budget = |s: &Snapshot| s.record("project", id).unwrap().unwrap().content.get("budget").cloned();
    let sql = |s: &Snapshot| {
        s.connection().prepare_cached("SELECT budget FROM project").unwrap().query_row([], |r| r.get::<_, Option<i64>>(0)).unwrap()
    };
    assert_eq!((budget(&snapshot), sql(&snapshot)), (None, None));
    snapshot.narrow(None).unwrap();
    assert_eq!((budget(&snapshot), sql(&snapshot)), (Some(n(1_000_000)), Some(1_000_000)));
    let sight = Sight(BTreeMap::from([("project".to_string(), everywhere(&[Sensitivity::Internal]))]));
    snapshot.narrow(Some(Arc::new(sight))).unwrap();
    snapshot.turn_to(AsOf::Seq(store.head_seq())).unwrap();
    assert_eq!((budget(&snapshot), sql(&snapshot)), (Some(n(1_000_000)), Some(1_000_000)));
    snapshot.narrow(Some(Arc::new(Sight::default()))).unwrap();
    assert!(snapshot.record("project", id).unwrap().is_none());
}

fn shown() -> impl Strategy<Value = Shown> {
    let owner = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(of, mine, theirs)| {
        let numbers = [(mine, MINE), (theirs, THEIRS)].into_iter().filter(|(is, _)| *is).map(|(_, n)| n.to_string()).collect();
        let organisations = Organisations { numbers, ids: [].into() };
        if of { Whose::Of(organisations) } else { Whose::NotOf(organisations) }
    });
    let alike = (prop::sample::select(vec!["draft", "closed"]), owner, any::<bool>()).prop_map(|(state, owner, synthetic)| Alike {
        state: Some(state.into()),
        owner,
        synthetic,
    });
    prop_oneof![Just(Shown::All), Just(Shown::None), prop::collection::vec(alike, 0..4).prop_map(Shown::Some)]
}

/// The rule in plain words, to hold the SQL against.
fn is_shown(shown: &Shown, state: &str, owner: Option<&str>, synthetic: bool) -> bool {
    let Shown::Some(alike) = shown else { return *shown == Shown::All };
    alike.iter().any(|a| {
        let own = match &a.owner {
            Whose::Of(o) => owner.is_some_and(|n| o.numbers.contains(n)),
            Whose::NotOf(o) => !owner.is_some_and(|n| o.numbers.contains(n)),
        };
        a.state.as_deref() == Some(state) && a.synthetic == synthetic && own
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_sees_exactly_what_the_sight_says(
        rows in shown(),
        internal in shown(),
        records in prop::collection::vec((prop::sample::select(vec!["draft", "closed"]), prop::sample::select(vec![None, Some(MINE), Some(THEIRS)])), 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        for (i, (state, owner)) in records.iter().enumerate() {
            let mut columns = vec![("theme", t(&format!("t{i}"))), ("budget", n(i as i64)), ("_state", t(state))];
            columns.extend(owner.map(|o| ("organisation_number", t(o))));
            submit(&store, create("project", &columns));
        }
        let sight = RegisterSight { rows: rows.clone(), columns: [(Sensitivity::Public, rows.clone()), (Sensitivity::Internal, internal.clone())].into() };
        let snapshot = narrowed(folder.path(), AsOf::Head, sight);
        let page = snapshot.list(&ListQuery { register: "project".into(), sort: vec![("_id".into(), false)], limit: 100, ..ListQuery::default() }).unwrap();
        let seen: Vec<(Cell, Option<Cell>)> = page.rows.iter().map(|r| (r.content["theme"].clone(), r.content.get("budget").cloned())).collect();
        let expected: Vec<(Cell, Option<Cell>)> = records
            .iter()
            .enumerate()
            .filter(|(_, (state, owner))| is_shown(&rows, state, *owner, false))
            .map(|(i, (state, owner))| (t(&format!("t{i}")), is_shown(&internal, state, *owner, false).then(|| n(i as i64))))
            .collect();
        prop_assert_eq!(seen, expected);
        drop(store.reader(&Actor::owner(), AsOf::Head).unwrap());
    }
}
