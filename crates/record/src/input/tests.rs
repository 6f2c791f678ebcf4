#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::format;
use proptest::prelude::*;
use shirube_plan::{Code, CodeList, Lang, Pair, Unit};

fn pair(ja: &str, en: &str) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

fn pack() -> Pack {
    let mut pack = Pack::default();
    let list = |name: &str, codes: &[(&str, &str, &str)]| CodeList {
        name: name.into(),
        label: Pair::default(),
        codes: codes.iter().map(|(c, ja, en)| Code { code: c.to_string(), label: pair(ja, en), ..Code::default() }).collect(),
    };
    pack.code_lists.insert(
        "stage".into(),
        list(
            "stage",
            &[
                ("basic", "基礎研究", "Basic research"),
                ("applied", "応用研究", "Applied research"),
                ("x1", "同じ", "Same"),
                ("x2", "同じ", "Other"),
            ],
        ),
    );
    pack.code_lists.insert("country".into(), list("country", &[("JP", "日本", "Japan"), ("US", "アメリカ合衆国", "United States")]));
    pack.units.insert("percent".into(), Unit { name: "percent".into(), label: pair("%", "%"), places: 1, money: None });
    pack.units.insert("count".into(), Unit { name: "count".into(), label: pair("件", "cases"), places: 0, money: None });
    pack
}

fn field(kind: FieldKind) -> Field {
    Field {
        name: "f".into(),
        label: Pair::default(),
        help: None,
        kind,
        required: false,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    }
}

fn read(kind: FieldKind, part: Part, text: &str) -> Result<Option<Cell>, Mistake> {
    parse(&field(kind), part, text, &pack()).map_err(|e| *e.mistake)
}

fn main_of(kind: FieldKind, text: &str) -> Result<Cell, Mistake> {
    read(kind, Part::Main, text).map(|c| c.unwrap())
}

fn text(s: &str) -> Cell {
    Cell::Text(s.into())
}

fn integer() -> FieldKind {
    FieldKind::Integer { min: None, max: None, unit: Some("count".into()) }
}
fn decimal() -> FieldKind {
    FieldKind::Decimal { places: 2, min: None, max: None, unit: Some("percent".into()) }
}
fn yen() -> FieldKind {
    FieldKind::Money { currency: "JPY".into(), places: 0, min: None, max: None }
}
fn date() -> FieldKind {
    FieldKind::Date { min: None, max: None }
}
fn year() -> FieldKind {
    FieldKind::FiscalYear { min: None, max: None }
}
fn stage() -> FieldKind {
    FieldKind::Choice { codes: "stage".into() }
}

#[test]
fn whole_numbers_are_read_as_people_write_them() {
    for (written, value) in [
        ("1234", 1234),
        ("1,234", 1234),
        ("１，２３４", 1234),
        ("12件", 12),
        ("12 cases", 12),
        ("-5", -5),
        ("－５", -5),
        ("△3", -3),
        ("+7", 7),
        ("1.5万", 15_000),
        ("3億5,000万", 350_000_000),
        ("10.0", 10),
        ("9223372036854775807", i64::MAX),
    ] {
        assert_eq!(main_of(integer(), written), Ok(Cell::Integer(value)), "{written}");
    }
}

#[test]
fn texts_that_are_no_number_say_so() {
    for written in ["abc", "1.2.3", "1 2", "12名", "1万2億", "1万2万", "1.", ".", "万", "1e5", "--1", "一"] {
        assert_eq!(main_of(integer(), written), Err(Mistake::NotANumber { text: fold_width(written) }), "{written}");
    }
    assert_eq!(main_of(integer(), "1.5"), Err(Mistake::NotWhole { text: "1.5".into() }));
    for written in ["1,23", "12,34,567", "1234,567"] {
        assert_eq!(main_of(integer(), written), Err(Mistake::Grouping { text: written.into() }));
    }
    assert!(matches!(main_of(integer(), "9223372036854775808"), Err(Mistake::TooGreat { .. })));
    assert!(matches!(main_of(integer(), &"9".repeat(40)), Err(Mistake::TooGreat { .. })));
}

#[test]
fn decimals_are_the_nearest_binary_number() {
    for (written, value) in [("52.3%", 52.3), ("０．１", 0.1), ("1,234.5", 1234.5), (".5", 0.5), ("1.65兆", 1.65e12), ("▲0.3", -0.3)]
    {
        assert_eq!(main_of(decimal(), written), Ok(Cell::Real(value)), "{written}");
    }
}

