#![allow(clippy::unwrap_used)]
use super::*;
use crate::error::pair;
use shirube_plan::{Pack, Register};
use shirube_record::{Cell, Content, Mistake, validate};

fn entered(pairs: &[(&str, &str)]) -> Entered {
    Entered::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(), vec![])
}

fn resolve(register: &str, text: &str) -> Result<i64, Mistake> {
    match text {
        "H-01" => Ok(7),
        "#8" => Ok(8),
        _ => Err(Mistake::NoSuchRecord { register: register.into(), text: text.into() }),
    }
}

fn read_desk(pairs: &[(&str, &str)]) -> (Pack, Register, Read) {
    let pack = crate::testing::desk();
    let register = pack.registers["project"].clone();
    let read = read(&register, &pack, &entered(pairs).without_blank_rows(&register), &resolve);
    (pack, register, read)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

#[test]
fn what_people_type_becomes_values() {
    let (_, _, read) = read_desk(&[
        ("title", " 新しい課題 "),
        ("summary", "一行目\r\n二行目"),
        ("year", "令和5年度"),
        ("started_on", "R5.4.1"),
        ("budget", "１．５億"),
        ("budget_currency", "usd"),
        ("joint", "0"),
        ("areas", "a"),
        ("areas", "c"),
        ("hub", "H-01"),
        ("leader_email", "a@example.jp"),
        ("_missing.share", "suppressed"),
        ("grants.2.fiscal_year", ""),
        ("grants.5.fiscal_year", "2023"),
        ("grants.5.amount", "10"),
        ("grants.5.hub", "#8"),
        ("rich", "1"),
        ("_token", "x"),
    ]);
    assert_eq!(read.faults, []);
    let grant = Content::from([
        ("fiscal_year".into(), Cell::Integer(2023)),
        ("amount".into(), Cell::Integer(10)),
        ("amount_currency".into(), text("JPY")),
        ("hub".into(), Cell::Integer(8)),
    ]);
    let expected = Content::from([
        ("title".into(), text("新しい課題")),
        ("summary".into(), text("一行目\n二行目")),
        ("year".into(), Cell::Integer(2023)),
        ("started_on".into(), text("2023-04-01")),
        ("budget".into(), Cell::Integer(150_000_000)),
        ("budget_currency".into(), text("USD")),
        ("joint".into(), Cell::Integer(0)),
        ("areas".into(), Cell::List(vec!["a".into(), "c".into()])),
        ("hub".into(), Cell::Integer(7)),
        ("leader_email".into(), text("a@example.jp")),
        ("share".into(), Cell::Missing { missing: "suppressed".into() }),
        ("grants".into(), Cell::Rows(vec![grant])),
    ]);
    assert_eq!(read.content, expected);
}

#[test]
fn each_mistake_stands_at_its_control() {
    let (_, _, read) = read_desk(&[
        ("year", "去年"),
        ("budget", "たくさん"),
        ("_missing.people", "unknown"),
        ("people", "3"),
        ("hub", "H-99"),
        ("leader_email", "a"),
        ("stage", "x"),
        ("grants.1.fiscal_year", "2020"),
        ("grants.3.amount", "y"),
    ]);
    let controls: Vec<&str> = read.faults.iter().map(|f| f.control.as_str()).collect();
    assert_eq!(controls, ["year", "budget", "people", "stage", "hub", "leader_email", "grants.2.amount"]);
    assert_eq!(read.faults[6].label, pair("交付 2行目 金額", "Grants, row 2, Amount"));
}

#[test]
fn a_reason_alone_is_enough_for_a_group_too() {
    let (_, _, read) = read_desk(&[("_missing.grants", "not_collected"), ("_missing.budget", "unknown"), ("budget_currency", "JPY")]);
    let missing = |word: &str| Cell::Missing { missing: word.into() };
    assert_eq!(
        (read.content.get("grants"), read.content.get("budget"), read.content.get("budget_currency")),
        (Some(&missing("not_collected")), Some(&missing("unknown")), None)
    );
    assert_eq!(read.faults, []);
}

#[test]
fn a_filled_form_reads_back_to_the_same_values() {
    let (pack, register, _) = read_desk(&[]);
    let row = |year: i64| {
        Content::from([
            ("fiscal_year".into(), Cell::Integer(year)),
            ("amount".into(), Cell::Integer(1_234_567)),
            ("amount_currency".into(), text("EUR")),
        ])
    };
    let content = Content::from([
        ("title".into(), text("題")),
        ("summary".into(), text("一\n二")),
        ("year".into(), Cell::Integer(2022)),
        ("started_on".into(), text("2022-05-01")),
        ("budget".into(), Cell::Integer(1500)),
        ("budget_currency".into(), text("JPY")),
        ("share".into(), Cell::Real(12.5)),
        ("people".into(), Cell::Missing { missing: "not_applicable".into() }),
        ("joint".into(), Cell::Integer(1)),
        ("stage".into(), text("basic")),
        ("areas".into(), Cell::List(vec!["b".into(), "g".into()])),
        ("hub".into(), Cell::Integer(7)),
        ("leader".into(), text("試験 花子")),
        ("leader_phone".into(), text("03-0000-0000")),
        ("report".into(), text("a.txt")),
        ("report_sha256".into(), text(&"0".repeat(64))),
        ("report_media".into(), text("text/plain")),
        ("report_size".into(), Cell::Integer(5)),
        ("grants".into(), Cell::Rows(vec![row(2020), row(2021)])),
    ]);
    assert!(validate(&register, &pack, &content).is_empty());
    let mut references = References::default();
    references.chosen.insert(("hub".into(), 7), Choice::new(7, Some("H-01"), "東"));
    let form = fill(&register, &pack, &content, &references);
    assert_eq!(read(&register, &pack, &form, &resolve), Read { content, faults: vec![] });
}
