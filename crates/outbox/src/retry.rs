//! When a delivery that failed is tried again.

use crate::OutboxError;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The wait after each attempt: a day and a half in all, so that a server may be away over a night.
const WAITS: [i64; 10] =
    [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR, 10 * HOUR];

/// Attempts before a delivery is given up.
pub const MOST_ATTEMPTS: u32 = WAITS.len() as u32 + 1;

/// How long to wait after an attempt; none after the last. A fifth more or less, so that what failed together does not
/// come back together.
pub(crate) fn wait(attempt: u32) -> Result<Option<i64>, OutboxError> {
    let Some(wait) = WAITS.get((attempt as usize).saturating_sub(1)) else { return Ok(None) };
    let mut byte = [0];
    fill(&mut byte)?;
    Ok(Some(wait - wait / 5 + wait * 2 / 5 * i64::from(byte[0]) / 255))
}

/// A number that nobody has drawn before; never 0.
pub(crate) fn mark() -> Result<i64, OutboxError> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(i64::from_be_bytes(bytes) | 1)
}

fn fill(bytes: &mut [u8]) -> Result<(), OutboxError> {
    getrandom::fill(bytes).map_err(|e| OutboxError::Random(e.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_differ_and_end() {
        for (at, whole) in WAITS.iter().enumerate() {
            let waits: Vec<i64> = (0..50).map(|_| wait(at as u32 + 1).unwrap().unwrap()).collect();
            assert!(waits.iter().all(|w| (whole * 4 / 5..=whole * 6 / 5).contains(w)), "{waits:?}");
            assert!(waits.iter().any(|w| *w != waits[0]));
        }
        assert!(WAITS.is_sorted());
        assert_eq!(wait(MOST_ATTEMPTS).unwrap(), None);
    }
}
