//! What can be asked of the store, and its answer.

use shirube_record::{Cell, Content, Origin, Scope};
use std::collections::BTreeMap;

/// A change to be made. Everything in it is checked against the register and the present state of the record.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A new record. A column `_state` begins it in another state than the first (records taken over).
    Create {
        /// Register.
        register: String,
        /// Values by column.
        content: Content,
        /// Where it was transcribed from; default for records entered by hand.
        origin: Origin,
    },
    /// Other values.
    Amend {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// Version the change was made on.
        version: i64,
        /// Changed columns only; `None` makes a column blank.
        content: BTreeMap<String, Option<Cell>>,
        /// Why.
        reason: Option<String>,
    },
    /// Another state of the lifecycle.
    Transition {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// Version the change was made on.
        version: i64,
        /// Name of the transition.
        transition: String,
        /// Columns changed with it; `None` makes a column blank.
        content: BTreeMap<String, Option<Cell>>,
        /// Why.
        reason: Option<String>,
    },
    /// A file for an attachment field.
    Attach {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// Version the change was made on.
        version: i64,
        /// Attachment field.
        field: String,
        /// File name.
        name: String,
        /// Media type (`application/pdf`).
        media: String,
        /// The file.
        bytes: Vec<u8>,
        /// Why.
        reason: Option<String>,
    },
    /// Erasure of payloads, everywhere and for every moment.
    Redact {
        /// Register.
        register: String,
        /// Record.
        record: i64,
        /// What is erased.
        scope: Scope,
        /// Why; required.
        reason: String,
    },
}

impl Command {
    /// The register it concerns.
    pub fn register(&self) -> &str {
        match self {
            Command::Create { register, .. }
            | Command::Amend { register, .. }
            | Command::Transition { register, .. }
            | Command::Attach { register, .. }
            | Command::Redact { register, .. } => register,
        }
    }
}

/// Acknowledgement: the event is on disk and readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The event.
    pub seq: i64,
    /// The record.
    pub record: i64,
    /// Its number, if its register numbers records.
    pub number: Option<String>,
    /// Its version now.
    pub version: i64,
}
