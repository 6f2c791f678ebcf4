//! Style sheet, script, icon.

use crate::{
    assets::{Asset, ICON, SCRIPT, STYLE},
    ctx::Ctx,
    error::Error,
    reply::Reply,
    state::App,
};

fn send(asset: &Asset) -> Result<Reply, Error> {
    Ok(Reply::bytes(asset.media, asset.body.into()).lasting())
}

/// The style sheet.
pub fn style(_: &App, _: &Ctx) -> Result<Reply, Error> {
    send(&STYLE)
}

/// The script.
pub fn script(_: &App, _: &Ctx) -> Result<Reply, Error> {
    send(&SCRIPT)
}

/// The icon.
pub fn icon(_: &App, _: &Ctx) -> Result<Reply, Error> {
    send(&ICON)
}
