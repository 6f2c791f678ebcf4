//! Indexes of the head, and what SQLite is told about them.

use crate::schema::{past_name, quoted};
use rusqlite::{Connection, Result};
use shirube_plan::{FieldKind, Indicator, Pack, Register, Sensitivity};
use std::collections::{BTreeMap, BTreeSet};

/// How the names of indexes begin.
const PREFIX: &str = "_by_";
/// Rows a table is said to have when SQLite plans.
const ROWS: u32 = 1_000_000;
/// Bytes of a row and of an entry of an index, as told to SQLite.
const ROW_BYTES: u32 = 400;
const ENTRY_BYTES: u32 = 30;
/// Rows that share a value where few do.
const FEW: u32 = 10;
/// Columns chosen from few values that an index carries at most.
const CARRIED: usize = 4;
/// Columns of an index for indicators at most; what reads more reads the rows.
const WIDEST: usize = 12;

/// An index of the head.
#[derive(Debug)]
pub(super) struct Index {
    pub name: String,
    pub table: String,
    columns: String,
    /// Needed to check and apply events; the others may be missing while many records are loaded.
    pub vital: bool,
    /// Rows that are said to share a value.
    alike: u32,
}

impl Index {
    /// The statement that makes it, as SQLite keeps it.
    pub fn create(&self) -> String {
        format!("CREATE INDEX {} ON {} ({})", quoted(&self.name), quoted(&self.table), self.columns)
    }

    /// Makes it. The table `sqlite_stat1` exists.
    fn make(&self, connection: &Connection) -> Result<()> {
        connection.execute_batch(&self.create())?;
        let mut insert = connection.prepare_cached(STATISTIC)?;
        insert.execute((&self.table, Some(&self.name), format!("{ROWS} {} sz={ENTRY_BYTES}", self.alike))).map(drop)
    }
}

/// Tells SQLite what rows and indexes are like, declared and not measured: the same SQL runs by the same plan on every
/// head, and to read an index to its end is known to be cheaper than to look up half the rows.
pub(super) fn declare(connection: &Connection, pack: &Pack) -> Result<()> {
    // Makes the table of statistics.
    connection.execute_batch("ANALYZE sqlite_schema")?;
    let mut insert = connection.prepare_cached(STATISTIC)?;
    let mut tables = pack.registers.keys().map(|register| insert.execute((register, None::<&str>, format!("{ROWS} sz={ROW_BYTES}"))));
    tables.try_for_each(|done| done.map(drop))
}

const STATISTIC: &str = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)";

/// Makes the indexes that are missing, also those that a crash left out, and takes away those that the pack does not
/// ask for any more.
pub(super) fn bring_up(connection: &Connection, pack: &Pack) -> Result<()> {
    let mut found = connection.prepare("SELECT sql, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")?;
    let found: BTreeMap<String, String> = found.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_>>()?;
    let wanted: BTreeMap<String, Index> = indexes(pack).into_iter().map(|index| (index.create(), index)).collect();
    for (sql, name) in &found {
        if name.starts_with(PREFIX) && !wanted.contains_key(sql) {
            connection.execute_batch(&format!("DROP INDEX {}", quoted(name)))?;
        }
    }
    wanted.iter().filter(|(sql, _)| !found.contains_key(*sql)).try_for_each(|(_, index)| index.make(connection))
}

/// Indexes of present and superseded rows.
pub(super) fn indexes(pack: &Pack) -> Vec<Index> {
    let mut indexes = vec![];
    let texts: Vec<Vec<&str>> = pack.indicators.values().map(words).collect();
    for register in pack.registers.values() {
        let past = past_name(&register.name);
        let mut add = |name: &str, columns: String, of_past: bool, vital: bool, alike: u32| {
            let table = if of_past { &past } else { &register.name };
            indexes.push(Index { name: format!("{PREFIX}{table}_{name}"), table: table.clone(), columns, vital, alike });
        };
        add("_seq", "_seq".into(), false, false, FEW);
        add("_id", "_id".into(), true, true, FEW);
        add("_until", "_until".into(), true, false, FEW);
        if register.number.is_some() {
            add("_number", "_number".into(), false, true, FEW);
        }
        if register.key.len() > 1 {
            add("_key", list(&register.key), false, true, FEW);
        }
        let carried = carried_columns(register);
        for column in indexed_columns(register) {
            let key = is_key(register, &column);
            let with = |own: &[&str]| if carries(register, &column) { walk(&column, &carried, own) } else { quoted(&column) };
            add(&column, with(&["_seq"]), false, key, alike(pack, register, &column));
            add(&column, with(&["_seq", "_until"]), true, false, FEW);
        }
        let read = read_by_indicators(&texts, register);
        if read.len() > 2 {
            add("_read", list(&read), false, false, FEW);
        }
    }
    indexes
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", ")
}

