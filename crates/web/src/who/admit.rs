//! Whether one who asks may come to an address at all.

use super::Visitor;
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    routes::Needs,
};
use shirube_access::{Clearance, RecordAction, Rows};

/// Lets a request through to its handler, or says why not. Who is not signed in is asked to.
pub fn admit(needs: Needs, cx: &Ctx) -> Result<(), Error> {
    let (clearance, register) = (cx.asking.actor.clearance(), cx.param("register"));
    let allowed = match (needs, &cx.asking.visitor) {
        (Needs::Nothing, _) => true,
        (_, Visitor::Unknown) => false,
        (Needs::Reading, _) => some(clearance, RecordAction::Read, register),
        (Needs::Doing(action), _) => some(clearance, action, register),
        (Needs::Register(action), _) => clearance.register(action, register),
        (Needs::System(action), _) => clearance.system(action),
        (Needs::SomeOne, Visitor::Owner | Visitor::Person(_) | Visitor::Program(_)) => true,
        (Needs::Account, Visitor::Person(_)) => true,
        (Needs::SomeOne | Needs::Account, _) => false,
    };
    match (allowed, &cx.asking.visitor) {
        (true, _) => Ok(()),
        (false, Visitor::Public) => Err(Error::SignIn),
        (false, _) => Err(Error::Forbidden(pair("この操作や閲覧は許可されていません。", "You may not see or do this."))),
    }
}

/// Whether this may be done to any record of a register.
fn some(clearance: &Clearance, action: RecordAction, register: &str) -> bool {
    clearance.rows_for(action, register) != Rows::None
}
