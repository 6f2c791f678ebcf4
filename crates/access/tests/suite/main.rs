//! Policies as packs ship them, and laws of what comes of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clearance;
mod laws;
mod mistakes;
mod shipped;
#[path = "../support/mod.rs"]
mod support;
