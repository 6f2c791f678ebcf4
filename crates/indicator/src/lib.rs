//! Indicators: what a plan measures, computed from a snapshot by the pack's own SQL.
//!
//! An indicator is one SELECT of the pack. [`compute`] runs it behind a fence (it reads, for a limited time, and
//! nothing else) and holds its result to the contract of `docs/packs.md`. This crate touches a snapshot,
//! read-only; it knows nothing of the log or of pages.

pub mod audit;
mod cache;
mod catalog;
mod check;
mod compute;
mod contract;
mod derive;
mod each;
mod error;
mod fence;
pub mod format;
pub mod judge;
mod order;
mod period;
pub mod render;
mod run;
mod shelf;
mod sql;
mod suggest;
mod words;
mod written;

pub use audit::{Audit, AuditLine, AuditVerdict, audit};
pub use cache::{Cache, Sources};
pub use check::{check_sql, tells_of_few};
pub use compute::{Computed, compute, compute_many, compute_within};
pub use contract::Observation;
pub use derive::{Derivation, Origin, RESULT, SqlValue, Step, derive};
pub use error::{IndicatorError, Mistake};
pub use fence::Limits;
pub use judge::{Judgement, Verdict, judge};
pub use period::{Form, Period};
pub use run::Overrides;
pub use written::check_periods;
