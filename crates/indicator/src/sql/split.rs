//! The steps of an indicator: its CTEs in order, each with the comment above it, and the final SELECT.

use super::token::{Kind, Token, Unclosed, line_at, tokens};
use shirube_plan::Pair;
use std::collections::BTreeSet;

/// A SELECT taken apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Parts {
    /// The CTEs in order.
    pub steps: Vec<StepText>,
    /// Byte where the final SELECT begins; what stands before it is the WITH clause.
    pub last_start: usize,
    /// Byte where it ends, without a closing semicolon.
    pub last_end: usize,
    /// Comment above the final SELECT.
    pub last_comment: Option<Pair>,
    /// Byte of the first UNION, EXCEPT or INTERSECT: from there on rows of several SELECTs may be put together.
    pub first_union: Option<usize>,
}

/// One CTE.
#[derive(Debug, PartialEq)]
pub(crate) struct StepText {
    /// Its name, without quotes.
    pub name: String,
    /// The SELECT between its brackets.
    pub body: (usize, usize),
    /// The comment directly above it.
    pub comment: Option<Pair>,
    /// Line of its name.
    pub line: usize,
}

/// A text that is no `WITH … SELECT …`: the byte from which it reads wrong.
#[derive(Debug, PartialEq)]
pub(crate) struct Unreadable(pub usize);

impl From<Unclosed> for Unreadable {
    fn from(unclosed: Unclosed) -> Self {
        Unreadable(unclosed.0)
    }
}

/// Takes a SELECT apart. SQLite judges whether it is right; this only finds the pieces.
pub(crate) fn split(sql: &str) -> Result<Parts, Unreadable> {
    let all = tokens(sql)?;
    let code: Vec<Token> = all.iter().copied().filter(|t| t.kind != Kind::Comment).collect();
    let mut reader = Reader { sql, code: &code, at: 0 };
    let mut steps = Vec::new();
    if reader.take_word("WITH") {
        let with = 0;
        reader.take_word("RECURSIVE");
        loop {
            let first = reader.at;
            let mut step = reader.step()?;
            let above = |token: usize| code.get(token).and_then(|t| comment_above(sql, &all, t));
            step.comment = above(first).or_else(|| if steps.is_empty() { above(with) } else { None });
            steps.push(step);
            if !reader.take(Kind::Comma) {
                break;
            }
        }
    }
    let last = *reader.code.get(reader.at).ok_or(Unreadable(sql.len()))?;
    let last_end = code.iter().rev().find(|t| t.kind != Kind::Semicolon).map_or(sql.len(), |t| t.end);
    let union = |t: &&Token| ["UNION", "EXCEPT", "INTERSECT"].iter().any(|w| t.is_word(sql, w));
    let first_union = code.iter().find(union).map(|t| t.start);
    // Without steps, a comment above the one SELECT explains it.
    Ok(Parts { steps, last_start: last.start, last_end, last_comment: comment_above(sql, &all, &last), first_union })
}

/// Every name in a text that may be a step's, of nested WITH clauses too: what stands before `AS (`.
pub(crate) fn step_names(sql: &str) -> BTreeSet<String> {
    let Ok(all) = tokens(sql) else { return BTreeSet::new() };
    let code: Vec<Token> = all.into_iter().filter(|t| t.kind != Kind::Comment).collect();
    let mut names = BTreeSet::new();
    for (i, _) in code.iter().enumerate().filter(|(_, t)| t.is_word(sql, "AS")) {
        let before = match i.checked_sub(1).map(|b| (b, code[b].kind)) {
            // `name(column, column) AS`: go back to the bracket's beginning.
            Some((close, Kind::Close)) => code[..close].iter().rposition(|t| t.kind == Kind::Open).and_then(|open| open.checked_sub(1)),
            other => other.map(|(b, _)| b),
        };
        names.extend(before.and_then(|b| code[b].name(sql)));
    }
    names
}

struct Reader<'a> {
    sql: &'a str,
    code: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn here(&self) -> Unreadable {
        Unreadable(self.code.get(self.at).map_or(self.sql.len(), |t| t.start))
    }

    fn take(&mut self, kind: Kind) -> bool {
        let found = self.code.get(self.at).is_some_and(|t| t.kind == kind);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.code.get(self.at).is_some_and(|t| t.is_word(self.sql, word));
        self.at += usize::from(found);
        found
    }

    /// `name [(columns)] AS [[NOT] MATERIALIZED] ( body )`.
    fn step(&mut self) -> Result<StepText, Unreadable> {
        let first = *self.code.get(self.at).ok_or_else(|| self.here())?;
        let name = first.name(self.sql).ok_or_else(|| self.here())?;
        self.at += 1;
        if self.code.get(self.at).is_some_and(|t| t.kind == Kind::Open) {
            self.brackets()?;
        }
        if !self.take_word("AS") {
            return Err(self.here());
        }
        self.take_word("NOT");
        self.take_word("MATERIALIZED");
        let body = self.brackets()?;
        Ok(StepText { name, body, comment: None, line: line_at(self.sql, first.start) })
    }

    /// Passes a bracket and all it holds; gives the bytes between.
    fn brackets(&mut self) -> Result<(usize, usize), Unreadable> {
        let open = self.here();
        if !self.take(Kind::Open) {
            return Err(open);
        }
        let mut depth = 1;
        while let Some(token) = self.code.get(self.at) {
            self.at += 1;
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((open.0 + 1, token.start));
            }
        }
        Err(open)
    }
}

