//! The way in where nobody can come in: before there is an owner, after a restore, without the keyring that was.

use shirube_keyring::{Account, ExposeSecret, Keyring, KeyringError, Purpose};
use shirube_store::People;
use std::time::Duration;

/// Record of the account for which the set-up link is made: there is none yet.
pub const NO_ACCOUNT: Account = Account(0);

/// How long a link is good that is printed on the machine itself.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// A link by which somebody comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayIn {
    /// Login of its account; none where the first owner is yet to be made.
    pub login: Option<String>,
    /// Its address, without scheme and host.
    pub path: String,
}

/// Whether there is an owner who can sign in. One without password and external identity cannot.
pub fn owner_comes_in(people: &People, keyring: &Keyring) -> Result<bool, KeyringError> {
    for owner in people.owners() {
        if keyring.can_sign_in(Account(owner.id))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A link for the machine itself to print, as long as no owner can sign in: to a new password for the first owner there
/// is, or to the set-up where there is none.
pub fn way_in(people: &People, keyring: &Keyring) -> Result<Option<WayIn>, KeyringError> {
    if owner_comes_in(people, keyring)? {
        return Ok(None);
    }
    let owner = people.owners().next();
    let (purpose, account) = owner.map_or((Purpose::SetUp, NO_ACCOUNT), |owner| (Purpose::Recovery, Account(owner.id)));
    Ok(Some(WayIn { login: owner.map(|owner| owner.login.clone()), path: link_path(keyring, purpose, account)? }))
}

/// Makes a link to print on the machine itself, and gives its address.
pub fn link_path(keyring: &Keyring, purpose: Purpose, account: Account) -> Result<String, KeyringError> {
    let word = match purpose {
        Purpose::SetUp => "set-up",
        Purpose::Invitation => "invitation",
        Purpose::Recovery => "recovery",
        Purpose::Mail => "mail",
    };
    let link = keyring.make_link(purpose, account, "", LIFE)?;
    Ok(format!("/links/{word}/{}", link.expose_secret()))
}
