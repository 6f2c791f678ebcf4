//! Attached files: taken before the records that name them, given to who sees these, removed when none came.

use crate::{
    Actor, Command, Reader, Store, StoreError,
    check::{size_of, upload},
    files::{self, Upload},
    redact::named_in,
    writer::Job,
};
use shirube_plan::{Field, FileType};
use shirube_snapshot::AsOf;
use std::{collections::BTreeSet, sync::mpsc::sync_channel};

impl Store {
    /// Keeps a file that a change is about to name in a field by its SHA-256, which is given back. Forms send files
    /// before the rest of the record is in order. One that is larger than the field takes is not kept.
    pub fn keep(&self, actor: &Actor, field: &Field, name: &str, media: &str, bytes: &[u8]) -> Result<String, StoreError> {
        actor.may_attach(self.pack())?;
        let upload = upload(field, name, media, bytes)?;
        let sha256 = if upload.found.is_some() { self.files.keep(bytes)? } else { files::sha256(bytes) };
        self.sent.note(actor.id(), &sha256, upload);
        Ok(sha256)
    }

    /// An attached file, for who sees it named in a record.
    pub fn file(&self, reader: &Reader, register: &str, record: i64, sha256: &str) -> Result<Vec<u8>, StoreError> {
        let named = reader.names_file(register, record, sha256)?;
        if named { self.files.read(sha256) } else { Err(StoreError::NoSuchFile(sha256.to_string())) }
    }

    /// Looks into the files that a change names and that were not sent here just now, if the actor sees them in a record:
    /// the writer, for whom all others wait, then knows what they are.
    pub(crate) fn look_into_files(&self, actor: &Actor, command: &Command) -> Result<(), StoreError> {
        let Some(register) = self.pack().registers.get(command.register()) else { return Ok(()) };
        let named: BTreeSet<String> = match command {
            Command::Create { content, .. } => named_in(register, content.iter().map(|(column, cell)| (column, Some(cell)))),
            Command::Amend { content, .. } | Command::Transition { content, .. } => {
                named_in(register, content.iter().map(|(column, cell)| (column, cell.as_ref())))
            }
            Command::Attach { .. } | Command::Redact { .. } => return Ok(()),
        };
        for sha256 in named.iter().filter(|sha256| self.sent.by(actor.id(), sha256).is_none()) {
            if !self.reader(actor, AsOf::Head)?.finds_file(sha256)? {
                continue;
            }
            let bytes = self.files.read(sha256)?;
            let found = files::look(&bytes, FileType::ALL)?;
            let upload = Upload { media: found.media().to_string(), size: size_of(&bytes), found: Some(found) };
            self.sent.note(actor.id(), sha256, upload);
        }
        Ok(())
    }

    /// Removes files that forms have sent two days ago and longer and that no record came to name, and says how many. Only
    /// from a folder, which no other process has.
    pub fn tidy_files(&self) -> Result<usize, StoreError> {
        let left = self.files.left()?;
        if left.is_empty() {
            return Ok(0);
        }
        // Most are named by records; the writer is asked about the others alone.
        let named = self.whole(AsOf::Head)?.files_named()?;
        let files: BTreeSet<String> = left.difference(&named).cloned().collect();
        if files.is_empty() {
            return Ok(0);
        }
        let (reply, answer) = sync_channel(1);
        self.send(Job::Tidy { files, reply })?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }
}
