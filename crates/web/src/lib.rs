//! The portal: pages and API over a store.
//!
//! Reads go through snapshots and indicators, writes through the store; this crate has no SQL of its own on the
//! log and computes no figure itself. [`routes::ROUTES`] lists every address; a page is one module in `pages`: a
//! handler that fetches, and a pure function that draws.

mod actors;
pub mod api;
mod asked;
mod assets;
mod cells;
mod changes;
pub mod chart;
mod citations;
pub mod ctx;
mod derivation;
mod disclosed;
mod draw;
pub mod error;
mod figures;
pub mod fmt;
pub mod form;
pub mod gate;
mod health;
mod jobs;
mod judgement;
pub mod layout;
mod listen;
mod listing;
mod measures;
mod meter;
mod names;
mod notify;
mod pages;
pub mod parts;
mod recent;
mod refused;
pub mod reply;
mod route;
pub mod routes;
mod serve;
pub mod site;
pub mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod trail;
pub mod url;
mod what_if;
mod who;

pub use gate::Network;
pub use jobs::{JobError, Jobs};
pub use notify::{Notifier, Post};
pub use serve::{Listeners, router, serve};
pub use shirube_oidc::{RelyingParty, is_protected};
pub use site::{Limits, Site};
pub use state::App;
pub use who::{Accounts, Provider, SecondFactor, WayIn, Who, link_path, way_in};
