//! Exporting lists of records, and reading them back.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common::House;
use proptest::prelude::*;
use shirube_exchange::export::{self, Codes, ExportError, ExportOptions, Format, Header};
use shirube_exchange::import::{ImportOptions, error_file};
use shirube_plan::Lang;
use shirube_record::{Cell, Content, Origin, normalise};
use shirube_snapshot::{AsOf, Filter, ListQuery, Op};
use shirube_store::{Actor, Command};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// All records, in the order they were created.
fn all(register: &str) -> ListQuery {
    ListQuery { register: register.into(), sort: vec![("_id".into(), false)], ..ListQuery::default() }
}

fn write(house: &House, query: &ListQuery, options: &ExportOptions) -> Vec<u8> {
    let mut out = vec![];
    export::records(&house.reader(), query, options, &mut out, &shirube_exchange::silent).unwrap();
    out
}

fn text(house: &House, query: &ListQuery, options: &ExportOptions) -> String {
    String::from_utf8(write(house, query, options)).unwrap().replace("\r\n", "\n")
}

/// Two hubs and three projects: one with everything, one with reasons for blanks, one almost bare.
fn example() -> House {
    let house = House::new();
    house.import("hub", "name\n仙台\n大阪|堺\n");
    house.import(
        "project",
        "year,theme,code,stage,areas,budget,budget_currency,fee,rate,people,started,ended,active,country,lead,lead_number,contact,contact_email,contact_phone,hub,note,grants.1.year,grants.1.amount,grants.2.amount,grants.2.stage,_state,_source,_heading,_quote,_synthetic
2023,人工呼吸器,A-1,basic,basic;applied,1234000,,12.5,33.1,12,2023-04-01,2024-03-31,1,JP,東北大学,7370005002147,山田,y@example.jp,03-1234-5678,仙台,\"二行の
備考\",2023,100,200,applied,approved,d1,見出し,引用,
2024,=1+1,,first,twin1,5,USD,,(不明),(未収集),,,0,,,,,,,大阪|堺,,(秘匿),,,,draft,,,,1
",
    );
    house.import("project", "year,theme,grants\n2024,最小,(非該当)\n");
    house
}

/// Compares with a reviewed file; with BLESS set, writes it for the next review.
fn golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap());
}

/// Times differ from run to run.
fn timeless(text: &str) -> String {
    let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date().to_string();
    text.replace(&day, "DAY").replace(&crate::common::pack().digest, "DIGEST").replace(&crate::common::pack().digest[..12], "DIGEST")
}

#[test]
fn files_are_what_was_reviewed() {
    let house = example();
    let labels = ExportOptions { header: Header::Labels, codes: Codes::Labels, ..ExportOptions::default() };
    golden("records.names.csv", &text(&house, &all("project"), &ExportOptions::default()));
    golden("records.labels.ja.csv", &text(&house, &all("project"), &labels));
    golden("records.labels.en.csv", &text(&house, &all("project"), &ExportOptions { lang: Lang::En, ..labels.clone() }));
    golden("records.json", &timeless(&text(&house, &all("project"), &ExportOptions { format: Format::Json, ..ExportOptions::default() })));
    golden("records.labels.json", &timeless(&text(&house, &all("project"), &ExportOptions { format: Format::Json, ..labels })));
}

#[test]
fn labels_that_would_not_read_back_carry_the_name() {
    let house = House::new();
    house.import("memo", "text,same,same2\nx,y,z\n");
    let header = |lang| text(&house, &all("memo"), &ExportOptions { header: Header::Labels, lang, ..ExportOptions::default() });
    assert!(header(Lang::Ja).starts_with("番号 (_number),本文,番号,同じ,関連,"), "{}", header(Lang::Ja));
    assert!(header(Lang::En).starts_with("Number,Text,Same (same),Same (same2),About,"), "{}", header(Lang::En));
}

#[test]
fn the_list_on_the_page_is_the_list_in_the_file() {
    let house = example();
    let query = ListQuery {
        filters: vec![Filter { column: "year".into(), op: Op::Eq, values: vec!["2024".into()] }],
        sort: vec![("theme".into(), true)],
        offset: 1,
        limit: 1,
        ..all("project")
    };
    let chosen =
        |columns: &[&str]| ExportOptions { columns: columns.iter().map(|c| (*c).to_owned()).collect(), ..ExportOptions::default() };
    // All that match, whatever page is shown.
    assert_eq!(text(&house, &query, &chosen(&["theme", "_version"])), "theme,_version\n最小,1\n'=1+1,1\n");
    let group = text(&house, &all("project"), &chosen(&["grants", "days"]));
    assert!(group.starts_with("grants,grants.1.year,grants.1.amount,grants.1.amount_currency,grants.1.stage,grants.2.year"), "{group}");
}

