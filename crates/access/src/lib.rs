//! Who may do what: the pack's policies, and what they come to for one person.
//!
//! A pack says in `policies/*.cedar` who may do what ([Cedar](https://www.cedarpolicy.com), deny by default).
//! [`schema`] generates the schema from the pack, [`check`] finds every mistake in the policies, [`Policies`]
//! are policies without mistakes. A decision depends on little: the register, the record's state, whose it is,
//! whether it is a demonstration record, and the sensitivity of a field. So all decisions for one person and
//! purpose are a finite table, the [`Clearance`], which is filled register by register when first asked.
//! Whoever serves data reads the clearance and never asks Cedar.
//!
//! This crate does no I/O: packs and people come as plain data.

mod actions;
mod check;
mod clearance;
mod explain;
mod hats;
mod judge;
mod mistake;
mod person;
mod policies;
mod schema;
mod screens;
mod shared;
mod table;

pub use actions::{RecordAction, RegisterAction, SystemAction};
pub use clearance::{Clearance, Combination, Rows};
pub use explain::{Decision, Explanation, Reason};
pub use hats::Own;
pub use judge::{Question, View};
pub use mistake::AccessError;
pub use person::{Membership, Organisation, Organisations, Person, RecordOwner};
pub use policies::{Policies, Policy};
pub use schema::{NONE, schema};
pub use screens::{Grants, RegisterGrants, Who, what_can, who_can};

use shirube_plan::{Diagnostic, Pack};

/// Every mistake in the policies of a pack, with file, line and mend; built-in policies are checked with them.
pub fn check(pack: &Pack) -> Vec<Diagnostic> {
    check::compile(pack).1
}
