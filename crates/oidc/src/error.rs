//! Why a sign-in by a provider does not come about.

/// A sign-in that cannot go on. No token and no secret is in any of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// A document of the provider does not read.
    #[error("the provider's {what} does not read ({cause}); see that oidc.issuer is the issuer's own address")]
    Document {
        /// Which.
        what: &'static str,
        /// Why.
        cause: String,
    },
    /// The document found at the issuer's address is another issuer's.
    #[error("the provider calls itself {found}, the settings say {wanted}; write oidc.issuer letter by letter as the provider does")]
    OtherIssuer {
        /// As set.
        wanted: String,
        /// As found.
        found: String,
    },
    /// An endpoint without encryption.
    #[error("the provider's {name} is no https address; only a provider on this machine may do without")]
    Unprotected {
        /// Which.
        name: &'static str,
    },
    /// The answer does not belong to what this browser began.
    #[error("the answer belongs to no sign-in that this browser began; begin again")]
    State,
    /// The sign-in was begun too long ago.
    #[error("the sign-in was begun too long ago; begin again")]
    Late,
    /// The provider says no.
    #[error("the provider refused: {code}{}", .description.as_ref().map(|d| format!(" ({d})")).unwrap_or_default())]
    Refused {
        /// Its code (RFC 6749).
        code: String,
        /// Its words.
        description: Option<String>,
    },
    /// The answer is another provider's (RFC 9207).
    #[error("the answer is not from the provider that was asked; nothing was sent to it; begin again")]
    MixUp,
    /// The token does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers ({0}); nothing secret can be made without them")]
    Random(String),
}

/// What is wrong with an ID token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed token at all.
    #[error("the ID token does not read ({0}); only signed tokens are taken, no encrypted ones")]
    Form(&'static str),
    /// Signed by a way that is not taken, or not at all.
    #[error("the ID token is signed by `{0}`; have the provider sign by RS256, PS256, ES256 or EdDSA")]
    Algorithm(String),
    /// It demands what is not known here.
    #[error("the ID token demands an extension (`crit`) that is not known here")]
    Critical,
    /// The provider has no such key.
    #[error("the ID token is signed with a key that the provider does not publish for that")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature of the ID token does not hold")]
    Signature,
    /// Of another issuer.
    #[error("the ID token is another issuer's")]
    Issuer,
    /// For someone else.
    #[error("the ID token is meant for another client; see that oidc.client_id is right")]
    Audience,
    /// Over.
    #[error("the ID token is over; see that the clocks of both machines are right")]
    Expired,
    /// Of a moment to come.
    #[error("the ID token is of a moment to come; see that the clocks of both machines are right")]
    Early,
    /// Made for another attempt.
    #[error("the ID token was made for another sign-in; begin again")]
    Nonce,
    /// Names nobody.
    #[error("the ID token names nobody (`sub`)")]
    Subject,
    /// The person was to show anew who they are, and was not asked to.
    #[error("the provider did not ask the person anew, or does not say that it did (`auth_time`)")]
    NotAnew,
}
