//! Running an indicator's SQL on a snapshot: parameters, overrides, fence.

use crate::{
    catalog::Catalog,
    error::{IndicatorError, Mistake},
    fence::{Fence, Limits, Reads, query_only},
    sql::{
        lint::{Slip, first_slip},
        token::{line_at, tokens},
    },
    suggest::nearest,
};
use rusqlite::{Connection, Error, Statement};
use shirube_plan::{Assumption, Indicator, Pack, Place, Sensitivity};
use shirube_snapshot::{Snapshot, functions::fiscal_year};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a reader tries instead of an assumption: assumption id → value in its unit.
pub type Overrides = BTreeMap<String, f64>;

/// A snapshot seen by indicators: its day and what may be read in it.
pub(crate) struct Scope<'a> {
    pub snapshot: &'a Snapshot,
    pub pack: &'a Pack,
    pub catalog: Arc<Catalog>,
    /// Day of the snapshot, `YYYY-MM-DD`.
    pub as_of: String,
    /// Its fiscal year.
    pub fiscal_year: i64,
}

impl<'a> Scope<'a> {
    pub fn of(snapshot: &'a Snapshot) -> Scope<'a> {
        let pack = snapshot.pack();
        let as_of = snapshot.moment().day();
        let fiscal_year = fiscal_year(&as_of, pack.meta.fiscal_year_start).unwrap_or_default();
        Scope { snapshot, pack, catalog: Arc::new(Catalog::of(pack)), as_of, fiscal_year }
    }

    /// The registers of tables that were read, child tables included.
    pub fn registers(&self, reads: &Reads) -> BTreeSet<String> {
        reads.iter().filter_map(|(table, _)| self.catalog.table(table)?.register.clone()).collect()
    }

    /// Greatest sensitivity among fields that were read.
    pub fn sensitivity(&self, reads: &Reads) -> Sensitivity {
        let of = |(table, column): &(String, String)| self.catalog.table(table).map(|t| t.sensitivity(column));
        reads.iter().filter_map(of).max().unwrap_or_default()
    }

    pub fn connection(&self) -> &'a Connection {
        self.snapshot.connection()
    }

    pub fn fence(&self, limits: Limits) -> Result<Fence<'a>, Mistake> {
        Fence::enter(self.connection(), self.snapshot.gate(), &self.catalog, limits).map_err(database)
    }

    /// Binds `:as_of` and `:fiscal_year` where the statement has them.
    pub fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        if let Some(i) = statement.parameter_index(":as_of")? {
            statement.raw_bind_parameter(i, &self.as_of)?;
        }
        if let Some(i) = statement.parameter_index(":fiscal_year")? {
            statement.raw_bind_parameter(i, self.fiscal_year)?;
        }
        Ok(())
    }
}

/// The last event of a snapshot that touched one of these registers.
pub(crate) fn last_change(snapshot: &Snapshot, registers: &BTreeSet<String>) -> Result<i64, Mistake> {
    snapshot.last_change(registers.iter().map(String::as_str)).map_err(|e| Mistake::Database { message: e.to_string() })
}

/// A failure of the database that is nobody's SQL.
pub(crate) fn database(error: Error) -> Mistake {
    Mistake::Database { message: error.to_string() }
}

/// Path of an indicator's SQL inside the pack.
pub(crate) fn sql_file(indicator: &Indicator) -> String {
    format!("indicators/{}.sql", indicator.id)
}

/// A mistake at a line of the indicator's SQL; line 0 for the whole of it.
pub(crate) fn at_line(indicator: &Indicator, line: usize, mistake: Mistake) -> IndicatorError {
    IndicatorError { indicator: indicator.id.clone(), place: Place { file: sql_file(indicator), line }, mistake: Box::new(mistake) }
}

/// A mistake in the indicator's TOML.
pub(crate) fn declared(indicator: &Indicator, mistake: Mistake) -> IndicatorError {
    IndicatorError { indicator: indicator.id.clone(), place: indicator.place.clone(), mistake: Box::new(mistake) }
}

