//! Tables of the head beside those of the pack: superseded versions, book-keeping.

use crate::schema::{child_columns, child_name, past_name, quoted, tables};
use sha2::{Digest, Sha256};
use shirube_plan::{FieldKind, Pack};

/// Raised when the fold or these tables change, so that heads are made anew.
const VERSION: u32 = 5;

/// How far the head has come, the times of events, counters, redactions.
pub(super) const BOOK_KEEPING: &str = "
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE _applied (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE _moment (at INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT; -- last event of each millisecond with events
CREATE TABLE _counter (register TEXT NOT NULL, year INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (register, year)) STRICT;
CREATE TABLE _count (register TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
CREATE TABLE _redaction (seq INTEGER PRIMARY KEY, register TEXT NOT NULL, _id INTEGER NOT NULL, whole INTEGER NOT NULL) STRICT;
CREATE INDEX _redaction_id ON _redaction (_id);
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

/// What the tables of the head depend on. Labels are left out: a new wording needs no new head. Nor do indexes, which
/// are made and unmade on their own.
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
    for field in pack.registers.values().flat_map(|r| &r.fields) {
        if let FieldKind::Derived { sql, .. } = &field.kind {
            line(sql);
        }
    }
    shirube_record::hex(&sha.finalize())
}
