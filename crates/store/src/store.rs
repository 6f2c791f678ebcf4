//! The store's front: one object per data folder, shared by all threads.

use crate::{
    Actor, Batch, BatchError, Command, Lag, LogPlace, Reader, Receipt, StoreError, TrailReport, VerifyReport, Version, backup,
    batch::Asked,
    error::file_error,
    files::{Files, FilesPlace, Place, Sent},
    follow::{FOLLOWING, Following, Heard, REDACTING},
    history,
    indexer::Indexer,
    log::{IdleLogs, Log, LogError},
    pack_mark, pack_records,
    people::Known,
    reader::Idle,
    snapshots, trail, verify,
    writer::{BulkReply, Commands, Job, Writer, is_fatal},
};
use shirube_access::SystemAction;
use shirube_plan::Pack;
use shirube_snapshot::{AsOf, Head, SearchIndex, Snapshot, SnapshotInfo};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};
use tracing::Span;

/// Jobs that may wait before submitters wait themselves.
const QUEUE: usize = 4096;

/// An open data folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    place: Place,
    heard: Heard,
    pack: Arc<Pack>,
    jobs: SyncSender<Job>,
    writer: Option<JoinHandle<()>>,
    indexer: Option<Indexer>,
    pub(crate) files: Files,
    pub(crate) sent: Sent,
    /// Last event that readers see.
    seq: Arc<AtomicI64>,
    idle: Idle,
    idle_logs: IdleLogs,
    pub(crate) people: Known,
    pub(crate) trail: trail::Desk,
    /// Redactions go one by one, to their end.
    redaction: Mutex<()>,
    /// Held while the folder is open; the system releases it whatever happens to the process.
    _lock: fs::File,
}

impl Store {
    /// Opens or makes the data folder, brings the head to the end of the log in it, and loads or updates the pack's
    /// own records.
    pub fn open(folder: &Path, pack: Arc<Pack>) -> Result<Store, StoreError> {
        Store::open_at(folder, LogPlace::Folder, pack)
    }

    /// [`Store::open`] with the log, and the attached files, wherever they are. Must not be called where an asynchronous runtime forbids waiting.
    pub fn open_at(folder: &Path, place: impl Into<Place>, pack: Arc<Pack>) -> Result<Store, StoreError> {
        let place: Place = place.into();
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        let lock = lock(folder)?;
        backup::refuse_unfinished(folder)?;
        let head_path = folder.join("head.db");
        // A log of its own would begin here, beside the one that others go on with.
        refuse_elsewhere(folder, &place.log)?;
        let _alone = place.log.alone()?;
        let log = place.log.open(folder)?;
        log.refuse_moved(&place.log.describe(folder))?;
        let trail = trail::Desk::open(folder, &place.log)?;
        pack_mark::refuse_other(folder, &*log, &pack)?;
        let head = Head::open(&head_path, pack.clone())?;
        let following = Following::new(folder.to_path_buf());
        let heard = following.heard.clone();
        let mut writer = Writer::new(log, head, Files::take_over(folder, &place.files)?, following)?;
        let sent = writer.sent.clone();
        let hash_of = |seq| writer.log.hash_of(seq).ok().flatten();
        let index = Arc::new(Mutex::new(SearchIndex::open(&folder.join("search.db"), &head_path, &pack, &hash_of)?));
        let unfinished = folder.join(REDACTING).exists() || folder.join(FOLLOWING).exists();
        if unfinished {
            writer.finish_redaction()?;
        }
        let seq = Arc::new(AtomicI64::new(writer.head.applied().seq));
        let (told, (wake, bell)) = (seq.clone(), Indexer::bell());
        let ring = wake.clone();
        writer.attend(
            index.clone(),
            Box::new(move |seq| {
                told.store(seq, Ordering::Release);
                let _ = ring.try_send(());
            }),
        );
        let (jobs, receiver) = sync_channel(QUEUE);
        let thread =
            std::thread::Builder::new().name("writer".to_string()).spawn(move || writer.run(receiver)).map_err(file_error(folder))?;
        let store = Store {
            folder: folder.to_path_buf(),
            files: Files::open(folder, &place.files)?,
            sent,
            place,
            heard,
            pack,
            jobs,
            writer: Some(thread),
            indexer: Some(Indexer::start(index, wake, bell)?),
            seq,
            idle: Idle::default(),
            idle_logs: IdleLogs::default(),
            people: Known::default(),
            trail,
            redaction: Mutex::new(()),
            _lock: lock,
        };
        if unfinished {
            store.reach_snapshots(0)?;
            remove(&folder.join(REDACTING))?;
            remove(&folder.join(FOLLOWING))?;
        }
        pack_records::load(&store, folder)?;
        Ok(store)
    }

    /// The pack it was opened with.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// Makes one change. When this returns, the event is on disk and readers see it.
    pub fn submit(&self, actor: &Actor, command: Command) -> Result<Receipt, StoreError> {
        if matches!(command, Command::Redact { .. }) {
            return self.redact(actor, command);
        }
        if let (Command::Attach { bytes, .. }, FilesPlace::Bucket(_)) = (&command, &self.place.files) {
            // The writer, for whom all others wait, then finds it there.
            self.files.keep(bytes)?;
        }
        self.look_into_files(actor, &command)?;
        self.one(actor, command)
    }

