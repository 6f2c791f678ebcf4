//! Numbers as people read them: separators, 億円 and 兆円, percent, and words where there is no number.
//!
//! One place for pages, files and the terminal, so that a figure reads the same everywhere.

use crate::period::{Form, Period};
use shirube_plan::{Absence, Lang, Unit};
use shirube_snapshot::functions::round_to;

/// A value with its unit, at the places the unit declares: `52.3%`, `2,737名`, `28兆円`, `28 trillion yen`.
///
/// Money shows three to four digits of the largest round unit (兆, 億, 万; trillion, billion, million).
pub fn value(value: f64, unit: &Unit, lang: Lang) -> String {
    match unit.money {
        Some(_) => money(value, unit, lang, None),
        None => with_label(&number(value, usize::from(unit.places)), unit, lang),
    }
}

/// A value at a printed precision (0.1 for `33.1%`, 1e12 for `約28兆円`), in the unit.
pub fn printed(value: f64, precision: f64, unit: &Unit, lang: Lang) -> String {
    if precision <= 0.0 || !precision.is_finite() {
        return self::value(value, unit, lang);
    }
    let places = (-precision.log10()).ceil() as i32;
    if unit.money.is_some() {
        return money(value, unit, lang, Some(places));
    }
    let rounded = round_to(value, i64::from(places));
    with_label(&number(rounded, usize::try_from(places).unwrap_or(0)), unit, lang)
}

/// A value, or the word for why there is none.
pub fn value_or_word(value: Option<f64>, status: Option<Absence>, unit: &Unit, lang: Lang) -> String {
    match value {
        Some(value) => self::value(value, unit, lang),
        None => absence(status, lang).to_string(),
    }
}

/// A difference of two values, with its sign: `+3.2ポイント`, `−1.5兆円`, `±0`.
pub fn change(change: f64, unit: &Unit, lang: Lang) -> String {
    let size = match (unit.label.en.as_str(), lang) {
        // The difference of two percentages is in points, not in percent.
        ("%", Lang::Ja) => format!("{}ポイント", number(change.abs(), usize::from(unit.places))),
        ("%", Lang::En) => match number(change.abs(), usize::from(unit.places)).as_str() {
            "1" => "1 point".to_string(),
            many => format!("{many} points"),
        },
        _ => value(change.abs(), unit, lang),
    };
    let zero = !size.bytes().any(|b| matches!(b, b'1'..=b'9'));
    let sign = if zero {
        "±"
    } else if change < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{size}")
}

/// A fraction as a percentage with its sign: 0.067 → `+6.7%`.
pub fn growth(fraction: f64) -> String {
    let percent = round_to(fraction * 100.0, 1);
    let sign = if percent < 0.0 { "−" } else { "+" };
    format!("{sign}{}%", number(percent.abs(), 1))
}

/// A number with thousands separators, rounded half away from zero.
pub fn number(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "∞".to_string();
    }
    let rounded = round_to(value, i64::try_from(places).unwrap_or(i64::MAX));
    let text = digits(rounded.abs(), places);
    let (whole, fraction) = text.split_at(text.len() - places);
    let mut number = String::with_capacity(text.len() + text.len() / 3 + 4);
    if rounded < 0.0 {
        number.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            number.push(',');
        }
        number.push(digit);
    }
    if places > 0 {
        number.push('.');
        number.push_str(fraction);
    }
    number
}

/// The digits of a number that was rounded to places, those after the point last; the point is left out.
fn digits(rounded: f64, places: usize) -> String {
    let scale = u32::try_from(places).ok().and_then(|places| 10_u64.checked_pow(places));
    // What is this small and rounded is a whole number of units of the last place, which takes no search for digits.
    match scale.map(|scale| rounded * scale as f64).filter(|units| *units < 1e15) {
        Some(units) => format!("{:0width$}", units.round() as u64, width = places + 1),
        None => format!("{rounded:.places$}").replace('.', ""),
    }
}

/// The word for why there is no number. Zero is a number and has none.
pub fn absence(status: Option<Absence>, lang: Lang) -> &'static str {
    let (ja, en) = match status {
        Some(Absence::Unknown) => ("不明", "unknown"),
        Some(Absence::NotCollected) => ("未収集", "not collected"),
        Some(Absence::NotApplicable) => ("非該当", "not applicable"),
        Some(Absence::Suppressed) => ("秘匿", "suppressed"),
        None => ("値なし", "no value"),
    };
    match lang {
        Lang::Ja => ja,
        Lang::En => en,
    }
}

