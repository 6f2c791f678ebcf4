//! The columns of a file: what they mean, which are left out, and which it lacks.

use crate::common::{House, said};
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

#[test]
fn headings_that_mean_nothing_say_what_was_meant() {
    let house = House::new();
    let prepared = house.prepare("project", "調査年度,課題,theme,採択時のステージ,課題名,grants.amount,whatever\n2023,A,A,basic,A,1,x\n");
    assert_eq!(
        said(&prepared),
        [
            (1, "課題", "unknown-column"),
            (1, "採択時のステージ", "unknown-column"),
            (1, "課題名", "repeated-column"),
            (1, "grants.amount", "unknown-column"),
            (1, "whatever", "unknown-column")
        ]
    );
    let near = |i: usize| prepared.errors[i].mend.en.clone();
    assert!(near(0).contains("“課題名”"), "{}", near(0));
    assert!(near(1).contains("“採択時ステージ”"), "{}", near(1));
    assert!(near(3).contains("“Grants 1 Amount”"), "{}", near(3));
    assert!(!near(4).contains("did you mean"), "{}", near(4));
    let twins = house.prepare("memo", "text,Same,番号\nx,y,z\n");
    assert_eq!(said(&twins), [(1, "Same", "ambiguous-column")]);
    assert!(twins.errors[0].mend.en.contains("same, same2"));
    // Our own 番号 gives way to the field of that label; with its name it is found.
    assert_eq!(twins.columns[2].1.as_deref(), Some("same"));
    assert_eq!(house.prepare("memo", "text,番号 (_number)\nx,\n").columns[1].1.as_deref(), Some("_number"));
}

#[test]
fn a_required_column_that_the_file_lacks_is_told_once_behind_the_headings_that_mean_nothing() {
    let house = House::new();
    let rows: String = (1..=700).map(|n| format!("2023,T-{n}\n")).collect();
    let prepared = house.prepare("project", format!("year,題\n{rows}"));
    assert_eq!(said(&prepared), [(1, "題", "unknown-column"), (1, "theme", "lacking-column")]);
    assert_eq!((prepared.error_count, prepared.plan.wrong, prepared.plan.create), (2, 700, 0));
    assert!(prepared.errors[1].problem.ja.contains("(theme)"), "{:?}", prepared.errors[1]);
    // A column that is there and blank is a mistake of its row.
    let blank = house.prepare("project", "year,theme\n2023,A\n2023,\n");
    assert_eq!(said(&blank), [(3, "theme", "required")]);
}

#[test]
fn columns_that_exports_add_are_skipped() {
    let house = House::new();
    let prepared = house.prepare("project", "_id,year,theme,日数,_version,_created_at,_errors（エラー）\n7,2023,A,3,1,x,y\n");
    assert_eq!(prepared.errors, []);
    assert_eq!(prepared.columns.iter().filter(|c| c.1.is_none()).count(), 5);
}
