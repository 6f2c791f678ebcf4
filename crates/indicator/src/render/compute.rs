//! An indicator's values.

use super::{code_label, say, table::Table};
use crate::{Computed, format};
use shirube_plan::{Indicator, Lang, Pack, Unit};

/// The values of an indicator as a table, one row per observation.
pub fn compute(pack: &Pack, indicator: &Indicator, computed: &Computed, lang: Lang) -> String {
    let unit = pack.units.get(&indicator.unit).cloned().unwrap_or_default();
    let has = |name: &str| computed.columns.iter().any(|c| c == name);
    let mut heads = vec![say(lang, "時点", "Period").to_string()];
    let dimension_label = |name: &String| pack.dimensions.get(name).map_or(name.clone(), |d| d.label.get(lang).to_string());
    heads.extend(indicator.dimensions.iter().map(dimension_label));
    heads.push(format!(">{}", say(lang, "値", "Value")));
    let parts = [("numerator", "分子", "Numerator"), ("denominator", "分母", "Denominator"), ("n", "n", "n")];
    let shown: Vec<_> = parts.into_iter().filter(|(name, ..)| has(name)).collect();
    heads.extend(shown.iter().map(|(_, ja, en)| format!(">{}", say(lang, ja, en))));
    let mut table = Table::new(heads.iter().map(String::as_str));
    for observation in &computed.observations {
        let mut row = vec![format::period(&observation.period, lang)];
        let all = || say(lang, "全体", "all").to_string();
        row.extend(indicator.dimensions.iter().map(|d| observation.dims.get(d).map_or_else(all, |c| code_label(pack, d, c, lang))));
        row.push(format::value_or_word(observation.value, observation.status, &unit, lang));
        row.extend(shown.iter().map(|(name, ..)| match *name {
            "numerator" => part(observation.numerator, &unit, lang),
            "denominator" => part(observation.denominator, &unit, lang),
            _ => plain(observation.n),
        }));
        table.row(row);
    }
    let unit_label = if unit.label.get(lang).is_empty() { &indicator.unit } else { unit.label.get(lang) };
    // A snapshot without events has no date.
    let as_of = if computed.seq > 0 { format!(" {} {}", say(lang, "時点", "as of"), computed.as_of) } else { String::new() };
    let title = format!("{} ({unit_label}) [{}]{as_of}\n", indicator.label.get(lang), indicator.id);
    if table.is_empty() { format!("{title}{}\n", say(lang, "値なし", "no values")) } else { title + &table.text() }
}

/// Numerators and denominators of money are money; those of a share are counts.
fn part(value: Option<f64>, unit: &Unit, lang: Lang) -> String {
    match (&unit.money, value) {
        (Some(_), Some(value)) => format::value(value, unit, lang),
        _ => plain(value),
    }
}

/// A number with the decimals it has.
pub(super) fn plain(value: Option<f64>) -> String {
    let Some(value) = value else { return String::new() };
    let places = (0..=6).find(|p| shirube_snapshot::functions::round_to(value, *p) == value).unwrap_or(6);
    format::number(value, usize::try_from(places).unwrap_or(0))
}
