//! Sessions of people who signed in.

use crate::{
    Account, Keyring, KeyringError, Moment, What,
    clock::millis,
    keys::{Found, New},
    secret::{self, Ticket},
    table::Kind,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often it is written down that a session or token was used.
pub(crate) const SEEN_EVERY: i64 = 60_000;
/// Characters of a label that are kept.
const LABEL_CHARACTERS: usize = 200;

/// By what someone signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// Password alone.
    Password,
    /// Password and a code of an authenticator app.
    PasswordAndCode,
    /// Password and a recovery code.
    PasswordAndRecoveryCode,
    /// An external identity; who vouches for it may have known them from before and asked nothing.
    External,
    /// An external identity, after they were asked anew who they are.
    ExternalAnew,
    /// An external identity and a code of an authenticator app.
    ExternalAndCode,
    /// An external identity and a recovery code.
    ExternalAndRecoveryCode,
    /// A one-time link.
    Link,
}

/// What is kept of a session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Body {
    digest: String,
    means: Means,
    begun: Moment,
    /// Whatever happens.
    ends: Moment,
    label: String,
    /// The token shall be replaced.
    rotate: bool,
    /// When they proved again who they are; 0 if they have not since they signed in.
    #[serde(default)]
    confirmed: Moment,
    /// Who vouches for them has asked for more than one factor.
    #[serde(default)]
    many_factors: bool,
}

impl Body {
    /// The same after they proved again who they are; a new token is due, as after a sign-in.
    pub fn confirmed_at(&self, now: Moment) -> Body {
        Body { confirmed: now, rotate: true, ..self.clone() }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public name, for lists and [`Keyring::end_session_of`].
    pub id: String,
    /// Whose it is.
    pub account: Account,
    /// By what they signed in.
    pub means: Means,
    /// Who vouches for them said that it has asked for more than one factor.
    pub many_factors: bool,
    /// When they signed in.
    pub begun: Moment,
    /// When they last proved who they are: at the sign-in, or again since.
    pub confirmed: Moment,
    /// When it was last used, up to a minute before.
    pub seen: Moment,
    /// When it ends however much it is used.
    pub ends: Moment,
    /// What the caller noted of the client.
    pub label: String,
    /// Rights changed since the token was given out: call [`Keyring::rotate`] and hand the new token out.
    pub rotation_due: bool,
}

impl Found<Body> {
    fn session(&self) -> Session {
        let (row, body) = (&self.row, &self.body);
        Session {
            id: row.id.clone(),
            account: Account(row.account.unwrap_or_default()),
            means: body.means,
            many_factors: body.many_factors,
            begun: body.begun,
            confirmed: body.begun.max(body.confirmed),
            seen: row.seen,
            ends: body.ends,
            label: body.label.clone(),
            rotation_due: body.rotate,
        }
    }
}

/// A value for the forms of a session; a form that does not bring it back was not ours. It changes with the token.
pub fn csrf_token(session_token: &str) -> SecretString {
    secret::keyed(&session_token.into(), &["csrf"]).into()
}

/// Whether a form brought the session's value back.
pub fn is_csrf_token(session_token: &str, given: &str) -> bool {
    secret::same(csrf_token(session_token).expose_secret(), given)
}

impl Keyring {
    /// Begins a session and gives its token. The session of the token that the client brought, if any, is over.
    pub(crate) fn begin(
        &self,
        account: Account,
        (means, many_factors): (Means, bool),
        label: &str,
        replaced: Option<&str>,
    ) -> Result<(SecretString, Session), KeyringError> {
        let (id, secret, now) = (secret::random_id()?, secret::random_secret()?, self.keys.now());
        let body = Body {
            digest: secret::digest(secret.expose_secret()),
            means,
            begun: now,
            ends: now + millis(self.limits.absolute),
            label: label.chars().take(LABEL_CHARACTERS).collect(),
            rotate: false,
            confirmed: 0,
            many_factors,
        };
        let expires = body.ends.min(now + millis(self.limits.idle));
        self.keys.put(&New { kind: Kind::Session, id: &id, account: Some(account.0), expires, body: &body })?;
        if let Some(old) = replaced {
            self.end_row(old)?;
        }
        let (ends, label) = (body.ends, body.label);
        let session = Session { id, account, means, many_factors, begun: now, confirmed: now, seen: now, ends, label, rotation_due: false };
        Ok((Ticket::text(&session.id, &secret), session))
    }

