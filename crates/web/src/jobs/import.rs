//! The work of an import: reading and checking a file, then writing it, all or nothing.

use super::{Control, Counts, Done, Heading, Job, Jobs, Left, Problem, Stage, Text, words};
use crate::error::Error;
use shirube_exchange::{
    Progress,
    export::{Codes, ExportOptions, Format, Header},
    import::{ImportError, ImportOptions, Plan, Prepared, RowError, error_file, prepare, run},
    sheet::{Limits, SheetOptions},
};
use shirube_plan::Lang;
use shirube_snapshot::{AsOf, schema::quoted};
use shirube_store::{Actor, Store};
use std::ops::ControlFlow;

/// So many mistakes are listed on the page; the error file has up to [`MOST_IN_FILE`].
pub const LISTED: usize = 500;
const MOST_IN_FILE: usize = 10_000;

/// What a workbook sent to the portal may unpack to, in bytes and parts: several may be read at a time. The command
/// `shirube import` takes larger ones.
const UNPACKED: u64 = 256 << 20;
const PARTS: usize = 1_000;

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
        // Kept before the first row is written: should the program stop, it tells whether the rows are there.
        job.before = Some(before);
        jobs.write(job).map_err(|e| failed_here(&e))?;
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

/// Finds out whether an import that was under way when the program stopped is written. It is one transaction: its
/// events follow each other and share one moment.
pub(super) fn settle(store: &Store, job: &mut Job) {
    let Some(before) = job.before else {
        job.left = Some(Left::Nothing);
        return;
    };
    let counts = job.counts.unwrap_or_default();
    let events = (counts.create + counts.amend) as i64;
    let moments = moments(store, &job.register, before).ok();
    let all: Option<i64> = moments.as_ref().map(|m| m.iter().map(|(_, _, n)| n).sum());
    let own = moments.iter().flatten().find(|(first, last, n)| *n == events && last - first + 1 == events);
    job.left = Some(match (own, all) {
        (Some((first, last, _)), _) => {
            job.events = Some((first - 1, *last));
            Left::Everything
        }
        (None, Some(all)) if all < events => Left::Nothing,
        _ => Left::Unknown,
    });
}

/// Present versions of a register's records that events after one have made, by moment: first event, last, how many.
fn moments(store: &Store, register: &str, after: i64) -> Result<Vec<(i64, i64, i64)>, Error> {
    let reader = store.reader(&Actor::owner(), AsOf::Head)?;
    let sql = format!("SELECT min(_seq), max(_seq), count(*) FROM {} WHERE _seq > ?1 GROUP BY _updated_at", quoted(register));
    let mut statement = reader.connection().prepare_cached(&sql).map_err(Error::internal)?;
    let rows = statement.query_map([after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(Error::internal)?;
    rows.collect::<Result<_, _>>().map_err(Error::internal)
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
    prepare(&reader, actor, &job.register, bytes, &options, listen.as_ref() as Progress).map_err(|e| failed(&e))
}

fn options(job: &Job) -> ImportOptions {
    let reason = Some(job.reason.trim().to_string()).filter(|r| !r.is_empty());
    let limits = Limits { unpacked: UNPACKED, parts: PARTS, ..Limits::default() };
    let sheet = SheetOptions { limits, ..SheetOptions::default() };
    ImportOptions { sheet, mapping: job.mapping.clone(), reason, max_errors: MOST_IN_FILE }
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
    job.left_out = prepared.left_out.clone();
    job.lacking = prepared.lacking.iter().cloned().map(Text::from).collect();
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
    Done { failure: Some(words::ours(error)), ..Done::at(Stage::Failed) }
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
