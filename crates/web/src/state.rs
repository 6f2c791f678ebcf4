//! What all requests share.

use crate::{ctx::Ctx, error::Error, layout::View};
use shirube_plan::Pack;
use std::sync::Arc;

/// The running portal.
#[derive(Debug)]
pub struct App {
    /// The pack.
    pub pack: Arc<Pack>,
}

impl App {
    /// What templates draw from.
    pub fn view<'a>(&'a self, cx: &'a Ctx) -> Result<View<'a>, Error> {
        Ok(View { cx, pack: &self.pack, moment: None })
    }
}
