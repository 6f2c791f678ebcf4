//! `shirube migrate-store`: the event log from the data folder to PostgreSQL, or back; `shirube migrate-format`: its tables
//! from one format to another.

use super::counted;
use crate::Place;
use crate::failure::Failure;
use shirube_store::{Actor, LogPlace, Store, StoreError, Target};
use std::path::Path;
use std::process::ExitCode;

/// Copies the log and says what `verify` says of both.
pub fn run(place: &Place, to: &str) -> Result<ExitCode, Failure> {
    let server = LogPlace::url(to).transpose().map_err(StoreError::Log)?;
    let target = server.as_ref().map_or_else(|| Target::Folder(Path::new(to)), Target::Server);
    let report = Store::migrate(&place.data, &place.log, &target, &Actor::owner())?;
    say!("{}, {} redacted, last hash {}", counted(report.events, "event", "events"), report.redacted, report.last_hash);
    match target {
        Target::Server(_) => say!("moved; start with SHIRUBE_DATABASE or --database naming the database, and keep the data folder"),
        Target::Folder(folder) => say!("moved; start with --data {} and without SHIRUBE_DATABASE", folder.display()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes up a log that was moved.
pub fn take_up(place: &Place) -> Result<ExitCode, Failure> {
    let moved = Store::take_up(&place.data, &place.log, &Actor::owner())?;
    say!("{} was {moved}", place.log.describe(&place.data));
    say!("it is in use again; what was written there since is not in it");
    Ok(ExitCode::SUCCESS)
}

/// Brings the tables to a format.
pub fn format(place: &Place, to: Option<i64>) -> Result<ExitCode, Failure> {
    let (from, to) = Store::migrate_format(&place.data, &place.log, to, &Actor::owner())?;
    let log = place.log.describe(&place.data);
    if from == to {
        say!("{log} has format {to}, as before")
    } else {
        say!("{log} has format {to} now; it had {from}")
    }
    Ok(ExitCode::SUCCESS)
}
