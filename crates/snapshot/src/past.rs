//! Earlier moments on the head file.

use crate::{
    AsOf, Moment, SnapshotError,
    moment::end_of_today,
    schema::{OWN_COLUMNS, child_columns, child_name, past_name, quoted},
};
use rusqlite::{Connection, OptionalExtension};
use shirube_plan::{Pack, Register};
use std::{collections::BTreeMap, path::Path};

/// Whether a file keeps earlier moments; none if it is no snapshot.
pub(crate) fn keeps_past(connection: &Connection) -> Result<Option<bool>, SnapshotError> {
    let has = |table: &str| connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?1").and_then(|mut s| s.exists([table]));
    Ok(match (has("_applied")?, has("_pack")?) {
        (true, _) => Some(true),
        (false, true) => last(connection, false)?.map(|_| false),
        (false, false) => None,
    })
}

/// The last moment of a file; none if it has none.
pub(crate) fn last(connection: &Connection, keeps_past: bool) -> Result<Option<Moment>, SnapshotError> {
    let sql = if keeps_past { "SELECT seq, at FROM _applied" } else { "SELECT as_of_seq, as_of_ms FROM _pack" };
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |r| Ok(Moment { seq: r.get(0)?, at_ms: r.get(1)? })).optional()?)
}

/// Attaches the search index that lies beside a head, as `search`. False if there is none.
pub(crate) fn attach_index(connection: &Connection, path: &Path) -> Result<bool, SnapshotError> {
    let index = path.with_file_name("search.db");
    let is_head = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_applied'")?.exists([])?;
    let Some(index) = index.to_str().filter(|_| is_head && index.exists()) else { return Ok(false) };
    connection.execute("ATTACH ?1 AS search", [index])?;
    Ok(connection.prepare("SELECT 1 FROM search.sqlite_schema WHERE name = 'meta'")?.exists([])?)
}

/// The moment asked for.
pub(crate) fn resolve(connection: &Connection, as_of: AsOf, last: Moment, keeps_past: bool) -> Result<Moment, SnapshotError> {
    let at_ms_of =
        |seq: i64| connection.query_row("SELECT at FROM _moment WHERE seq >= ?1 ORDER BY at LIMIT 1", [seq], |r| r.get(0)).optional();
    match as_of {
        AsOf::Head => Ok(last),
        AsOf::Seq(seq) if seq == last.seq => Ok(last),
        AsOf::Seq(seq) if seq > last.seq => Err(SnapshotError::NotYet { asked: as_of.to_string(), last: last.seq }),
        // What lies before an event is past, though the clock may have been set back since.
        AsOf::At(at_ms) if at_ms > end_of_today() && at_ms >= last.at_ms => {
            Err(SnapshotError::NotYet { asked: Moment { seq: 0, at_ms }.day(), last: last.seq })
        }
        AsOf::At(at_ms) if at_ms >= last.at_ms => Ok(Moment { seq: last.seq, at_ms }),
        AsOf::Seq(seq) if keeps_past => Ok(Moment { seq, at_ms: if seq <= 0 { 0 } else { at_ms_of(seq)?.unwrap_or(0) } }),
        AsOf::At(at_ms) if keeps_past => {
            let seq = connection
                .query_row("SELECT seq FROM _moment WHERE at <= ?1 ORDER BY at DESC LIMIT 1", [at_ms], |r| r.get(0))
                .optional()?;
            Ok(Moment { seq: seq.unwrap_or(0), at_ms })
        }
        _ => Err(SnapshotError::OtherMoment { taken: last.seq, asked: as_of.to_string() }),
    }
}

/// What is shown of the rows of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The present ones.
    Present,
    /// The present ones that are not younger than an event since which nothing was superseded.
    UpTo(i64),
    /// Those as of an event: present ones that are not younger, and superseded ones that were present then.
    AsOf(i64),
}

/// How the registers are shown as of an event, those left out that have not changed since. What was superseded costs much
/// to read beside what is present, and for a moment that is hardly past there is mostly nothing of it.
pub(crate) fn changed_since(connection: &Connection, pack: &Pack, seq: i64) -> Result<BTreeMap<String, Rows>, SnapshotError> {
    let mut changed = BTreeMap::new();
    for register in pack.registers.keys() {
        let any = |table: &str, column: &str| {
            let sql = format!("SELECT 1 FROM main.{} WHERE {column} > ?1 LIMIT 1", quoted(table));
            connection.prepare_cached(&sql)?.exists([seq])
        };
        if any(&past_name(register), "_until")? {
            changed.insert(register.clone(), Rows::AsOf(seq));
        } else if any(register, "_seq")? {
            changed.insert(register.clone(), Rows::UpTo(seq));
        }
    }
    Ok(changed)
}

/// Makes views of the registers that have changed since an event, and their child tables, as they were then.
pub(crate) fn show(connection: &Connection, pack: &Pack, changed: &BTreeMap<String, Rows>) -> Result<(), SnapshotError> {
    for (register, shown) in changed.iter().filter_map(|(name, shown)| Some((pack.registers.get(name)?, *shown))) {
        for (table, columns) in tables(register) {
            let rows = rows_of(&table, &columns, shown);
            connection.execute_batch(&format!("CREATE TEMP VIEW {} AS SELECT {columns} FROM {rows}", quoted(&table)))?;
        }
    }
    Ok(())
}

/// The tables of a register, its own first, each with its columns as SQL.
pub(crate) fn tables(register: &Register) -> Vec<(String, String)> {
    let own = OWN_COLUMNS.iter().map(|c| c.0.to_string());
    let columns: Vec<String> = own.chain(register.columns().iter().map(|c| quoted(&c.name))).collect();
    let children = register.fields.iter().filter_map(|field| {
        let values = child_columns(field)?.into_iter().map(|(name, ..)| quoted(&name));
        let columns: Vec<String> =
            ["_id".to_string(), "position".to_string()].into_iter().chain(values).chain(["_seq".to_string()]).collect();
        Some((child_name(&register.name, &field.name), columns.join(", ")))
    });
    std::iter::once((register.name.clone(), columns.join(", "))).chain(children).collect()
}

/// The rows of a table as SQL.
pub(crate) fn rows_of(table: &str, columns: &str, shown: Rows) -> String {
    let (name, past) = (quoted(table), quoted(&past_name(table)));
    match shown {
        Rows::Present => format!("main.{name}"),
        // Nearly all rows are of then, so that an index on the event is of no use.
        Rows::UpTo(seq) => format!("(SELECT {columns} FROM main.{name} WHERE +_seq <= {seq})"),
        Rows::AsOf(seq) => format!(
            "(SELECT {columns} FROM main.{name} WHERE _seq <= {seq}
              UNION ALL SELECT {columns} FROM main.{past} WHERE _seq <= {seq} AND _until > {seq})"
        ),
    }
}

/// Takes the views of registers and child tables away again.
pub(crate) fn hide(connection: &Connection) -> Result<(), SnapshotError> {
    let mut views = connection.prepare("SELECT name FROM temp.sqlite_schema WHERE type = 'view'")?;
    let names: Vec<String> = views.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(views);
    let drops = names.iter().map(|name| format!("DROP VIEW temp.{};", quoted(name)));
    Ok(connection.execute_batch(&drops.collect::<String>())?)
}
