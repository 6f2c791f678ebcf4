//! Importing files into registers.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common::{House, said};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use shirube_exchange::import::{ImportError, ImportOptions, Plan, RowError};
use shirube_exchange::sheet::{self, Encoding};
use shirube_record::{Cell, Content};

fn text(value: &str) -> Cell {
    Cell::Text(value.into())
}

fn content(columns: &[(&str, Cell)]) -> Content {
    columns.iter().map(|(c, v)| ((*c).to_owned(), v.clone())).collect()
}

fn missing(word: &str) -> Cell {
    Cell::Missing { missing: word.into() }
}

const EVERYTHING: &str = "\
調査年度,課題名,code,採択時ステージ,Areas,予算,予算（通貨）,割合,人数,開始日,終了日,継続中,国,代表機関,代表機関（法人番号）,担当者,担当者（メール）,拠点,備考,補助金 1 年度,grants.1.amount,補助金２金額,Grants 2 Stage,_source,_synthetic,状態
令和５年度,人工呼吸器,A-1,基礎研究,basic;応用研究,１，２３４千円,,33.1%,１２,令和5年4月1日,R6.3.31,はい,日本,東北大学,7370005002147,山田,y@example.jp,仙台,\"二行の
備考\",2023,100,2億円,applied,d1,1,承認済み
";

#[test]
fn a_row_with_every_kind_of_field_becomes_a_record() {
    let house = House::new();
    let hub = house.import("hub", "name\n仙台\n").receipts[0].record;
    let done = house.import("project", EVERYTHING);
    assert_eq!(done.plan, Plan { rows: 1, create: 1, ..Plan::default() });
    let record = house.record("project", done.receipts[0].record);
    assert_eq!((record.number.as_deref(), record.state.as_deref()), (Some("PRJ-0001"), Some("approved")));
    assert_eq!(record.origin.source.as_deref(), Some("d1"));
    assert!(record.origin.synthetic);
    let grant = |columns: &[(&str, Cell)]| {
        let mut grant = content(columns);
        grant.insert("amount_currency".into(), text("JPY"));
        grant
    };
    let expected = content(&[
        ("year", Cell::Integer(2023)),
        ("theme", text("人工呼吸器")),
        ("code", text("A-1")),
        ("stage", text("basic")),
        ("areas", Cell::List(vec!["basic".into(), "applied".into()])),
        ("budget", Cell::Integer(1_234_000)),
        ("budget_currency", text("JPY")),
        ("rate", Cell::Real(33.1)),
        ("people", Cell::Integer(12)),
        ("started", text("2023-04-01")),
        ("ended", text("2024-03-31")),
        ("active", Cell::Integer(1)),
        ("country", text("JP")),
        ("lead", text("東北大学")),
        ("lead_number", text("7370005002147")),
        ("contact", text("山田")),
        ("contact_email", text("y@example.jp")),
        ("hub", Cell::Integer(hub)),
        ("note", text("二行の\n備考")),
        (
            "grants",
            Cell::Rows(vec![
                grant(&[("year", Cell::Integer(2023)), ("amount", Cell::Integer(100))]),
                grant(&[("amount", Cell::Integer(200_000_000)), ("stage", text("applied"))]),
            ]),
        ),
        ("days", Cell::Integer(365)),
    ]);
    assert_eq!(record.content, expected);
}

#[test]
fn the_same_file_in_every_encoding_and_delimiter_gives_the_same_record() {
    let expected = {
        let house = House::new();
        house.import("hub", "name\n仙台\n");
        house.import("project", EVERYTHING);
        house.records("project")[0].content.clone()
    };
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(EVERYTHING);
    assert!(!lossy);
    let tabs = EVERYTHING.replace(',', "\t");
    for (bytes, encoding, delimiter) in [
        (cp932.as_ref(), Encoding::Cp932, b','),
        (format!("\u{feff}{EVERYTHING}").as_bytes(), Encoding::Utf8, b','),
        (tabs.as_bytes(), Encoding::Utf8, b'\t'),
    ] {
        let house = House::new();
        house.import("hub", "name\n仙台\n");
        assert_eq!(house.prepare("project", bytes).format, sheet::Format::Text { encoding, delimiter });
        house.import("project", bytes);
        assert_eq!(house.records("project")[0].content, expected);
    }
}

