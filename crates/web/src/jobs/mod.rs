//! Long work: visible progress, cancelling, and what becomes of it when the program is stopped.
//!
//! A job is a folder under `jobs/` of the data folder: `job.json` says what it is and how far it came, `file` is
//! what was sent, `errors.json`, `errors.csv` and `errors.xlsx` what is wrong with it. Work runs on a thread of its own; a job that was under way
//! when the program stopped is found as interrupted at the next start.

mod error;
pub mod import;
mod job;
mod words;

pub use error::JobError;
pub use job::{Counts, Heading, Job, Left, Problem, Stage, Text};

use error::file_error;
use shirube_store::Store;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Jobs are kept for so long after they ended: what was sent may hold what must not lie about.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Jobs that are under way at most, of one person and of all: each has a file in memory, unpacked.
const UNDER_WAY: (usize, usize) = (2, 6);

/// Files of one person at most that wait to be looked through, mended or written.
const WAITING: usize = 20;

/// Time for a job to notice that it is to stop.
const STOPPING: Duration = Duration::from_secs(5);

/// All jobs of a data folder.
#[derive(Debug)]
pub struct Jobs {
    folder: PathBuf,
    /// By the job, with who began it.
    running: Mutex<BTreeMap<String, (String, Arc<Control>)>>,
    last: Mutex<i64>,
}

/// How a running job is watched and stopped.
#[derive(Debug, Default)]
pub struct Control {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Control {
    /// Tells how far the work is; a total of 0 is unknown.
    pub fn progress(&self, done: u64, total: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Someone wants the work to stop.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// How far the work is: done, total.
    pub fn so_far(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

impl Jobs {
    /// Opens the folder of jobs. What was under way is interrupted, what ended long ago is removed.
    pub fn open(folder: PathBuf) -> Result<Jobs, JobError> {
        fs::create_dir_all(&folder).map_err(file_error(&folder))?;
        let jobs = Jobs { folder, running: Mutex::default(), last: Mutex::default() };
        jobs.clear_scratch()?;
        for mut job in jobs.list()?.into_iter().filter(|job| job.stage.under_way()) {
            job.stage = Stage::Interrupted;
            jobs.write(&job)?;
        }
        jobs.tidy()?;
        Ok(jobs)
    }

    /// Removes jobs that ended, or were left alone, long ago.
    pub fn tidy(&self) -> Result<(), JobError> {
        let now = now();
        for job in self.list()?.into_iter().filter(|job| !job.stage.under_way() && now - job.updated_at > KEPT_MS) {
            // Not one that someone begins at this moment.
            let running = self.running();
            if !running.contains_key(&job.id) {
                let path = self.path(&job.id)?;
                fs::remove_dir_all(&path).map_err(file_error(&path))?;
            }
        }
        Ok(())
    }

    /// Finds out what the interrupted imports had written. To be asked before anything else is written.
    pub fn settle(&self, store: &Store) -> Result<(), JobError> {
        for mut job in self.list()?.into_iter().filter(|j| j.stage == Stage::Interrupted && j.left.is_none()) {
            import::settle(store, &mut job);
            self.write(&job)?;
        }
        Ok(())
    }

    /// Removes what answers left behind when the program was stopped in the middle of one.
    fn clear_scratch(&self) -> Result<(), JobError> {
        let entries = fs::read_dir(&self.folder).map_err(file_error(&self.folder))?;
        let left = entries.flatten().filter(|e| e.file_name().to_string_lossy().starts_with("scratch-"));
        left.into_iter().try_for_each(|e| remove(&e.path()))
    }

    /// A new job with the file it is about. Refused if it could not begin now, or if too many files of the same person
    /// wait already.
    pub fn create(&self, register: &str, actor: &str, file_name: &str, bytes: &[u8]) -> Result<Job, JobError> {
        has_room(&self.running(), actor)?;
        let waiting: Vec<Job> = self.list()?.into_iter().filter(|job| job.actor == actor && !job.stage.ended()).collect();
        if waiting.len() >= WAITING {
            // What could not be read makes room: it is mended by sending it anew.
            let failed = waiting.iter().filter(|job| job.stage == Stage::Failed).min_by_key(|job| job.created_at);
            let failed = failed.ok_or(JobError::TooManyWaiting(waiting.len()))?;
            self.cancel(&failed.id)?;
        }
        let at = self.moment();
        let job = Job {
            id: format!("{at:x}"),
            register: register.to_string(),
            actor: actor.to_string(),
            file_name: file_name.to_string(),
            size: bytes.len() as u64,
            created_at: at,
            updated_at: at,
            stage: Stage::Uploaded,
            ..Job::default()
        };
        let path = self.path(&job.id)?;
        fs::create_dir_all(&path).map_err(file_error(&path))?;
        let file = path.join("file");
        fs::write(&file, bytes).map_err(file_error(&file))?;
        self.write(&job)?;
        Ok(job)
    }

    /// A job as it stands, with the progress of a running one.
    pub fn get(&self, id: &str) -> Result<Job, JobError> {
        let path = self.path(id)?.join("job.json");
        let text = fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => JobError::NoSuchJob(id.to_string()),
            _ => file_error(&path)(error),
        })?;
        let mut job: Job = serde_json::from_slice(&text).map_err(|_| JobError::NoSuchJob(id.to_string()))?;
        if let Some((_, control)) = self.running().get(id) {
            (job.done, job.total) = control.so_far();
            job.cancelling = control.cancelled();
        }
        Ok(job)
    }

    /// All jobs, newest first.
    pub fn list(&self) -> Result<Vec<Job>, JobError> {
        let entries = fs::read_dir(&self.folder).map_err(file_error(&self.folder))?;
        let names = entries.flatten().filter_map(|e| e.file_name().into_string().ok());
        let mut jobs: Vec<Job> = names.filter_map(|name| self.get(&name).ok()).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
        Ok(jobs)
    }

    /// The file of a job; none once it is done with.
    pub fn file(&self, id: &str) -> Result<Vec<u8>, JobError> {
        let path = self.path(id)?.join("file");
        fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => JobError::FileGone(id.to_string()),
            _ => file_error(&path)(error),
        })
    }

