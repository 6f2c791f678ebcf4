//! Signing in: password, second factor, external identity.

use crate::{
    Account, Client, Keyring, KeyringError, Means, Moment, NotVouched, Session, What,
    keys::New,
    secret::{self, Ticket},
    table::Kind,
    throttle::{Admission, Pass},
    totp::Factor,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// How long the second factor may take.
const HALF_LIFE: i64 = 600_000;
/// Codes that may be tried before the password is asked for again.
const CODES: u32 = 5;

/// Someone who wants to sign in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The login as typed.
    pub login: &'a str,
    /// The account of that login, if there is one that may sign in.
    pub account: Option<Account>,
    /// Where the attempt comes from.
    pub client: Client<'a>,
    /// What to show of the client in a list of sessions.
    pub label: &'a str,
    /// The session token the client brought; that session is over once the new one begins.
    pub session: Option<&'a str>,
}

/// Whom a provider vouches for, after its word was checked.
#[derive(Clone, Copy, Debug)]
pub struct Vouched<'a> {
    /// Who vouches.
    pub issuer: &'a str,
    /// Its name for the person.
    pub subject: &'a str,
    /// It says that it asked for more than one factor.
    pub many_factors: bool,
    /// It asked the person anew.
    pub anew: bool,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum SignIn {
    /// Signed in.
    Done(Box<SignedIn>),
    /// The password was right, or a provider vouched; now [`Keyring::second_factor`], with this token. It is good for nothing else.
    SecondFactor(SecretString),
    /// Wrong. Whether the login or the password is not told.
    Wrong,
    /// Not looked at, for there were too many failures.
    Wait {
        /// When the next attempt may be made.
        until: Moment,
    },
}

/// A session that just began.
#[derive(Debug)]
pub struct SignedIn {
    /// Its token, for a cookie.
    pub token: SecretString,
    /// The session.
    pub session: Session,
    /// The device cookie, for a year, if the sign-in was by password.
    pub device: Option<SecretString>,
}

/// What is kept of a sign-in between password and second factor.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Half {
    digest: String,
    /// As the throttle counts it.
    login: String,
    label: String,
    replaced: Option<String>,
    pass: Pass,
    tried: u32,
    /// After a provider's word and not a password.
    #[serde(default)]
    external: bool,
}

impl Keyring {
    /// Signs in by password.
    pub fn sign_in(&self, attempt: &Attempt<'_>, password: &str) -> Result<SignIn, KeyringError> {
        let tell = |what| self.tell_from(attempt.account, &attempt.client, what);
        let pass = match self.throttle.admit(&self.keys, attempt.login, &attempt.client)? {
            Admission::Go(pass) => pass,
            Admission::Wait(until) => {
                tell(What::Slowed { until });
                return Ok(SignIn::Wait { until });
            }
        };
        let right = match self.right_password(attempt.account, password) {
            Err(KeyringError::Busy) => {
                self.throttle.take_back(&self.keys, &pass)?;
                return Err(KeyringError::Busy);
            }
            other => other?,
        };
        let (Some(account), Some(right)) = (attempt.account, right) else {
            tell(What::PasswordWrong);
            return Ok(SignIn::Wrong);
        };
        if self.has_second_factor(account)? {
            let token = self.half_done(account, attempt, pass, false)?;
            tell(What::PasswordAccepted);
            return Ok(SignIn::SecondFactor(token));
        }
        let (means, replaced) = (Means::Password, self.brought(attempt.session)?);
        let (token, session) = self.begin(account, (means, false), attempt.label, replaced.as_deref())?;
        // Whoever was forgotten, or whose password was changed, since it was looked at is not let in.
        if self.keys.table.get(Kind::Password, &right.row.id)?.is_none_or(|row| row.version != right.row.version) {
            self.end_session_of(account, &session.id)?;
            return Ok(SignIn::Wrong);
        }
        self.throttle.succeed(&self.keys, account.0, &pass)?;
        let device = Some(self.throttle.device_cookie(&self.keys, &self.throttle.login(attempt.login))?);
        tell(What::SignedIn { session: session.id.clone(), means });
        Ok(SignIn::Done(Box::new(SignedIn { token, session, device })))
    }

