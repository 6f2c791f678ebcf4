//! `shirube compute`: indicators, and how they come about.

use crate::failure::Failure;
use crate::office::Reading;
use crate::{Place, TableFormat};
use shirube_exchange::export::{self, ExportOptions, figures};
use shirube_exchange::silent;
use shirube_indicator::{Cache, Computed, Derivation, Overrides, compute_many, derive, judge, render};
use shirube_plan::{Indicator, Lang, Pack, Sensitivity};
use shirube_store::Reader;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Rows of each step that `--explain` prints.
const STEP_ROWS: usize = 20;

/// Options of the command.
pub struct How {
    /// Moment as typed.
    pub as_of: Option<String>,
    /// Format.
    pub format: TableFormat,
    /// Print the derivation.
    pub explain: bool,
    /// `ID=VALUE` pairs.
    pub what_if: Vec<String>,
    /// Language of labels.
    pub lang: Lang,
}

/// Prints the indicators asked for, all of them without ids.
pub fn run(place: &Place, ids: &[String], how: &How) -> Result<ExitCode, Failure> {
    let reading = Reading::open(place, how.as_of.as_deref(), "shirube compute")?;
    let reader = &reading.reader;
    let overrides = overrides(reader.pack(), &how.what_if)?;
    let chosen = choose(reader.pack(), ids)?;
    // One indicator that cannot be computed does not keep the others from being shown.
    let (mut computed, mut failed) = (vec![], None);
    let mut shown = vec![];
    for (indicator, outcome) in chosen.iter().zip(compute_many(reader, &chosen, &overrides)) {
        match outcome {
            Ok(outcome) => {
                computed.push(outcome);
                shown.push(*indicator);
            }
            Err(error) => {
                if let Some(before) = failed.replace(error) {
                    eprintln!("shirube: {before}");
                }
            }
        }
    }
    match how.format {
        TableFormat::Table => {
            let tables = shown.into_iter().zip(&computed).map(|(indicator, computed)| table(reader, indicator, computed, &overrides, how));
            let tables: Vec<String> = tables.collect::<Result<_, _>>()?;
            reading.settle(place)?;
            for table in tables {
                say!("{table}");
            }
        }
        TableFormat::Json => {
            let all: BTreeMap<&String, &Computed> = computed.iter().map(|c| (&c.indicator, c)).collect();
            say!("{}", serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?);
        }
        TableFormat::Csv => {
            let (table, rows) = figures::observations(reader.pack(), &computed, reader.moment());
            export::table(&table, rows.len() as u64, rows, &ExportOptions::default(), &mut std::io::stdout(), &silent)?;
        }
    }
    failed.map_or(Ok(ExitCode::SUCCESS), |error| Err(error.into()))
}

fn table(reader: &Reader, indicator: &Indicator, computed: &Computed, overrides: &Overrides, how: &How) -> Result<String, Failure> {
    let pack = reader.pack();
    let mut text = String::new();
    if how.explain {
        let steps = derive(reader, indicator, overrides, STEP_ROWS)?;
        note(reader, indicator, &steps)?;
        text += &render::explain(pack, indicator, &steps, how.lang);
    }
    text += &render::compute(pack, indicator, computed, how.lang);
    text += &render::judge(pack, indicator, &judge(pack, indicator, computed), how.lang);
    Ok(text)
}

/// Notes what the rows of a derivation are made of, as the portal does.
fn note(reader: &Reader, indicator: &Indicator, steps: &Derivation) -> Result<(), Failure> {
    let greatest = steps.steps.iter().filter(|step| !step.rows.is_empty()).map(|step| step.sensitivity).max();
    let Some(up_to) = greatest.filter(|sensitivity| *sensitivity >= Sensitivity::Commercial) else { return Ok(()) };
    for register in &Cache::default().sources(reader, indicator).registers {
        reader.note_derived(register, up_to)?;
    }
    Ok(())
}

fn choose<'p>(pack: &'p Pack, ids: &[String]) -> Result<Vec<&'p Indicator>, Failure> {
    if ids.is_empty() {
        return Ok(pack.indicators.values().collect());
    }
    let find = |id: &String| {
        let known = || "`shirube compute --format csv` lists them all".to_owned();
        pack.indicators.get(id).ok_or_else(|| Failure::Unknown { what: "indicator", name: id.clone(), known: known() })
    };
    ids.iter().map(find).collect()
}

fn overrides(pack: &Pack, what_if: &[String]) -> Result<Overrides, Failure> {
    let mut overrides = Overrides::new();
    for text in what_if {
        let pair = text.split_once('=').and_then(|(id, value)| Some((id, value.parse::<f64>().ok().filter(|v| v.is_finite())?)));
        let (id, value) =
            pair.ok_or_else(|| Failure::Misuse(format!("“{text}” is not ID=VALUE: write e.g. --what-if growth-overall=5")))?;
        if !pack.assumptions.iter().any(|a| a.id == id) {
            let known = pack.assumptions.iter().map(|a| a.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Failure::Unknown { what: "assumption", name: id.to_owned(), known });
        }
        overrides.insert(id.to_owned(), value);
    }
    Ok(overrides)
}
