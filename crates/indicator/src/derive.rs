//! The derivation of an indicator: its steps in order, each with rows that lead on to records and citations.

use crate::{
    error::{IndicatorError, Mistake},
    fence::{Fence, Limits, Reads},
    run::{Overrides, Scope, Shadow, at_line, check_overrides, database, declared, failed, read_through},
    sql::{
        split::{Parts, StepText, Unreadable, split},
        token::line_at,
    },
    words::{pair, sensitivity_word},
};
use rusqlite::{Statement, types::ValueRef};
use serde::Serialize;
use shirube_plan::{Indicator, Pair, Sensitivity};
use shirube_snapshot::{Snapshot, schema};

/// An indicator's steps in order; the last is its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Derivation {
    /// Id of the indicator.
    pub indicator: String,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// A step: a CTE, or the final SELECT (named `result`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Name of the CTE; `result` for the final SELECT.
    pub name: String,
    /// Its explanation; empty where the SQL has none.
    #[serde(serialize_with = "pair")]
    pub comment: Pair,
    /// Its SELECT.
    pub sql: String,
    /// Line of the SQL file on which it begins.
    pub line: usize,
    /// Column names.
    pub columns: Vec<String>,
    /// Where each column is taken from unchanged; none where it is computed.
    pub origins: Vec<Option<Origin>>,
    /// First rows.
    pub rows: Vec<Vec<SqlValue>>,
    /// Number of all rows.
    pub total_rows: usize,
    /// Register whose records the column `_id` names.
    pub record_column: Option<String>,
    /// Whether a column `figure` names published figures.
    pub figure_column: bool,
    /// Greatest sensitivity among the fields it reads: who may not see those may not see these rows.
    #[serde(serialize_with = "sensitivity_word")]
    pub sensitivity: Sensitivity,
}

/// The stored column a column of a step shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Register, child table or pack table.
    pub table: String,
    /// Column.
    pub column: String,
}

/// A value of SQLite.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// Whole number.
    Integer(i64),
    /// Decimal.
    Real(f64),
    /// Text; a blob as hex digits.
    Text(String),
}

/// Name of the last step.
pub const RESULT: &str = "result";

/// Rows beyond those shown that are counted by reading on. An aggregate is read to its end that way, which costs
/// nothing, instead of being computed again; a whole register is counted by SQLite, which reads no columns for it.
const COUNTED_ON: usize = 10_000;

/// Runs every step of an indicator and keeps the first `max_rows` rows of each, with the default [`Limits`] but more
/// time: each step computes those before it again.
pub fn derive(snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides, max_rows: usize) -> Result<Derivation, IndicatorError> {
    let scope = Scope::of(snapshot);
    check_overrides(scope.pack, indicator, overrides)?;
    let _shadow = Shadow::assumptions(scope.connection(), overrides).map_err(|e| declared(indicator, database(e)))?;
    derive_in(&scope, indicator, max_rows, Limits { time: 3 * Limits::default().time, ..Limits::default() })
}

fn derive_in(scope: &Scope<'_>, indicator: &Indicator, max_rows: usize, limits: Limits) -> Result<Derivation, IndicatorError> {
    read_through(indicator)?;
    let parts = parts(indicator)?;
    let fence = scope.fence(limits).map_err(|m| declared(indicator, m))?;
    let run = Run { scope, fence: &fence, indicator, parts: &parts, max_rows };
    let steps = parts.steps.iter().map(|step| run.step(step)).chain([run.last()]).collect::<Result<_, _>>()?;
    Ok(Derivation { indicator: indicator.id.clone(), steps })
}

/// The pieces of an indicator's SQL.
pub(crate) fn parts(indicator: &Indicator) -> Result<Parts, IndicatorError> {
    split(&indicator.sql).map_err(|Unreadable(at)| at_line(indicator, line_at(&indicator.sql, at), Mistake::UnreadableSteps))
}

/// The SELECT that gives the rows of a step: the indicator's own WITH clause, then the step. What stands before
/// it keeps its bytes, so that an error is found on its line.
pub(crate) fn select_step(indicator: &Indicator, parts: &Parts, step: &StepText) -> String {
    format!("{}\nSELECT * FROM {}", &indicator.sql[..parts.last_start], quoted(&step.name))
}

struct Run<'a> {
    scope: &'a Scope<'a>,
    fence: &'a Fence<'a>,
    indicator: &'a Indicator,
    parts: &'a Parts,
    max_rows: usize,
}

