//! Lists: what the filters, the order and the counts say, now and as of before.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_record::Cell;
use shirube_snapshot::{AsOf, Filter, ListQuery, Op, Page, SnapshotError, Total};
use shirube_store::{Actor, Store};
use std::ops::ControlFlow;

fn query(filters: &[(&str, Op, &[&str])], sort: &[(&str, bool)]) -> ListQuery {
    ListQuery {
        register: "project".into(),
        filters: filters
            .iter()
            .map(|(column, op, values)| Filter { column: (*column).into(), op: *op, values: values.iter().map(|v| (*v).into()).collect() })
            .collect(),
        sort: sort.iter().map(|(c, d)| ((*c).into(), *d)).collect(),
        limit: 100,
        ..ListQuery::default()
    }
}

fn list(store: &Store, as_of: AsOf, query: &ListQuery) -> Result<Page, SnapshotError> {
    store.reader(&Actor::owner(), as_of).unwrap().list(query)
}

fn themes(store: &Store, query: &ListQuery) -> String {
    let page = list(store, AsOf::Head, query).unwrap();
    let text = |cell: Option<&Cell>| match cell {
        Some(Cell::Text(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    page.rows.iter().map(|r| text(r.content.get("theme"))).collect::<Vec<_>>().join(" ")
}

fn three(store: &Store) {
    let one = |theme: &str, year: i64, more: &[(&str, Cell)]| {
        let mut columns = vec![("theme", t(theme)), ("year", n(year))];
        columns.extend_from_slice(more);
        submit(store, create("project", &columns));
    };
    one("弁", 2023, &[("stage", t("basic")), ("budget", n(100)), ("stages", Cell::List(vec!["basic".into()]))]);
    one("50%減", 2024, &[("stage", t("applied")), ("budget", n(20)), ("stages", Cell::List(vec!["basic".into(), "clinical".into()]))]);
    one("内視鏡", 2024, &[("share", Cell::Real(0.5))]);
}

#[test]
fn each_filter_finds_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    three(&store);
    let found = |column: &str, op: Op, values: &[&str]| themes(&store, &query(&[(column, op, values)], &[]));
    assert_eq!(found("year", Op::Eq, &["2024"]), "50%減 内視鏡");
    assert_eq!(found("stage", Op::Ne, &["basic"]), "50%減 内視鏡");
    assert_eq!(found("budget", Op::Lt, &["100"]), "50%減");
    assert_eq!(found("budget", Op::Le, &["100"]), "弁 50%減");
    assert_eq!(found("budget", Op::Gt, &["20"]), "弁");
    assert_eq!(found("budget", Op::Ge, &["20"]), "弁 50%減");
    assert_eq!(found("theme", Op::Contains, &["%"]), "50%減");
    assert_eq!(found("stage", Op::In, &["basic", "applied"]), "弁 50%減");
    assert_eq!(found("stage", Op::In, &[]), "");
    assert_eq!(found("budget", Op::Blank, &[]), "内視鏡");
    assert_eq!(found("budget", Op::Filled, &[]), "弁 50%減");
    assert_eq!(found("share", Op::Eq, &["0.5"]), "内視鏡");
    assert_eq!(found("stages", Op::Eq, &["clinical"]), "50%減");
    assert_eq!(found("stages", Op::Blank, &[]), "内視鏡");
    assert_eq!(found("_state", Op::Eq, &["draft"]), "弁 50%減 内視鏡");
    assert_eq!(themes(&store, &ListQuery { text: Some("視".into()), ..query(&[], &[]) }), "内視鏡");
    assert_eq!(themes(&store, &ListQuery { text: Some("_".into()), ..query(&[], &[]) }), "", "a wildcard is a plain character");
}

#[test]
fn order_and_paging() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    three(&store);
    assert_eq!(themes(&store, &query(&[], &[("year", true), ("theme", false)])), "50%減 内視鏡 弁");
    assert_eq!(themes(&store, &query(&[], &[("budget", true)])), "弁 50%減 内視鏡", "blanks come last when descending");
    let second = ListQuery { offset: 1, limit: 1, ..query(&[], &[("_id", false)]) };
    assert_eq!(themes(&store, &second), "50%減");
    assert_eq!(list(&store, AsOf::Head, &second).unwrap().total, Total::Exactly(3));
    assert_eq!(list(&store, AsOf::Head, &query(&[("year", Op::Eq, &["2024"])], &[])).unwrap().total, Total::Exactly(2));
}

#[test]
fn a_whole_list_is_read_in_one_pass_whatever_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    three(&store);
    let second = ListQuery { offset: 1, limit: 1, ..query(&[("year", Op::Ge, &["2023"])], &[("_id", true)]) };
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let read = |most: usize| {
        let mut found = vec![];
        let mut each = |record: shirube_snapshot::Record| {
            found.push(record);
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        reader.each(&second, &mut each).unwrap();
        found
    };
    let all = list(&store, AsOf::Head, &ListQuery { offset: 0, limit: 100, ..second.clone() }).unwrap().rows;
    assert_eq!(read(100), all);
    assert_eq!(read(2), all[..2]);
    assert_eq!(reader.count(&second).unwrap(), 3);
}

#[test]
fn unknown_columns_and_unfit_values_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let refused = |query: &ListQuery| list(&store, AsOf::Head, query).unwrap_err().to_string();
    for column in ["nothing", "theme; DROP TABLE project", "_missing", "grants", "_id\" OR 1 --"] {
        assert!(refused(&query(&[(column, Op::Eq, &["1"])], &[])).contains("has no column"), "{column}");
        assert!(refused(&query(&[], &[(column, false)])).contains("has no column"), "{column}");
    }
    assert!(refused(&query(&[("year", Op::Eq, &["last"])], &[])).contains("is not a fiscal year"));
    assert!(refused(&query(&[("share", Op::Gt, &["NaN"])], &[])).contains("is not a number"));
    assert!(refused(&ListQuery { register: "nothing".into(), ..ListQuery::default() }).contains("no register"));
}

