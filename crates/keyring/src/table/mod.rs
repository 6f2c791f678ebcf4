//! Where the keyring is kept: one small table, in SQLite or in PostgreSQL.

#[cfg(test)]
mod conformance;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::{KeyringError, clock::Moment};
use std::fmt::Debug;

/// The format this release writes.
pub(crate) const FORMAT: i64 = 1;
/// An entry that does not end.
pub(crate) const NEVER: Moment = Moment::MAX;

/// How far the clocks of processes that share a table may be apart.
const APART: i64 = 5 * 60_000;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Password,
    TotpOffer,
    Totp,
    RecoveryCodes,
    HalfSignIn,
    Session,
    ServiceToken,
    Link,
    Identity,
    Counter,
    Key,
    WebhookSecret,
}

impl Kind {
    /// As it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Password => "password",
            Kind::TotpOffer => "totp-offer",
            Kind::Totp => "totp",
            Kind::RecoveryCodes => "recovery-codes",
            Kind::HalfSignIn => "half-sign-in",
            Kind::Session => "session",
            Kind::ServiceToken => "service-token",
            Kind::Link => "link",
            Kind::Identity => "identity",
            Kind::Counter => "counter",
            Kind::Key => "key",
            Kind::WebhookSecret => "webhook-secret",
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub kind: Kind,
    /// Unique within its kind.
    pub id: String,
    /// Whose it is, if it is anyone's.
    pub account: Option<i64>,
    /// Until when it is good.
    pub expires: Moment,
    /// When it was last used.
    pub seen: Moment,
    /// Random at every change, so that it never comes again, not even after the entry was removed and made anew.
    pub version: i64,
    /// JSON.
    pub body: String,
}

impl Row {
    /// Whether it is good no more. What is to be over soon is over, too, if it was used at a time to come: the clock was set
    /// back, and it would live until the clock has come there again.
    pub fn is_over(&self, now: Moment) -> bool {
        let brief = matches!(self.kind, Kind::TotpOffer | Kind::HalfSignIn | Kind::Session | Kind::Link);
        self.expires <= now || brief && self.seen > now.saturating_add(APART)
    }
}

/// A table of entries that several threads, and with PostgreSQL several processes, may use. Each call is one atomic
/// step; what it changed is on disk when it returns, `touch` excepted. None but `purge` looks at whether an entry is
/// still good.
pub(crate) trait Table: Debug + Send + Sync {
    /// Puts a new entry. False if there is one of its kind and id.
    fn insert(&self, row: &Row) -> Result<bool, KeyringError>;
    fn get(&self, kind: Kind, id: &str) -> Result<Option<Row>, KeyringError>;
    /// Puts an entry in place of the one of its kind and id. False if that is not (or no longer) of this version.
    fn replace(&self, version: i64, row: &Row) -> Result<bool, KeyringError>;
    /// Notes that an entry was used. Its version stays, and the note need not outlast a power cut: nothing that matters
    /// changed.
    fn touch(&self, kind: Kind, id: &str, seen: Moment, expires: Moment) -> Result<(), KeyringError>;
    /// Removes an entry, of one version or of any. False if there was none.
    fn delete(&self, kind: Kind, id: &str, version: Option<i64>) -> Result<bool, KeyringError>;
    /// The entries of an account, in order of their ids.
    fn list(&self, kind: Kind, account: i64) -> Result<Vec<Row>, KeyringError>;
    /// Removes all entries of an account.
    fn forget(&self, account: i64) -> Result<u64, KeyringError>;
    /// Removes what is over.
    fn purge(&self, now: Moment) -> Result<u64, KeyringError>;
    /// A number that differs from before once sessions were changed or removed by another process.
    fn changes(&self) -> Result<i64, KeyringError>;
}
