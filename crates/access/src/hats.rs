//! A person wears one hat per organisation: the roles they hold there.
//!
//! Decisions are made for each hat on its own. Somebody who reports for one hospital and only reads in another
//! must not report for the second, though both are theirs: the role counts where it is held.

use crate::person::{Organisation, Person, RecordOwner};
use std::collections::{BTreeMap, BTreeSet};

/// One organisation's roles of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hat {
    /// Where; none for somebody without memberships.
    pub(crate) organisation: Option<Organisation>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) above: Vec<Organisation>,
}

/// For which hats a record is one's own: an index into the sets of hats that occur. Two records of a register
/// in the same state with the same `Own` are decided alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Own(pub(crate) u32);

impl Own {
    /// Of none of the person's organisations.
    pub const NO: Own = Own(0);

    /// Whether the record is of an organisation of the person's or below one.
    pub fn is_own(self) -> bool {
        self != Own::NO
    }
}

/// The hats of a person, and which records are own under which.
#[derive(Clone, Debug)]
pub(crate) struct Hats {
    pub(crate) hats: Vec<Hat>,
    /// Sets of hats; the first is empty.
    sets: Vec<BTreeSet<usize>>,
    by_organisation: BTreeMap<Organisation, Own>,
    by_id: BTreeMap<i64, Own>,
    by_number: BTreeMap<String, Own>,
}

impl Hats {
    pub(crate) fn new(person: &Person) -> Hats {
        let mut hats: Vec<Hat> = vec![];
        let mut reach: BTreeMap<Organisation, BTreeSet<usize>> = BTreeMap::new();
        for m in person.memberships() {
            let at = hats.iter().position(|h| h.organisation.as_ref() == Some(&m.organisation)).unwrap_or_else(|| {
                hats.push(Hat { organisation: Some(m.organisation.clone()), roles: BTreeSet::new(), above: m.above.clone() });
                hats.len() - 1
            });
            hats[at].roles.insert(m.role.clone());
            for organisation in m.below.iter().chain([&m.organisation]) {
                reach.entry(organisation.clone()).or_default().insert(at);
            }
        }
        if hats.is_empty() {
            hats.push(Hat { organisation: None, roles: BTreeSet::new(), above: vec![] });
        }
        let mut all = Hats {
            hats,
            sets: vec![BTreeSet::new()],
            by_organisation: BTreeMap::new(),
            by_id: BTreeMap::new(),
            by_number: BTreeMap::new(),
        };
        for (organisation, set) in reach {
            let own = all.set(&set);
            all.by_id.insert(organisation.id, own);
            if let Some(number) = &organisation.number {
                all.by_number.insert(number.clone(), own);
            }
            all.by_organisation.insert(organisation, own);
        }
        all
    }

    fn set(&mut self, set: &BTreeSet<usize>) -> Own {
        let at = self.sets.iter().position(|s| s == set).unwrap_or_else(|| {
            self.sets.push(set.clone());
            self.sets.len() - 1
        });
        Own(u32::try_from(at).unwrap_or_default())
    }

    /// Sets of hats under which records are own together; the first is empty.
    pub(crate) fn sets(&self) -> &[BTreeSet<usize>] {
        &self.sets
    }

    /// Whether a record is own under a hat.
    pub(crate) fn covers(&self, own: Own, hat: usize) -> bool {
        self.sets.get(own.0 as usize).is_some_and(|set| set.contains(&hat))
    }

    /// All that can occur, [`Own::NO`] first.
    pub(crate) fn owns(&self) -> impl Iterator<Item = Own> + use<> {
        (0..u32::try_from(self.sets.len()).unwrap_or_default()).map(Own)
    }

    pub(crate) fn whose(&self, owner: RecordOwner<'_>) -> Own {
        match owner {
            RecordOwner::Nobody => Own::NO,
            RecordOwner::Number(number) => self.by_number.get(number).copied().unwrap_or_default(),
            RecordOwner::Organisation(id) => self.by_id.get(&id).copied().unwrap_or_default(),
        }
    }

    /// Organisations whose records are `own` in this way.
    pub(crate) fn organisations(&self, own: Own) -> impl Iterator<Item = &Organisation> {
        self.by_organisation.iter().filter(move |(_, o)| **o == own).map(|(organisation, _)| organisation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::Organisations;

    #[test]
    fn a_record_is_own_under_the_hats_that_reach_it() {
        let number = |n: i64| Some(format!("{n:013}"));
        let tree = Organisations::new([(1, number(1), None), (2, number(2), Some(1)), (3, number(3), Some(1)), (4, number(4), None)]);
        let member = |role: &str, at| tree.membership(role, at).unwrap_or_else(|| unreachable!());
        let person = Person::new("a", vec![member("reader", 1), member("reporter", 2), member("desk", 2)]);
        let hats = Hats::new(&person);
        assert_eq!(hats.hats.len(), 2);
        let [top, hub, other] = [1, 2, 3].map(|id| hats.whose(RecordOwner::Organisation(id)));
        assert_eq!((hats.covers(top, 0), hats.covers(top, 1)), (true, false));
        assert_eq!((hats.covers(hub, 0), hats.covers(hub, 1)), (true, true));
        assert_eq!(top, other);
        assert_eq!(hats.whose(RecordOwner::Number("0000000000002")), hub);
        for stranger in [RecordOwner::Nobody, RecordOwner::Organisation(4), RecordOwner::Number("0000000000004"), RecordOwner::Number("")] {
            assert_eq!(hats.whose(stranger), Own::NO);
        }
        assert_eq!(hats.organisations(top).map(|o| o.id).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(hats.organisations(Own::NO).count(), 0);
    }
}