/// A period as people read it: `2024年`, `2024年12月31日`, `31 Dec 2024`; what cannot be read stays as it is.
pub fn period(text: &str, lang: Lang) -> String {
    if let Some((from, to)) = text.split_once('/') {
        let dash = if lang == Lang::Ja { "〜" } else { "–" };
        return format!("{}{dash}{}", period(from, lang), period(to, lang));
    }
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(read) = Period::parse(text) else { return text.to_string() };
    let (year, month, day) = read.start();
    let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
    match (read.form, lang) {
        (Form::Year, Lang::Ja) => format!("{year}年"),
        (Form::Year, Lang::En) => year.to_string(),
        (Form::Month, Lang::Ja) => format!("{year}年{month}月"),
        (Form::Month, Lang::En) => format!("{name} {year}"),
        (Form::Day, Lang::Ja) => format!("{year}年{month}月{day}日"),
        (Form::Day, Lang::En) => format!("{day} {name} {year}"),
        _ => text.to_string(),
    }
}

/// Puts the unit behind a number: Japanese directly, English after a space unless it is a sign (`%`, `-fold`).
fn with_label(number: &str, unit: &Unit, lang: Lang) -> String {
    let label = unit.label.get(lang);
    let close = lang == Lang::Ja || !label.starts_with(|c: char| c.is_alphanumeric());
    if close || label.is_empty() { format!("{number}{label}") } else { format!("{number} {label}") }
}

/// Round units of large sums.
const JAPANESE: [(f64, &str); 3] = [(1e12, "兆"), (1e8, "億"), (1e4, "万")];
const ENGLISH: [(f64, &str); 3] = [(1e12, " trillion"), (1e9, " billion"), (1e6, " million")];

/// Most decimals of a round unit before the next smaller one reads better.
const MOST_DECIMALS: i32 = 3;

