//! Indicators as authors of packs and readers meet them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod check;
#[path = "../common/mod.rs"]
mod common;
mod mistakes;
mod moments;
mod packs;
mod reading;
