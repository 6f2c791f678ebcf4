//! Publishing tables moment after moment.

use crate::system::{Exposure, Row, System, Var};
use std::collections::{BTreeMap, BTreeSet};

/// A count of persons or organisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub value: u32,
    /// Counts from 1 to one less than this are primary.
    pub threshold: u32,
}

impl Count {
    /// Small, and so not to be shown.
    pub fn is_primary(self) -> bool {
        0 < self.value && self.value < self.threshold
    }
}

/// Tables as they are at one moment. `C` names a count the same way at every moment.
#[derive(Clone, Debug)]
pub struct Edition<C> {
    /// Every count, also those that are never shown.
    pub counts: BTreeMap<C, Count>,
    /// What adds up.
    pub sums: Vec<Sum<C>>,
    /// What is to be shown.
    pub units: Vec<Unit<C>>,
}

/// Counts that add up to another. Those without a value at the moment are zero.
#[derive(Clone, Debug)]
pub struct Sum<C> {
    /// The whole.
    pub total: C,
    /// Its parts.
    pub parts: Vec<C>,
}

/// What is shown or suppressed as one: a cell, or the numerator, denominator and value of a rate.
#[derive(Clone, Debug)]
pub struct Unit<C> {
    /// The counts that whoever sees it knows.
    pub counts: Vec<C>,
}

/// What becomes of a unit. Readers are told only whether it is shown: which of the others are small is a secret, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is shown.
    Shown,
    /// It holds a small count.
    Primary,
    /// It protects a small count.
    Complementary,
    /// Everything it adds up with is suppressed, zeros included, as no choice within it was found to be safe.
    Withheld,
}

/// All that was shown so far.
///
/// # Protection
/// A primary count is protected if tables that agree with all the attacker knows are *at hand* in which it is at most
/// 1 and at least k − 1 (suppression says as much by itself), or ones in which it differs by k or more. These tables
/// are found by linear programming in floating point and then checked in whole numbers, so that no rounding makes a
/// table pass for safe. Where none are found the count passes for exposed, and more is suppressed.
#[derive(Clone, Debug)]
pub struct History<C> {
    vars: BTreeMap<(C, u32), Var>,
    system: System,
}

impl<C> Default for History<C> {
    fn default() -> Self {
        History { vars: BTreeMap::new(), system: System::default() }
    }
}

/// Units up to which all choices are compared and looked at once more; with more it would take too long.
const REVIEWED: usize = 500;

/// Blocks of an edition that hang together by sums, by number.
type Blocks = BTreeSet<usize>;

impl<C: Ord + Clone> History<C> {
    /// Decides on the units of the next moment, in their order, and remembers what is shown.
    ///
    /// A suppressed unit stays suppressed as long as its counts do not change. When nothing in a block can be shown
    /// safely, all of it is withheld; so nobody learns anything from it, and a decision is always found.
    pub fn publish(&mut self, edition: &Edition<C>) -> Vec<Fate> {
        let edition = Read::new(edition);
        let mut withheld = Blocks::new();
        loop {
            match self.attempt(&edition, &withheld) {
                Ok((next, fates)) => {
                    *self = next;
                    return fates;
                }
                Err(more) => withheld.extend(more),
            }
        }
    }

