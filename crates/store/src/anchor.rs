//! Anchors: the end of the log, told to a place that whoever has the log cannot change.
//!
//! A log that is written anew from its beginning is a whole chain in itself. Only what was anchored elsewhere shows
//! that it is another.

use crate::{
    Actor, LogPlace, Store, StoreError, Url,
    error::file_error,
    pack_mark::Mark,
    trail::{Keeper, Wanted},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shirube_access::SystemAction;
use shirube_record::hex;
use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

/// Time for an anchor to be taken by a server; the program waits so long when it stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// The end of a log at some time; one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// When it was looked at (RFC 3339).
    pub at: String,
    /// The last event.
    pub seq: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// Id of the pack whose log it is.
    pub pack: String,
    /// The end of the trail of readings; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<TrailEnd>,
}

/// The end of a trail of readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEnd {
    /// The last entry.
    pub seq: i64,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// Why anchors are not written or do not hold.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A line that is no anchor.
    #[error("{path}:{line} is no anchor ({what}); a line that was cut off may be removed")]
    Line {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// There is nothing to check against.
    #[error("{0} holds no anchor; name the file that anchor.file or the server at anchor.url has written")]
    None(String),
    /// An anchor of another log.
    #[error("{path}:{line} is an anchor of the pack `{anchor}`, the log is of `{log}`; name the anchors of this log")]
    OtherPack {
        /// The file.
        path: String,
        /// The line.
        line: usize,
        /// Pack of the anchor.
        anchor: String,
        /// Pack of the log.
        log: String,
    },
    /// The server did not take it.
    #[error("{url} did not take the anchor ({what})")]
    Refused {
        /// The server.
        url: String,
        /// What it said.
        what: String,
    },
}

/// The first anchor that the log does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The anchor.
    pub anchor: Anchor,
    /// Hash that the event has now; none if the log ends before it.
    pub found: Option<String>,
    /// It is the entry of the trail that is another, not the event.
    pub of_trail: bool,
}

impl Store {
    /// The end of a log now, also while another program has the folder open; none before the first event.
    pub fn anchor(folder: &Path, place: &LogPlace, pack: &str, actor: &Actor) -> Result<Option<Anchor>, StoreError> {
        actor.may(SystemAction::Verify)?;
        let last = place.reader(folder)?.last();
        let end = place.trail_reader(folder)?.map(|mut trail| trail.last()).transpose()?.filter(|end| end.seq > 0);
        let readings = end.map(|end| TrailEnd { seq: end.seq, hash: hex(&end.hash) });
        let anchor = || Anchor { at: Timestamp::now().to_string(), seq: last.seq, hash: hex(&last.hash), pack: pack.to_string(), readings };
        Ok((last.seq > 0).then(anchor))
    }

    /// Checks that every event anchored in a file still has its hash. Whether the hashes are right is for
    /// [`Store::verify_beside`] to say. Gives how many there are, and the first that is not held.
    pub fn verify_anchors(folder: &Path, place: &LogPlace, anchors: &Path, actor: &Actor) -> Result<(usize, Option<Lost>), StoreError> {
        actor.may(SystemAction::Verify)?;
        let path = anchors.display().to_string();
        let text = fs::read_to_string(anchors).map_err(file_error(anchors))?;
        let mut log = place.reader(folder)?;
        log.moment()?;
        let pack = Mark::of(folder, &*log)?.map(|mark| mark.id);
        let mut trail = place.trail_reader(folder)?;
        let (mut read, mut lost) = (0, None::<Lost>);
        for (line, text) in text.lines().enumerate().map(|(at, text)| (at + 1, text.trim())).filter(|(_, text)| !text.is_empty()) {
            let what = |error: serde_json::Error| AnchorError::Line { path: path.clone(), line, what: error.to_string() };
            let anchor: Anchor = serde_json::from_str(text).map_err(what)?;
            if let Some(log) = pack.as_ref().filter(|pack| **pack != anchor.pack) {
                return Err(AnchorError::OtherPack { path, line, anchor: anchor.pack, log: log.clone() }.into());
            }
            read += 1;
            let found = log.hash_of(anchor.seq)?.map(|hash| hex(&hash));
            let earlier = lost.as_ref().is_none_or(|lost| anchor.seq < lost.anchor.seq);
            if found.as_ref() != Some(&anchor.hash) && earlier {
                lost = Some(Lost { anchor, found, of_trail: false });
            } else if let Some(end) = anchor.readings.as_ref().filter(|_| earlier) {
                let found = match &mut trail {
                    Some(trail) => hash_of(trail.as_mut(), end.seq)?,
                    None => None,
                };
                if found.as_ref() != Some(&end.hash) {
                    lost = Some(Lost { anchor, found, of_trail: true });
                }
            }
        }
        if read == 0 { Err(AnchorError::None(path).into()) } else { Ok((read, lost)) }
    }
}

/// Hash of an entry of the trail.
fn hash_of(trail: &mut dyn Keeper, seq: i64) -> Result<Option<String>, StoreError> {
    let mut found = None;
    let wanted = Wanted { before: seq.saturating_add(1), since: i64::MIN, until: i64::MAX, ..Wanted::default() };
    trail.find(&wanted, &mut |row| {
        found = (row.seq == seq).then(|| hex(&row.hash));
        Ok(false)
    })?;
    Ok(found)
}

impl Anchor {
    fn line(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Body(error.into()))
    }

    /// The last anchor in a file; none if there is none, or no file.
    pub fn last_in(path: &Path) -> Option<Anchor> {
        let text = fs::read_to_string(path).ok()?;
        text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
    }

    /// Appends it to a file; it is on disk when this returns.
    pub fn append(&self, path: &Path) -> Result<(), StoreError> {
        let line = self.line()?;
        let write = || {
            let mut file = fs::OpenOptions::new().read(true).append(true).create(true).open(path)?;
            // A line that was cut off by a crash stays by itself.
            let mut end = [b'\n'];
            if file.metadata()?.len() > 0 {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut end)?;
            }
            let begin = if end == [b'\n'] { "" } else { "\n" };
            file.write_all(format!("{begin}{line}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(file_error(path))
    }

    /// Posts it to a server, which answers with a status of success.
    pub fn post(&self, url: &Url) -> Result<(), StoreError> {
        let refused = |what: String| AnchorError::Refused { url: url.to_string(), what };
        let sent = shirube_net::agent(PATIENCE).post(url.expose()).content_type("application/json").send(self.line()?);
        let status = sent.map_err(|error| refused(error.to_string()))?.status();
        if status.is_success() { Ok(()) } else { Err(refused(status.to_string()).into()) }
    }
}
