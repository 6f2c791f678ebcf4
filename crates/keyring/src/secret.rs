//! Random secrets, and what is kept of them.

use crate::KeyringError;
use ctutils::CtEq;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Bytes of a secret that may be guessed at offline.
const SECRET: usize = 32;
/// Bytes of a public part.
const ID: usize = 16;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyringError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| KeyringError::Random(e.to_string()))?;
    Ok(bytes)
}

/// 256 random bits as text.
pub(crate) fn random_secret() -> Result<SecretString, KeyringError> {
    Ok(BASE64URL_NOPAD.encode(&random::<SECRET>()?).into())
}

/// A public name that no one has yet.
pub(crate) fn random_id() -> Result<String, KeyringError> {
    Ok(HEXLOWER.encode(&random::<ID>()?))
}

/// What is kept of a secret of 256 random bits: nobody finds those again from a plain digest.
pub(crate) fn digest(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret))
}

/// Whether a secret is the one a digest was made of. Takes the same time wherever they differ.
pub(crate) fn is_secret_of(secret: &str, kept: &str) -> bool {
    same(&digest(secret), kept)
}

pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).to_bool()
}

/// A keyed digest of several parts, none of which can run into the next.
pub(crate) fn keyed(key: &SecretString, parts: &[&str]) -> String {
    // A block holds the digest of a key of any length.
    let mut block = [0; 64];
    block[..32].copy_from_slice(&Sha256::digest(key.expose_secret()));
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
}

/// A secret that carries the name of its entry: `id.secret`.
pub(crate) struct Ticket<'a> {
    pub id: &'a str,
    pub secret: &'a str,
}

impl<'a> Ticket<'a> {
    /// Reads one. Nothing is said about whether it is good.
    pub fn parse(text: &'a str) -> Option<Ticket<'a>> {
        let (id, secret) = text.split_once('.')?;
        let plain =
            |part: &str| !part.is_empty() && part.len() <= 64 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (plain(id) && plain(secret)).then_some(Ticket { id, secret })
    }

    pub fn text(id: &str, secret: &SecretString) -> SecretString {
        format!("{id}.{}", secret.expose_secret()).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_reads_back_and_strange_text_is_none() {
        let (id, secret) = (random_id().unwrap(), random_secret().unwrap());
        let text = Ticket::text(&id, &secret);
        let ticket = Ticket::parse(text.expose_secret()).unwrap();
        assert_eq!((ticket.id, ticket.secret), (id.as_str(), secret.expose_secret()));
        for strange in ["", ".", "a.", ".b", "ab", "a.b.c", "a.b c", "a.é", &format!("{}.b", "a".repeat(65))] {
            assert!(Ticket::parse(strange).is_none(), "{strange}");
        }
    }

    #[test]
    fn parts_of_a_keyed_digest_do_not_run_together() {
        let key = SecretString::from("key");
        assert_ne!(keyed(&key, &["ab", "c"]), keyed(&key, &["a", "bc"]));
        assert_ne!(keyed(&key, &["ab"]), keyed(&SecretString::from("other"), &["ab"]));
        assert_eq!(keyed(&key, &["ab"]), keyed(&key, &["ab"]));
    }

    #[test]
    fn secrets_do_not_repeat_and_are_not_shown() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(!format!("{one:?}").contains(one.expose_secret()));
        assert!(is_secret_of(one.expose_secret(), &digest(one.expose_secret())));
        assert!(!is_secret_of(other.expose_secret(), &digest(one.expose_secret())));
    }
}
