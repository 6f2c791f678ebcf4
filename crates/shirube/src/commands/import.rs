//! `shirube import`: a file into a register, all or nothing.

use super::counted;
use crate::Place;
use crate::failure::Failure;
use crate::office::{self, Office};
use shirube_exchange::import::{self, ImportOptions, Prepared};
use shirube_exchange::{export, silent};
use shirube_plan::Lang;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Reader};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Mistakes printed to the terminal; `--errors` writes all.
const SHOWN: usize = 50;

/// Options of the command.
pub struct How {
    /// Change nothing.
    pub dry_run: bool,
    /// Where to write the rows with mistakes.
    pub errors: Option<PathBuf>,
    /// Why existing records are changed.
    pub reason: Option<String>,
}

/// Prints what happened, or every mistake (exit 1).
pub fn run(place: &Place, register: &str, file: &Path, how: How) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(file).map_err(|cause| Failure::File { path: file.to_owned(), cause })?;
    let options = ImportOptions { reason: how.reason, ..ImportOptions::default() };
    let prepare = |reader: &Reader| import::prepare(reader, &Actor::owner(), register, &bytes, &options, &bar("checked"));
    // A dry run only reads: also beside a running portal.
    let (office, prepared) = if how.dry_run {
        (None, prepare(&office::read(place, None)?)?)
    } else {
        let office = Office::open(place)?;
        let prepared = prepare(&office.store.reader(&Actor::owner(), AsOf::Head)?)?;
        (Some(office), prepared)
    };
    let plan = prepared.plan;
    let rows = counted(plan.rows, "row", "rows");
    say!("{rows}: {} new, {} changed, {} unchanged, {} with mistakes", plan.create, plan.amend, plan.unchanged, plan.wrong);
    if !prepared.left_out.is_empty() {
        let columns: Vec<String> = prepared.left_out.iter().map(|(at, heading)| format!("column {at} “{heading}”")).collect();
        say!("not imported: {}", columns.join(", "));
    }
    if prepared.error_count > 0 {
        return mistakes(&bytes, &options, &prepared, how.errors.as_deref());
    }
    let Some(office) = office else {
        say!("dry run: nothing was written");
        return Ok(ExitCode::SUCCESS);
    };
    let done = import::run(&office.store, &Actor::owner(), prepared, &bar("written"))?;
    say!("{} written", counted(done.receipts.len(), "record", "records"));
    Ok(ExitCode::SUCCESS)
}

fn mistakes(bytes: &[u8], options: &ImportOptions, prepared: &Prepared, errors: Option<&Path>) -> Result<ExitCode, Failure> {
    for error in prepared.errors.iter().take(SHOWN) {
        let column = error.column.as_deref().map(|c| format!(", {c}")).unwrap_or_default();
        let value = error.value.as_deref().map(|v| format!(" “{v}”")).unwrap_or_default();
        say!("row {}{column}{value}: {}\n    mend: {}", error.row, error.problem.en, error.mend.en);
    }
    if prepared.error_count > SHOWN {
        say!("… and {} more; --errors FILE writes all of them", prepared.error_count - SHOWN);
    }
    if let Some(path) = errors {
        let mut out = create(path)?;
        let format = if path.extension().is_some_and(|e| e == "xlsx") { export::Format::Xlsx } else { export::Format::Csv };
        let how = export::ExportOptions { format, lang: Lang::Ja, bom: true, ..Default::default() };
        import::error_file(bytes, &options.sheet, prepared, &how, &mut out, &silent)?;
        say!("the rows with what is wrong: {}", path.display());
    }
    say!("nothing was written");
    Ok(ExitCode::from(1))
}

/// Creates a file to write to.
pub fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|cause| Failure::File { path: path.to_owned(), cause })
}

/// A line of progress on a terminal; nothing in a pipe.
fn bar(what: &'static str) -> impl Fn(u64, u64) -> ControlFlow<()> {
    let shown = std::io::stderr().is_terminal();
    move |done, total| {
        if shown {
            let _ = write!(std::io::stderr(), "\r{done} of {total} {what} ");
        }
        ControlFlow::Continue(())
    }
}
