//! Indicators on a store: every moment answers the same SQL, fenced in the same way.
#![allow(clippy::unwrap_used, clippy::panic)]

use shirube_indicator::{Cache, Mistake, Overrides, SqlValue, compute, derive};
use shirube_plan::Indicator;
use shirube_record::{Cell, Content, Origin, Scope};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, Store};
use std::sync::Arc;
use tempfile::TempDir;

fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), crate::common::base()).unwrap();
    (folder, store)
}

fn plant(store: &Store, tag: &str) {
    let text = |s: &str| Cell::Text(s.to_string());
    let content = Content::from([
        ("tag".to_string(), text(tag)),
        ("district".to_string(), text("north")),
        ("planted_on".to_string(), text("2025-12-01")),
        ("keeper".to_string(), text("木村")),
    ]);
    let command = Command::Create { register: "tree".into(), content, origin: Origin::default() };
    store.submit(&Actor::owner(), command).unwrap();
}

fn counted() -> Indicator {
    crate::common::indicator(
        "-- 台帳の木 / Trees of the register\nWITH t AS (SELECT _id, tag FROM tree)\nSELECT '2025' AS period, count(*) AS value FROM t",
        "",
    )
}

fn value(store: &Store, as_of: AsOf, indicator: &Indicator) -> f64 {
    let reader = store.reader(&Actor::owner(), as_of).unwrap();
    compute(&reader, indicator, &Overrides::new()).unwrap().observations[0].value.unwrap()
}

#[test]
fn a_past_moment_gives_what_was_known_then() {
    let (_folder, store) = store();
    let before = store.head_seq();
    plant(&store, "N-06");
    assert_eq!((value(&store, AsOf::Head, &counted()), value(&store, AsOf::Seq(before), &counted())), (11.0, 10.0));
}

#[test]
fn steps_of_a_past_moment_lead_to_the_same_records() {
    let (_folder, store) = store();
    plant(&store, "N-06");
    for as_of in [AsOf::Head, AsOf::Seq(store.head_seq() - 1)] {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        let derivation = derive(&reader, &counted(), &Overrides::new(), 2).unwrap();
        let step = &derivation.steps[0];
        assert_eq!((step.record_column.as_deref(), step.rows.len()), (Some("tree"), 2), "{as_of}");
        assert_eq!(step.origins[1].as_ref().unwrap().table, "tree");
        let SqlValue::Integer(id) = step.rows[0][0] else { panic!("no id") };
        let tag: String = reader.connection().query_row("SELECT tag FROM tree WHERE _id = ?1", [id], |r| r.get(0)).unwrap();
        assert_eq!(step.rows[0][1], SqlValue::Text(tag));
    }
}

#[test]
fn the_day_and_the_fiscal_year_are_those_of_the_moment() {
    let (_folder, store) = store();
    let sql = "SELECT :as_of AS period, :fiscal_year AS value";
    let reader = store.reader(&Actor::owner(), "2021-02-03".parse().unwrap()).unwrap();
    let computed = compute(&reader, &crate::common::indicator(sql, ""), &Overrides::new()).unwrap();
    assert_eq!((computed.observations[0].period.as_str(), computed.observations[0].value), ("2021-02-03", Some(2020.0)));
    assert_eq!((computed.as_of.as_str(), computed.fiscal_year), ("2021-02-03", 2020));
}

#[test]
fn persons_stay_out_of_sight_at_every_moment() {
    let (_folder, store) = store();
    plant(&store, "N-06");
    for as_of in [AsOf::Head, AsOf::Seq(store.head_seq() - 1)] {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        for sql in [
            "SELECT '2025' AS period, count(DISTINCT keeper) AS value FROM tree",
            "WITH t AS (SELECT * FROM tree) SELECT '2025' AS period, count(keeper) AS value FROM t",
        ] {
            let mistake = *compute(&reader, &crate::common::indicator(sql, ""), &Overrides::new()).unwrap_err().mistake;
            assert_eq!(mistake, Mistake::Personal { table: "tree".into(), column: "keeper".into() }, "{as_of}: {sql}");
        }
    }
}

#[test]
fn no_moment_can_be_read_around() {
    let (_folder, store) = store();
    plant(&store, "N-06");
    let reader = store.reader(&Actor::owner(), AsOf::Seq(store.head_seq() - 1)).unwrap();
    for sql in [
        "SELECT '2025' AS period, count(*) AS value FROM main.tree",
        "SELECT '2025' AS period, count(*) AS value FROM _past_tree",
        "WITH tree AS (SELECT * FROM _past_tree) SELECT '2025' AS period, count(*) AS value FROM tree",
        "SELECT '2025' AS period, count(*) AS value FROM _moment",
        "SELECT '2025' AS period, max(seq) AS value FROM _applied",
    ] {
        let mistake = *compute(&reader, &crate::common::indicator(sql, ""), &Overrides::new()).unwrap_err().mistake;
        assert!(matches!(mistake, Mistake::Bypass { .. } | Mistake::ForbiddenTable { .. }), "{sql}: {mistake:?}");
    }
}

