//! One module per command.

use std::fmt::Display;

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

/// A count with what is counted: `1 event`, `3 events`. Bare digits, for programs read them, too.
pub fn counted<N: Display + PartialEq + From<u8>>(n: N, one: &str, many: &str) -> String {
    let what = if n == N::from(1) { one } else { many };
    format!("{n} {what}")
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

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_many() {
        assert_eq!(counted(1, "event", "events"), "1 event");
        assert_eq!(counted(0, "event", "events"), "0 events");
        assert_eq!(counted(1200_usize, "event", "events"), "1200 events");
    }
}
