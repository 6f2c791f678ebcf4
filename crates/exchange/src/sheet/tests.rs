#![allow(clippy::unwrap_used)]
use super::*;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Workbook, Worksheet};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Header and rows as (number, cells).
type Table = (Vec<String>, Vec<(usize, Vec<String>)>);

fn open(bytes: &[u8], options: &SheetOptions) -> Result<(Format, Table), SheetError> {
    let known = |t: &str| ["theme", "year", "amount"].contains(&t);
    read(bytes, options, &known, |head, rows| {
        let mut table = vec![];
        let mut row = Row::default();
        while rows.next(&mut row)? {
            table.push((row.number(), row.texts().map(str::to_owned).collect()));
        }
        Ok((head.format, (head.header.texts().map(str::to_owned).collect(), table)))
    })
}

fn table(bytes: &[u8]) -> Table {
    open(bytes, &SheetOptions::default()).unwrap().1
}

fn error(bytes: &[u8], options: &SheetOptions) -> SheetError {
    open(bytes, options).unwrap_err()
}

fn limits(limits: Limits) -> SheetOptions {
    SheetOptions { limits, ..SheetOptions::default() }
}

fn cells(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

/// A workbook written by hand: a sheet of these rows, and possibly other parts.
fn raw(sheet: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let workbook = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let root = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    let parts = [
        ("_rels/.rels", root),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, content) in parts.iter().chain(others) {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn raw_rows(rows: &str) -> String {
    format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#)
}

#[test]
fn a_text_file_is_read_whatever_its_delimiter() {
    let expected = (cells(&["theme", "year"]), vec![(2, cells(&["a;b,c\td", "2023"])), (3, cells(&["d", "2024"]))]);
    for delimiter in [",", "\t", ";"] {
        let text = format!("theme{delimiter}year\n\"a;b,c\td\"{delimiter}2023\nd{delimiter}2024\n");
        assert_eq!(table(text.as_bytes()), expected, "{delimiter:?}");
    }
}

#[test]
fn the_delimiter_is_the_one_that_makes_headings_known() {
    // More commas than tabs in the data; only tabs make headings.
    let (format, (header, _)) = open(b"theme\tyear\na,b,c,d,e,f\t2023\n", &SheetOptions::default()).unwrap();
    assert_eq!(header, cells(&["theme", "year"]));
    assert_eq!(format, Format::Text { encoding: Encoding::Utf8, delimiter: b'\t' });
    // One column has no delimiter; commas are the habit.
    assert_eq!(open(b"theme\na\n", &SheetOptions::default()).unwrap().0, Format::Text { encoding: Encoding::Utf8, delimiter: b',' });
    let forced = SheetOptions { delimiter: Some(b';'), ..SheetOptions::default() };
    assert_eq!(open(b"theme,year\n", &forced).unwrap().1.0, cells(&["theme,year"]));
}

#[test]
fn rows_have_the_numbers_a_spreadsheet_shows() {
    let text = "theme,year\r\n\r\n\"two\r\nlines\",1\r\n,\r\n  \r\nlast,2";
    assert_eq!(table(text.as_bytes()).1, [(3, cells(&["two\r\nlines", "1"])), (6, cells(&["last", "2"]))]);
    // Old Macintosh line ends, and empty lines at the top.
    assert_eq!(table(b"\r\rtheme,year\r\rx,1\r").1, [(5, cells(&["x", "1"]))]);
    assert_eq!(table(b"\n\ntheme,year\nx,1\n\n\n").1, [(4, cells(&["x", "1"]))]);
}

#[test]
fn titles_above_the_header_do_no_harm() {
    let (header, rows) = table("研究課題一覧,,\n令和5年度,,\n\ntheme,year,memo\nx,1,y\n".as_bytes());
    assert_eq!(header, cells(&["theme", "year", "memo"]));
    assert_eq!(rows, [(5, cells(&["x", "1", "y"]))]);
    // When no heading is known the first row is the header: its mistakes will be told.
    assert_eq!(table(b"a,b\nc,d\n").0, cells(&["a", "b"]));
}

#[test]
fn a_workbook_reads_as_what_is_seen_in_it() {
    let bytes = workbook(|s| {
        s.write_row(0, 0, ["theme", "year", "amount", "on", "at", "yes"]).unwrap();
        s.write(2, 0, " 課題　").unwrap();
        s.write(2, 1, 2023).unwrap();
        s.write(2, 2, 0.1 + 0.2).unwrap();
        s.write_with_format(2, 3, ExcelDateTime::from_ymd(2023, 3, 1).unwrap(), &Style::new().set_num_format("yyyy/m/d")).unwrap();
        let noon = ExcelDateTime::from_ymd(2023, 3, 1).unwrap().and_hms(12, 30, 0).unwrap();
        s.write_with_format(2, 4, noon, &Style::new().set_num_format("yyyy-mm-dd hh:mm")).unwrap();
        s.write(2, 5, true).unwrap();
        s.write(4, 2, 1_234_567_890_123_f64).unwrap();
    });
    let expected =
        [(3, cells(&[" 課題　", "2023", "0.3", "2023-03-01", "2023-03-01T12:30:00", "true"])), (5, cells(&["", "", "1234567890123"]))];
    assert_eq!(table(&bytes).1, expected);
}

#[test]
fn formulas_give_their_stored_result() {
    let bytes = workbook(|s| {
        s.write_row(0, 0, ["theme", "year"]).unwrap();
        s.write(1, 0, Formula::new("=1+1").set_result("2")).unwrap();
        s.write(1, 1, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
    });
    assert_eq!(table(&bytes).1, [(2, cells(&["2", "ab"]))]);
    let kinds = |rows: &str| {
        let sheet = raw_rows(&format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>theme</t></is></c></row>{rows}"#));
        read(&raw(&sheet, &[]), &SheetOptions::default(), &|t| t == "theme", |_, rows| {
            let mut row = Row::default();
            rows.next(&mut row)?;
            Ok::<_, SheetError>((row.get(0).to_owned(), row.kind(0)))
        })
        .unwrap()
    };
    assert_eq!(kinds(r#"<row r="2"><c r="A2"><f>1+1</f></c></row>"#), (String::new(), Some(Kind::Uncomputed)));
    assert_eq!(kinds(r##"<row r="2"><c r="A2" t="e"><f>A9</f><v>#REF!</v></c></row>"##), ("#REF!".to_owned(), Some(Kind::Error)));
    assert_eq!(kinds(r#"<row r="2"><c r="A2"><v>45000</v></c></row>"#), ("45000".to_owned(), Some(Kind::Number)));
}

#[test]
fn percentages_read_as_they_are_shown() {
    let bytes = workbook(|s| {
        s.write_row(0, 0, ["theme", "year", "amount"]).unwrap();
        for (row, format) in [(1, "0%"), (2, "0.0%"), (3, "0.00")] {
            s.write_with_format(row, 1, 0.331, &Style::new().set_num_format(format)).unwrap();
            s.write(row, 2, 0.331).unwrap();
        }
    });
    let row = |n, year: &str| (n, cells(&["", year, "0.331"]));
    assert_eq!(table(&bytes).1, [row(2, "33.1%"), row(3, "33.1%"), row(4, "0.331")]);
}

#[test]
fn bare_numbers_are_days_only_where_days_are_likely() {
    assert_eq!(workbook::serial("44986"), Some("2023-03-01".to_owned()));
    for text in ["2023", "20230301", "44986.5", "90000", "x", ""] {
        assert_eq!(workbook::serial(text), None, "{text}");
    }
}

#[test]
fn values_merged_over_rows_hold_for_each_of_them() {
    let bytes = workbook(|s| {
        s.merge_range(0, 0, 0, 2, "研究課題一覧", &Style::new()).unwrap();
        s.write_row(1, 0, ["theme", "year", "amount"]).unwrap();
        s.merge_range(2, 0, 4, 0, "A", &Style::new()).unwrap();
        for (row, amount) in [(2, 1), (3, 2), (5, 3)] {
            s.write(row, 2, amount).unwrap();
        }
    });
    // Row 5 has nothing of its own: still blank.
    assert_eq!(table(&bytes).1, [(3, cells(&["A", "", "1"])), (4, cells(&["A", "", "2"])), (6, cells(&["", "", "3"]))]);
}

#[test]
fn the_first_visible_sheet_is_read_unless_one_is_named() {
    let mut book = Workbook::new();
    for (name, hidden) in [("隠し", true), ("一覧", false), ("別", false)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.write_row(0, 0, ["theme", name]).unwrap();
        sheet.set_hidden(hidden);
        sheet.set_active(name == "一覧");
    }
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(open(&bytes, &SheetOptions::default()).unwrap().0, Format::Workbook { sheet: "一覧".into() });
    let named = |name: &str| SheetOptions { sheet: Some(name.into()), ..SheetOptions::default() };
    assert_eq!(open(&bytes, &named("別")).unwrap().1.0, cells(&["theme", "別"]));
    assert_eq!(error(&bytes, &named("なし")), SheetError::NoSuchSheet { name: "なし".into(), sheets: cells(&["隠し", "一覧", "別"]) });
}

#[test]
fn what_is_no_table_is_refused_by_name() {
    let all = SheetOptions::default();
    assert_eq!(error(b"", &all), SheetError::Empty);
    assert_eq!(error(b"\n , \n", &all), SheetError::Empty);
    assert_eq!(error(&workbook(|_| ()), &all), SheetError::Empty);
    assert_eq!(error(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", &all), SheetError::OldWorkbook);
    assert_eq!(error(b"theme\n\xFF\n", &all), SheetError::Encoding { line: 2 });
    assert_eq!(error(b"theme,year\na,1\nb,\"2\nc,3\n", &all), SheetError::UnclosedQuote { row: 3 });
    assert_eq!(error(b"PK\x03\x04nothing", &all), SheetError::Damaged(Damage::Archive));
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    zip.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    assert_eq!(error(&zip.finish().unwrap().into_inner(), &all), SheetError::NotAWorkbook);
    assert_eq!(error(&raw("<worksheet><sheetData><row", &[]), &all), SheetError::Damaged(Damage::Content));
    let backwards = raw_rows(r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#);
    assert_eq!(error(&raw(&backwards, &[]), &all), SheetError::Damaged(Damage::Order { row: 1, before: 2 }));
}

#[test]
fn quotes_in_the_middle_of_a_value_are_no_mistake() {
    assert_eq!(table(b"theme,year\n5\" disk,\"two\nlines\"\n").1, [(2, cells(&["5\" disk", "two\nlines"]))]);
}

#[test]
fn limits_are_kept() {
    let small = Limits { bytes: 20, unpacked: 1 << 20, parts: 100, cells: 4, columns: 3 };
    assert_eq!(error(&[b'a'; 21], &limits(small)), SheetError::TooLarge { size: 21, limit: 20 });
    assert_eq!(error(b"theme,year\n1,2\n3,4\n", &limits(small)), SheetError::TooManyCells { row: 3, limit: 4 });
    assert_eq!(error(b"theme,year\n1,2,3,4\n", &limits(small)), SheetError::TooManyColumns { row: 2, limit: 3 });
    let book = Limits { bytes: 1 << 20, ..small };
    let wide = workbook(|s| {
        s.write(0, 3, "x").unwrap();
    });
    assert_eq!(error(&wide, &limits(book)), SheetError::TooManyColumns { row: 1, limit: 3 });
    let long = workbook(|s| {
        for row in 0..5 {
            s.write(row, 0, "x").unwrap();
        }
    });
    assert_eq!(error(&long, &limits(book)), SheetError::TooManyCells { row: 5, limit: 4 });
}

#[test]
fn a_bomb_is_refused_before_it_is_held() {
    let bomb = raw(&raw_rows(&" ".repeat(3 << 20)), &[]);
    assert!(bomb.len() < 10_000);
    let options = limits(Limits { unpacked: 1 << 20, ..Limits::default() });
    assert_eq!(error(&bomb, &options), SheetError::UnpacksTooLarge { limit: 1 << 20 });
    // One long text in the file, shared by many cells.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let rows: String = (1..=100).map(|r| format!(r#"<row r="{r}"><c r="A{r}" t="s"><v>0</v></c></row>"#)).collect();
    let shared = raw(&raw_rows(&rows), &[("xl/sharedStrings.xml", &strings)]);
    assert!(open(&shared, &SheetOptions::default()).is_ok());
    assert_eq!(error(&shared, &options), SheetError::UnpacksTooLarge { limit: 1 << 20 });
}

#[test]
fn an_archive_of_too_many_parts_is_refused() {
    let parts: Vec<(String, &str)> = (0..50).map(|n| (format!("xl/media/{n}.txt"), "x")).collect();
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let book = raw(&raw_rows(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>"#), &parts);
    let few = |parts| limits(Limits { parts, ..Limits::default() });
    assert_eq!(error(&book, &few(50)), SheetError::TooManyParts { limit: 50 });
    assert!(open(&book, &few(100)).is_ok());
}

#[test]
fn a_document_type_is_refused() {
    let sheet = raw_rows(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>"#);
    let entity = format!(r#"<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/hostname">]>{sheet}"#);
    assert_eq!(error(&raw(&entity, &[]), &SheetOptions::default()), SheetError::DocumentType { part: "xl/worksheets/sheet1.xml".into() });
}

#[test]
fn errors_say_how_to_mend() {
    for e in [
        SheetError::OldWorkbook,
        SheetError::NotAWorkbook,
        SheetError::Damaged(Damage::Archive),
        SheetError::Encoding { line: 1 },
        SheetError::UnpacksTooLarge { limit: 1 },
    ] {
        assert!(e.to_string().contains("save it") || e.to_string().contains("save the file"), "{e}");
    }
}
