//! `shirube snapshot`: the registers of a moment as one SQLite file.

use crate::Place;
use crate::failure::Failure;
use crate::office::{Office, moment};
use shirube_store::Actor;
use std::path::Path;
use std::process::ExitCode;

/// Writes the file and prints what it holds.
pub fn run(place: &Place, as_of: Option<&str>, out: &Path) -> Result<ExitCode, Failure> {
    if out.exists() {
        return Err(Failure::Misuse(format!("{} exists: name a new file", out.display())));
    }
    let office = Office::open(place)?;
    let info = office.store.snapshot_to(&Actor::owner().asking("shirube snapshot", None), moment(as_of)?, out)?;
    say!("{}: event {}, content {}", out.display(), info.moment.seq, info.sha256);
    Ok(ExitCode::SUCCESS)
}
