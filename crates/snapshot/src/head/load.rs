//! Loading many records: indexes are left out meanwhile and made at the end, which costs a fraction.

use super::{
    Head, HeadError,
    indexes::{bring_up, indexes},
};
use crate::schema::{past_name, quoted};
use std::collections::BTreeMap;

/// Fewer new rows than this are not worth it.
const MANY: i64 = 5000;
/// Kibibytes of pages that the head keeps in memory …
pub(super) const KIB: i64 = 65_536;
/// … and while indexes are left out: what is sorted for them takes as much before it needs files.
const KIB_LOADING: i64 = 262_144;

/// What a batch will do to one register.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Records it creates.
    pub created: i64,
    /// Versions it supersedes.
    pub superseded: i64,
}

impl Head {
    /// Prepares the running batch for so many changes by register. [`Head::commit`] makes whole again what this leaves
    /// out; so does a rollback.
    pub fn expect(&mut self, changes: &BTreeMap<String, Expected>) -> Result<(), HeadError> {
        for (register, expected) in changes {
            if !self.layouts.contains_key(register) {
                continue;
            }
            for (table, rows) in [(register.clone(), expected.created), (past_name(register), expected.superseded)] {
                if rows >= MANY && self.has_fewer_rows(&table, rows * 2)? {
                    self.drop_indexes(&table)?;
                }
            }
        }
        Ok(())
    }

    fn has_fewer_rows(&self, table: &str, than: i64) -> Result<bool, HeadError> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT ?1)", quoted(table));
        Ok(self.connection.query_row(&sql, [than], |r| r.get::<_, i64>(0))? < than)
    }

    /// Leaves out the indexes of all tables until [`Head::end_load`]: the log is about to be replayed.
    pub fn begin_load(&mut self) -> Result<(), HeadError> {
        let registers: Vec<String> = self.layouts.keys().cloned().collect();
        for register in registers {
            self.drop_indexes(&register)?;
            self.drop_indexes(&past_name(&register))?;
        }
        self.loading = true;
        Ok(())
    }

    /// Makes the indexes that are missing, within the running batch.
    pub fn end_load(&mut self) -> Result<(), HeadError> {
        self.loading = false;
        self.make_indexes()
    }

    fn drop_indexes(&mut self, table: &str) -> Result<(), HeadError> {
        self.connection.pragma_update(None, "cache_size", -KIB_LOADING)?;
        for index in indexes(&self.pack).iter().filter(|i| i.table == table && !i.vital) {
            self.connection.execute_batch(&format!("DROP INDEX IF EXISTS {}", quoted(&index.name)))?;
        }
        self.indexes_missing = true;
        Ok(())
    }

    /// Whether the running batch left out indexes that its commit would have to make.
    pub fn lacks_indexes(&self) -> bool {
        self.indexes_missing && !self.loading
    }

    /// Makes the indexes that are missing.
    pub fn make_indexes(&mut self) -> Result<(), HeadError> {
        bring_up(&self.connection, &self.pack)?;
        self.connection.pragma_update(None, "cache_size", -KIB)?;
        self.indexes_missing = false;
        Ok(())
    }
}
