//! What all requests share.

use crate::{
    citations::{self, Use},
    ctx::Ctx,
    error::Error,
    layout::View,
};
use shirube_plan::Pack;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The running portal.
#[derive(Debug)]
pub struct App {
    /// The pack.
    pub pack: Arc<Pack>,
    /// Citations by source, gathered when first asked for.
    citations: OnceLock<BTreeMap<String, Vec<Use>>>,
}

impl App {
    /// A portal over a pack.
    pub fn new(pack: Arc<Pack>) -> App {
        App { pack, citations: OnceLock::new() }
    }

    /// What templates draw from.
    pub fn view<'a>(&'a self, cx: &'a Ctx) -> Result<View<'a>, Error> {
        Ok(View { cx, pack: &self.pack, moment: None })
    }

    /// What cites a source, in its order.
    pub fn citations(&self, source: &str) -> &[Use] {
        self.citations.get_or_init(|| citations::all(&self.pack)).get(source).map_or(&[], Vec::as_slice)
    }
}