#[test]
fn a_workbook_with_a_title_dates_and_percentages_is_read_as_seen() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "研究開発課題一覧（令和5年度）").unwrap();
    sheet.write_row(2, 0, ["課題名", "調査年度", "開始日", "終了日", "割合", "予算", "メモ"]).unwrap();
    let day = Format::new().set_num_format("ggge年m月d日");
    sheet.write(3, 0, "A").unwrap();
    sheet.write(3, 1, 2023).unwrap();
    sheet.write_with_format(3, 2, ExcelDateTime::from_ymd(2023, 4, 1).unwrap(), &day).unwrap();
    sheet.write(3, 3, 45_382).unwrap();
    sheet.write_with_format(3, 4, 0.331, &Format::new().set_num_format("0.0%")).unwrap();
    sheet.write(3, 5, 1_000_000).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let house = House::new();
    let options = ImportOptions { mapping: [("メモ".to_owned(), String::new())].into(), ..ImportOptions::default() };
    let prepared = house.prepare_with("project", &bytes, &options).unwrap();
    assert_eq!(prepared.errors, []);
    assert_eq!(prepared.header_row, 3);
    assert_eq!(prepared.columns[6], ("メモ".to_owned(), None));
    shirube_exchange::import::run(&house.store, &shirube_store::Actor::owner(), prepared, &shirube_exchange::silent).unwrap();
    let record = &house.records("project")[0].content;
    assert_eq!(record["started"], text("2023-04-01"));
    assert_eq!(record["ended"], text("2024-03-31"));
    assert_eq!(record["rate"], Cell::Real(33.1));
    assert_eq!(record["budget"], Cell::Integer(1_000_000));
}

#[test]
fn existing_records_change_only_for_a_reason() {
    let house = House::new();
    house.import("project", "year,theme,people\n2023,A,1\n");
    let silent = |csv: &str| {
        let prepared = house.prepare_with("project", csv.as_bytes(), &ImportOptions::default()).unwrap();
        shirube_exchange::import::run(&house.store, &shirube_store::Actor::owner(), prepared, &shirube_exchange::silent)
    };
    assert!(matches!(silent("year,theme,people\n2023,A,2\n2023,B,2\n"), Err(ImportError::ReasonRequired { count: 1 })));
    assert_eq!(house.records("project").len(), 1, "nothing was written");
    assert_eq!(silent("year,theme,people\n2023,A,1\n2023,B,2\n").unwrap().plan.create, 1, "new records need none");
}

#[test]
fn existing_records_are_found_by_key_and_changed_only_where_the_file_differs() {
    let house = House::new();
    house.import(
        "project",
        "year,theme,stage,people,grants.1.year,grants.1.amount\n2023,A,basic,1,2020,5\n2023,B,basic,2,,\n2023,C,basic,3,,\n",
    );
    let before = house.records("project");
    assert_eq!(said(&house.prepare("project", "year,theme,people\n2023,A,7\n2023,A,8\n")), [(3, "year", "repeated-key")]);
    let done = house.import("project", "課題名,調査年度,人数,grants.1.amount\nA,2023,10,\nB,令和5年度,2,\nD,2023,4,\nC,2023,,7\n");
    assert_eq!(done.plan, Plan { rows: 4, create: 1, amend: 2, unchanged: 1, wrong: 0 });
    let after = house.records("project");
    // A: people changed, the amount of its grant is blank now, what the file lacks stays.
    assert_eq!(after[0].content["people"], Cell::Integer(10));
    assert_eq!(after[0].content["stage"], text("basic"));
    assert_eq!(after[0].content["grants"], Cell::Rows(vec![content(&[("year", Cell::Integer(2020))])]));
    assert_eq!(after[0].version, 2);
    assert_eq!(after[1], before[1]);
    assert!(!after[2].content.contains_key("people"));
    assert_eq!(after[3].content["theme"], text("D"));
    // Once more: nothing is left to do.
    let again = house.import("project", "課題名,調査年度,人数\nA,2023,10\nB,2023,2\nD,2023,4\nC,2023,\n");
    assert_eq!(again.plan, Plan { rows: 4, unchanged: 4, ..Plan::default() });
    assert_eq!(again.receipts, []);
}

