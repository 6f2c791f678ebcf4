//! ID tokens.

use super::{CLIENT, ISSUER, NOW, signer::Signer};
use crate::{Expected, Identity, Keys, OidcError, TokenError, verify};
use serde_json::{Value, json};

const EXPECTED: Expected<'static> = Expected { issuer: ISSUER, client_id: CLIENT, nonce: "n", now: NOW, anew_since: None };

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "f3c1", "aud": CLIENT, "exp": NOW / 1000 + 300, "iat": NOW / 1000, "nonce": "n"})
}

/// The claims with some changed; `null` takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn verdict(claims: &Value) -> Result<Identity, TokenError> {
    let signer = Signer::new();
    verify(&signer.token(&json!({"alg": "ES256", "kid": "e"}), claims), &signer.keys(), &EXPECTED)
}

#[test]
fn a_token_signed_by_each_way_that_is_taken_names_its_person() {
    let signer = Signer::new();
    for header in [
        json!({"alg": "RS256", "kid": "r"}),
        json!({"alg": "PS256", "kid": "r"}),
        json!({"alg": "ES256", "kid": "e", "typ": "JWT"}),
        json!({"alg": "EdDSA", "kid": "o"}),
        json!({"alg": "ES256"}),
    ] {
        let named = verify(&signer.token(&header, &claims()), &signer.keys(), &EXPECTED);
        assert_eq!(named, Ok(Identity { issuer: ISSUER.into(), subject: "f3c1".into(), many_factors: false }), "{header}");
    }
}

#[test]
fn no_other_way_of_signing_is_taken() {
    let signer = Signer::new();
    for alg in ["none", "None", "HS256", "RS512", "RS1", "ES256K", ""] {
        for kid in ["r", "h", "e"] {
            let token = signer.token(&json!({"alg": alg, "kid": kid}), &claims());
            assert_eq!(verify(&token, &signer.keys(), &EXPECTED), Err(TokenError::Algorithm(alg.into())), "{alg} {kid}");
        }
    }
    // Nor a way that is not the key's own.
    for (alg, kid) in [("ES256", "r"), ("RS256", "e"), ("EdDSA", "e"), ("RS256", "h"), ("RS256", "enc"), ("ES256", "o")] {
        let token = signer.token(&json!({"alg": alg, "kid": kid}), &claims());
        assert_eq!(verify(&token, &signer.keys(), &EXPECTED), Err(TokenError::UnknownKey), "{alg} {kid}");
    }
}

#[test]
fn a_key_serves_the_algorithm_it_names_alone() {
    let signer = Signer::new();
    let mut document = signer.document();
    document["keys"][0]["alg"] = "PS256".into();
    let keys = Keys::parse(document.to_string().as_bytes()).unwrap();
    let token = |alg: &str| signer.token(&json!({"alg": alg, "kid": "r"}), &claims());
    assert_eq!(verify(&token("RS256"), &keys, &EXPECTED), Err(TokenError::UnknownKey));
    assert!(verify(&token("PS256"), &keys, &EXPECTED).is_ok());
}

#[test]
fn a_key_that_is_not_published_is_told_from_a_signature_that_does_not_hold() {
    let (signer, other) = (Signer::new(), Signer::new());
    let header = json!({"alg": "ES256", "kid": "e"});
    assert_eq!(verify(&other.token(&header, &claims()), &signer.keys(), &EXPECTED), Err(TokenError::Signature));
    let token = signer.token(&json!({"alg": "ES256", "kid": "new"}), &claims());
    assert_eq!(verify(&token, &signer.keys(), &EXPECTED), Err(TokenError::UnknownKey));
    // Without a name it is of the only key there is, and of none where there are two.
    let mut document = signer.document();
    document["keys"].as_array_mut().unwrap().push(other.document()["keys"][1].clone());
    let keys = Keys::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(verify(&signer.token(&json!({"alg": "ES256"}), &claims()), &keys, &EXPECTED), Err(TokenError::UnknownKey));
    // Two keys of one name, as while they are exchanged: either.
    assert!(verify(&other.token(&header, &claims()), &keys, &EXPECTED).is_ok());
}

