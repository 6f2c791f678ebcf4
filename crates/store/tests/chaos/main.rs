//! Crashes, full disks and clocks that jump. `tests/chaos.sh` runs it at length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod dice;
mod disk;
mod kill;
mod proof;
mod storm;
#[path = "../support/mod.rs"]
mod support;
