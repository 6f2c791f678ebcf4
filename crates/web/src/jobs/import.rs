//! The work of an import: reading and checking a file, then writing it, all or nothing.

use super::{Control, Counts, Done, Heading, Job, Jobs, Problem, Stage, words};
use shirube_exchange::{
    Progress,
    export::{Codes, ExportOptions, Format, Header},
    import::{ImportError, ImportOptions, Plan, Prepared, RowError, error_file, prepare, run},
};
use shirube_plan::Lang;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Store};
use std::ops::ControlFlow;

/// So many mistakes are listed on the page; the error file has up to [`MOST_IN_FILE`].
pub const LISTED: usize = 500;
const MOST_IN_FILE: usize = 10_000;

/// Reads and checks the file of a job; nothing is written. The job ends as checked, with what would happen.
pub fn check(jobs: &Jobs, store: &Store, actor: &Actor, lang: Lang, control: &Control, job: &mut Job) -> Done {
    let done = jobs.file(&job.id).map_err(|e| failed_here(&e)).and_then(|bytes| {
        let prepared = read(store, actor, control, job, &bytes)?;
        Ok(report(job, &prepared, &bytes, lang))
    });
    done.unwrap_or_else(|done| done)
}

/// Checks the file of a job once more and writes it, all or nothing.
pub fn write(jobs: &Jobs, store: &Store, actor: &Actor, lang: Lang, control: &Control, job: &mut Job) -> Done {
    let done = jobs.file(&job.id).map_err(|e| failed_here(&e)).and_then(|bytes| {
        let prepared = read(store, actor, control, job, &bytes)?;
        if prepared.error_count > 0 {
            // The register changed since it was checked.
            return Ok(report(job, &prepared, &bytes, lang));
        }
        note(job, &prepared);
        let before = store.head_seq();
        control.progress(0, 0);
        match run(store, actor, prepared, listener(control).as_ref()) {
            Ok(imported) => {
                job.counts = Some(imported.plan.into());
                job.events = Some((before, imported.receipts.last().map_or(before, |r| r.seq)));
                Ok(Done::at(Stage::Done))
            }
            Err(ImportError::Mistakes { count, errors }) => {
                job.problems = count as u64;
                Ok(Done { files: listed(&errors), ..Done::at(Stage::Checked) })
            }
            Err(error) => Err(failed(&error)),
        }
    });
    done.unwrap_or_else(|done| done)
}

fn listener(control: &Control) -> Box<dyn Fn(u64, u64) -> ControlFlow<()> + '_> {
    Box::new(|done, total| {
        control.progress(done, total);
        if control.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

fn read(store: &Store, actor: &Actor, control: &Control, job: &Job, bytes: &[u8]) -> Result<Prepared, Done> {
    let reader = store.reader(actor, AsOf::Head).map_err(|e| failed_here(&e))?;
    let options = options(job);
    let listen = listener(control);
    prepare(&reader, &job.register, bytes, &options, listen.as_ref() as Progress).map_err(|e| failed(&e))
}

fn options(job: &Job) -> ImportOptions {
    let reason = Some(job.reason.trim().to_string()).filter(|r| !r.is_empty());
    ImportOptions { mapping: job.mapping.clone(), reason, max_errors: MOST_IN_FILE, ..ImportOptions::default() }
}

/// What was found out, noted in the job and its files.
fn report(job: &mut Job, prepared: &Prepared, bytes: &[u8], lang: Lang) -> Done {
    note(job, prepared);
    let mut files = listed(&prepared.errors);
    if prepared.error_count > 0 {
        for (name, format) in [("errors.csv", Format::Csv), ("errors.xlsx", Format::Xlsx)] {
            let how = ExportOptions { format, lang, header: Header::Names, codes: Codes::Codes, bom: true, columns: vec![] };
            let mut out = std::io::Cursor::new(vec![]);
            // A file too large for a workbook is still offered as CSV.
            if error_file(bytes, &options(job).sheet, prepared, &how, &mut out, &shirube_exchange::silent).is_ok() {
                files.push((name, out.into_inner()));
            }
        }
    }
    Done { files, ..Done::at(Stage::Checked) }
}

fn note(job: &mut Job, prepared: &Prepared) {
    job.columns = prepared.columns.iter().map(|(text, column)| Heading { text: text.clone(), column: column.clone() }).collect();
    job.counts = Some(prepared.plan.into());
    job.problems = prepared.error_count as u64;
}

fn listed(errors: &[RowError]) -> Vec<(&'static str, Vec<u8>)> {
    let problems: Vec<Problem> = errors.iter().take(LISTED).cloned().map(Problem::from).collect();
    serde_json::to_vec(&problems).map(|text| vec![("errors.json", text)]).unwrap_or_default()
}

fn failed(error: &ImportError) -> Done {
    match error {
        ImportError::Cancelled => Done::at(Stage::Cancelled),
        _ => Done { failure: Some(words::import(error)), ..Done::at(Stage::Failed) },
    }
}

fn failed_here(error: &dyn std::fmt::Display) -> Done {
    Done::failed(
        format!("処理できませんでした。何も登録していません（{error}）。"),
        format!("It could not be done; nothing was written ({error})."),
    )
}

impl From<Plan> for Counts {
    fn from(plan: Plan) -> Counts {
        Counts { rows: plan.rows, create: plan.create, amend: plan.amend, unchanged: plan.unchanged, wrong: plan.wrong }
    }
}

impl From<RowError> for Problem {
    fn from(e: RowError) -> Problem {
        Problem { row: e.row, column: e.column, value: e.value, problem: e.problem.into(), mend: e.mend.into() }
    }
}
