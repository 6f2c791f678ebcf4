//! Tables of the head beside those of the pack: superseded versions, indexes, book-keeping.

use crate::schema::{child_columns, child_name, past_name, quoted, tables};
use sha2::{Digest, Sha256};
use shirube_plan::{FieldKind, Pack, Register};
use std::collections::BTreeSet;

/// Raised when the fold or these tables change, so that heads are made anew.
const VERSION: u32 = 3;

/// How far the head has come, the times of events, counters, redactions.
pub(super) const BOOK_KEEPING: &str = "
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE _applied (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE _moment (at INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT; -- last event of each millisecond with events
CREATE TABLE _counter (register TEXT NOT NULL, year INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (register, year)) STRICT;
CREATE TABLE _count (register TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
CREATE TABLE _redaction (seq INTEGER PRIMARY KEY, register TEXT NOT NULL, _id INTEGER NOT NULL, whole INTEGER NOT NULL) STRICT;
CREATE INDEX _by_redaction_id ON _redaction (_id);
";

/// Tables of superseded versions: the columns of the present ones and `_until`, the event that replaced them.
pub(super) fn tables_of_the_past(pack: &Pack) -> Vec<String> {
    let mut statements = vec![];
    for register in pack.registers.values() {
        let mut columns = vec!["_seq INTEGER PRIMARY KEY".to_string()];
        columns.extend(
            crate::schema::OWN_COLUMNS
                .iter()
                .filter(|c| c.0 != "_seq")
                .map(|c| format!("{} {}", c.0, c.1.replace(" PRIMARY KEY", " NOT NULL"))),
        );
        columns.extend(register.columns().iter().map(|c| format!("{} {}", quoted(&c.name), c.storage.sql())));
        columns.push("_until INTEGER NOT NULL".to_string());
        statements.push(format!("CREATE TABLE {} ({}) STRICT", quoted(&past_name(&register.name)), columns.join(", ")));
        for field in &register.fields {
            let Some(values) = child_columns(field) else { continue };
            let mut columns =
                vec!["_id INTEGER NOT NULL".to_string(), "position INTEGER NOT NULL".to_string(), "_seq INTEGER NOT NULL".to_string()];
            columns.extend(values.iter().map(|(name, storage, _)| format!("{} {}", quoted(name), storage.sql())));
            columns.push("_until INTEGER NOT NULL".to_string());
            columns.push("PRIMARY KEY (_id, position, _seq)".to_string());
            let name = past_name(&child_name(&register.name, &field.name));
            statements.push(format!("CREATE TABLE {} ({}) STRICT, WITHOUT ROWID", quoted(&name), columns.join(", ")));
        }
    }
    statements
}

/// An index of the head.
#[derive(Debug)]
pub(super) struct Index {
    pub name: String,
    pub table: String,
    columns: String,
    /// Needed to check and apply events; the others may be missing while many records are loaded.
    pub vital: bool,
}

impl Index {
    pub fn create(&self) -> String {
        format!("CREATE INDEX {} ON {} ({})", quoted(&self.name), quoted(&self.table), self.columns)
    }
}

/// Indexes of present and superseded rows.
pub(super) fn indexes(pack: &Pack) -> Vec<Index> {
    let mut indexes = vec![];
    for register in pack.registers.values() {
        let past = past_name(&register.name);
        let mut add = |name: &str, columns: &str, of_past: bool, vital: bool| {
            let table = if of_past { &past } else { &register.name };
            indexes.push(Index { name: format!("_by_{table}_{name}"), table: table.clone(), columns: columns.to_string(), vital });
        };
        add("_seq", "_seq", false, false);
        add("_id", "_id", true, true);
        add("_until", "_until", true, false);
        if register.number.is_some() {
            add("_number", "_number", false, true);
        }
        if register.key.len() > 1 {
            add("_key", &register.key.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", "), false, true);
        }
        for column in indexed_columns(register) {
            let key = register.key == [column.as_str()] || register.field(&column).is_some_and(|f| f.unique);
            add(&column, &quoted(&column), false, key);
            add(&column, &quoted(&column), true, false);
        }
    }
    indexes
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

/// What the tables of the head depend on. Labels are left out: a new wording needs no new head.
pub(super) fn signature(pack: &Pack) -> String {
    let mut sha = Sha256::new();
    let mut line = |text: &str| {
        sha.update(text.as_bytes());
        sha.update(b"\n");
    };
    line(&format!("{VERSION} {}", pack.meta.fiscal_year_start));
    for statement in tables(pack) {
        statement.lines().for_each(|l| line(l.split(" -- ").next().unwrap_or(l)));
    }
    tables_of_the_past(pack).iter().for_each(|statement| line(statement));
    indexes(pack).iter().for_each(|index| line(&index.create()));
    for field in pack.registers.values().flat_map(|r| &r.fields) {
        if let FieldKind::Derived { sql, .. } = &field.kind {
            line(sql);
        }
    }
    shirube_record::hex(&sha.finalize())
}
