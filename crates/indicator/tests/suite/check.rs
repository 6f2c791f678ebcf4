//! Every SQL of a pack is planned before anyone runs it: what `check_sql` says about a pack's mistakes.
#![allow(clippy::unwrap_used, clippy::panic)]

use shirube_indicator::check_sql;
use shirube_plan::Files;

/// What is said about the base pack with these files laid over it.
fn said(files: &[(&str, &str)]) -> Vec<String> {
    let over: Files = files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect();
    check_sql(&crate::common::pack_with(over)).iter().map(ToString::to_string).collect()
}

fn about_sql(sql: &str) -> Vec<String> {
    about_indicator(sql, "[disclosure]\nnone = { ja = \"木の数\", en = \"It counts trees.\" }\n")
}

fn about_indicator(sql: &str, more: &str) -> Vec<String> {
    let toml =
        "kind = \"check\"\nunit = \"trees\"\nlabel = { ja = \"木\", en = \"Trees\" }\ndefinition = { ja = \"木\", en = \"Trees\" }\n";
    said(&[("indicators/x.toml", &format!("{toml}{more}")), ("indicators/x.sql", sql)])
}

/// Trees have keepers, who are persons: counts of few trees may tell of them.
#[test]
fn an_indicator_on_a_register_with_persons_says_what_it_may_tell() {
    let sql = "SELECT '2024' AS period, count(*) AS value FROM tree";
    let silent = about_indicator(sql, "");
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert!(silent[0].contains("reads the register `tree`, which holds personal or commercial fields"), "{silent:?}");
    assert!(silent[0].contains("add [disclosure]"), "{silent:?}");
    assert_eq!(about_indicator(sql, "[disclosure]\nof = \"persons\"\ncounts = { value = \"keepers\" }\n"), [""; 0]);
    assert_eq!(about_indicator("SELECT '2024' AS period, count(*) AS value FROM published_figure", ""), [""; 0]);
}

/// The base register `tree` with more declared at its end.
fn about_register(more: &str) -> Vec<String> {
    let tree = std::fs::read_to_string(crate::common::tests_folder().join("base/registers/tree.toml")).unwrap();
    said(&[("registers/tree.toml", &format!("{tree}\n{more}"))])
}

fn derived(sql: &str) -> Vec<String> {
    about_register(&format!(
        "[[field]]\nname = \"d\"\ntype = \"derived\"\nas = \"integer\"\nsql = \"\"\"{sql}\"\"\"\nlabel = {{ ja = \"導\", en = \"D\" }}\n"
    ))
}

#[test]
fn a_right_pack_has_no_mistakes() {
    let fine = "-- 木 / Trees\nWITH t AS (SELECT _id, fiscal_year(planted_on) AS y FROM tree JOIN tree__visits USING (_id))\nSELECT CAST(y AS TEXT) AS period, count(*) AS value FROM t GROUP BY y";
    assert_eq!(about_sql(fine), [""; 0]);
    assert_eq!(derived("alive = 0 AND cost > 0 AND keeper IS NOT NULL AND fiscal_year(planted_on) > 2020"), [""; 0]);
}

#[test]
fn an_error_is_found_on_its_line_even_in_a_step_that_nothing_uses() {
    let sql = "-- 使わない / Unused\nWITH unused AS (\n  SELECT stge FROM tree\n),\n-- 木 / Trees\nt AS (SELECT count(*) AS n FROM tree)\nSELECT '2024' AS period, n AS value FROM t";
    assert_eq!(about_sql(sql), ["indicators/x.sql:3: there is no column `stge`\n    mend: name a column of the tables this SELECT reads"]);
}

#[test]
fn a_step_without_both_explanations_is_named() {
    let sql = "WITH a AS (SELECT 1 AS x),\n-- 日本語だけ\nb AS (SELECT x FROM a)\nSELECT '2024' AS period, x AS value FROM b";
    assert_eq!(
        about_sql(sql),
        [
            "indicators/x.sql:1: the step `a` has no explanation in Japanese and English\n    mend: write a comment `-- 日本語 / English` directly above it",
            "indicators/x.sql:3: the step `b` has no explanation in English\n    mend: write a comment `-- 日本語 / English` directly above it"
        ]
    );
}

#[test]
fn the_shape_of_a_result_is_checked_without_records() {
    assert_eq!(
        about_sql("SELECT '2024' AS period, count(*) AS total FROM tree"),
        [
            "indicators/x.sql: the result has a column `total` that is neither in the contract nor a declared dimension\n    mend: remove it, or add \"total\" to `dimensions`"
        ]
    );
}

#[test]
fn rows_are_checked_where_the_pack_itself_brings_them() {
    assert_eq!(
        about_sql("SELECT label_ja AS period, position AS value FROM code WHERE list = 'district'"),
        ["indicators/x.sql: row 1: `きた区` is no period\n    mend: write 2024, 2024-12, 2024-12-31, a span 2024-04-01/2025-03-31, or -"]
    );
    // Over records there may be no rows yet; that says nothing.
    assert_eq!(about_sql("SELECT CAST(max(fiscal_year(planted_on)) AS TEXT) AS period, count(*) AS value FROM tree"), [""; 0]);
}

