//! What an attacker knows, as equations over unknown whole numbers.

use crate::component::Component;
use std::collections::{BTreeMap, BTreeSet};

/// An unknown.
pub(crate) type Var = usize;

/// `total = parts + rest`. The rest is what the parts leave over, which the attacker is taken to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub total: Var,
    pub parts: Vec<Var>,
}

impl Row {
    pub fn new(total: Var, parts: impl Iterator<Item = Var>) -> Row {
        let mut parts: Vec<Var> = parts.collect();
        parts.sort_unstable();
        Row { total, parts }
    }

    pub fn vars(&self) -> impl Iterator<Item = Var> {
        self.parts.iter().copied().chain([self.total])
    }
}

/// Everything shown, and how it hangs together.
#[derive(Clone, Debug, Default)]
pub(crate) struct System {
    values: Vec<i64>,
    thresholds: Vec<i64>,
    known: Vec<bool>,
    rows: BTreeSet<Row>,
    /// Lesser, greater.
    order: Vec<(Var, Var)>,
}

/// A primary count that is not protected.
#[derive(Clone, Debug)]
pub(crate) struct Exposure {
    /// Known counts that stand in an equation with it.
    pub near: BTreeSet<Var>,
    /// Known counts that stand in an equation with anything unknown that hangs together with it.
    pub around: BTreeSet<Var>,
    /// The unknown ones.
    pub inside: BTreeSet<Var>,
}

impl System {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn var(&mut self) -> Var {
        self.values.push(0);
        self.thresholds.push(0);
        self.known.push(false);
        self.values.len() - 1
    }

    /// The stricter of two thresholds counts.
    pub fn set(&mut self, var: Var, value: i64, threshold: i64) {
        self.values[var] = value;
        self.thresholds[var] = self.thresholds[var].max(threshold);
    }

    pub fn add(&mut self, row: Row) {
        self.rows.insert(row);
    }

    pub fn order(&mut self, pairs: Vec<(Var, Var)>) {
        self.order = pairs;
    }

    pub fn value(&self, var: Var) -> i64 {
        self.values[var]
    }

    pub fn threshold(&self, var: Var) -> i64 {
        self.thresholds[var]
    }

    pub fn is_known(&self, var: Var) -> bool {
        self.known[var]
    }

    pub fn is_primary(&self, var: Var) -> bool {
        0 < self.values[var] && self.values[var] < self.thresholds[var]
    }

    /// What was known before and what is shown now. Which counts are zero is known.
    pub fn tell(&mut self, before: &System, shown: impl Iterator<Item = Var>) {
        for (var, known) in self.known.iter_mut().enumerate() {
            *known = self.values[var] == 0 || before.known.get(var) == Some(&true);
        }
        for var in shown {
            self.known[var] = true;
        }
    }

    /// Primary counts that are not protected, as far as anything about them is new.
    pub fn exposed(&self, before: &System) -> Vec<Exposure> {
        let lone = self.lone();
        if !lone.is_empty() {
            return lone;
        }
        let touched = self.touched(before);
        let components = self.components().into_iter().filter(|c| c.vars().any(|v| touched.contains(&v)));
        components.flat_map(|component| component.exposed(self)).collect()
    }

    /// Primary counts that are the only unknown of a sum: found at a glance.
    fn lone(&self) -> Vec<Exposure> {
        let mut found = vec![];
        for row in &self.rows {
            let mut unknown = row.vars().filter(|v| !self.known[*v]);
            if let (Some(var), None) = (unknown.next(), unknown.next())
                && self.is_primary(var)
            {
                let near: BTreeSet<Var> = row.vars().filter(|v| self.known[*v]).collect();
                found.push(Exposure { around: near.clone(), near, inside: BTreeSet::from([var]) });
            }
        }
        found
    }

    /// Unknowns that stand in an equation which is new, or in which something became known.
    fn touched(&self, before: &System) -> BTreeSet<Var> {
        let new = |v: Var| v >= before.len() || (self.known[v] && !before.known[v]) || self.thresholds[v] > before.thresholds[v];
        let mut touched = BTreeSet::new();
        for row in &self.rows {
            if row.vars().any(new) || !before.rows.contains(row) {
                touched.extend(row.vars());
            }
        }
        for (a, b) in &self.order {
            if new(*a) || new(*b) {
                touched.extend([*a, *b]);
            }
        }
        touched.extend((0..self.len()).filter(|v| new(*v)));
        touched
    }

    /// Unknowns that hang together by equations.
    fn components(&self) -> Vec<Component> {
        let mut root: Vec<Var> = (0..self.len()).collect();
        fn find(root: &mut [Var], mut v: Var) -> Var {
            while root[v] != v {
                root[v] = root[root[v]];
                v = root[v];
            }
            v
        }
        let pairs = self.order.iter().map(|(a, b)| vec![*a, *b]);
        for joined in self.rows.iter().map(|row| row.vars().collect()).chain(pairs) {
            let mut unknown = joined.into_iter().filter(|v| !self.known[*v]);
            let Some(first) = unknown.next() else { continue };
            for other in unknown {
                let (a, b) = (find(&mut root, first), find(&mut root, other));
                root[a.max(b)] = a.min(b);
            }
        }
        let mut components: BTreeMap<Var, Component> = BTreeMap::new();
        for var in (0..self.len()).filter(|v| !self.known[*v]) {
            components.entry(find(&mut root, var)).or_default().add_var(var);
        }
        for row in &self.rows {
            if let Some(var) = row.vars().find(|v| !self.known[*v])
                && let Some(component) = components.get_mut(&find(&mut root, var))
            {
                component.add_row(self, row);
            }
        }
        for (a, b) in &self.order {
            if let Some(var) = [*a, *b].into_iter().find(|v| !self.known[*v])
                && let Some(component) = components.get_mut(&find(&mut root, var))
            {
                component.add_pair(self, *a, *b);
            }
        }
        components.into_values().collect()
    }
}
