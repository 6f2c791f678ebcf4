//! The keyring: everything secret about accounts.
//!
//! An account is a record in the log, known here by its number alone; passwords, second factors, sessions, tokens,
//! links and external identities are kept here, beside the log, for secrets never go into it and must be forgotten at
//! once when they are over. One small table holds them, in `keys.db` in the data folder or in a PostgreSQL database,
//! which several processes may share; all else is the same for both.
//!
//! What may be told about it is told as it happens, as [`Happening`]s, which hold no secrets. Of a secret only a digest
//! is kept, the secrets of authenticator apps, of webhooks and the key that signs device cookies excepted: they are needed as
//! they are. Who may do what is not decided here.

mod cache;
mod clock;
mod confirm;
mod error;
mod happening;
mod hasher;
mod identity;
mod keys;
mod leaked;
mod link;
mod password;
mod secret;
mod service_token;
mod session;
mod sign_in;
mod table;
mod throttle;
mod totp;
mod webhook;

pub use clock::{Clock, Moment};
pub use confirm::Confirmed;
pub use error::{IdentityError, KeyringError, PasswordError, SecondFactorError, TokenError};
pub use happening::{Happening, NotVouched, What};
pub use identity::Identity;
pub use leaked::Leaked;
pub use link::{Link, Purpose};
pub use password::{LEAST_CHARACTERS, MOST_CHARACTERS, check_password};
pub use secrecy::{ExposeSecret, SecretString};
pub use service_token::{MOST_TOKEN_DAYS, ServiceToken};
pub use session::{Means, Session, csrf_token, is_csrf_token};
pub use sign_in::{Attempt, SignIn, SignedIn, Vouched};
pub use throttle::Client;
pub use totp::TotpOffer;

use cache::Cache;
use hasher::Hasher;
use keys::Keys;
use shirube_net::Server;
use std::{fmt, path::Path, time::Duration};
use table::{Table, postgres::PostgresTable, sqlite::SqliteTable};
use throttle::Throttle;

/// An account, by the id of its record in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub i64);

impl Account {
    fn key(self) -> String {
        self.0.to_string()
    }
}

/// What an institution may decide.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A session ends when it was not used for so long. Use is written down once a minute, so it may end a minute
    /// sooner.
    pub idle: Duration,
    /// A session ends so long after the sign-in.
    pub absolute: Duration,
    /// Passwords hashed at once; each takes 19 MiB.
    pub hashes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { idle: Duration::from_secs(30 * 60), absolute: Duration::from_secs(12 * 3600), hashes: 4 }
    }
}

/// Hears what happens, on the thread where it happens, after it is on disk.
pub type Listener = Box<dyn Fn(Happening) + Send + Sync>;

/// The keyring. All of it may be used from several threads; calls wait for the disk or the database.
pub struct Keyring {
    keys: Keys,
    limits: Limits,
    hasher: Hasher,
    throttle: Throttle,
    sessions: Cache<session::Body>,
    listener: Listener,
    leaked: Option<Leaked>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Opens or makes `keys.db` in a data folder.
    pub fn in_folder(folder: &Path, limits: Limits, clock: Clock, listener: Listener) -> Result<Keyring, KeyringError> {
        Keyring::open(Box::new(SqliteTable::open(&folder.join("keys.db"))?), limits, clock, listener)
    }

    /// Opens or makes the table in a database.
    pub fn in_postgres(server: &Server, limits: Limits, clock: Clock, listener: Listener) -> Result<Keyring, KeyringError> {
        Keyring::open(Box::new(PostgresTable::open(server)?), limits, clock, listener)
    }

    fn open(table: Box<dyn Table>, limits: Limits, clock: Clock, listener: Listener) -> Result<Keyring, KeyringError> {
        let keys = Keys { table, clock };
        let (hasher, throttle) = (Hasher::new(limits.hashes)?, Throttle::open(&keys)?);
        Ok(Keyring { keys, limits, hasher, throttle, sessions: Cache::new(), listener, leaked: None })
    }

    /// Takes no password from here on that is in a file of leaked ones.
    pub fn without_leaked(self, leaked: Leaked) -> Keyring {
        Keyring { leaked: Some(leaked), ..self }
    }

    /// Removes all that is kept of an account: whoever left is out at once.
    pub fn forget(&self, account: Account) -> Result<(), KeyringError> {
        let removed = self.keys.table.forget(account.0)?;
        self.sessions.drop_of(account.0);
        if removed > 0 {
            self.tell(account, What::Forgotten);
        }
        Ok(())
    }

    /// Ends what an account could be used by at this moment: sessions, sign-ins half done, tokens, links. What it signs
    /// in with stays, for whoever is suspended may come back.
    pub fn shut_out(&self, account: Account) -> Result<(), KeyringError> {
        self.drop_half_sign_ins(account)?;
        self.end_sessions(account, None)?;
        for token in self.tokens(account)? {
            self.revoke_token(account, &token.id)?;
        }
        for purpose in [Purpose::Invitation, Purpose::Recovery, Purpose::Mail] {
            self.drop_link(purpose, account)?;
        }
        Ok(())
    }

    /// Whether there is anything an account can sign in with: a password, or an external identity.
    pub fn can_sign_in(&self, account: Account) -> Result<bool, KeyringError> {
        Ok(self.has_password(account)? || !self.identities(account)?.is_empty())
    }

    /// Removes what is over and answers how many entries that were. Nothing that is over is good before, either: this
    /// keeps the table small, once an hour.
    pub fn purge(&self) -> Result<u64, KeyringError> {
        self.keys.table.purge(self.keys.now())
    }

    fn tell(&self, account: Account, what: What) {
        (self.listener)(Happening { at: self.keys.now(), account: Some(account), client: None, what });
    }

    fn tell_from(&self, account: Option<Account>, client: &Client<'_>, what: What) {
        (self.listener)(Happening { at: self.keys.now(), account, client: Some(client.address), what });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{keys::New, table::Kind};

    #[test]
    fn an_entry_that_does_not_read_is_told_without_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::in_folder(folder.path(), Limits::default(), Clock::at(0), Box::new(|_| ())).unwrap();
        let body = ["not what", "a password is"];
        keyring.keys.put(&New { kind: Kind::Password, id: "17", account: Some(17), expires: 1, body: &body }).unwrap();
        let error = keyring.has_password(Account(17)).unwrap_err();
        assert!(matches!(error, KeyringError::Unreadable { kind: "password", .. }));
        assert!(!error.to_string().contains("not what"), "{error}");
    }
}
