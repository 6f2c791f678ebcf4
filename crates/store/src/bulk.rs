//! Bulk jobs: many commands, all or none, their work spread over threads.

use crate::{
    BatchError, Command, Receipt, StoreError,
    batch::Asked,
    writer::{Commands, is_fatal},
};
use shirube_record::Event;
use shirube_snapshot::Expected;
use std::{collections::BTreeMap, sync::mpsc::SyncSender};

/// What goes from one thread to the next together: waking it for each would cost more than the work.
const TOGETHER: usize = 64;
/// Bundles that may wait for a thread.
pub(crate) const AHEAD: usize = 16;
/// Commands that are looked at beforehand, to tell what the rest will be like.
pub(crate) const SAMPLE: usize = 1000;

/// Asks for the commands, until there are no more or nobody wants them.
pub(crate) fn read_ahead(mut commands: Commands, read: &SyncSender<Vec<Asked>>) {
    loop {
        let bundle: Vec<Asked> = commands.by_ref().take(TOGETHER).collect();
        if bundle.is_empty() || read.send(bundle).is_err() {
            return;
        }
    }
}

/// What has become of a bulk job so far.
#[derive(Default)]
pub(crate) struct Bulk {
    pub receipts: Vec<Receipt>,
    /// Accepted and not yet on their way to the log.
    bundle: Vec<Event>,
    pub errors: Vec<(usize, StoreError)>,
    pub truncated: bool,
}

impl Bulk {
    /// Takes what became of one command; false when there is no use in going on.
    pub fn take(&mut self, index: usize, result: Result<(Event, Receipt), StoreError>, next: &SyncSender<Vec<Event>>) -> bool {
        match result {
            Ok((event, receipt)) => {
                self.receipts.push(receipt);
                // After a refusal nothing will be written: the rest is only checked.
                if self.errors.is_empty() {
                    self.bundle.push(event);
                }
                self.bundle.len() < TOGETHER || self.hand_over(next)
            }
            Err(error) => {
                let fatal = is_fatal(&error);
                self.errors.push((index, error));
                self.truncated = self.errors.len() >= BatchError::LIMIT;
                !fatal && !self.truncated
            }
        }
    }

    /// Sends what is accepted to the log; false when the log takes nothing any more.
    pub fn hand_over(&mut self, next: &SyncSender<Vec<Event>>) -> bool {
        next.send(std::mem::replace(&mut self.bundle, Vec::with_capacity(TOGETHER))).is_ok()
    }
}

/// What a batch of `total` commands will probably do to each register, judged by the first of them.
pub(crate) fn expected(sample: &[Asked], total: usize) -> BTreeMap<String, Expected> {
    let each = (total / sample.len().max(1)).max(1) as i64;
    let mut expected: BTreeMap<String, Expected> = BTreeMap::new();
    for Asked { command, .. } in sample {
        let register = expected.entry(command.register().to_string()).or_default();
        match command {
            Command::Create { .. } => register.created += each,
            _ => register.superseded += each,
        }
    }
    expected
}
