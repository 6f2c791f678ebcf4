//! Formats of the log's table: what leads from each to the next, and back.
//!
//! A step only adds what the release before can do without, so that it goes on writing beside this one. Taking a step
//! back takes away what was added. Rows and hashes are the same in every format.

use super::LogError;

struct Step {
    up: &'static str,
    down: &'static str,
}

/// From the first format on. Both keepers understand them.
const STEPS: &[Step] = &[Step { up: "CREATE INDEX event_actor ON event (actor, seq)", down: "DROP INDEX event_actor" }];

/// The format this release makes. It reads all before.
pub(crate) const FORMAT: i64 = STEPS.len() as i64 + 1;
/// From this format on events are found by who made them.
pub(crate) const BY_ACTOR: i64 = 2;

/// The statements that lead from one format to another.
pub(super) fn steps(from: i64, to: i64, place: &str) -> Result<Vec<&'static str>, LogError> {
    if from > FORMAT {
        return Err(LogError::Format { place: place.to_string(), found: from, known: FORMAT });
    }
    let unknown = LogError::NoFormat { asked: to, known: FORMAT };
    let at = |format: i64| usize::try_from(format - 1).ok().filter(|at| *at <= STEPS.len());
    let (Some(here), Some(there)) = (at(from), at(to)) else { return Err(unknown) };
    Ok(if here <= there {
        STEPS[here..there].iter().map(|step| step.up).collect()
    } else {
        STEPS[there..here].iter().rev().map(|step| step.down).collect()
    })
}
