//! How values, periods and absences read.

use crate::text::L;
use maud::{Markup, html};
use shirube_plan::{Absence, Unit};
use shirube_snapshot::functions::round_to;

/// Digits with thousands separators, rounded half away from zero on the digits a reader sees.
pub fn digits(value: f64, places: u8) -> String {
    let rounded = round_to(value, i64::from(places));
    let text = format!("{:.*}", usize::from(places), rounded.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut out = String::new();
    if rounded < 0.0 {
        out.push('−');
    }
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A value and its unit as separate words, so that tables can align the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Digits.
    pub digits: String,
    /// Unit; may be empty.
    pub unit: String,
}

impl Reading {
    /// Digits and unit as one text. Latin unit words get a space, Japanese ones and signs do not.
    pub fn text(&self) -> String {
        let spaced = self.unit.starts_with(|c: char| c.is_ascii_alphanumeric());
        format!("{}{}{}", self.digits, if spaced { " " } else { "" }, self.unit)
    }
}

/// Reads a value in its unit. Money of a large scale is read in 億円 and 兆円, or in million, billion and
/// trillion: a format only, the value stays what it is.
pub fn reading(l: L, value: f64, unit: Option<&Unit>) -> Reading {
    let Some(unit) = unit else {
        return Reading { digits: plain(value), unit: String::new() };
    };
    if unit.money.is_some()
        && let Some((scale, ja, en)) = money_scale(l, value)
    {
        let scaled = value / scale;
        let places = if scaled.abs() >= 100.0 { 0 } else if scaled.abs() >= 10.0 { 1 } else { 2 };
        let word = l.p(&unit.label);
        return Reading { digits: trimmed(scaled, places), unit: if l.is_ja() { format!("{ja}{word}") } else { format!("{en} {word}") } };
    }
    // A value that the unit's places would round to nothing keeps its first digits.
    let places = if value != 0.0 && round_to(value, i64::from(unit.places)) == 0.0 { 3 } else { unit.places };
    // Counts may carry a fraction when they are averages.
    let places = if unit.places == 0 && value.fract() != 0.0 && value.abs() < 1000.0 { places.max(1) } else { places };
    Reading { digits: digits(value, places), unit: l.p(&unit.label).to_string() }
}

/// The scale a sum of money reads best in.
fn money_scale(l: L, value: f64) -> Option<(f64, &'static str, &'static str)> {
    let scales: &[(f64, &str, &str)] = if l.is_ja() {
        &[(1e12, "兆", ""), (1e8, "億", ""), (1e4, "万", "")]
    } else {
        &[(1e12, "", "trillion"), (1e9, "", "billion"), (1e6, "", "million")]
    };
    scales.iter().copied().find(|(scale, ..)| value.abs() >= *scale)
}

/// Up to `places` decimals, without trailing zeros.
fn trimmed(value: f64, places: u8) -> String {
    let text = digits(value, places);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A number without a unit: whole numbers whole, others with up to four decimals.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 { digits(value, 0) } else { trimmed(value, 4) }
}

/// A value as text.
pub fn value(l: L, value: f64, unit: Option<&Unit>) -> String {
    reading(l, value, unit).text()
}

/// A change against an earlier value, with its sign: percent figures change by points, others by their unit.
pub fn change(l: L, change: f64, unit: Option<&Unit>) -> String {
    let sign = if change > 0.0 { "+" } else if change < 0.0 { "−" } else { "±" };
    match unit {
        Some(u) if u.name == "percent" => format!("{sign}{}{}", digits(change.abs(), u.places), l.t("ポイント", " points")),
        _ => format!("{sign}{}", value(l, change.abs(), unit)),
    }
}

/// Why there is no number, in words. Zero is a number and never comes here.
pub fn absence_word(l: L, absence: Absence) -> &'static str {
    match absence {
        Absence::Unknown => l.t("不明", "unknown"),
        Absence::NotCollected => l.t("未収集", "not collected"),
        Absence::NotApplicable => l.t("非該当", "not applicable"),
        Absence::Suppressed => l.t("秘匿", "suppressed"),
    }
}

