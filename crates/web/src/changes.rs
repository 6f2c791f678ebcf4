//! Changes to records, from pages and from the API.

use crate::{ctx::Ctx, state::App};
use shirube_store::{Command, Receipt, Retained, StoreError};

impl App {
    /// Makes a change in the name of the one who asks.
    pub fn submit(&self, cx: &Ctx, command: Command) -> Result<Receipt, StoreError> {
        let erases = matches!(command, Command::Redact { .. });
        let receipt = self.store.submit(&cx.asking.actor, command)?;
        if erases {
            self.forget();
        }
        self.recent.wrote(cx.asking.actor.clearance().login(), receipt.seq);
        Ok(receipt)
    }

    /// Drops what the pack keeps no longer, as much as can be done before the one who asks would get no answer any more.
    pub fn retain(&self, cx: &Ctx) -> Result<Retained, StoreError> {
        let done = self.store.retain_for(&cx.asking.actor, self.site.limits.answer_time / 2);
        // Some of it is gone also where not all could be dropped.
        self.forget();
        done
    }
}
