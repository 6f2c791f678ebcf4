//! Asking someone who is signed in once more who they are, before what could take an account away.

use crate::{
    Attempt, Keyring, KeyringError, Moment, What,
    session::Body,
    table::Kind,
    throttle::{Admission, Pass},
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// They are who they were.
    Yes,
    /// Password or code is wrong. Which of them is not told.
    Wrong,
    /// Not looked at, for there were too many failures.
    Wait {
        /// When the next attempt may be made.
        until: Moment,
    },
}

impl Keyring {
    /// Looks at the password of whoever has the attempt's session, and at a code where a second factor is in force. Counted
    /// and slowed down as signing in is. The session is fresh then, and is due for a new token.
    pub fn confirm(&self, attempt: &Attempt<'_>, password: &str, code: &str) -> Result<Confirmed, KeyringError> {
        let found = attempt.session.map(|token| self.found(token)).transpose()?.flatten();
        let (Some(account), Some(session)) = (attempt.account, found) else { return Ok(Confirmed::Wrong) };
        if session.row.account != Some(account.0) {
            return Ok(Confirmed::Wrong);
        }
        let tell = |what| self.tell_from(attempt.account, &attempt.client, what);
        let pass: Pass = match self.throttle.admit(&self.keys, attempt.login, &attempt.client)? {
            Admission::Go(pass) => pass,
            Admission::Wait(until) => {
                tell(What::Slowed { until });
                return Ok(Confirmed::Wait { until });
            }
        };
        let right = match self.right_password(attempt.account, password) {
            Err(KeyringError::Busy) => {
                self.throttle.take_back(&self.keys, &pass)?;
                return Err(KeyringError::Busy);
            }
            other => other?,
        };
        if right.is_none() {
            tell(What::PasswordWrong);
            return Ok(Confirmed::Wrong);
        }
        if self.has_second_factor(account)? {
            if let Some(until) = self.throttle.admit_code(&self.keys, account.0, &pass)? {
                tell(What::Slowed { until });
                return Ok(Confirmed::Wait { until });
            }
            if self.use_code(account, code)?.is_none() {
                tell(What::CodeWrong);
                return Ok(Confirmed::Wrong);
            }
        }
        self.throttle.succeed(&self.keys, account.0, &pass)?;
        let (id, now) = (&session.row.id, self.keys.now());
        let change = |body: &Body| (Some(body.confirmed_at(now)), ());
        // Nothing: it was ended meanwhile.
        if self.keys.change(Kind::Session, id, change)?.is_none() {
            return Ok(Confirmed::Wrong);
        }
        self.sessions.drop_one(id);
        tell(What::Confirmed { session: id.clone() });
        Ok(Confirmed::Yes)
    }
}