/// Columns with an index of their own: what lists filter and sort by.
pub(crate) fn indexed_columns(register: &Register) -> BTreeSet<String> {
    use FieldKind as K;
    let mut columns = BTreeSet::new();
    for field in &register.fields {
        let listed = !matches!(field.kind, K::Choices { .. } | K::Group { .. } | K::LongText { .. } | K::Attachment { .. });
        if listed || field.unique || register.key == [field.name.as_str()] {
            columns.extend(field.columns().into_iter().next().map(|c| c.name));
        }
    }
    columns
}

fn is_key(register: &Register, column: &str) -> bool {
    register.key == [column] || register.field(column).is_some_and(|f| f.unique)
}

/// Whether the index of a column tells of its rows what [`carried_columns`] names.
pub(crate) fn carries(register: &Register, column: &str) -> bool {
    !is_key(register, column) && is_walked(register, column)
}

/// Whether lists are sorted by a column more often than it finds few rows: amounts, dates and years.
fn is_walked(register: &Register, column: &str) -> bool {
    use FieldKind as K;
    let kind = register.field(column).map(|f| &f.kind);
    matches!(kind, Some(K::Integer { .. } | K::Decimal { .. } | K::Money { .. } | K::Date { .. } | K::FiscalYear { .. }))
}

/// Columns that lists are filtered by while they walk the index of another one: what is chosen from a few values.
/// They stand in every index that is walked, so that rows which do not fit are passed over unread. None if no index is.
pub(crate) fn carried_columns(register: &Register) -> Vec<String> {
    if !register.fields.iter().any(|f| is_walked(register, &f.name)) {
        return vec![];
    }
    let few = register
        .fields
        .iter()
        .filter(|f| f.sensitivity != Sensitivity::Personal && matches!(f.kind, FieldKind::Choice { .. } | FieldKind::Boolean))
        .map(|f| f.name.clone())
        .take(CARRIED);
    few.chain(Some("_state".to_string()).filter(|_| !register.states.is_empty())).collect()
}

/// The columns of an index that is walked: the order of lists first, then what tells whether a row is listed.
fn walk(column: &str, carried: &[String], own: &[&str]) -> String {
    let tests = carried.iter().map(String::as_str).filter(|c| *c != column);
    [column, "_id"].into_iter().chain(tests).chain(own.iter().copied()).map(quoted).collect::<Vec<_>>().join(", ")
}

/// Rows that share a value of a column, of [`ROWS`].
fn alike(pack: &Pack, register: &Register, column: &str) -> u32 {
    use FieldKind as K;
    let Some(field) = register.field(column).filter(|f| !f.unique) else { return FEW };
    let values = match &field.kind {
        K::Boolean => 2,
        // Mostly a comparison.
        K::Derived { stored_as: shirube_plan::Storage::Integer, .. } => 2,
        K::FiscalYear { .. } => 10,
        K::Choice { codes } => u32::try_from(pack.code_lists.get(codes).map_or(1, |list| list.codes.len())).unwrap_or(ROWS).max(1),
        _ => return FEW,
    };
    ROWS / values
}

/// The columns of a register that indicators name. One index over them is read instead of the rows, which are many
/// times as wide; in its order most of what indicators group by is sorted already: years, then what is named most.
fn read_by_indicators(texts: &[Vec<&str>], register: &Register) -> Vec<String> {
    use FieldKind as K;
    let texts: Vec<&Vec<&str>> = texts.iter().filter(|words| words.contains(&register.name.as_str())).collect();
    let named = |column: &str| texts.iter().copied().flatten().filter(|word| **word == column).count();
    let narrow = register.fields.iter().filter(|f| {
        f.sensitivity != Sensitivity::Personal
            && !matches!(f.kind, K::Choices { .. } | K::Group { .. } | K::LongText { .. } | K::Attachment { .. } | K::Person)
    });
    let mut columns: Vec<(bool, usize, String)> =
        narrow.map(|f| (!matches!(f.kind, K::FiscalYear { .. }), named(&f.name), f.name.clone())).filter(|c| c.1 > 0).collect();
    columns.sort_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
    columns.truncate(WIDEST);
    let state = Some("_state".to_string()).filter(|_| named("_state") > 0 && !register.states.is_empty());
    // For moments that are hardly past.
    columns.into_iter().map(|c| c.2).chain(state).chain(["_seq".to_string()]).collect()
}

fn words(indicator: &Indicator) -> Vec<&str> {
    indicator.sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}
