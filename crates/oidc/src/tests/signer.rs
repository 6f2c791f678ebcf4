//! A provider's signing keys.

use crate::Keys;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use serde_json::{Value, json};

// The private key of RFC 7517, appendix A.2: everybody knows it.
const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const D: &str = "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q";
const P: &str = "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs";
const Q: &str = "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk";
const DP: &str = "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0";
const DQ: &str = "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk";
const QI: &str = "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU";

pub struct Signer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64URL.decode(text).unwrap()
}

impl Signer {
    pub fn new() -> Signer {
        let random = SystemRandom::new();
        let rsa = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: bytes(N), e: vec![1, 0, 1] },
            d: bytes(D),
            p: bytes(P),
            q: bytes(Q),
            dP: bytes(DP),
            dQ: bytes(DQ),
            qInv: bytes(QI),
        });
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256.as_ref(), &random);
        let ed25519 = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref());
        Signer { rsa: rsa.unwrap(), p256: p256.unwrap(), ed25519: ed25519.unwrap(), random }
    }

    /// The set of keys as the provider publishes it, with some that are of no use here.
    pub fn document(&self) -> Value {
        let point = self.p256.public_key().as_ref();
        json!({"keys": [
            {"kty": "RSA", "kid": "r", "use": "sig", "n": N, "e": "AQAB"},
            {"kty": "EC", "kid": "e", "crv": "P-256", "x": BASE64URL.encode(&point[1..33]), "y": BASE64URL.encode(&point[33..])},
            {"kty": "OKP", "kid": "o", "crv": "Ed25519", "alg": "EdDSA", "x": BASE64URL.encode(self.ed25519.public_key())},
            {"kty": "RSA", "kid": "enc", "use": "enc", "n": N, "e": "AQAB"},
            {"kty": "oct", "kid": "h", "k": "c2VjcmV0"},
            {"kty": "lattice", "kid": "l"},
            "no key at all",
        ]})
    }

    pub fn keys(&self) -> Keys {
        Keys::parse(self.document().to_string().as_bytes()).unwrap()
    }

    fn rsa(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa.sign(encoding, &self.random, message, &mut signature).unwrap();
        signature
    }

    /// A token with this header and these claims, signed as the header says.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let signed = message.as_bytes();
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" => self.rsa(&RSA_PKCS1_SHA256, signed),
            "RS512" => self.rsa(&RSA_PKCS1_SHA512, signed),
            "PS256" => self.rsa(&RSA_PSS_SHA256, signed),
            "ES256" => self.p256.sign(&self.random, signed).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(signed).as_ref().to_vec(),
            // The well-known trick: the public key taken for a shared secret.
            "HS256" => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, N.as_bytes()), signed).as_ref().to_vec(),
            _ => vec![],
        };
        format!("{message}.{}", BASE64URL.encode(signature))
    }
}
