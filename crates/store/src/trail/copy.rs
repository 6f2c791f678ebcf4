//! A trail moved to another keeper, entry by entry as it is.

use super::{Keeper, Proof, Row, TrailError, TrailReport};
use crate::StoreError;

/// Entries that are handed over together.
const TOGETHER: usize = 500;

/// Copies a trail to where there is none, or a copy of it already, and proves it on the way. All or nothing.
pub(crate) fn copy(from: Option<Box<dyn Keeper>>, to: Box<dyn Keeper>, place: &str) -> Result<TrailReport, StoreError> {
    let mut copying = Copying::begin(to, place)?;
    if let Some(mut from) = from {
        from.rows(0, &mut |seq, row| copying.take(row.map_err(|what| TrailError::Unreadable { seq, what })?))?;
    }
    copying.end()
}

/// A trail that is being filled.
pub(crate) struct Copying {
    to: Box<dyn Keeper>,
    place: String,
    /// Hash of the last entry that is there already.
    there: Option<String>,
    proof: Proof,
    waiting: Vec<Row>,
}

impl Copying {
    pub fn begin(mut to: Box<dyn Keeper>, place: &str) -> Result<Copying, StoreError> {
        let last = to.begin()?;
        let there = (last.seq > 0).then(|| shirube_record::hex(&last.hash));
        Ok(Copying { to, place: place.to_string(), there, proof: Proof::new(), waiting: vec![] })
    }

    pub fn take(&mut self, row: Row) -> Result<(), StoreError> {
        self.proof.hear(row.seq, Ok(&row));
        self.waiting.push(row);
        if self.waiting.len() >= TOGETHER { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.waiting);
        if self.there.is_some() { Ok(()) } else { self.to.put(&rows) }
    }

    /// Proves what was taken, and brings it to disk.
    pub fn end(mut self) -> Result<TrailReport, StoreError> {
        let handed = self.hand_over();
        let Copying { mut to, place, there, proof, .. } = self;
        let ended = handed.and_then(|()| {
            let report = proof.end();
            match (report.problems.first(), there) {
                (Some(problem), _) => Err(TrailError::Broken(problem.to_string()).into()),
                (None, Some(there)) if there != report.last_hash => Err(TrailError::NotEmpty(place).into()),
                _ => to.commit().map(|()| report),
            }
        });
        if ended.is_err() {
            to.rollback();
        }
        ended
    }
}