#[test]
fn money_understands_japanese_magnitudes() {
    for (written, value) in [
        ("1,000円", 1000),
        ("¥1,000", 1000),
        ("￥１，０００", 1000),
        ("12千円", 12_000),
        ("120百万円", 120_000_000),
        ("1.65兆円", 1_650_000_000_000),
        ("1兆6,500億円", 1_650_000_000_000),
        ("2十億円", 2_000_000_000),
    ] {
        assert_eq!(main_of(yen(), written), Ok(Cell::Integer(value)), "{written}");
    }
    assert_eq!(main_of(yen(), "1.5円"), Err(Mistake::NotWhole { text: "1.5円".into() }));
    let dollars = FieldKind::Money { currency: "USD".into(), places: 2, min: None, max: None };
    assert_eq!(main_of(dollars.clone(), "1,234.56"), Ok(Cell::Real(1234.56)));
    assert_eq!(main_of(dollars.clone(), "100円"), Err(Mistake::NotANumber { text: "100円".into() }));
    assert_eq!(read(dollars.clone(), Part::Currency, "ｕｓｄ"), Ok(Some(text("USD"))));
    assert_eq!(read(dollars, Part::Currency, "dollar"), Err(Mistake::NotACurrency { text: "dollar".into() }));
}

#[test]
fn dates_are_read_with_eras() {
    for written in [
        "2023-03-01",
        "2023/3/1",
        "2023.3.1",
        "2023年3月1日",
        "２０２３年３月１日",
        "令和5年3月1日",
        "令和５年３月１日",
        "令和5.3.1",
        "R5.3.1",
        "R05.03.01",
        "r5/3/1",
        "20230301",
        "2023-03-01 00:00:00",
        "2023-03-01T00:00:00",
        "令和 5年 3月 1日",
    ] {
        assert_eq!(main_of(date(), written), Ok(text("2023-03-01")), "{written}");
    }
    for (written, day) in [
        ("令和元年5月1日", "2019-05-01"),
        ("平成31年4月30日", "2019-04-30"),
        ("S64.1.7", "1989-01-07"),
        ("大正元年7月30日", "1912-07-30"),
        ("M45.7.29", "1912-07-29"),
        ("2024-02-29", "2024-02-29"),
    ] {
        assert_eq!(main_of(date(), written), Ok(text(day)), "{written}");
    }
    for written in [
        "2023-02-29",
        "2023-13-01",
        "3/1/2023",
        "2023-03",
        "令和0年1月1日",
        "令和5年",
        "R5-3/1",
        "2023-03-01 12:00:00",
        "yesterday",
        "0000-01-01",
        "R100.1.1",
    ] {
        assert_eq!(main_of(date(), written), Err(Mistake::NotADate { text: written.into() }), "{written}");
    }
}

#[test]
fn fiscal_years_are_read_with_eras() {
    for written in ["2023", "2023年度", "２０２３年度", "FY2023", "FY 2023", "fy2023", "令和5年度", "R5", "Ｒ５年度", "2023年"]
    {
        assert_eq!(main_of(year(), written), Ok(Cell::Integer(2023)), "{written}");
    }
    assert_eq!(main_of(year(), "令和元年度"), Ok(Cell::Integer(2019)));
    for written in ["23", "20233", "2023-04", "令和", "next"] {
        assert_eq!(main_of(year(), written), Err(Mistake::NotAYear { text: written.into() }), "{written}");
    }
}

#[test]
fn choices_are_read_from_codes_or_labels() {
    for written in ["basic", "基礎研究", "Basic research", "BASIC", "basic research", "ｂａｓｉｃ"] {
        assert_eq!(main_of(stage(), written), Ok(text("basic")), "{written}");
    }
    assert!(matches!(main_of(stage(), "clinical"), Err(Mistake::NotACode { allowed, .. }) if allowed.len() == 4));
    assert_eq!(main_of(stage(), "同じ"), Err(Mistake::AmbiguousLabel { text: "同じ".into(), codes: vec!["x1".into(), "x2".into()] }));
    let choices = FieldKind::Choices { codes: "stage".into() };
    assert_eq!(main_of(choices.clone(), "basic；応用研究;"), Ok(Cell::List(vec!["basic".into(), "applied".into()])));
    assert!(matches!(main_of(choices, "basic;none"), Err(Mistake::NotACode { .. })));
    for written in ["JP", "jp", "日本", "Japan"] {
        assert_eq!(main_of(FieldKind::Country, written), Ok(text("JP")), "{written}");
    }
    assert_eq!(main_of(FieldKind::Country, "Atlantis"), Err(Mistake::NotACountry { text: "Atlantis".into() }));
}

