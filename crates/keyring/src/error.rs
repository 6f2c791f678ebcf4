//! Why the keyring refuses.

/// A refused or failed request. No secret is in any of these.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The password breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The service token breaks a rule.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The second factor cannot be set up so.
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
    /// The external identity cannot be linked so.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Too many sign-ins at once.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// The keyring's file cannot be made or read.
    #[error("{path}: {cause}; the program needs to read and write there")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// SQLite fails on the keyring's file.
    #[error("the keyring {path} failed: {cause}; nothing was changed, see whether the disk is full or the file is damaged")]
    Sqlite {
        /// The file.
        path: String,
        /// What SQLite says.
        cause: String,
    },
    /// The file is a database, but not a keyring.
    #[error("{0} is not a keyring; move it away, or name another data folder with --data")]
    NotAKeyring(String),
    /// The keyring was made by a later release.
    #[error("the keyring at {place} has format {found}, this release knows up to {known}; use the release that wrote it")]
    Format {
        /// Where.
        place: String,
        /// Its format.
        found: i64,
        /// The last format that is known.
        known: i64,
    },
    /// The server does not answer.
    #[error(
        "the keyring at {place} cannot be reached ({cause}); until then no one is let in; start the server or mend the network, it is tried again by itself"
    )]
    Unreachable {
        /// Where.
        place: String,
        /// What the connection says.
        cause: String,
    },
    /// The server refused a statement.
    #[error("the keyring at {place} refused: {cause}; nothing was changed, see the server's own log")]
    Refused {
        /// Where.
        place: String,
        /// What the server says.
        cause: String,
    },
    /// An entry does not read.
    #[error("an entry of kind `{kind}` in the keyring does not read ({cause}); it was changed by hand or by a later release")]
    Unreadable {
        /// Kind of entry.
        kind: &'static str,
        /// Why; values are not told.
        cause: String,
    },
    /// Others keep changing the same entry.
    #[error("an entry of kind `{0}` is changed by too many at once; try again")]
    Contended(&'static str),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers ({0}); nothing secret can be made without them")]
    Random(String),
    /// The file of leaked passwords cannot be used.
    #[error("leaked passwords cannot be looked up in {path} ({cause}); give the file as it is published (SHA-1, ordered by hash), or none")]
    Leaked {
        /// The file.
        path: String,
        /// Why not.
        cause: String,
    },
    /// The hashing of passwords fails.
    #[error("a password could not be hashed ({0}); see whether the machine is out of memory")]
    Hashing(String),
}

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("the password has {characters} characters; use at least {least}, a few words in a row do well")]
    TooShort {
        /// Its characters.
        characters: usize,
        /// The least that is asked for.
        least: usize,
    },
    /// Too long.
    #[error("the password has more than {most} characters; use fewer")]
    TooLong {
        /// The most that is taken.
        most: usize,
    },
    /// The login itself.
    #[error("the password is the login; use one that others cannot know")]
    IsLogin,
    /// Among the passwords that are tried first.
    #[error(
        "the password is among those that are tried first (known passwords, single words, rows of keys, repetitions, names of yourself, your organisation or the plan); use a few unrelated words"
    )]
    Common,
    /// Known from a leak.
    #[error("the password is known from a leak, whoever chose it first; use another")]
    Leaked,
}

/// What is wrong with a new service token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No name, or a long one.
    #[error("a service token needs a name of 1 to 100 characters, so that one knows later what it is for")]
    Name,
    /// No scopes.
    #[error("a service token needs at least one scope; without any it may do nothing")]
    NoScope,
    /// It would be over already, or last too long.
    #[error("a service token ends at a moment after now and within {most_days} days; choose such a moment")]
    Expiry {
        /// The longest life.
        most_days: i64,
    },
}

/// What is wrong with setting up a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecondFactorError {
    /// There is nothing to confirm.
    #[error("no second factor is being set up in this session, or it was begun too long ago, or too many codes were wrong; begin again")]
    NotBegun,
    /// The code is not the one of this moment.
    #[error("the code is not right; see that the clock of the device is right and enter the code it shows now")]
    WrongCode,
    /// There is none.
    #[error("the account has no second factor; set one up first")]
    Absent,
}

/// What is wrong with linking an external identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Another account has it.
    #[error("this external identity belongs to another account; remove it there first")]
    OfAnother,
    /// The account has one of this issuer.
    #[error("the account has another identity of this issuer; remove that first")]
    IssuerTaken,
}
