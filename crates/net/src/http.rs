//! Asking other servers over HTTP, with TLS where the address says https.

use std::{fmt, time::Duration};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Time without a byte, either way.
const SILENCE: Duration = Duration::from_secs(30);

/// What asks. Certificates are those the system trusts; nothing is followed elsewhere, and every status is an answer.
pub fn agent(whole: Duration) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(crate::provider()).build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_global(Some(whole))
        .user_agent(concat!("shirube/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// An address `http://…` or `https://…`. What stands behind the host is not shown: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl std::str::FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: ureq::http::Uri = text.parse().map_err(|error| format!("is no address ({error})"))?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        match uri.host() {
            Some(host) if known && !host.is_empty() && !text.contains('@') => Ok(Url(text.to_string())),
            _ => Err("is not http(s)://host/…, without a name and a password".to_string()),
        }
    }
}

impl Url {
    /// All of it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[host..].find(['/', '?', '#']).map_or(self.0.len(), |at| host + at);
        f.write_str(&self.0[..end])
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_host_of_an_address_is_shown() {
        let url: Url = "https://log.example.jp:8443/in?token=secret".parse().unwrap();
        assert_eq!(
            (url.to_string().as_str(), url.expose()),
            ("https://log.example.jp:8443", "https://log.example.jp:8443/in?token=secret")
        );
        assert!(!format!("{url:?}").contains("secret"));
        for bare in ["https://log.example.jp?token=secret", "https://log.example.jp#secret"] {
            assert_eq!(bare.parse::<Url>().unwrap().to_string(), "https://log.example.jp");
        }
        for wrong in ["", "log.example.jp", "ftp://a/b", "http://", "/in", "http://ann:secret@a/"] {
            assert!(wrong.parse::<Url>().is_err_and(|e| !e.contains("secret")), "{wrong}");
        }
    }
}
