//! Files in and out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod columns;
#[path = "../common/mod.rs"]
mod common;
#[path = "../../../../fuzz/src/entry.rs"]
mod entry;
mod export;
mod import;
mod robustness;
