//! The way to the provider and back.

use super::{ISSUER, NOW, attempt, document, metadata, party};
use crate::{Answer, Attempt, Metadata, OidcError, TokenRequest, discovery_url, id_token, is_protected};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use secrecy::ExposeSecret;

const BACK: &str = "https://plan.example.jp/sign-in/provider/back";

#[test]
fn a_provider_is_what_the_settings_say_and_protected() {
    assert_eq!(discovery_url(ISSUER), format!("{ISSUER}/.well-known/openid-configuration"));
    assert_eq!(discovery_url("https://id.example.jp/"), "https://id.example.jp/.well-known/openid-configuration");
    let other = Metadata::parse(document("").as_bytes(), "https://id.example.jp/");
    assert!(matches!(other, Err(OidcError::OtherIssuer { .. })), "{other:?}");
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let path = format!("\"{name}\":\"https://");
        let plain = document("").replace(&path, &path.replace("https", "http"));
        assert_eq!(Metadata::parse(plain.as_bytes(), ISSUER), Err(OidcError::Unprotected { name }));
    }
    assert!(matches!(Metadata::parse(b"<html>", ISSUER), Err(OidcError::Document { .. })));
}

#[test]
fn only_this_machine_may_do_without_encryption() {
    for good in ["https://id.example.jp/a?b=c", "http://127.0.0.1:9/x", "http://localhost", "http://[::1]:9/"] {
        assert!(is_protected(good), "{good}");
    }
    for bad in [
        "",
        "id.example.jp",
        "http://id.example.jp",
        "ftp://localhost/",
        "https://",
        "http://localhost.evil.example",
        "http://localhost@evil.example/",
        "http://127.0.0.1\\@evil.example/",
        "http://evil.example/127.0.0.1",
        "https://a b/",
    ] {
        assert!(!is_protected(bad), "{bad}");
    }
}

#[test]
fn the_browser_is_sent_with_state_nonce_and_challenge() {
    let attempt = attempt();
    let url = metadata("").authorization_url(&party(None), BACK, &attempt, false);
    let back = "https%3A%2F%2Fplan.example.jp%2Fsign-in%2Fprovider%2Fback";
    let (state, nonce) = (attempt.state(), attempt.nonce());
    let begin = format!(
        "{ISSUER}/auth?response_type=code&scope=openid&client_id=shirube&redirect_uri={back}&state={state}&nonce={nonce}&code_challenge="
    );
    assert!(url.starts_with(&begin) && url.ends_with("&code_challenge_method=S256"), "{url}");
    assert!(!url.contains(attempt.verifier().expose_secret()), "the verifier stays here");
    let anew = metadata("").authorization_url(&party(None), BACK, &attempt, true);
    assert!(anew.ends_with("&prompt=login&max_age=0"), "{anew}");
    let more = document("").replace("/auth\"", "/auth?tenant=7\"");
    let more = Metadata::parse(more.as_bytes(), ISSUER).unwrap().authorization_url(&party(None), BACK, &attempt, false);
    assert!(more.starts_with(&format!("{ISSUER}/auth?tenant=7&response_type=code")), "{more}");
}

#[test]
fn the_challenge_is_that_of_the_standard() {
    // RFC 7636, appendix B, holds for any verifier: the digest of its letters.
    let attempt = attempt();
    let digest = ring::digest::digest(&ring::digest::SHA256, attempt.verifier().expose_secret().as_bytes());
    assert_eq!(attempt.challenge(), BASE64URL.encode(digest));
    assert_eq!(attempt.verifier().expose_secret().len(), 43);
}

