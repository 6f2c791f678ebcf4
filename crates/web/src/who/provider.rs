//! The institution's own provider of identities: asked over HTTP, its answers checked by `shirube-oidc`.

use jiff::Timestamp;
use shirube_keyring::{ExposeSecret, SecretString};
use shirube_net::agent;
use shirube_oidc::{
    Answer, Attempt, Expected, Identity, Keys, Metadata, OidcError, RelyingParty, TokenError, TokenRequest, discovery_url, id_token, verify,
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use ureq::{Agent, Body, http::Response};

/// Time for an answer of the provider.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what it says of itself is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// Keys are fetched anew for one that is not known, not more often than this: anyone can name a key.
const KEYS_EVERY: Duration = Duration::from_secs(60);
/// One that did not answer is left alone for so long, so that readers who wait do not pile up.
const BACK_OFF: Duration = Duration::from_secs(5);
/// No document is larger.
const LARGEST: u64 = 1 << 20;

/// Why a provider does not sign someone in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer.
    #[error("the provider cannot be reached ({0})")]
    Away(String),
    /// What it answers does not hold.
    #[error(transparent)]
    Answer(#[from] OidcError),
}

/// What was fetched.
#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Instant)>,
    keys: Option<(Arc<Keys>, Instant)>,
    failed: Option<(ProviderError, Instant)>,
}

/// The provider.
pub struct Provider {
    /// What people call it.
    pub name: String,
    party: RelyingParty,
    agent: Agent,
    known: Mutex<Known>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("name", &self.name).field("party", &self.party).finish_non_exhaustive()
    }
}

/// Milliseconds since 1970 UTC.
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

impl Provider {
    /// A provider. It is asked for the first time when someone wants to sign in by it.
    pub fn new(name: String, party: RelyingParty) -> Provider {
        Provider { name, party, agent: agent(PATIENCE), known: Mutex::default() }
    }

    /// The address that stands for it.
    pub fn issuer(&self) -> &str {
        &self.party.issuer
    }

    /// Begins an attempt: the address where the browser is to go, and what it keeps meanwhile.
    ///
    /// # Errors
    /// The provider does not answer, or says of itself what cannot be used.
    pub fn begin(&self, about: &str, back: &str, anew: bool) -> Result<(String, SecretString), ProviderError> {
        let metadata = self.metadata()?;
        let attempt = Attempt::begin(about, now())?;
        Ok((metadata.authorization_url(&self.party, back, &attempt, anew), attempt.cookie()))
    }

    /// Whom the provider vouches for, after all is checked. `anew`: it was to ask them anew.
    ///
    /// # Errors
    /// The answer is a no, or does not hold, or the provider does not answer.
    pub fn identify(&self, attempt: &Attempt, answer: &Answer<'_>, back: &str, anew: bool) -> Result<Identity, ProviderError> {
        let metadata = self.metadata()?;
        let code = answer.code(&metadata, attempt, now())?;
        let token = self.redeem(&metadata, attempt, back, code)?;
        let nonce = attempt.nonce();
        let check = |keys: &Keys| {
            let expected = Expected {
                issuer: &metadata.issuer,
                client_id: &self.party.client_id,
                nonce: &nonce,
                now: now(),
                anew_since: anew.then_some(attempt.begun()),
            };
            verify(token.expose_secret(), keys, &expected)
        };
        let keys = self.keys(&metadata, None)?;
        let identity = match check(&keys) {
            // The provider may have changed its keys.
            Err(TokenError::UnknownKey) => check(&*self.keys(&metadata, Some(&keys))?),
            other => other,
        };
        Ok(identity.map_err(OidcError::from)?)
    }

    fn redeem(&self, metadata: &Metadata, attempt: &Attempt, back: &str, code: &str) -> Result<SecretString, ProviderError> {
        let asked = TokenRequest::new(metadata, &self.party, back, attempt, code);
        let mut request = self.agent.post(&metadata.token_endpoint).header("accept", "application/json");
        if let Some(authorization) = &asked.authorization {
            request = request.header("authorization", authorization.expose_secret());
        }
        let sent = request.content_type("application/x-www-form-urlencoded").send(asked.form.expose_secret());
        let (success, body) = read(sent)?;
        Ok(id_token(success, &body)?)
    }

