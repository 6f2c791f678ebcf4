//! The outbox: what is to be told to places outside, kept until it was told, and the two ways to tell it, mail and
//! webhooks.
//!
//! Deliveries stand in one small table, in `outbox.db` in the data folder or in a PostgreSQL database that several
//! processes share, with a cursor: up to which event of the log deliveries were made. Both move in one transaction, so
//! that nothing is lost between log and outbox and nothing is made twice. A delivery is told at least once. Those of one
//! *lane* (a record and a destination) are told in order: while one waits to be tried again, later ones wait behind it,
//! and no others do.
//!
//! What a delivery says is a text of whoever made it. This crate knows neither the log nor records, nor who may see
//! what, and no secret stands in its table.

mod error;
pub mod mail;
mod queue;
mod retry;
pub mod webhook;

pub use error::OutboxError;
pub use retry::MOST_ATTEMPTS;

use queue::{Queue, Settle, postgres::PostgresQueue, sqlite::SqliteQueue};
use shirube_net::Server;
use std::{fmt::Debug, path::Path};

/// Milliseconds since 1970-01-01 UTC, as in the event log.
pub type Moment = i64;

/// Whoever took a delivery has so long to tell it; then it is anyone's again: the process may have been killed.
const LEASE: i64 = 120_000;
/// What is kept of why a delivery failed.
const MOST_WORDS: usize = 300;

/// A delivery to be put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Names it: of drafts with one key there is one delivery at a time.
    pub key: String,
    /// Deliveries of one lane are told in the order they were put.
    pub lane: String,
    /// What is to be told, for whoever takes it.
    pub task: String,
}

/// A delivery that somebody took to tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// What is to be told.
    pub task: String,
    /// When it was put.
    pub made: Moment,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Who took it: another number each time.
    mark: i64,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Told, or there is nothing more to tell.
    Done,
    /// Not told; it may be another time. In words, without secrets.
    Again(String),
    /// Not told, and it will not be: a dead letter.
    Never(String),
}

/// Which deliveries are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Not tried yet.
    Waiting,
    /// Tried, and to be tried again.
    Failed,
    /// Given up.
    Dead,
}

/// A delivery, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// What is to be told.
    pub task: String,
    /// When it was put.
    pub made: Moment,
    /// When it is tried next; for one that is being tried, until when that may take.
    pub due: Moment,
    /// Attempts so far.
    pub attempts: u32,
    /// Why the last one failed.
    pub problem: Option<String>,
    /// Somebody is at it.
    pub taken: bool,
}

/// How many deliveries there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not tried yet.
    pub waiting: u64,
    /// Tried, and to be tried again.
    pub failed: u64,
    /// Given up.
    pub dead: u64,
    /// When the oldest was put that is not given up.
    pub oldest: Option<Moment>,
}

/// The outbox. All of it may be used from several threads; calls wait for the disk or the database.
#[derive(Debug)]
pub struct Outbox(Box<dyn Queue>);

impl Outbox {
    /// Opens or makes `outbox.db` in a data folder.
    pub fn in_folder(folder: &Path) -> Result<Outbox, OutboxError> {
        Ok(Outbox(Box::new(SqliteQueue::open(&folder.join("outbox.db"))?)))
    }

    /// Opens or makes the table in a database.
    pub fn in_postgres(server: &Server) -> Result<Outbox, OutboxError> {
        Ok(Outbox(Box::new(PostgresQueue::open(server)?)))
    }

    /// Up to which event deliveries were made; none in a new outbox.
    pub fn cursor(&self) -> Result<Option<i64>, OutboxError> {
        self.0.cursor()
    }

    /// Puts the deliveries of all events behind the cursor up to another, and moves it there, or does nothing and
    /// answers false if the cursor stands elsewhere by now.
    pub fn advance(&self, from: Option<i64>, to: i64, drafts: &[Draft], now: Moment) -> Result<bool, OutboxError> {
        self.0.advance(from, to, drafts, now)
    }

    /// Puts a delivery that no event stands behind; false if there is one of its key.
    pub fn put(&self, draft: &Draft, now: Moment) -> Result<bool, OutboxError> {
        self.0.put(draft, now)
    }

    /// Takes the delivery that is longest due. No one else gets it until it is settled or the time for it is over.
    pub fn take(&self, now: Moment) -> Result<Option<Delivery>, OutboxError> {
        while let Some(delivery) = self.0.take(now, now.saturating_add(LEASE), retry::mark()?)? {
            if delivery.attempt <= MOST_ATTEMPTS {
                return Ok(Some(delivery));
            }
            // Each attempt ended without an answer: whatever it does to us, it is not tried for ever.
            let problem = "the program ended while it was being sent".to_string();
            self.0.settle(delivery.id, delivery.mark, &Settle::Dead { problem })?;
        }
        Ok(None)
    }

    /// Says what came of an attempt. False if the time for it was over and another has taken it, or it was removed.
    pub fn settle(&self, delivery: &Delivery, outcome: Outcome, now: Moment) -> Result<bool, OutboxError> {
        let settle = match outcome {
            Outcome::Done => Settle::Remove,
            Outcome::Never(problem) => Settle::Dead { problem: shortened(&problem) },
            Outcome::Again(problem) => match retry::wait(delivery.attempt)? {
                Some(wait) => Settle::Later { due: now.saturating_add(wait), problem: shortened(&problem) },
                None => Settle::Dead { problem: shortened(&problem) },
            },
        };
        self.0.settle(delivery.id, delivery.mark, &settle)
    }

    /// Has a delivery that failed or was given up tried again at once, from the beginning. False if there is none, or
    /// somebody is at it.
    pub fn retry(&self, id: i64, now: Moment) -> Result<bool, OutboxError> {
        self.0.retry(id, now)
    }

    /// Removes a delivery: it will not be told.
    pub fn remove(&self, id: i64) -> Result<bool, OutboxError> {
        self.0.remove(id)
    }

    /// Deliveries in order of their numbers, behind one of them.
    pub fn page(&self, which: Which, after: i64, most: u32) -> Result<Vec<Entry>, OutboxError> {
        self.0.page(which, after, most)
    }

    /// How many there are.
    pub fn tally(&self) -> Result<Tally, OutboxError> {
        self.0.tally()
    }
}

fn shortened(problem: &str) -> String {
    problem.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect()
}
