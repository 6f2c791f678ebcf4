//! Mistakes in policies and questions, each with its mend.

use shirube_plan::{Diagnostic, Place};
use thiserror::Error;

/// Why no clearance can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The purpose is not in the pack's list.
    #[error("there is no purpose `{purpose}`; use one of {known}")]
    UnknownPurpose {
        /// As given.
        purpose: String,
        /// Codes of the list `purpose`, separated by commas.
        known: String,
    },
}

/// A mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PolicyMistake {
    #[error("not a policy: {0}")]
    Syntax(String),
    #[error("the policy leaves `?principal` or `?resource` open")]
    Template,
    #[error("the policy has no @{0}")]
    NoAnnotation(&'static str),
    #[error("policy id `{0}` is not a plain id")]
    BadId(String),
    #[error("policy `{id}` is declared twice, first at {}:{}", first.file, first.line)]
    DuplicateId { id: String, first: Place },
    #[error("{what} `{name}` does not exist")]
    Unknown { what: String, name: String, hint: String },
    #[error("`{0}` is not a corporate number")]
    NotANumber(String),
    #[error("{0}")]
    UnknownType(String, Option<String>),
    #[error("{0}")]
    UnknownAttribute(String, Option<String>),
    #[error("the policy can never apply")]
    NeverApplies,
    #[error("{0}")]
    Types(String, Option<String>),
    #[error("{0}")]
    Misleading(String),
    #[error("the schema of the pack cannot be read: {0}")]
    Schema(String),
}

impl PolicyMistake {
    pub(crate) fn mend(&self) -> String {
        let with = |mend: &str, hint: &Option<String>| match hint {
            Some(hint) => format!("{mend} ({hint})"),
            None => mend.to_string(),
        };
        match self {
            Self::Syntax(_) => "correct the syntax at this line; docs/packs.md shows policies".into(),
            Self::Template => "name a role, an organisation or a register there, or leave the place open without `?`".into(),
            Self::NoAnnotation("id") => "add e.g. `@id(\"public-reads\")` before it; the id names it in explanations".into(),
            Self::NoAnnotation(key) => format!("add `@{key}(\"…\")` before it; it is what a screen says when somebody asks why"),
            Self::BadId(_) => "use lower-case letters, digits and hyphens".into(),
            Self::DuplicateId { .. } => "give one of them another @id".into(),
            Self::Unknown { what, hint, .. } if what == "action" => format!("use an action of docs/packs.md{hint}"),
            Self::Unknown { hint, .. } => format!("declare it or correct the name{hint}"),
            Self::NotANumber(_) => "write the 13 digits of the organisation's corporate number".into(),
            Self::UnknownType(_, hint) => with("use a type of the pack's schema; docs/packs.md lists them", hint),
            Self::UnknownAttribute(_, hint) => with(
                "docs/packs.md says what has which attributes; where the action applies to several kinds of resource, say `resource is Record`",
                hint,
            ),
            Self::NeverApplies => "its action does not fit its principal or resource, or its conditions contradict each other".into(),
            Self::Types(_, hint) => with("compare like with like, e.g. `resource.state == State::\"draft\"`", hint),
            Self::Misleading(_) => "write it in plain characters of one script".into(),
            Self::Schema(_) => "mend the other mistakes first".into(),
        }
    }

    pub(crate) fn at(&self, place: &Place) -> Diagnostic {
        Diagnostic { place: place.clone(), problem: self.to_string(), mend: self.mend() }
    }
}
