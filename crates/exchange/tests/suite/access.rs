//! What the policies let an importer write and know.

use crate::common::{House, said};
use shirube_exchange::import::{ImportError, ImportOptions, Plan};

#[test]
fn rows_that_one_may_not_write_are_told_by_row() {
    let house = House::new();
    let prepared = house.prepare("project", "year,theme,people\n2023,A,1\n2023,B,2\n");
    let refused = shirube_exchange::import::run(&house.store, &shirube_store::Actor::nobody(), prepared, &shirube_exchange::silent);
    let Err(ImportError::Mistakes { count: 2, errors }) = refused else { panic!("{refused:?}") };
    assert_eq!(errors.iter().map(|e| (e.row, e.code)).collect::<Vec<_>>(), [(2, "denied"), (3, "denied")]);
    assert!(house.records("project").is_empty());
}

#[test]
fn a_check_names_rows_that_one_may_not_write_and_tells_nothing_of_records_that_one_may_not_read() {
    let house = House::new();
    house.import("hub", "name\n仙台\n");
    house.import("project", "year,theme,people\n2023,A,1\n");
    let file = "year,theme,people,hub,_number\n2023,A,1,,\n2023,B,2,,PRJ-0001\n2023,C,3,仙台,\n来年,D,4,,\n";
    let options = ImportOptions { reason: Some("r".to_owned()), ..ImportOptions::default() };
    let by = |actor: shirube_store::Actor| house.prepare_by(&actor, "project", file.as_bytes(), &options).unwrap();
    let prepared = by(shirube_store::Actor::nobody());
    assert_eq!(
        said(&prepared),
        [
            (2, "", "denied"),
            (2, "year", "taken"),
            (3, "", "denied"),
            // What is not read is not there.
            (4, "hub", "no-such-record"),
            // What could not be read may tell whose the record is.
            (5, "year", "not-a-year"),
        ]
    );
    assert!(!format!("{:?}", prepared.errors).contains("PRJ-0001"), "{:?}", prepared.errors);
    assert_eq!(prepared.plan, Plan { rows: 4, wrong: 4, ..Plan::default() });
    let owner = by(shirube_store::Actor::owner());
    assert_eq!(said(&owner), [(3, "_number", "number-of-another"), (5, "year", "not-a-year")], "who may do everything sees it all");
}
