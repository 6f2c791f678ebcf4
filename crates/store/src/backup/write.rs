//! Writes a backup.

use super::{
    BackupError, FileEntry, Manifest, Phase, Progress, REPORT, Seal, Tell,
    error::stream_error,
    manifest::{FILES, FORMAT, LOG, MANIFEST, READINGS, put, put_reading},
    named::Named,
};
use crate::{
    Actor, LogPlace, Mark, Place, Store, StoreError, TrailError,
    age::Sealed,
    error::file_error,
    files::Files,
    log::{Log, LogError, Which},
    pack_mark, trail,
    verify::{self, Chain},
};
use jiff::Timestamp;
use shirube_plan::{Pack, Sensitivity};
use shirube_record::EventKind;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// How often it begins again because a redaction took a file away that was still to be copied.
const TRIES: usize = 5;
/// Bytes of a part of the log, about.
const PART: usize = 4 << 20;

/// Writes a backup of a data folder to a new file.
pub(super) fn run(
    (folder, place): (&Path, &Place),
    pack: &Pack,
    (out, seal): (&Path, &Seal),
    actor: &Actor,
    progress: &Tell<'_>,
) -> Result<Manifest, StoreError> {
    if matches!(seal, Seal::Recipients(recipients) if recipients.is_empty()) {
        return Err(BackupError::NoRecipient.into());
    }
    if matches!(place.log, LogPlace::Folder) && !folder.join("log.db").exists() {
        return Err(LogError::Absent { place: place.log.describe(folder) }.into());
    }
    let files = Files::open(folder, &place.files)?;
    let unfinished = Unfinished::begin(out)?;
    for _ in 0..TRIES {
        let mut log = place.log.reader(folder)?;
        pack_mark::refuse_other(folder, &*log, pack)?;
        let mark = Mark::of(folder, &*log)?.unwrap_or_else(|| Mark { id: pack.meta.id.clone(), ..Mark::default() });
        // From here on one moment of the log, whatever is written meanwhile.
        log.moment()?;
        log.refresh()?;
        let mut trail = place.log.trail_reader(folder)?;
        if let Some(trail) = &mut trail {
            trail.moment()?;
        }
        let readings = trail::verify(trail.as_mut())?;
        let (manifest, held) = survey(&log, &files, pack, mark, &place.log.describe(folder), progress)?;
        let manifest = Manifest { readings: readings.entries, last_reading: readings.last_hash.clone(), ..manifest };
        if let Some(problem) = readings.problems.first() {
            return Err(TrailError::Broken(problem.to_string()).into());
        }
        if unfinished.write((log, trail), &files, &manifest, seal, progress)? {
            if let Some(seen) = actor.seen() {
                held.into_iter().for_each(|(register, run)| seen.note_run(&register, manifest.last_seq, Sensitivity::Personal, run));
            }
            Store::settle_beside(folder, &place.log, pack, actor)?;
            unfinished.complete()?;
            return Ok(manifest);
        }
    }
    Err(BackupError::Restless.into())
}

/// Records by register: the first and the last.
type Held = BTreeMap<String, (i64, i64)>;

/// Verifies the moment, for what does not verify would not be restored, and lists what it names and holds.
fn survey(log: &Log, files: &Files, pack: &Pack, mark: Mark, place: &str, progress: &Tell<'_>) -> Result<(Manifest, Held), StoreError> {
    let redactions = verify::redactions(&**log)?;
    let (mut chain, mut named, mut records, of) = (Chain::new(redactions.clone()), Named::default(), Held::new(), log.last().seq);
    log.rows(Which::After(0), &mut |seq, row| {
        chain.hear(seq, row.as_ref().map_err(Clone::clone));
        if let Ok(row) = row {
            named.hear(pack, &row)?;
            if row.event.kind == EventKind::Create {
                records.entry(row.event.register).or_insert((seq, seq)).1 = seq;
            }
        }
        report(progress, Phase::Checking, seq, of);
        Ok(())
    })?;
    let report = chain.end();
    if let Some(problem) = report.problems.first() {
        return Err(LogError::Broken { place: place.to_string(), problem: problem.to_string() }.into());
    }
    let (mut held, mut missing) = (vec![], vec![]);
    for sha256 in named.all() {
        match files.size(&sha256)? {
            Some(size) => held.push(FileEntry { sha256, size }),
            None => missing.push(sha256),
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        pack: mark,
        taken_at: Timestamp::now().to_string(),
        events: report.events,
        last_seq: report.last,
        last_hash: report.last_hash,
        readings: 0,
        last_reading: String::new(),
        redactions,
        files: held,
        missing,
    };
    Ok((manifest, records))
}

pub(super) fn report(progress: &Tell<'_>, phase: Phase, seq: i64, of: i64) {
    if seq % REPORT == 0 {
        progress(Progress { phase, done: seq.unsigned_abs(), of: of.unsigned_abs() });
    }
}

/// The log and the trail of readings.
type Logs = (Log, Option<Box<dyn trail::Keeper>>);

/// The file under another name, until it is whole. What is left of it goes when this goes.
struct Unfinished<'p> {
    out: &'p Path,
    part: PathBuf,
    file: fs::File,
}

