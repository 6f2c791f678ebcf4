//! The head follows the log: after a crash, behind the events of other processes, and from the beginning.

use crate::{StoreError, error::file_error, indexer::hold, log::Which, reader::Idle, snapshots, writer::Writer};
use shirube_record::Event;
use shirube_snapshot::Snapshot;
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Events folded per transaction while catching up.
const CATCH_UP: i64 = 50_000;
/// How soon a log that others may write is looked at again.
pub(crate) const POLL: Duration = Duration::from_millis(200);
/// File that stands in the data folder while a redaction is under way.
pub(crate) const REDACTING: &str = "redacting";
/// File that stands there while redactions of other processes reach the folder.
pub(crate) const FOLLOWING: &str = "redacting-others";

/// How far readers are behind the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Events of the log that readers do not see yet, as far as the log was heard of.
    pub events: i64,
    /// How long ago the log was last heard of; nothing for a log that no one else writes.
    pub unheard: Duration,
}

/// What is known of the log's end: the event, and when that was.
pub(crate) type Heard = Arc<Mutex<(i64, Instant)>>;

/// The data folder that follows.
#[derive(Debug)]
pub(crate) struct Following {
    pub folder: PathBuf,
    pub heard: Heard,
}

impl Following {
    pub fn new(folder: PathBuf) -> Following {
        Following { folder, heard: Arc::new(Mutex::new((0, Instant::now()))) }
    }

    fn hear(&self, seq: i64) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = (seq, Instant::now());
    }
}

impl Writer {
    /// Looks for events that readers do not see yet, others' for the most part, and shows them. A log that cannot be
    /// reached is looked at again.
    pub(crate) fn look(&mut self) {
        let looked = if self.log.is_shared() { self.log.refresh() } else { Ok(()) };
        let _ = looked.and_then(|()| self.follow());
    }

    /// Begins a batch; gives its time.
    pub(crate) fn begin(&mut self) -> Result<i64, StoreError> {
        // Far behind, it catches up before others have to wait for it.
        self.follow()?;
        self.log.begin()?;
        // What is erased is purged afterwards: the log is in a transaction, which a server's VACUUM may not be.
        self.follow_and(|writer| writer.unpurged = true)?;
        self.head.begin()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        // A clock that was set back does not turn the log's order round.
        Ok(now.max(self.log.last().at))
    }

    /// Brings the head to the end of the log. A head that is not of this log is begun anew.
    pub(crate) fn follow(&mut self) -> Result<(), StoreError> {
        self.follow_and(Writer::purge)
    }

    fn follow_and(&mut self, purge: impl FnOnce(&mut Writer)) -> Result<(), StoreError> {
        self.following.hear(self.log.last().seq);
        let applied = self.head.applied();
        if applied.seq == self.log.last().seq && applied.hash == self.log.last().hash {
            return Ok(());
        }
        let followed = if applied.seq > 0 && self.log.hash_of(applied.seq)? != Some(applied.hash) {
            self.head.note_lost()?;
            self.rebuild()
        } else {
            self.catch_up(applied.seq, purge)
        };
        if followed.is_err() {
            // It must not think itself further than it has come: half a step is made again from the log.
            let _ = self.head.rollback();
        }
        (self.tell)(self.head.applied().seq);
        followed
    }

    /// Applies what the head lacks. Redactions reach all that this folder has of what they erase.
    fn catch_up(&mut self, from: i64, purge: impl FnOnce(&mut Writer)) -> Result<(), StoreError> {
        if from == 0 {
            // A head that begins never had what was erased.
            return self.replay(true);
        }
        let mut redactions: Vec<Event> = vec![];
        self.log.read(Which::RedactionsAfter(from), &mut |event| {
            redactions.push(event);
            Ok(())
        })?;
        let Some(first) = redactions.iter().map(|event| event.record).min() else { return self.replay(true) };
        let mark = self.following.folder.join(FOLLOWING);
        fs::write(&mark, []).map_err(file_error(&mark))?;
        // Files that a form has sent and no record names yet are not among them.
        let mut used = self.files.all()?;
        for sha in used.clone() {
            if !self.head.file_in_use(&sha)? {
                used.remove(&sha);
            }
        }
        // While the folder is being opened there is no index yet, and whoever opens it sees the mark.
        let Some(index) = self.index.clone() else { return self.replay(true) };
        let mut index = hold(&index);
        let mut forgotten = vec![];
        for event in &redactions {
            forgotten.push(index.before_redaction(&event.register, event.record)?);
        }
        self.replay(true)?;
        for (event, forgotten) in redactions.iter().zip(&forgotten) {
            index.after_redaction(&event.register, event.record, forgotten)?;
        }
        drop(index);
        self.remove_unused(used)?;
        purge(self);
        let path = self.following.folder.join("head.db");
        let pack = self.head.pack().clone();
        let open = |as_of| Ok(Idle::default().reader(as_of, (None, None), || Snapshot::open(&path, pack.clone(), as_of))?);
        snapshots::erase(&open, first, &self.following.folder)?;
        fs::remove_file(&mark).map_err(file_error(&mark))
    }

    /// Applies what the head lacks, in transactions of [`CATCH_UP`] events or in the running one.
    fn replay(&mut self, in_parts: bool) -> Result<(), StoreError> {
        let head = &mut self.head;
        let from = head.applied().seq;
        // Far behind, it is quicker to make the indexes at the end.
        let load = self.log.last().seq - from > CATCH_UP.max(from);
        if in_parts {
            head.begin()?;
        }
        if load {
            head.begin_load()?;
        }
        self.log.read(Which::After(from), &mut |event| {
            head.apply(&event)?;
            if in_parts && event.seq % CATCH_UP == 0 {
                head.commit()?;
                head.begin()?;
            }
            Ok(())
        })?;
        if load {
            head.end_load()?;
        }
        if in_parts {
            head.commit()?;
        }
        Ok(())
    }

    /// Makes the head anew from the log. Readers see the old one until it is done.
    pub(crate) fn rebuild(&mut self) -> Result<(), StoreError> {
        self.head.begin()?;
        let result = self.head.clear().map_err(StoreError::from).and_then(|()| self.replay(false)).and_then(|()| Ok(self.head.commit()?));
        if result.is_err() {
            self.head.rollback()?;
        }
        result
    }
}
