//! How a list is answered quickly.
//!
//! A list is answered over one or two tables: the present rows and, for an earlier moment, the superseded ones.
//! In each, either a condition finds few rows by its index and these are sorted, or the rows are walked in the
//! list's order by the index of the sort column until the page is full. Which is better is known by counting, up
//! to a limit, what each condition finds.

use super::{
    COUNTED, Total,
    condition::{Condition, IS_LISTED},
};
use crate::{
    Fields, Record, Snapshot, SnapshotError,
    head::{carried_columns, carries, indexed_columns},
    layout::Layout,
    schema::{past_name, quoted},
};
use rusqlite::{OptionalExtension, params_from_iter, types::Value};
use shirube_plan::{Register, Sensitivity};
use std::{collections::BTreeSet, ops::ControlFlow};

/// A condition that finds no more than this is the way in.
const FEW: u64 = 4000;
/// Counts that a snapshot keeps at most.
const COUNTS: usize = 500;
/// So many entries of an index that decides all are passed over in the time in which one row is looked up and sorted.
const PASSED: u64 = 2;
/// Totals over several conditions, of which none finds few rows, are counted up to this: each row must be looked at.
const LOOKED_AT: u64 = 1000;

/// A table of rows `t` to answer from.
struct Branch {
    table: String,
    /// Conditions: first what makes its rows present at the moment, then the list's.
    conditions: Vec<Condition>,
    /// How many of them are the moment's.
    of_moment: usize,
    /// The condition that finds few rows by its index, and how many; none if all find many.
    way_in: Option<(usize, u64)>,
    /// Whether the indexes that are walked decide all conditions.
    covered: bool,
}

/// A list, ready to be read.
pub(super) struct List<'s> {
    snapshot: &'s Snapshot,
    register: &'s Register,
    sort: Vec<(String, bool)>,
    branches: Vec<Branch>,
    indexed: BTreeSet<String>,
    conditions: usize,
}

