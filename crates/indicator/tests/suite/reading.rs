//! Reading leaves everything as it was: overrides, caches, fences.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use shirube_indicator::{Cache, Mistake, Overrides, SqlValue, compute, derive, render};
use shirube_plan::{Lang, Sensitivity};
use std::{collections::BTreeMap, sync::Arc};

const GROWN: &str = "-- 伸び / Growth\nWITH g AS (SELECT value AS rate FROM assumption WHERE id = 'growth')\nSELECT '2024' AS period, count(*) * (1 + (SELECT rate FROM g) / 100.0) AS value FROM tree";
const INPUTS: &str = "assumptions = [\"growth\"]";

fn overrides(value: f64) -> Overrides {
    Overrides::from([("growth".to_string(), value)])
}

/// Everything stored, as text.
fn content(connection: &rusqlite::Connection) -> String {
    let mut all = String::new();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' UNION ALL SELECT 'temp.' || name FROM sqlite_temp_schema";
    let mut tables = connection.prepare(names).unwrap();
    let tables: Vec<String> = tables.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for table in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            all += &format!("{table}: {:?}\n", (0..columns).map(|i| row.get::<_, rusqlite::types::Value>(i).unwrap()).collect::<Vec<_>>());
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn overrides_change_the_result_and_never_what_is_stored(rate in 0.0f64..50.0) {
        let snapshot = crate::common::snapshot(&crate::common::base());
        let indicator = crate::common::indicator(GROWN, INPUTS);
        let before = content(snapshot.connection());
        let varied = compute(&snapshot, &indicator, &overrides(rate)).unwrap().observations[0].value.unwrap();
        prop_assert!((varied - 10.0 * (1.0 + rate / 100.0)).abs() < 1e-9);
        prop_assert_eq!(content(snapshot.connection()), before);
        prop_assert_eq!(compute(&snapshot, &indicator, &Overrides::new()).unwrap().observations[0].value, Some(11.0));
    }
}

#[test]
fn a_failing_run_leaves_no_override_behind() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let before = content(snapshot.connection());
    let broken = crate::common::indicator("SELECT '2024' AS period, count(*) AS value FROM nowhere", INPUTS);
    assert!(compute(&snapshot, &broken, &overrides(20.0)).is_err());
    assert_eq!(content(snapshot.connection()), before);
    assert!(snapshot.connection().execute("DELETE FROM tree", []).is_err(), "the snapshot takes writes");
}

#[test]
fn steps_show_what_a_reader_tries() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let derivation = derive(&snapshot, &crate::common::indicator(GROWN, INPUTS), &overrides(20.0), 10).unwrap();
    assert_eq!(derivation.steps[0].rows, [[SqlValue::Real(20.0)]]);
    assert_eq!(derivation.steps[1].rows[0][1], SqlValue::Real(12.0));
}

#[test]
fn a_step_says_how_sensitive_the_fields_are_that_it_reads() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let sql = "WITH d AS (SELECT district FROM tree), c AS (SELECT sum(cost) AS cost FROM tree) SELECT '2024' AS period, cost AS value FROM c, d LIMIT 1";
    let derivation = derive(&snapshot, &crate::common::indicator(sql, ""), &Overrides::new(), 1).unwrap();
    let seen: Vec<_> = derivation.steps.iter().map(|s| (s.name.as_str(), s.sensitivity)).collect();
    assert_eq!(seen, [("d", Sensitivity::Public), ("c", Sensitivity::Commercial), ("result", Sensitivity::Commercial)]);
}

#[test]
fn links_to_citations_and_to_records_of_child_tables_are_found() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let sql = "WITH p AS (SELECT id AS figure FROM published_figure), v AS (SELECT _id, visited_on FROM tree__visits),
               both AS (SELECT _id FROM tree UNION ALL SELECT _id FROM park), after AS (SELECT _id FROM both)
               SELECT '2024' AS period, count(*) AS value FROM after";
    let derivation = derive(&snapshot, &crate::common::indicator(sql, ""), &Overrides::new(), 1).unwrap();
    let seen: Vec<_> = derivation.steps.iter().map(|s| (s.record_column.as_deref(), s.figure_column)).collect();
    // Ids of two registers in one column lead nowhere rather than to the wrong record.
    assert_eq!(seen, [(None, true), (Some("tree"), false), (None, false), (None, false), (None, false)]);
}

#[test]
fn all_rows_of_a_step_are_counted_and_the_first_shown() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    for n in [5, 9_000, 20_000] {
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) SELECT CAST(1000 + i AS TEXT) AS period, i AS value FROM n WHERE i < 3"
        );
        let derivation = derive(&snapshot, &crate::common::indicator(&sql, ""), &Overrides::new(), 4).unwrap();
        assert_eq!((derivation.steps[0].rows.len(), derivation.steps[0].total_rows), (4, n));
        assert_eq!((derivation.steps[1].rows.len(), derivation.steps[1].total_rows), (2, 2));
    }
}

