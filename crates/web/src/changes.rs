//! Changes to records, from pages and from the API.

use crate::{ctx::Ctx, state::App};
use shirube_store::{Command, Receipt, StoreError};

impl App {
    /// Makes a change in the name of the one who asks.
    pub fn submit(&self, cx: &Ctx, command: Command) -> Result<Receipt, StoreError> {
        let erases = matches!(command, Command::Redact { .. });
        let receipt = self.store.submit(&cx.asking.actor, command)?;
        if erases {
            self.forget();
        }
        Ok(receipt)
    }
}
