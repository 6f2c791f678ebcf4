//! On which days figures are published.

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::Offset,
};
use shirube_plan::Every;
use shirube_snapshot::AsOf;

/// Days in Japan.
const JAPAN: Offset = Offset::constant(9);

/// When figures are published.
#[derive(Clone, Debug)]
pub enum Calendar {
    /// At the end of every such stretch of the fiscal year, which begins in this month.
    Fiscal(Every, u8),
    /// After these events.
    #[cfg(test)]
    After(Vec<i64>),
}

impl Calendar {
    /// The moments from the first event until now, both in milliseconds since the epoch.
    pub fn moments(&self, first: i64, now: i64) -> Vec<AsOf> {
        match self {
            Calendar::Fiscal(every, start) => ends(*every, *start, first, now).unwrap_or_default(),
            #[cfg(test)]
            Calendar::After(events) => events.iter().map(|seq| AsOf::Seq(*seq)).collect(),
        }
    }
}

/// Ends of stretches. A time beyond all calendars has none.
fn ends(every: Every, start: u8, first: i64, now: i64) -> Option<Vec<AsOf>> {
    let day = |ms: i64| Some(JAPAN.to_datetime(Timestamp::from_millisecond(ms).ok()?).date());
    let first = day(first)?;
    let mut month: Date = date(first.year(), first.month(), 1);
    let mut found = vec![];
    loop {
        month = month.checked_add(jiff::Span::new().months(1)).ok()?;
        let begins = (month.month() - i8::try_from(start).ok()?).rem_euclid(every.months()) == 0;
        let end = JAPAN.to_timestamp(month.at(0, 0, 0, 0)).ok()?.as_millisecond() - 1;
        if end >= now {
            return Some(found);
        }
        if begins {
            found.push(AsOf::At(end));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ends_of(every: Every, first: &str, now: &str) -> Vec<String> {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let moments = Calendar::Fiscal(every, 4).moments(ms(first), ms(now));
        moments.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn stretches_end_with_the_fiscal_year_in_japan() {
        let (first, now) = ("2025-02-10T00:00:00Z", "2026-04-01T00:00:00Z");
        assert_eq!(ends_of(Every::Year, first, now), ["2025-03-31T14:59:59.999Z", "2026-03-31T14:59:59.999Z"]);
        let quarters = ends_of(Every::Quarter, first, now);
        assert_eq!(quarters.len(), 5, "{quarters:?}");
        assert_eq!(ends_of(Every::Month, first, now).len(), 14);
    }

    #[test]
    fn what_has_not_ended_is_not_published() {
        assert_eq!(ends_of(Every::Month, "2026-11-02T00:00:00Z", "2026-11-30T14:59:59.999Z"), [""; 0]);
        assert_eq!(ends_of(Every::Month, "2026-11-02T00:00:00Z", "2026-11-30T15:00:00Z").len(), 1);
    }
}
