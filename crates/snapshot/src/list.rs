//! Lists of a register: filter, sort, page, count.
//!
//! The same query runs on every moment. Values never become SQL text; columns are checked against the register.

use crate::{
    Record, Snapshot, SnapshotError,
    layout::Layout,
    rows::{complete, state},
    schema::{OWN_COLUMNS, quoted},
};
use rusqlite::{params_from_iter, types::Value};
use shirube_plan::Storage;
use std::ops::ControlFlow;

/// Matching records are counted one by one up to this many.
pub const COUNTED: u64 = 10_000;

/// A list to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    /// Register.
    pub register: String,
    /// Words that stand in any text column of the record, all of them.
    pub text: Option<String>,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Columns and whether descending; ties are broken by `_id` in the last direction.
    pub sort: Vec<(String, bool)>,
    /// Records to skip.
    pub offset: u64,
    /// Records to read.
    pub limit: u64,
}

/// A condition on a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Column of the register's table, or a `choices` field.
    pub column: String,
    /// Comparison.
    pub op: Op,
    /// Values as text: one for most comparisons, any number for [`Op::In`], none for [`Op::Blank`] and [`Op::Filled`].
    pub values: Vec<String>,
}

/// A comparison. A blank value fulfils only [`Op::Blank`] and [`Op::Ne`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    In,
    Blank,
    Filled,
}

impl Op {
    /// All, with the words addresses use.
    pub const ALL: [(&'static str, Op); 10] = [
        ("eq", Op::Eq),
        ("ne", Op::Ne),
        ("lt", Op::Lt),
        ("le", Op::Le),
        ("gt", Op::Gt),
        ("ge", Op::Ge),
        ("contains", Op::Contains),
        ("in", Op::In),
        ("blank", Op::Blank),
        ("filled", Op::Filled),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Op::ALL.iter().find(|(_, op)| *op == self).map_or("", |(word, _)| word)
    }

    /// The word read back.
    pub fn parse(word: &str) -> Option<Op> {
        Op::ALL.iter().find(|(known, _)| *known == word).map(|(_, op)| *op)
    }
}

/// How many records match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(u64),
    /// More than are counted: at least so many.
    AtLeast(u64),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Records in order.
    pub rows: Vec<Record>,
    /// How many match in all.
    pub total: Total,
}

