//! Appends to the trail: a thread of its own, so that readings that wait together share one disk sync.

use super::{Draft, Keeper, Row, TrailError};
use crate::{LogPlace, StoreError, error::file_error, span::writing};
use std::{
    fmt,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{SystemTime, UNIX_EPOCH},
};
use tracing::Span;

/// Readings that may wait before readers wait themselves.
const QUEUE: usize = 1024;
/// Readings that share a batch at most.
const BATCH: usize = 512;

type Reply = SyncSender<Result<(), StoreError>>;

struct Job {
    drafts: Vec<Draft>,
    reply: Reply,
    /// What it is a part of.
    cause: Span,
}

/// Takes readings in.
pub(crate) struct Desk {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// Opens or makes the trail of a log.
    pub fn open(folder: &Path, place: &LogPlace) -> Result<Desk, StoreError> {
        let keeper = place.trail(folder)?;
        let (jobs, receiver) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("trail".to_string()).spawn(move || run(keeper, &receiver)).map_err(file_error(folder))?;
        Ok(Desk { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Writes entries; they are on disk when this returns.
    pub fn note(&self, drafts: Vec<Draft>) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        let closed = || StoreError::Closed;
        self.jobs.as_ref().ok_or_else(closed)?.send(Job { drafts, reply, cause: Span::current() }).map_err(|_| closed())?;
        answer.recv().map_err(|_| closed())?
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut keeper: Box<dyn Keeper>, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)).collect();
        let span = writing("trail", batch.iter().map(|job| &job.cause)).entered();
        let (drafts, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.drafts, job.reply)).unzip();
        let written = append(keeper.as_mut(), drafts.into_iter().flatten().collect()).map_err(|error| error.to_string());
        drop(span);
        for reply in replies {
            // A reader that gave up waiting has no use for the answer.
            let _ = reply.send(written.clone().map_err(|what| TrailError::Unwritten(what).into()));
        }
    }
}

/// Appends entries in one transaction.
pub(crate) fn append(keeper: &mut dyn Keeper, drafts: Vec<Draft>) -> Result<(), StoreError> {
    let entries = drafts.len();
    let write = |keeper: &mut dyn Keeper| {
        let mut last = keeper.begin()?;
        let now = now();
        let rows: Vec<Row> = drafts
            .into_iter()
            .map(|draft| {
                let row = draft.after(&last, now);
                last = row.last();
                row
            })
            .collect();
        keeper.put(&rows)?;
        keeper.commit()
    };
    let written = write(keeper);
    if written.is_err() {
        keeper.rollback();
    } else {
        Span::current().record("shirube.entries", entries);
    }
    written
}

/// Milliseconds since the epoch.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}
