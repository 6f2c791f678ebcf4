//! Tells the end of the log to places outside, every while and when the portal stops.

use crate::Place;
use crate::config::{Anchoring, Config};
use crate::failure::Failure;
use shirube_store::{Actor, Anchor, LogPlace, Store, StoreError, Url};
use shirube_web::App;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// The thread that anchors. When this goes, it anchors once more and ends.
pub struct Anchors {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Anchors {
    /// Begins, if there is somewhere to tell.
    pub fn start(place: &Place, config: &Config, app: &Arc<App>) -> Result<Option<Anchors>, Failure> {
        let Anchoring { file, url, every } = config.anchor.clone();
        let targets: Vec<Target> = file.map(Where::File).into_iter().chain(url.map(Where::Server)).map(Target::new).collect();
        if targets.is_empty() {
            return Ok(None);
        }
        let mut clock = Clock { data: place.data.clone(), log: place.log.clone(), app: Arc::clone(app), targets };
        clock.app.anchored();
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("anchors".to_string()).spawn(move || clock.run(every, &stopped))?;
        Ok(Some(Anchors { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Anchors {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

enum Where {
    File(PathBuf),
    Server(Url),
}

/// A place, and the hash it was told last.
struct Target {
    at: Where,
    told: Option<String>,
}

impl Target {
    fn new(at: Where) -> Target {
        let told = match &at {
            Where::File(path) => Anchor::last_in(path).map(|anchor| anchor.hash),
            Where::Server(_) => None,
        };
        Target { at, told }
    }

    fn tell(&mut self, anchor: &Anchor) -> Result<(), StoreError> {
        if self.told.as_ref() == Some(&anchor.hash) {
            return Ok(());
        }
        match &self.at {
            Where::File(path) => anchor.append(path)?,
            Where::Server(url) => anchor.post(url)?,
        }
        self.told = Some(anchor.hash.clone());
        Ok(())
    }
}

struct Clock {
    data: PathBuf,
    log: LogPlace,
    app: Arc<App>,
    targets: Vec<Target>,
}

impl Clock {
    fn run(&mut self, every: Duration, stopped: &mpsc::Receiver<()>) {
        loop {
            self.tick();
            if stopped.recv_timeout(every) != Err(mpsc::RecvTimeoutError::Timeout) {
                return self.tick();
            }
        }
    }

    /// What fails is tried again the next time; how long it has failed is in the metrics.
    fn tick(&mut self) {
        let anchor = match Store::anchor(&self.data, &self.log, &self.app.pack.meta.id, &Actor::owner()) {
            Ok(Some(anchor)) => anchor,
            Ok(None) => return self.app.anchored(),
            Err(error) => return tracing::warn!(%error, "the end of the log could not be read to be anchored"),
        };
        let mut failed = false;
        for target in &mut self.targets {
            if let Err(error) = target.tell(&anchor) {
                failed = true;
                tracing::warn!(%error, seq = anchor.seq, "not anchored");
            }
        }
        if !failed {
            self.app.anchored();
        }
    }
}
