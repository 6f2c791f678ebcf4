//! Who asks: found out once per request, before its handler.
//!
//! Without accounts (a trial on one's own machine) everyone is the owner. With accounts a request comes with a session,
//! with a service token, or from the public; all three get the clearance that the pack's policies come to for them.

mod accounts;
mod admit;
pub mod cookies;
mod provider;
mod way_in;

pub use accounts::{ACCOUNTS, Accounts, READ, SecondFactor, WRITE};
pub use admit::{answer, forbidden, some};
pub use provider::{Provider, ProviderError};
pub use way_in::{NO_ACCOUNT, WayIn, link_path, owner_comes_in, way_in};

use crate::{
    error::{Error, STALE, pair},
    reply::Reply,
};
use axum::http::HeaderMap;
use shirube_access::SystemAction;
use shirube_keyring::{ExposeSecret, KeyringError, SecretString, ServiceToken, Session};
use shirube_store::{Actor, Store};
use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

/// What the log says of an attempt to show who one is that came before its time.
pub const SLOWED: &str = "slowed";

/// How the portal finds out who asks.
#[derive(Debug)]
pub enum Who {
    /// Everyone is the owner: a trial on one's own machine.
    Trial,
    /// People and programs sign in.
    Accounts(Box<Accounts>),
}

/// What stands for one who asks.
#[derive(Clone, Debug)]
pub enum Visitor {
    /// The owner in a trial.
    Owner,
    /// Not signed in.
    Public,
    /// Not looked at: errors before anyone is known.
    Unknown,
    /// Signed in by the pages.
    Person(Arc<Signed>),
    /// A program with a service token.
    Program(Arc<ServiceToken>),
}

impl Visitor {
    /// Whether they come with a session or a token of theirs.
    pub fn is_known(&self) -> bool {
        matches!(self, Visitor::Person(_) | Visitor::Program(_))
    }
}

/// Puts the cookie of a session that got a new token on an answer. What a handler says of the session goes before.
pub fn renewed(reply: Reply, cookie: Option<String>) -> Reply {
    let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().to_string();
    match cookie {
        Some(cookie) if !reply.cookies().iter().any(|c| name(c) == name(&cookie)) => reply.with_cookie(cookie),
        _ => reply,
    }
}

/// Someone who is signed in.
pub struct Signed {
    /// Record of the account.
    pub account: i64,
    /// Login.
    pub login: String,
    /// What the pages call them.
    pub name: String,
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: SecretString,
    /// The token that came with the request: the same, unless this very request got the session a new one.
    pub brought: SecretString,
    /// They are to set a second factor up before anything else, and may do what everyone may until then.
    pub lacks_factor: bool,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("account", &self.account).finish_non_exhaustive()
    }
}

/// One who asks, with what they may do.
#[derive(Clone, Debug)]
pub struct Asking {
    /// What they may do, and under which name it is recorded.
    pub actor: Actor,
    /// What they are.
    pub visitor: Visitor,
    /// Where they ask from, as far as it is known.
    pub client: Option<IpAddr>,
    /// What forms made for them carry, to be known again.
    pub word: Arc<str>,
    /// The cookie of a session that got a new token.
    pub renewed: Option<String>,
    /// Why they come in nowhere, though it is known who they are; they may do nothing then.
    pub barred: Option<Error>,
    /// What the line in the log is to say of a refusal.
    noted: Arc<OnceLock<&'static str>>,
}

impl Asking {
    /// Nobody, who may do nothing: for pages that tell of an error before anyone is known.
    pub fn nobody() -> Asking {
        Asking::new(Actor::nobody(), Visitor::Unknown, None, "")
    }

    fn new(actor: Actor, visitor: Visitor, client: Option<IpAddr>, word: &str) -> Asking {
        Asking { actor, visitor, client, word: Arc::from(word), renewed: None, barred: None, noted: Arc::default() }
    }

