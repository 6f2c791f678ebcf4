//! Records and the events they are made of. No I/O.
//!
//! A record's state is the fold of its events. This crate defines what an event is ([`Event`]), how it is hashed
//! into the chain ([`chain`]), how a record's state follows ([`apply`]), how text typed by people becomes values
//! ([`input`]) and back, and what makes a record valid against its register ([`validate()`]). It knows nothing of
//! storage, indicators or pages.

mod content;
mod event;
mod fold;
mod format;
mod hash;
pub mod input;
mod mistake;
mod personal;
mod row;
pub mod validate;

pub use content::*;
pub use event::{Body, BrokenBody, Event, EventKind, Scope};
pub use fold::{RecordState, apply};
pub use format::format;
pub use hash::{FIRST, Hash, chain, chain_reading, hex, payload_hash, unhex};
pub use input::parse;
pub use mistake::{FieldError, InputError, Mistake};
pub use personal::{merge, split};
pub use row::{Header, Resolve, Row, UnknownColumn};
pub use validate::{Validator, normalise, validate};