/// An error of SQLite while it planned or ran the indicator's SQL.
pub(crate) fn failed(indicator: &Indicator, fence: &Fence<'_>, error: Error) -> IndicatorError {
    let (mistake, offset) = fence.mistake(error);
    let line = match (offset, &mistake) {
        (Some(byte), _) => line_at(&indicator.sql, byte),
        (
            None,
            Mistake::UnknownTable { name, .. }
            | Mistake::UnknownFunction { name, .. }
            | Mistake::ForbiddenTable { name }
            | Mistake::ForbiddenFunction { name },
        ) => line_of_name(&indicator.sql, name),
        (None, Mistake::UnknownColumn { name, .. } | Mistake::Personal { column: name, .. }) => {
            line_of_name(&indicator.sql, name.rsplit('.').next().unwrap_or_default())
        }
        _ => 0,
    };
    at_line(indicator, line, mistake)
}

/// Line on which a name first stands in the SQL; 0 if it does not (`SELECT *`).
fn line_of_name(sql: &str, name: &str) -> usize {
    let Ok(all) = tokens(sql) else { return 0 };
    let found = all.iter().find(|t| t.name(sql).is_some_and(|n| n.eq_ignore_ascii_case(name)));
    found.map_or(0, |t| line_at(sql, t.start))
}

/// Refuses SQL that is wrong as a text.
pub(crate) fn read_through(indicator: &Indicator) -> Result<(), IndicatorError> {
    let sql = &indicator.sql;
    let Some((slip, start, end)) = first_slip(sql) else { return Ok(()) };
    let name = sql[start..end].to_string();
    let mistake = match slip {
        Slip::Unclosed => Mistake::Unclosed,
        Slip::NotSelect => Mistake::NotSelect { found: name },
        Slip::Second => Mistake::SeveralStatements,
        Slip::Parameter => Mistake::UnknownParameter { name },
        Slip::Clock => Mistake::Clock { name },
        Slip::Bypass => Mistake::Bypass { name },
    };
    Err(at_line(indicator, line_at(sql, start), mistake))
}

/// Assumptions a reader may vary here, checked against what is tried.
pub(crate) fn check_overrides(pack: &Pack, indicator: &Indicator, overrides: &Overrides) -> Result<(), IndicatorError> {
    for (id, &value) in overrides {
        let known = pack.assumptions.iter().find(|a| &a.id == id);
        let mistake = match known {
            None => Mistake::UnknownAssumption { id: id.clone(), like: nearest(id, pack.assumptions.iter().map(|a| a.id.as_str())) },
            Some(_) if !indicator.assumptions.contains(id) => Mistake::NotAnInput { id: id.clone() },
            Some(&Assumption { min, max, .. }) if !(min <= value && value <= max) => {
                Mistake::OutOfRange { id: id.clone(), value, min, max }
            }
            Some(_) => continue,
        };
        return Err(declared(indicator, mistake));
    }
    Ok(())
}

/// A temporary table that stands in front of a stored one as long as this value lives. The stored table is
/// untouched: the snapshot only sees the name of the other first.
pub(crate) struct Shadow<'a> {
    connection: &'a Connection,
    table: &'static str,
}

impl<'a> Shadow<'a> {
    /// Copies a stored table in front of itself; `change` then writes to the copy.
    pub fn over(
        connection: &'a Connection,
        table: &'static str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Shadow<'a>> {
        let was = query_only(connection, false)?;
        let made = connection.execute_batch(&format!("CREATE TEMP TABLE {table} AS SELECT * FROM main.{table}"));
        // From here on the copy goes away whatever happens.
        let shadow = made.map(|()| Shadow { connection, table });
        let changed = shadow.and_then(|shadow| change(connection).map(|()| shadow));
        query_only(connection, was)?;
        changed
    }

    /// Assumptions with what a reader tries instead; none when nothing is tried.
    pub fn assumptions(connection: &'a Connection, overrides: &Overrides) -> rusqlite::Result<Option<Shadow<'a>>> {
        if overrides.is_empty() {
            return Ok(None);
        }
        let change = |connection: &Connection| {
            let mut update = connection.prepare("UPDATE temp.assumption SET value = ?2 WHERE id = ?1")?;
            overrides.iter().try_for_each(|(id, value)| update.execute((id, value)).map(drop))
        };
        Shadow::over(connection, "assumption", change).map(Some)
    }
}

impl Drop for Shadow<'_> {
    fn drop(&mut self) {
        let Ok(was) = query_only(self.connection, false) else { return };
        let _ = self.connection.execute_batch(&format!("DROP TABLE IF EXISTS temp.{}", self.table));
        let _ = query_only(self.connection, was);
    }
}
