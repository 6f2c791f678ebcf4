//! What a delivery says, as it stands in the outbox: neither values nor secrets.

use serde::{Deserialize, Serialize};
use shirube_keyring::Purpose;
use std::collections::BTreeSet;

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Task {
    /// Something happened to a record.
    Event {
        /// The event.
        seq: i64,
        /// When.
        at: i64,
        /// Register of the record.
        register: String,
        /// The record.
        record: i64,
        /// What, by its code.
        what: String,
        /// State it moved to.
        state: Option<String>,
        /// The subscription.
        subscription: i64,
        /// Who is told.
        account: i64,
    },
    /// Much happened at once: an import, say.
    Many {
        /// When.
        at: i64,
        /// Register of the records.
        register: String,
        /// First event and last.
        events: (i64, i64),
        /// The records.
        records: BTreeSet<i64>,
        /// The subscription.
        subscription: i64,
        /// Who is told.
        account: i64,
    },
    /// A letter with a link, sent by whoever manages the accounts.
    Link {
        /// Invitation or recovery.
        purpose: Purpose,
        /// To whom.
        account: i64,
    },
    /// A letter with a link to a new password that somebody asked for who is not signed in; to nobody if what they typed
    /// is no one's login.
    Forgotten {
        /// To whom.
        account: Option<i64>,
    },
}

impl Task {
    /// As it stands in the outbox.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Read again; none if a later release wrote it.
    pub fn parse(text: &str) -> Option<Task> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_read_back() {
        let event = Task::Event {
            seq: 42,
            at: 7,
            register: "hub".into(),
            record: 17,
            what: "transition".into(),
            state: Some("open".into()),
            subscription: 12,
            account: 3,
        };
        let (register, records) = ("hub".to_string(), [17, 18].into());
        let many = Task::Many { at: 7, register, events: (42, 43), records, subscription: 12, account: 3 };
        for task in [event, many, Task::Link { purpose: Purpose::Invitation, account: 3 }, Task::Forgotten { account: None }] {
            assert_eq!(Task::parse(&task.text()), Some(task));
        }
        assert_eq!(Task::parse(r#"{"is":"later"}"#), None);
    }
}
