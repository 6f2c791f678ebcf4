//! Tables to be written: columns with kinds, rows of typed values.

use shirube_plan::Pair;

/// A table with what a reader must know about it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Name, also of the sheet.
    pub label: Pair,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Where the table comes from: shown on the second sheet of a workbook and at the head of JSON.
    pub about: About,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Name: the heading when names are asked for, and the key in JSON.
    pub name: String,
    /// Label: the heading when labels are asked for.
    pub label: Pair,
    /// How its values are written in a workbook.
    pub kind: Kind,
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, label: Pair, kind: Kind) -> Self {
        Column { name: name.into(), label, kind }
    }
}

/// How the values of a column are written in a workbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// As they are.
    #[default]
    Text,
    /// Text that wraps in a wide column.
    Long,
    /// Whole numbers with separators at the thousands.
    Integer,
    /// Decimals with this many places; as many as there are if none is given.
    Decimal(Option<u8>),
    /// Years and identifiers: whole numbers without separators.
    Plain,
    /// Text values `YYYY-MM-DD` become dates.
    Date,
}

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Blank.
    #[default]
    Blank,
    /// Blank for a reason: `unknown`, `not_collected`, `not_applicable`, `suppressed`.
    Missing(String),
    /// Text.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Decimal.
    Real(f64),
    /// Several texts: joined by `;` in CSV and workbooks, an array in JSON.
    List(Vec<String>),
    /// Rows of a group, each column by name: an array of objects in JSON, which alone has it; other formats have
    /// columns for them.
    Rows(Vec<Vec<(String, Value)>>),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Blank, Into::into)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Real(number)
    }
}

/// Where a table comes from, so that a file that has left the house can still be traced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Facts in order: key (for machines), label, value.
    pub facts: Vec<(&'static str, Pair, Pair)>,
}

impl About {
    /// Adds a fact that reads the same in both languages.
    pub fn fact(&mut self, key: &'static str, ja: &str, en: &str, value: impl Into<String>) {
        let value = value.into();
        self.pair(key, ja, en, Pair { ja: value.clone(), en: value });
    }

    /// Adds a fact.
    pub fn pair(&mut self, key: &'static str, ja: &str, en: &str, value: Pair) {
        self.facts.push((key, Pair { ja: ja.into(), en: en.into() }, value));
    }
}