#[test]
fn a_series_cannot_be_compared_with_a_column_that_is_not_there() {
    let toml =
        "kind = \"check\"\nunit = \"trees\"\nlabel = { ja = \"木\", en = \"Trees\" }\ndefinition = { ja = \"木\", en = \"Trees\" }\n";
    let series =
        "[[series]]\nid = \"s\"\nlabel = { ja = \"系\", en = \"S\" }\nunit = \"trees\"\nindicator = \"x\"\ncompare = \"numerator\"\n";
    assert_eq!(
        said(&[("indicators/x.toml", toml), ("indicators/x.sql", "SELECT '2024' AS period, 1 AS value"), ("published/s.toml", series)]),
        [
            "published/s.toml:1: the series `s` is compared with `numerator`, which the indicator `x` does not return\n    mend: return `numerator` in indicators/x.sql, or change `compare`"
        ]
    );
}

#[test]
fn derived_columns_keep_to_their_own_record() {
    for (sql, said) in [
        (
            "aliv = 1",
            "there is no column `aliv` (did you mean `alive`?)\n    mend: use columns of this register, `_state`, and derived columns above this one",
        ),
        ("_id > 3", "there is no column `_id`\n    mend: use columns of this register, `_state`, and derived columns above this one"),
        ("(SELECT count(*) FROM tree)", "the table `tree` may not be read by an indicator\n    mend: use this record's own columns only"),
        ("alive = :as_of", "there is no parameter `:as_of`\n    mend: a record's own columns are all it may depend on"),
        (
            "date('now') > planted_on",
            "`date('now') > planted_on` depends on when or where it runs, so that the figure could not be reproduced\n    mend: store the date in a field, or compute it in an indicator with :as_of",
        ),
        (
            "random() > 0",
            "the function `random` may not be used in an indicator\n    mend: use the functions of docs/packs.md or SQLite's deterministic ones",
        ),
        (
            "alive), (cost",
            "an indicator is one SELECT, and a second statement follows here\n    mend: write one SQL expression, as it would stand after SELECT",
        ),
        (
            "1; DROP TABLE tree",
            "an indicator is one SELECT, and a second statement follows here\n    mend: write one SQL expression, as it would stand after SELECT",
        ),
        ("alive = ", "SQLite cannot run this: near \")\": syntax error\n    mend: try it in an SQLite shell on a snapshot file"),
    ] {
        let found = derived(sql);
        assert_eq!(found.len(), 1, "{sql}: {found:?}");
        let (place, words) = found[0].split_once(": the derived column `d`: ").unwrap();
        assert!(place.starts_with("registers/tree.toml:"), "{place}");
        assert_eq!(words, said, "{sql}");
    }
}

#[test]
fn a_derived_column_may_use_those_above_it_and_a_check_all() {
    let field = |name: &str, sql: &str| {
        format!(
            "[[field]]\nname = \"{name}\"\ntype = \"derived\"\nas = \"integer\"\nsql = \"{sql}\"\nlabel = {{ ja = \"導\", en = \"D\" }}\n"
        )
    };
    let check = "[[check]]\nname = \"c\"\nsql = \"b > 0 AND cots > 0\"\nmessage = { ja = \"誤り\", en = \"Wrong\" }\n";
    let found = about_register(&format!("{}{}{check}", field("a", "alive"), field("b", "a + 1")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("the check `c`: there is no column `cots` (did you mean `cost`?)"), "{found:?}");
    let found = about_register(&format!("{}{}", field("b", "a + 1"), field("a", "alive")));
    assert!(found[0].contains("the derived column `b`: there is no column `a`"), "{found:?}");
}

#[test]
fn periods_that_cannot_be_read_are_found_wherever_a_pack_writes_them() {
    let toml = "kind = \"check\"\nunit = \"trees\"\nlabel = { ja = \"木\", en = \"Trees\" }\ndefinition = { ja = \"木\", en = \"Trees\" }\n\
         [[break]]\nperiod = \"FY19\"\nreason = { ja = \"方法\", en = \"Method\" }\ncite = { source = \"report\", heading = \"報告\", quote = \"2024年度\" }\n";
    let sql = "SELECT '2024' AS period, 1 AS value";
    let mut over = vec![("indicators/x.toml", toml.to_string()), ("indicators/x.sql", sql.to_string())];
    let plan = std::fs::read_to_string(crate::common::tests_folder().join("base/plan/first.toml")).unwrap();
    let milestone = "\n[[milestone]]\ndate = \"2022-13\"\nlabel = { ja = \"節目\", en = \"Milestone\" }\ncite = { source = \"report\", heading = \"報告\", quote = \"2024年度\" }\n";
    over.push(("plan/first.toml", format!("{plan}{milestone}")));
    let files = over.into_iter().map(|(name, text)| (name.to_string(), text.into_bytes())).collect();
    let said: Vec<String> = shirube_indicator::check_periods(&crate::common::pack_with(files)).iter().map(|d| d.problem.clone()).collect();
    assert_eq!(said, ["`FY19` is no period (break of the series)", "`2022-13` is no date (milestone)"]);
    assert_eq!(shirube_indicator::check_periods(&crate::common::base()), []);
}