#[test]
fn what_narrowed_a_list_is_told_in_words() {
    let house = example();
    let mut hub = 0;
    house
        .reader()
        .each(&all("hub"), &mut |r| {
            hub = if hub == 0 { r.id } else { hub };
            ControlFlow::Continue(())
        })
        .unwrap();
    let filter =
        |column: &str, op, values: &[&str]| Filter { column: column.into(), op, values: values.iter().map(|v| (*v).to_owned()).collect() };
    let told = |filters: Vec<Filter>, text: Option<&str>, lang| {
        let query = ListQuery { filters, text: text.map(str::to_owned), ..all("project") };
        let options = ExportOptions { format: Format::Json, lang, ..ExportOptions::default() };
        let json: serde_json::Value = serde_json::from_slice(&write(&house, &query, &options)).unwrap();
        json["about"]["filter"].to_string()
    };
    let id = hub.to_string();
    for (one, ja, en) in [
        (
            filter("stage", Op::In, &["basic", "market"]),
            "採択時ステージ：基礎研究・市販",
            "Stage at adoption: Basic research or On the market",
        ),
        (filter("areas", Op::Ne, &["applied"]), "分野が応用研究以外", "Areas is not Applied research"),
        (filter("year", Op::Ge, &["2023"]), "調査年度が2023以上", "Survey year from 2023"),
        (filter("budget_currency", Op::Eq, &["JPY"]), "予算（通貨）：JPY", "Budget (currency): JPY"),
        (filter("grants.amount", Op::Gt, &["5"]), "補助金 金額が5を超える", "Grants Amount above 5"),
        (filter("grants.stage", Op::Eq, &["applied"]), "補助金 段階：応用研究", "Grants Stage: Applied research"),
        (filter("country", Op::Eq, &["JP"]), "国：日本", "Country: Japan"),
        (filter("hub", Op::Eq, &[&id]), "拠点：仙台", "Hub: 仙台"),
        (filter("_state", Op::Eq, &["draft"]), "状態：下書き", "State: Draft"),
        (filter("_synthetic", Op::Eq, &["1"]), "例示データ：はい", "Demonstration record: yes"),
        (filter("theme", Op::Contains, &["器"]), "課題名に「器」を含む", "Theme contains “器”"),
        (filter("note", Op::Blank, &[]), "備考が空欄", "Note is blank"),
    ] {
        assert!(told(vec![one.clone()], None, Lang::Ja).contains(ja), "{}", told(vec![one], None, Lang::Ja));
        assert!(told(vec![one.clone()], None, Lang::En).contains(en), "{}", told(vec![one], None, Lang::En));
    }
    let two = || vec![filter("stage", Op::Eq, &["basic"]), filter("people", Op::Filled, &[])];
    assert!(told(two(), Some("呼吸"), Lang::Ja).contains("採択時ステージ：基礎研究、人数に値がある、「呼吸」を含む"));
    assert!(told(two(), Some("呼吸"), Lang::En).contains("Stage at adoption: Basic research; People is filled; holds “呼吸”"));
}

#[test]
fn an_earlier_moment_is_exported_as_it_was() {
    let house = House::new();
    house.import("memo", "text\n前\n");
    let then = house.reader().moment().seq;
    house.import("memo", "_number,text\nM-1,後\n");
    let reader = house.store.reader(&Actor::owner(), AsOf::Seq(then)).unwrap();
    let options = ExportOptions { columns: vec!["text".into()], ..ExportOptions::default() };
    let mut out = vec![];
    export::records(&reader, &all("memo"), &options, &mut out, &shirube_exchange::silent).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "text\r\n前\r\n");
}

#[test]
fn what_cannot_be_exported_says_why() {
    let house = example();
    let export = |query: &ListQuery, columns: &[&str]| {
        let options = ExportOptions { columns: columns.iter().map(|c| (*c).to_owned()).collect(), ..ExportOptions::default() };
        export::records(&house.reader(), query, &options, &mut vec![], &shirube_exchange::silent)
    };
    assert!(matches!(export(&all("projekt"), &[]), Err(ExportError::NoSuchRegister(r)) if r == "projekt"));
    assert!(
        matches!(export(&all("project"), &["theme", "thema"]), Err(ExportError::NoSuchColumn { name, columns, .. }) if name == "thema" && columns.contains(&"theme".to_owned()))
    );
    let query = ListQuery { sort: vec![("nothing".into(), false)], ..all("project") };
    assert!(matches!(export(&query, &[]), Err(ExportError::Snapshot(_))));
}

