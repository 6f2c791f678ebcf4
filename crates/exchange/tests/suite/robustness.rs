//! The entry points of the fuzz targets on generated and mutated input: no panic, bounded time and memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::entry;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use std::time::{Duration, Instant};

/// Far more than any case needs, even in a debug build on a busy machine.
const SLOW: Duration = Duration::from_secs(20);

fn bounded(entry: fn(&[u8]), data: &[u8]) {
    let start = Instant::now();
    entry(data);
    let taken = start.elapsed();
    assert!(taken < SLOW, "{taken:?} for {} bytes", data.len());
}

/// A change to sound input.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize, usize),
    End(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let words: Vec<&[u8]> = vec![
        b"\"",
        b",",
        b"\t",
        b";",
        b"\n",
        b"\r",
        b"\0",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\x83",
        b"<",
        b"&",
        b"]]>",
        b"grants.1.amount",
        b"grants.99999999999999999999.amount",
        b"9223372036854775808",
        b"1e999",
        b"-0",
        b"NaN",
        "兆".as_bytes(),
        "令和99年13月32日".as_bytes(),
        b"(unknown)",
        b"'''=",
        b"r=\"ZZZZZZZZZZ99999999999\"",
        b"t=\"s\"",
        b"<!DOCTYPE",
    ];
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(i, b)| Change::Flip(i, b)),
        (at(), 1..64usize).prop_map(|(i, n)| Change::Cut(i, n)),
        (at(), prop::sample::select(words).prop_map(<[u8]>::to_vec)).prop_map(|(i, w)| Change::Insert(i, w)),
        (at(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(i, w)| Change::Insert(i, w)),
        (at(), 1..200usize, 2..50usize).prop_map(|(i, n, times)| Change::Repeat(i, n, times)),
        at().prop_map(Change::End),
    ]
}

fn changed(sound: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut data = sound.to_vec();
    for change in changes {
        if data.is_empty() {
            break;
        }
        match change {
            Change::Flip(i, b) => *i.get_mut(&mut data) ^= b,
            Change::Cut(i, n) => {
                let at = i.index(data.len());
                data.drain(at..(at + n).min(data.len()));
            }
            Change::Insert(i, word) => {
                let at = i.index(data.len());
                data.splice(at..at, word.iter().copied());
            }
            Change::Repeat(i, n, times) => {
                let at = i.index(data.len());
                let piece = data[at..(at + n).min(data.len())].repeat(*times);
                data.splice(at..at, piece);
            }
            Change::End(i) => data.truncate(i.index(data.len())),
        }
    }
    data
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..6)
}

const CSV: &str = "一覧\n調査年度,課題名,code,採択時ステージ,Areas,予算,割合,人数,開始日,終了日,国,代表機関（法人番号）,担当者（メール）,備考,補助金 1 年度,grants.1.amount,grants.2.stage,_source,_state
令和５年度,人工呼吸器,A-1,基礎研究,basic;応用研究,１，２３４千円,33.1%,１２,令和5年4月1日,R6.3.31,日本,7370005002147,y@example.jp,\"二行の\n備考\",2023,2億円,applied,d1,承認済み
2024,'=1+1,A-2,(不明),,5,,1001,2023-02-30,,XX,1,,,,,,,closed
";

const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:C3"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>year</t></is></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="str"><v>people</v></c></row><row r="2"><c r="A2"><v>2023</v></c><c r="B2" t="s"><v>1</v></c><c r="C2"><f>1+1</f><v>2</v></c></row><row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3" t="e"><v>#REF!</v></c><c r="C3" t="d"><v>2023-04-01T00:00:00</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells></worksheet>"#;
const STRINGS: &str = "<sst><si><t>theme</t></si><si><r><t>人工</t></r><r><t>呼吸器</t></r></si></sst>";

fn sheet() -> Vec<u8> {
    [SHEET.as_bytes(), b"\0", STRINGS.as_bytes()].concat()
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["year", "theme", "rate"]).unwrap();
    sheet.write_row(1, 0, ["2023", "人工呼吸器", "1"]).unwrap();
    book.save_to_buffer().unwrap()
}

/// Each file of the sound pack, as the one that changes.
fn pack_files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = entry::files().into_iter().collect();
    files.push(("records/project.csv".into(), CSV.lines().skip(1).collect::<Vec<_>>().join("\n").into_bytes()));
    files.push((
        "sources.toml".into(),
        b"[[source]]\nid = \"d1\"\nlabel = { ja = \"a\", en = \"a\" }\npublisher = { ja = \"b\", en = \"b\" }\ntext = \"sources/1.txt\"\n"
            .to_vec(),
    ));
    files.push(("sources/1.txt".into(), "見出し\n12.3%\n".as_bytes().to_vec()));
    files.push(("published/x.toml".into(), b"[[series]]\nid = \"s\"\nlabel = { ja = \"a\", en = \"a\" }\nunit = \"percent\"\n".to_vec()));
    files
        .push(("published/x.csv".into(), "series,period,printed,source,heading,quote\ns,2024,12.3%,d1,見出し,12.3%\n".as_bytes().to_vec()));
    files.push(("indicators/i.toml".into(), b"kind = \"kpi\"\nlabel = { ja = \"a\", en = \"a\" }\ndefinition = { ja = \"a\", en = \"a\" }\nnodes = []\nunit = \"percent\"\ndirection = \"up\"\n".to_vec()));
    files.push(("indicators/i.sql".into(), b"SELECT '2024' AS period, 1.0 AS value".to_vec()));
    files
}

