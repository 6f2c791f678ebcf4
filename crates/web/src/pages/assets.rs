//! Style sheet, script, icon.

use crate::{
    assets::{Asset, ICON, SCRIPT, STYLE},
    ctx::Ctx,
    error::Error,
    reply::Reply,
    state::App,
};

/// Lasting only under the address with its hash: another one may be asked for again after a new version.
fn send(asset: &Asset, cx: &Ctx) -> Result<Reply, Error> {
    let reply = Reply::bytes(asset.media, asset.body.into());
    Ok(if cx.query.get("v") == Some(asset.version()) { reply.lasting() } else { reply })
}

/// The style sheet.
pub fn style(_: &App, cx: &Ctx) -> Result<Reply, Error> {
    send(&STYLE, cx)
}

/// The script.
pub fn script(_: &App, cx: &Ctx) -> Result<Reply, Error> {
    send(&SCRIPT, cx)
}

/// The icon.
pub fn icon(_: &App, cx: &Ctx) -> Result<Reply, Error> {
    send(&ICON, cx)
}
