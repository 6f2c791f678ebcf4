//! `shirube verify`: the event chain, proved.

use crate::Place;
use crate::failure::Failure;
use shirube_store::{Actor, LogPlace, Store};
use std::process::ExitCode;

/// Prints the proof or where it breaks; exit 1 when it does. Only reads, so also while the portal has the folder open.
pub fn run(place: &Place) -> Result<ExitCode, Failure> {
    let (from, log) = (&place.log, place.data.join("log.db"));
    if matches!(from, LogPlace::Folder) && !log.exists() {
        return Err(Failure::Misuse(format!("{} is not there: name the data folder with --data", log.display())));
    }
    let report = Store::verify_beside(&place.data, from, &Actor::owner())?;
    for problem in &report.problems {
        say!("{problem}");
    }
    say!("{} events, {} redacted, last hash {}", report.events, report.redacted, report.last_hash);
    say!("{}", if report.is_clean() { "the chain is whole" } else { "the chain is BROKEN" });
    Ok(ExitCode::from(u8::from(!report.is_clean())))
}
