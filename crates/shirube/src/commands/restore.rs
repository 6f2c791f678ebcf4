//! `shirube restore`: a log and its attached files from a backup.

use super::backup::{archive, tell, teller};
use super::counted;
use crate::Place;
use crate::failure::Failure;
use crate::office::{self, moment};
use clap::Args;
use shirube_store::{Actor, LogPlace, Restore, Store, StoreError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How a backup is restored.
#[derive(Args)]
pub struct How {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// File with the secret key (AGE-SECRET-KEY-1…)
    #[arg(long)]
    identity: Option<PathBuf>,
    /// Leave out what happened after this moment: YYYY-MM-DD, RFC 3339 or seq:N
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// The log the backup was made of (data folder or postgresql://…): what was redacted in it since is redacted here
    #[arg(long, value_name = "FOLDER|URL")]
    redactions_from: Option<String>,
}

/// Restores and says what is there now.
pub fn run(place: &Place, how: How) -> Result<ExitCode, Failure> {
    let until = moment(how.until.as_deref())?;
    let pack = office::pack(place)?;
    let archive = archive(how.from, how.identity.as_deref())?;
    let folder = PathBuf::from(how.redactions_from.clone().unwrap_or_default());
    let server = how.redactions_from.as_deref().and_then(LogPlace::url).transpose().map_err(StoreError::Log)?.unwrap_or_default();
    let redactions_from = how.redactions_from.is_some().then_some((folder.as_path() as &Path, &server));
    let asked = Restore { pack: &pack, until, redactions_from };
    let restored = Store::restore(&archive, (&place.data, &place.store()), &asked, &Actor::owner(), &teller())?;
    tell(&restored.manifest)?;
    let (events, files) = (counted(restored.kept, "event", "events"), counted(restored.files, "attached file", "attached files"));
    say!("{events} and {files} restored");
    if restored.redacted > 0 {
        let follow = counted(restored.redacted, "later redaction follows", "later redactions follow");
        say!("{follow} them, so that what was erased stays erased");
    }
    let report = &restored.report;
    say!("{}, {} redacted, last hash {}", counted(report.events, "event", "events"), report.redacted, report.last_hash);
    if redactions_from.is_none() {
        let taken = &restored.manifest.taken_at;
        say!(
            "note: if anything was redacted after {taken}, it is here again: redact it, or restore with --redactions-from where the log still is"
        );
    }
    say!("note: passwords and authenticator apps are not in a backup: where accounts are on, the next start prints a link for an owner");
    Ok(ExitCode::SUCCESS)
}
