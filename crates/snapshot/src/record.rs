//! Records as readers see them.

use crate::{
    Snapshot, SnapshotError,
    layout::Layout,
    rows::{complete, state},
    schema::quoted,
};
use rusqlite::OptionalExtension;
use shirube_record::{Content, Origin, RecordState};

/// A record of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Identifier, never reused.
    pub id: i64,
    /// Register.
    pub register: String,
    /// Number by the register's scheme.
    pub number: Option<String>,
    /// Lifecycle state.
    pub state: Option<String>,
    /// Version.
    pub version: i64,
    /// Event that made this version.
    pub seq: i64,
    /// When it was created (milliseconds since the epoch, UTC).
    pub created_at: i64,
    /// When it last changed (milliseconds since the epoch, UTC).
    pub updated_at: i64,
    /// Where it was transcribed from.
    pub origin: Origin,
    /// Values by column, derived columns among them.
    pub content: Content,
}

impl Record {
    pub(crate) fn new(register: &str, state: RecordState) -> Record {
        Record {
            id: state.id,
            register: register.to_string(),
            number: state.number,
            state: state.state,
            version: state.version,
            seq: state.seq,
            created_at: state.created_at,
            updated_at: state.updated_at,
            origin: state.origin,
            content: state.content,
        }
    }
}

impl Snapshot {
    /// A record by its identifier; none if the register has no such record at this moment.
    pub fn record(&self, register: &str, id: i64) -> Result<Option<Record>, SnapshotError> {
        let layout = self.layout(register)?;
        let sql = format!("SELECT {} FROM {} WHERE _id = ?1", layout.all, quoted(register));
        let mut statement = self.connection().prepare_cached(&sql)?;
        let Some((mut found, missing)) = statement.query_row([id], |row| state(&layout, row, true)).optional()? else { return Ok(None) };
        complete(self.connection(), &layout, &mut found, missing.as_deref())?;
        Ok(Some(Record::new(register, found)))
    }

    pub(crate) fn layout(&self, register: &str) -> Result<std::sync::Arc<Layout>, SnapshotError> {
        self.layouts.get(register).cloned().ok_or_else(|| SnapshotError::NoSuchRegister(register.to_string()))
    }
}
