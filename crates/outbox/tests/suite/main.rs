//! The tests of the outbox's two ways to the outside, one program.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod mail;
mod webhooks;
