//! Tables that agree with everything the attacker knows.

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, Variable};

/// `Σ factor · unknown = sum`, or at least the sum.
#[derive(Clone, Debug)]
pub(crate) struct Equation {
    pub terms: Vec<(usize, i64)>,
    pub sum: i64,
    pub at_least: bool,
}

/// Unknown whole numbers, each at least 1: of zeros the attacker knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub equations: Vec<Equation>,
    /// What the numbers really are. One table that agrees is always at hand.
    pub truth: Vec<i64>,
}

/// What a table is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish<'a> {
    /// All of these small.
    Least(&'a [usize]),
    /// All of these great, up to their thresholds.
    Greatest(&'a [usize], &'a [i64]),
    /// This one as small as can be.
    Lower(usize),
    /// This one great, up to so much more than it is.
    Raise(usize, i64),
}

/// Branches the solver may try where the first answer is not whole. Tables of two dimensions need none.
const BRANCHES: u64 = 50;

impl Model {
    /// A table that comes as near to the wish as the solver finds. Checked in whole numbers: whatever the solver makes
    /// of floating point, a table that comes back agrees with what the attacker knows.
    pub fn table(&self, wish: Wish<'_>) -> Option<Vec<i64>> {
        let down = matches!(wish, Wish::Least(_) | Wish::Lower(_));
        let direction = if down { OptimizationDirection::Minimize } else { OptimizationDirection::Maximize };
        let mut problem = Problem::new(direction);
        let mut wishes: Vec<(f64, Option<i64>)> = vec![(0.0, None); self.truth.len()];
        match wish {
            Wish::Least(many) => many.iter().for_each(|i| wishes[*i].0 = 1.0),
            Wish::Greatest(many, thresholds) => {
                many.iter().for_each(|i| wishes[*i] = (1.0, Some(self.truth[*i].max(thresholds[*i] - 1))));
            }
            Wish::Lower(one) => wishes[one].0 = 1.0,
            Wish::Raise(one, more) => wishes[one] = (1.0, Some(self.truth[one] + more)),
        }
        let whole = matches!(wish, Wish::Lower(_) | Wish::Raise(..));
        let vars: Vec<Variable> = wishes
            .iter()
            .map(|(weight, most)| match (whole, most) {
                (true, most) => {
                    let most = most.and_then(|m| i32::try_from(m).ok()).unwrap_or(i32::MAX);
                    problem.add_integer_var(*weight, (1, most))
                }
                (false, most) => problem.add_var(*weight, (1.0, most.map_or(f64::INFINITY, |m| m as f64))),
            })
            .collect();
        for equation in &self.equations {
            let terms: Vec<(Variable, f64)> = equation.terms.iter().map(|(i, factor)| (vars[*i], *factor as f64)).collect();
            let compare = if equation.at_least { ComparisonOp::Ge } else { ComparisonOp::Eq };
            problem.add_constraint(terms, compare, equation.sum as f64);
        }
        let mut options = SolveOptions::default();
        options.node_limit = Some(BRANCHES);
        let outcome = problem.solve_with(options).ok()?;
        let solution = outcome.solution()?;
        let table: Vec<i64> = vars.iter().map(|v| solution.var_value(*v).round() as i64).collect();
        self.agrees(&table).then_some(table)
    }

    fn agrees(&self, table: &[i64]) -> bool {
        let holds = |e: &Equation| {
            let sum: i64 = e.terms.iter().map(|(i, factor)| factor * table[*i]).sum();
            if e.at_least { sum >= e.sum } else { sum == e.sum }
        };
        table.iter().all(|x| *x >= 1) && self.equations.iter().all(holds)
    }
}