#[test]
fn overrides_work_on_a_file_that_is_open_for_reading_only() {
    let (_folder, store) = store();
    plant(&store, "N-06");
    let rate = crate::common::indicator("SELECT '2025' AS period, value FROM assumption WHERE id = 'growth'", "assumptions = [\"growth\"]");
    for as_of in [AsOf::Head, AsOf::Seq(store.head_seq() - 1)] {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        let varied = compute(&reader, &rate, &Overrides::from([("growth".to_string(), 20.0)])).unwrap();
        let plain = compute(&reader, &rate, &Overrides::new()).unwrap();
        assert_eq!((varied.observations[0].value, plain.observations[0].value), (Some(20.0), Some(10.0)), "{as_of}");
    }
}

#[test]
fn a_cache_tells_moments_apart_and_can_forget() {
    let (_folder, store) = store();
    let cache = Cache::default();
    let read = |as_of| {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        cache.compute(&reader, &counted(), &Overrides::new()).unwrap().observations[0].value.unwrap()
    };
    let before = store.head_seq();
    assert_eq!(read(AsOf::Head), 10.0);
    plant(&store, "N-06");
    assert_eq!((read(AsOf::Head), read(AsOf::Seq(before))), (11.0, 10.0));
    cache.clear();
    assert!(cache.is_empty());
}

/// Whoever made it: another process has no way to tell this one's cache.
#[test]
fn a_redaction_changes_what_was_kept_of_the_past() {
    let (_folder, store) = store();
    let cache = Cache::default();
    let tagged = crate::common::indicator("SELECT '2025' AS period, count(*) AS value FROM tree WHERE tag = 'N-06'", "");
    plant(&store, "N-06");
    let then = store.head_seq();
    plant(&store, "N-07");
    let read = || {
        let reader = store.reader(&Actor::owner(), AsOf::Seq(then)).unwrap();
        cache.compute(&reader, &tagged, &Overrides::new()).unwrap().observations[0].value
    };
    assert_eq!((read(), read(), cache.len()), (Some(1.0), Some(1.0), 1));
    let reason = "asked for".to_string();
    store.submit(&Actor::owner(), Command::Redact { register: "tree".into(), record: then, scope: Scope::All, reason }).unwrap();
    assert_eq!(read(), Some(0.0));
}

#[test]
fn a_result_is_kept_until_something_it_reads_changes() {
    let (_folder, store) = store();
    let cache = Cache::default();
    let assumed = crate::common::indicator("SELECT '2025' AS period, value FROM assumption WHERE id = 'growth'", "");
    let read = |indicator: &Indicator| {
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        cache.compute(&reader, indicator, &Overrides::new()).unwrap()
    };
    let (trees, growth) = (read(&counted()), read(&Indicator { id: "growth".into(), ..assumed.clone() }));
    plant(&store, "N-06");
    assert!(Arc::ptr_eq(&growth, &read(&Indicator { id: "growth".into(), ..assumed })), "it reads no register");
    assert!(!Arc::ptr_eq(&trees, &read(&counted())), "a tree was planted");
    assert_eq!(read(&counted()).seq, store.head_seq());
}

#[test]
fn the_same_moment_gives_the_same_bytes() {
    let (_folder, store) = store();
    let before = store.head_seq();
    let json = |as_of| {
        let reader = store.reader(&Actor::owner(), as_of).unwrap();
        serde_json::to_string(&compute(&reader, &counted(), &Overrides::new()).unwrap()).unwrap()
    };
    let (then, now) = (json(AsOf::Seq(before)), json(AsOf::Head));
    assert_eq!(then, now);
    plant(&store, "N-06");
    assert_eq!(json(AsOf::Seq(before)), then);
}

#[test]
fn a_correction_explains_no_difference_that_records_make_later() {
    let folder = TempDir::new().unwrap();
    let mut files = crate::common::files_of(&crate::common::tests_folder().join("cases/audit"));
    files.retain(|name, _| name.contains('/') || name.ends_with(".toml"));
    let pack = crate::common::pack_with(files);
    let store = Store::open(folder.path(), pack).unwrap();
    let explained = || {
        let audit = shirube_indicator::audit(&store.reader(&Actor::owner(), AsOf::Head).unwrap());
        audit.lines.iter().find(|l| l.figure == "report/cost@2024").map(|l| (l.computed, l.explained))
    };
    assert_eq!(explained(), Some((Some(119_000.0), true)));
    let text = |s: &str| Cell::Text(s.to_string());
    let content = Content::from([
        ("tag".to_string(), text("N-99")),
        ("district".to_string(), text("north")),
        ("planted_on".to_string(), text("2024-12-01")),
        ("keeper".to_string(), text("木村")),
        ("cost".to_string(), Cell::Integer(40_000)),
    ]);
    store.submit(&Actor::owner(), Command::Create { register: "tree".into(), content, origin: Origin::default() }).unwrap();
    assert_eq!(explained(), Some((Some(159_000.0), false)));
}
