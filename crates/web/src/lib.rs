//! The portal: pages and API over a store.
//!
//! Reads go through snapshots and indicators, writes through the store; this crate has no SQL of its own on the
//! log and computes no figure itself. [`routes::ROUTES`] lists every address; a page is one module in `pages`: a
//! handler that fetches, and a pure function that draws.

mod assets;
mod cache;
pub mod chart;
mod citations;
pub mod ctx;
mod derivation;
mod draw;
pub mod error;
mod figures;
pub mod fmt;
mod judgement;
pub mod layout;
mod measures;
mod pages;
pub mod parts;
pub mod reply;
pub mod routes;
mod serve;
pub mod state;
#[cfg(test)]
mod testing;
pub mod text;
pub mod url;
mod what_if;

pub use serve::{router, serve};
pub use state::App;
