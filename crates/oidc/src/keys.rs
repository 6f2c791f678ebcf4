//! A provider's public keys (RFC 7517).

use crate::OidcError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// How a token may be signed. Nothing else is taken, whatever a token or a provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub fn named(name: &str) -> Option<Algorithm> {
        match name {
            "RS256" => Some(Algorithm::Rs256),
            "PS256" => Some(Algorithm::Ps256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }
}

/// Every kind of key has members of its own; what is not known is left out.
#[derive(Deserialize)]
struct Written {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm it is for, where it says so.
    alg: Option<String>,
    public: Public,
}

impl Key {
    fn read(value: serde_json::Value) -> Option<Key> {
        let written: Written = serde_json::from_value(value).ok()?;
        if written.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| BASE64URL.decode(text?).ok();
        let number = |text| Some(bytes(text)?.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>());
        let public = match (written.kty.as_str(), written.crv.as_deref()) {
            ("RSA", _) => Public::Rsa { n: number(written.n)?, e: number(written.e)? },
            ("EC", Some("P-256")) => Public::P256([vec![4], bytes(written.x)?, bytes(written.y)?].concat()),
            ("OKP", Some("Ed25519")) => Public::Ed25519(bytes(written.x)?),
            _ => return None,
        };
        Some(Key { id: written.kid, alg: written.alg, public })
    }

    /// Whether it may have signed so: a key serves its own kind of algorithm alone.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = matches!(
            (algorithm, &self.public),
            (Algorithm::Rs256 | Algorithm::Ps256, Public::Rsa { .. })
                | (Algorithm::Es256, Public::P256(_))
                | (Algorithm::EdDsa, Public::Ed25519(_))
        );
        kind && self.alg.as_deref().is_none_or(|alg| Algorithm::named(alg) == Some(algorithm))
    }

    fn holds(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let held = match &self.public {
            Public::Rsa { n, e } => {
                let scheme = if algorithm == Algorithm::Ps256 { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signature)
            }
            Public::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Public::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
        };
        held.is_ok()
    }
}

/// The keys a provider signs with.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// Reads a set. Keys for other uses or of other kinds are left out: a provider may have them beside.
    ///
    /// # Errors
    /// It is no set of keys.
    pub fn parse(document: &[u8]) -> Result<Keys, OidcError> {
        let cause = |error: serde_json::Error| OidcError::Document { what: "set of keys", cause: error.to_string() };
        let set: Set = serde_json::from_slice(document).map_err(cause)?;
        Ok(Keys(set.keys.into_iter().filter_map(Key::read).collect()))
    }

    /// Whether a signature holds; nothing if there is no such key. A token that names no key is of the only one that
    /// there is for its algorithm.
    pub(crate) fn hold(&self, id: Option<&str>, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        let fitting = || self.0.iter().filter(|key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id));
        let known = if id.is_some() { fitting().next().is_some() } else { fitting().count() == 1 };
        known.then(|| fitting().any(|key| key.holds(algorithm, message, signature)))
    }
}