#[test]
fn a_currency_that_the_file_lacks_is_not_replaced_by_the_default() {
    let house = House::new();
    house.import("project", "year,theme,budget,budget_currency\n2023,A,5,USD\n");
    house.import("project", "year,theme,budget\n2023,A,6\n");
    let record = &house.records("project")[0].content;
    assert_eq!((&record["budget"], &record["budget_currency"]), (&Cell::Integer(6), &text("USD")));
}

#[test]
fn reasons_for_blanks_are_read_and_kept_apart() {
    let house = House::new();
    house.import("project", "year,theme,stage,people,budget,rate,grants\n2023,A,(不明),（未収集）,(not applicable),(suppressed),(不明)\n");
    let record = &house.records("project")[0].content;
    for (column, word) in
        [("stage", "unknown"), ("people", "not_collected"), ("budget", "not_applicable"), ("rate", "suppressed"), ("grants", "unknown")]
    {
        assert_eq!(record[column], missing(word), "{column}");
    }
    assert!(!record.contains_key("note"));
}

#[test]
fn numbers_find_records_of_registers_without_a_key() {
    let house = House::new();
    house.import("memo", "text\n一\n二\n");
    let done = house.import("memo", "_number,text\nM-2,二の改\n,三\n");
    assert_eq!((done.plan.create, done.plan.amend), (1, 1));
    assert_eq!(house.records("memo")[1].content["text"], text("二の改"));
    let wrong = house.prepare("memo", "_number,text\nM-9,九\nM-1,a\nM-1,b\n");
    assert_eq!(said(&wrong), [(2, "_number", "no-such-number"), (4, "_number", "repeated-key")]);
}

#[test]
fn a_number_and_a_key_must_mean_the_same_record() {
    let house = House::new();
    house.import("project", "year,theme\n2023,A\n2023,B\n");
    let prepared =
        house.prepare("project", "_number,year,theme,people\nPRJ-0001,2023,A,1\nPRJ-0001,2023,B,1\nPRJ-0001,2023,X,1\nPRJ-0777,2023,B,1\n");
    assert_eq!(said(&prepared), [(3, "_number", "number-of-another"), (4, "_number", "number-of-another")]);
    // Without the key's columns the number alone says which.
    let done = house.import("project", "_number,people\nPRJ-0002,5\n");
    assert_eq!(done.plan.amend, 1);
    assert_eq!(house.records("project")[1].content["people"], Cell::Integer(5));
}

#[test]
fn references_are_natural_keys_or_numbers() {
    let house = House::new();
    house.import("hub", "name\n仙台\n大阪|堺\n");
    house.import("project", "year,theme,hub\n2023,A,HUB-001\n2023,B,大阪|堺\n2023,C,\n");
    let hubs: Vec<i64> = house.records("hub").iter().map(|r| r.id).collect();
    let projects = house.records("project");
    assert_eq!(projects[0].content["hub"], Cell::Integer(hubs[0]));
    assert_eq!(projects[1].content["hub"], Cell::Integer(hubs[1]));
    // A key with parts, itself part of a key: parts in the words of their fields.
    house.import("part", "project,name\n令和5年度|A,x\nPRJ-0002,y\n");
    house.import("part", "project,name,of\n2023|C,z,2023|A|x\n");
    let parts = house.records("part");
    assert_eq!(parts[0].content["project"], Cell::Integer(projects[0].id));
    assert_eq!(parts[1].content["project"], Cell::Integer(projects[1].id));
    assert_eq!(parts[2].content["of"], Cell::Integer(parts[0].id));
    let wrong = house.prepare("part", "project,name\n2023|Z,x\n2023,x\n");
    assert_eq!(said(&wrong), [(2, "project", "no-such-record"), (3, "project", "no-such-record")]);
}

