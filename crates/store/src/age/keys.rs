//! Keys: a recipient is public and encrypts, an identity is secret and decrypts.

use super::{AgeError, FILE_KEY, VERSION, cipher, derive, header::Stanza, random};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use ring::aead::{Aad, Nonce};
use std::{fmt, str::FromStr};
use x25519_dalek::{PublicKey, StaticSecret};

/// The stanza of a header that these keys make.
const KIND: &str = "X25519";
const PUBLIC: Hrp = Hrp::parse_unchecked("age");
const SECRET: Hrp = Hrp::parse_unchecked("age-secret-key-");

/// Whom a file is encrypted to: `age1…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient(PublicKey);

/// What opens a file: `AGE-SECRET-KEY-1…`.
#[derive(Clone)]
pub struct Identity(StaticSecret);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl FromStr for Recipient {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        if text.to_ascii_lowercase().starts_with("age-secret-key-") {
            return Err(AgeError::Recipient("AGE-SECRET-KEY-…".to_string()));
        }
        match decode(PUBLIC, text) {
            Some(bytes) => Ok(Recipient(PublicKey::from(bytes))),
            None if text.starts_with("age1") && text.len() != 62 || text.starts_with("ssh-") => {
                Err(AgeError::RecipientKind(text.chars().take(62).collect()))
            }
            None => Err(AgeError::Recipient(text.to_string())),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32::encode_lower_to_fmt::<Bech32, _>(f, PUBLIC, self.0.as_bytes()).map_err(|_| fmt::Error)
    }
}

fn decode(hrp: Hrp, text: &str) -> Option<[u8; 32]> {
    let checked = CheckedHrpstring::new::<Bech32>(text).ok().filter(|found| found.hrp() == hrp)?;
    checked.byte_iter().collect::<Vec<u8>>().try_into().ok()
}

impl Recipient {
    /// All recipients of a file, one a line; lines that begin with # are remarks.
    pub fn of_file(text: &str) -> Result<Vec<Recipient>, AgeError> {
        let keys: Vec<Recipient> = lines(text).map(|(_, line)| line.parse()).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(AgeError::NoKeys) } else { Ok(keys) }
    }

    /// Wraps the key of a file.
    pub(super) fn wrap(&self, file_key: &[u8; FILE_KEY]) -> Result<Stanza, AgeError> {
        let once = StaticSecret::from(random()?);
        let share = PublicKey::from(&once);
        let shared = once.diffie_hellman(&self.0);
        let key = wrap_key(shared.as_bytes(), &share, &self.0)?;
        let mut body = file_key.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        cipher(&key)?.seal_in_place_append_tag(nonce, Aad::empty(), &mut body).map_err(|_| AgeError::Random)?;
        Ok(Stanza { words: vec![KIND.to_string(), BASE64_STANDARD_NO_PAD.encode(share.as_bytes())], body })
    }
}

impl Identity {
    /// A new one.
    pub fn generate() -> Result<Identity, AgeError> {
        Ok(Identity(StaticSecret::from(random()?)))
    }

    /// The recipient it opens files of.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }

    /// The secret in its written form.
    pub fn expose(&self) -> Result<String, AgeError> {
        bech32::encode_upper::<Bech32>(SECRET, self.0.as_bytes()).map_err(|_| AgeError::Random)
    }

    /// All identities of a file, one a line; lines that begin with # are remarks.
    pub fn of_file(text: &str) -> Result<Vec<Identity>, AgeError> {
        let read = |(line, text)| decode(SECRET, text).map(|bytes| Identity(bytes.into())).ok_or(AgeError::Identity { line });
        let keys: Vec<Identity> = lines(text).map(read).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(AgeError::NoKeys) } else { Ok(keys) }
    }

    /// The key of a file, if this stanza wraps it for us.
    pub(super) fn unwrap(&self, stanza: &Stanza) -> Result<Option<[u8; FILE_KEY]>, AgeError> {
        let [kind, words @ ..] = &stanza.words[..] else { return Err(AgeError::Header) };
        if kind != KIND {
            return Ok(None);
        }
        let [share] = words else { return Err(AgeError::Header) };
        let share = BASE64_STANDARD_NO_PAD.decode(share).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or(AgeError::Header)?;
        if stanza.body.len() != FILE_KEY + 16 {
            return Err(AgeError::Header);
        }
        let share = PublicKey::from(share);
        let shared = self.0.diffie_hellman(&share);
        if !shared.was_contributory() {
            return Err(AgeError::Header);
        }
        let key = wrap_key(shared.as_bytes(), &share, &self.recipient().0)?;
        let mut body = stanza.body.clone();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let opened = cipher(&key)?.open_in_place(nonce, Aad::empty(), &mut body);
        Ok(opened.ok().and_then(|key| <[u8; FILE_KEY]>::try_from(&*key).ok()))
    }
}

fn wrap_key(shared: &[u8; 32], share: &PublicKey, recipient: &PublicKey) -> Result<[u8; 32], AgeError> {
    let salt = [*share.as_bytes(), *recipient.as_bytes()].concat();
    derive(shared, &salt, &format!("{VERSION}/{KIND}"))
}

/// Lines of a file of keys that are no remarks, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().map(str::trim).enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}
