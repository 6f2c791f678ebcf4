//! Tokens of programs: named, scoped, ending.
//!
//! `shirube_<id>_<secret><checksum>`, all of it lower-case Base32: `shirube_[a-z2-7]{16}_[a-z2-7]{59}`. The prefix and
//! the checksum (CRC-32 of all before it) let a secret scanner tell a token that got into a file from look-alikes.

use crate::{
    Account, Client, Keyring, KeyringError, Moment, TokenError, What,
    keys::{Found, New},
    secret,
    session::SEEN_EVERY,
    table::Kind,
};
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const PREFIX: &str = "shirube_";
const ID_CHARACTERS: usize = 16;
const SECRET_CHARACTERS: usize = 52;
const NAME_CHARACTERS: usize = 100;
/// Days a token is good at most.
pub const MOST_TOKEN_DAYS: i64 = 365;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Body {
    digest: String,
    name: String,
    scopes: BTreeSet<String>,
    made: Moment,
}

/// A service token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    /// Its public part.
    pub id: String,
    /// Whose it is.
    pub account: Account,
    /// What it is for.
    pub name: String,
    /// What it may do; the caller knows what these mean.
    pub scopes: BTreeSet<String>,
    /// When it was made.
    pub made: Moment,
    /// When it was last used, up to a minute before; the same as `made` if never.
    pub used: Moment,
    /// Until when it is good.
    pub expires: Moment,
}

impl Found<Body> {
    fn token(self) -> ServiceToken {
        let Body { name, scopes, made, .. } = self.body;
        let account = Account(self.row.account.unwrap_or_default());
        ServiceToken { id: self.row.id, account, name, scopes, made, used: self.row.seen, expires: self.row.expires }
    }
}

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn checksum(text: &str) -> String {
    base32(&crc32fast::hash(text.as_bytes()).to_be_bytes())
}

/// Id and secret of a token whose form and checksum are right.
fn parse(text: &str) -> Option<(&str, &str)> {
    let all = text.strip_prefix(PREFIX)?;
    let (id, rest) = all.split_at_checked(ID_CHARACTERS)?;
    let (secret, sum) = rest.strip_prefix('_')?.split_at_checked(SECRET_CHARACTERS)?;
    (sum == checksum(text.strip_suffix(sum)?)).then_some((id, secret))
}

impl Keyring {
    /// Makes a token for an account's program. The text is shown once.
    pub fn make_token(
        &self,
        account: Account,
        name: &str,
        scopes: BTreeSet<String>,
        expires: Moment,
    ) -> Result<(SecretString, ServiceToken), KeyringError> {
        let (name, now) = (name.trim(), self.keys.now());
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS {
            return Err(TokenError::Name.into());
        }
        if scopes.is_empty() || scopes.contains("") {
            return Err(TokenError::NoScope.into());
        }
        if !(now + 1..=now + MOST_TOKEN_DAYS * 86_400_000).contains(&expires) {
            return Err(TokenError::Expiry { most_days: MOST_TOKEN_DAYS }.into());
        }
        let (id, secret) = (base32(&secret::random::<10>()?), SecretString::from(base32(&secret::random::<32>()?)));
        let body = Body { digest: secret::digest(secret.expose_secret()), name: name.to_string(), scopes: scopes.clone(), made: now };
        self.keys.put(&New { kind: Kind::ServiceToken, id: &id, account: Some(account.0), expires, body: &body })?;
        let text = format!("{PREFIX}{id}_{}", secret.expose_secret());
        let text = SecretString::from(format!("{text}{}", checksum(&text)));
        let what = What::TokenMade { token: id.clone(), name: name.to_string(), scopes: scopes.iter().cloned().collect(), expires };
        self.tell(account, what);
        Ok((text, ServiceToken { id, account, name: name.to_string(), scopes, made: now, used: now, expires }))
    }

    /// The token of a text, if it is good, and notes that it is used.
    pub fn token(&self, text: &str, client: &Client<'_>) -> Result<Option<ServiceToken>, KeyringError> {
        let Some(mut found) = self.good_token(text)? else {
            self.tell_from(None, client, What::TokenWrong);
            return Ok(None);
        };
        let now = self.keys.now();
        if now - found.row.seen >= SEEN_EVERY {
            self.keys.table.touch(Kind::ServiceToken, &found.row.id, now, found.row.expires)?;
            found.row.seen = now;
            self.tell_from(found.row.account.map(Account), client, What::TokenUsed { token: found.row.id.clone() });
        }
        Ok(Some(found.token()))
    }

    fn good_token(&self, text: &str) -> Result<Option<Found<Body>>, KeyringError> {
        let Some((id, secret)) = parse(text) else { return Ok(None) };
        let found = self.keys.get::<Body>(Kind::ServiceToken, id)?;
        Ok(found.filter(|found| secret::is_secret_of(secret, &found.body.digest)))
    }

    /// The tokens of an account that are not over, the latest first.
    pub fn tokens(&self, account: Account) -> Result<Vec<ServiceToken>, KeyringError> {
        let found = self.keys.list::<Body>(Kind::ServiceToken, account.0)?;
        let mut tokens: Vec<ServiceToken> = found.into_iter().map(Found::token).collect();
        tokens.sort_by(|a, b| (b.made, &b.id).cmp(&(a.made, &a.id)));
        Ok(tokens)
    }

    /// Revokes a token of an account. False if the account has no such token.
    pub fn revoke_token(&self, account: Account, token: &str) -> Result<bool, KeyringError> {
        let found = self.keys.get::<Body>(Kind::ServiceToken, token)?.filter(|found| found.row.account == Some(account.0));
        let revoked = found.is_some() && self.keys.remove(Kind::ServiceToken, token)?;
        if revoked {
            self.tell(account, What::TokenRevoked { token: token.to_string() });
        }
        Ok(revoked)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_one_character_changed_is_no_token() {
        let text = format!("shirube_{}_{}", "a".repeat(16), "b".repeat(52));
        let text = format!("{text}{}", checksum(&text));
        assert_eq!(parse(&text).unwrap(), ("aaaaaaaaaaaaaaaa", "b".repeat(52).as_str()));
        for at in 0..text.len() {
            let mut other: Vec<char> = text.chars().collect();
            other[at] = if other[at] == 'c' { 'd' } else { 'c' };
            assert!(parse(&other.iter().collect::<String>()).is_none(), "character {at}");
            assert!(parse(&text[..at]).is_none(), "the first {at} characters");
        }
        assert!(parse(&format!("{text}a")).is_none());
        assert!(parse("shirube_ééééééééééééé").is_none());
    }
}
