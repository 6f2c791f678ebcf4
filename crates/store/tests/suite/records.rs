//! What may be recorded, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_plan::{NumberPart, Numbering, Storage};
use shirube_record::{Cell, Content, Origin, Scope};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, Store, StoreError};
use std::sync::Arc;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn ask<T: rusqlite::types::FromSql>(store: &Store, sql: &str) -> T {
    store.reader(&Actor::owner(), AsOf::Head).unwrap().connection().query_row(sql, [], |r| r.get(0)).unwrap()
}

#[test]
fn a_record_is_numbered_derived_and_readable_by_sql() {
    let folder = folder();
    let store = open(folder.path());
    let hub = submit(&store, create("hub", &[("name", t("東京"))]));
    assert_eq!((hub.seq, hub.record, hub.version, hub.number.as_deref()), (1, 1, 1, Some("H001")));
    let grant = content(&[("year", n(2024)), ("amount", n(500))]);
    let project = submit(
        &store,
        create(
            "project",
            &[
                ("theme", t("弁")),
                ("year", n(2024)),
                ("stage", t("basic")),
                ("stages", Cell::List(vec!["applied".into(), "basic".into()])),
                ("budget", n(2000)),
                ("share", Cell::Real(0.25)),
                ("hub", n(1)),
                ("ended_on", Cell::Missing { missing: "unknown".into() }),
                ("grants", Cell::Rows(vec![grant])),
            ],
        ),
    );
    assert!(project.number.unwrap().starts_with("PRJ-20"));
    let row: String = ask(
        &store,
        "SELECT json_array(_id, _version, _seq, _state, budget, budget_currency, kind, big, share, hub, ended_on, _missing ->> 'ended_on') FROM project",
    );
    assert_eq!(row, r#"[2,1,2,"draft",2000,"JPY","big basic",1,0.25,1,null,"unknown"]"#);
    assert_eq!(ask::<String>(&store, "SELECT group_concat(position || value, ' ') FROM project__stages"), "1applied 2basic");
    assert_eq!(
        ask::<String>(&store, "SELECT json_array(position, year, amount, amount_currency) FROM project__grants"),
        r#"[1,2024,500,"JPY"]"#
    );
    assert_eq!(ask::<i64>(&store, "SELECT _created_at = _updated_at AND _created_at LIKE '20__-__-__T__:__:__.___Z' FROM project"), 1);
}

#[test]
fn a_citation_travels_with_the_record() {
    let folder = folder();
    let store = open(folder.path());
    let origin = Origin { source: Some("d1".into()), heading: Some("見出し".into()), quote: Some("（1）".into()), synthetic: true };
    submit(&store, Command::Create { register: "hub".into(), content: content(&[("name", t("x"))]), origin });
    assert_eq!(ask::<String>(&store, "SELECT json_array(_source, _heading, _quote, _synthetic) FROM hub"), r#"["d1","見出し","（1）",1]"#);
}

#[test]
fn what_stands_beside_values_has_bounds_and_a_citation_names_a_source_of_the_pack() {
    let folder = folder();
    let store = open(folder.path());
    let long = |n: usize| Some("長".repeat(n));
    let origin = Origin { source: Some("nowhere".into()), heading: long(1_001), quote: long(10_001), synthetic: false };
    let made = Command::Create { register: "hub".into(), content: content(&[("name", t("x"))]), origin };
    let expected = [("_source", "not-a-code"), ("_heading", "too-long"), ("_quote", "too-long")];
    assert_eq!(mistakes(&refusal(&store, made)), expected.map(|(c, m)| (c.to_string(), m)));
    let origin = Origin { source: Some("d1".into()), heading: long(1_000), quote: long(10_000), synthetic: false };
    let record = submit(&store, Command::Create { register: "hub".into(), content: content(&[("name", t("x"))]), origin }).record;
    let amend = |reason: Option<String>, source: &str| Command::Amend {
        register: "hub".into(),
        record,
        version: 1,
        content: [("name", Some(t("y"))), ("_source", Some(t(source)))].map(|(c, v)| (c.to_string(), v)).into(),
        reason,
    };
    let expected = [("_reason", "too-long"), ("_source", "not-a-code")];
    assert_eq!(mistakes(&refusal(&store, amend(long(2_001), "nowhere"))), expected.map(|(c, m)| (c.to_string(), m)));
    let redact = |reason| Command::Redact { register: "hub".into(), record, scope: Scope::All, reason };
    assert_eq!(mistakes(&refusal(&store, redact("長".repeat(2_001)))), [("_reason".to_string(), "too-long")]);
    submit(&store, amend(long(2_000), "d1"));
}

#[test]
fn what_breaks_the_rules_is_refused_with_every_mistake() {
    let folder = folder();
    let store = open(folder.path());
    let error = refusal(&store, create("project", &[("stage", t("none")), ("hub", n(99)), ("budget", n(-1)), ("colour", t("red"))]));
    let expected =
        [("budget", "too-small"), ("colour", "no-such-column"), ("stage", "not-a-code"), ("theme", "required"), ("hub", "no-such-record")];
    assert_eq!(mistakes(&error), expected.map(|(c, m)| (c.to_string(), m)));
    let error = refusal(&store, create("project", &[("theme", t("a")), ("started_on", t("2024-02-01")), ("ended_on", t("2024-01-01"))]));
    assert_eq!(mistakes(&error), [("ended_on".to_string(), "check")]);
    let error = refusal(&store, create("project", &[("theme", t("a")), ("big", n(1))]));
    assert_eq!(mistakes(&error), [("big".to_string(), "computed")]);
    assert!(matches!(refusal(&store, create("nothing", &[])), StoreError::NoSuchRegister(name) if name == "nothing"));
    assert_eq!(store.head_seq(), 0);
}

#[test]
fn a_check_that_cannot_be_decided_passes() {
    let folder = folder();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("a")), ("started_on", t("2024-02-01"))]));
}

