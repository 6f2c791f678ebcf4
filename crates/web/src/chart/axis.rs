//! Scales: round steps on y, proportional years on x.

use super::Tick;
use shirube_indicator::{Form, Period, format};

/// Scale and unit of y: values are divided by `scale` before they are written at the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// 1, or 1e8 for 億.
    pub scale: f64,
    /// What stands above the axis (`億円`).
    pub unit: String,
}

impl Default for Axis {
    fn default() -> Self {
        Axis { scale: 1.0, unit: String::new() }
    }
}

/// Four to six round marks that hold zero and every value; none without values.
pub(super) fn marks(values: impl Iterator<Item = f64>, scale: f64) -> Vec<f64> {
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for value in values.filter(|v| v.is_finite()) {
        low = low.min(value / scale);
        high = high.max(value / scale);
    }
    if low == high {
        high = 1.0;
    }
    let rough = (high - low) / 4.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * magnitude).find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (first..=last).map(|i| i as f64 * step * scale).collect()
}

/// A mark as written at the axis.
pub(super) fn written(mark: f64, scale: f64) -> String {
    let text = format!("{:.4}", mark / scale);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, fraction) = text.split_once('.').map_or((text, ""), |(w, f)| (w, f));
    let grouped = format::number(whole.parse().unwrap_or(0.0), 0);
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

/// Places periods along x: in proportion where all of them are years or days, side by side otherwise.
pub fn place_periods<'a>(periods: impl Iterator<Item = &'a str>, label: impl Fn(&str) -> String) -> Vec<Tick> {
    let periods: Vec<&str> = periods.collect();
    let position = |p: &&str| Period::parse(p).filter(|p| p.form != Form::None).map(|p| p.position());
    let years: Option<Vec<f64>> = periods.iter().map(position).collect();
    let ascending = |years: &Vec<f64>| years.windows(2).all(|w| w[0] < w[1]);
    let at = years.filter(ascending).unwrap_or_else(|| (0..periods.len()).map(|i| i as f64).collect());
    periods.iter().zip(at).map(|(p, at)| Tick { label: label(p), at }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_hold_zero() {
        assert_eq!(marks([49.0, 69.0].into_iter(), 1.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(marks([-3.0, 4.0].into_iter(), 1.0), [-4.0, -2.0, 0.0, 2.0, 4.0]);
        assert_eq!(marks([28e12].into_iter(), 1e12), [0.0, 1e13, 2e13, 3e13]);
        assert_eq!(marks([0.0].into_iter(), 1.0).first(), Some(&0.0));
        assert!(marks([f64::NAN, f64::INFINITY].into_iter(), 1.0).len() < 10);
    }

    #[test]
    fn marks_are_written_short() {
        assert_eq!(written(2.5, 1.0), "2.5");
        assert_eq!(written(1e13, 1e12), "10");
        assert_eq!(written(12500.0, 1.0), "12,500");
        assert_eq!(written(-4.0, 1.0), "−4");
    }

    #[test]
    fn years_keep_their_distance_and_other_periods_stand_side_by_side() {
        let at = |periods: &[&str]| place_periods(periods.iter().copied(), str::to_string).iter().map(|t| t.at).collect::<Vec<_>>();
        let years = at(&["2022", "2024", "2040"]);
        assert_eq!(years, [2022.0, 2024.0, 2040.0]);
        assert_eq!(at(&["-", "2024"]), [0.0, 1.0]);
        assert!(at(&["2023-03", "2023-12"])[0] < at(&["2023-03", "2023-12"])[1]);
    }
}