/// The comment whose last line stands directly above the line of a token; lines of a longer one are joined.
fn comment_above(sql: &str, all: &[Token], token: &Token) -> Option<Pair> {
    let index = all.iter().position(|t| t == token)?;
    let mut line = line_at(sql, token.start);
    let mut texts = Vec::new();
    for comment in all[..index].iter().rev() {
        let last_line = line_at(sql, comment.end.saturating_sub(1));
        let begins_its_line = sql[..comment.start].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
        if comment.kind != Kind::Comment || last_line + 1 != line || !begins_its_line {
            break;
        }
        line = line_at(sql, comment.start);
        texts.push(words(comment.text(sql)));
    }
    texts.reverse();
    let text = texts.join(" ");
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let (ja, en) = text.split_once(" / ").unwrap_or((text, ""));
    Some(Pair { ja: ja.trim().to_string(), en: en.trim().to_string() })
}

/// A comment without its marks.
fn words(comment: &str) -> String {
    let inner = match comment.strip_prefix("--") {
        Some(line) => line,
        None => comment.trim_start_matches("/*").trim_end_matches("*/"),
    };
    inner.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn pair(ja: &str, en: &str) -> Option<Pair> {
        Some(Pair { ja: ja.into(), en: en.into() })
    }

    #[test]
    fn steps_come_with_the_comment_above_them() {
        let sql = "-- 課題 / Themes\nWITH themes AS (\n  SELECT ')' AS x -- ( not this\n),\n-- 割合 / Share\nrates(period, \"the value\") AS MATERIALIZED (SELECT 1, (SELECT 2))\n-- 結果 / Result\nSELECT * FROM rates;\n";
        let parts = split(sql).unwrap();
        let seen: Vec<_> =
            parts.steps.iter().map(|s| (s.name.as_str(), s.comment.clone(), s.line, sql[s.body.0..s.body.1].trim())).collect();
        assert_eq!(
            seen,
            [
                ("themes", pair("課題", "Themes"), 2, "SELECT ')' AS x -- ( not this"),
                ("rates", pair("割合", "Share"), 6, "SELECT 1, (SELECT 2)")
            ]
        );
        assert_eq!(&sql[parts.last_start..parts.last_end], "SELECT * FROM rates");
        assert_eq!(parts.last_comment, pair("結果", "Result"));
    }

    #[test]
    fn a_comment_counts_only_directly_above_and_on_a_line_of_its_own() {
        let sql = "-- 前書き / Preface\n\nWITH a AS (SELECT 1), -- 後書き / aside\nb AS (SELECT 2),\n/* 二行の\n   説明 / of two lines */\nc AS (SELECT 3),\n-- 一 / one\n-- と二 / and two\nd AS (SELECT 4)\nSELECT 1";
        let comments: Vec<_> = split(sql).unwrap().steps.into_iter().map(|s| s.comment).collect();
        assert_eq!(comments, [None, None, pair("二行の 説明", "of two lines"), pair("一", "one と二 / and two")]);
    }

    #[test]
    fn the_first_comment_may_stand_between_with_and_the_name() {
        let sql = "WITH RECURSIVE\n-- 年 / Years\nyears(y) AS (SELECT 2022 UNION ALL SELECT y + 1 FROM years WHERE y < 2024)\nSELECT y FROM years";
        let parts = split(sql).unwrap();
        assert_eq!(parts.steps[0].comment, pair("年", "Years"));
        assert_eq!(parts.first_union, sql.find("UNION"));
    }

    #[test]
    fn a_select_without_steps_is_its_own_last_step() {
        let sql = "-- 合計 / Total\nSELECT 1 ; ";
        let parts = split(sql).unwrap();
        assert_eq!((parts.steps.len(), &sql[parts.last_start..parts.last_end]), (0, "SELECT 1"));
        assert_eq!(parts.last_comment, pair("合計", "Total"));
    }

    #[test]
    fn a_union_anywhere_is_noticed_and_the_word_in_a_text_is_not() {
        assert!(split("WITH a AS (SELECT * FROM (SELECT 1 union SELECT 2)) SELECT * FROM a").unwrap().first_union.is_some());
        assert!(split("WITH a AS (SELECT 'UNION' -- UNION\n) SELECT * FROM a").unwrap().first_union.is_none());
    }

    #[test]
    fn names_of_steps_are_found_in_nested_clauses_too() {
        let names = step_names("WITH a AS (SELECT 1), \"b c\"(x, y) AS (WITH d AS MATERIALIZED (SELECT 2) SELECT * FROM d) SELECT 1");
        assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b c", "d"]);
    }

    #[test]
    fn unreadable_text_says_from_where() {
        for (sql, at) in [
            ("", 0),
            ("-- only words", 13),
            ("WITH a (SELECT 1) SELECT 2", 18),
            ("WITH a AS (SELECT 1", 10),
            ("WITH 5 AS (SELECT 1) SELECT 1", 5),
            ("WITH a AS (SELECT 1)", 20),
            ("WITH a AS SELECT", 10),
            ("SELECT 'x", 7),
        ] {
            assert_eq!(split(sql), Err(Unreadable(at)), "{sql}");
        }
    }

    proptest! {
        /// Whatever an author writes, the pieces lie inside the text and nothing breaks.
        #[test]
        fn any_text_can_be_taken_apart(words in prop::collection::vec("WITH|AS|a|b|\\(|\\)|,|;|SELECT 1|UNION|'x'|\"y\"|--c / d\n|/\\*e\\*/|\n|台|'", 0..20)) {
            let sql = words.join(" ");
            super::super::lint::first_slip(&sql);
            step_names(&sql);
            if let Ok(parts) = split(&sql) {
                prop_assert!(parts.last_start <= parts.last_end && parts.last_end <= sql.len());
                for step in &parts.steps {
                    prop_assert!(sql.get(step.body.0..step.body.1).is_some());
                }
            }
        }
    }
}
