//! Files in a bucket of S3-compatible object storage, named by their hashes.

use super::{Bucket, FilesError, Keeper, is_hash, sha256, sign};
use crate::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};
use ureq::{Agent, Body, http};

/// Time for a file to go or to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Waits before a request is tried again that the server did not answer, or could not.
const BACK_OFF: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(800), Duration::from_secs(2)];
/// A file that is younger may belong to a form that is yet to be saved, through another process.
const YOUNG: SignedDuration = SignedDuration::from_hours(24);
/// No file is larger.
const LARGEST: u64 = 4 << 30;

/// A bucket, and the connections to it.
#[derive(Debug)]
pub(super) struct BucketFiles {
    bucket: Arc<Bucket>,
    agent: Agent,
}

/// An answer: its status and what it holds.
struct Answer {
    status: u16,
    body: Vec<u8>,
    length: Option<u64>,
}

impl BucketFiles {
    pub fn new(bucket: Arc<Bucket>) -> BucketFiles {
        BucketFiles { bucket, agent: shirube_net::agent(PATIENCE) }
    }

    fn place(&self) -> String {
        format!("{}/{}", self.bucket.endpoint, self.bucket.name)
    }

    /// Asks until the server answers or time is up. Every request may be repeated: content decides its name.
    fn ask(&self, method: &http::Method, object: &str, query: &str, body: &[u8]) -> Result<Answer, StoreError> {
        let mut waits = BACK_OFF.iter();
        loop {
            let failed = match self.once(method, object, query, body) {
                Ok(answer) if answer.status < 500 && answer.status != 429 => return Ok(answer),
                Ok(answer) => self.refused(&answer),
                Err(error) => FilesError::Unreachable { place: self.place(), cause: error.to_string() },
            };
            let Some(wait) = waits.next() else { return Err(failed.into()) };
            thread::sleep(*wait);
        }
    }

    fn once(&self, method: &http::Method, object: &str, query: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
        let endpoint = self.bucket.endpoint.expose().trim_end_matches('/');
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
        let (host, before) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
        let path = format!("{before}/{}{object}", self.bucket.name);
        let content = sha256(body);
        let asked = sign::Asked { method: method.as_str(), host, path: &path, query, content: &content, at: Timestamp::now() };
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = http::Request::builder().method(method).uri(format!("{scheme}://{host}{path}{mark}{query}"));
        for (name, value) in sign::headers(&self.bucket, &asked) {
            request = request.header(name, value);
        }
        let answer = match *method {
            http::Method::PUT => self.agent.run(request.body(body)?),
            _ => self.agent.run(request.body(())?),
        };
        let mut answer = answer?;
        let body = |body: &mut Body| body.with_config().limit(LARGEST).read_to_vec();
        let length = answer.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(Answer { status: answer.status().as_u16(), body: body(answer.body_mut())?, length })
    }

    fn refused(&self, answer: &Answer) -> FilesError {
        let text = String::from_utf8_lossy(&answer.body);
        let code = within(&text, "Code").unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(60).collect();
        FilesError::Refused { place: self.place(), status: answer.status, code }
    }

    /// What a file's answer holds; none if there is no such file.
    fn file<T>(&self, answer: Answer, take: impl FnOnce(Answer) -> T) -> Result<Option<T>, StoreError> {
        match answer.status {
            200..300 => Ok(Some(take(answer))),
            // A bucket that is not there is another matter than a file that is not.
            404 if within(&String::from_utf8_lossy(&answer.body), "Code") != Some("NoSuchBucket") => Ok(None),
            _ => Err(self.refused(&answer).into()),
        }
    }
}

impl Keeper for BucketFiles {
    fn keep(&self, sha: &str, bytes: &[u8]) -> Result<(), StoreError> {
        if self.size(sha)? == Some(bytes.len() as u64) {
            return Ok(());
        }
        let answer = self.ask(&http::Method::PUT, &format!("/{sha}"), "", bytes)?;
        if (200..300).contains(&answer.status) { Ok(()) } else { Err(self.refused(&answer).into()) }
    }

    fn read(&self, sha: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = self.ask(&http::Method::GET, &format!("/{sha}"), "", &[])?;
        self.file(answer, |answer| answer.body)
    }

    fn size(&self, sha: &str) -> Result<Option<u64>, StoreError> {
        let answer = self.ask(&http::Method::HEAD, &format!("/{sha}"), "", &[])?;
        Ok(self.file(answer, |answer| answer.length)?.flatten())
    }

    fn all(&self) -> Result<BTreeSet<String>, StoreError> {
        let (mut found, mut after) = (BTreeSet::new(), String::new());
        let old = Timestamp::now() - YOUNG;
        loop {
            let answer = self.ask(&http::Method::GET, "", &format!("list-type=2&start-after={after}"), &[])?;
            if answer.status != 200 {
                return Err(self.refused(&answer).into());
            }
            let text = String::from_utf8_lossy(&answer.body);
            let mut last = None;
            for object in text.split("<Contents>").skip(1) {
                let Some(key) = within(object, "Key") else { continue };
                last = Some(key.to_string());
                let made = within(object, "LastModified").and_then(|at| at.parse::<Timestamp>().ok());
                if is_hash(key) && made.is_some_and(|made| made < old) {
                    found.insert(key.to_string());
                }
            }
            match last {
                Some(last) if within(&text, "IsTruncated") == Some("true") && last > after => after = last,
                _ => return Ok(found),
            }
        }
    }

    /// Others may keep files here whose records this process never sees: another program that a copy of the log was
    /// restored for, say. So what nobody here names is not known to be nobody's.
    fn left(&self) -> Result<BTreeSet<String>, StoreError> {
        Ok(BTreeSet::new())
    }

    fn remove(&self, sha: &str) -> Result<(), StoreError> {
        let answer = self.ask(&http::Method::DELETE, &format!("/{sha}"), "", &[])?;
        self.file(answer, drop).map(drop)
    }
}

/// The text of the first element of this name. What is read here are hashes, times and words without markup.
fn within<'t>(text: &'t str, element: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    rest.split_once('<').map(|(within, _)| within)
}
