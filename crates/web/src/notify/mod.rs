//! Telling people and programs what happened: deliveries are made of the log's events ([`derive`]), and letters with
//! one-time links are asked for; both wait in the outbox and are told from there ([`deliver`]).

mod deliver;
mod derive;
mod letters;
mod task;

pub use deliver::{INVITATION, RECOVERY, deliver};
pub use derive::derive;
pub use letters::happening;
pub use task::Task;

use crate::{form::Token, state::App, who::Who};
use shirube_keyring::KeyringError;
use shirube_outbox::{Draft, Outbox, OutboxError, mail::Mailer, webhook::Webhooks};
use shirube_store::StoreError;
use std::{
    fmt::{self, Display},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// The outbox and the ways to the outside.
#[derive(Debug)]
pub struct Post {
    /// What is to be told.
    pub outbox: Outbox,
    /// Mail; none where no server is set.
    pub mail: Option<Mailer>,
    /// Webhooks.
    pub webhooks: Webhooks,
}

impl Post {
    /// Puts a letter that somebody asks for into the outbox. The link in it is made when it is sent.
    pub fn ask_for(&self, task: &Task) -> Result<(), OutboxError> {
        let key = format!("letter/{}", Token::new().word());
        self.outbox.put(&Draft { lane: key.clone(), key, task: task.text() }, now())?;
        Ok(())
    }
}

/// Why one step of the work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The outbox fails.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The records fail.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring fails.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Who may see what is not known.
    #[error("{0}")]
    Access(String),
}

impl From<crate::error::Error> for NotifyError {
    fn from(error: crate::error::Error) -> NotifyError {
        NotifyError::Access(error.to_string())
    }
}

/// Threads that tell at once: one slow server is not to hold up all.
const TELLERS: usize = 4;
/// How soon new events and due deliveries are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// Time for a delivery under way when the program stops. What is not told then is told after the next start.
const LAST: Duration = Duration::from_secs(5);

/// The threads at work. When this goes, they end.
pub struct Notifier {
    stop: Arc<(Mutex<bool>, Condvar)>,
    ended: Receiver<()>,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notifier")
    }
}

impl Notifier {
    /// Begins, where there are accounts.
    pub fn start(app: &Arc<App>) -> std::io::Result<Option<Notifier>> {
        if matches!(app.who, Who::Trial) {
            return Ok(None);
        }
        let (sender, ended) = channel();
        let notifier = Notifier { stop: Arc::default(), ended };
        notifier.spawn("notices", app, &sender, derive)?;
        for _ in 0..TELLERS {
            notifier.spawn("tellers", app, &sender, deliver)?;
        }
        Ok(Some(notifier))
    }

    /// A thread that does one step after the other, and looks again a while after there was nothing to do.
    fn spawn(&self, name: &str, app: &Arc<App>, alive: &Sender<()>, step: fn(&App) -> Result<bool, NotifyError>) -> std::io::Result<()> {
        let (stop, app, alive) = (Arc::clone(&self.stop), Arc::clone(app), alive.clone());
        let work = move || {
            let _alive = alive;
            let (stopped, bell) = &*stop;
            loop {
                let more = step(&app).unwrap_or_else(|error| {
                    tracing::warn!(%error, "notices");
                    false
                });
                let held = stopped.lock().unwrap_or_else(PoisonError::into_inner);
                let wait = if more { Duration::ZERO } else { LOOK };
                let (held, _) = bell.wait_timeout_while(held, wait, |stopped| !*stopped).unwrap_or_else(PoisonError::into_inner);
                if *held {
                    return;
                }
            }
        };
        thread::Builder::new().name(name.to_string()).spawn(work).map(drop)
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        let (stopped, bell) = &*self.stop;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
        // Nothing is ever sent: it hears when the last of them is gone.
        let _ = self.ended.recv_timeout(LAST);
    }
}

/// Milliseconds since 1970-01-01 UTC.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Where readers find a page: the portal's own address as it is set, never as a request names it. The path alone where
/// none is set.
fn address(app: &App, english: bool, path: impl Display) -> String {
    let (site, language) = (app.site.public_url.as_deref().unwrap_or_default(), if english { "/en" } else { "" });
    format!("{site}{language}{path}")
}