#[test]
fn keys_and_unique_fields_are_held_once() {
    let folder = folder();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("a")), ("year", n(2024)), ("code", t("X"))]));
    let error = refusal(&store, create("project", &[("theme", t("a")), ("year", n(2024)), ("code", t("X"))]));
    assert_eq!(mistakes(&error), [("code".to_string(), "taken"), ("year".to_string(), "taken")]);
    // A blank part of the key equals a blank; a blank unique field equals nothing.
    submit(&store, create("project", &[("theme", t("a"))]));
    assert_eq!(mistakes(&refusal(&store, create("project", &[("theme", t("a"))]))), [("year".to_string(), "taken")]);
    let third = submit(&store, create("project", &[("theme", t("b"))]));
    // A record is not in its own way.
    submit(&store, amend("project", third.record, 1, &[("budget", Some(n(1)))]));
    let error = refusal(&store, amend("project", third.record, 2, &[("theme", Some(t("a")))]));
    assert_eq!(mistakes(&error), [("year".to_string(), "taken")]);
}

#[test]
fn amendments_carry_the_version_they_were_made_on() {
    let folder = folder();
    let store = open(folder.path());
    let record =
        submit(&store, create("project", &[("theme", t("a")), ("budget", n(1)), ("stages", Cell::List(vec!["basic".into()]))])).record;
    let receipt = submit(&store, amend("project", record, 1, &[("budget", Some(n(5000))), ("stages", None)]));
    assert_eq!(receipt.version, 2);
    assert_eq!(
        ask::<String>(&store, "SELECT json_array(budget, big, _version, (SELECT count(*) FROM project__stages)) FROM project"),
        "[5000,1,2,0]"
    );
    match refusal(&store, amend("project", record, 1, &[("budget", Some(n(2)))])) {
        StoreError::VersionConflict { current: 2, given: 1, .. } => {}
        other => panic!("{other}"),
    }
    assert!(matches!(refusal(&store, amend("project", record, 2, &[("budget", Some(n(5000)))])), StoreError::NothingChanged));
    assert!(matches!(refusal(&store, amend("project", 77, 1, &[])), StoreError::NoSuchRecord { record: 77, .. }));
    assert_eq!(mistakes(&refusal(&store, amend("project", record, 2, &[("theme", None)]))), [("theme".to_string(), "required")]);
}

