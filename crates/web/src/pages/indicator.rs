//! An indicator.

use crate::{ctx::Ctx, error::Error, reply::Reply, state::App};

/// The page of an indicator.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let id = cx.param("id");
    let _ = app.pack.indicators.get(id).ok_or_else(|| Error::no("指標", "indicator", id))?;
    Err(Error::Method)
}
