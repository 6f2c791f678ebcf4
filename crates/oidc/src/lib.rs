//! A relying party of OpenID Connect: what is asked of an institution's provider, and whether its answers hold.
//!
//! The authorization code flow with PKCE (S256), state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207). There
//! is no I/O here: addresses and forms to be sent come out, documents and tokens that were received go in. Whose
//! account an identity is, is not known here either.

mod answer;
mod attempt;
mod error;
mod keys;
mod metadata;
mod token;

pub use answer::{Answer, TokenRequest, id_token};
pub use attempt::Attempt;
pub use error::{OidcError, TokenError};
pub use keys::Keys;
pub use metadata::{Metadata, discovery_url, is_protected};
pub use token::{Expected, Identity, verify};

use secrecy::SecretString;

/// What the portal is to its provider.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The provider, by the address that stands for it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; none for a public client, which PKCE alone protects.
    pub client_secret: Option<SecretString>,
}

/// Milliseconds since 1970 UTC.
pub type Moment = i64;

/// Clocks may differ by so much.
pub(crate) const LEEWAY: Moment = 60_000;

#[cfg(test)]
mod tests;
