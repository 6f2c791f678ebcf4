//! Texts that a spreadsheet would run as a formula, made harmless on the way out and restored on the way in.
//!
//! A cell of a CSV file that begins with `=`, `+`, `-`, `@`, a tab or a line end is a formula to a spreadsheet (and
//! in Japan so are the full-width signs). An apostrophe before it makes it text. So that nothing is lost, a text
//! that itself begins with apostrophes before such a sign gets one more, and reading takes exactly one away.

use std::borrow::Cow;

/// The text as a CSV file holds it. Plain numbers (`-5`) stay as they are.
pub(crate) fn csv(text: &str) -> Cow<'_, str> {
    if runs(text.trim_start_matches('\'')) && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text as a cell of a workbook holds it: there, text is never run, but reading must not take away an
/// apostrophe of its own.
pub(crate) fn workbook(text: &str) -> Cow<'_, str> {
    if text.starts_with('\'') && runs(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that [`csv`] or [`workbook`] wrote.
pub(crate) fn restore(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if runs(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

/// A sign alone, which stands for nothing in many tables, is no formula.
fn runs(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) && !matches!(text, "-" | "+" | "－" | "＋")
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        for (text, written) in [
            ("=1+2", "'=1+2"),
            ("+81-3-1234-5678", "'+81-3-1234-5678"),
            ("-5%", "'-5%"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1+2", "'＝1+2"),
            ("'=1", "''=1"),
            ("-5", "-5"),
            ("+5.25", "+5.25"),
            ("-.5", "'-.5"),
            ("-", "-"),
            ("--", "'--"),
            ("'quoted'", "'quoted'"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(csv(text), written, "{text:?}");
        }
        assert_eq!(workbook("=1+2"), "=1+2");
        assert_eq!(workbook("'=1+2"), "''=1+2");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "['=+@\t\r＝a5-]{0,6}") {
            let (cell, in_workbook) = (csv(&text), workbook(&text));
            prop_assert_eq!(restore(&cell), &text);
            prop_assert_eq!(restore(&in_workbook), &text);
            prop_assert!(!runs(&cell) || is_number(&cell));
        }
    }
}
