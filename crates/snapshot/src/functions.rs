//! Our SQL functions, as documented in `docs/packs.md`.
//!
//! Few on purpose. All are deterministic and give NULL rather than a guess when an argument is missing or of the
//! wrong kind.

use jiff::civil::Date;
use rusqlite::{
    Connection, Result,
    functions::{Context, FunctionFlags},
    types::ValueRef,
};

/// Adds `fiscal_year`, `era`, `cagr`, `project` and `round_to` to a connection.
///
/// `fiscal_year_start` is the first month of the fiscal year (1–12).
pub fn register(connection: &Connection, fiscal_year_start: u8) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("fiscal_year", 1, flags, move |c| Ok(text(c, 0).and_then(|d| fiscal_year(d, fiscal_year_start))))?;
    connection.create_scalar_function("era", 1, flags, |c| Ok(text(c, 0).and_then(era)))?;
    connection.create_scalar_function("cagr", 3, flags, |c| Ok(three(c).and_then(|(a, b, n)| cagr(a, b, n))))?;
    connection.create_scalar_function("project", 3, flags, |c| Ok(three(c).and_then(|(b, r, n)| project(b, r, n))))?;
    // Not for packs: width and case made equal, for lists.
    connection.create_scalar_function("_fold", 1, flags, |c| Ok(text(c, 0).map(crate::search::words::fold)))?;
    connection.create_scalar_function("round_to", 2, flags, |c| {
        Ok(match (number(c, 0), c.get_raw(1)) {
            (Some(x), ValueRef::Integer(digits)) => Some(round_to(x, digits)),
            _ => None,
        })
    })
}

fn text<'a>(context: &'a Context<'_>, i: usize) -> Option<&'a str> {
    context.get_raw(i).as_str().ok()
}

fn number(context: &Context<'_>, i: usize) -> Option<f64> {
    match context.get_raw(i) {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(x) if x.is_finite() => Some(x),
        _ => None,
    }
}

fn three(context: &Context<'_>) -> Option<(f64, f64, f64)> {
    Some((number(context, 0)?, number(context, 1)?, number(context, 2)?))
}

/// Fiscal year of a date (`YYYY-MM-DD` or `YYYY-MM`, or a time that begins so); none if it is no date.
pub fn fiscal_year(date: &str, start: u8) -> Option<i64> {
    let (year, month) = year_month(date)?;
    Some(if i64::from(month) < i64::from(start) { year - 1 } else { year })
}

fn year_month(date: &str) -> Option<(i64, i8)> {
    let day = day_of(date).or_else(|| day_of(&format!("{date}-01")))?;
    Some((i64::from(day.year()), day.month()))
}

/// The day of `YYYY-MM-DD` or of a time that begins with one.
fn day_of(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    if !(rest.is_empty() || rest.starts_with('T') || rest.starts_with(' ')) {
        return None;
    }
    let shaped = day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shaped { day.parse().ok() } else { None }
}

/// First days of the eras, latest first.
const ERAS: [(&str, i16, i8, i8); 5] =
    [("令和", 2019, 5, 1), ("平成", 1989, 1, 8), ("昭和", 1926, 12, 25), ("大正", 1912, 7, 30), ("明治", 1868, 10, 23)];

/// Japanese era year of a date, `令和5年`, the first year `令和元年`; none before 1868-10-23 or if it is no date.
pub fn era(date: &str) -> Option<String> {
    let day = day_of(date)?;
    let (name, first, ..) = ERAS.into_iter().find(|&(_, y, m, d)| (day.year(), day.month(), day.day()) >= (y, m, d))?;
    Some(match day.year() - first + 1 {
        1 => format!("{name}元年"),
        n => format!("{name}{n}年"),
    })
}

/// Annual growth from `first` to `last` over `years`, as a fraction; none if either is not positive or `years` ≤ 0.
pub fn cagr(first: f64, last: f64, years: f64) -> Option<f64> {
    if first <= 0.0 || last <= 0.0 || years <= 0.0 {
        return None;
    }
    finite((last / first).powf(1.0 / years) - 1.0)
}