#[test]
fn what_was_changed_after_signing_does_not_hold() {
    let signer = Signer::new();
    for (alg, kid) in [("RS256", "r"), ("PS256", "r"), ("ES256", "e"), ("EdDSA", "o")] {
        let header = json!({"alg": alg, "kid": kid});
        let (ours, theirs) = (signer.token(&header, &claims()), signer.token(&header, &with(json!({"sub": "someone else"}))));
        let (message, _) = theirs.rsplit_once('.').unwrap();
        let (_, signature) = ours.rsplit_once('.').unwrap();
        assert_eq!(verify(&format!("{message}.{signature}"), &signer.keys(), &EXPECTED), Err(TokenError::Signature), "{alg}");
        assert_eq!(verify(&format!("{message}."), &signer.keys(), &EXPECTED), Err(TokenError::Signature), "{alg}");
    }
}

#[test]
fn what_is_no_signed_token_is_refused() {
    let signer = Signer::new();
    let whole = signer.token(&json!({"alg": "ES256", "kid": "e"}), &claims());
    for broken in ["", "a.b", "....", &format!("{whole}.x"), "e30.e30.e30", "%.e30.e30", &whole.replace('.', "=.")] {
        assert!(matches!(verify(broken, &signer.keys(), &EXPECTED), Err(TokenError::Form(_))), "{broken}");
    }
    let token = signer.token(&json!({"alg": "ES256", "kid": "e", "crit": ["b64"], "b64": false}), &claims());
    assert_eq!(verify(&token, &signer.keys(), &EXPECTED), Err(TokenError::Critical));
    for claims in [json!([]), json!({}), with(json!({"exp": null})), with(json!({"iat": null})), with(json!({"sub": null}))] {
        assert!(matches!(verdict(&claims), Err(TokenError::Form(_))), "{claims}");
    }
}

#[test]
fn claims_of_another_sign_in_are_refused() {
    let seconds = NOW / 1000;
    for (changes, wrong) in [
        (json!({"iss": "https://id.example.jp/"}), TokenError::Issuer),
        (json!({"iss": format!("{ISSUER}/")}), TokenError::Issuer),
        (json!({"aud": "other"}), TokenError::Audience),
        (json!({"aud": []}), TokenError::Audience),
        (json!({"aud": [CLIENT, "other"]}), TokenError::Audience),
        (json!({"aud": [CLIENT, "other"], "azp": "other"}), TokenError::Audience),
        (json!({"azp": "other"}), TokenError::Audience),
        (json!({"aud": ["other"], "azp": CLIENT}), TokenError::Audience),
        (json!({"exp": seconds - 60}), TokenError::Expired),
        (json!({"exp": -1e300}), TokenError::Expired),
        (json!({"iat": seconds + 61}), TokenError::Early),
        (json!({"nbf": seconds + 61}), TokenError::Early),
        (json!({"nonce": "of another"}), TokenError::Nonce),
        (json!({"nonce": null}), TokenError::Nonce),
        (json!({"sub": " "}), TokenError::Subject),
        (json!({"sub": "x".repeat(256)}), TokenError::Subject),
    ] {
        assert_eq!(verdict(&with(changes.clone())), Err(wrong), "{changes}");
    }
    for good in [
        json!({"aud": [CLIENT]}),
        json!({"aud": [CLIENT, "other"], "azp": CLIENT}),
        json!({"exp": seconds - 59, "iat": seconds + 60}),
        json!({"exp": seconds as f64 + 0.5}),
        json!({"amr": "pwd"}),
    ] {
        assert!(verdict(&with(good.clone())).is_ok_and(|named| !named.many_factors), "{good}");
    }
}

#[test]
fn more_than_one_factor_is_what_the_provider_says_in_so_many_words() {
    let factors = |amr: Value| verdict(&with(json!({"amr": amr, "acr": "high"}))).unwrap().many_factors;
    assert!(factors(json!(["pwd", "mfa"])));
    assert!(!factors(json!(["pwd", "otp"])) && !factors(json!([])) && !factors(json!("mfa")));
}

#[test]
fn who_was_to_sign_in_anew_has_to_have_done_so_since() {
    let signer = Signer::new();
    let verdict = |auth_time: Value| {
        let token = signer.token(&json!({"alg": "ES256"}), &with(json!({"auth_time": auth_time})));
        verify(&token, &signer.keys(), &Expected { anew_since: Some(NOW), ..EXPECTED })
    };
    assert!(verdict(json!(NOW / 1000 + 5)).is_ok() && verdict(json!(NOW / 1000 - 60)).is_ok());
    assert_eq!(verdict(json!(NOW / 1000 - 61)), Err(TokenError::NotAnew));
    assert_eq!(verdict(Value::Null), Err(TokenError::NotAnew));
}

#[test]
fn what_is_no_set_of_keys_is_refused() {
    for broken in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert!(matches!(Keys::parse(broken.as_bytes()), Err(OidcError::Document { .. })), "{broken}");
    }
}
