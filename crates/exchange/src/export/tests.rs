#![allow(clippy::unwrap_used)]
use super::*;
use crate::sheet::{self, Row, SheetError, SheetOptions};
use shirube_plan::Pair;
use std::cell::RefCell;
use std::ops::ControlFlow;

fn pair(ja: &str, en: &str) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

/// A table with every kind of column and value.
fn example() -> (Table, Vec<Vec<Value>>) {
    let mut about = About::default();
    about.pair("pack", "計画", "Plan", pair("小さな計画", "A tiny plan"));
    about.fact("as_of", "時点", "As of", "2025-03-31");
    let table = Table {
        label: pair("研究課題", "Projects"),
        columns: vec![
            Column::new("theme", pair("課題名", "Theme"), Kind::Long),
            Column::new("stages", pair("ステージ", "Stages"), Kind::Text),
            Column::new("year", pair("年度", "Fiscal year"), Kind::Plain),
            Column::new("budget", pair("予算", "Budget"), Kind::Integer),
            Column::new("rate", pair("割合", "Rate"), Kind::Decimal(Some(1))),
            Column::new("started", pair("開始日", "Started"), Kind::Date),
        ],
        about,
    };
    let rows = vec![
        vec![
            "人工呼吸器, \"新型\"".into(),
            Value::List(vec!["basic".into(), "applied".into()]),
            2023.into(),
            1_234_567.into(),
            33.1.into(),
            "2023-04-01".into(),
        ],
        vec![
            "=HYPERLINK(\"x\")".into(),
            Value::Blank,
            Value::Blank,
            Value::Missing("not_collected".into()),
            Value::Integer(-5),
            "1868-01-01".into(),
        ],
        vec!["二行の\n課題".into(), Value::Blank, 2024.into(), i64::MAX.into(), (0.1 + 0.2).into(), Value::Missing("unknown".into())],
    ];
    (table, rows)
}

fn write(options: &ExportOptions) -> Vec<u8> {
    let (t, rows) = example();
    let mut out = vec![];
    assert_eq!(table(&t, 3, rows, options, &mut out, &crate::silent).unwrap(), 3);
    out
}

fn sheet_rows(bytes: &[u8], sheet: Option<&str>) -> Vec<Vec<String>> {
    let options = SheetOptions { sheet: sheet.map(str::to_owned), ..SheetOptions::default() };
    sheet::read(bytes, &options, &|_| false, |head, rows| {
        let mut all = vec![head.header.texts().map(str::to_owned).collect()];
        let mut row = Row::default();
        while rows.next(&mut row)? {
            all.push(row.texts().map(str::to_owned).collect());
        }
        Ok::<_, SheetError>(all)
    })
    .unwrap()
}

/// Compares with a reviewed file; with BLESS set, writes it for the next review.
fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap());
}

fn part(workbook: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    std::io::read_to_string(zip.by_name(name).unwrap()).unwrap()
}

#[test]
fn csv_is_what_was_reviewed() {
    let text = String::from_utf8(write(&ExportOptions::default())).unwrap();
    golden("table.csv", &text.replace("\r\n", "\n"));
}

#[test]
fn labels_mark_and_tabs_are_options() {
    let options = ExportOptions { format: Format::Tsv, header: Header::Labels, lang: Lang::En, bom: true, ..ExportOptions::default() };
    let text = String::from_utf8(write(&options)).unwrap();
    assert!(text.starts_with("\u{feff}Theme\tStages\tFiscal year\tBudget\tRate\tStarted\r\n"), "{text}");
    assert!(text.contains("(not collected)"));
}

#[test]
fn json_is_what_was_reviewed() {
    let text = String::from_utf8(write(&ExportOptions { format: Format::Json, ..ExportOptions::default() })).unwrap();
    golden("table.json", &text);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["rows"][0]["stages"][1], "applied");
}

#[test]
fn a_workbook_has_the_rows_and_says_where_they_come_from() {
    let options = ExportOptions { format: Format::Xlsx, header: Header::Labels, ..ExportOptions::default() };
    let bytes = write(&options);
    let rows = sheet_rows(&bytes, None);
    assert_eq!(rows[0], ["課題名", "ステージ", "年度", "予算", "割合", "開始日"]);
    assert_eq!(rows[1], ["人工呼吸器, \"新型\"", "basic;applied", "2023", "1234567", "33.1", "2023-04-01"]);
    assert_eq!(rows[2], ["=HYPERLINK(\"x\")", "", "", "(未収集)", "-5", "1868-01-01"]);
    assert_eq!(rows[3], ["二行の\n課題", "", "2024", "9223372036854775807", "0.30000000000000004", "(不明)"]);
    assert_eq!(sheet_rows(&bytes, Some("このファイルについて")), [["計画", "小さな計画"], ["時点", "2025-03-31"]]);
    assert_eq!(sheet_rows(&bytes, Some("研究課題")), rows);
}