/// `base × (1 + rate)^years`; none if `rate` ≤ −1.
///
/// Whole years multiply step by step, so that the figure is the same on every machine.
pub fn project(base: f64, rate: f64, years: f64) -> Option<f64> {
    if rate <= -1.0 {
        return None;
    }
    let growth = 1.0 + rate;
    if years.fract() == 0.0 && years.abs() <= 1000.0 {
        let factor = (0..years.abs() as u32).fold(1.0, |f, _| f * growth);
        return finite(if years < 0.0 { base / factor } else { base * factor });
    }
    finite(base * growth.powf(years))
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// Rounds half away from zero on the decimal digits a reader sees: `round_to(2.675, 2)` is 2.68 although the
/// nearest binary number lies below. Negative `digits` round to tens, hundreds …
pub fn round_to(x: f64, digits: i64) -> f64 {
    // `{:e}` prints the shortest digits that read back as x: d.ddd…e±x.
    let printed = format!("{:e}", x.abs());
    let Some((mantissa, exponent)) = printed.split_once('e') else { return x };
    let Ok(exponent) = exponent.parse::<i64>() else { return x };
    let figures = || mantissa.bytes().filter(u8::is_ascii_digit).map(|b| u64::from(b - b'0'));
    let keep = exponent.saturating_add(1).saturating_add(digits); // digits before the cut
    if keep >= figures().count() as i64 {
        return x;
    }
    if keep < 0 {
        return 0.0;
    }
    let keep = keep as usize;
    // Never more than the seventeen digits that tell any number.
    let kept = figures().take(keep).fold(0, |kept, figure| kept * 10 + figure);
    let up = figures().nth(keep).is_some_and(|figure| figure >= 5);
    let rounded: f64 = format!("{}e{}", kept + u64::from(up), -digits).parse().unwrap_or(x.abs());
    if x < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use rusqlite::types::Value;

    fn ask(sql: &str) -> Value {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, 4).unwrap();
        connection.query_row(&format!("SELECT {sql}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn fiscal_years_turn_in_april() {
        assert_eq!(ask("fiscal_year('2025-03-31')"), Value::Integer(2024));
        assert_eq!(ask("fiscal_year('2025-04-01')"), Value::Integer(2025));
        assert_eq!(ask("fiscal_year('2025-04')"), Value::Integer(2025));
        assert_eq!(ask("fiscal_year('2025-03-31T23:00:00.000Z')"), Value::Integer(2024));
        for no_date in ["NULL", "''", "'2025'", "'2025-02-30'", "'2025-13'", "20250401", "'2025-04-01x'", "'令和5年4月'"] {
            assert_eq!(ask(&format!("fiscal_year({no_date})")), Value::Null, "{no_date}");
        }
    }

    #[test]
    fn a_fiscal_year_that_starts_in_january_is_the_year() {
        assert_eq!(fiscal_year("2025-01-01", 1), Some(2025));
        assert_eq!(fiscal_year("2025-12-31", 1), Some(2025));
    }

    #[test]
    fn eras_turn_on_their_days() {
        for (date, expected) in [
            ("2019-04-30", "平成31年"),
            ("2019-05-01", "令和元年"),
            ("2023-03-01", "令和5年"),
            ("1989-01-07", "昭和64年"),
            ("1989-01-08", "平成元年"),
            ("1926-12-24", "大正15年"),
            ("1912-07-29", "明治45年"),
            ("1868-10-23", "明治元年"),
        ] {
            assert_eq!(ask(&format!("era('{date}')")), Value::Text(expected.into()));
        }
        assert_eq!(ask("era('1868-10-22')"), Value::Null);
        assert_eq!(ask("era('soon')"), Value::Null);
    }

    #[test]
    fn growth_needs_positive_ends_and_time_between_them() {
        let Value::Real(rate) = ask("cagr(100, 121, 2)") else { panic!() };
        assert!((rate - 0.1).abs() < 1e-12);
        for args in ["0, 121, 2", "-1, 121, 2", "100, 0, 2", "100, 121, 0", "100, 121, -1", "NULL, 121, 2", "100, NULL, 2", "'100', 121, 2"]
        {
            assert_eq!(ask(&format!("cagr({args})")), Value::Null, "{args}");
        }
    }

    #[test]
    fn projection_compounds_yearly() {
        assert_eq!(ask("project(100, 0.5, 2)"), Value::Real(225.0));
        assert_eq!(ask("project(225, 0.5, -2)"), Value::Real(100.0));
        assert_eq!(ask("project(100, 0, 16)"), Value::Real(100.0));
        let Value::Real(half) = ask("project(100, 0.21, 0.5)") else { panic!() };
        assert!((half - 110.0).abs() < 1e-9);
        for args in ["100, -1, 2", "100, -2, 2", "NULL, 0.1, 2", "100, NULL, 2", "100, 0.1, NULL", "1e300, 9, 900"] {
            assert_eq!(ask(&format!("project({args})")), Value::Null, "{args}");
        }
    }

    #[test]
    fn rounding_goes_by_the_digits_a_reader_sees() {
        for (x, digits, expected) in [
            ("2.675", 2, 2.68),
            ("1.005", 2, 1.01),
            ("33.05", 1, 33.1),
            ("-2.5", 0, -3.0),
            ("0.5", 0, 1.0),
            ("0.05", 0, 0.0),
            ("9.99", 1, 10.0),
            ("1250", -2, 1300.0),
            ("49", -2, 0.0),
            ("50", -2, 100.0),
            ("12", 3, 12.0),
            ("28123456789012", -12, 28e12),
        ] {
            assert_eq!(ask(&format!("round_to({x}, {digits})")), Value::Real(expected), "{x} to {digits}");
        }
        assert_eq!(ask("round_to(NULL, 1)"), Value::Null);
        assert_eq!(ask("round_to('x', 1)"), Value::Null);
        assert_eq!(ask("round_to(1.5, NULL)"), Value::Null);
    }
}