    /// The same, come to a route: what they are given there is noted.
    pub fn at(self, route: &str) -> Asking {
        let token = match &self.visitor {
            Visitor::Program(token) => Some(token.id.as_str()),
            Visitor::Owner | Visitor::Public | Visitor::Unknown | Visitor::Person(_) => None,
        };
        Asking { actor: self.actor.asking(route, token), ..self }
    }

    /// Whoever is signed in by the pages.
    pub fn signed(&self) -> Option<&Signed> {
        match &self.visitor {
            Visitor::Person(signed) => Some(signed),
            Visitor::Owner | Visitor::Public | Visitor::Unknown | Visitor::Program(_) => None,
        }
    }

    /// Record of the account they come with, by session or token.
    pub fn account(&self) -> Option<i64> {
        match &self.visitor {
            Visitor::Person(signed) => Some(signed.account),
            Visitor::Program(token) => Some(token.account.0),
            Visitor::Owner | Visitor::Public | Visitor::Unknown => None,
        }
    }

    /// Has the request's line in the log say of what kind of refusal its answer is, where that is no error: a page that
    /// tells of it, or a way to elsewhere. What is said first stays.
    pub fn note(&self, refusal: &'static str) {
        let _ = self.noted.set(refusal);
    }

    /// What was noted so.
    pub fn noted(&self) -> Option<&'static str> {
        self.noted.get().copied()
    }

    /// Whether they are to set a second factor up before anything else.
    pub fn lacks_factor(&self) -> bool {
        self.signed().is_some_and(|signed| signed.lacks_factor)
    }

    /// Whether they are known: signed in, or the owner in a trial.
    pub fn is_someone(&self) -> bool {
        matches!(self.visitor, Visitor::Owner | Visitor::Person(_) | Visitor::Program(_))
    }

    /// Whether they manage the accounts that there are.
    pub fn administers(&self) -> bool {
        let accounts = !matches!(self.visitor, Visitor::Owner | Visitor::Unknown);
        accounts && self.actor.clearance().system(SystemAction::Administer)
    }

    /// Whoever must be signed in to go on.
    pub fn must_sign_in(&self) -> Result<&Signed, Error> {
        self.signed().ok_or(Error::SignIn)
    }

    /// Whether a form's word is the one that forms made for them carry: it was made for the token that comes with it. Those of the public carry none that others could
    /// not know; that a form comes from our own pages is seen from its origin in any case.
    pub fn is_own_form(&self, word: &str) -> bool {
        let own = match &self.visitor {
            Visitor::Person(signed) => shirube_keyring::is_csrf_token(signed.brought.expose_secret(), word),
            Visitor::Public => true,
            Visitor::Owner => word == &*self.word,
            Visitor::Program(_) | Visitor::Unknown => false,
        };
        if !own {
            self.note(STALE);
        }
        own
    }
}

impl Who {
    /// The accounts, where there are any to manage.
    pub fn accounts(&self) -> Result<&Accounts, Error> {
        match self {
            Who::Accounts(accounts) => Ok(accounts),
            Who::Trial => Err(Error::NotFound(pair(
                "試用中はアカウントがありません。",
                "There are no accounts in a trial; docs/operating.md says how to set them up.",
            ))),
        }
    }

    /// Removes what is over from the keyring.
    pub fn purge(&self) -> Result<u64, KeyringError> {
        match self {
            Who::Accounts(accounts) => accounts.keyring.purge(),
            Who::Trial => Ok(0),
        }
    }

    /// Who sends a request with these headers. `reading` tells that it changes nothing, `api` that it is made for programs.
    pub fn is_asking(
        &self,
        store: &Store,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        word: &str,
        (reading, api): (bool, bool),
    ) -> Result<Asking, Error> {
        match self {
            Who::Trial => Ok(Asking::new(Actor::owner(), Visitor::Owner, client, word)),
            Who::Accounts(accounts) => accounts.is_asking(store, headers, client, (reading, api)),
        }
    }
}
