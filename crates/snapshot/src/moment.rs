//! Transaction time: what the system knew when.

use crate::SnapshotError;
use jiff::{Timestamp, civil::Date, tz::Offset};
use std::{fmt, str::FromStr};

/// Offset of Japan time, in which a bare day ends.
const JAPAN: Offset = Offset::constant(9);

/// The moment a reader asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// Now: everything acknowledged so far.
    #[default]
    Head,
    /// Everything recorded up to this time (milliseconds since the epoch, UTC), inclusive.
    At(i64),
    /// Everything up to this event, inclusive.
    Seq(i64),
}

/// The moment a snapshot shows: its last event and that event's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Last event contained; 0 before the first.
    pub seq: i64,
    /// Time asked for, or of the last event for the head (milliseconds since the epoch, UTC); 0 before the first.
    pub at_ms: i64,
}

impl Moment {
    /// The day of the moment in Japan, `YYYY-MM-DD`; what indicators see as `:as_of`.
    pub fn day(&self) -> String {
        match Timestamp::from_millisecond(self.at_ms) {
            Ok(time) => day_in_japan(time),
            Err(_) => String::from("1970-01-01"),
        }
    }
}

/// The present day in Japan by the machine's clock, `YYYY-MM-DD`.
pub fn today() -> String {
    day_in_japan(Timestamp::now())
}

fn day_in_japan(time: Timestamp) -> String {
    JAPAN.to_datetime(time).date().to_string()
}

/// Milliseconds since the epoch at which the present day ends in Japan.
pub(crate) fn end_of_today() -> i64 {
    let now = Timestamp::now();
    JAPAN.to_datetime(now).date().tomorrow().and_then(end_of_day_before).unwrap_or(now.as_millisecond())
}

fn end_of_day_before(next: Date) -> Result<i64, jiff::Error> {
    Ok(JAPAN.to_timestamp(next.at(0, 0, 0, 0))?.as_millisecond() - 1)
}

impl FromStr for AsOf {
    type Err = SnapshotError;

    /// Reads a day as forms do (`2026-11-01`, `令和8年11月1日`; its end in Japan), an RFC 3339 time, `seq:N`, or `head`.
    fn from_str(text: &str) -> Result<Self, SnapshotError> {
        let text = text.trim();
        let bad = || SnapshotError::BadMoment(text.to_string());
        if text.is_empty() || text == "head" {
            return Ok(AsOf::Head);
        }
        if let Some(seq) = text.strip_prefix("seq:") {
            return match seq.parse() {
                Ok(seq) if seq >= 0 => Ok(AsOf::Seq(seq)),
                _ => Err(bad()),
            };
        }
        if let Ok(day) = shirube_record::input::day(text) {
            let day: Date = day.parse().map_err(|_| bad())?;
            return day.tomorrow().and_then(end_of_day_before).map(AsOf::At).map_err(|_| bad());
        }
        let time: Timestamp = text.parse().map_err(|_| bad())?;
        Ok(AsOf::At(time.as_millisecond()))
    }
}

impl fmt::Display for AsOf {
    /// Words that [`FromStr`] reads back to the same moment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AsOf::Head => f.write_str("head"),
            AsOf::Seq(seq) => write!(f, "seq:{seq}"),
            AsOf::At(ms) => match Timestamp::from_millisecond(*ms) {
                Ok(time) => write!(f, "{time}"),
                Err(_) => f.write_str("head"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_japan() {
        let AsOf::At(ms) = "2025-03-31".parse().unwrap() else { panic!() };
        assert_eq!(Timestamp::from_millisecond(ms + 1).unwrap().to_string(), "2025-03-31T15:00:00Z");
        for same in ["2025/3/31", "令和7年3月31日", "２０２５－０３－３１", "20250331"] {
            assert_eq!(same.parse::<AsOf>().unwrap(), AsOf::At(ms), "{same}");
        }
    }

    #[test]
    fn moments_read_back_from_their_words() {
        for text in ["head", "seq:0", "seq:120", "2025-03-31T08:00:00Z", "2025-03-31T08:00:00.123Z"] {
            let as_of: AsOf = text.parse().unwrap();
            assert_eq!(as_of.to_string(), text);
        }
        let japan: AsOf = "2025-03-31T17:00:00+09:00".parse().unwrap();
        assert_eq!(japan.to_string(), "2025-03-31T08:00:00Z");
    }

    #[test]
    fn words_that_are_no_moment_are_refused() {
        for text in ["yesterday", "2025-02-30", "seq:-1", "seq:x", "9999-12-31", "2025-03-31T08:00:00"] {
            assert!(matches!(text.parse::<AsOf>(), Err(SnapshotError::BadMoment(_))), "{text}");
        }
    }

    #[test]
    fn a_moment_knows_its_day_in_japan() {
        let AsOf::At(at_ms) = "2025-03-31T15:30:00Z".parse().unwrap() else { panic!() };
        assert_eq!(Moment { seq: 1, at_ms }.day(), "2025-04-01");
    }
}
