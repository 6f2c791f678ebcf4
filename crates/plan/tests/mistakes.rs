//! Every mistake a pack author can make is reported with file, line and mend; a sound pack has none.
#![allow(clippy::unwrap_used)]

use shirube_plan::{Diagnostic, Files, Pack, load};

/// A small sound pack that uses every kind of file.
fn sound() -> Files {
    let files = [
        ("pack.toml", include_str!("sound/pack.toml")),
        ("sources.toml", include_str!("sound/sources.toml")),
        ("sources/report.txt", include_str!("sound/report.txt")),
        ("actors.toml", include_str!("sound/actors.toml")),
        ("units.toml", include_str!("sound/units.toml")),
        ("dimensions.toml", include_str!("sound/dimensions.toml")),
        ("codes/district.toml", include_str!("sound/district.toml")),
        ("plan/now.toml", include_str!("sound/now.toml")),
        ("registers/tree.toml", include_str!("sound/tree.toml")),
        ("records/tree.csv", include_str!("sound/tree.csv")),
        ("assumptions.toml", include_str!("sound/assumptions.toml")),
        ("indicators/trees.toml", include_str!("sound/trees.toml")),
        ("indicators/trees.sql", "SELECT '2024' AS period, district, count(*) AS value FROM tree GROUP BY district"),
        ("published/trees.toml", include_str!("sound/published.toml")),
        ("published/trees.csv", include_str!("sound/published.csv")),
        ("findings.toml", include_str!("sound/findings.toml")),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect()
}

/// The sound pack with one text replaced in one file.
fn broken(file: &str, from: &str, to: &str) -> (Pack, Vec<Diagnostic>) {
    let mut files = sound();
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{file} does not contain {from}");
    files.insert(file.to_owned(), text.replacen(from, to, 1).into_bytes());
    load(&files)
}

/// After the replacement, a mistake with this problem and mend must be reported in `file` at the line where the
/// replacement begins, or `above` lines before it (the head of its table).
#[track_caller]
fn reports(file: &str, from: &str, to: &str, above: usize, problem: &str, mend: &str) {
    let original = String::from_utf8(sound()[file].clone()).unwrap();
    let line = original[..original.find(from).unwrap()].matches('\n').count() + 1 - above;
    reports_at(file, from, to, (file, line), problem, mend);
}

#[track_caller]
fn reports_at(file: &str, from: &str, to: &str, at: (&str, usize), problem: &str, mend: &str) {
    let (_, found) = broken(file, from, to);
    let hit = found.iter().any(|d| d.place.file == at.0 && d.place.line == at.1 && d.problem.contains(problem) && d.mend.contains(mend));
    assert!(hit, "expected {}:{} {problem} / {mend}, found {found:#?}", at.0, at.1);
}

#[test]
fn a_sound_pack_has_no_mistakes() {
    let (pack, mistakes) = load(&sound());
    assert_eq!(mistakes, []);
    let figure = pack.figure("report/trees@2024[district=north]").unwrap();
    assert_eq!((figure.value, figure.precision, figure.cite.line), (Some(1200.0), 1.0, Some(4)));
    assert_eq!(pack.records[0].rows.len(), 2);
    assert_eq!(pack.code("country", "JP").unwrap().label.ja, "日本");
}

#[test]
fn keys_and_words() {
    reports("pack.toml", "version =", "versoin =", 0, "unknown key `versoin`", "did you mean `version`");
    reports("pack.toml", "version =", "versoin =", 1, "`version` is missing", "add e.g.");
    reports("pack.toml", "fiscal_year_start = 4", "fiscal_year_start = 13", 0, "not a month", "1 to 12");
    reports("pack.toml", "id = \"grove\"", "id = ", 0, "not valid TOML", "syntax");
    reports("registers/tree.toml", "type = \"choice\"", "type = \"choise\"", 0, "`type = \"choise\"`", "did you mean `choice`");
    reports("plan/now.toml", "follow_up = \"figures\"", "", 6, "a goal says how it is followed up", "follow_up");
    let url = |url: &str| format!("url = \"{url}\"\ntext = \"sources/report.txt\"");
    for odd in ["javascript:alert(1)", "file:///etc/hostname", "//city.example/report", "city.example"] {
        reports("sources.toml", "text = \"sources/report.txt\"", &url(odd), 0, "`url` is no web address", "https://");
    }
    reports("assumptions.toml", "value = 2.0", "value = \"2\"", 0, "is string where a number", "a number");
}

#[test]
fn label_gaps() {
    reports("pack.toml", ", en = \"Grove plan\"", "", 0, "`en` is missing", "add");
    reports("codes/district.toml", "en = \"North\"", "en = \"\"", 0, "`en` is empty", "fill it");
}

#[test]
fn dangling_references() {
    reports("plan/now.toml", "owners = [\"city\"]", "owners = [\"cty\"]", 5, "actor `cty` does not exist", "did you mean `city`");
    reports("plan/now.toml", "parent = \"vision\"", "parent = \"visoin\"", 3, "parent `visoin`", "did you mean `vision`");
    reports("registers/tree.toml", "codes = \"district\"", "codes = \"distrikt\"", 3, "code list `distrikt`", "did you mean");
    reports("registers/tree.toml", "title = \"name\"", "title = \"nom\"", 4, "title field `nom`", "declare it");
    reports("registers/tree.toml", "to = \"felled\"", "to = \"gone\"", 3, "state `gone`", "declare it");
    reports("indicators/trees.toml", "unit = \"trees\"", "unit = \"tres\"", 4, "unit `tres`", "did you mean `trees`");
    reports("published/trees.toml", "indicator = \"trees\"", "indicator = \"tree\"", 5, "indicator `tree`", "did you mean `trees`");
    reports("published/trees.csv", "north", "nowhere", 0, "code of `district` `nowhere`", "declare it");
    reports("findings.toml", "[district=north]", "[district=south]", 2, "figure `report/trees@2024[district=south]`", "declare it");
    reports("records/tree.csv", "name,", "nmae,", 0, "column `nmae`", "did you mean `name`");
}

#[test]
fn citations() {
    reports("published/trees.csv", "北区は1,200本", "北区は1,300本", 0, "does not stand under heading", "copy the quote");
    reports("published/trees.csv", "樹木の数,\"北区", "樹木の量,\"北区", 0, "heading “樹木の量”", "copy the heading");
    reports("published/trees.csv", "樹木の数,\"北区", "付録,\"北区", 0, "does not stand under heading", "before that heading");
    reports("published/trees.csv", ",report,", ",reprot,", 0, "source `reprot`", "did you mean `report`");
    reports(
        "plan/now.toml",
        "cite = { source = \"report\", heading = \"目標\", quote = \"木を増やす\" } # goal",
        "",
        7,
        "`cite` is missing",
        "source =",
    );
    reports("records/tree.csv", "report,樹木の数,北区は1", ",樹木の数,北区は1", 0, "incomplete", "fill");
}

#[test]
fn duplicates() {
    reports("plan/now.toml", "id = \"goal-1\"", "id = \"vision\"", 1, "plan node `vision` is declared twice", "another id");
    reports("registers/tree.toml", "name = \"height\"", "name = \"name\"", 1, "field `name` is declared twice", "another id");
    let (_, found) = broken("published/trees.csv", "trees,2025,", "trees,2024,");
    assert!(found.iter().any(|d| d.problem.contains("figure `report/trees@2024[district=north]` is declared twice")), "{found:#?}");
}

#[test]
fn figures_that_cannot_be_read() {
    reports("published/trees.csv", "\"1,200本\"", "多数", 0, "no number in", "column `value`");
    reports("published/trees.csv", "2024,", "令和6年,", 0, "period `令和6年`", "write 2024");
    reports("published/trees.csv", "trees,2024,north", "trees,2024,x,north", 0, "columns", "quote values");
    reports("published/trees.csv", "\"1,200本\"", "\"1,210本\"", 0, "1210 of `1,210本` does not stand in the quote", "copy both");
}

#[test]
fn files_that_do_not_belong() {
    let mut files = sound();
    files.insert("notes.doc".into(), vec![]);
    files.insert("indicators/old.sql".into(), b"SELECT 1".to_vec());
    files.insert("units.toml".into(), vec![0xff, 0xfe]);
    let (_, found) = load(&files);
    let has = |file: &str, problem: &str| found.iter().any(|d| d.place.file == file && d.problem.contains(problem));
    assert!(has("notes.doc", "a pack has no such file"));
    assert!(has("indicators/old.sql", "`indicators/old.toml` is missing"));
    assert!(has("units.toml", "not UTF-8 at byte 0"));
}

#[test]
fn sql_names_and_columns() {
    reports("registers/tree.toml", "name = \"height\"", "name = \"Height\"", 1, "cannot be a name in SQL", "lower-case");
    reports("dimensions.toml", "name = \"district\"", "name = \"value\"", 1, "name of a result column", "another name");
}

#[test]
fn codes_that_are_their_own_ancestors() {
    let (from, to) = (
        "codes = [",
        "codes = [\n{ code = \"a\", ja = \"甲\", en = \"A\", parent = \"b\" },\n{ code = \"b\", ja = \"乙\", en = \"B\", parent = \"a\" },",
    );
    reports_at("codes/district.toml", from, to, ("codes/district.toml", 0), "code `a` is its own ancestor", "correct `parent`");
}

#[test]
fn what_an_indicator_may_tell_is_said_once_and_of_its_own_columns() {
    let indicator = |disclosure: &str, problem: &str, mend: &str| {
        let (from, to) = ("direction = \"up\"", format!("direction = \"up\"\ndisclosure = {disclosure}"));
        let (_, found) = broken("indicators/trees.toml", from, &to);
        let hit = found.iter().any(|d| d.place.file == "indicators/trees.toml" && d.problem.contains(problem) && d.mend.contains(mend));
        assert!(hit, "{disclosure}: {found:#?}");
    };
    let one_thing = ("does not say one thing", "either `none` or `closed`");
    indicator("{ of = \"persons\" }", one_thing.0, one_thing.1);
    let both = "{ none = { ja = \"木\", en = \"trees\" }, of = \"persons\", counts = { value = \"trees\" } }";
    indicator(both, one_thing.0, one_thing.1);
    indicator("{ of = \"trees\", counts = { value = \"trees\" } }", "`of = \"trees\"` is not known", "persons, organisations");
    indicator("{ of = \"persons\", counts = { valu = \"trees\" } }", "unknown key `valu`", "value");
    let elsewhere = "{ of = \"persons\", counts = { value = \"trees\" }, adds_up = [\"place\"] }";
    indicator(elsewhere, "dimension of the indicator `place` does not exist", "correct the name");
    indicator("{ of = \"persons\", counts = { value = \"trees\" }, threshold = 1 }", "protects nobody", "2 or more");
    let (pack, found) = broken(
        "indicators/trees.toml",
        "direction = \"up\"",
        "direction = \"up\"\ndisclosure = { of = \"persons\", counts = { value = \"trees\" }, adds_up = [\"district\"] }",
    );
    assert_eq!(found, []);
    assert!(pack.indicators["trees"].disclosure.is_some());
}