#[test]
fn yes_and_no_have_many_words() {
    for written in ["はい", "yes", "YES", "true", "1", "１", "○", "〇"] {
        assert_eq!(main_of(FieldKind::Boolean, written), Ok(Cell::Integer(1)), "{written}");
    }
    for written in ["いいえ", "no", "false", "0", "×"] {
        assert_eq!(main_of(FieldKind::Boolean, written), Ok(Cell::Integer(0)), "{written}");
    }
    assert_eq!(main_of(FieldKind::Boolean, "maybe"), Err(Mistake::NotABoolean { text: "maybe".into() }));
}

#[test]
fn a_blank_may_say_why_and_zero_is_a_number() {
    for (written, word) in [
        ("(unknown)", "unknown"),
        ("（不明）", "unknown"),
        ("(Not collected)", "not_collected"),
        ("(未収集)", "not_collected"),
        ("(非該当)", "not_applicable"),
        ("(秘匿)", "suppressed"),
    ] {
        for kind in [integer(), date(), stage(), FieldKind::Boolean, FieldKind::Organisation] {
            assert_eq!(main_of(kind, written), Ok(Cell::Missing { missing: word.into() }), "{written}");
        }
    }
    assert_eq!(read(integer(), Part::Main, " 　"), Ok(None));
    assert_eq!(main_of(integer(), "0"), Ok(Cell::Integer(0)));
    assert_eq!(main_of(integer(), "(perhaps)"), Err(Mistake::NotANumber { text: "(perhaps)".into() }));
}

#[test]
fn corporate_numbers_are_checked() {
    let organisation = || FieldKind::Organisation;
    for written in ["7000012050002", "７００００１２０５０００２", "T7000012050002", "7-0000-1205-0002"] {
        assert_eq!(read(organisation(), Part::CorporateNumber, written), Ok(Some(text("7000012050002"))), "{written}");
    }
    assert_eq!(
        read(organisation(), Part::CorporateNumber, "8000012050002"),
        Err(Mistake::WrongCheckDigit { text: "8000012050002".into(), expected: 7 })
    );
    assert_eq!(read(organisation(), Part::CorporateNumber, "123"), Err(Mistake::NotACorporateNumber { text: "123".into() }));
}

#[test]
fn contacts_are_checked() {
    let person = || FieldKind::Person;
    assert_eq!(read(person(), Part::Email, "ｔａｒｏ@example.jp"), Ok(Some(text("taro@example.jp"))));
    for written in ["taro", "taro@", "@example.jp", "taro@example", "ta ro@example.jp", "taro@exa..mple.jp", "a@b@example.jp"] {
        assert_eq!(read(person(), Part::Email, written), Err(Mistake::NotAnEmail { text: written.into() }), "{written}");
    }
    for (written, phone) in [
        ("０３－１２３４－５６７８", "03-1234-5678"),
        ("03ー1234ー5678", "03-1234-5678"),
        ("+81 3 1234 5678", "+81 3 1234 5678"),
        ("03-1234-5678 内線12", "03-1234-5678 内線12"),
    ] {
        assert_eq!(read(person(), Part::Phone, written), Ok(Some(text(phone))));
    }
    assert_eq!(read(person(), Part::Phone, "12345"), Err(Mistake::NotAPhone { text: "12345".into() }));
}

#[test]
fn texts_stay_as_written() {
    let kind = |max_length| FieldKind::Text { max_length, pattern: None };
    assert_eq!(main_of(kind(300), " ㈱　ＡＢＣ①\r\n部 "), Ok(text("㈱ ＡＢＣ① 部")));
    assert_eq!(main_of(kind(300), "ＡＢＣ　①"), Ok(text("ＡＢＣ　①")));
    assert_eq!(main_of(FieldKind::LongText { max_length: 9 }, "a\r\nb\rc"), Ok(text("a\nb\nc")));
}