    /// The entry of a token, from the cache where that is as good as the table.
    pub(crate) fn found(&self, token: &str) -> Result<Option<Found<Body>>, KeyringError> {
        let Some(ticket) = Ticket::parse(token) else { return Ok(None) };
        let now = self.keys.now();
        let drops = self.sessions.follow(self.keys.table.as_ref(), now)?;
        let fits = |found: &Found<Body>| !found.row.is_over(now) && secret::is_secret_of(ticket.secret, &found.body.digest);
        if let Some(found) = self.sessions.get(ticket.id).filter(fits) {
            return Ok(Some(found));
        }
        // It may have been used or given a new token in another process.
        let found = self.keys.get::<Body>(Kind::Session, ticket.id)?.filter(fits);
        if let Some(found) = &found {
            self.sessions.keep(found, drops);
        }
        Ok(found)
    }

    /// The session of a token, if it is good, and notes that it is used.
    pub fn session(&self, token: &str) -> Result<Option<Session>, KeyringError> {
        let Some(mut found) = self.found(token)? else { return Ok(None) };
        let now = self.keys.now();
        if now - found.row.seen >= SEEN_EVERY {
            let expires = found.body.ends.min(now + millis(self.limits.idle));
            // First here, so that others who come meanwhile do not write it, too.
            self.sessions.touch(&found.row.id, now, expires);
            self.keys.table.touch(Kind::Session, &found.row.id, now, expires)?;
            found.row.seen = now;
        }
        Ok(Some(found.session()))
    }

    /// Whether they proved so recently who they are that it need not be asked for again. A sign-in at which they were
    /// asked nothing does not count: whoever sits down at their machine can do it.
    pub fn is_fresh(&self, session: &Session, within: Duration) -> bool {
        let asked = session.means != Means::External || session.confirmed > session.begun;
        asked && self.keys.now() - session.confirmed <= millis(within)
    }

    /// Gives a session a new token; the old one is over. Nothing if that was not good, or if another request was
    /// faster: that one's answer carries the new token, so leave the cookie alone.
    pub fn rotate(&self, token: &str) -> Result<Option<SecretString>, KeyringError> {
        let Some(found) = self.found(token)? else { return Ok(None) };
        let secret = secret::random_secret()?;
        let body = Body { digest: secret::digest(secret.expose_secret()), rotate: false, ..found.body.clone() };
        let done = self.keys.replace(&found, &body)?.is_some();
        self.sessions.drop_one(&found.row.id);
        Ok(done.then(|| Ticket::text(&found.row.id, &secret)))
    }

    /// Tells that an account's rights changed: its sessions shall get new tokens when they are next used.
    pub fn rights_changed(&self, account: Account) -> Result<(), KeyringError> {
        for found in self.keys.list::<Body>(Kind::Session, account.0)? {
            self.keys.change(Kind::Session, &found.row.id, |body: &Body| (Some(Body { rotate: true, ..body.clone() }), ()))?;
            self.sessions.drop_one(&found.row.id);
        }
        self.tell(account, What::RightsChanged);
        Ok(())
    }

    /// The sessions of an account that are not over, the latest first.
    pub fn sessions(&self, account: Account) -> Result<Vec<Session>, KeyringError> {
        let mut sessions: Vec<Session> = self.keys.list::<Body>(Kind::Session, account.0)?.iter().map(Found::session).collect();
        sessions.sort_by(|a, b| (b.begun, &b.id).cmp(&(a.begun, &a.id)));
        Ok(sessions)
    }

    /// Ends a session by its token: signs out. False if it was not good.
    pub fn end_session(&self, token: &str) -> Result<bool, KeyringError> {
        let Some(found) = self.found(token)? else { return Ok(false) };
        self.end_row(&found.row.id)
    }

    /// Ends one session of an account. False if the account has no such session.
    pub fn end_session_of(&self, account: Account, session: &str) -> Result<bool, KeyringError> {
        match self.keys.get::<Body>(Kind::Session, session)? {
            Some(found) if found.row.account == Some(account.0) => self.end_row(session),
            _ => Ok(false),
        }
    }

    /// Ends all sessions of an account but one, or all. Answers how many.
    pub fn end_sessions(&self, account: Account, but: Option<&str>) -> Result<usize, KeyringError> {
        let mut ended = 0;
        for session in self.sessions(account)?.iter().filter(|session| Some(session.id.as_str()) != but) {
            ended += usize::from(self.end_row(&session.id)?);
        }
        Ok(ended)
    }

    fn end_row(&self, id: &str) -> Result<bool, KeyringError> {
        let account = self.keys.get::<Body>(Kind::Session, id)?.and_then(|found| found.row.account);
        let ended = self.keys.remove(Kind::Session, id)?;
        self.sessions.drop_one(id);
        if let (true, Some(account)) = (ended, account) {
            let what = What::SessionEnded { session: id.to_string() };
            self.tell(Account(account), what);
        }
        Ok(ended)
    }

    /// The name of the session a client brought, if its token is good.
    pub(crate) fn brought(&self, token: Option<&str>) -> Result<Option<String>, KeyringError> {
        Ok(token.map(|token| self.found(token)).transpose()?.flatten().map(|found| found.row.id))
    }
}