#[test]
fn progress_of_a_list_is_told_and_can_cancel() {
    let house = House::new();
    house.import("memo", format!("text\n{}", "x\n".repeat(2100)));
    let told = RefCell::new(vec![]);
    let listen = |done, total| {
        told.borrow_mut().push((done, total));
        ControlFlow::Continue(())
    };
    let options = ExportOptions::default();
    assert_eq!(export::records(&house.reader(), &all("memo"), &options, &mut vec![], &listen).unwrap(), 2100);
    assert_eq!(*told.borrow(), [(1000, 2100), (2000, 2100)]);
    let result = export::records(&house.reader(), &all("memo"), &options, &mut vec![], &|_, _| ControlFlow::Break(()));
    assert!(matches!(result, Err(ExportError::Cancelled)));
}

#[test]
fn rows_with_mistakes_come_back_with_what_is_wrong_and_can_be_mended_there() {
    let house = House::new();
    let file = "題名\n\n課題名,year,人数,何か\nA,2023,1,\n=B,x,9999,\nC,2024,,\n";
    let prepared = house.prepare("project", file);
    assert_eq!(prepared.error_count, 3);
    let give = |format, lang| {
        let options = ExportOptions { format, lang, ..ExportOptions::default() };
        let mut out = vec![];
        let rows =
            error_file(file.as_bytes(), &ImportOptions::default().sheet, &prepared, &options, &mut out, &shirube_exchange::silent).unwrap();
        assert_eq!(rows, 3);
        out
    };
    let csv = String::from_utf8(give(Format::Csv, Lang::Ja)).unwrap().replace("\r\n", "\n");
    golden("errors.ja.csv", &csv);
    golden("errors.en.csv", &String::from_utf8(give(Format::Csv, Lang::En)).unwrap().replace("\r\n", "\n"));
    // Mended in place, without the unknown column, it goes in; the added column is skipped.
    let mended = csv.replace(",何か", ",備考").replacen(",x,", ",2023,", 1).replace("9999", "99");
    assert_eq!(house.import("project", mended).plan.create, 3);
    assert_eq!(house.records("project")[1].content["theme"], Cell::Text("=B".into()));
    let workbook = house.prepare("project", give(Format::Xlsx, Lang::Ja));
    assert_eq!((workbook.error_count, workbook.plan.rows), (3, 3));
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Zあ-ん漢字、。,;|\"'=+@-]{1,12}",
        "[=+@-][0-9a-z]{0,4}",
        "'{1,2}[=+-]?[a-z]{1,3}",
        "[0-9]{1,4}",
        Just("2023-04-01".to_owned()),
        Just("1,000".to_owned()),
        Just("TRUE".to_owned()),
        Just("－".to_owned()),
    ]
    .prop_map(|s| s.trim().to_owned())
    .prop_filter("says something", |s| !s.is_empty() && shirube_record::input::missing_word(s).is_none())
}

fn missing() -> impl Strategy<Value = Cell> {
    prop::sample::select(vec!["unknown", "not_collected", "not_applicable", "suppressed"]).prop_map(|w| Cell::Missing { missing: w.into() })
}

fn or_missing(cell: impl Strategy<Value = Cell> + 'static) -> impl Strategy<Value = Option<Cell>> {
    prop_oneof![2 => Just(None), 5 => cell.prop_map(Some), 1 => missing().prop_map(Some)]
}

fn code() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["basic", "applied", "market", "first", "twin1", "twin2"]).prop_map(str::to_owned)
}

fn day() -> impl Strategy<Value = Cell> {
    (1870..2100i16, 1..13i8, 1..29i8).prop_map(|(y, m, d)| Cell::Text(format!("{y:04}-{m:02}-{d:02}")))
}

fn money() -> impl Strategy<Value = Cell> {
    prop_oneof![any::<i64>(), -1000..1000i64].prop_map(Cell::Integer)
}

fn currency() -> impl Strategy<Value = Option<Cell>> {
    prop::option::of(prop::sample::select(vec!["JPY", "USD", "EUR"]).prop_map(|c| Cell::Text(c.into())))
}

fn grant() -> impl Strategy<Value = Content> {
    (or_missing((1900..2100i64).prop_map(Cell::Integer)), or_missing(money()), currency(), or_missing(code().prop_map(Cell::Text)))
        .prop_map(|(year, amount, currency, stage)| {
            columns([("year", year), ("amount", amount), ("amount_currency", currency), ("stage", stage)])
        })
}

fn columns<const N: usize>(cells: [(&str, Option<Cell>); N]) -> Content {
    cells.into_iter().filter_map(|(c, v)| Some((c.to_owned(), v?))).collect()
}

