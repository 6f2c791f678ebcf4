//! The one writer: a thread that checks, appends, folds and acknowledges.
//!
//! Many submitters share one disk sync: whatever waits in the queue goes into one batch. A batch is one
//! transaction of the log and one of the head, the log's first; if the head's is lost, the log has it.

use crate::{
    Actor, BatchError, Command, Receipt, StoreError,
    batch::Asked,
    bulk::{AHEAD, Bulk, SAMPLE, expected, read_ahead},
    check::{Checker, Rules},
    files::{Files, Sent},
    follow::{Following, POLL},
    indexer::SharedIndex,
    log::{EventLog, Log},
};
use shirube_record::Event;
use shirube_snapshot::{Head, HeadError};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    time::Duration,
};

/// At most this many single commands share a batch, so that the first need not wait for the last.
const BATCH: usize = 512;
/// How often a bulk job reports.
const PROGRESS: usize = 1000;
/// Events of a large batch. The write-ahead logs of smaller ones are emptied by and by, as SQLite does.
const LARGE: usize = 5000;
/// How soon write-ahead logs are emptied again when a reader was in the way, and a head that failed follows again.
const AGAIN: Duration = Duration::from_millis(500);

/// The commands of a batch, asked for one by one.
pub(crate) type Commands = Box<dyn Iterator<Item = Asked> + Send>;

/// What the writer is asked.
pub(crate) enum Job {
    One {
        actor: Actor,
        command: Command,
        reply: SyncSender<Result<Receipt, StoreError>>,
    },
    All {
        actor: Actor,
        commands: Commands,
        dry_run: bool,
        reply: SyncSender<BulkReply>,
    },
    Rebuild {
        reply: SyncSender<Result<(), StoreError>>,
    },
    /// Files that no record named when it was looked.
    Tidy {
        files: BTreeSet<String>,
        reply: SyncSender<Result<usize, StoreError>>,
    },
    Stop,
}

/// One command and where its answer goes.
type Single = (Actor, Command, SyncSender<Result<Receipt, StoreError>>);

/// What a bulk job hears back.
pub(crate) enum BulkReply {
    /// So many commands are checked and written, not yet durable.
    Progress(usize),
    Done(Result<Vec<Receipt>, BatchError>),
}

/// The writer's side of the data folder.
pub(crate) struct Writer {
    pub log: Log,
    pub head: Head,
    pub files: Files,
    /// Files that were sent before the records that name them.
    pub sent: Sent,
    pub rules: BTreeMap<String, Rules>,
    salts: Salts,
    pub index: Option<SharedIndex>,
    /// Told the last event readers see, after each batch.
    pub tell: Box<dyn Fn(i64) + Send>,
    /// How far behind the others' events it is, and where the folder is.
    pub following: Following,
    /// What was redacted may still stand in write-ahead logs that a reader holds open.
    pub unpurged: bool,
}

impl Writer {
    /// Brings the head to the end of the log.
    pub fn new(log: Log, head: Head, files: Files, following: Following) -> Result<Writer, StoreError> {
        let pack = head.pack().clone();
        let rules = pack.registers.values().map(|r| (r.name.clone(), Rules::new(r, &pack))).collect();
        let (salts, sent, tell) = (Salts::default(), Sent::default(), Box::new(|_| {}));
        let mut writer = Writer { log, head, files, sent, rules, salts, index: None, tell, following, unpurged: false };
        writer.follow()?;
        Ok(writer)
    }

    /// Who is to hear of each batch, and the search index that redactions reach.
    pub fn attend(&mut self, index: SharedIndex, tell: Box<dyn Fn(i64) + Send>) {
        self.index = Some(index);
        self.tell = tell;
    }

    /// Works until told to stop.
    pub fn run(mut self, jobs: Receiver<Job>) {
        let mut next = None;
        loop {
            if self.unpurged {
                self.purge();
            }
            let purging = if self.unpurged || self.is_behind() { AGAIN } else { Duration::MAX };
            let waiting = if self.log.is_shared() { purging.min(POLL) } else { purging };
            let job = match next.take().map_or_else(|| jobs.recv_timeout(waiting), Ok) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            match job {
                Job::Stop => {
                    // It reads the head, which is closed last.
                    self.index = None;
                    return;
                }
                Job::One { actor, command: command @ Command::Redact { .. }, reply } => {
                    let answer = self.redact(&actor, command);
                    // A submitter that gave up waiting has no use for the answer.
                    let _ = reply.send(answer);
                }
                Job::One { actor, command, reply } => {
                    let mut batch = vec![(actor, command, reply)];
                    while batch.len() < BATCH && next.is_none() {
                        match jobs.try_recv() {
                            Ok(Job::One { actor, command, reply }) if !matches!(command, Command::Redact { .. }) => {
                                batch.push((actor, command, reply))
                            }
                            Ok(other) => next = Some(other),
                            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                        }
                    }
                    self.batch(batch);
                }
                Job::All { actor, commands, dry_run, reply } => {
                    let answer = self.all(&actor, commands, dry_run, &reply);
                    let large = answer.as_ref().is_ok_and(|receipts| receipts.len() >= LARGE) && !dry_run;
                    let _ = reply.send(BulkReply::Done(answer));
                    if large {
                        // It leaves as large a write-ahead log, which the next start would read through.
                        self.purge();
                    }
                }
                Job::Rebuild { reply } => {
                    let _ = reply.send(self.rebuild());
                }
                Job::Tidy { files, reply } => {
                    let _ = reply.send(self.tidy(files));
                }
            }
        }
    }

