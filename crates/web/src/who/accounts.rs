//! People and programs that sign in.

use super::{Asking, Provider, Signed, Visitor, cookies};
use crate::{
    error::{Error, pair},
    notify::Post,
};
use axum::http::{HeaderMap, header};
use shirube_access::{Clearance, Person, Policies, SystemAction};
use shirube_keyring::{Account as Keyed, Client, ExposeSecret, Keyring, KeyringError, Means, SecretString, Session};
use shirube_plan::{Diagnostic, Pack};
use shirube_store::{Account, Actor, People, Store};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// Scope of a service token that may read.
pub const READ: &str = "read";
/// Scope of a service token that may change records.
pub const WRITE: &str = "write";

/// Scope of a service token that may also change who may sign in and what they may do: the registers every pack has.
pub const ACCOUNTS: &str = "accounts";

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
    /// Who must have a second factor.
    pub second_factor: SecondFactor,
    /// The institution's own provider of identities, if it has one.
    pub provider: Option<Provider>,
    /// Held while the first owner is being made.
    pub founding: Mutex<()>,
    cleared: Mutex<Cleared>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

/// Who must have a second factor in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Whoever manages accounts.
    Owners,
    /// Everyone who signs in.
    Everyone,
    /// Nobody; everyone may.
    Optional,
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
            second_factor: SecondFactor::Owners,
            provider: None,
            founding: Mutex::default(),
            cleared: Mutex::default(),
        })
    }

    /// The provider, where there is one.
    pub fn provider(&self) -> Result<&Provider, Error> {
        self.provider.as_ref().ok_or_else(|| {
            Error::NotFound(pair(
                "このポータルでは、ほかのサービスによるサインインを使っていません。",
                "This portal has no sign-in by another provider.",
            ))
        })
    }

    /// What someone may do, for a purpose; without an account, what everyone may.
    pub fn actor(&self, people: &Arc<People>, account: Option<&Account>, purpose: Option<&str>) -> Result<Actor, Error> {
        let key = (account.map(|a| a.id), purpose.map(str::to_string));
        let mut cleared = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        if people.precede(&cleared.people) {
            // Overtaken by a later request: what was followed is not followed back.
            return self.clear(account, purpose);
        }
        if !Arc::ptr_eq(&cleared.people, people) {
            self.follow(&cleared.people, people)?;
        }
        if !Arc::ptr_eq(&cleared.people, people) || cleared.actors.len() >= MOST {
            *cleared = Cleared { people: Arc::clone(people), actors: BTreeMap::new() };
        }
        if let Some(actor) = cleared.actors.get(&key) {
            return Ok(actor.clone());
        }
        let actor = self.clear(account, purpose)?;
        cleared.actors.insert(key, actor.clone());
        Ok(actor)
    }

    fn clear(&self, account: Option<&Account>, purpose: Option<&str>) -> Result<Actor, Error> {
        let person = account.map_or_else(Person::public, |a| a.person.clone());
        Ok(Actor::person(Clearance::new(&self.policies, person, purpose).map_err(Error::internal)?))
    }

    /// Brings the keyring up to what became of accounts. Who is not active loses what was begun, so that it does not come
    /// back with the account; nothing is kept of who left, or whose record was erased.
    fn follow(&self, before: &People, now: &People) -> Result<(), Error> {
        for account in now.accounts() {
            let (id, known) = (Keyed(account.id), before.account(account.id));
            if known.is_some_and(|known| known.state == account.state && known.person == account.person) {
                continue;
            }
            match (account.state.as_str(), known.map(|known| known.state.as_str())) {
                // A session is not to outlive rights under the token it had before.
                ("active", Some(_)) => self.keyring.rights_changed(id)?,
                ("active", None) => {}
                ("left", _) => self.keyring.forget(id)?,
                // Invited again, having left in between.
                ("invited", Some(known)) if known != "invited" => self.keyring.forget(id)?,
                ("invited", _) => drop(self.keyring.end_sessions(id, None)?),
                _ => self.keyring.shut_out(id)?,
            }
        }
        for gone in before.accounts().filter(|account| now.account(account.id).is_none()) {
            self.keyring.forget(Keyed(gone.id))?;
        }
        Ok(())
    }

    /// Whether whoever has this clearance must have a second factor.
    pub fn demands_factor(&self, clearance: &Clearance) -> bool {
        match self.second_factor {
            SecondFactor::Everyone => true,
            SecondFactor::Owners => clearance.system(SystemAction::Administer),
            SecondFactor::Optional => false,
        }
    }

    /// Whether someone who is signed in is to set a second factor up before anything else.
    fn lacks_factor(&self, session: &Session, clearance: &Clearance) -> Result<bool, Error> {
        let demanded = self.demands_factor(clearance);
        let shown = match session.means {
            Means::PasswordAndCode | Means::PasswordAndRecoveryCode | Means::ExternalAndCode | Means::ExternalAndRecoveryCode => true,
            Means::Password | Means::External | Means::ExternalAnew | Means::Link => false,
        };
        // Who asked for more than one factor elsewhere is taken at their word, as at the sign-in itself.
        let shown = shown || session.many_factors;
        Ok(demanded && !shown && !self.keyring.has_second_factor(session.account)?)
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
            let from = Client { address: client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), device: None };
            let token = self.keyring.token(text, &from)?.ok_or(Error::SignIn)?;
            let account = people.account(token.account.0).filter(|a| a.is_active());
            let scope = if reading { READ } else { WRITE };
            let barred = match account {
                // Told to who holds a good token alone: to others it is as wrong as any.
                None => Some(not_active()),
                Some(_) if !token.scopes.contains(scope) => Some(Error::Forbidden(pair(
                    format!("このトークンの範囲に「{scope}」がありません。"),
                    format!("This token’s scopes do not hold `{scope}`."),
                ))),
                Some(_) => None,
            };
            let actor = if barred.is_some() { Actor::nobody() } else { self.actor(&people, account, stated)? };
            return Ok(Asking { barred, ..Asking::new(actor, Visitor::Program(Arc::new(token)), client, "") });
        }
        if let Some(token) = cookies::read(headers, cookies::SESSION, self.https)
            && let Some(session) = self.keyring.session(token)?
            && let Some(account) = people.account(session.account.0).filter(|a| a.is_active())
        {
            let actor = self.actor(&people, Some(account), stated)?;
            let lacks_factor = self.lacks_factor(&session, actor.clearance())?;
            // Without it they may do what everyone may.
            let actor = if lacks_factor { self.actor(&people, None, None)? } else { actor };
            let new = if session.rotation_due { self.keyring.rotate(token)? } else { None };
            let renewed = new.as_ref().map(|new| cookies::set(cookies::SESSION, new.expose_secret(), None, self.https));
            let brought = SecretString::from(token.to_string());
            let token = new.unwrap_or_else(|| brought.clone());
            let word = shirube_keyring::csrf_token(token.expose_secret());
            let name = account.name.clone().unwrap_or_else(|| account.login.clone());
            let signed = Signed { account: account.id, login: account.login.clone(), name, session, token, brought, lacks_factor };
            let asking = Asking::new(actor, Visitor::Person(Arc::new(signed)), client, word.expose_secret());
            return Ok(Asking { renewed, ..asking });
        }
        Ok(Asking::new(self.actor(&people, None, None)?, Visitor::Public, client, ""))
    }
}

fn not_active() -> Error {
    Error::refused(
        401,
        "account-not-active",
        pair("利用者が有効ではありません", "The account is not active"),
        pair(
            "このトークンの利用者は、まだ有効でないか、止められています。",
            "The account of this token is not active yet, or was suspended.",
        ),
        pair(
            "管理者に、利用者の記録で有効にするよう頼んでください。",
            "Ask an owner of this portal to activate it in the account’s record.",
        ),
    )
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
