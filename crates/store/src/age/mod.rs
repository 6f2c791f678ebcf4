//! Encryption to age recipients: the age-encryption.org/v1 format, with X25519 keys.
//!
//! Only what a backup needs: binary files, native keys. The `age` and `rage` programs read what is written here and
//! write what is read here. The algorithms are those of `ring` and `x25519-dalek`; here are only their framing and the
//! order in which they are applied.

mod header;
mod keys;
mod stream;

pub use keys::{Identity, Recipient};
pub(crate) use stream::{Opened, Sealed};

use ring::{aead, hkdf};

/// The first line of every file.
const VERSION: &str = "age-encryption.org/v1";
/// Bytes of the key that encrypts a file.
const FILE_KEY: usize = 16;

/// Why something cannot be encrypted or decrypted. Keys are in none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Not a recipient.
    #[error("“{0}” is no age recipient: write age1…, as `shirube backup keygen` or `age-keygen` prints it")]
    Recipient(String),
    /// A kind of recipient that is not built in.
    #[error("“{0}” is an age recipient of a kind that is not built in: use an X25519 recipient (age1… of 62 letters)")]
    RecipientKind(String),
    /// Not an identity. What was written is not repeated.
    #[error("line {line} is no age identity: a line AGE-SECRET-KEY-1… is expected, as `shirube backup keygen` or `age-keygen` writes it")]
    Identity {
        /// Line of the file.
        line: usize,
    },
    /// No key at all.
    #[error("there is no key in it: lines age1… (recipients) or AGE-SECRET-KEY-1… (identities) are expected")]
    NoKeys,
    /// Not an age file.
    #[error("it is no age file, or its header is damaged")]
    Header,
    /// An age file in text form.
    #[error("it is an age file in armor (text); take that off first: age --decrypt, then age --encrypt without --armor")]
    Armor,
    /// None of the identities opens it.
    #[error("it is encrypted to other recipients: give the identity that belongs to one of those it was made for")]
    NotForUs,
    /// The header was changed.
    #[error("its header does not authenticate: the file was changed or is damaged")]
    Forged,
    /// The payload was changed or cut off.
    #[error("its content does not authenticate from byte {0} on: the file was changed, damaged or cut off")]
    Damaged(u64),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl From<AgeError> for std::io::Error {
    fn from(error: AgeError) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// 32 bytes from HKDF-SHA-256.
fn derive(secret: &[u8], salt: &[u8], info: &str) -> Result<[u8; 32], AgeError> {
    let mut out = [0; 32];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info.as_bytes()];
    let expanded = extracted.expand(&info, hkdf::HKDF_SHA256).map_err(|_| AgeError::Random)?;
    expanded.fill(&mut out).map_err(|_| AgeError::Random)?;
    Ok(out)
}

/// ChaCha20-Poly1305 with this key.
fn cipher(key: &[u8; 32]) -> Result<aead::LessSafeKey, AgeError> {
    aead::UnboundKey::new(&aead::CHACHA20_POLY1305, key).map(aead::LessSafeKey::new).map_err(|_| AgeError::Random)
}

fn random<const N: usize>() -> Result<[u8; N], AgeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AgeError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
