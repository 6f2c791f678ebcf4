//! `shirube verify`: the event chain, proved.

use crate::Place;
use crate::failure::Failure;
use crate::office::Office;
use shirube_store::Actor;
use std::process::ExitCode;

/// Prints the proof or where it breaks; exit 1 when it does.
pub fn run(place: &Place) -> Result<ExitCode, Failure> {
    let office = Office::open(place)?;
    let report = office.store.verify(&Actor::owner())?;
    for problem in &report.problems {
        println!("{problem}");
    }
    println!("{} events, {} redacted, last hash {}", report.events, report.redacted, report.last_hash);
    println!("{}", if report.is_clean() { "the chain is whole" } else { "the chain is BROKEN" });
    Ok(ExitCode::from(u8::from(!report.is_clean())))
}
