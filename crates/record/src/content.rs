//! Values of a record, flat: column name → cell.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fields of a record by *column* name (`budget`, `budget_currency`; see `docs/packs.md`, table of types).
/// A column that is absent is blank.
pub type Content = BTreeMap<String, Cell>;

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Whole number: integer, money without places, fiscal year, boolean (0/1), reference (`_id`), size.
    Integer(i64),
    /// Decimal or money with places.
    Real(f64),
    /// Text, code, ISO date, name.
    Text(String),
    /// Codes of a `choices` field.
    List(Vec<String>),
    /// Rows of a `group` field.
    Rows(Vec<Content>),
    /// Blank, with the reason: `{"missing": "unknown"}`.
    Missing {
        /// `unknown`, `not_collected`, `not_applicable` or `suppressed`.
        missing: String,
    },
}

/// Where a transcribed record stands in a document, and whether it is a demonstration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Source id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// Quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Demonstration record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
}