impl<'p> Unfinished<'p> {
    fn begin(out: &'p Path) -> Result<Unfinished<'p>, StoreError> {
        if out.exists() {
            return Err(BackupError::Exists(out.display().to_string()).into());
        }
        let mut part = out.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(file_error(&part))?;
        // What a backup that was killed has left is not locked.
        match file.try_lock() {
            Ok(()) => Ok(Unfinished { out, part, file }),
            Err(fs::TryLockError::WouldBlock) => Err(BackupError::BeingWritten(part.display().to_string()).into()),
            Err(fs::TryLockError::Error(error)) => Err(file_error(&part)(error)),
        }
    }

    /// False if an attached file was erased before it was come to.
    fn write(&self, log: Logs, files: &Files, manifest: &Manifest, seal: &Seal, progress: &Tell<'_>) -> Result<bool, StoreError> {
        let failed = stream_error(&self.part);
        self.file.set_len(0).and_then(|()| io::Seek::rewind(&mut &self.file)).map_err(&failed)?;
        let to = BufWriter::with_capacity(1 << 20, &self.file);
        match seal {
            Seal::Plain => {
                let mut tar = Tar::new(to, &self.part);
                let whole = tar.fill(log, files, manifest, progress)?;
                tar.0.into_inner().and_then(|mut to| to.flush()).map_err(&failed)?;
                Ok(whole)
            }
            Seal::Recipients(recipients) => {
                let mut tar = Tar::new(Sealed::new(to, recipients).map_err(&failed)?, &self.part);
                let whole = tar.fill(log, files, manifest, progress)?;
                tar.0.into_inner().and_then(Sealed::finish).and_then(|mut to| to.flush()).map_err(&failed)?;
                Ok(whole)
            }
        }
    }

    /// Brings it to disk and gives it its name.
    fn complete(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(file_error(&self.part))?;
        if self.out.exists() {
            return Err(BackupError::Exists(self.out.display().to_string()).into());
        }
        fs::rename(&self.part, self.out).map_err(file_error(self.out))?;
        let folder = self.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error(folder))
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part);
    }
}

struct Tar<'p, W: Write>(tar::Builder<W>, &'p Path);

impl<'p, W: Write> Tar<'p, W> {
    fn new(to: W, path: &'p Path) -> Tar<'p, W> {
        Tar(tar::Builder::new(to), path)
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(bytes.len() as u64);
        header.set_mtime(Timestamp::now().as_second().unsigned_abs());
        self.0.append_data(&mut header, name, bytes).map_err(stream_error(self.1))
    }

    /// The log is let go before the files are copied, for that may take long.
    fn fill(&mut self, (log, trail): Logs, files: &Files, manifest: &Manifest, progress: &Tell<'_>) -> Result<bool, StoreError> {
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| StoreError::Body(error.into()))?;
        self.add(MANIFEST, &text)?;
        let mut part = Vec::with_capacity(PART + PART / 8);
        let mut first = 1;
        log.rows(Which::After(0), &mut |seq, row| {
            let row = row.map_err(|what| StoreError::Unreadable { seq, what })?;
            put(&mut part, &row)?;
            if part.len() >= PART {
                self.add(&part_name(first), &part)?;
                part.clear();
                first = seq + 1;
            }
            report(progress, Phase::Events, seq, manifest.last_seq);
            Ok(())
        })?;
        if !part.is_empty() {
            self.add(&part_name(first), &part)?;
        }
        drop(log);
        self.readings(trail)?;
        for (at, entry) in manifest.files.iter().enumerate() {
            let bytes = match files.read(&entry.sha256) {
                Err(StoreError::NoSuchFile(_)) => return Ok(false),
                other => other?,
            };
            self.add(&format!("{FILES}{}", entry.sha256), &bytes)?;
            progress(Progress { phase: Phase::Files, done: at as u64 + 1, of: manifest.files.len() as u64 });
        }
        self.0.finish().map_err(stream_error(self.1))?;
        Ok(true)
    }
}

impl<W: Write> Tar<'_, W> {
    fn readings(&mut self, trail: Option<Box<dyn trail::Keeper>>) -> Result<(), StoreError> {
        let (mut part, mut first) = (vec![], 1);
        if let Some(mut trail) = trail {
            trail.rows(0, &mut |seq, row| {
                put_reading(&mut part, row.map_err(|what| TrailError::Unreadable { seq, what })?)?;
                if part.len() >= PART {
                    self.add(&format!("{READINGS}{first:012}.jsonl"), &part)?;
                    part.clear();
                    first = seq + 1;
                }
                Ok(())
            })?;
        }
        if part.is_empty() { Ok(()) } else { self.add(&format!("{READINGS}{first:012}.jsonl"), &part) }
    }
}

/// Parts are named by their first event.
fn part_name(first: i64) -> String {
    format!("{LOG}{first:012}.jsonl")
}
