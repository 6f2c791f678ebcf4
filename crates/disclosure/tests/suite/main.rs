//! Suppression against an attacker that shares no code with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attacker;
mod laws;
mod tables;
