//! What happened, for an audit trail.

use crate::{Account, Means, Moment, Purpose};
use serde::Serialize;
use std::net::IpAddr;

/// Something that happened to an account. No secret is in it, nor what a stranger typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// Whose account; none if a stranger named one that does not exist.
    pub account: Option<Account>,
    /// From where, as far as it is known here.
    pub client: Option<IpAddr>,
    /// What.
    pub what: What,
}

/// Why a sign-in by a provider came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotVouched {
    /// The answer is to nothing that this browser began, or came too late.
    NoAttempt,
    /// The answer is another provider's, or its token was made for another attempt.
    OtherAttempt,
    /// The provider does not answer.
    Away,
    /// The provider says no.
    Refused,
    /// What the provider answers does not hold.
    Unsound,
    /// The provider was to ask the person anew, and does not say that it did.
    NotAnew,
    /// The identity belongs to no account that may sign in.
    Unknown,
    /// The identity belongs to another account than it was to be linked to, or the account has another one.
    Taken,
}

/// What happened. Serialised it is flat: its name as `what`, beside what else is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what")]
pub enum What {
    /// A session began.
    SignedIn {
        /// The session.
        session: String,
        /// By what.
        means: Means,
    },
    /// The password was right and the second factor is asked for.
    PasswordAccepted,
    /// A provider vouched for the person and the second factor is asked for.
    IdentityAccepted {
        /// Who vouches for it.
        issuer: String,
    },
    /// A sign-in by a provider came to nothing.
    IdentityRefused {
        /// Why.
        why: NotVouched,
    },
    /// The password was wrong, or the login unknown.
    PasswordWrong,
    /// The code of the second factor was wrong.
    CodeWrong,
    /// An attempt came before its time and was not looked at.
    Slowed {
        /// When the next one is.
        until: Moment,
    },
    /// Whoever is signed in proved again who they are.
    Confirmed {
        /// The session.
        session: String,
    },
    /// A session ended.
    SessionEnded {
        /// The session.
        session: String,
    },
    /// The password was set.
    PasswordSet,
    /// The second factor is in force.
    SecondFactorAdded,
    /// The second factor and its recovery codes are gone.
    SecondFactorRemoved,
    /// New recovery codes took the place of the old ones.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: usize,
    },
    /// A service token was made.
    TokenMade {
        /// The token's public part.
        token: String,
        /// Its name.
        name: String,
        /// Its scopes.
        scopes: Vec<String>,
        /// Its end.
        expires: Moment,
    },
    /// A service token was used; told once a minute at most.
    TokenUsed {
        /// The token's public part.
        token: String,
    },
    /// A service token was brought that is not good: made up, over or revoked.
    TokenWrong,
    /// A service token was revoked.
    TokenRevoked {
        /// The token's public part.
        token: String,
    },
    /// A one-time link was made.
    LinkMade {
        /// What for.
        purpose: Purpose,
    },
    /// A one-time link was used.
    LinkUsed {
        /// What for.
        purpose: Purpose,
    },
    /// An external identity was linked.
    IdentityLinked {
        /// Who vouches for it.
        issuer: String,
    },
    /// An external identity was removed.
    IdentityRemoved {
        /// Who vouched for it.
        issuer: String,
    },
    /// The signing secret of a webhook was made, by the id of the subscription's record.
    WebhookSecretMade {
        /// The subscription.
        subscription: i64,
    },
    /// Rights changed: the sessions get new tokens.
    RightsChanged,
    /// All that the keyring held of the account is gone.
    Forgotten,
}
