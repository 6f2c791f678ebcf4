//! The way back: the answer that the browser brings, and the code that becomes an ID token.

use crate::{
    Attempt, Metadata, Moment, OidcError, RelyingParty,
    metadata::{escaped, form},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Characters of a provider's words that are repeated.
const WORDS: usize = 200;

/// What the browser brings back from the provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// What becomes tokens.
    pub code: Option<&'a str>,
    /// Whose answer it is.
    pub state: Option<&'a str>,
    /// Who answers (RFC 9207).
    pub iss: Option<&'a str>,
    /// That it says no.
    pub error: Option<&'a str>,
    /// Why.
    pub error_description: Option<&'a str>,
}

impl<'a> Answer<'a> {
    /// The code, if the answer is the provider's to this attempt and says yes.
    ///
    /// # Errors
    /// Of another attempt or another provider, too late, or a no.
    pub fn code(&self, metadata: &Metadata, attempt: &Attempt, now: Moment) -> Result<&'a str, OidcError> {
        // Nothing else is looked at in an answer that could be anyone's.
        if !self.state.is_some_and(|state| attempt.is_own(state)) {
            return Err(OidcError::State);
        }
        if attempt.is_late(now) {
            return Err(OidcError::Late);
        }
        match self.iss {
            Some(iss) if iss != metadata.issuer => return Err(OidcError::MixUp),
            None if metadata.names_itself => return Err(OidcError::MixUp),
            _ => {}
        }
        if let Some(code) = self.error {
            return Err(refused(code, self.error_description));
        }
        self.code.filter(|code| !code.is_empty()).ok_or(OidcError::Document { what: "answer", cause: "it has no code".into() })
    }
}

fn refused(code: &str, description: Option<&str>) -> OidcError {
    let printable = |text: &str| text.chars().filter(|c| !c.is_control()).take(WORDS).collect::<String>();
    OidcError::Refused { code: printable(code), description: description.map(printable).filter(|d| !d.is_empty()) }
}

/// A form to be sent to the token endpoint.
#[derive(Debug)]
pub struct TokenRequest {
    /// The header `Authorization`, if there is one.
    pub authorization: Option<SecretString>,
    /// The form.
    pub form: SecretString,
}

impl TokenRequest {
    /// Asks for the tokens of a code. `back` is the address that the authorization was asked with.
    pub fn new(metadata: &Metadata, party: &RelyingParty, back: &str, attempt: &Attempt, code: &str) -> TokenRequest {
        let verifier = attempt.verifier();
        let mut pairs =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back), ("code_verifier", verifier.expose_secret())];
        let (id, secret) = (party.client_id.as_str(), party.client_secret.as_ref().map(ExposeSecret::expose_secret));
        let authorization = match secret {
            Some(secret) if !metadata.secret_in_form => {
                let both = format!("{}:{}", escaped(id), escaped(secret));
                Some(format!("Basic {}", STANDARD.encode(both)).into())
            }
            Some(secret) => {
                pairs.extend([("client_id", id), ("client_secret", secret)]);
                None
            }
            None => {
                pairs.push(("client_id", id));
                None
            }
        };
        TokenRequest { authorization, form: form(&pairs).into() }
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// The ID token in what the token endpoint answered.
///
/// # Errors
/// It said no, or what does not read.
pub fn id_token(success: bool, body: &[u8]) -> Result<SecretString, OidcError> {
    if !success && let Ok(refusal) = serde_json::from_slice::<Refusal>(body) {
        return Err(refused(&refusal.error, refusal.error_description.as_deref()));
    }
    match serde_json::from_slice::<Tokens>(body) {
        Ok(tokens) if success => Ok(tokens.id_token.into()),
        Ok(_) => Err(OidcError::Document { what: "token answer", cause: "it is no success".into() }),
        // The parser's words could hold a part of the token.
        Err(error) => Err(OidcError::Document { what: "token answer", cause: format!("line {}, column {}", error.line(), error.column()) }),
    }
}