#[test]
fn an_attempt_comes_back_from_its_cookie_and_is_bound_to_what_it_is_about() {
    let attempt = attempt();
    let cookie = attempt.cookie().expose_secret().to_string();
    assert!(cookie.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{cookie}");
    let back = Attempt::parse(&cookie).unwrap();
    assert_eq!((back.state(), back.nonce(), back.about(), back.begun()), (attempt.state(), attempt.nonce(), "to=/me", NOW));
    assert_ne!(attempt.state(), attempt.nonce());
    assert_ne!(super::attempt().state(), attempt.state());
    let parts: Vec<&str> = cookie.split('.').collect();
    let other = format!("{}.{}.{}", parts[0], parts[1], BASE64URL.encode("to=/elsewhere"));
    assert_ne!(Attempt::parse(&other).unwrap().state(), attempt.state(), "another purpose has another state");
    for broken in ["", "a.b", "a.1.b", &format!("{cookie}.x"), &format!("x{cookie}"), &cookie.replace("178", "x")] {
        assert!(Attempt::parse(broken).is_none(), "{broken}");
    }
    assert!(!format!("{attempt:?}").contains(parts[0]));
}

#[test]
fn an_answer_is_taken_from_the_provider_to_the_attempt_alone() {
    let (attempt, plain, named) = (attempt(), metadata(""), metadata(r#","authorization_response_iss_parameter_supported":true"#));
    let state = attempt.state();
    let answer = Answer { code: Some("c"), state: Some(&state), ..Answer::default() };
    assert_eq!(answer.code(&plain, &attempt, NOW + 599_000), Ok("c"));
    assert_eq!(Answer { iss: Some(ISSUER), ..answer }.code(&named, &attempt, NOW), Ok("c"));
    let other = super::attempt().state();
    for state in [None, Some(""), Some("guessed"), Some(other.as_str())] {
        assert_eq!(Answer { state, ..answer }.code(&plain, &attempt, NOW), Err(OidcError::State));
        let no = Answer { state, error: Some("access_denied"), ..answer };
        assert_eq!(no.code(&plain, &attempt, NOW), Err(OidcError::State), "a stranger's words are not repeated");
    }
    assert_eq!(answer.code(&plain, &attempt, NOW + 600_000), Err(OidcError::Late));
    assert_eq!(answer.code(&plain, &attempt, NOW - 60_001), Err(OidcError::Late));
    assert_eq!(answer.code(&named, &attempt, NOW), Err(OidcError::MixUp), "who promises to name itself must");
    for metadata in [&plain, &named] {
        assert_eq!(Answer { iss: Some("https://evil.example"), ..answer }.code(metadata, &attempt, NOW), Err(OidcError::MixUp));
    }
    for code in [None, Some("")] {
        assert!(matches!(Answer { code, ..answer }.code(&plain, &attempt, NOW), Err(OidcError::Document { .. })));
    }
    let no = Answer { error: Some("access_denied"), error_description: Some("not\r\nyou"), ..answer };
    let told = OidcError::Refused { code: "access_denied".into(), description: Some("notyou".into()) };
    assert_eq!(no.code(&plain, &attempt, NOW), Err(told));
}

#[test]
fn the_code_is_handed_in_with_verifier_and_secret() {
    let attempt = attempt();
    let header = TokenRequest::new(&metadata(""), &party(Some("a b:c")), BACK, &attempt, "c&d");
    // RFC 6749, 2.3.1: both are escaped before they are joined.
    assert_eq!(header.authorization.unwrap().expose_secret(), "Basic c2hpcnViZTphJTIwYiUzQWM=");
    let verifier = attempt.verifier();
    let form = header.form.expose_secret();
    assert!(form.starts_with("grant_type=authorization_code&code=c%26d&redirect_uri=https%3A%2F%2Fplan.example.jp"), "{form}");
    assert!(form.ends_with(&format!("&code_verifier={}", verifier.expose_secret())), "{form}");
    let post = metadata(r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#);
    let form = TokenRequest::new(&post, &party(Some("s")), BACK, &attempt, "c");
    assert!(form.authorization.is_none() && form.form.expose_secret().ends_with("&client_id=shirube&client_secret=s"));
    let public = TokenRequest::new(&metadata(""), &party(None), BACK, &attempt, "c");
    assert!(public.authorization.is_none() && public.form.expose_secret().ends_with("&client_id=shirube"));
    assert!(!format!("{:?}{:?}", party(Some("hush")), form).contains("hush"));
}

#[test]
fn the_token_endpoint_gives_a_token_or_says_why_not() {
    assert_eq!(id_token(true, br#"{"access_token":"x","id_token":"a.b.c"}"#).unwrap().expose_secret(), "a.b.c");
    let no = id_token(false, br#"{"error":"invalid_grant","error_description":"used"}"#).map(|_| ());
    assert_eq!(no, Err(OidcError::Refused { code: "invalid_grant".into(), description: Some("used".into()) }));
    for (success, body) in
        [(true, "{}"), (true, "<html>"), (false, "<html>"), (false, r#"{"id_token":"a.b.c"}"#), (true, r#"{"id_token":7}"#)]
    {
        assert!(matches!(id_token(success, body.as_bytes()), Err(OidcError::Document { .. })), "{body}");
    }
}
