//! Small-cell suppression: which counts of persons or organisations may be shown, so that the small ones among them
//! cannot be worked out from the rest.
//!
//! A small count (1 to k − 1) is *primary*: it is not shown. Others are suppressed to protect it (*complementary*).
//! What is shown is safe if an attacker who knows
//!
//! - everything shown at this moment and at all moments before,
//! - which counts add up to which, also of counts that are never shown,
//! - that counts are whole and not negative, and which of them are zero,
//! - the threshold,
//! - of each count, in which order its values at different moments stand, and when it did not change,
//!
//! cannot bound a primary count within a [protection interval](History#protection). This crate computes; it does no
//! I/O and knows nothing of packs, records or pages.

mod component;
mod history;
mod system;
mod witness;

pub use history::{Count, Edition, Fate, History, Sum, Unit};
