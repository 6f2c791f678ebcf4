//! Every way an answer or a token may be wrong, and the ways it may be right.
#![allow(clippy::unwrap_used)]

mod answers;
mod signer;
mod tokens;

use crate::{Attempt, Metadata, RelyingParty};

const ISSUER: &str = "https://id.example.jp/realm";
const CLIENT: &str = "shirube";
const NOW: i64 = 1_782_864_000_000;

fn party(secret: Option<&str>) -> RelyingParty {
    RelyingParty { issuer: ISSUER.into(), client_id: CLIENT.into(), client_secret: secret.map(Into::into) }
}

fn document(more: &str) -> String {
    format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/auth","token_endpoint":"{ISSUER}/token","jwks_uri":"{ISSUER}/keys"{more}}}"#
    )
}

fn metadata(more: &str) -> Metadata {
    Metadata::parse(document(more).as_bytes(), ISSUER).unwrap()
}

fn attempt() -> Attempt {
    Attempt::begin("to=/me", NOW).unwrap()
}
