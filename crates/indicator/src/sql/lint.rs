//! What may not stand in an indicator's SQL, found by reading it: the fence at run time cannot see these.

use super::token::{Kind, Token, Unclosed, tokens};
use shirube_snapshot::schema::PAST;

/// Something that may not stand in an indicator's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    /// A quote that never closes.
    Unclosed,
    /// Not a SELECT.
    NotSelect,
    /// A second statement.
    Second,
    /// A parameter other than `:as_of` and `:fiscal_year`.
    Parameter,
    /// Something whose value depends on when or where it runs.
    Clock,
    /// A table named with its database, or a past-versions table, which would bypass the moment of the snapshot.
    Bypass,
}

/// Date functions that mean "now" when their time is left out, and how many arguments stand before the time.
const CLOCKS: [(&str, usize); 6] = [("date", 0), ("time", 0), ("datetime", 0), ("julianday", 0), ("unixepoch", 0), ("strftime", 1)];

/// The first thing that may not stand there and its bytes.
pub(crate) fn first_slip(sql: &str) -> Option<(Slip, usize, usize)> {
    let all = match tokens(sql) {
        Ok(all) => all,
        Err(Unclosed(at)) => return Some((Slip::Unclosed, at, sql.len())),
    };
    let code: Vec<Token> = all.into_iter().filter(|t| t.kind != Kind::Comment).collect();
    match code.first() {
        Some(first) if ["SELECT", "WITH", "VALUES"].iter().any(|w| first.is_word(sql, w)) => {}
        first => return Some((Slip::NotSelect, first.map_or(0, |t| t.start), first.map_or(0, |t| t.end))),
    }
    code.iter().enumerate().find_map(|(i, token)| slip(sql, &code, i).map(|slip| (slip, token.start, token.end)))
}

fn slip(sql: &str, code: &[Token], i: usize) -> Option<Slip> {
    let token = code.get(i)?;
    let kind = |i: usize| code.get(i).map(|t| t.kind);
    match token.kind {
        Kind::Semicolon if kind(i + 1).is_some_and(|k| k != Kind::Semicolon) => Some(Slip::Second),
        Kind::Parameter if ![":as_of", ":fiscal_year"].contains(&token.text(sql)) => Some(Slip::Parameter),
        Kind::Text => {
            let text = token.text(sql).to_ascii_lowercase();
            ["'now'", "'localtime'", "'utc'"].contains(&text.as_str()).then_some(Slip::Clock)
        }
        Kind::Word | Kind::Quoted => {
            let name = token.name(sql)?.to_ascii_lowercase();
            if name.starts_with(PAST) || (["main", "temp"].contains(&name.as_str()) && kind(i + 1) == Some(Kind::Dot)) {
                return Some(Slip::Bypass);
            }
            let needed = CLOCKS.iter().find(|(clock, _)| *clock == name)?.1;
            (kind(i + 1) == Some(Kind::Open) && arguments(code, i + 1) <= needed).then_some(Slip::Clock)
        }
        _ => None,
    }
}

/// Arguments of a call whose bracket opens at `open`.
fn arguments(code: &[Token], open: usize) -> usize {
    let (mut depth, mut commas, mut empty) = (0, 0, true);
    for token in &code[open..] {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Comma if depth == 1 => commas += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        empty &= token.kind == Kind::Open && depth == 1;
    }
    if empty { 0 } else { commas + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip_of(sql: &str) -> Option<(Slip, &str)> {
        first_slip(sql).map(|(slip, start, end)| (slip, &sql[start..end]))
    }

    #[test]
    fn a_plain_select_has_none() {
        for sql in [
            "SELECT 1",
            "-- words; more\nWITH a AS (SELECT ';', :as_of, :fiscal_year) SELECT * FROM a;;\n",
            "VALUES ('2024', 1)",
            "SELECT date(started_on, 'start of year'), strftime('%Y', d), date((SELECT max(d) FROM t)), main, m.main, 'now and then' FROM t",
        ] {
            assert_eq!(first_slip(sql), None, "{sql}");
        }
    }

    #[test]
    fn each_slip_is_found_where_it_stands() {
        for (sql, slip, text) in [
            ("SELECT 'a", Slip::Unclosed, "'a"),
            ("", Slip::NotSelect, ""),
            ("PRAGMA user_version", Slip::NotSelect, "PRAGMA"),
            ("/* x */ ATTACH 'f' AS g", Slip::NotSelect, "ATTACH"),
            ("SELECT 1; DROP TABLE t", Slip::Second, ";"),
            ("SELECT :year", Slip::Parameter, ":year"),
            ("SELECT ?", Slip::Parameter, "?"),
            ("SELECT date('NOW')", Slip::Clock, "'NOW'"),
            ("SELECT date(d, 'localtime')", Slip::Clock, "'localtime'"),
            ("SELECT date()", Slip::Clock, "date"),
            ("SELECT \"date\" ( )", Slip::Clock, "\"date\""),
            ("SELECT strftime('%Y')", Slip::Clock, "strftime"),
            ("SELECT * FROM main.project", Slip::Bypass, "main"),
            ("SELECT * FROM [temp] . project", Slip::Bypass, "[temp]"),
            ("SELECT * FROM _past_project", Slip::Bypass, "_past_project"),
        ] {
            assert_eq!(slip_of(sql), Some((slip, text)), "{sql}");
        }
    }
}