#[test]
fn records_move_through_their_lifecycle() {
    let folder = folder();
    let store = open(folder.path());
    let record = submit(&store, create("project", &[("theme", t("a"))])).record;
    let go = |transition: &str, version, columns: &[(&str, Option<Cell>)]| Command::Transition {
        register: "project".into(),
        record,
        version,
        transition: transition.into(),
        content: changes(columns),
        reason: None,
    };
    assert_eq!(mistakes(&refusal(&store, go("approve", 1, &[]))), [("approved_on".to_string(), "required")]);
    submit(&store, go("approve", 1, &[("approved_on", Some(t("2024-05-01")))]));
    assert_eq!(ask::<String>(&store, "SELECT _state || approved_on FROM project"), "approved2024-05-01");
    match refusal(&store, go("approve", 2, &[])) {
        StoreError::WrongState { state, from, .. } => assert_eq!((state.as_str(), from), ("approved", vec!["draft".to_string()])),
        other => panic!("{other}"),
    }
    assert!(matches!(refusal(&store, go("shelve", 2, &[])), StoreError::NoSuchTransition { .. }));
    submit(&store, go("close", 2, &[]));
    assert_eq!(ask::<String>(&store, "SELECT _state FROM project"), "closed");
    assert!(matches!(refusal(&store, go("reopen", 3, &[])), StoreError::ReasonRequired));
    let Command::Transition { register, record, version, transition, content, .. } = go("reopen", 3, &[]) else { panic!() };
    submit(&store, Command::Transition { register, record, version, transition, content, reason: Some("closed too early".into()) });
    assert_eq!(ask::<String>(&store, "SELECT _state FROM project"), "draft");
}

#[test]
fn records_taken_over_may_begin_in_a_later_state() {
    let folder = folder();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("a")), ("_state", t("closed"))]));
    let skipped = refusal(&store, create("project", &[("theme", t("b")), ("_state", t("approved"))]));
    assert_eq!(mistakes(&skipped), [("approved_on".to_string(), "required")], "no way around what a transition demands");
    assert_eq!(ask::<String>(&store, "SELECT _state FROM project"), "closed");
    assert!(
        matches!(refusal(&store, create("project", &[("theme", t("b")), ("_state", t("lost"))])), StoreError::NoSuchState { state, .. } if state == "lost")
    );
}

#[test]
fn files_are_attached_and_read_back() {
    let folder = folder();
    let store = open(folder.path());
    let record = submit(&store, create("project", &[("theme", t("a"))])).record;
    let attach = |field: &str, bytes: &[u8]| Command::Attach {
        register: "project".into(),
        record,
        version: 1,
        field: field.into(),
        name: "r.txt".into(),
        media: "text/plain".into(),
        bytes: bytes.to_vec(),
        reason: None,
    };
    assert!(matches!(refusal(&store, attach("theme", b"x")), StoreError::NotAnAttachment { .. }));
    assert_eq!(mistakes(&refusal(&store, attach("report", &[0; 1001]))), [("report_size".to_string(), "file-too-large")]);
    submit(&store, attach("report", b"hello"));
    let sha: String = ask(&store, "SELECT report_sha256 FROM project WHERE report = 'r.txt' AND report_size = 5");
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    assert_eq!(store.file(&reader, "project", record, &sha).unwrap(), b"hello");
    for (record, bad) in [(record, "../log.db"), (record, &*"a".repeat(64)), (record + 1, &*sha)] {
        assert!(matches!(store.file(&reader, "project", record, bad), Err(StoreError::NoSuchFile(_))));
    }
}

