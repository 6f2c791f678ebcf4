//! Computing an indicator.

use crate::{
    contract::{Layout, Observation},
    error::{IndicatorError, Mistake},
    fence::{Fence, Limits},
    period::Period,
    run::{Overrides, Scope, Shadow, at_line, check_overrides, database, declared, failed, read_through},
};
use serde::Serialize;
use shirube_plan::{Dims, Indicator, Pack};
use shirube_snapshot::Snapshot;
use std::collections::HashMap;

/// The result of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Computed {
    /// Id of the indicator.
    pub indicator: String,
    /// Day of the snapshot, `YYYY-MM-DD`.
    pub as_of: String,
    /// Fiscal year of that day; later periods are projections.
    pub fiscal_year: i64,
    /// Columns of the result as the SQL names them.
    pub columns: Vec<String>,
    /// Rows by period, then by dimensions: all together first, then codes in the order of their lists.
    pub observations: Vec<Observation>,
}

impl Computed {
    /// The observation of a period and breakdown.
    pub fn find(&self, period: &str, dims: &Dims) -> Option<&Observation> {
        self.observations.iter().find(|o| o.period == period && &o.dims == dims)
    }
}

/// Computes an indicator on a snapshot, with the default [`Limits`].
///
/// `overrides` stand in for assumptions the indicator offers as inputs; no stored table is touched.
pub fn compute(snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides) -> Result<Computed, IndicatorError> {
    compute_within(snapshot, indicator, overrides, Limits::default())
}

/// Computes an indicator within given limits.
pub fn compute_within(snapshot: &Snapshot, indicator: &Indicator, overrides: &Overrides, limits: Limits) -> Result<Computed, IndicatorError> {
    let scope = Scope::of(snapshot);
    check_overrides(scope.pack, indicator, overrides)?;
    let _shadow = Shadow::assumptions(scope.connection(), overrides).map_err(|e| declared(indicator, database(e)))?;
    compute_in(&scope, indicator, limits).map(|(computed, _)| computed)
}

/// Computes an indicator; also says which tables it read.
pub(crate) fn compute_in(scope: &Scope<'_>, indicator: &Indicator, limits: Limits) -> Result<(Computed, crate::fence::Reads), IndicatorError> {
    read_through(indicator)?;
    let fence = scope.fence(limits).map_err(|m| declared(indicator, m))?;
    let (columns, mut observations) = rows(scope, &fence, indicator, limits)?;
    let reads = fence.take_reads();
    sort(&mut observations, scope.pack, indicator);
    let computed = Computed { indicator: indicator.id.clone(), as_of: scope.as_of.clone(), fiscal_year: scope.fiscal_year, columns, observations };
    Ok((computed, reads))
}

fn rows(scope: &Scope<'_>, fence: &Fence<'_>, indicator: &Indicator, limits: Limits) -> Result<(Vec<String>, Vec<Observation>), IndicatorError> {
    let wrong = |error| failed(indicator, fence, error);
    let mut statement = fence.connection().prepare(&indicator.sql).map_err(wrong)?;
    let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
    let layout = Layout::of(&columns, indicator, scope.pack).map_err(|m| at_line(indicator, 0, m))?;
    scope.bind(&mut statement).map_err(wrong)?;
    let mut rows = statement.raw_query();
    let mut observations: Vec<Observation> = Vec::new();
    let mut seen: HashMap<(String, Dims), usize> = HashMap::new();
    while let Some(row) = rows.next().map_err(wrong)? {
        let number = observations.len() + 1;
        if number > limits.rows {
            return Err(at_line(indicator, 0, Mistake::TooManyRows { rows: limits.rows }));
        }
        let observation = layout.observation(row, number, scope.pack).map_err(|m| at_line(indicator, 0, m))?;
        if let Some(first) = seen.insert((observation.period.clone(), observation.dims.clone()), number) {
            let what = described(&observation);
            return Err(at_line(indicator, 0, Mistake::Repeated { row: number, first, what }));
        }
        observations.push(observation);
    }
    Ok((columns, observations))
}

/// `2024 [stage=basic]`.
fn described(observation: &Observation) -> String {
    let dims: Vec<String> = observation.dims.iter().map(|(d, c)| format!("{d}={c}")).collect();
    if dims.is_empty() { observation.period.clone() } else { format!("{} [{}]", observation.period, dims.join(",")) }
}

/// One order for everyone, whatever the SQL says.
fn sort(observations: &mut [Observation], pack: &Pack, indicator: &Indicator) {
    let positions: Vec<HashMap<&str, usize>> = indicator
        .dimensions
        .iter()
        .map(|name| {
            let list = pack.dimensions.get(name).and_then(|d| pack.code_lists.get(&d.codes));
            list.iter().flat_map(|l| &l.codes).enumerate().map(|(i, c)| (c.code.as_str(), i + 1)).collect()
        })
        .collect();
    observations.sort_by_cached_key(|o| {
        let place = |(name, positions): (&String, &HashMap<&str, usize>)| o.dims.get(name).map_or(0, |code| positions.get(code.as_str()).copied().unwrap_or(usize::MAX));
        let dims: Vec<usize> = indicator.dimensions.iter().zip(&positions).map(place).collect();
        (Period::parse(&o.period), dims)
    });
}
