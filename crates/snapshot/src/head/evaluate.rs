//! Derived columns and cross-field checks: the pack's SQL over one record.

use crate::{
    layout::Layout,
    rows::{bind, cell},
    schema::quoted,
};
use rusqlite::Connection;
use shirube_plan::{FieldKind, Register, Storage};
use shirube_record::Content;

/// What the pack's SQL says about a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluated {
    /// Values of derived columns.
    pub derived: Content,
    /// Indexes into the register's checks of those that are false.
    pub failed: Vec<usize>,
}

/// The pack's SQL failed on a record.
#[derive(Debug, thiserror::Error)]
#[error("the SQL of register `{register}` fails on this record: {error}; mend its derived columns and checks in registers/{register}.toml")]
pub struct RuleError {
    /// The register.
    pub register: String,
    /// What SQLite says.
    pub error: rusqlite::Error,
}

/// The SQL of one register, as one statement over bound values.
#[derive(Debug)]
pub(crate) struct Evaluator {
    sql: Option<String>,
    derived: Vec<String>,
    checks: usize,
}

impl Evaluator {
    /// `WITH r0 AS (own columns), r1 AS (r0 and the first derived column) … SELECT derived columns, checks that fail`.
    /// A derived column may use those before it; a check all of them.
    pub fn new(register: &Register) -> Evaluator {
        // Casting gives the bound values the affinity that columns have.
        let cast = |i: usize, storage: Storage, name: &str| format!("CAST(?{i} AS {}) AS {}", storage.sql(), quoted(name));
        let mut own = vec![cast(1, Storage::Text, "_state")];
        let mut steps = vec![];
        let mut derived = vec![];
        for column in register.columns() {
            match &column.field.kind {
                FieldKind::Derived { sql, stored_as } => {
                    steps.push(format!(
                        "r{} AS (SELECT *, CAST(({sql}\n) AS {}) AS {} FROM r{})",
                        steps.len() + 1,
                        stored_as.sql(),
                        quoted(&column.name),
                        steps.len()
                    ));
                    derived.push(column.name);
                }
                _ => own.push(cast(own.len() + 1, column.storage, &column.name)),
            }
        }
        let mut results: Vec<String> = derived.iter().map(|name| quoted(name)).collect();
        results.extend(register.checks.iter().map(|check| format!("(({}\n) IS FALSE)", check.sql)));
        let sql = (!results.is_empty()).then(|| {
            let last = steps.len();
            steps.insert(0, format!("r0 AS (SELECT {})", own.join(", ")));
            format!("WITH {} SELECT {} FROM r{last}", steps.join(", "), results.join(", "))
        });
        Evaluator { sql, derived, checks: register.checks.len() }
    }

    /// The statement; none if there is nothing to compute.
    pub fn sql(&self) -> Option<&str> {
        self.sql.as_deref()
    }

    /// Computes derived columns and checks of a record with this state and content.
    pub fn evaluate(
        &self,
        connection: &Connection,
        layout: &Layout,
        state: Option<&str>,
        content: &Content,
    ) -> Result<Evaluated, RuleError> {
        self.run(connection, layout, state, content).map_err(|error| RuleError { register: layout.name.clone(), error })
    }

    fn run(&self, connection: &Connection, layout: &Layout, state: Option<&str>, content: &Content) -> rusqlite::Result<Evaluated> {
        let mut evaluated = Evaluated::default();
        let Some(sql) = &self.sql else { return Ok(evaluated) };
        let mut statement = connection.prepare_cached(sql)?;
        statement.raw_bind_parameter(1, state)?;
        for (column, cell) in layout.filled(content.iter()).filter(|(column, _)| !column.derived) {
            bind(&mut statement, column.own + 2, column.storage, Some(cell))?;
        }
        let mut rows = statement.raw_query();
        let Some(row) = rows.next()? else { return Ok(evaluated) };
        for (i, name) in self.derived.iter().enumerate() {
            if let Some(cell) = cell(row.get_ref(i)?) {
                evaluated.derived.insert(name.clone(), cell);
            }
        }
        for check in 0..self.checks {
            if row.get(self.derived.len() + check)? {
                evaluated.failed.push(check);
            }
        }
        Ok(evaluated)
    }
}