    fn fetch(&self, url: &str) -> Result<Vec<u8>, ProviderError> {
        match read(self.agent.get(url).header("accept", "application/json").call())? {
            (true, body) => Ok(body),
            (false, _) => Err(ProviderError::Away("it has no such document".to_string())),
        }
    }

    /// The provider is asked by one at a time, and the others find what that one found.
    fn known(&self) -> Result<MutexGuard<'_, Known>, ProviderError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.failed {
            Some((error, at)) if at.elapsed() < BACK_OFF => Err(error.clone()),
            _ => Ok(known),
        }
    }

    fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.known()?;
        if let Some((metadata, at)) = &known.metadata
            && at.elapsed() < KEPT
        {
            return Ok(Arc::clone(metadata));
        }
        let fetched =
            self.fetch(&discovery_url(self.issuer())).and_then(|document| Ok(Arc::new(Metadata::parse(&document, self.issuer())?)));
        known.failed = fetched.as_ref().err().map(|error| (error.clone(), Instant::now()));
        let metadata = fetched?;
        known.metadata = Some((Arc::clone(&metadata), Instant::now()));
        Ok(metadata)
    }

    /// The provider's keys; others than those that are `wanting`, if it is time to ask for them.
    fn keys(&self, metadata: &Metadata, wanting: Option<&Arc<Keys>>) -> Result<Arc<Keys>, ProviderError> {
        let mut known = self.known()?;
        if let Some((keys, at)) = &known.keys
            && are_good(keys, at.elapsed(), wanting)
        {
            return Ok(Arc::clone(keys));
        }
        let fetched = self.fetch(&metadata.jwks_uri).and_then(|document| Ok(Arc::new(Keys::parse(&document)?)));
        known.failed = fetched.as_ref().err().map(|error| (error.clone(), Instant::now()));
        let keys = fetched?;
        known.keys = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }
}

/// Whether keys are good for a while yet, or at least not to be asked for again so soon.
fn are_good(keys: &Arc<Keys>, age: Duration, wanting: Option<&Arc<Keys>>) -> bool {
    match wanting {
        None => age < KEPT,
        // Another may have fetched them since.
        Some(wanting) => !Arc::ptr_eq(keys, wanting) || age < KEYS_EVERY,
    }
}

/// Whether an answer is a success, and what it holds.
fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<(bool, Vec<u8>), ProviderError> {
    let away = |error: ureq::Error| ProviderError::Away(error.to_string());
    let mut answer = answer.map_err(away)?;
    let status = answer.status();
    // What goes wrong there is no answer to us.
    if status.is_server_error() {
        return Err(ProviderError::Away(status.to_string()));
    }
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(away)?;
    Ok((status.is_success(), body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn keys_are_fetched_anew_for_one_that_is_not_known_but_not_at_every_knock() {
        let (old, new) = (Arc::new(Keys::default()), Arc::new(Keys::default()));
        let minute = Duration::from_secs(60);
        assert!(are_good(&old, minute * 59, None) && !are_good(&old, minute * 60, None));
        assert!(are_good(&old, minute - Duration::from_millis(1), Some(&old)) && !are_good(&old, minute, Some(&old)));
        assert!(are_good(&new, minute, Some(&old)), "someone else has fetched them");
    }

    #[test]
    fn one_that_does_not_answer_is_left_alone_for_a_while() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let issuer = format!("http://{}", listener.local_addr()?);
        drop(listener);
        let party = RelyingParty { issuer: issuer.clone(), client_id: "shirube".into(), client_secret: None };
        let provider = Provider::new("Test".into(), party);
        let begin = || provider.begin("", "http://localhost/back", false).map(|_| ());
        let away = begin();
        assert!(matches!(away, Err(ProviderError::Away(_))), "{away:?}");
        // It is there again, and is not asked yet.
        let listener = TcpListener::bind(issuer.trim_start_matches("http://"))?;
        listener.set_nonblocking(true)?;
        assert_eq!(begin(), away);
        assert_eq!(listener.accept().map(|_| ()).map_err(|e| e.kind()), Err(std::io::ErrorKind::WouldBlock));
        Ok(())
    }
}