/// Why there is no number, as it stands in a cell: word and sign differ for each reason.
pub fn absence(l: L, absence: Option<Absence>) -> Markup {
    let (class, sign, word) = match absence {
        Some(a @ Absence::Unknown) => ("unknown", "？", absence_word(l, a)),
        Some(a @ Absence::NotCollected) => ("not-collected", "…", absence_word(l, a)),
        Some(a @ Absence::NotApplicable) => ("not-applicable", "／", absence_word(l, a)),
        Some(a @ Absence::Suppressed) => ("suppressed", "■", absence_word(l, a)),
        None => ("no-value", "—", l.t("値なし", "no value")),
    };
    html! { span class={ "absent " (class) } { span aria-hidden="true" { (sign) } " " (word) } }
}

/// A period as readers write it: `2024` → 2024年, a span with a dash, `-` → none.
pub fn period(l: L, text: &str) -> String {
    if text == "-" || text.is_empty() {
        return l.t("期間なし", "no period").to_string();
    }
    if let Some((from, to)) = text.split_once('/') {
        return format!("{}{}{}", period(l, from), l.t("～", " – "), period(l, to));
    }
    if !l.is_ja() {
        return text.to_string();
    }
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [y] if is_digits(y) => format!("{y}年"),
        [y, m] if is_digits(y) && is_digits(m) => format!("{y}年{}月", m.trim_start_matches('0')),
        [y, m, d] if is_digits(y) && is_digits(m) && is_digits(d) => format!("{y}年{}月{}日", m.trim_start_matches('0'), d.trim_start_matches('0')),
        _ => text.to_string(),
    }
}

/// A period where space is short: years bare.
pub fn period_short(text: &str) -> String {
    text.replace('/', "–")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A whole count.
pub fn count(n: usize) -> String {
    digits(n as f64, 0)
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
    fn digits_are_grouped_and_rounded_as_printed_tables_do() {
        assert_eq!(digits(2737.0, 0), "2,737");
        assert_eq!(digits(-1234567.25, 1), "−1,234,567.3");
        assert_eq!(digits(0.05, 1), "0.1");
        assert_eq!(digits(-0.01, 1), "0.0");
        assert_eq!(digits(999.95, 1), "1,000.0");
    }

    #[test]
    fn yen_read_in_the_scale_of_each_language() {
        let yen = unit("yen", "円", "yen", 0, true);
        assert_eq!(value(JA, 28e12, Some(&yen)), "28兆円");
        assert_eq!(value(EN, 28e12, Some(&yen)), "28 trillion yen");
        assert_eq!(value(JA, 1.65e12, Some(&yen)), "1.65兆円");
        assert_eq!(value(JA, 614_900_000_000.0, Some(&yen)), "6,149億円");
        assert_eq!(value(EN, 614_900_000_000.0, Some(&yen)), "615 billion yen");
        assert_eq!(value(JA, 0.0, Some(&yen)), "0円");
    }

    #[test]
    fn units_follow_the_number() {
        let percent = unit("percent", "%", "%", 1, false);
        let cases = unit("cases", "件", "cases", 0, false);
        assert_eq!(value(JA, 52.27, Some(&percent)), "52.3%");
        assert_eq!(value(EN, 656.0, Some(&cases)), "656 cases");
        assert_eq!(value(JA, 40.0 / 3.0, Some(&cases)), "13.3件");
        assert_eq!(value(JA, 0.004, Some(&percent)), "0.004%");
        assert_eq!(change(JA, 1.25, Some(&percent)), "+1.3ポイント");
        assert_eq!(change(EN, -3.0, Some(&cases)), "−3 cases");
        assert_eq!(change(EN, 0.0, Some(&cases)), "±0 cases");
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
    fn periods_read_in_both_languages() {
        assert_eq!(period(JA, "2024"), "2024年");
        assert_eq!(period(JA, "2024-03"), "2024年3月");
        assert_eq!(period(JA, "2018-02-05/2022-12-31"), "2018年2月5日～2022年12月31日");
        assert_eq!(period(EN, "2022/2024"), "2022 – 2024");
        assert_eq!(period(EN, "-"), "no period");
        assert_eq!(period(JA, "FY24"), "FY24");
    }
}
