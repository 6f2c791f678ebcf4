//! Keeps the search index up with the head, after events are acknowledged and out of their way.

use crate::StoreError;
use shirube_snapshot::SearchIndex;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{JoinHandle, park_timeout},
    time::Duration,
};

/// Events per step; between steps a redaction may come in.
const STEP: i64 = 2000;

/// Rest between two times that the index catches up: while many write, one time for many events costs far less than one
/// for a few each.
const REST: Duration = Duration::from_millis(300);

/// The index, shared by the thread that follows the head and the writer that redacts.
pub(crate) type SharedIndex = Arc<Mutex<SearchIndex>>;

/// The thread that follows the head.
#[derive(Debug)]
pub(crate) struct Indexer {
    wake: Option<SyncSender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    /// A bell that wakes the indexer, and what it hears. A bell that rings already needs no second stroke.
    pub fn bell() -> (SyncSender<()>, Receiver<()>) {
        sync_channel(1)
    }

    pub fn start(index: SharedIndex, wake: SyncSender<()>, bell: Receiver<()>) -> Result<Indexer, StoreError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            while bell.recv().is_ok() {
                // An index that fails is behind, which readers see and make up for; it is tried again.
                while !stopped.load(Ordering::Relaxed) && hold(&index).follow(STEP).is_ok_and(|done| !done) {}
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                park_timeout(REST);
            }
        };
        let thread = std::thread::Builder::new().name("indexer".to_string()).spawn(work);
        let thread = thread.map_err(|error| StoreError::File { path: "indexer".to_string(), error })?;
        let _ = wake.try_send(());
        Ok(Indexer { wake: Some(wake), stop, thread: Some(thread) })
    }

    /// Begins no further step. The rest is made up for when the folder is opened again.
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop();
        if let Some(wake) = self.wake.take() {
            let _ = wake.try_send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// The index; one that a panic left is as usable as before, its steps are transactions.
pub(crate) fn hold(index: &SharedIndex) -> MutexGuard<'_, SearchIndex> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}