#[test]
fn a_step_of_one_row_is_told_as_one_row() {
    let (pack, indicator) = (crate::common::base(), crate::common::indicator(GROWN, INPUTS));
    let derivation = derive(&crate::common::snapshot(&pack), &indicator, &Overrides::new(), 10).unwrap();
    let text = render::explain(&pack, &indicator, &derivation, Lang::En);
    assert!(text.contains("[g] 1 row\n"), "{text}");
}

#[test]
fn steps_that_do_not_read_as_steps_are_refused() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let broken = crate::common::indicator("WITH a (SELECT 1)\nSELECT '2024' AS period, 1 AS value", "");
    let error = derive(&snapshot, &broken, &Overrides::new(), 1).unwrap_err();
    assert_eq!((*error.mistake, error.place.line), (Mistake::UnreadableSteps, 2));
}

#[test]
fn a_dimension_that_the_pack_does_not_have_is_named() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let mut indicator = crate::common::indicator("SELECT '2024' AS period, 1 AS value, NULL AS distrit", "");
    indicator.dimensions = vec!["distrit".into()];
    let mistake = *compute(&snapshot, &indicator, &Overrides::new()).unwrap_err().mistake;
    assert_eq!(mistake, Mistake::UnknownDimension { name: "distrit".into(), like: Some("district".into()) });
}

#[test]
fn a_result_is_computed_once_per_state() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let (indicator, cache) = (crate::common::indicator(GROWN, INPUTS), Cache::default());
    let first = cache.compute(&snapshot, &indicator, &Overrides::new()).unwrap();
    let again = cache.compute(&snapshot, &indicator, &Overrides::new()).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    let other = cache.compute(&snapshot, &indicator, &overrides(20.0)).unwrap();
    assert_eq!(other.observations[0].value, Some(12.0));
    assert_eq!(cache.len(), 2);
}

#[test]
fn derivations_and_audits_are_kept_too() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let (indicator, cache) = (crate::common::indicator(GROWN, INPUTS), Cache::default());
    let derive = |rows| cache.derive(&snapshot, &indicator, &Overrides::new(), rows).unwrap();
    assert!(Arc::ptr_eq(&derive(5), &derive(5)));
    assert!(!Arc::ptr_eq(&derive(5), &derive(6)));
    let none = BTreeMap::new();
    assert!(Arc::ptr_eq(&cache.audit(&snapshot, &none), &cache.audit(&snapshot, &none)));
    assert_eq!(cache.len(), 3);
}

#[test]
fn another_pack_is_another_result() {
    let mut pack = (*crate::common::base()).clone();
    let (indicator, cache) = (crate::common::indicator(GROWN, INPUTS), Cache::default());
    let one = cache.compute(&crate::common::snapshot(&crate::common::base()), &indicator, &Overrides::new()).unwrap();
    pack.digest = "other".into();
    pack.assumptions[0].value = 0.0;
    let other = cache.compute(&crate::common::snapshot(&Arc::new(pack)), &indicator, &Overrides::new()).unwrap();
    assert_eq!((one.observations[0].value, other.observations[0].value), (Some(11.0), Some(10.0)));
}

#[test]
fn a_cache_stays_within_its_bounds_and_forgets_the_oldest() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    // Nine each: one observation and the cost of an entry.
    let (indicator, cache) = (crate::common::indicator(GROWN, INPUTS), Cache::new(30));
    let read = |rate: f64| cache.compute(&snapshot, &indicator, &overrides(rate)).unwrap();
    let first = read(1.0);
    read(2.0);
    read(3.0);
    assert!(Arc::ptr_eq(&first, &read(1.0)), "just read");
    read(4.0);
    assert_eq!(cache.len(), 3);
    assert!(Arc::ptr_eq(&first, &read(1.0)), "kept, since read after the second");
    let nothing = Cache::new(5);
    nothing.compute(&snapshot, &indicator, &Overrides::new()).unwrap();
    assert!(nothing.is_empty());
}

#[test]
fn mistakes_are_kept_too() {
    let snapshot = crate::common::snapshot(&crate::common::base());
    let (broken, cache) = (crate::common::indicator("SELECT 2024 AS period, 1 AS value", ""), Cache::default());
    let said = || *cache.compute(&snapshot, &broken, &Overrides::new()).unwrap_err().mistake;
    assert!(matches!(said(), Mistake::PeriodNotText { .. }));
    assert_eq!((said(), cache.len()), (said(), 1));
}

#[test]
fn threads_share_a_cache() {
    let cache = Cache::default();
    let indicator = crate::common::indicator(GROWN, INPUTS);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let snapshot = crate::common::snapshot(&crate::common::base());
                for i in 0..50 {
                    let value = cache.compute(&snapshot, &indicator, &overrides(f64::from(i))).unwrap().observations[0].value.unwrap();
                    assert!((value - 10.0 * (1.0 + f64::from(i) / 100.0)).abs() < 1e-9);
                }
            });
        }
    });
    assert_eq!(cache.len(), 50);
}
