//! Makes a log and its attached files from a backup.
//!
//! The log is made aside (`restoring/` in the folder) or within one transaction of the server, verified there, and
//! comes to its place by the last step. Attached files come before: without a log they are found by nobody.

use super::{
    Archive, BackupError, Manifest, Tell,
    named::Named,
    read::{Hears, walk},
};
use crate::{
    LogPlace, Place, StoreError, VerifyReport,
    error::file_error,
    files::Files,
    log::{Log, LogError, Row, Which},
    pack_mark,
    store::lock,
    trail::{self, Copying},
    verify,
};
use jiff::Timestamp;
use shirube_plan::Pack;
use shirube_record::{Body, Event, EventKind, hex};
use shirube_snapshot::AsOf;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folder within the data folder that stands while a restore is under way.
const RESTORING: &str = "restoring";

/// How a backup is restored.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'p> {
    /// The pack of the log; it says which columns name files.
    pub pack: &'p Pack,
    /// Events after this moment are left out.
    pub until: AsOf,
    /// The log that the backup was made of: what was redacted in it since is redacted in what is restored.
    pub redactions_from: Option<(&'p Path, &'p LogPlace)>,
}

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// The log as it is now.
    pub report: VerifyReport,
    /// Events of the backup that are in it.
    pub kept: i64,
    /// Redactions that came later and were carried over: they follow the events that were kept.
    pub redacted: usize,
    /// Attached files that are in it.
    pub files: usize,
}

/// Refuses a folder whose restore was cut off, for it would begin with an empty log.
pub(crate) fn refuse_unfinished(folder: &Path) -> Result<(), StoreError> {
    if folder.join(RESTORING).exists() && !folder.join("log.db").exists() {
        return Err(BackupError::Unfinished { folder: folder.display().to_string() }.into());
    }
    Ok(())
}

/// Restores a backup where there is no log yet.
pub(super) fn run(
    from: &Archive,
    (folder, place): (&Path, &Place),
    how: &Restore<'_>,
    progress: &Tell<'_>,
) -> Result<Restored, StoreError> {
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    let _lock = lock(folder)?;
    // A head that is left of another log would say that this one was cut off.
    for name in ["log.db", "head.db", "trail.db"] {
        let path = folder.join(name);
        if path.exists() {
            return Err(BackupError::Occupied(path.display().to_string()).into());
        }
    }
    let aside = Aside::begin(folder, &place.log)?;
    let mut log = place.log.open(&aside.path)?;
    let trail = Copying::begin(place.log.trail(&aside.path)?, &place.log.describe(folder))?;
    log.begin()?;
    let result = empty(&log, &place.log.describe(folder))
        .and_then(|()| Files::open(folder, &place.files))
        .and_then(|files| fill((log.as_mut(), trail), &files, from, folder, how, progress));
    let restored = match result {
        Ok(restored) => restored,
        Err(error) => {
            log.rollback()?;
            return Err(error);
        }
    };
    let whole = restored.kept == restored.manifest.last_seq;
    if whole && !restored.manifest.pack.digest.is_empty() {
        pack_mark::write(folder, &restored.manifest.pack)?;
    }
    aside.complete(log)?;
    Ok(restored)
}

fn empty(log: &Log, place: &str) -> Result<(), StoreError> {
    let events = log.last().seq;
    if events > 0 { Err(LogError::NotEmpty { place: place.to_string(), events }.into()) } else { Ok(()) }
}

/// The place where the log is made, and the step that brings it where it is looked for.
struct Aside<'p> {
    folder: &'p Path,
    place: &'p LogPlace,
    path: PathBuf,
}

