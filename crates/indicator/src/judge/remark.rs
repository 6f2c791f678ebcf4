//! What a reader must know beside a verdict.

use super::Trend;
use crate::{format, words::pair};
use serde::Serialize;
use shirube_plan::{Lang, Pair};

/// Why a verdict is as it is, or what limits it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remark {
    /// There is no value at all.
    NoValue,
    /// The latest period has no value.
    Missing {
        /// The period.
        period: String,
        /// Why, as a word in data.
        status: Option<&'static str>,
    },
    /// There is nothing to compare the first value with.
    First {
        /// The period.
        period: String,
    },
    /// The value belongs to no period.
    Timeless,
    /// The series is not comparable across this point.
    Break {
        /// First period of the new method.
        period: String,
        /// Why.
        #[serde(serialize_with = "pair")]
        reason: Pair,
    },
    /// Fewer cases than the indicator asks for.
    SmallN {
        /// The period.
        period: String,
        /// Cases.
        n: f64,
        /// Cases asked for.
        least: i64,
    },
    /// Years between the two that are compared have no value.
    Skipped {
        /// The period compared with.
        from: String,
        /// The latest period.
        to: String,
    },
    /// The pace rests on two values alone.
    TwoValues {
        /// The first period.
        from: String,
        /// The latest period.
        to: String,
    },
    /// The indicator has no better direction.
    NoDirection,
    /// The plan does not judge it.
    NoRule,
    /// Measures of this plan do not show yet.
    BeforeEffect {
        /// First fiscal year in which they may.
        from: i32,
    },
}

impl Remark {
    pub(super) fn two_values(trend: &Trend) -> Remark {
        Remark::TwoValues { from: trend.from.period.clone(), to: trend.to.period.clone() }
    }

    /// The remark as a sentence.
    pub fn text(&self, lang: Lang) -> String {
        let when = |period: &str| format::period(period, lang);
        let (ja, en) = match self {
            Remark::NoValue => ("値がない。".into(), "There is no value.".into()),
            Remark::Missing { period, status } => {
                let word = format::absence(status.and_then(shirube_plan::Absence::parse), lang);
                (format!("{}は{word}。", when(period)), format!("{}: {word}.", when(period)))
            }
            Remark::First { period } => (
                format!("{}より前に比べられる値がない。", when(period)),
                format!("There is no earlier value to compare {} with.", when(period)),
            ),
            Remark::Break { period, reason } => (
                format!("{}から比べられない：{}", when(period), reason.ja),
                format!("Not comparable from {} on: {}", when(period), reason.en),
            ),
            Remark::SmallN { period, n, least } => (
                format!("{}は{n}件で、{least}件に満たない。", when(period)),
                format!("{} rests on {n} {}, fewer than {least}.", when(period), if *n == 1.0 { "case" } else { "cases" }),
            ),
            Remark::Skipped { from, to } => (
                format!("{}と{}の間に値のない年がある。", when(from), when(to)),
                format!("Years between {} and {} have no value.", when(from), when(to)),
            ),
            Remark::TwoValues { from, to } => (
                format!("これまでの伸びは{}と{}の2つの値だけによるもので、傾向というには足りない。", when(from), when(to)),
                format!("The pace so far rests on two values alone, of {} and {}; that is little to go by.", when(from), when(to)),
            ),
            Remark::Timeless => ("時点のない値で、比べられない。".into(), "The value belongs to no period and cannot be compared.".into()),
            Remark::NoDirection => ("よい方向を定めていない。".into(), "The indicator has no better direction.".into()),
            Remark::NoRule => ("計画は評価の方法を定めていない。".into(), "The plan has no rule for judging it.".into()),
            Remark::BeforeEffect { from } => (
                format!("この計画の施策の効果が現れるのは{from}年度以降。"),
                format!("Measures of this plan take effect from fiscal year {from}."),
            ),
        };
        if lang == Lang::Ja { ja } else { en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_case_is_not_many() {
        let few = |n: f64| Remark::SmallN { period: "2024".into(), n, least: 10 }.text(Lang::En);
        assert_eq!(few(1.0), "2024 rests on 1 case, fewer than 10.");
        assert_eq!(few(4.0), "2024 rests on 4 cases, fewer than 10.");
    }
}
