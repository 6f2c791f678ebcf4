//! Who has which file at hand, to name it in a record.
//!
//! A record names a file by its hash, and whoever sees the record is given the file. So nobody may name a file whose
//! hash they merely know: they sent it just now, or see a record that names it and could send it as well.

use shirube_plan::FileType;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a form may take to be put in order after its file was sent.
const LIFE: Duration = Duration::from_secs(24 * 3600);
/// Files remembered at most; then the oldest are forgotten.
const MOST: usize = 20_000;

/// A file as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    pub media: String,
    pub size: i64,
    /// What it is; none if it was too large for its field and was neither looked into nor kept.
    pub found: Option<FileType>,
}

/// By who sent it, and its hash.
type Known = BTreeMap<(String, String), (Upload, Instant)>;

/// Remembers what was sent to this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent(Arc<Mutex<Known>>);

impl Sent {
    /// Notes that somebody sent a file.
    pub fn note(&self, actor: &str, sha256: &str, upload: Upload) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (_, at)| at.elapsed() < LIFE);
        }
        if known.len() >= MOST
            && let Some(oldest) = known.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone())
        {
            known.remove(&oldest);
        }
        known.insert((actor.to_string(), sha256.to_string()), (upload, Instant::now()));
    }

    /// The file, if this same actor sent it not long ago.
    pub fn by(&self, actor: &str, sha256: &str) -> Option<Upload> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (upload, at) = known.get(&(actor.to_string(), sha256.to_string()))?;
        (at.elapsed() < LIFE).then(|| upload.clone())
    }
}