    /// Empties the write-ahead logs after a redaction or a large batch; tried again while readers hold them open.
    pub(crate) fn purge(&mut self) {
        let log = self.log.checkpoint();
        let head = self.head.checkpoint();
        self.unpurged = !matches!((log, head), (Ok(true), Ok(true)));
    }

    fn batch(&mut self, batch: Vec<Single>) {
        let mut answers = Vec::with_capacity(batch.len());
        let mut batch = batch.into_iter();
        let written = self.transaction(|writer, at| {
            for (actor, command, reply) in batch.by_ref() {
                let answer = writer.accept(&actor, command, at);
                let broken = answer.as_ref().err().filter(|error| is_fatal(error)).map(not_written);
                answers.push((reply, answer));
                if let Some(error) = broken {
                    return Err(error);
                }
            }
            Ok(())
        });
        if written.is_ok() && self.is_behind() {
            self.look();
        }
        for (reply, answer) in answers {
            let answer = match (&written, answer) {
                (Ok(()), answer) | (Err(_), answer @ Err(_)) => answer,
                (Err(error), Ok(_)) => Err(not_written(error)),
            };
            let _ = reply.send(answer);
        }
        // Those that were not come to, because the log could not even be begun.
        for (.., reply) in batch {
            let _ = reply.send(Err(written.as_ref().err().map_or(StoreError::Closed, not_written)));
        }
    }

    fn all(&mut self, actor: &Actor, commands: Commands, dry_run: bool, reply: &SyncSender<BulkReply>) -> Result<Vec<Receipt>, BatchError> {
        let mut bulk = Bulk::default();
        let total = commands.size_hint().1.unwrap_or(0);
        let mut commands = commands;
        let ahead: Vec<Asked> = commands.by_ref().take(SAMPLE).collect();
        let expected = expected(&ahead, total);
        let written = self.transaction(|writer, at| {
            writer.head.expect(&expected)?;
            let (log, mut desk) = writer.parts();
            let first = log.last().seq + 1;
            std::thread::scope(|scope| {
                // Reading commands, and sealing and logging events, keep pace on other threads while this one checks and
                // folds.
                let (read, asked) = sync_channel(AHEAD);
                scope.spawn(move || read_ahead(commands, &read));
                let (next, bundles) = sync_channel::<Vec<Event>>(AHEAD);
                let logging = scope.spawn(|| bundles.into_iter().flatten().try_for_each(|event| log.append(event)));
                for (index, asked) in ahead.into_iter().chain(asked.into_iter().flatten()).enumerate() {
                    let seq = first + bulk.receipts.len() as i64;
                    let accepted = desk.accept(actor, asked, seq, at);
                    if !bulk.take(index, accepted, &next) {
                        break;
                    }
                    if (index + 1) % PROGRESS == 0 {
                        let _ = reply.send(BulkReply::Progress(index + 1));
                    }
                }
                bulk.hand_over(&next);
                drop(next);
                logging.join().unwrap_or(Err(StoreError::Closed))
            })?;
            writer.head.seal(writer.log.last().hash);
            if dry_run || !bulk.errors.is_empty() { Err(StoreError::Closed) } else { Ok(()) }
        });
        if written.is_ok() && self.is_behind() {
            self.look();
        }
        match written {
            _ if !bulk.errors.is_empty() => Err(BatchError { errors: bulk.errors, truncated: bulk.truncated }),
            Err(StoreError::Closed) if dry_run => Ok(bulk.receipts),
            Err(error) => Err(BatchError::one(0, error)),
            Ok(()) => Ok(bulk.receipts),
        }
    }

    /// Checks one command and writes it into the running batch.
    fn accept(&mut self, actor: &Actor, command: Command, at: i64) -> Result<Receipt, StoreError> {
        let (log, mut desk) = self.parts();
        let (event, receipt) = desk.accept(actor, command.into(), log.last().seq + 1, at)?;
        log.append(event)?;
        self.head.seal(self.log.last().hash);
        Ok(receipt)
    }

