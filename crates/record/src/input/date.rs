//! Dates and fiscal years, with eras.

use crate::Mistake;
use jiff::civil::Date;

/// Era names and marks, and the year before their first.
const ERAS: [(&[&str], i32); 5] = [
    (&["令和", "R", "r"], 2018),
    (&["平成", "H", "h"], 1988),
    (&["昭和", "S", "s"], 1925),
    (&["大正", "T", "t"], 1911),
    (&["明治", "M", "m"], 1867),
];

/// Reads a date after width folding; gives `YYYY-MM-DD`.
///
/// An era year past the end of its era (平成32年) is what documents printed ahead of time say, and is understood.
pub(crate) fn date(text: &str) -> Result<String, Mistake> {
    read_date(text).map(|d| d.to_string()).ok_or_else(|| Mistake::NotADate { text: text.to_string() })
}

fn read_date(text: &str) -> Option<Date> {
    let text = without_midnight(text);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return civil(text[..4].parse().ok()?, &text[4..6], &text[6..]);
    }
    let (year, rest) = year(text)?;
    let rest = rest.trim();
    if let Some(rest) = rest.strip_prefix('年') {
        let (month, rest) = rest.split_once('月')?;
        return civil(year, month, rest.trim().strip_suffix('日')?);
    }
    let separator = rest.chars().next().filter(|c| ['-', '/', '.'].contains(c))?;
    let (month, day) = rest[1..].split_once(separator)?;
    civil(year, month, day)
}

/// Spreadsheets write a day as its midnight.
fn without_midnight(text: &str) -> &str {
    for midnight in ["T00:00:00", " 00:00:00", " 0:00:00", " 0:00"] {
        if let Some(day) = text.strip_suffix(midnight) {
            return day.trim_end();
        }
    }
    text
}

fn civil(year: i32, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str| {
        let text = text.trim();
        if (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) { text.parse::<i8>().ok() } else { None }
    };
    Date::new(i16::try_from(year).ok().filter(|y| *y >= 1)?, number(month)?, number(day)?).ok()
}

/// The year at the start of a text, and what follows it.
fn year(text: &str) -> Option<(i32, &str)> {
    for (names, before) in ERAS {
        for name in names {
            let Some(rest) = text.strip_prefix(name) else { continue };
            let rest = rest.trim_start();
            if let Some(rest) = rest.strip_prefix('元') {
                return Some((before + 1, rest));
            }
            let (digits, rest) = digits(rest);
            let count: i32 = if digits.len() <= 2 { digits.parse().ok().filter(|n| *n >= 1)? } else { return None };
            return Some((before + count, rest));
        }
    }
    let (digits, rest) = digits(text);
    if digits.len() == 4 { Some((digits.parse().ok()?, rest)) } else { None }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Reads a fiscal year after width folding: `2023`, `2023年度`, `FY2023`, `令和5年度`, `R5`.
pub(crate) fn fiscal_year(text: &str) -> Result<i64, Mistake> {
    let rest = ["FY", "fy", "Fy"].into_iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let found = year(rest.trim_start()).filter(|(_, rest)| ["", "年度", "年"].contains(&rest.trim()));
    found.map(|(year, _)| i64::from(year)).ok_or_else(|| Mistake::NotAYear { text: text.to_string() })
}
