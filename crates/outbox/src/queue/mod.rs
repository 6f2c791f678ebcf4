//! Where deliveries are kept: one small table and a cursor, in SQLite or in PostgreSQL.

#[cfg(test)]
mod conformance;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::{Delivery, Draft, Entry, Moment, OutboxError, Tally, Which};
use std::fmt::Debug;

/// The format this release writes.
pub(crate) const FORMAT: i64 = 1;

/// What becomes of a delivery that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    Remove,
    Later { due: Moment, problem: String },
    Dead { problem: String },
}

/// A table that several threads, and with PostgreSQL several processes, may use. Each call is one atomic step, on disk
/// when it returns.
pub(crate) trait Queue: Debug + Send + Sync {
    fn cursor(&self) -> Result<Option<i64>, OutboxError>;
    /// Moves the cursor and puts drafts, both or neither. A draft whose key is there is left out.
    fn advance(&self, from: Option<i64>, to: i64, drafts: &[Draft], now: Moment) -> Result<bool, OutboxError>;
    fn put(&self, draft: &Draft, now: Moment) -> Result<bool, OutboxError>;
    /// Takes a delivery that is due, the first of its lane, and counts an attempt.
    fn take(&self, now: Moment, until: Moment, mark: i64) -> Result<Option<Delivery>, OutboxError>;
    /// False if the delivery is not taken under this mark.
    fn settle(&self, id: i64, mark: i64, settle: &Settle) -> Result<bool, OutboxError>;
    fn retry(&self, id: i64, now: Moment) -> Result<bool, OutboxError>;
    fn remove(&self, id: i64) -> Result<bool, OutboxError>;
    fn page(&self, which: Which, after: i64, most: u32) -> Result<Vec<Entry>, OutboxError>;
    fn tally(&self) -> Result<Tally, OutboxError>;
}

/// Condition for a kind of delivery, the same in both dialects.
fn condition(which: Which) -> &'static str {
    match which {
        Which::Waiting => "dead = 0 AND problem IS NULL",
        Which::Failed => "dead = 0 AND problem IS NOT NULL",
        Which::Dead => "dead = 1",
    }
}

/// Counts, the same in both dialects.
const TALLY: &str = "SELECT count(CASE WHEN dead = 0 AND problem IS NULL THEN 1 END), count(CASE WHEN dead = 0 AND problem IS NOT NULL THEN 1 END), \
     count(CASE WHEN dead = 1 THEN 1 END), min(CASE WHEN dead = 0 THEN made END) FROM outbox";
