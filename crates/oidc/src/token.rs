//! Whether an ID token holds (OpenID Connect Core 1.0, 3.1.3.7).

use crate::{Keys, LEEWAY, Moment, TokenError, keys::Algorithm};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{Deserialize, de::IgnoredAny};

/// Characters of a subject, by the standard.
const SUBJECT: usize = 255;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Times are seconds, which some providers write with a fraction.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    auth_time: Option<f64>,
    amr: Option<serde_json::Value>,
}

fn moment(seconds: f64) -> Moment {
    // Beyond the ends it stays at them.
    (seconds * 1000.0) as Moment
}

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Our name there.
    pub client_id: &'a str,
    /// Of the attempt.
    pub nonce: &'a str,
    /// Now.
    pub now: Moment,
    /// The person was to show who they are after this moment, and not earlier.
    pub anew_since: Option<Moment>,
}

/// Whom a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches.
    pub issuer: String,
    /// Its name there. It lasts, as mail addresses and names do not.
    pub subject: String,
    /// The provider says that more than one factor was used (`amr` holds `mfa`, RFC 8176).
    pub many_factors: bool,
}

/// Whom a token names, if it holds.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Identity, TokenError> {
    let mut parts = token.split('.');
    let (Some(header), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(TokenError::Form("it has not three parts"));
    };
    let read = |part: &str| BASE64URL.decode(part).map_err(|_| TokenError::Form("it is not base64url"));
    let head: Header = serde_json::from_slice(&read(header)?).map_err(|_| TokenError::Form("its header is none"))?;
    let algorithm = Algorithm::named(&head.alg).ok_or(TokenError::Algorithm(head.alg))?;
    if head.crit.is_some() {
        return Err(TokenError::Critical);
    }
    let signed = &token[..header.len() + 1 + body.len()];
    match keys.hold(head.kid.as_deref(), algorithm, signed.as_bytes(), &read(signature)?) {
        None => return Err(TokenError::UnknownKey),
        Some(false) => return Err(TokenError::Signature),
        Some(true) => {}
    }
    let claims: Claims = serde_json::from_slice(&read(body)?).map_err(|_| TokenError::Form("its claims are none"))?;
    check(&claims, expected)?;
    let ways = claims.amr.as_ref().and_then(|amr| amr.as_array());
    let many_factors = ways.is_some_and(|ways| ways.iter().any(|way| way == "mfa"));
    Ok(Identity { issuer: claims.iss, subject: claims.sub, many_factors })
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), TokenError> {
    if claims.iss != expected.issuer {
        return Err(TokenError::Issuer);
    }
    // Meant for others, too, it must say that it was made for us.
    let (ours, alone) = match &claims.aud {
        Audience::One(one) => (one == expected.client_id, true),
        Audience::Many(all) => (all.iter().any(|one| one == expected.client_id), all.len() == 1),
    };
    let party = match &claims.azp {
        Some(party) => party == expected.client_id,
        None => alone,
    };
    if !ours || !party {
        return Err(TokenError::Audience);
    }
    if moment(claims.exp) <= expected.now - LEEWAY {
        return Err(TokenError::Expired);
    }
    if [Some(claims.iat), claims.nbf].into_iter().flatten().any(|from| moment(from) > expected.now + LEEWAY) {
        return Err(TokenError::Early);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(TokenError::Nonce);
    }
    if claims.sub.trim().is_empty() || claims.sub.chars().count() > SUBJECT {
        return Err(TokenError::Subject);
    }
    let asked = |since: Moment| claims.auth_time.is_some_and(|at| moment(at) >= since - LEEWAY);
    if expected.anew_since.is_some_and(|since| !asked(since)) {
        return Err(TokenError::NotAnew);
    }
    Ok(())
}