#[test]
fn a_workbook_has_a_frozen_header_formats_and_no_formulas() {
    let bytes = write(&ExportOptions { format: Format::Xlsx, ..ExportOptions::default() });
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains(r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#), "{sheet}");
    assert!(sheet.contains(r#"<autoFilter ref="A1:F4"/>"#));
    assert!(!sheet.contains("<f>"));
    let styles = part(&bytes, "xl/styles.xml");
    for expected in ["yyyy-mm-dd", "#,##0.0", "<b/>"] {
        assert!(styles.contains(expected), "{styles}");
    }
}

#[test]
fn the_same_table_is_the_same_file() {
    for format in [Format::Csv, Format::Xlsx, Format::Json] {
        let options = ExportOptions { format, ..ExportOptions::default() };
        assert_eq!(write(&options), write(&options));
    }
}

#[test]
fn a_text_too_long_for_a_cell_is_named() {
    let (t, mut rows) = example();
    rows[2][0] = "長".repeat(32_768).into();
    let options = ExportOptions { format: Format::Xlsx, ..ExportOptions::default() };
    let result = table(&t, 0, rows.clone(), &options, &mut vec![], &crate::silent);
    assert!(matches!(result, Err(ExportError::TextTooLong { row: 4, column, limit: 32_767 }) if column == "theme"));
    assert!(table(&t, 0, rows, &ExportOptions::default(), &mut vec![], &crate::silent).is_ok());
}

#[test]
fn a_sheet_that_is_full_is_an_error_not_a_cut() {
    let table_ = Table { columns: vec![Column::new("n", pair("n", "n"), Kind::Plain)], ..Table::default() };
    let options = ExportOptions { format: Format::Xlsx, ..ExportOptions::default() };
    let rows = std::iter::repeat_n(vec![Value::Blank], 1_048_576);
    let result = table(&table_, 0, rows, &options, &mut vec![], &crate::silent);
    assert!(matches!(result, Err(ExportError::TooManyRows { limit: 1_048_575 })));
}

#[test]
fn rows_have_the_tables_width() {
    let (t, _) = example();
    let result = table(&t, 0, [vec![Value::Blank]], &ExportOptions::default(), &mut vec![], &crate::silent);
    assert!(matches!(result, Err(ExportError::WrongWidth { columns: 6, found: 1 })));
}

#[test]
fn progress_is_told_and_can_cancel() {
    let table_ = Table { columns: vec![Column::new("n", pair("n", "n"), Kind::Plain)], ..Table::default() };
    let told = RefCell::new(vec![]);
    let rows = || (0..2500).map(|n| vec![Value::Integer(n)]);
    let listen = |done, total| {
        told.borrow_mut().push((done, total));
        ControlFlow::Continue(())
    };
    table(&table_, 2500, rows(), &ExportOptions::default(), &mut vec![], &listen).unwrap();
    assert_eq!(*told.borrow(), [(1000, 2500), (2000, 2500)]);
    let result = table(&table_, 0, rows(), &ExportOptions::default(), &mut vec![], &|_, _| ControlFlow::Break(()));
    assert!(matches!(result, Err(ExportError::Cancelled)));
}

#[test]
fn a_broken_pipe_is_an_error() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (t, rows) = example();
    for format in [Format::Csv, Format::Xlsx, Format::Json] {
        let options = ExportOptions { format, ..ExportOptions::default() };
        let result = table(&t, 0, rows.clone(), &options, &mut Closed, &crate::silent);
        assert!(matches!(result, Err(ExportError::Io(_))), "{format:?} {result:?}");
    }
}

#[test]
fn formats_read_back_from_their_words() {
    for format in [Format::Csv, Format::Tsv, Format::Xlsx, Format::Json] {
        assert_eq!(Format::parse(format.as_str()), Some(format));
        assert!(!format.media_type().is_empty());
    }
    assert_eq!(Format::parse("pdf"), None);
}
