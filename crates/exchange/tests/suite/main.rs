//! Files in and out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../../fuzz/src/entry.rs"]
mod entry;
mod export;
mod import;
mod left_out;
mod robustness;
