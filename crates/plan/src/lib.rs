//! The pack: what an institution's plan declares.
//!
//! Loads the files of a pack (given as bytes; this crate does no I/O), reports every mistake with file, line
//! and mend, and gives the rest of the house one plain [`Pack`]. It knows nothing of SQL, records or pages.

pub mod model;

pub use model::*;

/// The files of a pack: path inside the pack (with `/`) → content.
pub type Files = std::collections::BTreeMap<String, Vec<u8>>;

/// A mistake in a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}
