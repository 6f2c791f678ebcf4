//! The keyring as its users meet it, on every store of entries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod identities;
mod keeping;
mod links;
mod passwords;
mod second_factor;
mod service_tokens;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
mod throttle;