#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    let folder = folder();
    let store = open(folder.path());
    let batch = |bad: bool| {
        let mut commands: Vec<Command> = (0..2500).map(|i| create("hub", &[("name", t(&format!("hub {i}")))])).collect();
        if bad {
            commands[7] = create("hub", &[]);
            commands[2499] = create("hub", &[("name", t("hub 3"))]);
        }
        commands
    };
    let error = store.submit_all(&Actor::owner(), batch(true), &|_| {}).unwrap_err();
    assert_eq!(error.errors.iter().map(|e| e.0).collect::<Vec<_>>(), [7, 2499]);
    assert_eq!(ask::<i64>(&store, "SELECT count(*) FROM hub"), 0);
    let seen = std::cell::RefCell::new(vec![]);
    let would = store.check_all(&Actor::owner(), batch(false), &|n| seen.borrow_mut().push(n)).unwrap();
    assert_eq!((would.len(), ask::<i64>(&store, "SELECT count(*) FROM hub")), (2500, 0));
    assert_eq!(*seen.borrow(), [1000, 2000]);
    let receipts = store.submit_all(&Actor::owner(), batch(false), &|_| {}).unwrap();
    assert_eq!(receipts, would);
    assert_eq!(ask::<String>(&store, "SELECT count(*) || max(_number) FROM hub"), "2500H999");
    assert_eq!(receipts[2499].number.as_deref(), Some("H2500"));
    let hub = submit(&store, create("hub", &[("name", t("next"))]));
    assert_eq!((hub.seq, hub.number.as_deref()), (2501, Some("H2501")));
}

#[test]
fn a_changed_scheme_gives_no_number_twice() {
    let folder = folder();
    let hubs = |from: i64, to: i64| (from..to).map(|i| create("hub", &[("name", t(&format!("hub {i}")))])).collect::<Vec<_>>();
    let with = |parts: Vec<NumberPart>| {
        let mut pack = pack();
        pack.registers.get_mut("hub").unwrap().number = Some(Numbering { parts });
        open_with(folder.path(), Arc::new(pack)).unwrap()
    };
    let literal = |text: &str| NumberPart::Literal(text.into());
    let store = with(vec![literal("H0"), NumberPart::Seq(1), literal("5")]);
    store.submit_all(&Actor::owner(), hubs(0, 2), &|_| {}).unwrap();
    drop(store);
    let store = with(vec![literal("H"), NumberPart::Seq(3)]);
    let receipts = store.submit_all(&Actor::owner(), hubs(2, 40), &|_| {}).unwrap();
    let given = |i: usize| receipts[i].number.as_deref().unwrap();
    // H015 and H025 are given: the one that would get it gets the next, and so on.
    assert_eq!((given(0), given(11), given(12), given(13)), ("H003", "H014", "H016", "H017"));
    assert_eq!(ask::<i64>(&store, "SELECT count(*) - count(DISTINCT _number) FROM hub"), 0);
}