impl<'s> List<'s> {
    pub fn new(
        snapshot: &'s Snapshot,
        register: &'s Register,
        conditions: Vec<Condition>,
        sort: Vec<(String, bool)>,
    ) -> Result<List<'s>, SnapshotError> {
        let mut indexed = if snapshot.keeps_past { indexed_columns(register) } else { BTreeSet::new() };
        indexed.extend(["_id", "_seq", "_until"].map(str::to_string));
        if register.number.is_some() {
            indexed.insert("_number".to_string());
        }
        let mut branches = branches(snapshot, register);
        let carried = if snapshot.keeps_past { carried_columns(register) } else { vec![] };
        for branch in &mut branches {
            branch.covered = conditions.iter().all(|c| c.column.as_ref().is_some_and(|c| carried.contains(c)));
            branch.conditions.extend(conditions.iter().cloned());
            branch.way_in = way_in(snapshot, branch, &indexed)?;
        }
        Ok(List { snapshot, register, sort, branches, indexed, conditions: conditions.len() })
    }

    /// Walks the order's index after all where a page that ends at `end` is full before so many entries were passed over
    /// that the few rows were sooner looked up.
    pub fn choose_way(&mut self, end: u64, total: Total) -> Result<(), SnapshotError> {
        let sees = self.snapshot.shows_any(&self.register.name, Sensitivity::Commercial);
        let ([branch], [(sorted, _)], Total::Exactly(matches @ 1..)) = (self.branches.as_mut_slice(), self.sort.as_slice(), total) else {
            return Ok(());
        };
        let decides = branch.covered && sees && self.snapshot.keeps_past && !self.snapshot.earlier && carries(self.register, sorted);
        if let Some((_, found)) = branch.way_in.filter(|_| decides)
            && end.min(matches).saturating_mul(kept(self.snapshot, self.register)?) / matches <= found * PASSED
        {
            branch.way_in = None;
        }
        Ok(())
    }

    /// Hands the records of a page to `each`, in order.
    pub fn read(
        &self,
        (offset, limit): (u64, u64),
        fields: &Fields,
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), SnapshotError> {
        let number = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let mut parts = vec![];
        let mut values = vec![];
        for (source, branch) in self.branches.iter().enumerate() {
            parts.push(format!("SELECT * FROM ({})", self.branch_sql(source, branch)));
            values.extend(branch.conditions.iter().flat_map(|c| c.values.clone()));
            values.push(number(offset.saturating_add(limit)));
        }
        let keys: String = self.sort.iter().enumerate().map(|(i, (_, descending))| format!("k{i}{}, ", direction(*descending))).collect();
        let last = direction(self.descending());
        let sql = format!("SELECT source, id FROM ({}) ORDER BY {keys}id{last} LIMIT ? OFFSET ?", parts.join(" UNION ALL "));
        values.extend([number(limit), number(offset)]);
        let mut statement = self.snapshot.connection().prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let layout = self.snapshot.layout(&self.register.name)?;
        let records: Vec<String> = self.branches.iter().map(|branch| record_sql(self.snapshot, &layout, branch, fields)).collect();
        while let Some(row) = rows.next()? {
            let source: i64 = row.get(0)?;
            let place = usize::try_from(source).unwrap_or(usize::MAX);
            let Some((branch, sql)) = self.branches.get(place).zip(records.get(place)) else { continue };
            let of_moment = branch.conditions[..branch.of_moment].iter().flat_map(|c| c.values.clone());
            let values = std::iter::once(Value::Integer(row.get(1)?)).chain(of_moment);
            if let Some(record) = self.snapshot.read_record(&layout, sql, params_from_iter(values), fields)?
                && each(record).is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// Either the rows of the way in are sorted, or the sort column's index is walked; a plus sign before a column
    /// keeps SQLite from using its index.
    fn branch_sql(&self, source: usize, branch: &Branch) -> String {
        let sorted = self.sort.first().map_or("_id", |s| s.0.as_str());
        let walk = branch.way_in.is_none() && self.indexed.contains(sorted);
        let allowed =
            |i: usize, c: &Condition| if walk { c.column.as_deref() == Some(sorted) } else { branch.way_in.is_none_or(|(w, _)| w == i) };
        let tests: Vec<String> = branch.conditions.iter().enumerate().map(|(i, c)| test(c, allowed(i, c))).collect();
        let plus = if walk { "" } else { "+" };
        let order: String = self.sort.iter().map(|(c, descending)| format!("{plus}t.{}{}, ", quoted(c), direction(*descending))).collect();
        let keys: String = self.sort.iter().enumerate().map(|(i, (c, _))| format!(", t.{} AS k{i}", quoted(c))).collect();
        format!(
            "SELECT {source} AS source, t._id AS id{keys} FROM {} t{} ORDER BY {order}{plus}t._id{} LIMIT ?",
            branch.table,
            filter(&tests),
            direction(self.descending())
        )
    }

    /// Ties follow the last column.
    fn descending(&self) -> bool {
        self.sort.last().is_some_and(|s| s.1)
    }

    /// How many there are: known for a whole register, else counted up to a limit.
    pub fn total(&self, limit: u64) -> Result<Total, SnapshotError> {
        let whole = self.conditions == 0 && self.snapshot.shows_any(&self.register.name, Sensitivity::Public);
        if whole && !self.snapshot.earlier && self.snapshot.keeps_past {
            return Ok(Total::Exactly(kept(self.snapshot, self.register)?));
        }
        let hard = self.branches.iter().any(|b| b.way_in.is_none() && b.conditions.len() > 1);
        let limit = if hard && limit == COUNTED { LOOKED_AT } else { limit };
        let mut sum = 0;
        let mut all = true;
        for branch in &self.branches {
            let (n, counted) = self.count(branch, limit + 1)?;
            sum += n;
            all &= counted;
        }
        Ok(if sum > limit {
            Total::AtLeast(limit)
        } else if all {
            Total::Exactly(sum)
        } else {
            Total::AtLeast(sum)
        })
    }

    /// How many there are, by looking at every row.
    pub fn length(&self) -> Result<u64, SnapshotError> {
        let mut sum = 0;
        for branch in &self.branches {
            let tests: Vec<String> = branch.conditions.iter().map(|c| test(c, true)).collect();
            let values = branch.conditions.iter().flat_map(|c| c.values.clone());
            sum += count(self.snapshot, &branch.table, &tests, values.collect(), u64::from(u32::MAX))?;
        }
        Ok(sum)
    }

    /// How many rows of a branch there are, up to a limit, and whether all were looked at. Words are counted from what
    /// the search index lists.
    fn count(&self, branch: &Branch, limit: u64) -> Result<(u64, bool), SnapshotError> {
        let words = branch.conditions.iter().position(|c| c.found.is_some());
        let by = branch.way_in.map(|w| w.0).or(words);
        // Without a way in, SQLite reads an index from its beginning if that decides all, rather than look rows up.
        let through = by.is_none() && branch.covered && branch.conditions.len() > 1;
        let sampled = |i: usize| if by == Some(i) { branch.conditions.get(i).and_then(|c| c.sample.as_ref()) } else { None };
        let tests = branch.conditions.iter().enumerate().map(|(i, c)| match sampled(i) {
            Some(_) => IS_LISTED.replace("{t}", "t"),
            None => test(c, !through && by.is_none_or(|by| by == i)),
        });
        let tests = tests.collect::<Vec<_>>();
        let values = branch.conditions.iter().enumerate().flat_map(|(i, c)| match sampled(i) {
            Some(list) => vec![list.clone()],
            None => c.values.clone(),
        });
        let values = values.collect();
        // The search index goes on while the moment stays.
        let n = match words {
            Some(_) => count(self.snapshot, &branch.table, &tests, values, limit)?,
            None => count_once(self.snapshot, &branch.table, &tests, values, limit)?,
        };
        Ok((n, by.and_then(sampled).is_none()))
    }
}

fn branches(snapshot: &Snapshot, register: &Register) -> Vec<Branch> {
    let seq = snapshot.moment().seq;
    let bound = |column: &str, sign: &str| Condition {
        sql: format!("{{t}}.{column} {sign} ?"),
        values: vec![Value::Integer(seq)],
        column: Some(column.to_string()),
        ..Condition::default()
    };
    let branch = |table: &str, conditions: Vec<Condition>| Branch {
        table: format!("{}.{}", if snapshot.is_narrowed() { "temp" } else { "main" }, quoted(table)),
        of_moment: conditions.len(),
        conditions,
        way_in: None,
        covered: false,
    };
    // The views of a narrowed snapshot show the moment, too.
    if !snapshot.earlier || snapshot.is_narrowed() {
        return vec![branch(&register.name, vec![])];
    }
    vec![
        branch(&register.name, vec![bound("_seq", "<=")]),
        branch(&past_name(&register.name), vec![bound("_seq", "<="), bound("_until", ">")]),
    ]
}

/// A condition as SQL over `t`, kept from using an index unless allowed.
fn test(condition: &Condition, index_allowed: bool) -> String {
    match &condition.column {
        Some(column) if !index_allowed => {
            let own = format!("{{t}}.{}", quoted(column));
            let plain = format!("{{t}}.{column}");
            condition.sql.replacen(&own, &format!("+{own}"), 1).replacen(&plain, &format!("+{plain}"), 1).replace("{t}", "t")
        }
        _ => condition.sql.replace("{t}", "t"),
    }
}

fn direction(descending: bool) -> &'static str {
    if descending { " DESC" } else { "" }
}

