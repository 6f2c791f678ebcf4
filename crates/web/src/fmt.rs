//! How values read on a page: the words of [`shirube_indicator::format`], and their marks for the eye.

use crate::{chart::Axis, text::L};
use maud::{Markup, html};
use shirube_indicator::format;
use shirube_plan::{Absence, Unit};

/// A value with its unit; a number without a known unit stands alone.
pub fn value(l: L, value: f64, unit: Option<&Unit>) -> String {
    match unit {
        // A count may be an average, a share may be small: what its places would hide is shown.
        Some(unit) if unit.money.is_none() => format::value(value, &Unit { places: places(value, unit.places), ..unit.clone() }, l.0),
        Some(unit) => format::value(value, unit, l.0),
        None => plain(value),
    }
}

/// Decimals that keep a value from reading as something it is not.
fn places(value: f64, declared: u8) -> u8 {
    let scale = 10f64.powi(i32::from(declared));
    if value != 0.0 && (value * scale).abs() < 0.5 {
        declared + 2
    } else if declared == 0 && value.fract().abs() > 1e-9 && value.abs() < 1000.0 {
        1
    } else {
        declared
    }
}

/// The digits of a value alone, for tables whose caption carries the unit.
pub fn bare(value: f64, unit: Option<&Unit>) -> String {
    unit.map_or_else(|| plain(value), |u| format::number(value, usize::from(places(value, u.places))))
}

/// A number without a unit: whole numbers whole, others with up to four decimals.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 {
        return format::number(value, 0);
    }
    // Some seven figures tell a reader enough; files carry all.
    let places = match value.abs() {
        x if x >= 1e6 => return format::number(value, 0),
        x if x >= 1e3 => 2,
        _ => 4,
    };
    let text = format::number(value, places);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A change against an earlier value, with its sign.
pub fn change(l: L, change: f64, unit: Option<&Unit>) -> String {
    match unit {
        Some(unit) => format::change(change, &Unit { places: places(change, unit.places), ..unit.clone() }, l.0),
        None => format::change(change, &Unit { places: 1, ..Unit::default() }, l.0),
    }
}

/// Whether the change between two values is not the difference of what is shown of them: it is taken before rounding.
pub fn rounded_otherwise(before: f64, now: f64, change: f64, unit: Option<&Unit>) -> bool {
    let Some(unit) = unit.filter(|u| u.money.is_none()) else { return false };
    let shown = |value: f64| {
        let scale = 10_f64.powi(i32::from(places(value, unit.places)));
        (value * scale).round() / scale
    };
    let scale = 10_f64.powi(i32::from(places(change, unit.places)));
    ((shown(now) - shown(before)) * scale).round() != (change * scale).round()
}

/// Scale and unit of a chart's axis for values up to `greatest`.
pub fn axis(l: L, unit: Option<&Unit>, greatest: f64) -> Axis {
    let Some(unit) = unit else { return Axis::default() };
    let label = l.p(&unit.label);
    if unit.money.is_none() {
        return Axis { scale: 1.0, unit: label.to_string() };
    }
    let scales =
        if l.is_ja() { [(1e12, "兆"), (1e8, "億"), (1e4, "万")] } else { [(1e12, "trillion "), (1e9, "billion "), (1e6, "million ")] };
    let (scale, word) = scales.into_iter().find(|(scale, _)| greatest.abs() >= *scale).unwrap_or((1.0, ""));
    Axis { scale, unit: format!("{word}{label}") }
}

/// The sign that stands for a missing number in charts and cells.
pub fn absence_sign(absence: Option<Absence>) -> &'static str {
    match absence {
        Some(Absence::Unknown) => "？",
        Some(Absence::NotCollected) => "…",
        Some(Absence::NotApplicable) => "／",
        Some(Absence::Suppressed) => "■",
        None => "—",
    }
}

/// Why there is no number, as it stands in a cell: word, sign and class differ for each reason. Zero is a number
/// and never comes here.
pub fn absence(l: L, absence: Option<Absence>) -> Markup {
    let class = match absence {
        Some(Absence::Unknown) => "unknown",
        Some(Absence::NotCollected) => "not-collected",
        Some(Absence::NotApplicable) => "not-applicable",
        Some(Absence::Suppressed) => "suppressed",
        None => "no-value",
    };
    html! { span class={ "absent " (class) } { span aria-hidden="true" { (absence_sign(absence)) } " " (format::absence(absence, l.0)) } }
}

