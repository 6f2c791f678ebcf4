//! How a list is answered quickly.
//!
//! A list is answered over one or two tables: the present rows and, for an earlier moment, the superseded ones.
//! In each, either a condition finds few rows by its index and these are sorted, or the rows are walked in the
//! list's order by the index of the sort column until the page is full. Which is better is known by counting, up
//! to a limit, what each condition finds.

use super::{COUNTED, Total, condition::Condition};
use crate::{
    Record, Snapshot, SnapshotError,
    head::indexed_columns,
    layout::Layout,
    rows::{complete, state},
    schema::{past_name, quoted},
};
use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};
use shirube_plan::Register;
use std::collections::BTreeSet;

/// A condition that finds no more than this is the way in.
const FEW: i64 = 4000;

/// A table of rows `t` to answer from.
struct Branch {
    table: String,
    /// What makes its rows present at the moment.
    conditions: Vec<Condition>,
}

pub(super) fn run(
    snapshot: &Snapshot,
    register: &Register,
    conditions: &[Condition],
    sort: &[(String, bool)],
    offset: u64,
    limit: u64,
) -> Result<(Vec<Record>, Total), SnapshotError> {
    let mut indexed = if snapshot.keeps_past { indexed_columns(register) } else { BTreeSet::new() };
    indexed.extend(["_id", "_seq", "_until"].map(str::to_string));
    if register.number.is_some() {
        indexed.insert("_number".to_string());
    }
    let branches = branches(snapshot, register);
    let depth = offset.saturating_add(limit);
    let mut parts = vec![];
    let mut values = vec![];
    for (source, branch) in branches.iter().enumerate() {
        let all: Vec<&Condition> = branch.conditions.iter().chain(conditions).collect();
        let way = way_in(snapshot.connection(), branch, &all, &indexed)?;
        let sorted = sort.first().map_or("_id", |s| s.0.as_str());
        // Either the rows of the way in are sorted, or the sort column's index is walked; a plus sign before a
        // column keeps SQLite from using its index.
        let walk = way.is_none() && indexed.contains(sorted);
        let tests: Vec<String> = all.iter().enumerate().map(|(i, c)| test(c, walk || way.is_some_and(|w| w != i))).collect();
        let order = order(sort, !walk);
        let keys: String = sort.iter().enumerate().map(|(i, (c, _))| format!(", t.{} AS k{i}", quoted(c))).collect();
        let filter = if tests.is_empty() { String::new() } else { format!(" WHERE {}", tests.join(" AND ")) };
        parts.push(format!(
            "SELECT * FROM (SELECT {source} AS source, t._id AS id, t._seq AS seq{keys} FROM {} t{filter} ORDER BY {order} LIMIT ?)",
            branch.table
        ));
        values.extend(all.iter().flat_map(|c| c.values.clone()));
        values.push(Value::Integer(i64::try_from(depth).unwrap_or(i64::MAX)));
    }
    let keys: Vec<String> =
        sort.iter().enumerate().map(|(i, (_, descending))| format!("k{i}{}", if *descending { " DESC" } else { "" })).collect();
    let keys: String = keys.iter().map(|k| format!("{k}, ")).collect();
    let sql = format!("SELECT source, id, seq FROM ({}) ORDER BY {keys}id{} LIMIT ? OFFSET ?", parts.join(" UNION ALL "), direction(sort));
    values.extend([Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)), Value::Integer(i64::try_from(offset).unwrap_or(i64::MAX))]);
    let mut statement = snapshot.connection().prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(values), |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<Vec<(i64, i64)>, _>>()?;
    let layout = snapshot.layout(&register.name)?;
    let rows = found
        .into_iter()
        .filter_map(|(source, id)| record(snapshot, &layout, branches.get(usize::try_from(source).ok()?)?, id).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let total = total(snapshot, register, &branches, conditions, &indexed)?;
    Ok((rows, total))
}

fn branches(snapshot: &Snapshot, register: &Register) -> Vec<Branch> {
    let present = format!("main.{}", quoted(&register.name));
    if !snapshot.earlier {
        return vec![Branch { table: present, conditions: vec![] }];
    }
    let seq = snapshot.moment().seq;
    let bound = |column: &str, sign: &str| Condition {
        sql: format!("{{t}}.{column} {sign} ?"),
        values: vec![Value::Integer(seq)],
        column: Some(column.to_string()),
        listed: false,
    };
    vec![
        Branch { table: present, conditions: vec![bound("_seq", "<=")] },
        Branch {
            table: format!("main.{}", quoted(&past_name(&register.name))),
            conditions: vec![bound("_seq", "<="), bound("_until", ">")],
        },
    ]
}