    /// What is wrong with the rows of a job's file, as far as it is listed.
    pub fn problems(&self, id: &str) -> Result<Vec<Problem>, JobError> {
        match self.extra(id, PROBLEMS)? {
            Some(text) => serde_json::from_slice(&text).map_err(|e| JobError::Unreadable(e.to_string())),
            None => Ok(vec![]),
        }
    }

    /// A file that the work has left beside the job; none if there is no such file.
    pub fn extra(&self, id: &str, name: &'static str) -> Result<Option<Vec<u8>>, JobError> {
        let path = self.path(id)?.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error(&path)(error)),
        }
    }

    /// Leaves files beside the job in place of those of an earlier run.
    fn leave(&self, job: &Job, files: &[(&'static str, Vec<u8>)]) -> Result<(), JobError> {
        let folder = self.path(&job.id)?;
        for name in EXTRAS {
            remove(&folder.join(name))?;
        }
        for (name, bytes) in files {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(file_error(&path))?;
        }
        // What was sent is kept only as long as it may be needed again.
        if matches!(job.stage, Stage::Done | Stage::Cancelled) {
            remove(&folder.join("file"))?;
        }
        Ok(())
    }

    /// Changes what is known of a job.
    pub fn write(&self, job: &Job) -> Result<(), JobError> {
        let path = self.path(&job.id)?.join("job.json");
        let partial = path.with_extension("part");
        let text = serde_json::to_vec_pretty(job).map_err(|e| JobError::Unwritable(e.to_string()))?;
        fs::write(&partial, text).map_err(file_error(&partial))?;
        fs::rename(&partial, &path).map_err(file_error(&path))
    }

    /// Runs work for a job on a thread of its own. `work` gives the stage the job ends in and what to note.
    pub fn start(
        self: &Arc<Self>,
        mut job: Job,
        under_way: Stage,
        work: impl FnOnce(&Control, &mut Job) -> Done + Send + 'static,
    ) -> Result<(), JobError> {
        let control = Arc::new(Control::default());
        {
            let mut running = self.running();
            if running.contains_key(&job.id) {
                return Err(JobError::Running(job.id));
            }
            has_room(&running, &job.actor)?;
            running.insert(job.id.clone(), (job.actor.clone(), Arc::clone(&control)));
        }
        job.stage = under_way;
        (job.before, job.left) = (None, None);
        job.updated_at = self.moment();
        self.write(&job)?;
        let jobs = Arc::clone(self);
        let id = job.id.clone();
        let spawned = std::thread::Builder::new().name("job".to_string()).spawn(move || {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&control, &mut job)));
            let done = done.unwrap_or_else(|_| {
                Done::failed(
                    "処理中に問題が起きました。詳しい内容はプログラムのログにあります。",
                    "Something went wrong while working on this; the details are in the program's log.",
                )
            });
            jobs.end(job, &control, done);
        });
        if let Err(error) = spawned {
            self.running().remove(&id);
            return Err(file_error(&self.folder)(error));
        }
        Ok(())
    }

    fn end(&self, mut job: Job, control: &Control, done: Done) {
        (job.done, job.total) = control.so_far();
        job.stage = done.stage;
        job.failure = done.failure;
        job.updated_at = self.moment();
        if let Err(error) = self.leave(&job, &done.files).and_then(|()| self.write(&job)) {
            tracing::error!(job = %job.id, %error, "a job’s end could not be noted");
        }
        self.running().remove(&job.id);
    }

    /// Waits a little for a job that may be done at once, so that short work shows no progress page.
    pub fn wait(&self, id: &str, most: Duration) {
        let until = Instant::now() + most;
        while self.running().contains_key(id) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many jobs are under way.
    pub fn running_now(&self) -> usize {
        self.running().len()
    }

    /// Lets jobs under way end, for so long at most; then asks them to stop, and waits for that a little. Says
    /// whether all have ended.
    pub fn finish(&self, most: Duration) -> bool {
        for (cancel, most) in [(false, most), (true, STOPPING)] {
            if cancel {
                self.running().values().for_each(|(_, c)| c.cancelled.store(true, Ordering::Relaxed));
            }
            let until = Instant::now() + most;
            while self.running_now() > 0 && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.running_now() == 0
    }

    /// Asks a running job to stop; one that waits for a person is given up.
    pub fn cancel(&self, id: &str) -> Result<(), JobError> {
        if let Some((_, control)) = self.running().get(id) {
            control.cancelled.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let mut job = self.get(id)?;
        if job.stage.ended() {
            return Ok(());
        }
        job.stage = Stage::Cancelled;
        job.updated_at = self.moment();
        self.leave(&job, &[])?;
        self.write(&job)
    }

    /// A name for a file of one answer, which the caller removes again.
    pub fn scratch(&self) -> Result<PathBuf, JobError> {
        Ok(self.folder.join(format!("scratch-{:x}", self.moment())))
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, (String, Arc<Control>)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time in milliseconds, each moment given out once: it also makes names of jobs.
    fn moment(&self) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = now().max(*last + 1);
        *last
    }

    fn path(&self, id: &str) -> Result<PathBuf, JobError> {
        // Only what we named ourselves may become a path.
        let own = !id.is_empty() && id.len() <= 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
        if own { Ok(self.folder.join(id)) } else { Err(JobError::NoSuchJob(id.to_string())) }
    }
}

/// Whether one more job may begin.
fn has_room(running: &BTreeMap<String, (String, Arc<Control>)>, actor: &str) -> Result<(), JobError> {
    let own = running.values().filter(|(who, _)| who == actor).count();
    if own >= UNDER_WAY.0 {
        return Err(JobError::TooManyOfOne(own));
    }
    if running.len() >= UNDER_WAY.1 { Err(JobError::TooMany) } else { Ok(()) }
}

/// How a job's work ended.
#[derive(Debug)]
pub struct Done {
    /// Stage from here on.
    pub stage: Stage,
    /// Why it failed.
    pub failure: Option<Text>,
    /// Files to leave beside the job: `errors.json`, `errors.csv`, `errors.xlsx`.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Done {
    /// It came to this stage.
    pub fn at(stage: Stage) -> Done {
        Done { stage, failure: None, files: vec![] }
    }

    /// It failed.
    pub fn failed(ja: impl Into<String>, en: impl Into<String>) -> Done {
        Done { failure: Some(Text { ja: ja.into(), en: en.into() }), ..Done::at(Stage::Failed) }
    }
}

/// List of what is wrong with rows.
const PROBLEMS: &str = "errors.json";

/// Files that work leaves.
const EXTRAS: [&str; 3] = [PROBLEMS, "errors.csv", "errors.xlsx"];

fn remove(path: &Path) -> Result<(), JobError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64)
}

#[cfg(test)]
mod tests;
