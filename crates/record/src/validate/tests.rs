#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use shirube_plan::{CodeList, Storage};

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        label: Pair::default(),
        help: None,
        kind,
        required: false,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    }
}

fn pack() -> Pack {
    let mut pack = Pack::default();
    for (name, codes) in [("stage", ["basic", "applied"]), ("country", ["JP", "US"])] {
        let codes = codes.iter().map(|c| Code { code: c.to_string(), ..Code::default() }).collect();
        pack.code_lists.insert(name.into(), CodeList { name: name.into(), codes, ..CodeList::default() });
    }
    pack
}

/// Mistakes of a register with one field `f`.
fn mistakes_of(kind: FieldKind, content: &[(&str, Cell)]) -> Vec<Mistake> {
    let register = Register { fields: vec![field("f", kind)], ..Register::default() };
    let content = content.iter().map(|(c, v)| (c.to_string(), v.clone())).collect();
    validate(&register, &pack(), &content).into_iter().map(|e| e.mistake).collect()
}

fn text(s: &str) -> Cell {
    Cell::Text(s.into())
}

fn plain(max_length: usize, pattern: Option<&str>) -> FieldKind {
    FieldKind::Text { max_length, pattern: pattern.map(str::to_string) }
}

#[test]
fn a_required_field_must_be_filled_or_say_why_not() {
    let register = Register { fields: vec![Field { required: true, ..field("f", plain(9, None)) }], ..Register::default() };
    let errors = validate(&register, &pack(), &Content::new());
    assert_eq!(errors, [FieldError::new("f", "f", None, Mistake::Required)]);
    let because = Content::from([("f".into(), Cell::Missing { missing: "unknown".into() })]);
    assert_eq!(validate(&register, &pack(), &because), []);
    assert_eq!(Validator::new(&register, &pack()).blanks(&Content::new(), &["f".into()]).len(), 1);
}

#[test]
fn texts_have_a_length_in_characters_and_a_form() {
    assert_eq!(mistakes_of(plain(3, None), &[("f", text("あいう"))]), []);
    assert_eq!(mistakes_of(plain(3, None), &[("f", text("あいうえ"))]), [Mistake::TooLong { max: 3, length: 4 }]);
    let pattern = "[0-9]+|x";
    assert_eq!(mistakes_of(plain(9, Some(pattern)), &[("f", text("123"))]), []);
    for bad in ["a123", "123a", "xx"] {
        assert_eq!(mistakes_of(plain(9, Some(pattern)), &[("f", text(bad))]), [Mistake::Pattern { help: None }]);
    }
    let help = Pair { ja: "数字。例: 12".into(), en: "digits, e.g. 12".into() };
    let mend = Mistake::Pattern { help: Some(help) }.mend();
    assert!(mend.ja.ends_with("数字。例: 12") && mend.en.ends_with("digits, e.g. 12"), "in the field's own words: {mend:?}");
    assert_eq!(mistakes_of(plain(9, None), &[("f", text("a\tb\nc"))]), []);
    for (bad, code) in [("a\u{7}", "U+0007"), ("\u{202e}b", "U+202E"), ("\0", "U+0000")] {
        assert_eq!(mistakes_of(plain(9, None), &[("f", text(bad))]), [Mistake::HiddenCharacter { code: code.into() }]);
    }
}