fn filter(tests: &[String]) -> String {
    if tests.is_empty() { String::new() } else { format!(" WHERE {}", tests.join(" AND ")) }
}

fn way_in(snapshot: &Snapshot, branch: &Branch, indexed: &BTreeSet<String>) -> Result<Option<(usize, u64)>, SnapshotError> {
    let mut best: Option<(u64, usize)> = None;
    for (i, condition) in branch.conditions.iter().enumerate() {
        if let Some(found) = condition.found.filter(|_| condition.sample.is_none()) {
            let n = found as u64;
            if n <= FEW && best.is_none_or(|b| n < b.0) {
                best = Some((n, i));
            }
            continue;
        }
        if !condition.column.as_ref().is_some_and(|c| indexed.contains(c)) {
            continue;
        }
        let n = count_once(snapshot, &branch.table, &[test(condition, true)], condition.values.clone(), FEW + 1)?;
        if n <= FEW && best.is_none_or(|b| n < b.0) {
            best = Some((n, i));
        }
    }
    Ok(best.map(|(n, i)| (i, n)))
}

/// The number of a register's present records, as the head keeps it.
fn kept(snapshot: &Snapshot, register: &Register) -> Result<u64, SnapshotError> {
    let mut kept = snapshot.connection().prepare_cached("SELECT n FROM _count WHERE register = ?1")?;
    let n: Option<i64> = kept.query_row([&register.name], |r| r.get(0)).optional()?;
    Ok(n.unwrap_or(0).unsigned_abs())
}

fn count(snapshot: &Snapshot, table: &str, tests: &[String], values: Vec<Value>, limit: u64) -> Result<u64, SnapshotError> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} t{} LIMIT ?)", filter(tests));
    let limit = Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
    let values = params_from_iter(values.into_iter().chain([limit]));
    let n: i64 = snapshot.connection().prepare_cached(&sql)?.query_row(values, |r| r.get(0))?;
    Ok(n.unsigned_abs())
}

/// The same, counted once as long as nothing changes: people turn the pages of a list, and many look at the same ones.
fn count_once(snapshot: &Snapshot, table: &str, tests: &[String], values: Vec<Value>, limit: u64) -> Result<u64, SnapshotError> {
    let question = format!("{table} {tests:?} {values:?} {limit}");
    if let Some(n) = snapshot.known.borrow().counts.get(&question) {
        return Ok(*n);
    }
    let n = count(snapshot, table, tests, values, limit)?;
    let counts = &mut snapshot.known.borrow_mut().counts;
    if counts.len() >= COUNTS {
        counts.clear();
    }
    counts.insert(question, n);
    Ok(n)
}

/// The SQL that reads one record of a branch.
fn record_sql(snapshot: &Snapshot, layout: &Layout, branch: &Branch, fields: &Fields) -> String {
    let tests: String = branch.conditions[..branch.of_moment].iter().map(|c| format!(" AND {}", test(c, false))).collect();
    format!("SELECT {} FROM {} t WHERE t._id = ?{tests}", snapshot.columns_of(layout, fields), branch.table)
}
