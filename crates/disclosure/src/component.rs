//! Unknowns that hang together, and how well the attacker can bound them.

use crate::{
    system::{Exposure, Row, System, Var},
    witness::{Equation, Model, Wish},
};
use std::collections::{BTreeMap, BTreeSet};

/// Unknowns that hang together by equations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Component {
    /// Places of the unknowns in the model.
    places: BTreeMap<Var, usize>,
    vars: Vec<Var>,
    model: Model,
    /// Known counts that stand in an equation with each unknown.
    beside: BTreeMap<Var, BTreeSet<Var>>,
}

/// Exposures that are dealt with at once; what protects them mostly protects others as well.
const AT_ONCE: usize = 16;

impl Component {
    pub fn vars(&self) -> impl Iterator<Item = Var> {
        self.vars.iter().copied()
    }

    pub fn add_var(&mut self, var: Var) {
        self.places.insert(var, self.vars.len());
        self.vars.push(var);
    }

    pub fn add_row(&mut self, system: &System, row: &Row) {
        let unknown = |v: &Var| self.places.contains_key(v);
        let total = unknown(&row.total).then_some((self.places.get(&row.total).copied().unwrap_or_default(), -1));
        let parts = row.parts.iter().filter(|v| unknown(v)).map(|v| (self.places[v], 1));
        let terms: Vec<(usize, i64)> = parts.chain(total).collect();
        // True of the records: so whatever the parts leave over is in it, too.
        let sum = terms.iter().map(|(place, factor)| factor * system.value(self.vars[*place])).sum();
        self.neighbours(system, row.vars());
        self.model.equations.push(Equation { terms, sum, at_least: false });
    }

    pub fn add_pair(&mut self, system: &System, lesser: Var, greater: Var) {
        let term = |v: Var, factor: i64| self.places.get(&v).map(|place| (*place, factor));
        let terms: Vec<(usize, i64)> = [term(greater, 1), term(lesser, -1)].into_iter().flatten().collect();
        let known = |v: Var| if self.places.contains_key(&v) { 0 } else { system.value(v) };
        let sum = known(lesser) - known(greater);
        self.neighbours(system, [lesser, greater].into_iter());
        self.model.equations.push(Equation { terms, sum, at_least: true });
    }

    fn neighbours(&mut self, system: &System, vars: impl Iterator<Item = Var>) {
        let (known, unknown): (Vec<Var>, Vec<Var>) = vars.partition(|v| system.is_known(*v));
        for var in unknown {
            self.beside.entry(var).or_default().extend(&known);
        }
    }

    /// Its primary counts that are not protected; not more than a few at once.
    pub fn exposed(mut self, system: &System) -> Vec<Exposure> {
        let primary: Vec<usize> = (0..self.vars.len()).filter(|i| system.is_primary(self.vars[*i])).collect();
        if primary.is_empty() {
            return vec![];
        }
        self.model.truth = self.vars.iter().map(|v| system.value(*v)).collect();
        let thresholds: Vec<i64> = self.vars.iter().map(|v| system.threshold(*v)).collect();
        let found = Bounds::of(&self.model, &thresholds, &primary);
        let exposed: Vec<usize> = primary.into_iter().filter(|i| !found.protects(*i)).take(AT_ONCE).collect();
        let around: BTreeSet<Var> = self.beside.values().flatten().copied().collect();
        let inside: BTreeSet<Var> = self.vars.iter().copied().collect();
        let near = |i: &usize| self.beside.get(&self.vars[*i]).cloned().unwrap_or_default();
        exposed.iter().map(|i| Exposure { near: near(i), around: around.clone(), inside: inside.clone() }).collect()
    }
}

/// The least and the greatest value of each unknown in tables at hand.
struct Bounds<'a> {
    thresholds: &'a [i64],
    least: Vec<i64>,
    greatest: Vec<i64>,
}

impl<'a> Bounds<'a> {
    /// Looks for tables until every one of these unknowns is protected or none can be found.
    fn of(model: &Model, thresholds: &'a [i64], primary: &[usize]) -> Bounds<'a> {
        let mut bounds = Bounds { thresholds, least: model.truth.clone(), greatest: model.truth.clone() };
        // One table lowers or raises many at once.
        for down in [true, false] {
            loop {
                let open: Vec<usize> = primary.iter().copied().filter(|i| !bounds.protects(*i) && !bounds.reaches(*i, down)).collect();
                if open.is_empty() {
                    break;
                }
                let wish = if down { Wish::Least(&open) } else { Wish::Greatest(&open, thresholds) };
                bounds.see(model.table(wish));
                if open.iter().all(|i| !bounds.reaches(*i, down)) {
                    break;
                }
            }
        }
        let mut exposed = 0;
        for i in primary {
            for wish in [Wish::Lower(*i), Wish::Raise(*i, 2 * thresholds[*i])] {
                if !bounds.protects(*i) && exposed < AT_ONCE {
                    bounds.see(model.table(wish));
                }
            }
            exposed += usize::from(!bounds.protects(*i));
        }
        bounds
    }

    fn see(&mut self, table: Option<Vec<i64>>) {
        for (i, value) in table.into_iter().flatten().enumerate() {
            self.least[i] = self.least[i].min(value);
            self.greatest[i] = self.greatest[i].max(value);
        }
    }

    fn reaches(&self, i: usize, down: bool) -> bool {
        if down { self.least[i] <= 1 } else { self.greatest[i] >= self.thresholds[i] - 1 }
    }

    fn protects(&self, i: usize) -> bool {
        (self.reaches(i, true) && self.reaches(i, false)) || self.greatest[i] - self.least[i] >= self.thresholds[i]
    }
}
