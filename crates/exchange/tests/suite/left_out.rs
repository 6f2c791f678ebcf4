//! What of a file is left out, and what it lacks.

use crate::common::House;
use shirube_exchange::import::{ImportOptions, Prepared};
use std::collections::BTreeMap;

fn prepare(house: &House, file: &str, skipped: &[&str]) -> Prepared {
    let mapping: BTreeMap<String, String> = skipped.iter().map(|heading| ((*heading).to_owned(), String::new())).collect();
    house.prepare_with("project", file.as_bytes(), &ImportOptions { mapping, ..ImportOptions::default() }).unwrap()
}

#[test]
fn columns_that_are_not_imported_are_told_unless_the_register_or_an_export_made_them() {
    let house = House::new();
    let file = "year,theme,people,peeple,_version,_errors,,\n2023,A,1,2,3,4,,\n2023,B,1,2,3,4,,x\n";
    let unknown = prepare(&house, file, &[]);
    let named = |at: usize, heading: &str| (at, heading.to_owned());
    assert_eq!(unknown.left_out, [named(4, "peeple"), named(8, "")], "a column without a heading counts where it has a value");
    let skipped = prepare(&house, file, &["peeple", "people", "_version", "_errors", ""]);
    assert_eq!((skipped.error_count, skipped.plan.create), (0, 2));
    assert_eq!(skipped.left_out, [named(3, "people"), named(4, "peeple"), named(8, "")]);
    assert_eq!(prepare(&house, "year,theme,year\n2023,A,2024\n", &[]).left_out, [named(3, "year")]);
    assert!(prepare(&house, "year,theme\n2023,A\n", &[]).left_out.is_empty());
}

#[test]
fn columns_that_new_records_must_have_are_told_once() {
    let house = House::new();
    let prepared = prepare(&house, "theme,people\nA,1\nB,2\n", &[]);
    let lacking: Vec<(&str, &str)> = prepared.lacking.iter().map(|l| (l.ja.as_str(), l.en.as_str())).collect();
    assert_eq!(lacking, [("調査年度 (year)", "Survey year (year)")]);
    house.import("project", "year,theme\n2023,A\n");
    assert!(prepare(&house, "_number,people\nPRJ-0001,1\n", &[]).lacking.is_empty(), "records that there are have theirs");
}