impl<'p> Aside<'p> {
    fn begin(folder: &'p Path, place: &'p LogPlace) -> Result<Aside<'p>, StoreError> {
        let path = folder.join(RESTORING);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(file_error(&path))?;
        }
        fs::create_dir(&path).map_err(file_error(&path))?;
        Ok(Aside { folder, place, path })
    }

    fn complete(&self, mut log: Log) -> Result<(), StoreError> {
        let sync = |path: &Path| fs::File::open(path).and_then(|file| file.sync_all()).map_err(file_error(path));
        match self.place {
            LogPlace::Folder => {
                log.commit()?;
                log.checkpoint()?;
                // Whoever closes the log last leaves one file.
                drop(log);
                // The log last: with it the folder is in use.
                for name in ["trail.db", "log.db"] {
                    let (made, to) = (self.path.join(name), self.folder.join(name));
                    sync(&made)?;
                    fs::rename(&made, &to).map_err(file_error(&to))?;
                    sync(self.folder)?;
                }
                Ok(())
            }
            LogPlace::Postgres(_) => {
                fs::remove_dir_all(&self.path).map_err(file_error(&self.path))?;
                log.commit()
            }
        }
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Copies and proves; commits nothing.
fn fill(
    (log, trail): (&mut dyn crate::log::EventLog, Copying),
    files: &Files,
    from: &Archive,
    folder: &Path,
    how: &Restore<'_>,
    progress: &Tell<'_>,
) -> Result<Restored, StoreError> {
    let mut filling = Filling { log, trail, files, how, folder, kept: 0, first: None, later: vec![] };
    let (manifest, proved) = walk(from, &mut filling, progress)?;
    let Filling { log, trail, kept, first, mut later, .. } = filling;
    if kept == 0 || matches!(how.until, AsOf::Seq(seq) if seq > manifest.last_seq) || is_to_come(how.until, &manifest) {
        let first = first.and_then(|at| Timestamp::from_millisecond(at).ok()).map(|at| at.to_string()).unwrap_or_default();
        return Err(BackupError::OutOfReach { first, last: manifest.last_seq, taken: manifest.taken_at }.into());
    }
    if let Some(source) = how.redactions_from {
        since(source, &manifest, kept, &mut later)?;
    }
    let redacted = later.len();
    for (event, scope) in later {
        let record = event.record;
        let at = event.at.max(log.last().at);
        log.append(Event { seq: log.last().seq + 1, at, ..event })?;
        log.erase(record, scope)?;
    }
    log.flush()?;
    // Who read what stays so, whatever moment is restored; it is read by nobody before the log is there.
    trail.end()?;
    let report = verify::chain_of(log)?;
    let same = redacted > 0 || kept < manifest.last_seq || report == proved;
    if let (false, _) | (_, Some(_)) = (same, report.problems.first()) {
        return Err(LogError::Differs { place: folder.display().to_string() }.into());
    }
    let mut held = manifest.files.len();
    if redacted > 0 || kept < manifest.last_seq {
        let mut named = Named::default();
        log.rows(Which::After(0), &mut |seq, row| named.hear(how.pack, &row.map_err(|what| StoreError::Unreadable { seq, what })?))?;
        for file in manifest.files.iter().filter(|file| !named.has(&file.sha256)) {
            files.remove(&file.sha256)?;
            held -= 1;
        }
    }
    Ok(Restored { manifest, report, kept, redacted, files: held })
}

/// A moment after the backup was taken: what happened then is not in it.
fn is_to_come(until: AsOf, manifest: &Manifest) -> bool {
    let taken = manifest.taken_at.parse::<Timestamp>().map_or(i64::MAX, |taken| taken.as_millisecond());
    matches!(until, AsOf::At(ms) if ms > taken)
}

/// Takes in what is heard of a backup.
struct Filling<'f> {
    log: &'f mut dyn crate::log::EventLog,
    trail: Copying,
    files: &'f Files,
    how: &'f Restore<'f>,
    folder: &'f Path,
    /// Last event that is kept.
    kept: i64,
    /// When the first event was.
    first: Option<i64>,
    /// Redactions of what is kept that come after it. Their payloads are gone already, and the log must say why.
    later: Vec<(Event, shirube_record::Scope)>,
}

impl Hears for Filling<'_> {
    fn manifest(&mut self, manifest: &Manifest) -> Result<(), StoreError> {
        let given = &self.how.pack.meta.id;
        if manifest.pack.id != *given {
            let (folder, holds) = (self.folder.display().to_string(), manifest.pack.id.clone());
            return Err(StoreError::OtherPack { folder, holds, given: given.clone() });
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let event = &row.event;
        self.first.get_or_insert(event.at);
        let within = match self.how.until {
            AsOf::Head => true,
            AsOf::At(ms) => event.at <= ms,
            AsOf::Seq(seq) => event.seq <= seq,
        };
        if within {
            self.kept = event.seq;
            return self.log.put(row);
        }
        self.later.extend(redaction_of(row, self.kept)?);
        Ok(())
    }

    fn reading(&mut self, row: trail::Row) -> Result<(), StoreError> {
        self.trail.take(row)
    }

    fn file(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.files.keep(bytes)?;
        // A server ends a transaction that says nothing for minutes, as long as files may take.
        self.log.hash_of(1).map(drop)
    }
}

/// A redaction of a record that is kept, as an event to be appended.
fn redaction_of(row: &Row<'_>, kept: i64) -> Result<Option<(Event, shirube_record::Scope)>, StoreError> {
    if row.event.kind != EventKind::Redact || row.event.record > kept {
        return Ok(None);
    }
    let Some(body) = row.body.map(Body::decode).transpose()? else { return Ok(None) };
    let Some(scope) = body.scope else { return Ok(None) };
    Ok(Some((Event { body: Some(body), ..row.event.clone() }, scope)))
}

/// Redactions in the log the backup was made of that came after the backup.
fn since(
    (folder, place): (&Path, &LogPlace),
    manifest: &Manifest,
    kept: i64,
    later: &mut Vec<(Event, shirube_record::Scope)>,
) -> Result<(), StoreError> {
    if matches!(place, LogPlace::Folder) && !folder.join("log.db").exists() {
        return Err(LogError::Absent { place: place.describe(folder) }.into());
    }
    let mut log = place.reader(folder)?;
    log.moment()?;
    if log.hash_of(manifest.last_seq)?.map(|hash| hex(&hash)).as_ref() != Some(&manifest.last_hash) {
        return Err(BackupError::OtherLog(place.describe(folder)).into());
    }
    log.rows(Which::RedactionsAfter(manifest.last_seq), &mut |seq, row| {
        later.extend(redaction_of(&row.map_err(|what| StoreError::Unreadable { seq, what })?, kept)?);
        Ok(())
    })
}