    /// Publishes all but some blocks, or tells which others must be withheld.
    fn attempt(&self, edition: &Read<'_, C>, withheld: &Blocks) -> Result<(Self, Vec<Fate>), Blocks> {
        let mut next = self.clone();
        let before = self.system.len();
        let blocks = &edition.blocks;
        let open = blocks.iter().filter(|(_, block)| !withheld.contains(block));
        let vars: BTreeMap<&C, Var> = open.map(|(c, _)| (*c, next.var(c, edition.of.counts[*c]))).collect();
        for sum in &edition.of.sums {
            if let Some(total) = vars.get(&sum.total) {
                next.system.add(Row::new(*total, sum.parts.iter().filter_map(|p| vars.get(p).copied())));
            }
        }
        next.order();
        let units: Vec<Option<Vec<Var>>> =
            edition.of.units.iter().map(|u| u.counts.iter().map(|c| vars.get(c).copied()).collect()).collect();
        let unknown_before = |v: &Var| *v < before && !self.system.is_known(*v);
        let mut shown: Vec<bool> = units
            .iter()
            .map(|unit| unit.as_ref().is_some_and(|vars| !vars.iter().any(|v| next.system.is_primary(*v) || unknown_before(v))))
            .collect();
        // What was known before protects nothing by being suppressed now, and neither does a zero.
        let worth: Vec<bool> =
            (0..next.system.len()).map(|v| next.system.value(v) > 0 && !(v < before && self.system.is_known(v))).collect();
        let small = units.len() <= REVIEWED;
        // Units that were hidden together.
        let mut hidden: Vec<Vec<usize>> = vec![];
        loop {
            let exposed = next.exposed(&self.system, &units, &shown);
            if exposed.is_empty() {
                break;
            }
            let mut now: BTreeSet<Var> = BTreeSet::new();
            for exposure in &exposed {
                // What was hidden for another may be enough for this one, too.
                let (first, then) = if small { (&exposure.around, &exposure.near) } else { (&exposure.near, &exposure.around) };
                if !now.is_disjoint(first) {
                    continue;
                }
                let open = Open { system: &next.system, units: &units, shown: &shown };
                let least = |among: &BTreeSet<Var>| open.least(among.iter().copied().filter(|v| worth[*v]));
                let Some(var) = least(first).or_else(|| least(then)) else { continue };
                now.insert(var);
                let with = |i: &usize| shown[*i] && units[*i].as_ref().is_some_and(|vars| vars.contains(&var));
                let group: Vec<usize> = (0..units.len()).filter(with).collect();
                group.iter().for_each(|i| shown[*i] = false);
                hidden.push(group);
            }
            if now.is_empty() {
                let hangs = |v: &Var| exposed.iter().any(|e| e.around.contains(v) || e.inside.contains(v));
                let more: Blocks = vars.iter().filter(|(_, v)| hangs(v)).map(|(c, _)| blocks[c]).collect();
                // Everything else was safe before: what is exposed hangs together with what is new.
                return Err(if more.is_empty() { blocks.values().copied().collect() } else { more });
            }
        }
        // The first choices are often not needed any more when the last are made.
        if small && hidden.len() > 1 {
            for group in hidden {
                group.iter().for_each(|i| shown[*i] = true);
                if !next.exposed(&self.system, &units, &shown).is_empty() {
                    group.iter().for_each(|i| shown[*i] = false);
                }
            }
            next.exposed(&self.system, &units, &shown);
        }
        let fates = units.iter().zip(&shown).map(|(unit, shown)| match unit {
            None => Fate::Withheld,
            // What all is known of already can as well be shown.
            Some(vars) if *shown || vars.iter().all(|v| next.system.is_known(*v)) => Fate::Shown,
            Some(vars) if vars.iter().any(|v| next.system.is_primary(*v)) => Fate::Primary,
            Some(_) => Fate::Complementary,
        });
        let fates = fates.collect();
        Ok((next, fates))
    }

    /// What an attacker does not know of a count with this value: one unknown however often it comes.
    fn var(&mut self, name: &C, count: Count) -> Var {
        let system = &mut self.system;
        let var = *self.vars.entry((name.clone(), count.value)).or_insert_with(|| system.var());
        system.set(var, i64::from(count.value), i64::from(count.threshold));
        var
    }

    /// Primary counts that are not protected when these units are shown.
    fn exposed(&mut self, before: &System, units: &[Option<Vec<Var>>], shown: &[bool]) -> Vec<Exposure> {
        let told = units.iter().zip(shown).filter(|(_, shown)| **shown).filter_map(|(unit, _)| unit.as_ref()).flatten();
        self.system.tell(before, told.copied());
        self.system.exposed(before)
    }

    /// Values of one count at different moments, rising.
    fn order(&mut self) {
        let mut pairs = vec![];
        for (((a, _), lesser), ((b, _), greater)) in self.vars.iter().zip(self.vars.iter().skip(1)) {
            if a == b {
                pairs.push((*lesser, *greater));
            }
        }
        self.system.order(pairs);
    }
}

/// What is still shown.
struct Open<'a> {
    system: &'a System,
    units: &'a [Option<Vec<Var>>],
    shown: &'a [bool],
}

impl Open<'_> {
    /// The count among these by whose hiding least is lost.
    fn least(&self, among: impl Iterator<Item = Var>) -> Option<Var> {
        let lost = |var: Var| -> Option<i64> {
            let with = self.units.iter().zip(self.shown).filter(|(_, shown)| **shown).filter_map(|(unit, _)| unit.as_ref());
            with.filter(|vars| vars.contains(&var)).flatten().map(|v| self.system.value(*v)).max()
        };
        among.filter_map(|v| Some((lost(v)?, v))).min().map(|(_, var)| var)
    }
}

/// An edition with its blocks: counts that sums or units join.
struct Read<'a, C> {
    of: &'a Edition<C>,
    blocks: BTreeMap<&'a C, usize>,
}

impl<'a, C: Ord> Read<'a, C> {
    fn new(of: &'a Edition<C>) -> Self {
        let names: Vec<&C> = of.counts.keys().collect();
        let at = |c: &C| names.binary_search(&c).ok();
        let mut block: Vec<usize> = (0..names.len()).collect();
        fn root(block: &[usize], mut i: usize) -> usize {
            while block[i] != i {
                i = block[i];
            }
            i
        }
        let sums = of.sums.iter().map(|s| s.parts.iter().chain([&s.total]).filter_map(at).collect::<Vec<_>>());
        let units = of.units.iter().map(|u| u.counts.iter().filter_map(at).collect());
        for joined in sums.chain(units) {
            for pair in joined.windows(2) {
                let (a, b) = (root(&block, pair[0]), root(&block, pair[1]));
                block[a.max(b)] = a.min(b);
            }
        }
        let blocks = names.iter().enumerate().map(|(i, name)| (*name, root(&block, i))).collect();
        Read { of, blocks }
    }
}