/// A valid project beside its key: any mixture of values, blanks and reasons for blanks.
fn project() -> impl Strategy<Value = (Content, Option<String>, Origin)> {
    let several = prop::collection::btree_set(code(), 1..4).prop_map(|codes| Cell::List(codes.into_iter().collect()));
    let first = (
        or_missing(code().prop_map(Cell::Text)),
        or_missing(several),
        or_missing(money()),
        currency(),
        or_missing((-100_000..100_000i64).prop_map(|n| Cell::Real(n as f64 / 100.0))),
        or_missing((-1000..1000i64).prop_map(|n| Cell::Real(n as f64 / 10.0))),
        or_missing((0..1000i64).prop_map(Cell::Integer)),
        or_missing(day()),
        or_missing((0..2i64).prop_map(Cell::Integer)),
    );
    let names = or_missing(word().prop_map(Cell::Text));
    let second = (
        or_missing(prop::sample::select(vec!["JP", "US", "FR"]).prop_map(|c| Cell::Text(c.into()))),
        names,
        or_missing(word().prop_map(Cell::Text)),
        prop::option::of(0..2usize),
        or_missing(prop::collection::vec(word(), 1..4).prop_map(|lines| Cell::Text(lines.join("\n")))),
        prop_oneof![prop::collection::vec(grant(), 0..4).prop_map(|g| Some(Cell::Rows(g))), missing().prop_map(Some)],
    );
    let about = (prop::sample::select(vec![None, Some("draft"), Some("closed")]), prop::option::of(word()), any::<bool>());
    (first, second, about).prop_map(|(a, b, (state, quote, synthetic))| {
        let mut content = columns([
            ("stage", a.0),
            ("areas", a.1),
            ("budget", a.2),
            ("budget_currency", a.3),
            ("fee", a.4),
            ("rate", a.5),
            ("people", a.6),
            ("started", a.7),
            ("active", a.8),
            ("country", b.0),
            ("lead", b.1),
            ("contact", b.2),
            ("note", b.4),
            ("grants", b.5),
        ]);
        if let Some(hub) = b.3 {
            content.insert("hub".into(), Cell::Integer(hub as i64));
        }
        // A closed project has begun, or says why that is not known.
        let state = state.filter(|s| *s != "closed" || content.contains_key("started"));
        (content, state.map(str::to_owned), Origin { quote, synthetic, ..Origin::default() })
    })
}

fn options() -> impl Strategy<Value = ExportOptions> {
    (
        prop::sample::select(vec![Format::Csv, Format::Tsv, Format::Xlsx]),
        prop::sample::select(vec![Lang::Ja, Lang::En]),
        prop::sample::select(vec![Header::Names, Header::Labels]),
        prop::sample::select(vec![Codes::Codes, Codes::Labels]),
        any::<bool>(),
    )
        .prop_map(|(format, lang, header, codes, bom)| ExportOptions { format, lang, header, codes, bom, columns: vec![] })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// What is exported and imported into an empty register is the same, whatever the format and the words.
    #[test]
    fn a_list_comes_back_as_it_was(projects in prop::collection::vec((word(), project()), 1..25), options in prop::collection::vec(options(), 3)) {
        const HUBS: &str = "name\n'-仙台\n\"大阪|堺, 他\"\n";
        let house = House::new();
        let hubs: Vec<i64> = house.import("hub", HUBS).receipts.iter().map(|r| r.record).collect();
        let register = &house.store.pack().registers["project"].clone();
        let commands = projects.into_iter().enumerate().map(|(i, (theme, (mut content, state, origin)))| {
            content.insert("year".into(), Cell::Integer(2000 + i as i64));
            content.insert("theme".into(), Cell::Text(theme));
            if let Some(Cell::Integer(hub)) = content.get_mut("hub") {
                *hub = hubs[*hub as usize];
            }
            let mut content = normalise(register, content);
            if let Some(state) = state {
                content.insert("_state".into(), Cell::Text(state));
            }
            Command::Create { register: "project".into(), content, origin }
        });
        house.store.submit_all(&Actor::owner(), commands.collect::<Vec<_>>(), &|_| ()).unwrap();
        let facts = |house: &House| -> Vec<_> {
            house.records("project").into_iter().map(|r| (r.content, r.state, r.origin)).collect()
        };
        for options in options {
            let file = write(&house, &all("project"), &options);
            let other = House::new();
            other.import("hub", HUBS);
            other.import("project", &file);
            prop_assert_eq!(facts(&other), facts(&house), "{:?}", options);
            // And it changes nothing where it came from.
            let prepared = house.prepare("project", &file);
            prop_assert_eq!((&prepared.errors[..], prepared.plan.unchanged), (&[][..], prepared.plan.rows));
        }
    }
}
