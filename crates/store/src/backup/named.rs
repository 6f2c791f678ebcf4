//! Which attached files a log names.

use crate::{StoreError, log::Row, redact::files_of};
use shirube_plan::Pack;
use shirube_record::{Body, Event, Scope};
use std::collections::BTreeSet;

/// Files that rows name, by their SHA-256. Some forty bytes of memory each.
#[derive(Default)]
pub(super) struct Named(BTreeSet<[u8; 32]>);

impl Named {
    /// Takes in what a row names.
    pub fn hear(&mut self, pack: &Pack, row: &Row<'_>) -> Result<(), StoreError> {
        // Few rows name files; only these are decoded.
        let names = |text: &&str| text.contains("_sha256\"");
        if !row.body.iter().chain(&row.personal).any(names) {
            return Ok(());
        }
        let Some(register) = pack.registers.get(&row.event.register) else { return Ok(()) };
        let decode = |text: Option<&str>| text.map(Body::decode).transpose();
        let event = Event { body: decode(row.body)?, personal: decode(row.personal)?, ..row.event.clone() };
        let found = files_of(register, &[event], Scope::All);
        self.0.extend(found.iter().filter_map(|sha| <[u8; 32]>::try_from(shirube_record::unhex(sha)?).ok()));
        Ok(())
    }

    /// Whether a file is named.
    pub fn has(&self, sha256: &str) -> bool {
        let bytes = shirube_record::unhex(sha256).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.is_some_and(|bytes| self.0.contains(&bytes))
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|bytes| shirube_record::hex(bytes))
    }
}
