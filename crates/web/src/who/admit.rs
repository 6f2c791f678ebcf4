//! Whether one who asks may come to an address at all.

use super::Visitor;
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    reply::Reply,
    routes::{Needs, Route},
    state::App,
};
use shirube_access::{Clearance, RecordAction, Rows};

/// An answer, once it is written down what of personal and commercial fields it was made of. One that says nothing
/// (to go elsewhere, say) gives nothing out.
fn settled(app: &App, cx: &Ctx, reply: Reply) -> Result<Reply, Error> {
    if !reply.bytes_of().is_empty() {
        app.store.settle(&cx.asking.actor)?;
    }
    Ok(reply)
}

/// Answers a request at an address, if who asks may come there. Who is not signed in is asked to, wherever it is found
/// out that they may not go on; who must have a second factor first, to where it is set up.
pub fn answer(route: &Route, app: &App, cx: &Ctx) -> Result<Reply, Error> {
    if let Some(error) = &cx.asking.barred {
        return Err(error.clone());
    }
    let answer = admit(route.needs, cx).and_then(|()| (route.handler)(app, cx)).and_then(|reply| settled(app, cx, reply));
    match (answer, &cx.asking.visitor) {
        (Err(Error::Forbidden(_)), Visitor::Public) => Err(Error::SignIn),
        (Err(Error::Forbidden(_)), _) if cx.asking.lacks_factor() && !cx.path.starts_with("/api/") => {
            cx.asking.note("second-factor");
            Ok(Reply::see_other(cx.form_path("/me")))
        }
        (answer, _) => answer,
    }
}

/// Lets a request through to its handler, or says why not.
fn admit(needs: Needs, cx: &Ctx) -> Result<(), Error> {
    let (clearance, register) = (cx.asking.actor.clearance(), cx.param("register"));
    let allowed = match (needs, &cx.asking.visitor) {
        (Needs::Nothing, _) => true,
        (_, Visitor::Unknown) => false,
        (Needs::Reading, _) => some(clearance, RecordAction::Read, register),
        (Needs::Doing(action), _) => some(clearance, action, register),
        (Needs::Register(action), _) => clearance.register(action, register),
        (Needs::System(action), _) => clearance.system(action),
        (Needs::SomeOne, _) => cx.asking.is_someone() && !cx.asking.lacks_factor(),
        (Needs::Account, Visitor::Person(_)) => true,
        (Needs::Account, _) => false,
    };
    if allowed { Ok(()) } else { Err(forbidden()) }
}

/// What someone is told who may not see or do something.
pub fn forbidden() -> Error {
    Error::Forbidden(pair("この操作や閲覧は許可されていません。", "You may not see or do this."))
}

/// Whether this may be done to any record of a register.
pub fn some(clearance: &Clearance, action: RecordAction, register: &str) -> bool {
    clearance.rows_for(action, register) != Rows::None
}
