//! Indicators that only repeat the print.
//!
//! Where no records are public, an indicator may read the published figures to chart them. That it then agrees with
//! the print proves nothing. To tell such a figure from one that is recomputed from others, every printed value is
//! moved by an amount of its own and the indicator computed again: where the result follows its own print exactly,
//! it only repeats it.

use super::{AuditLine, AuditVerdict, NotHeldBecause, Results, line::column};
use crate::{
    compute::{Computed, compute_in},
    fence::Limits,
    run::{Scope, Shadow},
};
use rusqlite::{Connection, Result};
use std::collections::{BTreeMap, HashMap};

/// Marks matches that are no more than the print repeated.
pub(super) fn mark(scope: &Scope<'_>, results: &Results, lines: &mut [AuditLine]) {
    let moved = match moved_prints(scope, results) {
        Ok(moved) => moved,
        // Without the copy nothing is known to be a repetition; the matches stand as computed.
        Err(_) => return,
    };
    for line in lines.iter_mut().filter(|l| l.verdict == AuditVerdict::Match) {
        let follows = || {
            let id = line.indicator.as_ref()?;
            let compare = scope.pack.series.get(&line.series)?.compare;
            let (before, after) = (&results.get(id)?.as_ref().ok()?.0, moved.computed.get(id)?);
            let value = |computed: &Computed| column(computed.find(&line.period, &line.dims)?, compare);
            let (before, after, step) = (value(before)?, value(after)?, *moved.steps.get(&line.figure)?);
            Some(((after - before) - step).abs() <= step.abs() * 1e-9 + after.abs() * 1e-12)
        };
        if follows().unwrap_or(false) {
            line.verdict = AuditVerdict::NotHeld;
            line.because = Some(NotHeldBecause::RepeatsPrint);
        }
    }
}

/// Results over moved prints, and by how much each print was moved.
struct Moved {
    computed: BTreeMap<String, Computed>,
    steps: HashMap<String, f64>,
}

/// Prints are moved by different multiples of this: whole, so that counts stay whole, and prime, so that the sum of
/// two moves is not a third by accident of small numbers.
const STEP: i64 = 1009;

fn moved_prints(scope: &Scope<'_>, results: &Results) -> Result<Moved> {
    let reads_prints =
        |id: &&String| matches!(results.get(*id), Some(Ok((_, reads))) if reads.iter().any(|(t, _)| t == "published_figure"));
    let ids: Vec<&String> = results.keys().filter(reads_prints).collect();
    if ids.is_empty() {
        return Ok(Moved { computed: BTreeMap::new(), steps: HashMap::new() });
    }
    let connection = scope.connection();
    let change = |c: &Connection| c.execute("UPDATE temp.published_figure SET value = value + ?1 * rowid", [STEP]).map(drop);
    let _shadow = Shadow::over(connection, "published_figure", change)?;
    let steps = connection
        .prepare("SELECT id, ?1 * rowid FROM temp.published_figure WHERE value IS NOT NULL")?
        .query_map([STEP], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as f64)))?
        .collect::<Result<_>>()?;
    let compute = |id: &String| Some((id.clone(), compute_in(scope, scope.pack.indicators.get(id)?, Limits::default()).ok()?.0));
    Ok(Moved { computed: ids.into_iter().filter_map(compute).collect(), steps })
}