    fn one(&self, actor: &Actor, command: Command) -> Result<Receipt, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Job::One { actor: actor.clone(), command, reply, cause: Span::current() })?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// A redaction that is cut off by a crash is finished when the folder is opened again.
    fn redact(&self, actor: &Actor, command: Command) -> Result<Receipt, StoreError> {
        let _one_by_one = self.redaction.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = self.folder.join(REDACTING);
        // What an earlier one could not finish is finished when the folder is opened again.
        let earlier = mark.exists();
        fs::write(&mark, []).map_err(file_error(&mark))?;
        match self.one(actor, command) {
            Ok(receipt) => {
                self.reach_snapshots(receipt.record)?;
                if !earlier {
                    remove(&mark)?;
                }
                Ok(receipt)
            }
            // The event may be in the log, and not all be done that follows from it.
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => {
                if !earlier {
                    remove(&mark)?;
                }
                Err(error)
            }
        }
    }

    /// Reaches the kept snapshots that may hold a record.
    fn reach_snapshots(&self, record: i64) -> Result<(), StoreError> {
        snapshots::erase(&|as_of| self.whole(as_of), record, &self.folder)
    }

    /// Writes the registers of a moment to a new SQLite file. Its place is remembered: what is redacted later
    /// leaves that file too.
    pub fn snapshot_to(&self, actor: &Actor, as_of: AsOf, path: &Path) -> Result<SnapshotInfo, StoreError> {
        actor.may(SystemAction::Snapshot)?;
        let info = snapshots::keep(self, actor, as_of, path, &self.folder)?;
        if let Err(error) = self.settle(actor) {
            // What is not written down is not given out.
            remove(path)?;
            return Err(error);
        }
        Ok(info)
    }

    /// Makes many changes, all or none, in one transaction of the log. `progress` hears how many are checked.
    ///
    /// The commands are asked for one by one while the batch is written, so that they need not all be in memory.
    pub fn submit_all<C>(&self, actor: &Actor, commands: C, progress: &dyn Fn(usize)) -> Result<Vec<Receipt>, BatchError>
    where
        C: IntoIterator<Item = Command, IntoIter: Send + 'static>,
    {
        self.bulk(actor, Box::new(commands.into_iter().map(Asked::from)), false, progress)
    }

    /// Like [`Store::submit_all`]. Records of the batch that were judged by the pack in force are not judged again; what
    /// other records have a say in is checked all the same.
    pub fn submit_batch(&self, actor: &Actor, batch: Batch, progress: &dyn Fn(usize)) -> Result<Vec<Receipt>, BatchError> {
        self.bulk(actor, Box::new(batch.take_up(&self.pack.digest)), false, progress)
    }

    /// Like [`Store::submit_all`], but writes nothing: what would be refused, and the receipts there would be.
    pub fn check_all<C>(&self, actor: &Actor, commands: C, progress: &dyn Fn(usize)) -> Result<Vec<Receipt>, BatchError>
    where
        C: IntoIterator<Item = Command, IntoIter: Send + 'static>,
    {
        self.bulk(actor, Box::new(commands.into_iter().map(Asked::from)), true, progress)
    }

    fn bulk(&self, actor: &Actor, commands: Commands, dry_run: bool, progress: &dyn Fn(usize)) -> Result<Vec<Receipt>, BatchError> {
        let (reply, answers) = sync_channel(64);
        let cause = Span::current();
        self.send(Job::All { actor: actor.clone(), commands, dry_run, reply, cause }).map_err(|error| BatchError::one(0, error))?;
        loop {
            match answers.recv() {
                Ok(BulkReply::Progress(done)) => progress(done),
                Ok(BulkReply::Done(result)) => return result,
                Err(_) => return Err(BatchError::one(0, StoreError::Closed)),
            }
        }
    }

    /// Reads a data folder that another program has open: its head as it stands, without a store.
    pub fn look(folder: &Path, place: &LogPlace, pack: Arc<Pack>, actor: &Actor, as_of: AsOf) -> Result<Reader, StoreError> {
        refuse_elsewhere(folder, place)?;
        pack_mark::refuse_beside(folder, place, &pack)?;
        let what = (actor.sight(&pack), actor.seen());
        Ok(Idle::default().reader(as_of, what, || Snapshot::open(&folder.join("head.db"), pack, as_of))?)
    }

    /// A snapshot of a moment, narrowed to what the actor may see. It keeps showing that moment, whatever is written
    /// meanwhile.
    pub fn reader(&self, actor: &Actor, as_of: AsOf) -> Result<Reader, StoreError> {
        let what = (actor.sight(&self.pack), actor.seen());
        Ok(self.idle.reader(as_of, what, || Snapshot::open(&self.head_path(), self.pack.clone(), as_of))?)
    }

    /// Everything there is at a moment, whoever asks: what indicators are computed from. Its records are for nobody to
    /// read; what comes of them is published by policies for indicators.
    pub fn whole(&self, as_of: AsOf) -> Result<Reader, StoreError> {
        Ok(self.idle.reader(as_of, (None, None), || Snapshot::open(&self.head_path(), self.pack.clone(), as_of))?)
    }

    /// The versions of a record that the actor may read, oldest first, each with what it changed of what they may see.
    pub fn history(&self, actor: &Actor, register: &str, record: i64) -> Result<Vec<Version>, StoreError> {
        let declared = self.pack.registers.get(register).ok_or_else(|| StoreError::NoSuchRegister(register.to_string()))?;
        let events = self.idle_logs.read(|| self.log_reader(), |log| log.of_record(record))?;
        let versions = history::versions(&events, register, record)?;
        history::narrowed(versions, actor, declared, record)
    }

    /// Checks the whole log: chain, payloads, redactions, and that the head is of this log.
    pub fn verify(&self, actor: &Actor) -> Result<VerifyReport, StoreError> {
        actor.may(SystemAction::Verify)?;
        verify::log(self.log_reader()?, &self.head_path())
    }

    /// [`Store::verify`] of a data folder that another program has open.
    pub fn verify_beside(folder: &Path, place: &LogPlace, actor: &Actor) -> Result<VerifyReport, StoreError> {
        actor.may(SystemAction::Verify)?;
        verify::log(place.reader(folder)?, &folder.join("head.db"))
    }

    /// Checks the whole trail of readings.
    pub fn verify_trail(&self, actor: &Actor) -> Result<TrailReport, StoreError> {
        Store::verify_trail_beside(&self.folder, &self.place.log, actor)
    }

    /// [`Store::verify_trail`] of a data folder that another program has open.
    pub fn verify_trail_beside(folder: &Path, place: &LogPlace, actor: &Actor) -> Result<TrailReport, StoreError> {
        actor.may(SystemAction::Verify)?;
        trail::verify(place.trail_reader(folder)?.as_mut())
    }

    /// Makes the head anew from the log.
    pub fn rebuild_head(&self, actor: &Actor) -> Result<(), StoreError> {
        actor.may(SystemAction::Rebuild)?;
        let (reply, answer) = sync_channel(1);
        self.send(Job::Rebuild { reply })?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Digest over the content of the head: equal digests, equal records at every moment.
    pub fn head_digest(&self, actor: &Actor) -> Result<[u8; 32], StoreError> {
        actor.may(SystemAction::Verify)?;
        Ok(Snapshot::open(&self.head_path(), self.pack.clone(), AsOf::Head)?.content_digest()?)
    }

    /// Last event that readers see; 0 before the first.
    pub fn head_seq(&self) -> i64 {
        self.seq.load(Ordering::Acquire)
    }

    /// How far readers are behind the log.
    pub fn lag(&self) -> Lag {
        let (seq, at) = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let unheard = if matches!(self.place.log, LogPlace::Folder) { Duration::ZERO } else { at.elapsed() };
        Lag { events: (seq - self.head_seq()).max(0), unheard }
    }

    /// Whether other processes may write to the log, too.
    pub fn is_shared(&self) -> bool {
        !matches!(self.place.log, LogPlace::Folder)
    }

    /// Where the log is; without its password.
    pub fn log_place(&self) -> String {
        self.place.log.describe(&self.folder)
    }

    /// Records of a register that a pack created, in order.
    pub(crate) fn created_by_packs(&self, register: &str) -> Result<Vec<i64>, StoreError> {
        self.log_reader()?.created_by(register, "pack:")
    }

    /// What was erased of what packs had brought, by digest.
    pub(crate) fn erased_of_packs(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        pack_mark::erased(&*self.log_reader()?)
    }

    pub(crate) fn send(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.send(job).map_err(|_| StoreError::Closed)
    }

    pub(crate) fn head_path(&self) -> PathBuf {
        self.folder.join("head.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn log_reader(&self) -> Result<Log, StoreError> {
        self.place.log.reader(&self.folder)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The writer goes last: whoever closes a database last, and may write, empties its write-ahead log.
        self.idle.clear();
        self.idle_logs.clear();
        self.indexer.take();
        let _ = self.jobs.send(Job::Stop);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// Refuses a folder whose records came from a log that is not in it.
fn refuse_elsewhere(folder: &Path, place: &LogPlace) -> Result<(), LogError> {
    match place {
        LogPlace::Folder if folder.join("head.db").exists() && !folder.join("log.db").exists() => {
            Err(LogError::Elsewhere { folder: folder.display().to_string() })
        }
        _ => Ok(()),
    }
}

pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn lock(folder: &Path) -> Result<fs::File, StoreError> {
    let path = folder.join("lock");
    let file = fs::File::create(&path).map_err(file_error(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::InUse(folder.display().to_string())),
        Err(fs::TryLockError::Error(error)) => Err(file_error(&path)(error)),
    }
}
