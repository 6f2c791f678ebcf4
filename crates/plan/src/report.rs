//! Mistakes found while a pack is read, collected so that one run shows them all.

use crate::model::Place;
use std::cell::RefCell;
use std::fmt;

/// A mistake in a pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.line {
            0 => write!(f, "{}: {}", self.place.file, self.problem)?,
            line => write!(f, "{}:{line}: {}", self.place.file, self.problem)?,
        }
        write!(f, "\n    mend: {}", self.mend)
    }
}

/// Collects diagnostics.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Diagnostic>>);

impl Report {
    pub(crate) fn add(&self, place: &Place, problem: impl Into<String>, mend: impl Into<String>) {
        self.0.borrow_mut().push(Diagnostic { place: place.clone(), problem: problem.into(), mend: mend.into() });
    }
    /// All mistakes, in order of file and line.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0.into_inner();
        all.sort();
        all.dedup();
        all
    }
}

/// The known word nearest to a mistyped one, as the end of a mend: ` (did you mean …?)`.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count() / 4)
        .min()
        .map(|(_, k)| format!(" (did you mean `{k}`?)"))
        .unwrap_or_default()
}
