//! What is promised of connections to a database.
#![allow(clippy::unwrap_used)]

#[path = "../support/proxy.rs"]
mod proxy;
mod silence;
mod tls;
