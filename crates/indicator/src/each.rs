//! Many indicators at once, on as many cores as there are.

use shirube_plan::Indicator;
use shirube_snapshot::Snapshot;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{available_parallelism, scope},
};
use tracing::Span;

/// More threads than this would wait for the disk.
const THREADS: usize = 4;

/// What `work` gives for each indicator, in their order. The threads beside this one read the snapshot's moment through
/// connections of their own.
pub(crate) fn each<T: Send>(snapshot: &Snapshot, indicators: &[&Indicator], work: &(dyn Fn(&Snapshot, &Indicator) -> T + Sync)) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::default();
    let turn = |snapshot: &Snapshot| loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(indicator) = indicators.get(at) else { return };
        let result = work(snapshot, indicator);
        done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
    };
    let span = Span::current();
    scope(|scope| {
        for _ in 1..available_parallelism().map_or(1, usize::from).min(THREADS).min(indicators.len()) {
            // Without another connection the work is done here alone.
            let Ok(Some(other)) = snapshot.beside() else { break };
            let span = &span;
            scope.spawn(move || span.in_scope(|| turn(&other)));
        }
        turn(snapshot);
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