impl Snapshot {
    /// Reads a page of a register.
    ///
    /// # Errors
    /// [`SnapshotError::NoSuchColumn`], [`SnapshotError::BadFilterValue`] for what the caller wrote wrongly.
    pub fn list(&self, query: &ListQuery) -> Result<Page, SnapshotError> {
        let layout = self.layout(&query.register)?;
        let conditions = Conditions::new(&layout, query)?;
        let total = self.total(query, &conditions)?;
        let mut rows = vec![];
        self.read(&layout, &conditions, query, (query.offset, query.limit), &mut |record| {
            rows.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(Page { rows, total })
    }

    /// Hands every matching record to `each`, in order, whatever page the query shows; `Break` ends the reading.
    /// One pass: a page far down a list costs as much as all pages before it, all of them together cost this.
    pub fn each(&self, query: &ListQuery, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), SnapshotError> {
        let layout = self.layout(&query.register)?;
        let conditions = Conditions::new(&layout, query)?;
        self.read(&layout, &conditions, query, (0, u64::MAX), each)
    }

    /// How many records match, however many they are.
    pub fn count(&self, query: &ListQuery) -> Result<u64, SnapshotError> {
        let layout = self.layout(&query.register)?;
        let conditions = Conditions::new(&layout, query)?;
        if let Total::Exactly(n) = self.total(query, &conditions)? {
            return Ok(n);
        }
        let sql = format!("SELECT count(*) FROM {} WHERE {}", quoted(&query.register), conditions.sql);
        let n: i64 = self.connection().prepare_cached(&sql)?.query_row(params_from_iter(&conditions.values), |row| row.get(0))?;
        Ok(n.max(0) as u64)
    }

    fn read(
        &self,
        layout: &Layout,
        conditions: &Conditions,
        query: &ListQuery,
        (offset, limit): (u64, u64),
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), SnapshotError> {
        let order = order(layout, &query.sort)?;
        // Ids first: ordering touches indexes only, whole rows are read for the page alone.
        let sql = format!(
            "SELECT _id FROM {} WHERE {} ORDER BY {order} LIMIT {} OFFSET {}",
            quoted(&query.register),
            conditions.sql,
            limit.min(i64::MAX as u64),
            offset.min(i64::MAX as u64)
        );
        let mut statement = self.connection().prepare_cached(&sql)?;
        let mut ids = statement.query(params_from_iter(&conditions.values))?;
        let mut one =
            self.connection().prepare_cached(&format!("SELECT {} FROM {} WHERE _id = ?1", layout.all, quoted(&query.register)))?;
        while let Some(row) = ids.next()? {
            let id: i64 = row.get(0)?;
            let (mut found, missing) = one.query_row([id], |row| state(layout, row, true))?;
            complete(self.connection(), layout, &mut found, missing.as_deref())?;
            if each(Record::new(&query.register, found)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn total(&self, query: &ListQuery, conditions: &Conditions) -> Result<Total, SnapshotError> {
        let table = quoted(&query.register);
        if conditions.values.is_empty() && query.filters.is_empty() && self.is_head() {
            let mut kept = self.connection().prepare_cached("SELECT n FROM _count WHERE register = ?1")?;
            let n = kept.query_row([&query.register], |row| row.get::<_, i64>(0));
            return Ok(Total::Exactly(n.map_or(0, |n| n.max(0) as u64)));
        }
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {} LIMIT {})", conditions.sql, COUNTED + 1);
        let n: i64 = self.connection().prepare_cached(&sql)?.query_row(params_from_iter(&conditions.values), |row| row.get(0))?;
        Ok(if n as u64 > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exactly(n as u64) })
    }
}

struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new(layout: &Layout, query: &ListQuery) -> Result<Conditions, SnapshotError> {
        let mut conditions = Conditions { sql: String::from("1"), values: vec![] };
        for filter in &query.filters {
            conditions.add(layout, filter)?;
        }
        for word in query.text.iter().flat_map(|t| t.split_whitespace()) {
            conditions.values.push(Value::Text(like(word)));
            let n = conditions.values.len();
            let own = ["_number"].into_iter().map(String::from);
            let texts = layout.columns.iter().filter(|c| c.storage == Storage::Text).map(|c| quoted(&c.name));
            let any: Vec<String> = own.chain(texts).map(|c| format!("{c} LIKE ?{n} ESCAPE '\\'")).collect();
            conditions.and(&format!("({})", any.join(" OR ")));
        }
        Ok(conditions)
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    fn add(&mut self, layout: &Layout, filter: &Filter) -> Result<(), SnapshotError> {
        if let Some(child) = layout.child(&filter.column).filter(|c| !c.group) {
            let table = quoted(&child.table);
            let inside = format!("SELECT 1 FROM {table} AS c WHERE c._id = {}._id", quoted(&layout.name));
            match filter.op {
                Op::Blank => self.and(&format!("NOT EXISTS ({inside})")),
                Op::Filled => self.and(&format!("EXISTS ({inside})")),
                op => {
                    let condition = self.compare("c.value", Storage::Text, op, filter)?;
                    self.and(&format!("EXISTS ({inside} AND {condition})"));
                }
            }
            return Ok(());
        }
        let storage = storage(layout, &filter.column)?;
        let column = quoted(&filter.column);
        let condition = self.compare(&column, storage, filter.op, filter)?;
        self.and(&condition);
        Ok(())
    }

    fn compare(&mut self, column: &str, storage: Storage, op: Op, filter: &Filter) -> Result<String, SnapshotError> {
        let bind = |conditions: &mut Conditions, text: &str| -> Result<String, SnapshotError> {
            conditions.values.push(value(storage, text).ok_or_else(|| SnapshotError::BadFilterValue {
                column: filter.column.clone(),
                value: text.to_string(),
                wanted: if storage == Storage::Integer { "a whole number" } else { "a number" },
            })?);
            Ok(format!("?{}", conditions.values.len()))
        };
        let first = filter.values.first().map_or("", String::as_str);
        Ok(match op {
            Op::Blank => format!("{column} IS NULL"),
            Op::Filled => format!("{column} IS NOT NULL"),
            Op::Contains => {
                self.values.push(Value::Text(like(first)));
                format!("{column} LIKE ?{} ESCAPE '\\'", self.values.len())
            }
            Op::In => {
                let marks = filter.values.iter().map(|v| bind(self, v)).collect::<Result<Vec<_>, _>>()?;
                format!("{column} IN ({})", marks.join(", "))
            }
            Op::Eq => format!("{column} = {}", bind(self, first)?),
            Op::Ne => format!("{column} IS NOT {}", bind(self, first)?),
            Op::Lt => format!("{column} < {}", bind(self, first)?),
            Op::Le => format!("{column} <= {}", bind(self, first)?),
            Op::Gt => format!("{column} > {}", bind(self, first)?),
            Op::Ge => format!("{column} >= {}", bind(self, first)?),
        })
    }
}

fn order(layout: &Layout, sort: &[(String, bool)]) -> Result<String, SnapshotError> {
    let mut terms = vec![];
    for (column, descending) in sort {
        storage(layout, column)?;
        terms.push(format!("{}{}", quoted(column), if *descending { " DESC" } else { "" }));
    }
    terms.push(if sort.last().is_some_and(|(_, descending)| *descending) { "_id DESC".into() } else { "_id".into() });
    Ok(terms.join(", "))
}

/// Storage of a column that may be filtered and sorted.
fn storage(layout: &Layout, name: &str) -> Result<Storage, SnapshotError> {
    if let Some(column) = layout.columns.iter().find(|c| c.name == name) {
        return Ok(column.storage);
    }
    match OWN_COLUMNS.iter().find(|c| c.0 == name && c.0 != "_missing") {
        Some((_, declaration, ..)) if declaration.starts_with("INTEGER") => Ok(Storage::Integer),
        Some(_) => Ok(Storage::Text),
        None => Err(SnapshotError::NoSuchColumn { register: layout.name.clone(), column: name.to_string() }),
    }
}

fn value(storage: Storage, text: &str) -> Option<Value> {
    match storage {
        Storage::Text => Some(Value::Text(text.to_string())),
        Storage::Integer => text.trim().parse().ok().map(Value::Integer),
        Storage::Real => text.trim().parse().ok().filter(|x: &f64| x.is_finite()).map(Value::Real),
    }
}

/// A LIKE pattern for texts that contain these characters.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
