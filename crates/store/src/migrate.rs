//! Moves a log from one keeper to another, event by event as it is: the last hash stays the same. The source stays to be
//! read, with a mark that says where it went.

use crate::{
    Actor, LogPlace, Moved, Store, StoreError, VerifyReport,
    error::file_error,
    files::{Files, FilesPlace},
    log::{EventLog, Log, LogError, Which},
    pack_mark,
    store::{lock, remove},
    trail, verify,
};
use jiff::Timestamp;
use shirube_access::SystemAction;
use std::{fs, path::Path};

/// Where a log is moved to.
#[derive(Clone, Debug)]
pub enum Target<'p> {
    /// A PostgreSQL database.
    Server(&'p LogPlace),
    /// A data folder, which gets the attached files, too.
    Folder(&'p Path),
}

impl Store {
    /// Moves the log of a data folder to where there is none yet, and the attached files with it if that is a folder.
    /// Nothing is taken away, but from here on it takes no events. What the last event's hash was it still is.
    pub fn migrate(folder: &Path, from: &LogPlace, to: &Target<'_>, actor: &Actor) -> Result<VerifyReport, StoreError> {
        actor.may(SystemAction::Verify)?;
        run(folder, from, to)
    }

    /// Where the log of a data folder (at `place`) was moved, if there is one and it goes on elsewhere.
    pub fn moved(folder: &Path, place: &LogPlace, actor: &Actor) -> Result<Option<Moved>, StoreError> {
        actor.may(SystemAction::Verify)?;
        match refuse_absent(folder, place).map_err(StoreError::from).and_then(|()| place.reader(folder)) {
            Err(StoreError::Log(LogError::Absent { .. })) => Ok(None),
            log => log?.moved(),
        }
    }

    /// Takes up a log that was moved, as if it had not been; gives where it was moved. What was written there since is
    /// not in it.
    pub fn take_up(folder: &Path, place: &LogPlace, actor: &Actor) -> Result<Moved, StoreError> {
        actor.may(SystemAction::Rebuild)?;
        take_up(folder, place)
    }

    /// Brings the log of a data folder (at `place`) to a format, the last one if none is named; gives what it had and what
    /// it has. Others may be reading and writing; writers wait meanwhile.
    pub fn migrate_format(folder: &Path, place: &LogPlace, to: Option<i64>, actor: &Actor) -> Result<(i64, i64), StoreError> {
        actor.may(SystemAction::Verify)?;
        place.reformat(folder, to)
    }
}

/// Copies the log of a data folder (at `from`) to where there is none. All or nothing: the copy is verified before it
/// is committed, and writers wait meanwhile. Cut off between the last two steps, it is done again to mark the source.
fn run(folder: &Path, from: &LogPlace, to: &Target<'_>) -> Result<VerifyReport, StoreError> {
    let source = from.describe(folder);
    refuse_absent(folder, from)?;
    let _lock = lock(folder)?;
    let (to, home) = match to {
        Target::Server(place) => ((*place).clone(), folder),
        Target::Folder(home) => (LogPlace::Folder, *home),
    };
    fs::create_dir_all(home).map_err(file_error(home))?;
    let home = &fs::canonicalize(home).map_err(file_error(home))?;
    let same_folder = fs::canonicalize(folder).is_ok_and(|folder| folder == *home);
    let _target_lock = if same_folder { None } else { Some(lock(home)?) };
    let mut log = from.open(folder)?;
    log.refuse_moved(&source)?;
    let mut copy = to.open(home)?;
    let place = to.describe(home);
    if place == from.describe(&fs::canonicalize(folder).map_err(file_error(folder))?) {
        return Err(LogError::NotEmpty { place, events: copy.last().seq }.into());
    }
    refuse_other(&*log, &*copy, &place)?;
    log.begin()?;
    let result = whole(&mut log, &mut copy, &source, &place).and_then(|report| {
        // Without a log the trail is read by nobody; a second try finds it there.
        trail::copy(from.trail_reader(folder)?, to.trail(home)?, &place)?;
        if !same_folder {
            attached(&*log, folder, home)?;
        }
        // Whether it may be marked shows before there is anything at the other end.
        let (end, now) = (log.last(), Timestamp::now().as_millisecond());
        log.mark(Some(&Moved { to: place.clone(), at: now, seq: end.seq, hash: end.hash }))?;
        copy.commit()?;
        Ok(report)
    });
    match result {
        Ok(report) => {
            log.commit()?;
            Ok(report)
        }
        Err(error) => {
            // What failed first says more than that its connection is gone.
            let _ = (log.rollback(), copy.rollback());
            Err(error)
        }
    }
}

/// Takes the mark away.
fn take_up(folder: &Path, place: &LogPlace) -> Result<Moved, StoreError> {
    refuse_absent(folder, place)?;
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    let _lock = lock(folder)?;
    let mut log = place.open(folder)?;
    let Some(moved) = log.moved()? else { return Err(LogError::NotMoved { place: place.describe(folder) }.into()) };
    // They may have followed the log to where it went on; what is not in this one must not be taken for lost.
    for name in ["head.db", "search.db"] {
        for ending in ["", "-wal", "-shm"] {
            remove(&folder.join(format!("{name}{ending}")))?;
        }
    }
    remove(&folder.join(pack_mark::MARK))?;
    log.begin()?;
    let taken = log.mark(None).and_then(|()| log.commit());
    if taken.is_err() {
        let _ = log.rollback();
    }
    taken.map(|()| moved)
}

fn refuse_absent(folder: &Path, place: &LogPlace) -> Result<(), LogError> {
    match place {
        LogPlace::Folder if !folder.join("log.db").exists() => Err(LogError::Absent { place: place.describe(folder) }),
        _ => Ok(()),
    }
}

/// Refuses a target that holds anything but the whole copy, whose source was not marked yet.
fn refuse_other(log: &dyn EventLog, copy: &dyn EventLog, place: &str) -> Result<(), StoreError> {
    let events = copy.last().seq;
    if events == 0 || copy.last() == log.last() && copy.moved()?.is_none() {
        return Ok(());
    }
    Err(LogError::NotEmpty { place: place.to_string(), events }.into())
}

/// Copies every row that is not there and verifies both sides.
fn whole(log: &mut Log, copy: &mut Log, source: &str, place: &str) -> Result<VerifyReport, StoreError> {
    let report = verify::chain_of(&**log)?;
    if let Some(problem) = report.problems.first() {
        return Err(LogError::Broken { place: source.to_string(), problem: problem.to_string() }.into());
    }
    copy.begin()?;
    // Someone may have come first.
    refuse_other(&**log, &**copy, place)?;
    let there = copy.last().seq;
    log.rows(Which::After(there), &mut |seq, row| copy.put(&row.map_err(|what| StoreError::Unreadable { seq, what })?))?;
    copy.flush()?;
    if verify::chain_of(&**copy)? != report {
        return Err(LogError::Differs { place: place.to_string() }.into());
    }
    Ok(report)
}

fn attached(log: &dyn EventLog, from: &Path, to: &Path) -> Result<(), StoreError> {
    let (from, to) = (Files::open(from, &FilesPlace::Folder)?, Files::open(to, &FilesPlace::Folder)?);
    for sha in from.all()? {
        to.keep(&from.read(&sha)?)?;
        // A server ends a transaction that says nothing for minutes, as long as files may take.
        log.hash_of(1)?;
    }
    Ok(())
}
