//! One module per command.

/// Prints a line of the answer; a reader that went away is a [`crate::failure::Failure`] and no panic.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($line)*)?;
    }};
}

/// A one-time link as it is printed: each of two lines opens the same, in Japanese and in English.
fn link(at: &str, path: &str) -> String {
    format!("  {at}{path}\n  {at}/en{path}  (English)")
}

pub mod audit;
pub mod backup;
pub mod check;
pub mod compute;
pub mod config;
pub mod export;
pub mod import;
pub mod migrate;
pub mod restore;
pub mod retain;
pub mod serve;
pub mod snapshot;
pub mod user;
pub mod verify;