#[test]
fn what_cannot_be_typed_says_so() {
    assert_eq!(main_of(FieldKind::Group { fields: vec![] }, "x"), Err(Mistake::NotText));
    assert_eq!(main_of(FieldKind::Derived { sql: "1".into(), stored_as: shirube_plan::Storage::Integer }, "x"), Err(Mistake::Computed));
    let reference = || FieldKind::Reference { register: "r".into() };
    assert_eq!(main_of(reference(), "12"), Ok(Cell::Integer(12)));
    assert_eq!(main_of(reference(), "P-12"), Err(Mistake::NotAReference { text: "P-12".into() }));
    let attachment = || FieldKind::Attachment { max_size: 10, types: vec![] };
    assert_eq!(read(attachment(), Part::Sha256, "AB"), Err(Mistake::NotAHash { text: "AB".into() }));
    assert_eq!(read(attachment(), Part::Sha256, &"A".repeat(64)), Ok(Some(text(&"a".repeat(64)))));
}

fn reads_back(kind: FieldKind, cell: Cell) -> Result<(), TestCaseError> {
    let field = field(kind);
    for lang in [Lang::Ja, Lang::En] {
        let shown = format(&field, Part::Main, &cell, lang, &pack());
        prop_assert_eq!(parse(&field, Part::Main, &shown, &pack()).map_err(|e| *e.mistake), Ok(Some(cell.clone())), "{}", shown);
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(n in any::<i64>().prop_filter("has a positive", |n| *n != i64::MIN), x in -1e12f64..1e12, y in 1i64..9999, days in 0i32..100_000, word in 0usize..4) {
        reads_back(integer(), Cell::Integer(n))?;
        reads_back(yen(), Cell::Integer(n))?;
        reads_back(decimal(), Cell::Real((x * 100.0).round() / 100.0))?;
        reads_back(year(), Cell::Integer(1000 + y % 9000))?;
        reads_back(FieldKind::Boolean, Cell::Integer(n.rem_euclid(2)))?;
        let day = jiff::civil::date(1873, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        reads_back(date(), text(&day.to_string()))?;
        reads_back(stage(), text(["basic", "applied"][word % 2]))?;
        reads_back(FieldKind::Choices { codes: "stage".into() }, Cell::List(vec!["applied".into(), "basic".into()]))?;
        reads_back(FieldKind::Country, text(["JP", "US"][word % 2]))?;
        let missing = ["unknown", "not_collected", "not_applicable", "suppressed"][word].to_string();
        reads_back(integer(), Cell::Missing { missing })?;
    }

    #[test]
    fn width_is_folded_the_same_with_and_without_looking_closely(text in "[ -~ぁ-ゖァ-ヾ、。「」々一-龠ｦ-ﾟＡ-ｚ（）①㈱が\u{3099}\u{309a}\u{300}-\u{345}é]{0,12}|.*") {
        prop_assert_eq!(fold_width(&text), text.nfkc().collect::<String>());
    }

    #[test]
    fn a_reason_for_a_blank_is_found_in_any_width(text in "[ 　\u{a0}]{0,2}[(（⑴﹙⁽]?[ 　]?(unknown|ＵＮＫＮＯＷＮ|不明|秘匿|x)[ 　]?[)）﹚]?.?") {
        for kind in [FieldKind::LongText { max_length: 100 }, FieldKind::Organisation] {
            let word = missing_word(text.nfkc().collect::<String>().trim()).map(|w| Cell::Missing { missing: w.to_string() });
            let found = read(kind, Part::Main, &text).unwrap().filter(|c| matches!(c, Cell::Missing { .. }));
            prop_assert_eq!(found, word);
        }
    }

    #[test]
    fn no_text_makes_reading_fail_badly(text in ".*") {
        for kind in [integer(), decimal(), yen(), date(), year(), stage(), FieldKind::Boolean, FieldKind::Country, FieldKind::Choices { codes: "stage".into() }] {
            for part in [Part::Main, Part::Currency, Part::CorporateNumber, Part::Email, Part::Phone, Part::Sha256, Part::Media, Part::Size] {
                let _ = read(kind.clone(), part, &text);
            }
        }
    }
}

#[test]
fn plain_characters_are_those_that_nfkc_never_changes() {
    for c in (char::MIN..=char::MAX).filter(|c| is_plain(*c)) {
        // Definitely normalised, and a starter: nothing beside it can change it, nor it anything beside it.
        assert_eq!(unicode_normalization::is_nfkc_quick(std::iter::once(c)), unicode_normalization::IsNormalized::Yes, "{c:?}");
        assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c:?}");
    }
}

#[test]
fn the_first_character_says_whether_a_bracket_opens() {
    for c in char::MIN..=char::MAX {
        let text = format!("{c}(");
        if text.trim() == text {
            let folded: String = text.nfkc().collect();
            assert_eq!(opens_bracket(&text), folded.trim().starts_with('('), "{c:?}");
        }
    }
}
