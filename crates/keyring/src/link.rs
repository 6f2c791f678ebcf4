//! One-time links: set-up of the owner, invitation, recovery, confirmation of a mail address.

use crate::{
    Account, Keyring, KeyringError, Moment, What,
    clock::millis,
    keys::{Found, New},
    secret::{self, Ticket},
    table::Kind,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, time::Duration};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The owner sets the house up.
    SetUp,
    /// Someone new chooses a password.
    Invitation,
    /// Someone who forgot it chooses a new one.
    Recovery,
    /// A mail address is shown to be theirs.
    Mail,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::SetUp => "setup",
            Purpose::Invitation => "invitation",
            Purpose::Recovery => "recovery",
            Purpose::Mail => "mail",
        }
    }

    /// There is one link of a purpose at a time.
    fn id(self, account: Account) -> String {
        format!("{}-{}", self.name(), account.0)
    }
}

#[derive(Debug, Deserialize, Serialize)]
struct Body {
    digest: String,
    purpose: Purpose,
    about: String,
}

/// What a good link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose it is.
    pub account: Account,
    /// What it is about: the mail address to be confirmed, say, as given when it was made.
    pub about: String,
    /// Until when it is good.
    pub expires: Moment,
}

impl Keyring {
    /// Makes the token of a link; an earlier one of the same purpose and account is over.
    pub fn make_link(&self, purpose: Purpose, account: Account, about: &str, life: Duration) -> Result<SecretString, KeyringError> {
        let (id, secret) = (purpose.id(account), secret::random_secret()?);
        let body = Body { digest: secret::digest(secret.expose_secret()), purpose, about: about.to_string() };
        let expires = self.keys.now().saturating_add(millis(life));
        self.keys.put(&New { kind: Kind::Link, id: &id, account: Some(account.0), expires, body: &body })?;
        self.tell(account, What::LinkMade { purpose });
        Ok(Ticket::text(&id, &secret))
    }

    fn good_link(&self, purpose: Purpose, token: &str) -> Result<Option<(Found<Body>, Link)>, KeyringError> {
        let Some(ticket) = Ticket::parse(token) else { return Ok(None) };
        let found = self.keys.get::<Body>(Kind::Link, ticket.id)?;
        let good = found.filter(|found| found.body.purpose == purpose && secret::is_secret_of(ticket.secret, &found.body.digest));
        Ok(good.and_then(|found| {
            let link = Link { account: Account(found.row.account?), about: found.body.about.clone(), expires: found.row.expires };
            Some((found, link))
        }))
    }

    /// Looks at a link without using it up: for the page it leads to, which mail filters open, too.
    pub fn look_at_link(&self, purpose: Purpose, token: &str) -> Result<Option<Link>, KeyringError> {
        Ok(self.good_link(purpose, token)?.map(|(_, link)| link))
    }

    /// Uses a link up. Of many who try, one gets it. Check first what else the form must keep ([`crate::check_password`]).
    pub fn use_link(&self, purpose: Purpose, token: &str) -> Result<Option<Link>, KeyringError> {
        let Some((found, link)) = self.good_link(purpose, token)? else { return Ok(None) };
        if !self.keys.take(&found.row)? {
            return Ok(None);
        }
        self.tell(link.account, What::LinkUsed { purpose });
        Ok(Some(link))
    }

    /// Whether somebody who is not signed in may ask for a letter with a link from this address; else until when to wait.
    /// It is counted whether or not there is anybody to write to, so that the answer tells nothing.
    pub fn may_ask_for_letter(&self, address: IpAddr) -> Result<Option<Moment>, KeyringError> {
        self.throttle.admit_asking(&self.keys, address)
    }

    /// Whether one more letter that was asked for so may go to an account. Ask when it is about to be sent.
    pub fn may_send_letter(&self, account: Account) -> Result<bool, KeyringError> {
        Ok(self.throttle.admit_letter(&self.keys, account.0)?.is_none())
    }

    /// Makes a link that is under way worthless. False if there was none.
    pub fn drop_link(&self, purpose: Purpose, account: Account) -> Result<bool, KeyringError> {
        self.keys.remove(Kind::Link, &purpose.id(account))
    }
}
