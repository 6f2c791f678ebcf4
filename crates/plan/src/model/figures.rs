//! Indicators, published figures, assumptions, findings.

use super::{Citation, Disclosure, Pair, Place, Rule};
use std::collections::BTreeMap;

/// A unit of figures (`units.toml`).
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Name.
    pub name: String,
    /// Label, written after the value.
    pub label: Pair,
    /// Decimals shown when nothing printed says otherwise.
    pub places: u8,
    /// Currency, for units of money.
    pub money: Option<String>,
}

/// What figures are broken down by (`dimensions.toml`).
#[derive(Clone, Debug, Default)]
pub struct Dimension {
    /// Name, also the column's name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// Code list of its values.
    pub codes: String,
    /// Where it is declared.
    pub place: Place,
}

/// Dimension → code. A missing dimension means "all together".
pub type Dims = BTreeMap<String, String>;

/// An indicator (`indicators/ID.toml` and `ID.sql`).
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Id: the file name.
    pub id: String,
    /// Kind.
    pub kind: IndicatorKind,
    /// Name.
    pub label: Pair,
    /// Definition.
    pub definition: Pair,
    /// Plan nodes it measures.
    pub nodes: Vec<String>,
    /// Unit of `value`.
    pub unit: String,
    /// Dimension columns of the result.
    pub dimensions: Vec<String>,
    /// How often it is followed.
    pub frequency: Option<Pair>,
    /// Who surveys.
    pub surveyor: Option<Pair>,
    /// Which way is better.
    pub direction: Direction,
    /// Rule by which it is judged: its period's, unless it has targets.
    pub rule: Option<Rule>,
    /// Years until effect.
    pub lag: Option<(i32, i32)>,
    /// Below this n a value is marked "small n".
    pub min_n: Option<i64>,
    /// Assumptions a reader may vary.
    pub assumptions: Vec<String>,
    /// Preferred figure.
    pub chart: Option<Chart>,
    /// Targets.
    pub targets: Vec<Target>,
    /// Breaks of the series.
    pub breaks: Vec<Break>,
    /// What it may tell to whoever may not see exact figures.
    pub disclosure: Option<Disclosure>,
    /// Where the definition is printed.
    pub cites: Vec<Citation>,
    /// The SELECT.
    pub sql: String,
    /// Where it is declared (the TOML; the SQL is `indicators/ID.sql`).
    pub place: Place,
}

/// Kind of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // vocabulary of the plan
pub enum IndicatorKind {
    Kgi,
    Kpi,
    Reference,
    FollowUp,
    Check,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Direction {
    Up,
    Down,
    #[default]
    None,
}

/// Preferred figure of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Chart {
    Line,
    Bar,
    Matrix,
    None,
}

/// A target.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Period by which.
    pub period: String,
    /// Value, in the indicator's unit.
    pub value: f64,
    /// Where it is printed.
    pub cites: Vec<Citation>,
}

/// A break of a series.
#[derive(Clone, Debug, Default)]
pub struct Break {
    /// First period of the new method.
    pub period: String,
    /// Why values are not comparable across it.
    pub reason: Pair,
    /// Where it is printed.
    pub cites: Vec<Citation>,
}

/// An input of estimates (`assumptions.toml`).
#[derive(Clone, Debug, Default)]
pub struct Assumption {
    /// Id.
    pub id: String,
    /// Name.
    pub label: Pair,
    /// Value.
    pub value: f64,
    /// Unit.
    pub unit: String,
    /// Least value a reader may try.
    pub min: f64,
    /// Greatest value a reader may try.
    pub max: f64,
    /// Step of the input.
    pub step: f64,
    /// Where it is printed.
    pub cites: Vec<Citation>,
    /// Where it is declared.
    pub place: Place,
}

/// A series of published figures (`published/*.toml`).
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Id.
    pub id: String,
    /// Name.
    pub label: Pair,
    /// Unit of the values.
    pub unit: String,
    /// Dimensions its rows may carry.
    pub dimensions: Vec<String>,
    /// Indicator that recomputes it.
    pub indicator: Option<String>,
    /// Column of the indicator it is compared with.
    pub compare: Compare,
    /// Plan nodes it is shown at.
    pub nodes: Vec<String>,
    /// Remark.
    pub note: Option<Pair>,
    /// Where it is declared.
    pub place: Place,
}

/// Column of an indicator's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the contract's columns
pub enum Compare {
    #[default]
    Value,
    Numerator,
    Denominator,
    N,
}

/// A published figure (row of `published/*.csv`).
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// `SOURCE/SERIES@PERIOD[dim=code,…]` (+ `~KEY`).
    pub id: String,
    /// Series.
    pub series: String,
    /// Period as the document uses it, or `-`.
    pub period: String,
    /// Breakdown.
    pub dims: Dims,
    /// Exactly as printed.
    pub printed: String,
    /// Value in the series' unit, as printed; none with a `status`.
    pub value: Option<f64>,
    /// Step of the last printed digit, in the unit (0.1 for `33.1%`, 1e12 for `約28兆円`).
    pub precision: f64,
    /// Printed as approximate (約, 程度, 以上 …).
    pub approximate: bool,
    /// Why there is no number.
    pub status: Option<Absence>,
    /// Where it is printed.
    pub cite: Citation,
    /// Where it is transcribed.
    pub place: Place,
}

/// Why there is no number. Zero is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it
pub enum Absence {
    Unknown,
    NotCollected,
    NotApplicable,
    Suppressed,
}

impl Absence {
    /// The word used in data: `unknown`, `not_collected`, `not_applicable`, `suppressed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Absence::Unknown => "unknown",
            Absence::NotCollected => "not_collected",
            Absence::NotApplicable => "not_applicable",
            Absence::Suppressed => "suppressed",
        }
    }
    /// The word read back.
    pub fn parse(s: &str) -> Option<Self> {
        [Absence::Unknown, Absence::NotCollected, Absence::NotApplicable, Absence::Suppressed].into_iter().find(|a| a.as_str() == s)
    }
}

/// An explained difference or oddity (`[[finding]]`).
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// Id.
    pub id: String,
    /// Figures it explains.
    pub figures: Vec<String>,
    /// `slip`, `rounding`, `definition`, `scope` or `conflict`.
    pub kind: String,
    /// Explanation.
    pub explain: Pair,
    /// Guard: printed text and recomputed value the explanation was written for.
    pub expect_printed: Option<String>,
    /// Guard: recomputed value, compared at six significant digits.
    pub expect_computed: Option<f64>,
    /// Where the right value can be seen.
    pub cites: Vec<Citation>,
    /// Where it is declared.
    pub place: Place,
}

/// What indicators use instead of a printed value (`[[correction]]`).
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// Figure.
    pub figure: String,
    /// Period to use.
    pub period: Option<String>,
    /// Value to use, in the unit.
    pub value: Option<f64>,
    /// Why.
    pub reason: Pair,
    /// Guard: the printed text this corrects.
    pub expect: String,
    /// Where the right value can be seen.
    pub cites: Vec<Citation>,
    /// Where it is declared.
    pub place: Place,
}
