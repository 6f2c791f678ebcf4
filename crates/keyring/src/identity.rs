//! External identities: who an OpenID Connect provider says it is.

use crate::{
    Account, IdentityError, Keyring, KeyringError, Moment, What,
    keys::{Found, New},
    secret,
    table::{Kind, NEVER},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    issuer: String,
    subject: String,
    linked: Moment,
}

/// An identity linked to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
    /// Since when it is linked.
    pub linked: Moment,
}

/// An identity has one entry, whatever characters its name has.
fn id(issuer: &str, subject: &str) -> String {
    secret::digest(&format!("{}:{issuer}{subject}", issuer.len()))
}

impl Keyring {
    /// Links an identity to an account. One identity has one account, and an account one identity of an issuer.
    pub fn link_identity(&self, account: Account, issuer: &str, subject: &str) -> Result<(), KeyringError> {
        let id = id(issuer, subject);
        let body = Body { issuer: issuer.to_string(), subject: subject.to_string(), linked: self.keys.now() };
        if !self.keys.insert(&New { kind: Kind::Identity, id: &id, account: Some(account.0), expires: NEVER, body: &body })? {
            let there = self.keys.get::<Body>(Kind::Identity, &id)?;
            let is_ours = there.is_some_and(|found| found.row.account == Some(account.0));
            return if is_ours { Ok(()) } else { Err(IdentityError::OfAnother.into()) };
        }
        // Looked at afterwards, so that of two at once at most one stays.
        let others = self.keys.list::<Body>(Kind::Identity, account.0)?;
        if others.iter().any(|other| other.body.issuer == issuer && other.row.id != id) {
            self.keys.remove(Kind::Identity, &id)?;
            return Err(IdentityError::IssuerTaken.into());
        }
        self.tell(account, What::IdentityLinked { issuer: issuer.to_string() });
        Ok(())
    }

    pub(crate) fn of_identity(&self, issuer: &str, subject: &str) -> Result<Option<(Account, Found<Body>)>, KeyringError> {
        let found = self.keys.get::<Body>(Kind::Identity, &id(issuer, subject))?;
        Ok(found.and_then(|found| Some((Account(found.row.account?), found))))
    }

    /// The account of an identity.
    pub fn account_of(&self, issuer: &str, subject: &str) -> Result<Option<Account>, KeyringError> {
        Ok(self.of_identity(issuer, subject)?.map(|(account, _)| account))
    }

    /// The identities of an account, by issuer.
    pub fn identities(&self, account: Account) -> Result<Vec<Identity>, KeyringError> {
        let found = self.keys.list::<Body>(Kind::Identity, account.0)?;
        let mut identities: Vec<Identity> =
            found.into_iter().map(|Found { body: Body { issuer, subject, linked }, .. }| Identity { issuer, subject, linked }).collect();
        identities.sort_by(|a, b| a.issuer.cmp(&b.issuer));
        Ok(identities)
    }

    /// Removes an identity from an account. False if the account has none of this issuer.
    pub fn unlink_identity(&self, account: Account, issuer: &str) -> Result<bool, KeyringError> {
        let mut removed = false;
        for found in self.keys.list::<Body>(Kind::Identity, account.0)?.iter().filter(|found| found.body.issuer == issuer) {
            removed |= self.keys.remove(Kind::Identity, &found.row.id)?;
        }
        if removed {
            self.drop_half_sign_ins(account)?;
            self.tell(account, What::IdentityRemoved { issuer: issuer.to_string() });
        }
        Ok(removed)
    }

    /// Whether an identity is linked as it was when it was looked at.
    pub(crate) fn is_still(&self, found: &Found<Body>) -> Result<bool, KeyringError> {
        Ok(self.keys.table.get(Kind::Identity, &found.row.id)?.is_some_and(|row| row.version == found.row.version))
    }
}