#[test]
fn sound_input_is_read() {
    // What the mutations start from really reaches the depths.
    bounded(entry::csv_import, CSV.as_bytes());
    bounded(entry::xlsx_sheet, &sheet());
    bounded(entry::xlsx_file, &workbook());
    let all: Vec<u8> = pack_files().into_iter().flat_map(|(path, content)| [path.as_bytes(), b"\0", &content, b"\0"].concat()).collect();
    bounded(entry::pack_load, &all);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn text_files(data in prop::collection::vec(any::<u8>(), 0..2000), changes in changes()) {
        bounded(entry::csv_import, &data);
        bounded(entry::csv_import, &changed(CSV.as_bytes(), &changes));
        let (cp932, ..) = encoding_rs::SHIFT_JIS.encode(CSV);
        bounded(entry::csv_import, &changed(&cp932, &changes));
    }

    #[test]
    fn workbooks(data in prop::collection::vec(any::<u8>(), 0..500), changes in changes()) {
        bounded(entry::xlsx_file, &data);
        bounded(entry::xlsx_file, &changed(&workbook(), &changes));
        bounded(entry::xlsx_sheet, &changed(&sheet(), &changes));
    }

    #[test]
    fn packs(which in any::<prop::sample::Index>(), changes in changes(), data in prop::collection::vec(any::<u8>(), 0..300)) {
        let files = pack_files();
        let (path, content) = which.get(&files);
        bounded(entry::pack_load, &[path.as_bytes(), b"\0", &changed(content, &changes)].concat());
        bounded(entry::pack_load, &[path.as_bytes(), b"\0", &data].concat());
        bounded(entry::pack_load, &data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn typed_text(field in any::<u8>(), text in "[0-9０-９.,，．:;/年月日度元令和平成昭和RSHFY約%％円千百万億兆+\\-−－▲()（）不明 　\u{0}-\u{ff}ｱ-ﾝ]{0,40}") {
        bounded(entry::input_parse, &[&[field], text.as_bytes()].concat());
        bounded(entry::printed_read, text.as_bytes());
    }

    #[test]
    fn moments(text in "(seq:|head|[+-])?[0-9T:Z.+-]{0,40}", any in ".{0,30}") {
        bounded(entry::as_of, text.as_bytes());
        bounded(entry::as_of, any.as_bytes());
    }

    #[test]
    fn lists(
        conditions in prop::collection::vec(("(theme|year|rate|areas|grants|hub|_state|_number|_missing|nothing|\"; --)", "(eq|ne|lt|le|gt|ge|contains|in|blank|filled)", ".{0,12}"), 0..4),
        rest in ".{0,30}",
    ) {
        let lines: Vec<String> = conditions.iter().map(|(c, o, v)| format!("{c}\t{o}\t{v}")).collect();
        bounded(entry::list_query, format!("{}\n{rest}\n?{rest}", lines.join("\n")).as_bytes());
    }
}

/// Inputs that once were, or plainly could be, out of proportion.
#[test]
fn known_extremes() {
    bounded(entry::csv_import, "\"".repeat(100_000).as_bytes());
    bounded(entry::csv_import, ",".repeat(100_000).as_bytes());
    bounded(entry::csv_import, format!("theme{}\n", ",x".repeat(1900)).repeat(20).as_bytes());
    bounded(entry::csv_import, format!("theme\n{}\n", "長".repeat(300_000)).as_bytes());
    bounded(entry::csv_import, format!("theme,grants.{}.amount\nx,1\n", usize::MAX).as_bytes());
    bounded(entry::csv_import, format!("theme,grants.1000.amount\n{}", "x,1\n".repeat(200)).as_bytes());
    let deep = format!("<worksheet><sheetData>{}", "<row>".repeat(100_000));
    bounded(entry::xlsx_sheet, deep.as_bytes());
    let far = SHEET.replace("A3", "XFD1048576").replace(r#"row r="3""#, r#"row r="1048576""#);
    bounded(entry::xlsx_sheet, far.as_bytes());
    let merged = SHEET.replace("A2:A3", "A2:XFD1048576");
    bounded(entry::xlsx_sheet, merged.as_bytes());
    bounded(entry::pack_load, format!("plan/p.toml\0{}", "[".repeat(100_000)).as_bytes());
    bounded(entry::pack_load, format!("plan/p.toml\0a = {}", "[".repeat(100_000)).as_bytes());
    bounded(entry::pack_load, format!("plan/p.toml\0{} = 1", vec!["a"; 50_000].join(".")).as_bytes());
    bounded(entry::input_parse, &[&[3][..], "9".repeat(100_000).as_bytes()].concat());
    bounded(entry::printed_read, "9兆".repeat(50_000).as_bytes());
    bounded(entry::list_query, format!("?{}", "a ".repeat(50_000)).as_bytes());
    bounded(entry::list_query, format!("theme\tin{}", "\tx".repeat(50_000)).as_bytes());
    // Linux tells; elsewhere the line is missing and nothing is claimed.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    assert!(peak.unwrap_or(0) < 1 << 20, "{peak:?} kB");
}