/// Money in the largest round unit that fits. `places`: decimals of the value itself at a printed precision
/// (−12 for whole 兆); without, three to four digits are shown.
fn money(value: f64, unit: &Unit, lang: Lang, places: Option<i32>) -> String {
    let value = places.map_or(value, |p| round_to(value, i64::from(p)));
    let units = if lang == Lang::Ja { JAPANESE } else { ENGLISH };
    let decimals = |scale: f64| places.map(|p| p + scale.log10().round() as i32);
    // What rounds up to one of a unit at four digits is shown in that unit.
    let fits = |scale: f64| value.abs() >= 0.99995 * scale && decimals(scale).is_none_or(|d| d <= MOST_DECIMALS);
    let (scale, word) = units.into_iter().find(|(scale, _)| fits(*scale)).unwrap_or((1.0, ""));
    let scaled = value / scale;
    let text = match decimals(scale) {
        Some(decimals) => number(scaled, usize::try_from(decimals).unwrap_or(0)),
        // Below the first round unit every yen is shown.
        None if word.is_empty() => number(scaled, usize::from(unit.places)),
        None => {
            let digits = [(100.0, 0), (10.0, 1)].iter().find(|(least, _)| scaled.abs() >= *least).map_or(2, |(_, digits)| *digits);
            let text = number(scaled, digits);
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
        }
    };
    with_label(&format!("{text}{word}"), unit, lang)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Lang::{En, Ja};
    use shirube_plan::Pair;

    fn unit(ja: &str, en: &str, places: u8, money: bool) -> Unit {
        Unit { name: "u".into(), label: Pair { ja: ja.into(), en: en.into() }, places, money: money.then(|| "JPY".into()) }
    }

    #[test]
    fn values_carry_separators_places_and_their_unit() {
        let people = unit("名", "people", 0, false);
        assert_eq!((value(2737.0, &people, Ja), value(2737.0, &people, En)), ("2,737名".into(), "2,737 people".into()));
        let percent = unit("%", "%", 1, false);
        assert_eq!((value(52.25, &percent, Ja), value(0.0, &percent, En)), ("52.3%".into(), "0.0%".into()));
        let fold = unit("倍", "-fold", 1, false);
        assert_eq!(value(1.5, &fold, En), "1.5-fold");
        assert_eq!(value(-1234567.0, &unit("件", "cases", 0, false), En), "−1,234,567 cases");
    }

    #[test]
    fn digits_are_those_of_the_rounded_number() {
        let mut seed = 7_u64;
        for i in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (places, size) = (i % 7, 10_f64.powi(i as i32 % 19));
            let value = (seed >> 11) as f64 / (1_u64 << 53) as f64 * size;
            let printed = format!("{:.places$}", round_to(value, places as i64));
            assert_eq!(number(value, places).replace(',', ""), printed, "{value} to {places}");
        }
    }

    #[test]
    fn money_is_read_in_its_largest_round_unit() {
        let yen = unit("円", "yen", 0, true);
        for (v, ja, en) in [
            (28e12, "28兆円", "28 trillion yen"),
            (1.65e12, "1.65兆円", "1.65 trillion yen"),
            (27.96e12, "28兆円", "28 trillion yen"),
            (4760e8, "4,760億円", "476 billion yen"),
            (11e8, "11億円", "1.1 billion yen"),
            (9999e4, "9,999万円", "100 million yen"),
            (999.96e9, "1兆円", "1 trillion yen"),
            (9960e8, "9,960億円", "996 billion yen"),
            (12345.0, "1.23万円", "12,345 yen"),
            (999.0, "999円", "999 yen"),
            (0.0, "0円", "0 yen"),
            (-2e8, "−2億円", "−200 million yen"),
        ] {
            assert_eq!((value(v, &yen, Ja), value(v, &yen, En)), (ja.to_string(), en.to_string()));
        }
    }

    #[test]
    fn printed_values_keep_the_printed_digits() {
        let yen = unit("円", "yen", 0, true);
        assert_eq!(printed(27.6e12, 1e12, &yen, Ja), "28兆円");
        assert_eq!(printed(1.6e12, 1e10, &yen, Ja), "1.60兆円");
        assert_eq!(printed(1.6e12, 1e10, &yen, En), "1.60 trillion yen");
        assert_eq!(printed(12345678.0, 1.0, &yen, Ja), "12,345,678円");
        assert_eq!(printed(12345678.0, 1e4, &yen, Ja), "1,235万円");
        assert_eq!(printed(33.05, 0.1, &unit("%", "%", 0, false), Ja), "33.1%");
        assert_eq!(printed(2610000.0, 100000.0, &unit("名", "people", 0, false), Ja), "2,600,000名");
    }

    #[test]
    fn four_kinds_of_nothing_and_zero_read_differently() {
        let unit = unit("件", "cases", 0, false);
        for lang in [Ja, En] {
            let statuses =
                [None, Some(Absence::Unknown), Some(Absence::NotCollected), Some(Absence::NotApplicable), Some(Absence::Suppressed)];
            let mut words: Vec<String> = statuses.into_iter().map(|s| value_or_word(None, s, &unit, lang)).collect();
            words.push(value_or_word(Some(0.0), None, &unit, lang));
            let distinct: std::collections::BTreeSet<&String> = words.iter().collect();
            assert_eq!(distinct.len(), 6, "{words:?}");
        }
    }

    #[test]
    fn changes_carry_a_sign_and_percentages_change_in_points() {
        let percent = unit("%", "%", 1, false);
        assert_eq!((change(3.24, &percent, Ja), change(-3.25, &percent, En)), ("+3.2ポイント".into(), "−3.3 points".into()));
        assert_eq!(change(-0.04, &percent, Ja), "±0.0ポイント");
        assert_eq!(change(-1.0, &unit("%", "%", 0, false), En), "−1 point");
        assert_eq!(change(-1.5e12, &unit("円", "yen", 0, true), Ja), "−1.5兆円");
        assert_eq!((growth(0.0669), growth(-0.1)), ("+6.7%".into(), "−10.0%".into()));
    }

    #[test]
    fn periods_read_as_dates() {
        for (text, ja, en) in [
            ("2024", "2024年", "2024"),
            ("2024-12", "2024年12月", "Dec 2024"),
            ("2024-12-31", "2024年12月31日", "31 Dec 2024"),
            ("2018-02-05/2022-12-31", "2018年2月5日〜2022年12月31日", "5 Feb 2018–31 Dec 2022"),
            ("-", "-", "-"),
        ] {
            assert_eq!((period(text, Ja), period(text, En)), (ja.to_string(), en.to_string()));
        }
    }
}
