//! The one place where access is decided.

use crate::StoreError;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    id: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Owner,
    Pack,
    Other,
}

impl Actor {
    /// The single local owner: whoever runs the program on their own data folder.
    pub fn owner() -> Actor {
        Actor { id: "owner".to_string(), kind: Kind::Owner }
    }

    /// Someone by name. Nothing is granted to names yet.
    pub fn named(id: impl Into<String>) -> Actor {
        Actor { id: id.into(), kind: Kind::Other }
    }

    /// The pack, loading its own records.
    pub(crate) fn pack(id: &str, version: &str) -> Actor {
        Actor { id: format!("pack:{id}@{version}"), kind: Kind::Pack }
    }

    /// As recorded in events.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Action {
    Read,
    Create,
    Amend,
    Transition,
    Attach,
    Redact,
    Verify,
    Snapshot,
    Rebuild,
}

/// On what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The whole data folder.
    Everything,
    /// A register.
    Register(&'a str),
    /// A record of a register.
    Record(&'a str, i64),
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// No.
    Deny,
}

/// Decides. Whatever is not granted here is denied.
pub fn decide(actor: &Actor, action: Action, _resource: Resource<'_>) -> Decision {
    match (actor.kind, action) {
        (Kind::Owner, _) => Decision::Allow,
        (Kind::Pack, Action::Read | Action::Create | Action::Amend) => Decision::Allow,
        _ => Decision::Deny,
    }
}

/// [`decide`] as a result.
pub(crate) fn allow(actor: &Actor, action: Action, resource: Resource<'_>) -> Result<(), StoreError> {
    match decide(actor, action, resource) {
        Decision::Allow => Ok(()),
        Decision::Deny => Err(StoreError::Denied { actor: actor.id().to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_do_everything_and_strangers_nothing() {
        let actions = [
            Action::Read,
            Action::Create,
            Action::Amend,
            Action::Transition,
            Action::Attach,
            Action::Redact,
            Action::Verify,
            Action::Snapshot,
            Action::Rebuild,
        ];
        for action in actions {
            assert_eq!(decide(&Actor::owner(), action, Resource::Everything), Decision::Allow);
            assert_eq!(decide(&Actor::named("owner"), action, Resource::Record("project", 1)), Decision::Deny);
        }
        assert_eq!(decide(&Actor::pack("p", "1"), Action::Redact, Resource::Everything), Decision::Deny);
    }
}