#[test]
fn states_move_by_the_register_s_transitions() {
    let house = House::new();
    house.import("project", "year,theme,started,_state\n2023,A,2023-04-01,draft\n2023,B,,draft\n2023,C,2022-04-01,closed\n");
    let skipped = house.prepare("project", "year,theme,_state\n2023,E,closed\n");
    assert_eq!(said(&skipped), [(2, "started", "required")], "closed by way of approved");
    let wrong = house.prepare("project", "year,theme,状態\n2023,B,承認済み\n2023,A,closed\n2023,C,draft\n2023,D,unknown\n");
    assert_eq!(
        said(&wrong),
        [(2, "started", "required"), (3, "状態", "no-transition"), (4, "状態", "no-transition"), (5, "状態", "no-such-state")]
    );
    assert_eq!(wrong.errors[1].mend.en, "leave it at draft or use approved");
    assert_eq!(wrong.errors[2].mend.en, "leave it at closed");
    let done = house.import("project", "year,theme,people,状態\n2023,A,3,Approved\n");
    let record = house.record("project", done.receipts[0].record);
    assert_eq!((record.state.as_deref(), &record.content["people"], record.version), (Some("approved"), &Cell::Integer(3), 2));
    assert_eq!(house.import("project", "year,theme,状態\n2023,A,approved\n").plan.unchanged, 1);
}

#[test]
fn the_citation_of_an_existing_record_stays() {
    let house = House::new();
    house.import("project", "year,theme,_source,_heading,_quote,_synthetic\n2023,A,d1,h,q,1\n");
    assert_eq!(house.import("project", "year,theme,_source,_heading,_quote,_synthetic\n2023,A,d1,h,q,はい\n").plan.unchanged, 1);
    assert_eq!(house.import("project", "year,theme\n2023,A\n").plan.unchanged, 1);
    let wrong = house.prepare("project", "year,theme,_source,_quote,_synthetic\n2023,A,d2,,x\n");
    assert_eq!(
        said(&wrong),
        [
            (2, "_synthetic", "not-a-boolean"),
            (2, "_source", "citation-changed"),
            (2, "_quote", "citation-changed"),
            (2, "_synthetic", "citation-changed")
        ]
    );
}

#[test]
fn all_mistakes_of_all_rows_are_told_with_row_column_and_value() {
    let house = House::new();
    house.import("project", "year,theme,code\n2023,A,A-1\n");
    let file = "研究課題一覧\n\n年,課題名,code,ステージ,人数,開始日,終了日\n,B,a,x,12.5,2023-02-30,\n2023,C,A-1,,1001,2024-04-01,2024-03-31\n2023,D,,,,2024-04-01,2024-03-31,余り\n2023,D,,,,,\n";
    let options = ImportOptions {
        mapping: [("年".into(), "year".into()), ("ステージ".into(), "stage".into())].into(),
        ..ImportOptions::default()
    };
    let prepared = house.prepare_with("project", file.as_bytes(), &options).unwrap();
    assert_eq!(
        said(&prepared),
        [
            (4, "ステージ", "not-a-code"),
            (4, "人数", "not-whole"),
            (4, "開始日", "not-a-date"),
            (4, "code", "pattern"),
            (4, "年", "required"),
            (5, "人数", "too-great"),
            (5, "code", "taken"),
            (6, "", "beyond-header"),
            (7, "年", "repeated-key"),
        ]
    );
    assert_eq!(prepared.plan, Plan { rows: 4, wrong: 4, ..Plan::default() });
    let first = &prepared.errors[0];
    assert_eq!(first.value.as_deref(), Some("x"));
    assert!(first.mend.ja.contains("基礎研究") && first.mend.en.contains("Basic research"));
    assert_eq!(prepared.errors[5].value.as_deref(), Some("1001"));
    // The check is asked once the rest of the row is right.
    let checked = house.prepare("project", "year,theme,started,ended\n2023,D,2024-04-01,2024-03-31\n");
    assert_eq!(said(&checked), [(2, "ended", "check")]);
    assert_eq!(checked.errors[0].problem.en, "The end must not be before the start");
}

