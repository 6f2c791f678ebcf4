//! The result contract: `period`, `value`, optionally `numerator`, `denominator`, `n`, `status`, and exactly the
//! declared dimensions.

use crate::{error::Mistake, period::Period, suggest::nearest, words::absence_word};
use rusqlite::{Row, types::ValueRef};
use serde::Serialize;
use shirube_plan::{Absence, Dims, Indicator, Pack};

/// One row of an indicator's result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Observation {
    /// `2024`, `2024-12`, `2024-12-31`, a span, or `-`.
    pub period: String,
    /// Breakdown; a missing dimension means "all together".
    pub dims: Dims,
    /// Value in the indicator's unit.
    pub value: Option<f64>,
    /// Upper part of a ratio.
    pub numerator: Option<f64>,
    /// Lower part of a ratio.
    pub denominator: Option<f64>,
    /// Number of cases behind the value.
    pub n: Option<f64>,
    /// Why there is no value.
    #[serde(serialize_with = "absence_word")]
    pub status: Option<Absence>,
}

const OPTIONAL: [&str; 4] = ["numerator", "denominator", "n", "status"];

/// Where the columns of the contract stand in a result.
#[derive(Debug)]
pub(crate) struct Layout {
    period: usize,
    value: usize,
    numerator: Option<usize>,
    denominator: Option<usize>,
    n: Option<usize>,
    status: Option<usize>,
    dims: Vec<DimensionColumn>,
}

#[derive(Debug)]
struct DimensionColumn {
    index: usize,
    name: String,
    list: String,
}

impl Layout {
    /// Finds the columns; every deviation from the contract is a mistake.
    pub fn of(columns: &[String], indicator: &Indicator, pack: &Pack) -> Result<Layout, Mistake> {
        let expected: Vec<&str> = ["period", "value"].into_iter().chain(indicator.dimensions.iter().map(String::as_str)).collect();
        let missing: Vec<&str> = expected.iter().copied().filter(|e| !columns.iter().any(|c| c == e)).collect();
        for (i, column) in columns.iter().enumerate() {
            if columns[..i].contains(column) {
                return Err(Mistake::RepeatedColumn { column: column.clone() });
            }
            if !expected.contains(&column.as_str()) && !OPTIONAL.contains(&column.as_str()) {
                let like = nearest(column, missing.iter().copied().chain(OPTIONAL));
                return Err(Mistake::UndeclaredColumn { column: column.clone(), like });
            }
        }
        if let Some(column) = missing.first() {
            return Err(Mistake::MissingColumn { column: column.to_string() });
        }
        let find = |name: &str| columns.iter().position(|c| c == name);
        let need = |name: &str| find(name).ok_or_else(|| Mistake::MissingColumn { column: name.to_string() });
        let dimension = |name: &String| {
            let unknown =
                || Mistake::UnknownDimension { name: name.clone(), like: nearest(name, pack.dimensions.keys().map(String::as_str)) };
            let list = pack.dimensions.get(name).ok_or_else(unknown)?.codes.clone();
            Ok(DimensionColumn { index: need(name)?, name: name.clone(), list })
        };
        Ok(Layout {
            period: need("period")?,
            value: need("value")?,
            numerator: find("numerator"),
            denominator: find("denominator"),
            n: find("n"),
            status: find("status"),
            dims: indicator.dimensions.iter().map(dimension).collect::<Result<_, _>>()?,
        })
    }

    /// Reads row `number` (from 1).
    pub fn observation(&self, row: &Row<'_>, number: usize, pack: &Pack) -> Result<Observation, Mistake> {
        let cell = |index: usize| row.get_ref(index).unwrap_or(ValueRef::Null);
        let amount = |index: usize, column: &str| amount(cell(index), number, column);
        let optional = |index: Option<usize>, column: &str| index.map_or(Ok(None), |i| amount(i, column));
        let observation = Observation {
            period: period(cell(self.period), number)?,
            dims: self.dims.iter().filter_map(|d| code(cell(d.index), d, number, pack).transpose()).collect::<Result<_, _>>()?,
            value: amount(self.value, "value")?,
            numerator: optional(self.numerator, "numerator")?,
            denominator: optional(self.denominator, "denominator")?,
            n: optional(self.n, "n")?,
            status: self.status.map_or(Ok(None), |i| status(cell(i), number))?,
        };
        match (observation.value, observation.status) {
            (Some(_), Some(status)) => Err(Mistake::StatusWithValue { row: number, status: status.as_str().to_string() }),
            _ => Ok(observation),
        }
    }
}

fn period(cell: ValueRef<'_>, row: usize) -> Result<String, Mistake> {
    let text = match cell {
        ValueRef::Null => return Err(Mistake::PeriodMissing { row }),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => return Err(Mistake::PeriodNotText { row, found: shown(other) }),
    };
    if Period::parse(&text).is_none() { Err(Mistake::PeriodForm { row, found: text }) } else { Ok(text) }
}

fn amount(cell: ValueRef<'_>, row: usize, column: &str) -> Result<Option<f64>, Mistake> {
    match cell {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(i) => Ok(Some(i as f64)),
        ValueRef::Real(x) if x.is_finite() => Ok(Some(x)),
        ValueRef::Real(_) => Err(Mistake::NotFinite { row, column: column.to_string() }),
        other => Err(Mistake::NotNumber { row, column: column.to_string(), found: shown(other) }),
    }
}

fn code(cell: ValueRef<'_>, dimension: &DimensionColumn, row: usize, pack: &Pack) -> Result<Option<(String, String)>, Mistake> {
    let unknown = |found: String, like: Option<String>| Mistake::UnknownCode {
        row,
        column: dimension.name.clone(),
        found,
        list: dimension.list.clone(),
        like,
    };
    match cell {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            if pack.code(&dimension.list, &text).is_some() {
                return Ok(Some((dimension.name.clone(), text)));
            }
            let codes = pack.code_lists.get(&dimension.list);
            let like = nearest(&text, codes.iter().flat_map(|l| &l.codes).map(|c| c.code.as_str()));
            Err(unknown(format!("'{text}'"), like))
        }
        other => Err(unknown(shown(other), None)),
    }
}

fn status(cell: ValueRef<'_>, row: usize) -> Result<Option<Absence>, Mistake> {
    match cell {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => match Absence::parse(&String::from_utf8_lossy(bytes)) {
            Some(absence) => Ok(Some(absence)),
            None => Err(Mistake::UnknownStatus { row, found: shown(cell) }),
        },
        other => Err(Mistake::UnknownStatus { row, found: shown(other) }),
    }
}

/// A cell as one would write it in SQL, shortened.
fn shown(cell: ValueRef<'_>) -> String {
    match cell {
        ValueRef::Null => "NULL".into(),
        ValueRef::Integer(i) => i.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(bytes) => format!("'{}'", String::from_utf8_lossy(bytes).chars().take(40).collect::<String>()),
        ValueRef::Blob(bytes) => format!("a blob of {} bytes", bytes.len()),
    }
}
