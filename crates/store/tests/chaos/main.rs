//! Crashes, full disks, cut networks and clocks that jump. `tests/chaos.sh` runs it at length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod dice;
mod disk;
mod kill;
mod network;
mod proof;
#[path = "../../../net/tests/support/proxy.rs"]
mod proxy;
mod storm;
#[path = "../support/mod.rs"]
mod support;
