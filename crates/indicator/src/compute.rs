//! Computing an indicator.

use crate::{
    contract::{Layout, Observation},
    each::each,
    error::{IndicatorError, Mistake},
    fence::{Fence, Limits, Reads},
    order::dims_order,
    period::Period,
    run::{Overrides, Scope, Shadow, at_line, check_overrides, database, declared, failed, last_change, read_through},
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
    /// Last event of the snapshot that touched a register it reads; 0 if it reads none.
    pub seq: i64,
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
pub fn compute_within(
    snapshot: &Snapshot,
    indicator: &Indicator,
    overrides: &Overrides,
    limits: Limits,
) -> Result<Computed, IndicatorError> {
    compute_and_tell(snapshot, indicator, overrides, limits).map(|(computed, _)| computed)
}

/// [`compute_within`]; also says which tables it read.
pub(crate) fn compute_and_tell(
    snapshot: &Snapshot,
    indicator: &Indicator,
    overrides: &Overrides,
    limits: Limits,
) -> Result<(Computed, Reads), IndicatorError> {
    let scope = Scope::of(snapshot);
    check_overrides(scope.pack, indicator, overrides)?;
    let _shadow = Shadow::assumptions(scope.connection(), overrides).map_err(|e| declared(indicator, database(e)))?;
    compute_in(&scope, indicator, limits)
}

/// Computes many indicators, in their order, on as many cores as there are.
pub fn compute_many(snapshot: &Snapshot, indicators: &[&Indicator], overrides: &Overrides) -> Vec<Result<Computed, IndicatorError>> {
    each(snapshot, indicators, &|snapshot, indicator| compute(snapshot, indicator, overrides))
}

/// Computes an indicator; also says which tables it read.
pub(crate) fn compute_in(scope: &Scope<'_>, indicator: &Indicator, limits: Limits) -> Result<(Computed, Reads), IndicatorError> {
    read_through(indicator)?;
    let fence = scope.fence(limits).map_err(|m| declared(indicator, m))?;
    let (columns, mut observations) = rows(scope, &fence, indicator, limits)?;
    let reads = fence.take_reads();
    drop(fence);
    sort(&mut observations, scope.pack, indicator);
    let computed = Computed {
        indicator: indicator.id.clone(),
        as_of: scope.as_of.clone(),
        fiscal_year: scope.fiscal_year,
        seq: last_change(scope.snapshot, &scope.registers(&reads)).map_err(|m| declared(indicator, m))?,
        columns,
        observations,
    };
    Ok((computed, reads))
}

/// The tables an indicator will read.
pub(crate) fn planned_reads(scope: &Scope<'_>, indicator: &Indicator) -> Result<Reads, IndicatorError> {
    read_through(indicator)?;
    let fence = scope.fence(Limits::default()).map_err(|m| declared(indicator, m))?;
    fence.prepare(&indicator.sql).map_err(|error| failed(indicator, &fence, error))?;
    Ok(fence.take_reads())
}

fn rows(
    scope: &Scope<'_>,
    fence: &Fence<'_>,
    indicator: &Indicator,
    limits: Limits,
) -> Result<(Vec<String>, Vec<Observation>), IndicatorError> {
    let wrong = |error| failed(indicator, fence, error);
    let mut statement = fence.prepare(&indicator.sql).map_err(wrong)?;
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
    let order = dims_order(pack, indicator);
    observations.sort_by_cached_key(|o| (Period::parse(&o.period), order.key(&o.dims)));
}
