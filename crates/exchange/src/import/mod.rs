//! Files in: rows of a CSV, TSV or XLSX file become records of a register, all or none.
//!
//! [`prepare`] reads and checks a whole file against a snapshot and says what would happen; it writes nothing.
//! [`run`] does it, in one transaction. Existing records are found by natural key or number; one that the file
//! does not change is left alone, columns that the file lacks stay as they are.

mod cells;
mod columns;
mod errors;
mod lookup;
mod merge;
mod mistake;
mod pipeline;
mod row;
mod run;

pub(crate) use cells::state;
pub(crate) use columns::{Headings, places};
pub use errors::error_file;
pub use mistake::{CellMistake, HeaderMistake, RowError};
pub use run::{Imported, run};

use crate::export::ExportError;
use crate::sheet::{self, Format, SheetError, SheetOptions};
use crate::{Cancelled, Progress};
use columns::Columns;
use shirube_plan::Pair;
use shirube_snapshot::{RuleError, Snapshot, SnapshotError};
use shirube_store::{Actor, Batch, BatchError};
use std::collections::BTreeMap;

/// How to import a file.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// How to read it.
    pub sheet: SheetOptions,
    /// Headings of the file that are not found by themselves: heading to column name, or to nothing to skip it.
    pub mapping: BTreeMap<String, String>,
    /// Why existing records are changed; goes into their history.
    pub reason: Option<String>,
    /// How many mistakes are listed; the rest is counted.
    pub max_errors: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions { sheet: SheetOptions::default(), mapping: BTreeMap::new(), reason: None, max_errors: 10_000 }
    }
}

/// A file that cannot be imported at all. Mistakes of rows are [`RowError`]s.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The pack declares no such register.
    #[error("the pack has no register `{0}`")]
    NoSuchRegister(String),
    /// No heading is known.
    #[error("row {row} is no header: none of its cells is a column of register “{}”; write column labels or names there: {}", register.en, columns.iter().map(|c| c.en.as_str()).collect::<Vec<_>>().join(", "))]
    NoHeader {
        /// Row that was taken for the header.
        row: usize,
        /// Label of the register.
        register: Pair,
        /// Its columns: labels, with names in brackets.
        columns: Vec<Pair>,
    },
    /// An import is made against the present, not an earlier moment.
    #[error("an import is checked against the present; open the reader at the head")]
    NotTheHead,
    /// The prepared file has mistakes; nothing was written.
    #[error("{count} {} in the file; nothing was written", if *count == 1 { "mistake" } else { "mistakes" })]
    Mistakes {
        /// How many.
        count: usize,
        /// The first of them.
        errors: Vec<RowError>,
    },
    /// Reading the register failed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The pack's SQL fails on a row.
    #[error(transparent)]
    Rule(Box<RuleError>),
    /// The store refused the batch for a reason that is no row's mistake.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Writing the error file failed.
    #[error(transparent)]
    Export(Box<ExportError>),
    /// Existing records would change and nobody said why.
    #[error("{count} existing {} would change: say why, with --reason", if *count == 1 { "record" } else { "records" })]
    ReasonRequired {
        /// How many.
        count: u64,
    },
    /// Cancelled by the one who asked for it.
    #[error("cancelled; nothing was written")]
    Cancelled,
}

impl From<ExportError> for ImportError {
    fn from(error: ExportError) -> Self {
        ImportError::Export(Box::new(error))
    }
}

impl From<RuleError> for ImportError {
    fn from(error: RuleError) -> Self {
        ImportError::Rule(Box::new(error))
    }
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        ImportError::Snapshot(SnapshotError::Sqlite(error))
    }
}

impl From<Cancelled> for ImportError {
    fn from(_: Cancelled) -> Self {
        ImportError::Cancelled
    }
}

/// A file that was read and checked: what will happen, and what is wrong.
#[derive(Debug)]
pub struct Prepared {
    /// The register.
    pub register: String,
    /// What the file turned out to be.
    pub format: Format,
    /// Row of the header, from 1.
    pub header_row: usize,
    /// Headings of the file and the columns they were matched to; none where the column is skipped.
    pub columns: Vec<(String, Option<String>)>,
    /// Columns of the file that are not imported though they may hold something: where they stand, from 1, and their
    /// headings, blank for those that have values and no heading. Those that the register computes and those that an
    /// export adds are not among them.
    pub left_out: Vec<(usize, String)>,
    /// Columns that the file has not and new records must have: labels, with names in brackets.
    pub lacking: Vec<Pair>,
    /// What will happen.
    pub plan: Plan,
    /// Mistakes by row, at most [`ImportOptions::max_errors`] of them. Nothing can be imported while there is one.
    pub errors: Vec<RowError>,
    /// How many mistakes there are.
    pub error_count: usize,
    batch: Batch,
    /// Row of each command.
    rows: Vec<u32>,
    /// Somebody said why existing records change.
    reasoned: bool,
}

/// What an import will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows with data.
    pub rows: u64,
    /// New records.
    pub create: u64,
    /// Records that change.
    pub amend: u64,
    /// Records that are as the file says already.
    pub unchanged: u64,
    /// Rows with a mistake.
    pub wrong: u64,
}

/// Reads and checks a file. Nothing is written; `snapshot` must show the head.
///
/// The policies are asked as [`run`] asks them: rows that `actor` may not write are mistakes, and records that they may
/// not read are not told of. Columns that they may not see count where records are judged, so `snapshot` may be narrowed
/// and rows are checked on whole records all the same.
///
/// `progress` hears how much of the file is read, in the file's own unit, with the total if it is known.
pub fn prepare(
    snapshot: &Snapshot,
    actor: &Actor,
    register: &str,
    bytes: &[u8],
    options: &ImportOptions,
    progress: Progress,
) -> Result<Prepared, ImportError> {
    let pack = snapshot.pack().clone();
    let Some(register) = pack.registers.get(register) else { return Err(ImportError::NoSuchRegister(register.to_owned())) };
    if *snapshot.as_of() != shirube_snapshot::AsOf::Head {
        return Err(ImportError::NotTheHead);
    }
    let headings = Headings::new(register, &options.mapping);
    sheet::read(bytes, &options.sheet, &|text| headings.knows(text), |head, rows| {
        let columns = Columns::new(&headings, &head.header);
        if columns.nothing_known() {
            return Err(ImportError::NoHeader { row: head.header.number(), register: register.label.clone(), columns: headings.all() });
        }
        let file = row::File { register, pack: &pack, columns: &columns, reason: options.reason.as_deref(), actor };
        let merged = pipeline::run(snapshot, file, options, rows, progress)?;
        let reasoned = options.reason.as_deref().is_some_and(|r| !r.trim().is_empty());
        Ok(Prepared { reasoned, ..merged.finish(head.format, head.header.number()) })
    })
}

/// How often progress is told, in rows.
const STEP: u64 = 1000;
