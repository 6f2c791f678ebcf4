//! What of an indicator is shown to whoever may not see exact figures.

use super::{Citation, Compare, Pair};

/// Defaults of a pack (`[disclosure]` of `pack.toml`).
#[derive(Clone, Debug)]
pub struct Disclosing {
    /// Counts from 1 to one less than this are small.
    pub threshold: u32,
    /// At the end of which stretches of time figures are published.
    pub every: Every,
    /// Why so.
    pub note: Option<Pair>,
    /// Where a document asks for it.
    pub cites: Vec<Citation>,
}

impl Default for Disclosing {
    fn default() -> Self {
        Disclosing { threshold: 10, every: Every::Quarter, note: None, cites: vec![] }
    }
}

/// A stretch of the fiscal year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Every {
    Month,
    Quarter,
    Year,
}

impl Every {
    /// Months in it.
    pub fn months(self) -> i8 {
        match self {
            Every::Month => 1,
            Every::Quarter => 3,
            Every::Year => 12,
        }
    }
}

/// What an indicator may tell (`[disclosure]` of `indicators/ID.toml`).
#[derive(Clone, Debug, PartialEq)]
pub enum Disclosure {
    /// Everything, for this reason.
    Open(Pair),
    /// Nothing, for this reason.
    Closed(Pair),
    /// What does not tell of few.
    Counts(Counts),
}

/// What an indicator counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// Whom.
    pub of: Counted,
    /// What each column counts: the same word means the same count, in whatever indicator.
    pub columns: Vec<(Compare, String)>,
    /// Dimensions whose codes add up to the row without them.
    pub adds_up: Vec<String>,
    /// Counts below this are small; the pack's threshold by default.
    pub threshold: Option<u32>,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Counted {
    Persons,
    Organisations,
}
