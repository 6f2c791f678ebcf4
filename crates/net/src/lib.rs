//! Talking to other servers: HTTP, and PostgreSQL with TLS.
//!
//! Certificates are those the system trusts; cryptography is `ring`'s. What is said over the line is not known here.

mod http;
pub mod postgres;
mod tls;

pub use http::{Url, agent};
pub use postgres::{AddressError, Server};

use rustls::crypto::{CryptoProvider, ring};
use std::sync::Arc;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
