//! Records and the events they are made of. No I/O.
//!
//! A record's state is the fold of its events. This crate defines what an event is, how it is hashed into the
//! chain, how text typed by people becomes values, and what makes a record valid against its register. It knows
//! nothing of storage, indicators or pages.

mod content;
pub use content::*;
