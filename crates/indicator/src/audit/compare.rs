//! Whether a computed value is what was printed.

/// Whether a value printed with this precision (the step of its last digit) stands for the computed one:
/// |computed − printed| ≤ precision / 2.
///
/// Both halves count, since documents round them either way. The decimal numbers meant are not exactly the binary
/// ones at hand; a tiny share of the precision allows for the sums behind `computed`, and a few units in the last
/// binary place for the reading of both.
pub fn agrees(computed: f64, printed: f64, precision: f64) -> bool {
    let size = computed.abs().max(printed.abs());
    let step = if precision.is_finite() && precision > 0.0 { precision } else { 0.0 };
    let allowance = (size * 1e-12).min(step * 1e-6).max(size * 4.0 * f64::EPSILON);
    (computed - printed).abs() <= step / 2.0 + allowance
}

/// Whether two values are the same at six significant digits of the expected one.
pub(super) fn same_at_six_digits(expected: f64, seen: f64) -> bool {
    (expected - seen).abs() <= expected.abs() * 5e-6
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use shirube_snapshot::functions::round_to;

    #[test]
    fn a_figure_stands_for_what_rounds_to_it() {
        for (computed, printed, precision, expected) in [
            (33.149, 33.1, 0.1, true),
            (33.15, 33.1, 0.1, true), // printed half down
            (33.05, 33.1, 0.1, true), // printed half up
            (33.151, 33.1, 0.1, false),
            (100.0 * 0.3315, 33.1, 0.1, true), // 33.150000000000006
            (27.6e12, 28e12, 1e12, true),
            (27.4e12, 28e12, 1e12, false),
            (65.0, 64.0, 1.0, false),
            (0.0, 0.0, 1.0, true),
            (0.0, 1.0, 1.0, false),
            (-2.5, -2.0, 1.0, true),
            (2.0, -2.0, 1.0, false),
            (0.1 + 0.2, 0.3, 0.0, true), // no precision: the same number
            (0.3001, 0.3, 0.0, false),
        ] {
            assert_eq!(agrees(computed, printed, precision), expected, "{computed} as {printed} at {precision}");
        }
    }

    #[test]
    fn guards_compare_six_digits() {
        assert!(same_at_six_digits(33.3333, 100.0 / 3.0));
        assert!(!same_at_six_digits(33.3333, 33.334));
        assert!(same_at_six_digits(0.0, 0.0) && !same_at_six_digits(0.0, 1e-9));
    }

    proptest! {
        /// What is printed from a computed value, at any precision, is read back and matches.
        #[test]
        fn a_figure_printed_from_a_value_matches_it(value in -1e15f64..1e15, scale in -15i32..16, digits in -12i64..6) {
            let computed = value * 10f64.powi(-scale);
            let text = format!("{:.*}", usize::try_from(digits).unwrap_or(0), round_to(computed, digits));
            let printed: f64 = text.parse().unwrap();
            let precision: f64 = format!("1e{}", -digits).parse().unwrap();
            prop_assert!(agrees(computed, printed, precision), "{computed} printed as {text}");
        }

        /// One step further in the print no longer does.
        #[test]
        fn a_figure_a_step_away_differs(value in -1e9f64..1e9, digits in -6i64..4) {
            let precision: f64 = format!("1e{}", -digits).parse().unwrap();
            let printed = round_to(value, digits);
            prop_assert!(!agrees(value, printed + 1.5 * precision, precision));
            prop_assert!(!agrees(value, printed - 1.5 * precision, precision));
        }
    }
}