    /// Signs in whom a provider vouches for, after the caller checked its word. `Wrong` if the identity is not that of
    /// the attempt's account. An account with a second factor of its own is asked for it, unless the provider says that
    /// it has asked for more than one.
    pub fn sign_in_external(&self, vouched: &Vouched<'_>, attempt: &Attempt<'_>) -> Result<SignIn, KeyringError> {
        let tell = |what| self.tell_from(attempt.account, &attempt.client, what);
        let (issuer, subject) = (vouched.issuer, vouched.subject);
        let Some((account, found)) = self.of_identity(issuer, subject)?.filter(|(account, _)| Some(*account) == attempt.account) else {
            return Ok(SignIn::Wrong);
        };
        if !vouched.many_factors && self.has_second_factor(account)? {
            // Codes are counted as after a password.
            let pass = match self.throttle.admit(&self.keys, attempt.login, &attempt.client)? {
                Admission::Go(pass) => pass,
                Admission::Wait(until) => {
                    tell(What::Slowed { until });
                    return Ok(SignIn::Wait { until });
                }
            };
            let token = self.half_done(account, attempt, pass, true)?;
            tell(What::IdentityAccepted { issuer: issuer.to_string() });
            return Ok(SignIn::SecondFactor(token));
        }
        let means = if vouched.anew { Means::ExternalAnew } else { Means::External };
        let replaced = self.brought(attempt.session)?;
        let (token, session) = self.begin(account, (means, vouched.many_factors), attempt.label, replaced.as_deref())?;
        // Whoever was forgotten since it was looked at is not let in.
        if !self.is_still(&found)? {
            self.end_session_of(account, &session.id)?;
            return Ok(SignIn::Wrong);
        }
        tell(What::SignedIn { session: session.id.clone(), means });
        Ok(SignIn::Done(Box::new(SignedIn { token, session, device: None })))
    }

    /// Tells that a sign-in by a provider came to nothing. What the caller found out is all there is to tell.
    pub fn refused_identity(&self, account: Option<Account>, client: &Client<'_>, why: NotVouched) {
        self.tell_from(account, client, What::IdentityRefused { why });
    }

    /// Keeps what is needed to go on with the second factor, and gives the token that finds it.
    fn half_done(&self, account: Account, attempt: &Attempt<'_>, pass: Pass, external: bool) -> Result<SecretString, KeyringError> {
        let (id, secret) = (secret::random_id()?, secret::random_secret()?);
        let body = Half {
            digest: secret::digest(secret.expose_secret()),
            login: self.throttle.login(attempt.login),
            label: attempt.label.to_string(),
            replaced: self.brought(attempt.session)?,
            pass,
            tried: 0,
            external,
        };
        let expires = self.keys.now() + HALF_LIFE;
        self.keys.put(&New { kind: Kind::HalfSignIn, id: &id, account: Some(account.0), expires, body: &body })?;
        Ok(Ticket::text(&id, &secret))
    }

