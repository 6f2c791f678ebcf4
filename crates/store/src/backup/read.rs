//! Reads a backup from its beginning to its end, and proves it on the way.

use super::{
    BackupError, FileEntry, Manifest, Phase, Progress, Tell,
    error::stream_error,
    manifest::{FILES, FORMAT, LOG, Line, MANIFEST, READINGS, ReadingLine},
    write::report,
};
use crate::{
    Identity, StoreError, VerifyReport,
    age::Opened,
    error::file_error,
    files::sha256,
    log::Row,
    trail,
    verify::{Chain, Redactions, note_redaction},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
};

/// How every encrypted backup begins; one in armor begins with dashes.
const AGE: [&[u8]; 2] = [b"age-encryption.org/", b"-----BEGIN AGE "];

/// A backup, and what opens it.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The file.
    pub path: PathBuf,
    /// Secret keys; none for a backup that is not encrypted.
    pub identities: Vec<Identity>,
}

/// Hears what is in a backup.
pub(super) trait Hears {
    fn manifest(&mut self, manifest: &Manifest) -> Result<(), StoreError>;
    fn row(&mut self, row: &Row<'_>) -> Result<(), StoreError>;
    fn reading(&mut self, row: trail::Row) -> Result<(), StoreError>;
    /// A file whose hash is right.
    fn file(&mut self, bytes: &[u8]) -> Result<(), StoreError>;
}

/// Only proves.
pub(super) struct Nothing;

impl Hears for Nothing {
    fn manifest(&mut self, _: &Manifest) -> Result<(), StoreError> {
        Ok(())
    }

    fn row(&mut self, _: &Row<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn reading(&mut self, _: trail::Row) -> Result<(), StoreError> {
        Ok(())
    }

    fn file(&mut self, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Archive {
    fn open(&self) -> Result<Box<dyn Read>, StoreError> {
        let file = fs::File::open(&self.path).map_err(file_error(&self.path))?;
        let mut file = BufReader::with_capacity(1 << 20, file);
        let begins = file.fill_buf().map_err(file_error(&self.path))?;
        if !AGE.iter().any(|age| begins.starts_with(age)) {
            return Ok(Box::new(file));
        }
        if self.identities.is_empty() {
            return Err(BackupError::IdentityNeeded(self.path.display().to_string()).into());
        }
        Ok(Box::new(Opened::new(file, &self.identities).map_err(stream_error(&self.path))?))
    }

    fn no_backup(&self, what: impl ToString) -> StoreError {
        BackupError::NotABackup { path: self.path.display().to_string(), what: what.to_string() }.into()
    }

    fn damaged(&self, what: impl ToString) -> StoreError {
        BackupError::Damaged { path: self.path.display().to_string(), what: what.to_string() }.into()
    }
}

/// Walks through a whole backup. What `hears` has heard is proved when this returns, and not before.
pub(super) fn walk(from: &Archive, hears: &mut dyn Hears, progress: &Tell<'_>) -> Result<(Manifest, VerifyReport), StoreError> {
    let failed = stream_error(&from.path);
    let mut tar = tar::Archive::new(from.open()?);
    let mut entries = tar.entries().map_err(&failed)?;
    let mut first = entries.next().ok_or_else(|| from.no_backup("it is empty"))?.map_err(|error| match failed(error) {
        StoreError::File { error, .. } => from.no_backup(error),
        other => other,
    })?;
    if first.path_bytes() != MANIFEST.as_bytes() {
        return Err(from.no_backup("it does not begin with a manifest"));
    }
    let mut text = vec![];
    first.read_to_end(&mut text).map_err(&failed)?;
    let manifest = read_manifest(from, &text)?;
    hears.manifest(&manifest)?;
    let mut proof = Proof {
        from,
        manifest: &manifest,
        chain: Chain::new(manifest.redactions.clone()),
        redactions: Redactions::new(),
        trail: trail::Proof::new(),
        files: manifest.files.iter().map(|FileEntry { sha256, size }| (sha256.as_str(), *size)).collect(),
    };
    for entry in entries {
        let entry = entry.map_err(&failed)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if name.starts_with(LOG) {
            proof.part(entry, hears, progress)?;
        } else if name.starts_with(READINGS) {
            proof.readings(entry, hears)?;
        } else if let Some(sha) = name.strip_prefix(FILES) {
            proof.file(sha, entry, hears, progress)?;
        } else {
            return Err(from.damaged(format!("it holds {name}, which is no part of a backup")));
        }
    }
    let report = proof.end()?;
    // To the end, which is where the encryption tells a file that was cut off.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(&failed)?;
    Ok((manifest, report))
}

fn read_manifest(from: &Archive, text: &[u8]) -> Result<Manifest, StoreError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    // The format first: another has other keys.
    let Format { format } = serde_json::from_slice(text).map_err(|error| from.no_backup(error))?;
    if format > FORMAT {
        return Err(BackupError::Format { path: from.path.display().to_string(), found: format, known: FORMAT }.into());
    }
    serde_json::from_slice(text).map_err(|error| from.no_backup(error))
}

/// What was heard so far, against the manifest.
struct Proof<'p> {
    from: &'p Archive,
    manifest: &'p Manifest,
    chain: Chain,
    redactions: Redactions,
    trail: trail::Proof,
    /// Files still to come.
    files: BTreeMap<&'p str, u64>,
}

impl Proof<'_> {
    fn part(&mut self, part: impl Read, hears: &mut dyn Hears, progress: &Tell<'_>) -> Result<(), StoreError> {
        let mut lines = BufReader::with_capacity(1 << 16, part);
        let mut text = String::new();
        loop {
            text.clear();
            if lines.read_line(&mut text).map_err(stream_error(&self.from.path))? == 0 {
                return Ok(());
            }
            let line: Line<'_> = serde_json::from_str(&text).map_err(|error| self.from.damaged(error))?;
            let row = line.row().ok_or_else(|| self.from.damaged("an event whose kind or one of whose hashes is none"))?;
            self.chain.hear(row.event.seq, Ok(&row));
            if let Some(problem) = self.chain.problem() {
                return Err(self.from.damaged(problem));
            }
            note_redaction(&mut self.redactions, &row);
            hears.row(&row)?;
            report(progress, Phase::Events, row.event.seq, self.manifest.last_seq);
        }
    }

