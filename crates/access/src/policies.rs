//! Policies without mistakes, ready to be asked.

use crate::check::compile;
use crate::shared::{self, Shared};
use cedar_policy::{ActionConstraint, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, PrincipalConstraint};
use shirube_plan::{Diagnostic, Pack, Pair, Place};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// The built-in policies and those of a pack. They can be made only of policies that [`crate::check`] finds
/// nothing wrong with: a policy that fails while it is asked would be left out, and a forbid left out permits.
#[derive(Clone)]
pub struct Policies {
    pack: Arc<Pack>,
    pub(crate) set: PolicySet,
    policies: BTreeMap<String, Policy>,
    kinds: BTreeMap<&'static str, EntityTypeName>,
    /// The actions with their groups, without which `action in Action::"write"` would hold for none.
    pub(crate) actions: Entities,
    /// Entities that some policy names.
    pub(crate) named: HashSet<EntityUid>,
    pub(crate) shared: Arc<Shared>,
}

/// One policy, as screens name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its `@id`.
    pub id: String,
    /// Its `@label_ja` and `@label_en`: why.
    pub label: Pair,
    /// Whether it permits; else it forbids.
    pub permits: bool,
    /// Where it stands.
    pub place: Place,
}

/// Types that questions are made of.
const KINDS: [&str; 16] = [
    "Action",
    "Person",
    "Service",
    "Role",
    "Organisation",
    "Registers",
    "Register",
    "Record",
    "Field",
    "Indicator",
    "Kind",
    "Sensitivity",
    "State",
    "System",
    "Transition",
    "Purpose",
];

impl Policies {
    /// Reads the policies of a pack.
    ///
    /// # Errors
    /// Every mistake [`crate::check`] finds.
    pub fn new(pack: Arc<Pack>) -> Result<Policies, Vec<Diagnostic>> {
        let (compiled, mistakes) = compile(&pack);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let kinds = KINDS.iter().filter_map(|kind| Some((*kind, kind.parse().ok()?))).collect();
        let named = shared::named(&compiled.set);
        let shared = Arc::default();
        Ok(Policies { pack, named, shared, set: compiled.set, policies: compiled.policies, kinds, actions: compiled.actions })
    }

    /// The pack they belong to.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// All policies by id, for a screen that lists them.
    pub fn all(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// The policy with this id.
    pub fn get(&self, id: &str) -> Option<&Policy> {
        self.policies.get(id)
    }

    /// A Cedar entity; none for a type that is not ours.
    pub(crate) fn uid(&self, kind: &str, id: &str) -> Option<EntityUid> {
        Some(EntityUid::from_type_name_and_id(self.kinds.get(kind)?.clone(), EntityId::new(id)))
    }

    /// Policies whose head can hold for an action by a principal with these parents. Cedar tries every policy of a
    /// set; most of a pack's are about other roles and actions, and a table asks thousands of questions.
    pub(crate) fn about(&self, action: &EntityUid, principal: &EntityUid, parents: &HashSet<EntityUid>) -> PolicySet {
        let same = |uid: &EntityUid| uid == principal || parents.contains(uid);
        let who = |policy: &cedar_policy::Policy| match policy.principal_constraint() {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(uid) => uid == *principal,
            PrincipalConstraint::In(uid) => same(&uid),
            PrincipalConstraint::Is(kind) => kind == *principal.type_name(),
            PrincipalConstraint::IsIn(kind, uid) => kind == *principal.type_name() && same(&uid),
        };
        let what = |policy: &cedar_policy::Policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => uid == *action,
            ActionConstraint::In(uids) => uids.iter().any(|uid| uid == action || self.actions.is_ancestor_of(uid, action)),
        };
        let mut set = PolicySet::new();
        for policy in self.set.policies().filter(|p| what(p) && who(p)) {
            // Ids are unique in the set they come from.
            let _ = set.add(policy.clone());
        }
        set
    }

    /// Which group of registers one belongs to; none for an unknown register.
    pub(crate) fn group(&self, register: &str) -> Option<&'static str> {
        self.pack.registers.get(register).map(|r| if r.built_in() { "office" } else { "plan" })
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policies of {} ({})", self.pack.meta.id, self.policies.len())
    }
}