impl Run<'_> {
    fn step(&self, text: &StepText) -> Result<Step, IndicatorError> {
        let sql = &self.indicator.sql;
        let select = select_step(self.indicator, self.parts, text);
        let count = format!("{}\nSELECT count(*) FROM {}", &sql[..self.parts.last_start], quoted(&text.name));
        let step = self.run(&select, &count, text.body.1)?;
        let comment = text.comment.clone().unwrap_or_default();
        Ok(Step { name: text.name.clone(), comment, sql: outdented(&sql[text.body.0..text.body.1]), line: text.line, ..step })
    }

    fn last(&self) -> Result<Step, IndicatorError> {
        let sql = &self.indicator.sql;
        let (with, last) = (&sql[..self.parts.last_start], &sql[self.parts.last_start..self.parts.last_end]);
        let step = self.run(sql, &format!("{with}SELECT count(*) FROM (\n{last}\n)"), sql.len())?;
        let comment = self.parts.last_comment.clone().unwrap_or_default();
        Ok(Step { name: RESULT.to_string(), comment, sql: last.to_string(), line: line_at(sql, self.parts.last_start), ..step })
    }

    /// Rows and columns of a step that ends at this byte of the SQL; its name and text are still blank.
    fn run(&self, select: &str, count: &str, end: usize) -> Result<Step, IndicatorError> {
        let wrong = |error| failed(self.indicator, self.fence, error);
        let mut statement = self.fence.prepare(select).map_err(wrong)?;
        let reads = self.fence.take_reads();
        self.scope.bind(&mut statement).map_err(wrong)?;
        let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
        let origins = origins(&statement);
        let mut rows = Vec::new();
        let mut found = statement.raw_query();
        let mut total_rows = 0;
        while let Some(row) = found.next().map_err(wrong)? {
            total_rows += 1;
            if rows.len() < self.max_rows {
                rows.push((0..columns.len()).map(|i| row.get_ref(i).map(SqlValue::from)).collect::<Result<_, _>>().map_err(wrong)?);
            } else if total_rows > self.max_rows + COUNTED_ON {
                total_rows = self.count(count).map_err(wrong)?;
                break;
            }
        }
        Ok(Step {
            name: String::new(),
            comment: Pair::default(),
            sql: String::new(),
            line: 0,
            record_column: self.register_of_ids(&columns, &origins, &reads, end),
            figure_column: columns.iter().any(|c| c == "figure"),
            sensitivity: self.scope.sensitivity(&reads),
            columns,
            origins,
            rows,
            total_rows,
        })
    }

    fn count(&self, sql: &str) -> rusqlite::Result<usize> {
        let mut statement = self.fence.prepare(sql)?;
        self.scope.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        let count: i64 = rows.next()?.map_or(Ok(0), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The register whose records a column `_id` names, when that is certain.
    fn register_of_ids(&self, columns: &[String], origins: &[Option<Origin>], reads: &Reads, end: usize) -> Option<String> {
        let at = columns.iter().position(|c| c == "_id")?;
        let register = |table: &str| self.scope.catalog.table(table).and_then(|t| t.register.clone());
        let mut candidates: Vec<String> = reads.iter().filter(|(_, column)| column == "_id").filter_map(|(t, _)| register(t)).collect();
        candidates.sort();
        candidates.dedup();
        match (origins.get(at)?, candidates.as_slice()) {
            (_, [only]) => Some(only.clone()),
            // Where rows of several SELECTs are put together, a column may hold ids of several registers.
            (Some(origin), _) if self.parts.first_union.is_none_or(|byte| byte > end) => register(&origin.table),
            _ => None,
        }
    }
}

fn origins(statement: &Statement<'_>) -> Vec<Option<Origin>> {
    let origin = |table: &str, column: &str| {
        // The as-of view of a register stands on two tables; both are the register.
        let table = table.strip_prefix(schema::PAST).unwrap_or(table).to_string();
        Origin { table, column: column.to_string() }
    };
    statement.columns_with_metadata().map(|c| Some(origin(c.table_name()?, c.origin_name()?))).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text without the indentation its lines share.
fn outdented(text: &str) -> String {
    let lines: Vec<&str> = text.trim_matches('\n').trim_end().lines().collect();
    let indent = lines.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start_matches(' ').len()).min().unwrap_or(0);
    lines.iter().map(|l| l.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

impl From<ValueRef<'_>> for SqlValue {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(i) => SqlValue::Integer(i),
            ValueRef::Real(x) => SqlValue::Real(x),
            ValueRef::Text(bytes) => SqlValue::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Blob(bytes) => SqlValue::Text(bytes.iter().map(|b| format!("{b:02x}")).collect()),
        }
    }
}
