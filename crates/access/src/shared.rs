//! Decisions that people alike share.
//!
//! Policies see of a person their roles, where these are held, and whether a record is their own; of logins and
//! organisations they see only those that some policy names. So ten thousand people with twenty kinds of roles need
//! twenty sets of tables.

use crate::{hats::Hats, person::Person, policies::Policies, table::Table};
use cedar_policy::EntityUid;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Decisions by register, each worked out when first asked for.
pub(crate) type Tables = BTreeMap<String, OnceLock<Table>>;

/// Sets that are kept at most; then all are worked out anew.
const MOST: usize = 1000;

/// Everything about a person and a purpose that policies can tell apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Alike {
    service: bool,
    /// If a policy names it.
    login: Option<String>,
    purpose: Option<String>,
    /// Roles, and those organisations that a policy names, hat by hat.
    hats: Vec<(BTreeSet<String>, BTreeSet<String>)>,
    /// Under which hats records can be own together.
    sets: Vec<BTreeSet<usize>>,
}

/// The sets of tables of policies.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<HashMap<Alike, Arc<Tables>>>);

impl Shared {
    /// The tables of everyone alike.
    pub(crate) fn tables(&self, policies: &Policies, person: &Person, hats: &Hats, purpose: Option<&str>) -> Arc<Tables> {
        let named = |kind: &str, id: &str| policies.uid(kind, id).is_some_and(|uid| policies.named.contains(&uid));
        let hat = |hat: &crate::hats::Hat| {
            let organisations = hat.organisation.iter().chain(&hat.above).map(crate::Organisation::policy_name);
            (hat.roles.clone(), organisations.filter(|name| named("Organisation", name)).collect())
        };
        let kind = if person.is_service() { "Service" } else { "Person" };
        let alike = Alike {
            service: person.is_service(),
            login: Some(person.login()).filter(|login| named(kind, login)).map(str::to_string),
            purpose: purpose.map(str::to_string),
            hats: hats.hats.iter().map(hat).collect(),
            sets: hats.sets().to_vec(),
        };
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.len() >= MOST {
            shared.clear();
        }
        let new = || Arc::new(policies.pack().registers.keys().map(|r| (r.clone(), OnceLock::new())).collect());
        Arc::clone(shared.entry(alike).or_insert_with(new))
    }
}

/// All entities that policies name.
pub(crate) fn named(set: &cedar_policy::PolicySet) -> HashSet<EntityUid> {
    set.policies().flat_map(cedar_policy::Policy::entity_literals).collect()
}
