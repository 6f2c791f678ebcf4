//! Digest of all content, in an order that does not depend on how it came about.

use crate::schema::quoted;
use rusqlite::{Connection, Result, types::ValueRef};
use sha2::{Digest, Sha256};
use shirube_record::Hash;

/// Tables that hold what the log says, in order of name; the pack's own tables are left out.
pub(crate) fn content_tables(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         AND name NOT IN ('_meta', 'published_figure', 'assumption', 'code', 'plan_node', '_pack_text') ORDER BY name",
    )?;
    statement.query_map([], |r| r.get(0))?.collect()
}

/// SHA-256 over every row of every content table.
pub(crate) fn of(connection: &Connection) -> Result<Hash> {
    let mut sha = Sha256::new();
    for table in content_tables(connection)? {
        rows_into(connection, &table, &mut sha)?;
    }
    Ok(sha.finalize().into())
}

/// Adds the rows of one table, in the order of its primary key.
pub(crate) fn rows_into(connection: &Connection, table: &str, sha: &mut Sha256) -> Result<()> {
    sha.update(table.as_bytes());
    sha.update([0]);
    let mut keys = connection.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")?;
    let keys: Vec<String> = keys.query_map([table], |r| Ok(quoted(&r.get::<_, String>(0)?)))?.collect::<Result<_>>()?;
    let order = if keys.is_empty() { "rowid".to_string() } else { keys.join(", ") };
    let mut statement = connection.prepare(&format!("SELECT * FROM main.{} ORDER BY {order}", quoted(table)))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for i in 0..columns {
            let (tag, bytes): (u8, &[u8]) = match row.get_ref(i)? {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(n) => {
                    sha.update([1]);
                    sha.update(n.to_be_bytes());
                    continue;
                }
                ValueRef::Real(x) => {
                    sha.update([2]);
                    sha.update(x.to_bits().to_be_bytes());
                    continue;
                }
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            sha.update([tag]);
            sha.update((bytes.len() as u64).to_be_bytes());
            sha.update(bytes);
        }
    }
    Ok(())
}
