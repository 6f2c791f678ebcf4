//! Who asks: people and service accounts with their roles in organisations, as plain data.

use std::collections::{BTreeMap, BTreeSet};

/// A person or service account. Built from whatever keeps accounts; memberships that are not in force today
/// must be left out by whoever builds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    login: String,
    service: bool,
    memberships: Vec<Membership>,
}

/// The name under which whoever is not signed in stands in policies and records.
const PUBLIC: &str = "public";

impl Person {
    /// Whoever is not signed in: without roles.
    pub fn public() -> Person {
        Person { login: PUBLIC.to_string(), service: false, memberships: vec![] }
    }

    /// Somebody who signed in under this login; `public` is nobody's login and stays without roles.
    pub fn new(login: impl Into<String>, memberships: Vec<Membership>) -> Person {
        let login = login.into();
        let memberships = if login == PUBLIC { vec![] } else { memberships };
        Person { login, service: false, memberships }
    }

    /// A service account, by which a program acts.
    pub fn service(login: impl Into<String>, memberships: Vec<Membership>) -> Person {
        Person { login: login.into(), service: true, memberships }
    }

    /// As recorded in events and named in policies.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// Whether it is a service account.
    pub fn is_service(&self) -> bool {
        self.service
    }

    /// Roles in organisations.
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }
}

/// A role held in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Code of the list `role`.
    pub role: String,
    /// Where it is held.
    pub organisation: Organisation,
    /// What the organisation is part of, nearest first.
    pub above: Vec<Organisation>,
    /// What is part of the organisation, at any depth.
    pub below: Vec<Organisation>,
}

/// A record of `office_organisation`, as far as access needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Organisation {
    /// Id of the record.
    pub id: i64,
    /// Corporate number (法人番号), 13 digits; none for bodies without one.
    pub number: Option<String>,
}

impl Organisation {
    /// Name in policies: the corporate number, or `#` and the record's id.
    pub fn policy_name(&self) -> String {
        self.number.clone().unwrap_or_else(|| format!("#{}", self.id))
    }
}

/// Whose a record is, read from the column its register names by `owner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOwner<'a> {
    /// Nobody's in particular: the register names no owner, or the field is blank.
    Nobody,
    /// The organisation with this corporate number.
    Number(&'a str),
    /// The organisation with this record id.
    Organisation(i64),
}

/// The tree of organisations, from which memberships are made.
#[derive(Clone, Debug, Default)]
pub struct Organisations {
    all: BTreeMap<i64, (Organisation, Option<i64>)>,
}

impl Organisations {
    /// From records of `office_organisation`: id, corporate number, id of the organisation above.
    pub fn new(records: impl IntoIterator<Item = (i64, Option<String>, Option<i64>)>) -> Organisations {
        let all = records.into_iter().map(|(id, number, parent)| (id, (Organisation { id, number }, parent))).collect();
        Organisations { all }
    }

    /// A role in an organisation; none when there is no such organisation.
    pub fn membership(&self, role: impl Into<String>, organisation: i64) -> Option<Membership> {
        let at = self.all.get(&organisation)?.0.clone();
        let below = self.all.values().map(|(o, _)| o).filter(|o| self.above(o.id).any(|a| *a == at)).cloned().collect();
        Some(Membership { role: role.into(), above: self.above(organisation).cloned().collect(), organisation: at, below })
    }

    /// Organisations above one, nearest first. Where two name each other as parents, the way up ends at the
    /// first that comes again.
    fn above(&self, organisation: i64) -> impl Iterator<Item = &Organisation> {
        let mut seen = BTreeSet::from([organisation]);
        let mut at = organisation;
        std::iter::from_fn(move || {
            let parent = self.all.get(&at)?.1?;
            let (above, _) = self.all.get(&parent)?;
            at = parent;
            seen.insert(parent).then_some(above)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(all: &[Organisation]) -> Vec<i64> {
        all.iter().map(|o| o.id).collect()
    }

    #[test]
    fn a_membership_knows_what_lies_above_and_below() {
        let tree = Organisations::new([(1, None, None), (2, None, Some(1)), (3, None, Some(2)), (4, None, Some(1)), (5, None, Some(9))]);
        let at = tree.membership("desk", 2).unwrap_or_else(|| unreachable!());
        assert_eq!((ids(&at.above), ids(&at.below)), (vec![1], vec![3]));
        let top = tree.membership("desk", 1).unwrap_or_else(|| unreachable!());
        assert_eq!((ids(&top.above), ids(&top.below)), (vec![], vec![2, 3, 4]));
        assert!(tree.membership("desk", 9).is_none());
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let tree = Organisations::new([(1, None, Some(2)), (2, None, Some(1)), (3, None, Some(3))]);
        let at = tree.membership("desk", 1).unwrap_or_else(|| unreachable!());
        assert_eq!((ids(&at.above), ids(&at.below)), (vec![2], vec![2]));
        let own = tree.membership("desk", 3).unwrap_or_else(|| unreachable!());
        assert_eq!((ids(&own.above), ids(&own.below)), (vec![], vec![]));
    }

    #[test]
    fn the_public_holds_no_roles() {
        let tree = Organisations::new([(1, None, None)]);
        assert_eq!(Person::new("public", tree.membership("owner", 1).into_iter().collect()), Person::public());
    }
}
