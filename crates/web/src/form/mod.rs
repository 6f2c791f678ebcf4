//! Forms generated from a register: what a person typed ([`Entered`]), read as values ([`read`]), drawn again
//! ([`fields`]) with everything typed still there.
//!
//! Controls are named like the columns of import files: `budget`, `budget_currency`, `grants.2.amount`. Names that
//! begin with `_` belong to the form itself.

mod attach;
pub mod controls;
mod entered;
pub mod fault;
pub mod fields;
mod fill;
mod multipart;
mod read;
mod refer;
mod token;

pub use attach::{Upload, keep};
pub use entered::Entered;
pub use fault::Fault;
pub use fill::fill;
pub use read::{Read, read};
pub use refer::{Choice, Choices, References};
pub use token::Token;

#[cfg(test)]
mod tests;
