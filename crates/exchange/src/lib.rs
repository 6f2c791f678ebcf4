//! Files in and out: CSV, XLSX, JSON.
//!
//! [`import`] reads a file into a register, [`export`] writes lists and tables. Both touch bytes and the store, and
//! know nothing of pages. Both are long work for large files: call them where blocking is allowed, and listen to
//! their progress.

pub mod export;
mod guard;
pub mod heading;
pub mod import;
pub mod sheet;

use std::ops::ControlFlow;

/// Told now and then how far the work is: done, total (0 when unknown). `Break` cancels it.
pub type Progress<'a> = &'a dyn Fn(u64, u64) -> ControlFlow<()>;

/// Progress that nobody listens to.
pub fn silent(_done: u64, _total: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The listener asked to stop.
struct Cancelled;

fn tell(progress: Progress, done: u64, total: u64) -> Result<(), Cancelled> {
    if progress(done, total).is_break() { Err(Cancelled) } else { Ok(()) }
}
