//! Passwords: what may be one, and the account's own.
//!
//! The rules are those of OWASP ASVS 5, chapter 6.2: long rather than complicated, any character, never expired,
//! none of those that are tried first. A password is compared as it was typed but for Unicode's form (NFKC): the same
//! keys give `が` as one character on one machine and as two on another, `Ａ` or `A` depending on the input method,
//! and neither is seen in a password field. Nothing is cut off and no case is changed.

use crate::{
    Account, Keyring, KeyringError, PasswordError, Purpose, What,
    hasher::Check,
    keys::{Found, New},
    table::{Kind, NEVER},
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

/// Characters a password has at least.
pub const LEAST_CHARACTERS: usize = 12;
/// Characters a password has at most.
pub const MOST_CHARACTERS: usize = 128;

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Password {
    hash: String,
}

/// As it is hashed. None if it is longer than any password.
fn normal(typed: &str) -> Option<String> {
    let normal: String = typed.nfkc().take(MOST_CHARACTERS + 1).collect();
    (normal.chars().count() <= MOST_CHARACTERS).then_some(normal)
}

/// A text without names and their parts: what is left of it is what has to be guessed. Parts of two letters or fewer are
/// in half of all words, unless they are of a script that writes words so.
fn without(text: &str, names: &[&str]) -> String {
    let parts = names.iter().flat_map(|name| std::iter::once(*name).chain(name.split(|c: char| !c.is_alphanumeric())));
    let mut parts: Vec<&str> = parts.filter(|part| part.chars().count() > if part.is_ascii() { 2 } else { 1 }).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.into_iter().fold(text.to_string(), |rest, part| rest.replace(part, ""))
}

/// Looks whether a password may be one for this login. `names` are those that whoever guesses knows: of the person, the
/// institution, the plan. They count for nothing in it, nor do their parts.
pub fn check_password(login: &str, names: &[&str], typed: &str) -> Result<(), PasswordError> {
    let password = normal(typed).ok_or(PasswordError::TooLong { most: MOST_CHARACTERS })?;
    let characters = password.chars().count();
    if characters < LEAST_CHARACTERS {
        return Err(PasswordError::TooShort { characters, least: LEAST_CHARACTERS });
    }
    let folded = |text: &str| text.nfkc().collect::<String>().to_lowercase();
    if folded(password.trim()) == folded(login.trim()) {
        return Err(PasswordError::IsLogin);
    }
    // Those found within a hundred million guesses; it knows the 30,000 commonest passwords, words, names, rows of
    // keys, dates and repetitions, and what they make together.
    let known: Vec<String> = names.iter().chain(&[login, "shirube", "標"]).map(|name| folded(name)).collect();
    let words: Vec<&str> = known.iter().map(String::as_str).collect();
    if zxcvbn(&password, &words).score() < Score::Three || zxcvbn(&without(&folded(&password), &words), &words).score() < Score::Three {
        return Err(PasswordError::Common);
    }
    Ok(())
}

impl Keyring {
    /// Looks whether a password may be one ([`check_password`]), and whether it is known from a leak.
    pub fn check_password(&self, login: &str, names: &[&str], typed: &str) -> Result<(), KeyringError> {
        check_password(login, names, typed)?;
        match &self.leaked {
            Some(leaked) if leaked.holds(&normal(typed).unwrap_or_default())? => Err(PasswordError::Leaked.into()),
            _ => Ok(()),
        }
    }

    /// Gives an account a password. A recovery link that is under way and sign-ins that wait for a second factor are
    /// over with it; sessions go on, so that the caller can offer to end the others.
    pub fn set_password(&self, account: Account, login: &str, typed: &str) -> Result<(), KeyringError> {
        self.check_password(login, &[], typed)?;
        let hash = self.hasher.hash(&normal(typed).unwrap_or_default())?;
        let new = New { kind: Kind::Password, id: &account.key(), account: Some(account.0), expires: NEVER, body: &Password { hash } };
        self.keys.put(&new)?;
        self.drop_link(Purpose::Recovery, account)?;
        self.drop_half_sign_ins(account)?;
        self.tell(account, What::PasswordSet);
        Ok(())
    }

    /// Whether an account has a password.
    pub fn has_password(&self, account: Account) -> Result<bool, KeyringError> {
        Ok(self.keys.get::<Password>(Kind::Password, &account.key())?.is_some())
    }

    /// The account's password, if the one typed is it. As much work for an account that does not exist.
    pub(crate) fn right_password(&self, account: Option<Account>, typed: &str) -> Result<Option<Found<Password>>, KeyringError> {
        let found = match account {
            Some(account) => self.keys.get::<Password>(Kind::Password, &account.key())?,
            // The same look into the table.
            None => self.keys.get::<Password>(Kind::Password, "")?,
        };
        let typed = normal(typed);
        let kept = found.as_ref().filter(|_| typed.is_some()).map(|found| found.body.hash.as_str());
        let typed = typed.unwrap_or_default();
        match (self.hasher.check(&typed, kept)?, found) {
            (Check::Right, Some(found)) => Ok(Some(found)),
            (Check::RightButOld, Some(mut found)) => {
                let body = Password { hash: self.hasher.hash(&typed)? };
                // Who changed the password meanwhile has made a new hash.
                if let Some(row) = self.keys.replace(&found, &body)? {
                    found = Found { row, body };
                }
                Ok(Some(found))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Clock, Limits};
    use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, Version};

    #[test]
    fn a_password_hashed_with_weaker_parameters_is_hashed_anew_when_it_is_entered() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::in_folder(folder.path(), Limits::default(), Clock::at(0), Box::new(|_| ())).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let hash: PasswordHash = weak.hash_password_with_salt(b"seven lanterns", b"0123456789abcdef").unwrap();
        let body = Password { hash: hash.to_string() };
        keyring.keys.put(&New { kind: Kind::Password, id: "17", account: Some(17), expires: NEVER, body: &body }).unwrap();
        let kept = || keyring.keys.get::<Password>(Kind::Password, "17").unwrap().unwrap().body.hash;
        assert!(keyring.right_password(Some(Account(17)), "eight lanterns").unwrap().is_none());
        assert_eq!(kept(), body.hash);
        assert!(keyring.right_password(Some(Account(17)), "seven lanterns").unwrap().is_some());
        assert!(kept().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(keyring.right_password(Some(Account(17)), "seven lanterns").unwrap().is_some());
    }
}