/// A condition as SQL over `t`, kept from using an index if asked.
fn test(condition: &Condition, without_index: bool) -> String {
    match &condition.column {
        Some(column) if without_index => {
            let own = format!("{{t}}.{}", quoted(column));
            let plain = format!("{{t}}.{column}");
            condition.sql.replacen(&own, &format!("+{own}"), 1).replacen(&plain, &format!("+{plain}"), 1).replace("{t}", "t")
        }
        _ => condition.sql.replace("{t}", "t"),
    }
}

fn direction(sort: &[(String, bool)]) -> &'static str {
    if sort.last().is_some_and(|s| s.1) { " DESC" } else { "" }
}

fn order(sort: &[(String, bool)], without_index: bool) -> String {
    let plus = if without_index { "+" } else { "" };
    let keys: String =
        sort.iter().map(|(c, descending)| format!("{plus}t.{}{}, ", quoted(c), if *descending { " DESC" } else { "" })).collect();
    format!("{keys}{plus}t._id{}", direction(sort))
}

/// The condition that finds few rows by its index; none if all find many.
fn way_in(
    connection: &Connection,
    branch: &Branch,
    conditions: &[&Condition],
    indexed: &BTreeSet<String>,
) -> Result<Option<usize>, SnapshotError> {
    let mut best: Option<(i64, usize)> = None;
    for (i, condition) in conditions.iter().enumerate() {
        if condition.listed {
            return Ok(Some(i));
        }
        if !condition.column.as_ref().is_some_and(|c| indexed.contains(c)) {
            continue;
        }
        let n = count(connection, &branch.table, &[condition.sql.replace("{t}", "t")], &condition.values, FEW + 1)?;
        if n <= FEW && best.is_none_or(|b| n < b.0) {
            best = Some((n, i));
        }
    }
    Ok(best.map(|b| b.1))
}

fn count(connection: &Connection, table: &str, tests: &[String], values: &[Value], limit: i64) -> Result<i64, SnapshotError> {
    let filter = if tests.is_empty() { String::new() } else { format!(" WHERE {}", tests.join(" AND ")) };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} t{filter} LIMIT ?)");
    let parameters = params_from_iter(values.iter().cloned().chain([Value::Integer(limit)]));
    Ok(connection.prepare_cached(&sql)?.query_row(parameters, |r| r.get(0))?)
}

/// How many there are: known for a whole register, else counted up to a limit.
fn total(
    snapshot: &Snapshot,
    register: &Register,
    branches: &[Branch],
    conditions: &[Condition],
    indexed: &BTreeSet<String>,
) -> Result<Total, SnapshotError> {
    let connection = snapshot.connection();
    if conditions.is_empty() && !snapshot.earlier && snapshot.keeps_past {
        let n: Option<i64> =
            connection.prepare_cached("SELECT n FROM _count WHERE register = ?1")?.query_row([&register.name], |r| r.get(0)).optional()?;
        return Ok(Total::Exactly(n.unwrap_or(0).unsigned_abs()));
    }
    let mut sum = 0;
    for branch in branches {
        let all: Vec<&Condition> = branch.conditions.iter().chain(conditions).collect();
        let way = way_in(connection, branch, &all, indexed)?;
        let tests: Vec<String> = all.iter().enumerate().map(|(i, c)| test(c, way.is_some_and(|w| w != i))).collect();
        let values: Vec<Value> = all.iter().flat_map(|c| c.values.clone()).collect();
        sum += count(connection, &branch.table, &tests, &values, COUNTED as i64 + 1)?;
    }
    let sum = sum.unsigned_abs();
    Ok(if sum > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exactly(sum) })
}

fn record(snapshot: &Snapshot, layout: &Layout, branch: &Branch, id: i64) -> Result<Option<Record>, SnapshotError> {
    let tests: String = branch.conditions.iter().map(|c| format!(" AND {}", test(c, true))).collect();
    let sql = format!("SELECT {} FROM {} t WHERE t._id = ?{tests}", layout.all, branch.table);
    let values: Vec<Value> = std::iter::once(Value::Integer(id)).chain(branch.conditions.iter().flat_map(|c| c.values.clone())).collect();
    let mut statement = snapshot.connection().prepare_cached(&sql)?;
    let Some((mut found, missing)) = statement.query_row(params_from_iter(values), |row| state(layout, row, true)).optional()? else {
        return Ok(None);
    };
    complete(snapshot.connection(), layout, &mut found, missing.as_deref())?;
    Ok(Some(Record::new(&layout.name, found)))
}