#[test]
fn numbers_stay_in_their_range() {
    let integer = || FieldKind::Integer { min: Some(1), max: Some(5), unit: None };
    assert_eq!(mistakes_of(integer(), &[("f", Cell::Integer(5))]), []);
    assert_eq!(mistakes_of(integer(), &[("f", Cell::Integer(0))]), [Mistake::TooSmall { min: "1".into() }]);
    assert_eq!(mistakes_of(integer(), &[("f", Cell::Integer(6))]), [Mistake::TooGreat { max: "5".into() }]);
    let decimal = || FieldKind::Decimal { places: 2, min: Some(0.0), max: None, unit: None };
    for good in [0.07, 0.29, 1234567.89, 0.1] {
        assert_eq!(mistakes_of(decimal(), &[("f", Cell::Real(good))]), [], "{good}");
    }
    assert_eq!(mistakes_of(decimal(), &[("f", Cell::Real(0.123))]), [Mistake::TooManyPlaces { places: 2 }]);
    assert_eq!(mistakes_of(decimal(), &[("f", Cell::Real(-0.1))]), [Mistake::TooSmall { min: "0".into() }]);
    assert!(matches!(mistakes_of(decimal(), &[("f", Cell::Real(f64::NAN))])[..], [Mistake::WrongKind { .. }]));
    let money = || FieldKind::Money { currency: "JPY".into(), places: 0, min: Some(0.0), max: None };
    assert_eq!(mistakes_of(money(), &[("f", Cell::Integer(-1))]), [Mistake::TooSmall { min: "0".into() }]);
    assert_eq!(
        mistakes_of(money(), &[("f", Cell::Integer(1)), ("f_currency", text("yen"))]),
        [Mistake::NotACurrency { text: "yen".into() }]
    );
    assert!(matches!(mistakes_of(money(), &[("f", Cell::Real(1.5))])[..], [Mistake::WrongKind { .. }]));
    let year = FieldKind::FiscalYear { min: Some(2020), max: None };
    assert_eq!(mistakes_of(year, &[("f", Cell::Integer(2019))]), [Mistake::TooSmall { min: "2020".into() }]);
}

#[test]
fn dates_exist_and_stay_in_their_range() {
    let date = || FieldKind::Date { min: Some("2020-01-01".into()), max: Some("2020-12-31".into()) };
    assert_eq!(mistakes_of(date(), &[("f", text("2020-02-29"))]), []);
    assert_eq!(mistakes_of(date(), &[("f", text("2019-12-31"))]), [Mistake::TooSmall { min: "2020-01-01".into() }]);
    assert_eq!(mistakes_of(date(), &[("f", text("2021-01-01"))]), [Mistake::TooGreat { max: "2020-12-31".into() }]);
    for bad in ["2021-02-29", "2020-1-1", "2020/01/01", "令和2年1月1日"] {
        assert_eq!(mistakes_of(date(), &[("f", text(bad))]), [Mistake::NotADate { text: bad.into() }]);
    }
}

#[test]
fn codes_are_those_of_the_list() {
    let stage = || FieldKind::Choice { codes: "stage".into() };
    assert_eq!(mistakes_of(stage(), &[("f", text("basic"))]), []);
    assert!(matches!(&mistakes_of(stage(), &[("f", text("基礎"))])[..], [Mistake::NotACode { text, .. }] if text == "基礎"));
    let stages = || FieldKind::Choices { codes: "stage".into() };
    assert_eq!(mistakes_of(stages(), &[("f", Cell::List(vec!["applied".into(), "basic".into()]))]), []);
    assert_eq!(
        mistakes_of(stages(), &[("f", Cell::List(vec!["basic".into(), "basic".into()]))]),
        [Mistake::RepeatedCode { code: "basic".into() }]
    );
    assert_eq!(mistakes_of(FieldKind::Country, &[("f", text("XX"))]), [Mistake::NotACountry { text: "XX".into() }]);
}

#[test]
fn parts_are_checked_too() {
    assert!(matches!(
        mistakes_of(FieldKind::Organisation, &[("f_number", text("8000012050002"))])[..],
        [Mistake::WrongCheckDigit { expected: 7, .. }]
    ));
    assert!(matches!(mistakes_of(FieldKind::Person, &[("f_email", text("x"))])[..], [Mistake::NotAnEmail { .. }]));
    assert!(matches!(mistakes_of(FieldKind::Person, &[("f_phone", text("x"))])[..], [Mistake::NotAPhone { .. }]));
    let file = |size, sha: &str| {
        vec![("f", text("a.pdf")), ("f_sha256", text(sha)), ("f_media", text("application/pdf")), ("f_size", Cell::Integer(size))]
    };
    let attachment = || FieldKind::Attachment { max_size: 10, types: vec![] };
    assert_eq!(mistakes_of(attachment(), &file(10, &"a".repeat(64))), []);
    assert_eq!(mistakes_of(attachment(), &file(11, &"a".repeat(64))), [Mistake::FileTooLarge { size: 11, max: 10 }]);
    assert_eq!(mistakes_of(attachment(), &file(1, "a")), [Mistake::NotAHash { text: "a".into() }]);
    assert_eq!(mistakes_of(attachment(), &file(1, &"a".repeat(64))[..3]), [Mistake::FileIncomplete]);
}

