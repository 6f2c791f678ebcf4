//! What a provider of identities sends, and what browsers bring back from it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ring::signature::{Ed25519KeyPair, KeyPair};
use shirube_oidc::{Answer, Attempt, Expected, Keys, Metadata, id_token as token_answer, verify};

const ISSUER: &str = "https://id.example.jp/realm";
const CLIENT: &str = "shirube";
const NOW: i64 = 1_782_864_000_000;

/// A provider's documents: each text is read as its configuration, its keys, its answer to a code, a cookie of ours, and
/// the parts of an answer that a browser brings.
pub fn provider(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Keys::parse(data).map(|keys| verify(&text, &keys, &expected()));
    let _ = (token_answer(true, data), token_answer(false, data));
    let metadata = Metadata::parse(data, ISSUER);
    if let Ok(metadata) = &metadata {
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            assert!(shirube_oidc::is_protected(url), "{url}");
        }
    }
    if let Some(attempt) = Attempt::parse(text.trim_end()) {
        let again = attempt.cookie();
        let again = Attempt::parse(shirube_keyring::ExposeSecret::expose_secret(&again)).map(|again| again.state());
        assert_eq!(again, Some(attempt.state()));
        let answer = Answer { state: Some(&text), code: Some(&text), iss: Some(&text), error: None, error_description: Some(&text) };
        let document =
            format!(r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}","token_endpoint":"{ISSUER}","jwks_uri":"{ISSUER}"}}"#);
        if let Ok(metadata) = Metadata::parse(document.as_bytes(), ISSUER) {
            // A cookie is no state.
            assert!(answer.code(&metadata, &attempt, NOW).is_err());
        }
    }
}

fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, client_id: CLIENT, nonce: "n", now: NOW, anew_since: Some(NOW) }
}

/// An ID token: header, zero byte, claims, rightly signed; without a zero byte, the whole token.
pub fn id_token(data: &[u8]) {
    let Ok(signer) = Ed25519KeyPair::from_seed_unchecked(&[7; 32]) else { return };
    let x = BASE64URL.encode(signer.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","kid":"o","crv":"Ed25519","x":"{x}"}}]}}"#);
    let Ok(keys) = Keys::parse(set.as_bytes()) else { return };
    let mut parts = data.splitn(2, |b| *b == 0);
    let token = match (parts.next(), parts.next()) {
        (Some(header), Some(claims)) => {
            let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
            format!("{signed}.{}", BASE64URL.encode(signer.sign(signed.as_bytes())))
        }
        _ => String::from_utf8_lossy(data).into_owned(),
    };
    if let Ok(identity) = verify(&token, &keys, &expected()) {
        assert_eq!(identity.issuer, ISSUER);
        assert!(!identity.subject.trim().is_empty());
    }
}