#[test]
fn many_submitters_at_once_lose_nothing() {
    let folder = folder();
    let store = Arc::new(open(folder.path()));
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let store = store.clone();
            std::thread::spawn(move || {
                (0..25).map(|i| submit(&store, create("hub", &[("name", t(&format!("{thread}-{i}")))])).seq).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut seqs: Vec<i64> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    seqs.sort();
    assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
    assert!(store.verify(&Actor::owner()).unwrap().is_clean());
}

#[test]
fn strangers_may_do_nothing() {
    let folder = folder();
    let store = open(folder.path());
    let hub = submit(&store, create("hub", &[("name", t("東京"))])).record;
    let stranger = stranger(store.pack());
    let denied = |result: Result<(), StoreError>| matches!(result, Err(StoreError::Denied { actor }) if actor == "person:stranger");
    assert!(denied(store.submit(&stranger, create("hub", &[("name", t("x"))])).map(drop)));
    assert!(denied(store.submit(&stranger, create("hub", &[])).map(drop)), "before the content is looked at");
    assert!(store.submit_all(&stranger, vec![create("hub", &[("name", t("x"))])], &|_| {}).is_err());
    let reader = store.reader(&stranger, AsOf::Head).unwrap();
    assert!(reader.record("hub", hub).unwrap().is_none());
    // What is not to be seen is not there, whatever is tried.
    let absent = |result: Result<(), StoreError>| matches!(result, Err(StoreError::NoSuchRecord { .. }));
    assert!(absent(store.history(&stranger, "hub", hub).map(drop)));
    for version in [1, 7] {
        assert!(absent(store.submit(&stranger, amend("hub", hub, version, &[("name", Some(t("y")))])).map(drop)));
    }
    let erase = Command::Redact { register: "hub".into(), record: hub, scope: shirube_record::Scope::All, reason: "x".into() };
    assert!(absent(store.submit(&stranger, erase).map(drop)));
    assert!(denied(store.verify(&stranger).map(drop)));
    assert!(denied(store.rebuild_head(&stranger)));
    assert!(denied(keep(&store, &stranger, b"x").map(drop)));
}

#[test]
fn a_folder_is_open_once() {
    let folder = folder();
    let store = open(folder.path());
    assert!(matches!(open_with(folder.path(), Arc::new(pack())), Err(StoreError::InUse(_))));
    drop(store);
    open(folder.path());
}

#[test]
fn another_database_is_no_log() {
    let folder = folder();
    let other = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    assert!(matches!(Store::open(folder.path(), Arc::new(pack())), Err(StoreError::NotALog(_))));
}

#[test]
fn a_rule_whose_sql_fails_says_where_to_mend_it() {
    let mut pack = pack();
    let project = pack.registers.get_mut("project").unwrap();
    project.checks[0].sql = "json_extract(theme, '$') = 1".into();
    let folder = folder();
    let store = open_with(folder.path(), Arc::new(pack)).unwrap();
    assert!(
        matches!(refusal(&store, create("project", &[("theme", t("{"))])), StoreError::Rule(error) if error.to_string().contains("registers/project.toml"))
    );
}

#[test]
fn history_tells_every_version() {
    let folder = folder();
    let store = open(folder.path());
    let record = submit(&store, create("project", &[("theme", t("a")), ("budget", n(1))])).record;
    submit(&store, amend("project", record, 1, &[("budget", None), ("theme", Some(t("b")))]));
    let history = store.history(&Actor::owner(), "project", record).unwrap();
    assert_eq!(history.len(), 2);
    let changed: Vec<_> = history[1].changes.iter().map(|c| (c.column.as_str(), c.before.clone(), c.after.clone())).collect();
    assert_eq!(changed, [("budget", Some(n(1)), None), ("budget_currency", Some(t("JPY")), None), ("theme", Some(t("a")), Some(t("b")))]);
    assert_eq!((history[1].reason.as_deref(), history[1].actor.as_str(), history[1].version), (Some("because"), "owner", 2));
    assert_eq!(history[1].content, content(&[("theme", t("b"))]) as Content);
    assert!(matches!(store.history(&Actor::owner(), "hub", record), Err(StoreError::NoSuchRecord { .. })));
    assert!(matches!(store.history(&Actor::owner(), "nothing", record), Err(StoreError::NoSuchRegister(_))));
}

#[test]
fn tables_follow_a_changed_pack_and_the_log_keeps_everything() {
    let folder = folder();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("7")), ("budget", n(1))]));
    drop(store);
    let mut changed = pack();
    let project = changed.registers.get_mut("project").unwrap();
    project.fields.retain(|f| f.name != "budget" && f.name != "big" && f.name != "kind");
    for field in &mut project.fields {
        if field.name == "theme" {
            field.kind = shirube_plan::FieldKind::Integer { min: None, max: None, unit: None };
        }
    }
    project.fields.push(field("twice", shirube_plan::FieldKind::Derived { sql: "theme * 2".into(), stored_as: Storage::Integer }));
    let store = open_with(folder.path(), Arc::new(changed)).unwrap();
    assert_eq!(ask::<i64>(&store, "SELECT theme + twice FROM project"), 21);
    drop(store);
    let store = open(folder.path());
    assert_eq!(ask::<String>(&store, "SELECT theme || budget FROM project"), "71");
}
