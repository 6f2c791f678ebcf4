//! Doing what was prepared.

use super::mistake::RowError;
use super::{ImportError, Plan, Prepared};
use crate::{Progress, tell};
use shirube_store::{Actor, BatchError, Receipt, Store, StoreError};

/// An import that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What was done.
    pub plan: Plan,
    /// One receipt per record created or changed, in the order of the file.
    pub receipts: Vec<Receipt>,
}

/// Imports a prepared file, all or nothing: one transaction of the log.
///
/// `progress` hears how many records are written, of how many; it can cancel until the first is.
///
/// # Errors
/// [`ImportError::Mistakes`] when the file has mistakes, when the actor may not write some of the rows, or when the
/// register changed since it was prepared so that the store refuses rows; [`ImportError::ReasonRequired`] when it
/// changes existing records without saying why. Nothing is written then.
pub fn run(store: &Store, actor: &Actor, prepared: Prepared, progress: Progress) -> Result<Imported, ImportError> {
    if prepared.error_count > 0 {
        return Err(ImportError::Mistakes { count: prepared.error_count, errors: prepared.errors });
    }
    if prepared.plan.amend > 0 && !prepared.reasoned {
        return Err(ImportError::ReasonRequired { count: prepared.plan.amend });
    }
    let total = prepared.batch.len() as u64;
    tell(progress, 0, total)?;
    let rows = prepared.rows;
    let heard = |done: usize| {
        // Half a transaction cannot be kept; the store goes on to its end.
        let _ = progress(done as u64, total);
    };
    let receipts = store.submit_batch(actor, prepared.batch, &heard).map_err(|error| refused(error, &rows))?;
    Ok(Imported { plan: prepared.plan, receipts })
}

/// What the store refuses, by row where it is a row's mistake.
fn refused(error: BatchError, rows: &[u32]) -> ImportError {
    use StoreError as E;
    let of_rows = |e: &E| matches!(e, E::Invalid(_) | E::Denied { .. } | E::VersionConflict { .. } | E::NothingChanged);
    if error.errors.is_empty() || !error.errors.iter().all(|(_, e)| of_rows(e)) {
        return ImportError::Batch(error);
    }
    let mut errors = vec![];
    for (index, refused) in error.errors {
        let row = rows.get(index).map_or(0, |r| *r as usize);
        match refused {
            StoreError::Invalid(mistakes) => errors.extend(mistakes.into_iter().map(|e| {
                let column = (!e.column.is_empty()).then_some(e.column.as_str());
                RowError::field(row, column, "", e.mistake.code(), e.problem, e.mend)
            })),
            StoreError::Denied { .. } => errors.push(RowError::denied(row)),
            _ => errors.push(RowError::changed(row)),
        }
    }
    ImportError::Mistakes { count: errors.len(), errors }
}
