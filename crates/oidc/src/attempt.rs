//! One attempt to sign in, from the way to the provider to the way back.

use crate::{LEEWAY, Moment, OidcError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ring::{
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// How long someone may take at the provider.
const LIFE: Moment = 10 * 60_000;

/// An attempt. All of it is in a cookie of the browser that began it, so an answer that another browser was given
/// leads nowhere, and any process can go on with it.
///
/// What goes to the provider is derived from one secret and from what the attempt is about: nobody who knows the state
/// can put another purpose under it.
pub struct Attempt {
    secret: SecretString,
    begun: Moment,
    about: String,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Attempt {
    /// Begins one. `about` comes back with the answer, as it is.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn begin(about: &str, now: Moment) -> Result<Attempt, OidcError> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|error| OidcError::Random(error.to_string()))?;
        Ok(Attempt { secret: BASE64URL.encode(bytes).into(), begun: now, about: about.to_string() })
    }

    /// For the browser's cookie.
    pub fn cookie(&self) -> SecretString {
        format!("{}.{}.{}", self.secret.expose_secret(), self.begun, BASE64URL.encode(&self.about)).into()
    }

    /// Reads a cookie back.
    pub fn parse(cookie: &str) -> Option<Attempt> {
        let mut parts = cookie.split('.');
        let (secret, begun, about) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && BASE64URL.decode(secret).ok()?.len() == 32;
        let about = String::from_utf8(BASE64URL.decode(about).ok()?).ok()?;
        whole.then_some(Attempt { secret: secret.into(), begun: begun.parse().ok()?, about })
    }

    fn derived(&self, what: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose_secret().as_bytes());
        BASE64URL.encode(hmac::sign(&key, format!("{what}.{}.{}", self.begun, self.about).as_bytes()))
    }

    /// What the answer has to bring back.
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// What the ID token has to hold.
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What shows, beside the code, that we began (RFC 7636).
    pub fn verifier(&self) -> SecretString {
        self.derived("verifier").into()
    }

    /// What the provider is told of the verifier before.
    pub(crate) fn challenge(&self) -> String {
        BASE64URL.encode(digest::digest(&digest::SHA256, self.verifier().expose_secret().as_bytes()))
    }

    /// What it is about.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// When it was begun.
    pub fn begun(&self) -> Moment {
        self.begun
    }

    pub(crate) fn is_late(&self, now: Moment) -> bool {
        !(-LEEWAY..LIFE).contains(&now.saturating_sub(self.begun))
    }

    /// Whether a state is this attempt's. Takes the same time wherever they differ.
    pub(crate) fn is_own(&self, state: &str) -> bool {
        // Equal under a key that nobody knows, therefore equal.
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose_secret().as_bytes());
        hmac::verify(&key, state.as_bytes(), hmac::sign(&key, self.state().as_bytes()).as_ref()).is_ok()
    }
}
