//! Many rows at once: chunks are checked beside each other and put together in the order of the file.

use super::merge::Merger;
use super::row::{Checked, Checker, File};
use super::{ImportError, ImportOptions, STEP};
use crate::sheet::{Row, Rows, SheetError};
use crate::{Progress, tell};
use shirube_snapshot::{Place, Snapshot};
use shirube_store::Batch;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Rows of a chunk.
const CHUNK: usize = 500;
/// Chunks that a worker may have at a time: one in work, one waiting.
const AHEAD: usize = 2;

/// Rows of the file that are checked together.
#[derive(Default)]
struct Chunk {
    /// Buffers of rows; those of earlier rows are used again.
    rows: Vec<Row>,
    filled: usize,
    /// How far the file was read.
    read: (u64, u64),
}

/// A chunk, what its rows came to, and their commands.
type Done = Result<(Chunk, Vec<Checked>, Batch), ImportError>;

/// A thread that checks every so many-th chunk.
struct Worker {
    chunks: SyncSender<Chunk>,
    done: Receiver<Done>,
}

/// Reads and checks all rows.
pub(super) fn run<'a>(
    snapshot: &Snapshot,
    file: File<'a>,
    options: &ImportOptions,
    rows: &mut dyn Rows,
    progress: Progress,
) -> Result<Merger<'a>, ImportError> {
    let mut merger = Merger::new(file.register, file.columns, options);
    let place = snapshot.place();
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let mut workers: Vec<Worker> = vec![];
        let mut on_the_way = VecDeque::new();
        let mut used = vec![];
        let mut turn = (0..most).cycle();
        let mut end = None;
        loop {
            while end.is_none() && on_the_way.len() < most * AHEAD {
                let mut chunk: Chunk = used.pop().unwrap_or_default();
                end = chunk.fill(rows);
                if chunk.filled == 0 {
                    break;
                }
                let at = turn.next().unwrap_or(0);
                // A small file needs few of them.
                if workers.len() <= at {
                    workers.push(Worker::start(scope, place.clone(), file));
                }
                // A worker that is gone has said why.
                let _ = workers[at].chunks.send(chunk);
                on_the_way.push_back(at);
            }
            let Some(at) = on_the_way.pop_front() else { break };
            let (chunk, checked, commands) = workers[at].done.recv().unwrap_or(Err(ImportError::Cancelled))?;
            let before = merger.plan.rows / STEP;
            chunk.rows.iter().zip(checked).for_each(|(row, checked)| merger.take(row, checked));
            merger.keep(commands);
            if merger.plan.rows / STEP > before {
                tell(progress, chunk.read.0, chunk.read.1)?;
            }
            used.push(chunk);
        }
        // What is wrong with a row goes before what ends the file behind it.
        end.unwrap_or(Ok(())).map_err(ImportError::from)
    })?;
    Ok(merger)
}

impl Chunk {
    /// Reads the next rows; how the file ended, if it did.
    fn fill(&mut self, rows: &mut dyn Rows) -> Option<Result<(), SheetError>> {
        self.filled = 0;
        self.rows.resize_with(CHUNK, Row::default);
        let mut end = None;
        for row in &mut self.rows {
            match rows.next(row) {
                Ok(true) => self.filled += 1,
                Ok(false) => end = Some(Ok(())),
                Err(error) => end = Some(Err(error)),
            }
            if end.is_some() {
                break;
            }
        }
        self.read = rows.progress();
        end
    }
}

impl Worker {
    fn start<'s, 'e, 'a: 's>(scope: &'s Scope<'s, 'e>, place: Place, file: File<'a>) -> Worker {
        let (chunks, to_do) = sync_channel::<Chunk>(AHEAD);
        let (said, done) = sync_channel(AHEAD);
        scope.spawn(move || {
            if let Err(error) = check(place, &file, to_do, &said) {
                // Nobody listens when another worker failed first.
                let _ = said.send(Err(error));
            }
        });
        Worker { chunks, done }
    }
}

/// Checks chunks until there are no more, on a connection of its own that shows the same moment, and all of it.
fn check(place: Place, file: &File, chunks: Receiver<Chunk>, done: &SyncSender<Done>) -> Result<(), ImportError> {
    let snapshot = place.open()?;
    let mut checker = Checker::new(&snapshot, file)?;
    for chunk in chunks {
        let checked = chunk.rows.iter().take(chunk.filled).map(|row| checker.row(row)).collect::<Result<_, _>>()?;
        if done.send(Ok((chunk, checked, checker.commands()))).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
