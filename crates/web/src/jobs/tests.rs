#![allow(clippy::unwrap_used)]
use super::*;
use std::{sync::mpsc::channel, time::Duration};

fn open(folder: &Path) -> Arc<Jobs> {
    Arc::new(Jobs::open(folder.join("jobs")).unwrap())
}

/// Waits for a job to leave the stages of work.
fn ended(jobs: &Jobs, id: &str) -> Job {
    for _ in 0..500 {
        let job = jobs.get(id).unwrap();
        if !job.stage.under_way() && jobs.running().is_empty() {
            return job;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    unreachable!("the job does not end")
}

#[test]
fn progress_is_seen_and_the_result_kept() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let job = jobs.create("project", "owner", "a.csv", b"title\n").unwrap();
    assert_eq!(jobs.file(&job.id).unwrap(), b"title\n");
    let (go, wait) = channel::<()>();
    let (said, hear) = channel::<()>();
    jobs.start(job.clone(), Stage::Importing, move |control, job| {
        control.progress(3, 10);
        said.send(()).unwrap();
        wait.recv().unwrap();
        job.problems = 1;
        Done { files: vec![("errors.json", b"[]".to_vec())], ..Done::at(Stage::Done) }
    })
    .unwrap();
    hear.recv().unwrap();
    let seen = jobs.get(&job.id).unwrap();
    assert_eq!((seen.stage, seen.done, seen.total), (Stage::Importing, 3, 10));
    assert!(matches!(jobs.start(job.clone(), Stage::Checking, |_, _| Done::at(Stage::Done)), Err(JobError::Running(_))));
    go.send(()).unwrap();
    let done = ended(&jobs, &job.id);
    assert_eq!((done.stage, done.problems), (Stage::Done, 1));
    assert!(matches!(jobs.file(&job.id), Err(JobError::FileGone(_))));
    assert_eq!(jobs.list().unwrap().len(), 1);
}

#[test]
fn a_stop_of_the_program_interrupts_and_a_waiting_job_stays() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let mut working = jobs.create("project", "owner", "a.csv", b"a").unwrap();
    let mut waiting = jobs.create("project", "owner", "b.csv", b"b").unwrap();
    working.stage = Stage::Importing;
    waiting.stage = Stage::Checked;
    jobs.write(&working).unwrap();
    jobs.write(&waiting).unwrap();
    drop(jobs);

    let jobs = open(folder.path());
    assert_eq!(jobs.get(&working.id).unwrap().stage, Stage::Interrupted);
    assert_eq!(jobs.file(&working.id).unwrap(), b"a");
    assert_eq!(jobs.get(&waiting.id).unwrap().stage, Stage::Checked);
    jobs.cancel(&waiting.id).unwrap();
    assert_eq!(jobs.get(&waiting.id).unwrap().stage, Stage::Cancelled);
}

#[test]
fn what_ended_long_ago_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let mut job = jobs.create("project", "owner", "a.csv", b"a").unwrap();
    job.updated_at -= KEPT_MS + 60_000;
    jobs.write(&job).unwrap();
    let recent = jobs.create("project", "owner", "b.csv", b"b").unwrap();
    jobs.tidy().unwrap();
    assert_eq!(jobs.list().unwrap().iter().map(|j| j.id.clone()).collect::<Vec<_>>(), [recent.id], "while the program runs");
    let mut job = jobs.create("project", "owner", "a.csv", b"a").unwrap();
    job.updated_at -= KEPT_MS + 60_000;
    jobs.write(&job).unwrap();
    drop(jobs);
    assert_eq!(open(folder.path()).list().unwrap().len(), 1, "and at its start");
}

#[test]
fn a_failure_of_ours_is_told_without_its_cause() {
    let told = words::ours(&"/var/lib/secret/head.db: disk I/O error");
    for text in [&told.ja, &told.en] {
        assert!(!text.contains("secret") && !text.contains("disk"), "{text}");
    }
    assert_ne!(told, words::ours(&"another"), "each has a number of its own");
}

#[test]
fn work_that_panics_fails_the_job_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let job = jobs.create("project", "owner", "a.csv", b"a").unwrap();
    jobs.start(job.clone(), Stage::Checking, |_, _| unreachable!("a fault of ours")).unwrap();
    let failed = ended(&jobs, &job.id);
    assert_eq!(failed.stage, Stage::Failed);
    assert!(failed.failure.is_some());
}

#[test]
fn a_running_job_hears_that_it_is_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let job = jobs.create("project", "owner", "a.csv", b"a").unwrap();
    jobs.start(job.clone(), Stage::Checking, |control, _| {
        while !control.cancelled() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Done::at(Stage::Cancelled)
    })
    .unwrap();
    jobs.cancel(&job.id).unwrap();
    assert_eq!(ended(&jobs, &job.id).stage, Stage::Cancelled);
}

#[test]
fn only_our_own_names_are_paths() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    for id in ["", "..", "a/b", "zz", "../../etc", "0123456789abcdef0"] {
        assert!(matches!(jobs.get(id), Err(JobError::NoSuchJob(_))), "{id}");
    }
}

#[test]
fn so_many_are_under_way_of_one_person_and_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let (until, go) = (Arc::new(std::sync::RwLock::new(())), |jobs: &Arc<Jobs>, actor: &str, until: &Arc<std::sync::RwLock<()>>| {
        let (job, until) = (jobs.create("project", actor, "a.csv", b"a")?, Arc::clone(until));
        jobs.start(job.clone(), Stage::Checking, move |_, _| {
            drop(until.read());
            Done::at(Stage::Checked)
        })?;
        Ok::<_, JobError>(job)
    });
    let held = until.write().unwrap();
    let first = go(&jobs, "ann", &until).unwrap();
    go(&jobs, "ann", &until).unwrap();
    assert!(matches!(go(&jobs, "ann", &until), Err(JobError::TooManyOfOne(2))));
    assert_eq!(jobs.list().unwrap().len(), 2, "nothing is kept of what was refused");
    for other in ["bob", "bob", "eve", "eve"] {
        go(&jobs, other, &until).unwrap();
    }
    assert!(matches!(go(&jobs, "dan", &until), Err(JobError::TooMany)));
    assert!(matches!(jobs.start(first.clone(), Stage::Importing, |_, _| Done::at(Stage::Done)), Err(JobError::Running(_))));
    drop(held);
    ended(&jobs, &first.id);
    go(&jobs, "dan", &until).unwrap();
}

#[test]
fn so_many_files_of_one_person_wait() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(folder.path());
    let send = |actor: &str| jobs.create("project", actor, "a.csv", b"a");
    let all: Vec<Job> = (0..WAITING).map(|_| send("ann").unwrap()).collect();
    assert!(matches!(send("ann"), Err(JobError::TooManyWaiting(n)) if n == WAITING) && send("bob").is_ok());
    jobs.cancel(&all[0].id).unwrap();
    send("ann").unwrap();
    // One that failed makes room for the mended one.
    let failed = Job { stage: Stage::Failed, ..all[1].clone() };
    jobs.write(&failed).unwrap();
    send("ann").unwrap();
    assert_eq!(jobs.get(&failed.id).unwrap().stage, Stage::Cancelled);
    assert!(matches!(send("ann"), Err(JobError::TooManyWaiting(_))));
}
