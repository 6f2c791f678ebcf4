//! Roles that accounts hold and the organisations in which they hold them, as far as the reader sees both.

use crate::{error::Error, names::Names, text::L};
use shirube_record::{Cell, Content};
use shirube_snapshot::{Filter, ListQuery, Op, PAGE_LIMIT, Snapshot, today};
use shirube_store::People;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The register that says who holds which role.
pub const MEMBERSHIPS: &str = "office_membership";

/// The register of organisations.
pub const ORGANISATIONS: &str = "office_organisation";

/// A role in an organisation. It counts while its account is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The account.
    pub account: i64,
    /// Code of the list `role`.
    pub role: String,
    /// The organisation.
    pub organisation: i64,
}

impl Role {
    /// A membership as a role, unless it was over before a day.
    fn of(membership: &Content, day: &str) -> Option<Role> {
        let over = matches!(membership.get("until"), Some(Cell::Text(until)) if until.as_str() < day);
        match (membership.get("account")?, membership.get("role")?, membership.get("organisation")?) {
            (Cell::Integer(account), Cell::Text(role), Cell::Integer(organisation)) if !over => {
                Some(Role { account: *account, role: role.clone(), organisation: *organisation })
            }
            _ => None,
        }
    }
}

/// The roles of these accounts, also of those that are only invited, without those that are over.
pub fn held(reader: &Snapshot, accounts: &[i64]) -> Result<Vec<Role>, Error> {
    if accounts.is_empty() {
        return Ok(vec![]);
    }
    let accounts = accounts.iter().map(i64::to_string).collect();
    let query = ListQuery {
        register: MEMBERSHIPS.to_string(),
        filters: vec![
            Filter { column: "account".to_string(), op: Op::In, values: accounts },
            Filter { column: "_state".to_string(), op: Op::Eq, values: vec!["active".to_string()] },
        ],
        limit: PAGE_LIMIT,
        fields: Some(Arc::new(BTreeSet::from(["account", "role", "organisation", "until"].map(str::to_string)))),
        ..ListQuery::default()
    };
    let today = today();
    Ok(reader.list(&query)?.rows.iter().filter_map(|membership| Role::of(&membership.content, &today)).collect())
}

/// What these organisations are called in the reader's language.
pub fn organisations(reader: &Snapshot, people: &People, ids: impl Iterator<Item = i64>, l: L) -> Result<BTreeMap<i64, String>, Error> {
    let wanted = ids.map(|id| (ORGANISATIONS.to_string(), id)).collect();
    let seen = Names::of(reader, &wanted, l.0)?.into_map().into_iter().filter(|(_, choice)| !choice.label.is_empty());
    let called = |id: i64, label: String| people.organisation(id).map_or(label, |name| l.p(name).to_string());
    Ok(seen.map(|((_, id), choice)| (id, called(id, choice.label))).collect())
}
