//! What a provider says of itself (OpenID Connect Discovery 1.0), and the address it is asked at.

use crate::{Attempt, OidcError, RelyingParty};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::net::IpAddr;

/// What needs no escape in a form (RFC 3986's unreserved characters).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// Names and values as a form has them.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&")
}

/// Where an issuer's document is.
pub fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Whether nobody on the way reads along: https, or this machine itself.
pub fn is_protected(url: &str) -> bool {
    let plain = !url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\' || c == '@');
    let Some((scheme, rest)) = url.split_once("://").filter(|_| plain) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let here = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !name.is_empty() && (scheme == "https" || scheme == "http" && here)
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a provider says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where a code becomes tokens.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Its answers name it (RFC 9207).
    pub(crate) names_itself: bool,
    /// A secret is sent in the form, as the header is not taken.
    pub(crate) secret_in_form: bool,
}

impl Metadata {
    /// Reads the document that was found where `issuer` says.
    ///
    /// # Errors
    /// It does not read, is another issuer's, or names an address without encryption.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Metadata, OidcError> {
        let cause = |error: serde_json::Error| OidcError::Document { what: "configuration", cause: error.to_string() };
        let found: Document = serde_json::from_slice(document).map_err(cause)?;
        if found.issuer != issuer {
            return Err(OidcError::OtherIssuer { wanted: issuer.to_string(), found: found.issuer });
        }
        let endpoints = [
            ("authorization_endpoint", &found.authorization_endpoint),
            ("token_endpoint", &found.token_endpoint),
            ("jwks_uri", &found.jwks_uri),
        ];
        for (name, url) in endpoints {
            if !is_protected(url) || url.contains('#') {
                return Err(OidcError::Unprotected { name });
            }
        }
        // Left out, it means the header alone.
        let methods = found.token_endpoint_auth_methods_supported.unwrap_or_else(|| vec!["client_secret_basic".to_string()]);
        let takes = |method: &str| methods.iter().any(|m| m == method);
        Ok(Metadata {
            issuer: found.issuer,
            authorization_endpoint: found.authorization_endpoint,
            token_endpoint: found.token_endpoint,
            jwks_uri: found.jwks_uri,
            names_itself: found.authorization_response_iss_parameter_supported,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }

    /// Where the browser is sent. `anew`: the provider shall ask the person who they are even if it knows.
    pub fn authorization_url(&self, party: &RelyingParty, back: &str, attempt: &Attempt, anew: bool) -> String {
        let (state, nonce, challenge) = (attempt.state(), attempt.nonce(), attempt.challenge());
        let mut pairs = vec![
            ("response_type", "code"),
            ("scope", "openid"),
            ("client_id", &party.client_id),
            ("redirect_uri", back),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if anew {
            // With `max_age` the ID token has to say when that was.
            pairs.extend([("prompt", "login"), ("max_age", "0")]);
        }
        let url = &self.authorization_endpoint;
        format!("{url}{}{}", if url.contains('?') { '&' } else { '?' }, form(&pairs))
    }
}
