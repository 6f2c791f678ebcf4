//! Periods and days that a pack writes: whether they can be read at all.

use crate::period::{Form, Period};
use shirube_plan::{Diagnostic, Pack, Place};

/// Every period, date and milestone of a pack that is none.
///
/// What cannot be read would compare as "not yet due" or stand outside of every chart without a word.
pub fn check_periods(pack: &Pack) -> Vec<Diagnostic> {
    let mut wrong = vec![];
    let mut periods = |text: &str, what: &str, place: &Place| {
        if Period::parse(text).is_none() {
            let mend = "write 2024, 2024-12, 2024-12-31, a span 2018-02-05/2022-12-31, or - for none".into();
            wrong.push(Diagnostic { place: place.clone(), problem: format!("`{text}` is no period ({what})"), mend });
        }
    };
    for indicator in pack.indicators.values() {
        indicator.targets.iter().for_each(|t| periods(&t.period, "target", &indicator.place));
        indicator.breaks.iter().for_each(|b| periods(&b.period, "break of the series", &indicator.place));
    }
    pack.figures.iter().for_each(|f| periods(&f.period, "published figure", &f.place));
    for correction in &pack.corrections {
        correction.period.iter().for_each(|p| periods(p, "correction", &correction.place));
    }
    let mut days = |text: &str, what: &str, place: &Place| {
        if !Period::parse(text).is_some_and(|p| matches!(p.form, Form::Year | Form::Month | Form::Day)) {
            let mend = "write 2024, 2024-12 or 2024-12-31".into();
            wrong.push(Diagnostic { place: place.clone(), problem: format!("`{text}` is no date ({what})"), mend });
        }
    };
    for source in &pack.sources {
        source.date.iter().for_each(|d| days(d, "source", &source.place));
    }
    for period in &pack.periods {
        let place = Place { file: format!("plan/{}.toml", period.id), line: 0 };
        period.milestones.iter().for_each(|m| days(&m.date, "milestone", &place));
    }
    for period in &pack.periods {
        let place = Place { file: format!("plan/{}.toml", period.id), line: 0 };
        if let Some(to) = period.to.filter(|to| *to < period.from) {
            let problem = format!("the period ends in {to}, before it begins in {}", period.from);
            wrong.push(Diagnostic { place, problem, mend: "correct `from` or `to`".into() });
        }
    }
    wrong
}