#[test]
fn unknown_and_computed_columns_are_refused() {
    assert_eq!(mistakes_of(FieldKind::Boolean, &[("g", Cell::Integer(1))]), [Mistake::NoSuchColumn { column: "g".into() }]);
    let derived = FieldKind::Derived { sql: "1".into(), stored_as: Storage::Integer };
    assert_eq!(mistakes_of(derived, &[("f", Cell::Integer(1))]), [Mistake::Computed]);
    assert!(matches!(mistakes_of(FieldKind::Boolean, &[("f", Cell::Integer(2))])[..], [Mistake::WrongKind { .. }]));
    assert_eq!(
        mistakes_of(FieldKind::Boolean, &[("f", Cell::Missing { missing: "forgot".into() })]),
        [Mistake::MissingWord { word: "forgot".into() }]
    );
    assert!(matches!(
        mistakes_of(FieldKind::Person, &[("f_email", Cell::Missing { missing: "unknown".into() })])[..],
        [Mistake::WrongKind { .. }]
    ));
}

#[test]
fn mistakes_in_a_group_say_the_row() {
    let inner =
        vec![Field { required: true, ..field("year", FieldKind::FiscalYear { min: None, max: None }) }, field("note", plain(2, None))];
    let register = Register { fields: vec![field("grants", FieldKind::Group { fields: inner })], ..Register::default() };
    let row = |c: &[(&str, Cell)]| c.iter().map(|(k, v)| (k.to_string(), v.clone())).collect::<Content>();
    let content =
        Content::from([("grants".into(), Cell::Rows(vec![row(&[("year", Cell::Integer(2020))]), row(&[("note", text("abc"))])]))]);
    assert_eq!(
        validate(&register, &pack(), &content),
        [
            FieldError::new("grants", "note", Some(2), Mistake::TooLong { max: 2, length: 3 }),
            FieldError::new("grants", "year", Some(2), Mistake::Required),
        ]
    );
}

#[test]
fn blanks_are_no_values_and_money_has_a_currency() {
    let money = || FieldKind::Money { currency: "JPY".into(), places: 0, min: None, max: None };
    let register = Register {
        fields: vec![
            field("a", money()),
            field("b", money()),
            field("t", plain(9, None)),
            field("g", FieldKind::Group { fields: vec![field("m", money())] }),
            field("l", FieldKind::Choices { codes: "stage".into() }),
        ],
        ..Register::default()
    };
    let content = Content::from([
        ("a".into(), Cell::Integer(1)),
        ("b_currency".into(), text("USD")),
        ("t".into(), text(" ")),
        ("g".into(), Cell::Rows(vec![Content::new(), Content::from([("m".into(), Cell::Integer(2))])])),
        ("l".into(), Cell::List(vec![])),
    ]);
    let expected = Content::from([
        ("a".into(), Cell::Integer(1)),
        ("a_currency".into(), text("JPY")),
        ("g".into(), Cell::Rows(vec![Content::from([("m".into(), Cell::Integer(2)), ("m_currency".into(), text("JPY"))])])),
    ]);
    assert_eq!(normalise(&register, content), expected);
    assert_eq!(normalise(&register, expected.clone()), expected);
}

#[test]
fn every_mistake_speaks_both_languages() {
    let errors = [
        Mistake::HiddenCharacter { code: "U+202E".into() },
        Mistake::Taken { number: Some("P-1".into()), record: 1, fields: vec![Pair { ja: "項目".into(), en: "field".into() }] },
        Mistake::Taken { number: None, record: 0, fields: vec![Pair { ja: "項目".into(), en: "field".into() }] },
        Mistake::NotACode {
            text: "x".into(),
            allowed: (0..20).map(|i| (i.to_string(), Pair { ja: "札".into(), en: "tag".into() })).collect(),
        },
        Mistake::TooManyPlaces { places: 2 },
    ];
    for mistake in errors {
        for pair in [mistake.problem(), mistake.mend()] {
            assert!(!pair.ja.is_empty() && !pair.en.is_empty() && pair.ja != pair.en, "{pair:?}");
            assert!(!pair.en.contains(" 0 "), "a record that may not be named has no number: {pair:?}");
        }
    }
}
