//! Which records name attached files.

use crate::{
    Head, HeadError, Snapshot, SnapshotError,
    schema::{child_name, past_name, quoted},
};
use shirube_plan::{FieldKind, Pack};
use std::collections::BTreeSet;

/// Tables and columns that hold hashes of attached files.
fn places(pack: &Pack) -> Vec<(String, String)> {
    let column = |field: &str| format!("{field}_sha256");
    let mut places = vec![];
    for register in pack.registers.values() {
        for field in &register.fields {
            match &field.kind {
                FieldKind::Attachment { .. } => places.push((register.name.clone(), column(&field.name))),
                FieldKind::Group { fields } => {
                    let inner = fields.iter().filter(|f| matches!(f.kind, FieldKind::Attachment { .. }));
                    places.extend(inner.map(|f| (child_name(&register.name, &field.name), column(&f.name))));
                }
                _ => {}
            }
        }
    }
    places
}

impl Head {
    /// Whether any record, present or past, refers to this attached file.
    pub fn file_in_use(&self, sha256: &str) -> Result<bool, HeadError> {
        for (table, column) in places(&self.pack) {
            for table in [past_name(&table), table] {
                let sql = format!("SELECT 1 FROM {} WHERE {} = ?1", quoted(&table), quoted(&column));
                if self.connection.prepare_cached(&sql)?.exists([sha256])? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Snapshot {
    /// Whether a record that the reader sees, with the field in it, names this attached file.
    pub fn finds_file(&self, sha256: &str) -> Result<bool, SnapshotError> {
        for (table, column) in places(self.pack()) {
            let sql = format!("SELECT 1 FROM {} WHERE {} = ?1", quoted(&table), quoted(&column));
            if self.connection().prepare_cached(&sql)?.exists([sha256])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All attached files that records name, present and past. Of a head that shows everything.
    pub fn files_named(&self) -> Result<BTreeSet<String>, SnapshotError> {
        let mut named = BTreeSet::new();
        for (table, column) in places(self.pack()) {
            for table in [past_name(&table), table] {
                let sql = format!("SELECT DISTINCT {0} FROM main.{1} WHERE {0} IS NOT NULL", quoted(&column), quoted(&table));
                let mut statement = self.connection().prepare(&sql)?;
                for sha256 in statement.query_map([], |row| row.get::<_, String>(0))? {
                    named.insert(sha256?);
                }
            }
        }
        Ok(named)
    }
}
