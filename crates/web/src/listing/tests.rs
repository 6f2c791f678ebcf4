#![allow(clippy::unwrap_used)]
use super::*;

fn read(query: &str) -> Result<(ListQuery, Vec<String>), Error> {
    let pack = crate::testing::desk();
    let query = Query(crate::url::form_pairs(query));
    let listing = Listing::read(&pack, &pack.registers["project"], &query, &["done"])?;
    Ok((listing.query(), listing.columns.iter().map(|c| c.name().to_string()).collect()))
}

fn filter(column: &str, op: Op, values: &[&str]) -> Filter {
    Filter { column: column.into(), op, values: values.iter().map(|v| v.to_string()).collect() }
}

#[test]
fn an_address_says_what_is_listed() {
    let (query, columns) = read(
        "q=%E5%85%89&f.stage=%E5%9F%BA%E7%A4%8E&f.stage=applied&f.title=%E7%A0%94&f.budget.ge=1%E5%84%84&f.started_on.le=R5.4.1\
         &f.areas=a&f.hub=3&f.grants.amount.gt=5&f._state=draft&f.people.blank=1&f.joint=&sort=-budget,title&columns=title,_state&page=3&size=20&done=x",
    )
    .unwrap();
    assert_eq!(query.text.as_deref(), Some("光"));
    assert_eq!(
        query.filters,
        [
            filter("stage", Op::In, &["basic", "applied"]),
            filter("title", Op::Contains, &["研"]),
            filter("budget", Op::Ge, &["100000000"]),
            filter("started_on", Op::Le, &["2023-04-01"]),
            filter("areas", Op::Eq, &["a"]),
            filter("hub", Op::Eq, &["3"]),
            filter("grants.amount", Op::Gt, &["5"]),
            filter("_state", Op::Eq, &["draft"]),
            filter("people", Op::Blank, &[]),
        ]
    );
    assert_eq!((query.sort, query.offset, query.limit), (vec![("budget".into(), true), ("title".into(), false)], 40, 20));
    assert_eq!(columns, ["title", "_state"]);
}

#[test]
fn what_is_no_column_is_refused_with_the_columns_there_are() {
    for query in [
        "f.nothing=1",
        "f.title%22%20OR%201=1",
        "f.budget.like=1",
        "f.grants=1",
        "f.grants.nothing=1",
        "f._missing=1",
        "sort=nothing",
        "sort=title;DROP",
        "sort=areas",
        "columns=title,nothing",
        "titel=x",
        "page=0",
        "page=-1",
        "size=100000",
    ] {
        let error = read(query).unwrap_err();
        assert_eq!(error.status(), 400, "{query}");
        assert!(!error.mend().en.is_empty());
    }
    assert!(read("f.nothing=1").unwrap_err().mend().en.contains("budget"));
}

#[test]
fn a_value_that_cannot_be_read_names_its_field() {
    let error = read("f.budget.ge=lots").unwrap_err();
    assert!(error.problem().ja.starts_with("予算：") && error.problem().en.starts_with("Budget: "));
    assert_eq!(read("f.stage=zz").unwrap_err().status(), 400);
}

#[test]
fn a_list_shows_what_a_record_is_unless_asked_otherwise() {
    let (query, columns) = read("").unwrap();
    assert_eq!(columns, ["_number", "title", "_state", "year", "started_on", "budget", "people", "joint", "stage", "area"]);
    assert_eq!((query.sort, query.limit), (vec![("started_on".into(), true)], SIZES[0]));
}