    /// Goes on with a sign-in that [`SignIn::SecondFactor`] left half done. `Wrong` means another try with the same
    /// token; nothing, that it is over and the password is asked for again.
    pub fn second_factor(&self, token: &str, code: &str, client: &Client<'_>) -> Result<Option<SignIn>, KeyringError> {
        let Some(ticket) = Ticket::parse(token) else { return Ok(None) };
        let Some(found) = self.keys.get::<Half>(Kind::HalfSignIn, ticket.id)? else { return Ok(None) };
        let (half, Some(account)) = (&found.body, found.row.account.map(Account)) else { return Ok(None) };
        if !secret::is_secret_of(ticket.secret, &half.digest) {
            return Ok(None);
        }
        let tell = |what| self.tell_from(Some(account), client, what);
        if let Some(until) = self.throttle.admit_code(&self.keys, account.0, &half.pass)? {
            tell(What::Slowed { until });
            return Ok(Some(SignIn::Wait { until }));
        }
        // Counted before it is looked at, so that many at once are not more than the limit.
        let counted = self.keys.change(Kind::HalfSignIn, ticket.id, |half: &Half| {
            let tried = half.tried + 1;
            ((tried <= CODES).then(|| Half { tried, ..half.clone() }), tried)
        })?;
        let Some(tried) = counted.filter(|tried| *tried <= CODES) else { return Ok(None) };
        let Some(factor) = self.use_code(account, code)? else {
            tell(What::CodeWrong);
            if tried == CODES {
                self.keys.remove(Kind::HalfSignIn, ticket.id)?;
                return Ok(None);
            }
            return Ok(Some(SignIn::Wrong));
        };
        let means = match (half.external, factor) {
            (false, Factor::Code) => Means::PasswordAndCode,
            (false, Factor::RecoveryCode) => Means::PasswordAndRecoveryCode,
            (true, Factor::Code) => Means::ExternalAndCode,
            (true, Factor::RecoveryCode) => Means::ExternalAndRecoveryCode,
        };
        let (token, session) = self.begin(account, (means, false), &half.label, half.replaced.as_deref())?;
        // Used once; and gone if the account was forgotten meanwhile.
        if !self.keys.remove(Kind::HalfSignIn, ticket.id)? {
            self.end_session_of(account, &session.id)?;
            return Ok(None);
        }
        self.throttle.succeed(&self.keys, account.0, &half.pass)?;
        tell(What::SignedIn { session: session.id.clone(), means });
        let device = Some(self.throttle.device_cookie(&self.keys, &half.login)?);
        Ok(Some(SignIn::Done(Box::new(SignedIn { token, session, device }))))
    }

    pub(crate) fn drop_half_sign_ins(&self, account: Account) -> Result<(), KeyringError> {
        self.keys
            .list::<Half>(Kind::HalfSignIn, account.0)?
            .iter()
            .try_for_each(|half| self.keys.remove(Kind::HalfSignIn, &half.row.id).map(|_| ()))
    }

    /// Begins a session for someone who proved otherwise who they are: by a one-time link. `session` is the token the
    /// client brought; that session is over.
    pub fn sign_in_by_link(
        &self,
        account: Account,
        client: &Client<'_>,
        label: &str,
        session: Option<&str>,
    ) -> Result<SignedIn, KeyringError> {
        let (replaced, means) = (self.brought(session)?, Means::Link);
        let (token, session) = self.begin(account, (means, false), label, replaced.as_deref())?;
        let what = What::SignedIn { session: session.id.clone(), means };
        self.tell_from(Some(account), client, what);
        Ok(SignedIn { token, session, device: None })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Clock, Limits};
    use std::time::Duration;

    #[test]
    fn whoever_got_no_turn_is_told_and_not_blamed() {
        let folder = tempfile::tempdir().unwrap();
        let mut keyring = Keyring::in_folder(folder.path(), Limits::default(), Clock::at(0), Box::new(|_| ())).unwrap();
        keyring.hasher.patience = Duration::from_millis(1);
        let address = "192.0.2.1".parse().unwrap();
        let attempt = Attempt { login: "ann", account: None, client: Client { address, device: None }, label: "", session: None };
        let free = std::mem::take(&mut *keyring.hasher.free.lock().unwrap());
        for _ in 0..20 {
            assert!(matches!(keyring.sign_in(&attempt, "a wrong password, surely"), Err(KeyringError::Busy)));
        }
        *keyring.hasher.free.lock().unwrap() = free;
        assert!(matches!(keyring.sign_in(&attempt, "a wrong password, surely"), Ok(SignIn::Wrong)));
    }
}
