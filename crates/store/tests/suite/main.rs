//! The store as its users meet it. One program, so that it is linked once; tests that need a process of their own stand beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod anchors;
mod asof;
mod backup;
mod chain;
mod files;
mod formats;
mod kill;
mod list;
mod moved;
mod pack_records;
mod records;
mod rights;
mod search;
mod shared;
mod sight;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
mod trail;