/// A period as readers write it; words where a figure has none.
pub fn period(l: L, text: &str) -> String {
    match text {
        "-" | "" => l.t("期間なし", "no period").to_string(),
        _ => format::period(text, l.0),
    }
}

/// A period where space is short: years bare.
pub fn period_short(text: &str) -> String {
    text.replace('/', "–")
}

/// A count with what is counted: `3件`, `1 row`, `3 rows`.
pub fn counted(l: L, n: usize, ja: &str, one: &str, many: &str) -> String {
    format!("{}{}{}", count(n), l.t("", " "), noun(l, n, ja, one, many))
}

/// What is counted alone, where the count stands above it.
pub fn noun<'a>(l: L, n: usize, ja: &'a str, one: &'a str, many: &'a str) -> &'a str {
    l.t(ja, if n == 1 { one } else { many })
}

/// A whole count.
pub fn count(n: usize) -> String {
    format::number(n as f64, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::{Lang, Pair};

    const JA: L = L(Lang::Ja);
    const EN: L = L(Lang::En);

    fn unit(name: &str, ja: &str, en: &str, places: u8, money: bool) -> Unit {
        Unit { name: name.into(), label: Pair { ja: ja.into(), en: en.into() }, places, money: money.then(|| "JPY".into()) }
    }

    #[test]
    fn averages_of_counts_and_small_shares_keep_their_digits() {
        let percent = unit("percent", "%", "%", 1, false);
        let cases = unit("cases", "件", "cases", 0, false);
        assert_eq!(value(JA, 52.27, Some(&percent)), "52.3%");
        assert_eq!(value(EN, 656.0, Some(&cases)), "656 cases");
        assert_eq!(value(JA, 40.0 / 3.0, Some(&cases)), "13.3件");
        assert_eq!(value(JA, 0.004, Some(&percent)), "0.004%");
        assert_eq!(value(JA, 0.0, Some(&percent)), "0.0%");
        assert_eq!(plain(2.71934), "2.7193");
    }

    #[test]
    fn a_change_that_rounding_tells_otherwise_is_noticed() {
        let percent = unit("percent", "%", "%", 1, false);
        assert!(rounded_otherwise(32.07, 26.83, 26.83 - 32.07, Some(&percent)), "32.1 to 26.8 is -5.2, not -5.3");
        assert!(!rounded_otherwise(32.1, 26.8, 26.8 - 32.1, Some(&percent)));
    }

    #[test]
    fn axes_of_money_take_the_scale_of_each_language() {
        let yen = unit("yen", "円", "yen", 0, true);
        assert_eq!(axis(JA, Some(&yen), 28e12), Axis { scale: 1e12, unit: "兆円".into() });
        assert_eq!(axis(EN, Some(&yen), 614e9), Axis { scale: 1e9, unit: "billion yen".into() });
        assert_eq!(axis(JA, Some(&yen), 900.0), Axis { scale: 1.0, unit: "円".into() });
    }

    #[test]
    fn each_reason_for_a_blank_has_its_own_word_sign_and_class() {
        let all = [Some(Absence::Unknown), Some(Absence::NotCollected), Some(Absence::NotApplicable), Some(Absence::Suppressed), None];
        for l in [JA, EN] {
            let texts: std::collections::BTreeSet<String> = all.iter().map(|a| absence(l, *a).into_string()).collect();
            assert_eq!(texts.len(), all.len());
            assert!(texts.iter().all(|t| !t.contains('0')));
        }
    }

    #[test]
    fn one_thing_is_not_many() {
        assert_eq!(counted(EN, 1, "行", "row", "rows"), "1 row");
        assert_eq!(counted(EN, 1200, "行", "row", "rows"), "1,200 rows");
        assert_eq!(counted(JA, 1200, "行", "row", "rows"), "1,200行");
        assert_eq!([0, 1, 2].map(|n| noun(EN, n, "行", "row", "rows")), ["rows", "row", "rows"]);
    }

    #[test]
    fn a_figure_without_a_period_says_so() {
        assert_eq!(period(EN, "-"), "no period");
        assert_eq!(period(JA, "2024"), "2024年");
    }
}
