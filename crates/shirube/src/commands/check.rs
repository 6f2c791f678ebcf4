//! `shirube check`: everything that can be wrong with a pack, without touching any data.

use super::counted;
use crate::failure::Failure;
use crate::packs;
use shirube_indicator::{Overrides, compute_many};
use shirube_plan::{Diagnostic, Place};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Reader, Store, StoreError};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Prints every mistake; exit 1 when there are any.
pub fn run(folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let (pack, mut mistakes) = shirube_plan::load(&packs::files(folder)?);
    let pack = Arc::new(pack);
    // SQL is planned against the tables the pack declares, and policies are held against its registers; with broken
    // declarations both would only echo them.
    if mistakes.is_empty() {
        mistakes.extend(shirube_indicator::check_sql(&pack));
        mistakes.extend(shirube_indicator::check_periods(&pack));
        mistakes.extend(shirube_access::check(&pack));
        mistakes.sort();
    }
    if mistakes.is_empty() {
        mistakes.extend(records(&pack)?);
    }
    for mistake in &mistakes {
        say!("{mistake}");
    }
    say!(
        "{} {}: {}, {}, {}, {}, {}",
        pack.meta.id,
        pack.meta.version,
        counted(pack.registers.values().filter(|r| !r.built_in()).count(), "register", "registers"),
        counted(pack.records.iter().map(|f| f.rows.len()).sum::<usize>(), "record", "records"),
        counted(pack.indicators.len(), "indicator", "indicators"),
        counted(pack.figures.len(), "published figure", "published figures"),
        counted(mistakes.len(), "mistake", "mistakes")
    );
    Ok(ExitCode::from(u8::from(!mistakes.is_empty())))
}

/// The pack's own records, loaded for real into a store that is thrown away, and every indicator computed from them.
fn records(pack: &Arc<shirube_plan::Pack>) -> Result<Vec<Diagnostic>, Failure> {
    let scratch = tempfile::tempdir()?;
    let refused = match Store::open(scratch.path(), pack.clone()) {
        Ok(store) => return Ok(indicators(&store.reader(&Actor::owner(), AsOf::Head)?)),
        Err(StoreError::PackRecords(refused)) => refused,
        Err(error) => return Err(error.into()),
    };
    Ok(refused
        .into_iter()
        .map(|e| Diagnostic { place: Place { file: e.file, line: e.line }, problem: e.problem, mend: "correct the row".into() })
        .collect())
}

/// Results that break their contract show only with records: a text for a value, a period twice, a code that is none.
fn indicators(reader: &Reader) -> Vec<Diagnostic> {
    let all: Vec<_> = reader.pack().indicators.values().collect();
    let computed = compute_many(reader, &all, &Overrides::new());
    computed.into_iter().filter_map(|outcome| outcome.err().map(Diagnostic::from)).collect()
}
