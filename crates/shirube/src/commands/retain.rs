//! `shirube retain`: what the pack keeps no longer is dropped.

use super::counted;
use crate::Place;
use crate::failure::Failure;
use crate::office::Office;
use shirube_store::{Actor, StoreError};
use std::process::ExitCode;

/// Tells what is over, and drops it if it is said so.
pub fn run(place: &Place, now: bool) -> Result<ExitCode, Failure> {
    place.has_log()?;
    let office = Office::open(place).inspect_err(|failure| {
        if matches!(failure, Failure::Store(error) if matches!(**error, StoreError::InUse(_))) {
            eprintln!("shirube: note: a running portal does it for its owners: GET, and POST {{\"now\": true}}, at /api/v1/retention");
        }
    })?;
    let found = office.store.retain(&Actor::owner().asking("shirube retain", None), !now)?;
    for over in &found.readings {
        say!("{}: {}", over.register, counted(over.entries, "reading", "readings"));
    }
    for (register, records) in &found.records {
        say!("{register}: personal fields of {}", counted(records.len(), "record", "records"));
    }
    match (found.readings.is_empty() && found.records.is_empty(), now) {
        (true, _) => say!("nothing is over"),
        (false, true) => say!("dropped for good"),
        (false, false) => say!("nothing was dropped: add --now to do it, it cannot be taken back"),
    }
    Ok(ExitCode::SUCCESS)
}
