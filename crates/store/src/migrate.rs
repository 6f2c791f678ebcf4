//! Moves a log from one keeper to another, event by event as it is: the last hash stays the same.

use crate::{
    LogPlace, StoreError, VerifyReport,
    error::file_error,
    files::{Files, FilesPlace},
    log::{Log, LogError, Which},
    store::lock,
    trail, verify,
};
use std::{fs, path::Path};

/// Where a log is moved to.
#[derive(Clone, Debug)]
pub enum Target<'p> {
    /// A PostgreSQL database.
    Server(&'p LogPlace),
    /// A data folder, which gets the attached files, too.
    Folder(&'p Path),
}

/// Copies the log of a data folder (at `from`) to where there is none. All or nothing: the copy is verified before it
/// is committed, and writers wait meanwhile.
pub(crate) fn run(folder: &Path, from: &LogPlace, to: &Target<'_>) -> Result<VerifyReport, StoreError> {
    let source = from.describe(folder);
    if matches!(from, LogPlace::Folder) && !folder.join("log.db").exists() {
        return Err(LogError::Absent { place: source }.into());
    }
    let _lock = lock(folder)?;
    let (to, home) = match to {
        Target::Server(place) => ((*place).clone(), folder),
        Target::Folder(home) => (LogPlace::Folder, *home),
    };
    fs::create_dir_all(home).map_err(file_error(home))?;
    let same_folder = fs::canonicalize(home).ok() == fs::canonicalize(folder).ok();
    let _target_lock = if same_folder { None } else { Some(lock(home)?) };
    let mut log = from.open(folder)?;
    let mut copy = to.open(home)?;
    let place = to.describe(home);
    empty(copy.last().seq, &place)?;
    log.begin()?;
    let result = whole(&mut log, &mut copy, &source, &place).and_then(|report| {
        // Without a log the trail is read by nobody; a second try finds it there.
        trail::copy(from.trail_reader(folder)?, to.trail(home)?, &place)?;
        if !same_folder {
            attached(folder, home)?;
        }
        copy.commit()?;
        Ok(report)
    });
    log.rollback()?;
    if result.is_err() {
        copy.rollback()?;
    }
    result
}

fn empty(events: i64, place: &str) -> Result<(), LogError> {
    if events > 0 { Err(LogError::NotEmpty { place: place.to_string(), events }) } else { Ok(()) }
}

/// Copies every row and verifies both sides.
fn whole(log: &mut Log, copy: &mut Log, source: &str, place: &str) -> Result<VerifyReport, StoreError> {
    let report = verify::chain_of(&**log)?;
    if let Some(problem) = report.problems.first() {
        return Err(LogError::Broken { place: source.to_string(), problem: problem.to_string() }.into());
    }
    copy.begin()?;
    // Someone may have come first.
    empty(copy.last().seq, place)?;
    log.rows(Which::After(0), &mut |seq, row| copy.put(&row.map_err(|what| StoreError::Unreadable { seq, what })?))?;
    copy.flush()?;
    if verify::chain_of(&**copy)? != report {
        return Err(LogError::Differs { place: place.to_string() }.into());
    }
    Ok(report)
}

fn attached(from: &Path, to: &Path) -> Result<(), StoreError> {
    let (from, to) = (Files::open(from, &FilesPlace::Folder)?, Files::open(to, &FilesPlace::Folder)?);
    for sha in from.all()? {
        to.keep(&from.read(&sha)?)?;
    }
    Ok(())
}