    fn readings(&mut self, part: impl Read, hears: &mut dyn Hears) -> Result<(), StoreError> {
        for text in BufReader::with_capacity(1 << 16, part).lines() {
            let line: ReadingLine =
                serde_json::from_str(&text.map_err(stream_error(&self.from.path))?).map_err(|error| self.from.damaged(error))?;
            let row = line.row().ok_or_else(|| self.from.damaged("an entry of the trail one of whose hashes is none"))?;
            self.trail.hear(row.seq, Ok(&row));
            if let Some(problem) = self.trail.problem() {
                return Err(self.from.damaged(problem));
            }
            hears.reading(row)?;
        }
        Ok(())
    }

    fn file(&mut self, sha: &str, mut file: impl Read, hears: &mut dyn Hears, progress: &Tell<'_>) -> Result<(), StoreError> {
        let size = self.files.remove(sha).ok_or_else(|| self.from.damaged(format!("attached file {sha} is not in its manifest")))?;
        let mut bytes = vec![];
        file.by_ref().take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(stream_error(&self.from.path))?;
        if bytes.len() as u64 != size || sha256(&bytes) != sha {
            return Err(self.from.damaged(format!("attached file {sha} is not what was attached")));
        }
        hears.file(&bytes)?;
        let of = self.manifest.files.len();
        progress(Progress { phase: Phase::Files, done: (of - self.files.len()) as u64, of: of as u64 });
        Ok(())
    }

    fn end(self) -> Result<VerifyReport, StoreError> {
        let (from, manifest, report) = (self.from, self.manifest, self.chain.end());
        if (report.events, report.last, &report.last_hash) != (manifest.events, manifest.last_seq, &manifest.last_hash) {
            return Err(from.damaged(format!("its manifest says {} events, it holds {}, or others", manifest.events, report.events)));
        }
        if self.redactions != manifest.redactions {
            return Err(from.damaged("its manifest says other redactions than its events"));
        }
        let trail = self.trail.end();
        // Format 1 says nothing of readings and has none.
        if (trail.entries, &trail.last_hash) != (manifest.readings, &manifest.last_reading) {
            return Err(from.damaged(format!("its manifest says {} readings, it holds {}, or others", manifest.readings, trail.entries)));
        }
        if let Some((sha, _)) = self.files.first_key_value() {
            return Err(from.damaged(format!("attached file {sha} is missing")));
        }
        Ok(report)
    }
}
