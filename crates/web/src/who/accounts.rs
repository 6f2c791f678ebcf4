//! People and programs that sign in.

use super::{Asking, Signed, Visitor, cookies};
use crate::{
    error::{Error, pair},
    notify::Post,
};
use axum::http::{HeaderMap, header};
use shirube_access::{Clearance, Person, Policies};
use shirube_keyring::{Account as Keyed, ExposeSecret, Keyring, KeyringError};
use shirube_plan::{Diagnostic, Pack};
use shirube_store::{Account, Actor, People, Store};
use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Scope of a service token that may read.
pub const READ: &str = "read";
/// Scope of a service token that may change records.
pub const WRITE: &str = "write";

/// Accounts with their secrets, and what the pack's policies permit them.
pub struct Accounts {
    /// Their secrets.
    pub keyring: Keyring,
    /// What is to be told outside, and the ways there.
    pub post: Post,
    /// The pack's policies.
    pub policies: Arc<Policies>,
    /// Readers reach the portal by https only.
    pub https: bool,
    /// Held while the first owner is being made.
    pub founding: Mutex<()>,
    cleared: Mutex<Cleared>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

/// Clearances worked out, for the people as they are. Without an account: the public.
#[derive(Default)]
struct Cleared {
    people: Arc<People>,
    actors: BTreeMap<(Option<i64>, Option<String>), Actor>,
}

/// Clearances that are kept at most; then all are worked out anew.
const MOST: usize = 20_000;

impl Accounts {
    /// Accounts of a pack.
    ///
    /// # Errors
    /// The mistakes in the pack's policies.
    pub fn new(keyring: Keyring, post: Post, pack: &Arc<Pack>, https: bool) -> Result<Accounts, Vec<Diagnostic>> {
        Ok(Accounts {
            keyring,
            post,
            policies: Arc::new(Policies::new(Arc::clone(pack))?),
            https,
            founding: Mutex::default(),
            cleared: Mutex::default(),
        })
    }

    /// What someone may do, for a purpose; without an account, what everyone may.
    pub fn actor(&self, people: &Arc<People>, account: Option<&Account>, purpose: Option<&str>) -> Result<Actor, Error> {
        let key = (account.map(|a| a.id), purpose.map(str::to_string));
        let mut cleared = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&cleared.people, people) {
            // A session is not to outlive rights under the token it had before.
            let other = |a: &&Account| people.account(a.id).is_none_or(|now| now.person != a.person || now.state != a.state);
            for account in cleared.people.accounts().filter(other) {
                self.keyring.rights_changed(Keyed(account.id))?;
            }
        }
        if !Arc::ptr_eq(&cleared.people, people) || cleared.actors.len() >= MOST {
            *cleared = Cleared { people: Arc::clone(people), actors: BTreeMap::new() };
        }
        if let Some(actor) = cleared.actors.get(&key) {
            return Ok(actor.clone());
        }
        let person = account.map_or_else(Person::public, |a| a.person.clone());
        let actor = Actor::person(Clearance::new(&self.policies, person, purpose).map_err(Error::internal)?);
        cleared.actors.insert(key, actor.clone());
        Ok(actor)
    }

    /// Who sends a request with these headers.
    pub fn is_asking(
        &self,
        store: &Store,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        (reading, api): (bool, bool),
    ) -> Result<Asking, Error> {
        let people = store.people()?;
        let stated = cookies::read(headers, cookies::PURPOSE, self.https)
            .or_else(|| headers.get("shirube-purpose").and_then(|h| h.to_str().ok()))
            .filter(|purpose| self.policies.pack().code("purpose", purpose).is_some());
        if let Some(text) = bearer(headers).filter(|_| api) {
            let token = self.keyring.token(text)?.ok_or(Error::SignIn)?;
            let account = people.account(token.account.0).filter(|a| a.is_active()).ok_or(Error::SignIn)?;
            let scope = if reading { READ } else { WRITE };
            if !token.scopes.contains(scope) {
                return Err(Error::Forbidden(pair(
                    format!("このトークンの範囲に「{scope}」がありません。"),
                    format!("This token’s scopes do not hold `{scope}`."),
                )));
            }
            let actor = self.actor(&people, Some(account), stated)?;
            return Ok(Asking { actor, visitor: Visitor::Program(Arc::new(token)), client, word: Arc::from(""), renewed: None });
        }
        if let Some(token) = cookies::read(headers, cookies::SESSION, self.https)
            && let Some(session) = self.keyring.session(token)?
            && let Some(account) = people.account(session.account.0).filter(|a| a.is_active())
        {
            let actor = self.actor(&people, Some(account), stated)?;
            let new = if session.rotation_due { self.keyring.rotate(token)? } else { None };
            let renewed = new.as_ref().map(|new| cookies::set(cookies::SESSION, new.expose_secret(), None, self.https));
            let token = new.unwrap_or_else(|| token.to_string().into());
            let word = Arc::from(shirube_keyring::csrf_token(token.expose_secret()).expose_secret());
            let name = account.name.clone().unwrap_or_else(|| account.login.clone());
            let signed = Signed { account: account.id, login: account.login.clone(), name, session, token };
            return Ok(Asking { actor, visitor: Visitor::Person(Arc::new(signed)), client, word, renewed });
        }
        Ok(Asking { actor: self.actor(&people, None, None)?, visitor: Visitor::Public, client, word: Arc::from(""), renewed: None })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Error {
        match error {
            KeyringError::Busy => Error::refused(
                503,
                "busy",
                pair("混み合っています", "Busy"),
                pair("今、多くの人がサインインしています。", "Many people are signing in at this moment."),
                pair("数秒待ってから、もう一度試してください。", "Wait a few seconds and try again."),
            ),
            other => Error::internal(other),
        }
    }
}
