//! A store of the small pack, and short ways to use it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub use crate::entry::pack;
use shirube_exchange::import::{self, ImportError, ImportOptions, Imported, Prepared};
use shirube_snapshot::{AsOf, Record};
use shirube_store::{Actor, Reader, Store};

/// A store in a folder of its own.
pub struct House {
    pub store: Store,
    _folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        House { store: Store::open(folder.path(), pack()).unwrap(), _folder: folder }
    }

    pub fn reader(&self) -> Reader {
        self.store.reader(&Actor::owner(), AsOf::Head).unwrap()
    }

    pub fn prepare_with(&self, register: &str, bytes: &[u8], options: &ImportOptions) -> Result<Prepared, ImportError> {
        self.prepare_by(&Actor::owner(), register, bytes, options)
    }

    pub fn prepare_by(&self, actor: &Actor, register: &str, bytes: &[u8], options: &ImportOptions) -> Result<Prepared, ImportError> {
        import::prepare(&self.reader(), actor, register, bytes, options, &shirube_exchange::silent)
    }

    pub fn prepare(&self, register: &str, bytes: impl AsRef<[u8]>) -> Prepared {
        let options = ImportOptions { reason: Some("年次の更新".to_owned()), ..ImportOptions::default() };
        self.prepare_with(register, bytes.as_ref(), &options).unwrap()
    }

    /// Imports a file without mistakes.
    pub fn import(&self, register: &str, bytes: impl AsRef<[u8]>) -> Imported {
        let prepared = self.prepare(register, bytes);
        assert_eq!(prepared.errors, []);
        import::run(&self.store, &Actor::owner(), prepared, &shirube_exchange::silent).unwrap()
    }

    pub fn record(&self, register: &str, id: i64) -> Record {
        self.reader().record(register, id).unwrap().unwrap()
    }

    /// All records of a register in the order they were created.
    pub fn records(&self, register: &str) -> Vec<Record> {
        let reader = self.reader();
        let mut statement = reader.connection().prepare(&format!("SELECT _id FROM {register} ORDER BY _id")).unwrap();
        let ids: Vec<i64> = statement.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        ids.into_iter().map(|id| reader.record(register, id).unwrap().unwrap()).collect()
    }
}

/// What each mistake says: row, column, code.
pub fn said(prepared: &Prepared) -> Vec<(usize, &str, &str)> {
    prepared.errors.iter().map(|e| (e.row, e.column.as_deref().unwrap_or(""), e.code)).collect()
}
