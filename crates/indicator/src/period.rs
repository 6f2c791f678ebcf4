//! Periods: `2024`, `2024-12`, `2024-12-31`, a span `2018-02-05/2022-12-31`, or `-` for none.

use std::cmp::Ordering;

/// A period, read. Periods order by where they begin, then by how long they are (the longer first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// How it is written.
    pub form: Form,
    /// First day; 0000-01-01 for none.
    start: Day,
    /// Last part of a span, or the same as `start`.
    end: Day,
}

/// How a period is written. Only periods of one form are comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `-`.
    None,
    /// `2018-02-05/2022-12-31`.
    Span,
    /// `2024`.
    Year,
    /// `2024-12`.
    Month,
    /// `2024-12-31`.
    Day,
}

/// Year, month, day.
type Day = (i32, u8, u8);

impl Period {
    /// Reads a period; none if it has no known form.
    pub fn parse(text: &str) -> Option<Period> {
        if text == "-" {
            return Some(Period { form: Form::None, start: (0, 1, 1), end: (0, 1, 1) });
        }
        if let Some((from, to)) = text.split_once('/') {
            let ((_, start), (_, end)) = (point(from)?, point(to)?);
            return (start <= end).then_some(Period { form: Form::Span, start, end });
        }
        let (form, start) = point(text)?;
        Some(Period { form, start, end: start })
    }

    /// The year it begins in.
    pub fn year(&self) -> i32 {
        self.start.0
    }

    /// Where it begins, in years.
    pub fn position(&self) -> f64 {
        let (year, month, day) = self.start;
        f64::from(year) + (f64::from(month) - 1.0) / 12.0 + (f64::from(day) - 1.0) / 365.0
    }

    /// First day: year, month, day.
    pub fn start(&self) -> (i32, u8, u8) {
        self.start
    }

    /// Last part of a span, or the period itself: year, month, day.
    pub fn end(&self) -> (i32, u8, u8) {
        self.end
    }

    /// Whether it begins before another.
    pub fn is_before(&self, other: &Period) -> bool {
        self.start < other.start
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.start, self.form, self.end).cmp(&(other.start, other.form, other.end))
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn point(text: &str) -> Option<(Form, Day)> {
    let digits = |s: &str, length: usize| (s.len() == length && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok()).flatten();
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let Some(month) = parts.next() else { return Some((Form::Year, (year, 1, 1))) };
    let month = u8::try_from(digits(month, 2)?).ok().filter(|m| (1..=12).contains(m))?;
    let Some(day) = parts.next() else { return Some((Form::Month, (year, month, 1))) };
    let date: jiff::civil::Date = text.parse().ok()?;
    digits(day, 2)?;
    parts.next().is_none().then_some((Form::Day, (year, month, u8::try_from(date.day()).ok()?)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_form_is_read() {
        for (text, form, start) in [
            ("-", Form::None, (0, 1, 1)),
            ("2024", Form::Year, (2024, 1, 1)),
            ("2024-12", Form::Month, (2024, 12, 1)),
            ("2024-02-29", Form::Day, (2024, 2, 29)),
            ("2018-02-05/2022-12-31", Form::Span, (2018, 2, 5)),
            ("2022/2024", Form::Span, (2022, 1, 1)),
        ] {
            let period = Period::parse(text).unwrap();
            assert_eq!((period.form, period.start()), (form, start), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "24",
            "2024-",
            "2024-13",
            "2024-1",
            "2023-02-29",
            "FY2024",
            "2024年",
            "2024-12-31-01",
            "2024/2023",
            "2024/",
            "２０２４",
            "+024",
            "-2024",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn periods_order_by_their_beginning() {
        let mut periods: Vec<&str> = vec!["2024-12", "2025", "2024", "2024-01-01", "-", "2023/2026"];
        periods.sort_by_key(|p| Period::parse(p).unwrap());
        assert_eq!(periods, ["-", "2023/2026", "2024", "2024-01-01", "2024-12", "2025"]);
    }
}
