//! What stands beside the values of a record: the reason of a change and the citation. They go into the log for good, so
//! they have bounds, and a citation names a source of the pack.

use crate::{Command, StoreError};
use shirube_plan::Pack;
use shirube_record::{Cell, FieldError, Mistake};

/// Characters of a reason.
const REASON: usize = 2_000;
/// Characters of a heading.
const HEADING: usize = 1_000;
/// Characters of a quote.
const QUOTE: usize = 10_000;

/// Looks at what a command says beside values.
pub(crate) fn check(pack: &Pack, command: &Command) -> Result<(), StoreError> {
    let mut errors = vec![];
    let mut look = |column: &str, text: Option<&str>| {
        let Some(mistake) = text.and_then(|text| mistake(pack, column, text)) else { return };
        errors.push(FieldError::new(column, column, None, mistake));
    };
    match command {
        Command::Create { origin, .. } => {
            look("_source", origin.source.as_deref());
            look("_heading", origin.heading.as_deref());
            look("_quote", origin.quote.as_deref());
        }
        Command::Amend { content, reason, .. } | Command::Transition { content, reason, .. } => {
            look("_reason", reason.as_deref());
            for column in ["_source", "_heading", "_quote"] {
                if let Some(Some(Cell::Text(text))) = content.get(column) {
                    look(column, Some(text));
                }
            }
        }
        Command::Attach { reason, .. } => look("_reason", reason.as_deref()),
        Command::Redact { reason, .. } => look("_reason", Some(reason)),
    }
    if errors.is_empty() { Ok(()) } else { Err(StoreError::Invalid(errors)) }
}

fn mistake(pack: &Pack, column: &str, text: &str) -> Option<Mistake> {
    let max = match column {
        "_source" if pack.sources.iter().any(|source| source.id == text) => return None,
        "_source" => {
            let allowed = pack.sources.iter().map(|source| (source.id.clone(), source.label.clone())).collect();
            return Some(Mistake::NotACode { text: text.chars().take(100).collect(), allowed });
        }
        "_heading" => HEADING,
        "_quote" => QUOTE,
        _ => REASON,
    };
    let length = text.chars().count();
    (length > max).then_some(Mistake::TooLong { max, length })
}