/// Pages of a list, whichever way they are found, are the pages of the records themselves, and the total is theirs, also
/// after what a snapshot counted once has changed.
#[test]
fn pages_and_totals_are_those_of_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut budgets: Vec<(i64, i64)> = vec![];
    let mut versions = vec![];
    for i in 0..240_i64 {
        let stage = if i % 12 == 0 { "clinical" } else { ["basic", "applied"][usize::from(i % 3 == 0)] };
        let columns = [("theme", t(&format!("{i}"))), ("year", n(2020 + i % 5)), ("stage", t(stage)), ("budget", n(i * 37 % 101))];
        let receipt = submit(&store, create("project", &columns));
        versions.push((receipt.record, receipt.version));
        if stage == "clinical" {
            budgets.push((i * 37 % 101, receipt.record));
        }
    }
    for round in 0..3_i64 {
        budgets.sort_unstable();
        for (offset, limit) in [(0, 1), (0, 5), (5, 5), (15, 5), (18, 10), (40, 5)] {
            let asked = ListQuery { offset, limit, ..query(&[("stage", Op::Eq, &["clinical"])], &[("budget", false)]) };
            let page = list(&store, AsOf::Head, &asked).unwrap();
            let found: Vec<i64> = page.rows.iter().map(|r| r.id).collect();
            let wanted: Vec<i64> = budgets.iter().skip(offset as usize).take(limit as usize).map(|b| b.1).collect();
            assert_eq!((found, page.total), (wanted, Total::Exactly(budgets.len() as u64)), "{offset} {limit} in round {round}");
        }
        // Two that come, one that goes, one that moves.
        for i in [1, 2] {
            let (record, version) = versions[(round * 12 + i) as usize];
            submit(&store, amend("project", record, version, &[("stage", Some(t("clinical")))]));
            budgets.push(((round * 12 + i) * 37 % 101, record));
        }
        let (record, version) = versions[(round * 12) as usize];
        submit(&store, amend("project", record, version, &[("stage", Some(t("basic")))]));
        budgets.retain(|b| b.1 != record);
        let (record, version) = versions[(round * 12 + 120) as usize];
        submit(&store, amend("project", record, version, &[("budget", Some(n(500 + round)))]));
        budgets.retain(|b| b.1 != record);
        budgets.push((500 + round, record));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A list as of an event is the list that was shown then, whatever came later.
    #[test]
    fn an_earlier_list_is_the_list_of_then(steps in prop::collection::vec((0..4_i64, 0..6_i64, 0..1000_i64), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let query = ListQuery { limit: 1000, ..query(&[("budget", Op::Ge, &["20000"])], &[("budget", true), ("year", false)]) };
        let mut then: Vec<(i64, Page)> = vec![];
        let mut made: Vec<(i64, i64)> = vec![];
        for (i, (kind, which, budget)) in steps.into_iter().enumerate() {
            // No two steps give the same budget: an amendment that changes nothing is refused.
            let budget = 100 * budget + i as i64;
            match made.get_mut(which as usize) {
                Some((record, version)) if kind > 0 => {
                    let receipt = submit(&store, amend("project", *record, *version, &[("budget", Some(n(budget)))]));
                    *version = receipt.version;
                }
                _ => {
                    let receipt = submit(&store, create("project", &[("theme", t(&format!("{i}"))), ("year", n(2020 + which)), ("budget", n(budget))]));
                    made.push((receipt.record, receipt.version));
                }
            }
            then.push((store.head_seq(), list(&store, AsOf::Head, &query).unwrap()));
        }
        for (seq, page) in then {
            prop_assert_eq!(list(&store, AsOf::Seq(seq), &query).unwrap(), page);
        }
    }
}