#[test]
fn a_value_that_must_be_unique_stands_once_in_the_file() {
    let house = House::new();
    let prepared = house.prepare("project", "year,theme,code\n2023,A,A-1\n2023,B,A-1\n2023,C,\n2023,D,\n");
    assert_eq!(said(&prepared), [(3, "code", "repeated-value")]);
    assert!(prepared.errors[0].problem.ja.contains("2 行目"));
}

#[test]
fn nothing_is_written_while_there_is_a_mistake() {
    let house = House::new();
    let prepared = house.prepare("project", "year,theme\n2023,A\n,B\n");
    assert_eq!((prepared.plan.create, prepared.plan.wrong, prepared.error_count), (1, 1, 1));
    let error =
        shirube_exchange::import::run(&house.store, &shirube_store::Actor::owner(), prepared, &shirube_exchange::silent).unwrap_err();
    assert!(matches!(error, ImportError::Mistakes { count: 1, .. }));
    assert_eq!(house.records("project"), []);
}

#[test]
fn what_changed_after_preparing_is_told_by_row_and_nothing_is_written() {
    let house = House::new();
    house.import("project", "year,theme\n2023,A\n");
    let amend = house.prepare("project", "year,theme,people\n2023,B,1\n2023,A,1\n");
    let create = house.prepare("project", "year,theme\n2023,C\n2023,D\n");
    house.import("project", "year,theme,people\n2023,A,2\n2023,D,3\n");
    let run = |prepared| {
        let result = shirube_exchange::import::run(&house.store, &shirube_store::Actor::owner(), prepared, &shirube_exchange::silent);
        let Err(ImportError::Mistakes { errors, .. }) = result else { panic!("{result:?}") };
        errors.iter().map(|e: &RowError| (e.row, e.code)).collect::<Vec<_>>()
    };
    assert_eq!(run(amend), [(3, "changed-meanwhile")]);
    assert_eq!(run(create), [(3, "taken")]);
    assert_eq!(house.records("project").len(), 2);
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_happen() {
    let house = House::new();
    let prepared = house.prepare("project", "year,theme\n2023,A\n2023,B\n");
    assert_eq!(prepared.plan, Plan { rows: 2, create: 2, ..Plan::default() });
    assert_eq!(house.records("project"), []);
}

#[test]
fn texts_that_an_export_neutralised_are_restored() {
    let house = House::new();
    house.import("memo", "text\n'=1+2\n''=x\n'quoted'\n");
    let texts: Vec<Cell> = house.records("memo").iter().map(|r| r.content["text"].clone()).collect();
    assert_eq!(texts, [text("=1+2"), text("'=x"), text("'quoted'")]);
}

#[test]
fn errors_of_spreadsheets_are_not_values() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["text"]).unwrap();
    sheet.write(1, 0, rust_xlsxwriter::Formula::new("=A9").set_result("#REF!")).unwrap();
    let house = House::new();
    let prepared = house.prepare("memo", book.save_to_buffer().unwrap());
    assert_eq!(said(&prepared), [(2, "text", "error-value")]);
}

