//! Webhooks: a message posted to a server, signed as <https://www.standardwebhooks.com> says.

mod address;
mod sign;

pub use address::{HookUrl, is_public};
pub use sign::{SECRET_PREFIX, secret_text, signature};

use address::Guard;
use std::{net::IpAddr, sync::Arc, time::Duration};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
    unversioned::transport::DefaultConnector,
};

/// Time for a server to take a message, all in all.
const PATIENCE: Duration = Duration::from_secs(15);
/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of headers that an answer may have. Its body is not read.
const MOST_HEADERS: usize = 16 * 1024;

/// A message to be posted.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The same at every attempt, so that the receiver knows it again.
    pub id: &'a str,
    /// When it is sent, in seconds since 1970.
    pub at: i64,
    /// JSON.
    pub body: &'a str,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Taken,
    /// 410: it wants no more of them.
    Gone,
    /// Anything else, in words without the address.
    Refused(String),
}

/// What posts.
#[derive(Debug)]
pub struct Webhooks(Agent);

impl Webhooks {
    /// Certificates are those the system trusts. Addresses that are not public are refused unless `allowed` says
    /// otherwise; it hears the address that is connected to, whatever name it has. No proxy comes between.
    pub fn new(allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Webhooks {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(MOST_HEADERS)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("shirube/", env!("CARGO_PKG_VERSION")))
            .build();
        Webhooks(Agent::with_parts(config, DefaultConnector::default(), Guard::new(Box::new(allowed))))
    }

    /// Posts a message, signed with a secret as [`secret_text`] writes it.
    pub fn post(&self, url: &HookUrl, secret: &str, message: &Message<'_>) -> Answer {
        let Some(signature) = signature(secret, message) else { return Answer::Refused("the signing secret does not read".to_string()) };
        let sent = self
            .0
            .post(url.expose())
            .content_type("application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.at.to_string())
            .header("webhook-signature", signature)
            .send(message.body);
        match sent.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Answer::Taken,
            Ok(status) if status.as_u16() == 410 => Answer::Gone,
            Ok(status) if status.is_redirection() => {
                Answer::Refused(format!("the server answered {} (elsewhere); redirects are not followed", status.as_u16()))
            }
            Ok(status) => Answer::Refused(format!("the server answered {}", status.as_u16())),
            Err(error) => Answer::Refused(words(&error)),
        }
    }
}

/// Why nothing was answered; words of an error may repeat the address, which may be a secret.
fn words(error: &ureq::Error) -> String {
    use ureq::Error as E;
    match error {
        E::Timeout(what) => format!("no answer in time ({what:?})"),
        E::HostNotFound => "the host is not found".to_string(),
        E::ConnectionFailed => "no connection".to_string(),
        E::Tls(_) | E::Rustls(_) => "TLS fails: see the server's certificate".to_string(),
        E::Io(error) => match error.get_ref().and_then(|e| e.downcast_ref::<address::NotPublic>()) {
            Some(refused) => refused.to_string(),
            None if error.get_ref().is_some_and(|e| e.is::<rustls::Error>()) => "TLS fails: see the server's certificate".to_string(),
            None => format!("the connection fails ({})", error.kind()),
        },
        _ => "the server does not speak HTTP as expected".to_string(),
    }
}
