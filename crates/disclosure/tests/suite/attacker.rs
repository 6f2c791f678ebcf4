//! Works out by search, in whole numbers, which values a suppressed count can have.

use shirube_disclosure::{Edition, Fate, Sum};
use std::collections::BTreeMap;

/// `Σ factor · unknown = sum` or `≥ sum`.
struct Fact {
    terms: Vec<(usize, i64)>,
    sum: i64,
    at_least: bool,
}

/// A count at a moment.
type Cell<'a> = (usize, &'a str);

/// What was told at the moments so far.
pub struct Attacker<'a> {
    cells: BTreeMap<Cell<'a>, usize>,
    truth: Vec<i64>,
    threshold: Vec<i64>,
    /// Least and greatest value.
    range: Vec<(i64, i64)>,
    facts: Vec<Fact>,
}

impl<'a> Attacker<'a> {
    /// Reads what was shown of each edition. So that the search ends, this attacker knows besides that no count is
    /// greater than it really is by more than three thresholds.
    pub fn new(told: &'a [(Edition<&'a str>, Vec<Fate>)]) -> Attacker<'a> {
        let mut attacker = Attacker { cells: BTreeMap::new(), truth: vec![], threshold: vec![], range: vec![], facts: vec![] };
        for (at, (edition, fates)) in told.iter().enumerate() {
            // Of what was withheld as a whole nothing was said, nor of what hangs together with it.
            let mut withheld: Vec<&str> = of(edition, fates, |f| f == Fate::Withheld);
            loop {
                let names = |s: &Sum<&'a str>| s.parts.iter().copied().chain([s.total]).collect::<Vec<_>>();
                let joined = edition.sums.iter().map(names).filter(|all| all.iter().any(|n| withheld.contains(n))).flatten();
                let more: Vec<&str> = joined.filter(|n| !withheld.contains(n)).collect();
                if more.is_empty() {
                    break;
                }
                withheld.extend(more);
            }
            let shown: Vec<&str> = of(edition, fates, |f| f == Fate::Shown);
            for (name, count) in edition.counts.iter().filter(|(name, _)| !withheld.contains(name)) {
                let value = i64::from(count.value);
                attacker.cells.insert((at, name), attacker.truth.len());
                attacker.truth.push(value);
                attacker.threshold.push(i64::from(count.threshold));
                attacker.range.push(if value == 0 || shown.contains(name) {
                    (value, value)
                } else {
                    (1, value + 3 * i64::from(count.threshold))
                });
            }
            for sum in &edition.sums {
                let Some(total) = attacker.cells.get(&(at, sum.total)) else { continue };
                let parts = sum.parts.iter().filter_map(|p| attacker.cells.get(&(at, *p)));
                let terms: Vec<(usize, i64)> = parts.map(|p| (*p, 1)).chain([(*total, -1)]).collect();
                let rest = terms.iter().map(|(i, f)| f * attacker.truth[*i]).sum();
                attacker.facts.push(Fact { terms, sum: rest, at_least: false });
            }
        }
        let cells: Vec<(Cell, usize)> = attacker.cells.iter().map(|(c, i)| (*c, *i)).collect();
        for ((_, a), i) in &cells {
            for ((_, b), j) in &cells {
                if a == b && i != j && attacker.truth[*i] <= attacker.truth[*j] {
                    attacker.facts.push(Fact { terms: vec![(*j, 1), (*i, -1)], sum: 0, at_least: true });
                }
            }
        }
        attacker
    }

    /// Small counts that the attacker can bound too closely, with the values that remain possible.
    pub fn finds(&self) -> Vec<(Cell<'a>, i64, i64)> {
        let small = self.cells.iter().filter(|(_, i)| 0 < self.truth[**i] && self.truth[**i] < self.threshold[**i]);
        let bounds = small.map(|(cell, i)| {
            let possible = |x: &i64| {
                let mut range = self.range.clone();
                range[*i] = (range[*i].0.max(*x), range[*i].1.min(*x));
                range[*i].0 <= range[*i].1 && self.can_be(range)
            };
            let (from, to) = self.range[*i];
            let least = (from..=to).find(possible).unwrap();
            let greatest = (from..=to).rev().find(possible).unwrap();
            (*cell, least, greatest, self.threshold[*i])
        });
        let close = |least: i64, greatest: i64, k: i64| !(least <= 1 && greatest >= k - 1) && greatest - least < k;
        bounds.filter(|(_, a, b, k)| close(*a, *b, *k)).map(|(cell, a, b, _)| (cell, a, b)).collect()
    }

    /// Whether any table agrees: narrows ranges as far as they go, then tries.
    fn can_be(&self, mut range: Vec<(i64, i64)>) -> bool {
        loop {
            let before = range.clone();
            for fact in &self.facts {
                let most = |(i, f): &(usize, i64), range: &[(i64, i64)]| if *f > 0 { range[*i].1 } else { -range[*i].0 };
                let least = |(i, f): &(usize, i64), range: &[(i64, i64)]| if *f > 0 { range[*i].0 } else { -range[*i].1 };
                let (lowest, highest): (i64, i64) =
                    (fact.terms.iter().map(|t| least(t, &range)).sum(), fact.terms.iter().map(|t| most(t, &range)).sum());
                if highest < fact.sum || (!fact.at_least && lowest > fact.sum) {
                    return false;
                }
                for term in &fact.terms {
                    // What this one must at least be when the others are as great as they can be, and the other way.
                    let floor = fact.sum - (highest - most(term, &range));
                    let ceiling = if fact.at_least { i64::MAX } else { fact.sum - (lowest - least(term, &range)) };
                    let (i, factor) = *term;
                    let (a, b) = range[i];
                    range[i] = if factor > 0 {
                        (a.max(floor), b.min(ceiling))
                    } else {
                        (if ceiling == i64::MAX { a } else { a.max(-ceiling) }, b.min(-floor))
                    };
                    if range[i].0 > range[i].1 {
                        return false;
                    }
                }
            }
            if range == before {
                break;
            }
        }
        let Some(open) = (0..range.len()).filter(|i| range[*i].0 < range[*i].1).min_by_key(|i| range[*i].1 - range[*i].0) else {
            return true;
        };
        (range[open].0..=range[open].1).any(|x| {
            let mut tried = range.clone();
            tried[open] = (x, x);
            self.can_be(tried)
        })
    }
}

fn of<'a>(edition: &Edition<&'a str>, fates: &[Fate], is: impl Fn(Fate) -> bool) -> Vec<&'a str> {
    edition.units.iter().zip(fates).filter(|(_, f)| is(**f)).flat_map(|(u, _)| u.counts.clone()).collect()
}
