//! What every pack has without declaring it: the registers of organisations, accounts, memberships and
//! subscriptions, and the code lists they use. They are written in the format of a pack and read by the same code, so they
//! have forms, lists, history, import and API like any register.

/// Names of registers and code lists that begin so are ours.
pub(crate) const PREFIX: &str = "office_";

/// The register of organisations: what `owner` may refer to.
pub(crate) const ORGANISATION: &str = "office_organisation";

/// Code lists that a pack may add codes to.
pub(crate) const OPEN_LISTS: [&str; 2] = ["role", "purpose"];

/// Built-in code lists: name and text.
pub(crate) const CODE_LISTS: [(&str, &str); 7] = [
    ("role", include_str!("office/role.toml")),
    ("purpose", include_str!("office/purpose.toml")),
    ("office_organisation_kind", include_str!("office/office_organisation_kind.toml")),
    ("office_account_kind", include_str!("office/office_account_kind.toml")),
    ("office_language", include_str!("office/office_language.toml")),
    ("office_happening", include_str!("office/office_happening.toml")),
    ("office_channel", include_str!("office/office_channel.toml")),
];

/// The code list of the pack's own registers, for subscriptions.
pub(crate) const REGISTER_LIST: &str = "office_register";

/// Built-in registers: name and text.
pub(crate) const REGISTERS: [(&str, &str); 4] = [
    (ORGANISATION, include_str!("office/office_organisation.toml")),
    ("office_account", include_str!("office/office_account.toml")),
    ("office_membership", include_str!("office/office_membership.toml")),
    ("office_subscription", include_str!("office/office_subscription.toml")),
];

/// Path under which mistakes in a built-in file would be reported; no pack can have such a file.
pub(crate) fn path(name: &str) -> String {
    format!("(built in)/{name}.toml")
}