#[test]
fn a_long_list_of_mistakes_is_cut_and_counted() {
    let house = House::new();
    let options = ImportOptions { max_errors: 3, ..ImportOptions::default() };
    let file = format!("text,same\n{}", ",x\n".repeat(10));
    let prepared = house.prepare_with("memo", file.as_bytes(), &options).unwrap();
    assert_eq!((prepared.errors.len(), prepared.error_count, prepared.plan.wrong), (3, 10, 10));
}

#[test]
fn files_that_are_no_import_are_refused_whole() {
    let house = House::new();
    let prepare = |register: &str, bytes: &[u8]| house.prepare_with(register, bytes, &ImportOptions::default());
    assert!(matches!(prepare("projekt", b"x"), Err(ImportError::NoSuchRegister(r)) if r == "projekt"));
    assert!(matches!(prepare("project", b""), Err(ImportError::Sheet(sheet::SheetError::Empty))));
    let Err(ImportError::NoHeader { row: 1, columns, .. }) = prepare("memo", b"a,b\n1,2\n") else { panic!() };
    let columns: Vec<(&str, &str)> = columns.iter().map(|c| (c.ja.as_str(), c.en.as_str())).collect();
    assert_eq!(
        columns,
        [
            ("本文 (text)", "Text (text)"),
            ("番号 (same)", "Same (same)"),
            ("同じ (same2)", "Same (same2)"),
            ("関連 (about)", "About (about)")
        ]
    );
    house.import("memo", "text\nx\n");
    let (owner, options) = (shirube_store::Actor::owner(), ImportOptions::default());
    let earlier = house.store.reader(&owner, shirube_snapshot::AsOf::Seq(0)).unwrap();
    let result = shirube_exchange::import::prepare(&earlier, &owner, "memo", b"text\nx\n", &options, &shirube_exchange::silent);
    assert!(matches!(result, Err(ImportError::NotTheHead)));
    let stop = |_, _| std::ops::ControlFlow::Break(());
    let many = format!("text\n{}", "x\n".repeat(1000));
    let result = shirube_exchange::import::prepare(&house.reader(), &owner, "memo", many.as_bytes(), &options, &stop);
    assert!(matches!(result, Err(ImportError::Cancelled)));
    let prepared = house.prepare("memo", "text\ny\n");
    let result = shirube_exchange::import::run(&house.store, &shirube_store::Actor::owner(), prepared, &stop);
    assert!(matches!(result, Err(ImportError::Cancelled)));
    assert_eq!(house.records("memo").len(), 1);
}

#[test]
fn rows_far_apart_are_put_together_in_the_order_of_the_file() {
    let house = House::new();
    house.import("hub", "name\nold\n");
    // Row 2 is the first of its name; others repeat it, every 900th has none, and two mean the record there is.
    let mut file = String::from("name,_version\n");
    let mut expected = vec![];
    for row in 2..5002 {
        let name = match row {
            2 | 702 | 1402 | 4902 => "twice".to_owned(),
            1600 | 3600 => "old".to_owned(),
            _ if row % 900 == 0 => String::new(),
            _ => format!("hub {row}"),
        };
        match row {
            702 | 1402 | 4902 | 3600 => expected.push((row, "name", "repeated-key")),
            _ if name.is_empty() => expected.push((row, "name", "required")),
            _ => {}
        }
        // A row with nothing in it would be no row.
        file.push_str(&format!("{name},x\n"));
    }
    let prepared = house.prepare("hub", &file);
    assert_eq!(said(&prepared), expected);
    assert_eq!((prepared.plan.rows, prepared.plan.unchanged, prepared.plan.wrong), (5000, 1, expected.len() as u64));
    let first = |row: usize| prepared.errors.iter().find(|e| e.row == row).unwrap().problem.en.clone();
    assert_eq!((first(4902), first(3600)), ("row 2 has the same key".into(), "row 1600 has the same key".into()));
}
