//! `[disclosure]` of pack.toml and of indicators.

use crate::model::*;
use crate::table::Table;

pub(super) fn of_pack(t: &Table) -> Disclosing {
    let default = Disclosing::default();
    let Some(t) = t.table("disclosure") else { return default };
    let found = Disclosing {
        threshold: threshold(&t).unwrap_or(default.threshold),
        every: t.word("every", &[("month", Every::Month), ("quarter", Every::Quarter), ("year", Every::Year)]).unwrap_or(default.every),
        note: t.pair("note"),
        cites: t.cites("cite"),
    };
    t.finish();
    found
}

pub(super) fn of_indicator(t: &Table) -> Option<Disclosure> {
    let t = t.table("disclosure")?;
    let (open, closed) = (t.pair("none"), t.pair("closed"));
    let of = t.word("of", &[("persons", Counted::Persons), ("organisations", Counted::Organisations)]);
    let columns = t.table("counts").map(columns).unwrap_or_default();
    let (adds_up, threshold) = (t.strings("adds_up"), threshold(&t));
    let found = match (open, closed, of) {
        (Some(reason), None, None) => Some(Disclosure::Open(reason)),
        (None, Some(reason), None) => Some(Disclosure::Closed(reason)),
        (None, None, Some(of)) if !columns.is_empty() => Some(Disclosure::Counts(Counts { of, columns, adds_up, threshold })),
        _ => {
            t.report(
                "disclosure",
                "`[disclosure]` does not say one thing",
                "write either `none` or `closed` with a reason, or `of = \"persons\"` with `counts = { value = \"members\" }`",
            );
            None
        }
    };
    t.finish();
    found
}

/// What each column counts.
fn columns(t: Table) -> Vec<(Compare, String)> {
    let all = [
        (Compare::Value, t.str("value")),
        (Compare::Numerator, t.str("numerator")),
        (Compare::Denominator, t.str("denominator")),
        (Compare::N, t.str("n")),
    ];
    t.finish();
    all.into_iter().filter_map(|(column, what)| Some((column, what?))).collect()
}

/// A threshold below two would find nothing small.
fn threshold(t: &Table) -> Option<u32> {
    let found: u32 = t.small("threshold")?;
    if found < 2 {
        t.report("threshold", format!("`threshold` = {found} protects nobody"), "write 2 or more; 10 is usual");
    }
    Some(found.max(2))
}
