//! The Cedar schema of a pack: the one place that says what policies can speak of.

use shirube_plan::{Pack, Register, Sensitivity};
use std::collections::BTreeSet;

/// What policies write where there is nothing to name: the state of a record without states, the purpose of
/// somebody who stated none.
pub const NONE: &str = "-";

/// Sensitivities with their names in policies and packs, rising.
pub(crate) const SENSITIVITIES: [(Sensitivity, &str); 4] = [
    (Sensitivity::Public, "public"),
    (Sensitivity::Internal, "internal"),
    (Sensitivity::Commercial, "commercial"),
    (Sensitivity::Personal, "personal"),
];

/// Actions and their groups, for hints. The schema below declares them.
pub(crate) const ACTIONS: [&str; 18] = [
    "look",
    "read",
    "exact",
    "see",
    "history",
    "export",
    "write",
    "create",
    "amend",
    "attach",
    "transition",
    "import",
    "redact",
    "operate",
    "snapshot",
    "verify",
    "rebuild",
    "administer",
];

/// The schema in Cedar's own notation, generated from the pack.
///
/// Words that the pack fixes (roles, states, transitions, purposes, sensitivities) are enumerated entities and
/// not texts: a forbid with a mistyped state would silently forbid nothing, and only entities are checked.
pub fn schema(pack: &Pack) -> String {
    let codes = |list: &str| -> Vec<&str> {
        let list = pack.code_lists.get(list);
        list.map(|l| l.codes.iter().map(|c| c.code.as_str()).collect()).unwrap_or_default()
    };
    let registers = || pack.registers.values();
    let states: BTreeSet<&str> = registers().flat_map(states).collect();
    let transitions: BTreeSet<&str> = registers().flat_map(|r| &r.transitions).map(|t| t.name.as_str()).collect();
    format!(
        r#"// People and programs. Whoever is not signed in is Person::"public".
entity Role enum [{roles}];
entity Organisation in [Organisation];
entity Person in [Role, Organisation];
entity Service in [Role, Organisation];

// What they deal with.
entity Registers enum ["plan", "office"];
entity State enum [{states}];
entity Transition enum [{transitions}];
entity Sensitivity enum [{sensitivities}];
entity Purpose enum [{purposes}];
entity Kind enum ["kgi", "kpi", "reference", "follow-up", "check"];
entity System enum ["shirube"];
entity Register in [Registers];
entity Record in [Register, Registers] {{ state: State, own: Bool, synthetic: Bool }};
entity Field in [Register, Registers] {{ sensitivity: Sensitivity, state: State, own: Bool, synthetic: Bool }};
entity Indicator {{ kind: Kind, sensitivity: Sensitivity }};

// What they do.
type Ask = {{ purpose: Purpose }};
type Move = {{ purpose: Purpose, transition: Transition }};
action look, write, operate;
action read in [look] appliesTo {{ principal: [Person, Service], resource: [Record, Indicator], context: Ask }};
action exact in [look] appliesTo {{ principal: [Person, Service], resource: [Indicator], context: Ask }};
action see in [look] appliesTo {{ principal: [Person, Service], resource: [Field], context: Ask }};
action history in [look] appliesTo {{ principal: [Person, Service], resource: [Record], context: Ask }};
action export in [look] appliesTo {{ principal: [Person, Service], resource: [Register], context: Ask }};
action create, amend, attach in [write] appliesTo {{ principal: [Person, Service], resource: [Record], context: Ask }};
action transition in [write] appliesTo {{ principal: [Person, Service], resource: [Record], context: Move }};
action import in [write] appliesTo {{ principal: [Person, Service], resource: [Register], context: Ask }};
action redact appliesTo {{ principal: [Person, Service], resource: [Record], context: Ask }};
action snapshot, verify, rebuild, administer, trail in [operate] appliesTo {{ principal: [Person, Service], resource: [System], context: Ask }};
"#,
        roles = list(codes("role")),
        states = list([NONE].into_iter().chain(states)),
        transitions = list([NONE].into_iter().chain(transitions)),
        sensitivities = list(SENSITIVITIES.map(|(_, name)| name)),
        purposes = list([NONE].into_iter().chain(codes("purpose"))),
    )
}

/// Names of a register's states.
pub(crate) fn states(register: &Register) -> impl Iterator<Item = &str> {
    register.states.iter().map(|s| s.name.as_str())
}

/// `"a", "b"`. Names of a sound pack hold no quotation marks; a broken one must not break the schema's syntax.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