    /// The log, and what checks and folds.
    fn parts(&mut self) -> (&mut dyn EventLog, Desk<'_>) {
        (&mut *self.log, Desk { head: &mut self.head, files: &self.files, sent: &self.sent, rules: &self.rules, salts: &mut self.salts })
    }

    /// Runs `work` in one transaction of log and head: both are written, or neither.
    pub(crate) fn transaction(&mut self, work: impl FnOnce(&mut Writer, i64) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let result = self.begin().and_then(|at| work(self, at)).and_then(|()| self.commit_log());
        match result {
            Ok(()) => {
                // The events are safe, and acknowledged. A head that fails here, on a full disk say, follows from the log.
                if self.head.commit().is_err() {
                    let _ = self.head.rollback();
                }
                (self.tell)(self.head.applied().seq);
                Ok(())
            }
            Err(error) => {
                let log = self.log.rollback();
                // What failed first says more than that its room is not even enough to tidy up.
                let _ = self.head.rollback();
                log?;
                Err(error)
            }
        }
    }

    /// Whether the head lacks events of the log.
    pub(crate) fn is_behind(&self) -> bool {
        self.head.applied().seq != self.log.last().seq
    }

    /// Brings the log's part of a batch to disk. What a load left out of the head is made meanwhile; should that fail,
    /// the head's own commit finds it missing still.
    fn commit_log(&mut self) -> Result<(), StoreError> {
        let (log, head) = (&mut self.log, &mut self.head);
        if !head.lacks_indexes() {
            return log.commit();
        }
        std::thread::scope(|scope| {
            let logging = scope.spawn(|| log.commit());
            let _ = head.make_indexes();
            logging.join().unwrap_or(Err(StoreError::Closed))
        })
    }

    pub(crate) fn salt(&mut self) -> Result<[u8; 16], StoreError> {
        self.salts.next()
    }
}

/// What checks commands and folds their events into the head.
struct Desk<'w> {
    head: &'w mut Head,
    files: &'w Files,
    sent: &'w Sent,
    rules: &'w BTreeMap<String, Rules>,
    salts: &'w mut Salts,
}

impl Desk<'_> {
    /// Checks one command and folds it; its event is still to be logged.
    fn accept(&mut self, actor: &Actor, asked: Asked, seq: i64, at: i64) -> Result<(Event, Receipt), StoreError> {
        let file = match &asked.command {
            Command::Attach { bytes, .. } => Some(bytes.clone()),
            _ => None,
        };
        let salts = &mut self.salts;
        let mut checker =
            Checker { head: self.head, rules: self.rules, sent: self.sent, files: self.files, actor, at, salt: &mut || salts.next() };
        let checked = checker.check(asked)?;
        if let Some(bytes) = file {
            // On disk before the event that names it.
            self.files.keep(&bytes)?;
        }
        let event = checked.draft.at(seq, at);
        self.head.apply_evaluated(&event, Some(checked.evaluated))?;
        let receipt = Receipt { seq, record: event.record, number: checked.number, version: checked.version };
        Ok((event, receipt))
    }
}

/// The batch cannot go on.
pub(crate) fn is_fatal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Sqlite(_)
            | StoreError::Log(_)
            | StoreError::Body(_)
            | StoreError::Head(_)
            | StoreError::File { .. }
            | StoreError::Random(_)
            | StoreError::Unreadable { .. }
    )
}

fn not_written(error: &StoreError) -> StoreError {
    match error {
        StoreError::Sqlite(rusqlite::Error::SqliteFailure(code, message)) => {
            StoreError::Sqlite(rusqlite::Error::SqliteFailure(*code, message.clone()))
        }
        StoreError::Head(HeadError::Sqlite(rusqlite::Error::SqliteFailure(code, message))) => {
            StoreError::Head(HeadError::Sqlite(rusqlite::Error::SqliteFailure(*code, message.clone())))
        }
        StoreError::File { path, error } => StoreError::File { path: path.clone(), error: same(error) },
        StoreError::Log(error) => StoreError::Log(error.clone()),
        _ => StoreError::Closed,
    }
}

fn same(error: &std::io::Error) -> std::io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error)
}

/// Random salts, fetched from the system many at a time.
#[derive(Default)]
struct Salts {
    buffer: Vec<[u8; 16]>,
}

impl Salts {
    fn next(&mut self) -> Result<[u8; 16], StoreError> {
        if let Some(salt) = self.buffer.pop() {
            return Ok(salt);
        }
        let mut bytes = [0; 16 * 256];
        getrandom::fill(&mut bytes).map_err(StoreError::Random)?;
        self.buffer.extend(bytes.as_chunks::<16>().0);
        self.buffer.pop().ok_or(StoreError::Closed)
    }
}
