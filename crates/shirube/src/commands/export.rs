//! `shirube export`: records, indicators, published figures and the audit as files.

use crate::failure::Failure;
use crate::office::Reading;
use crate::{FileFormat, Place};
use clap::ValueEnum;
use shirube_exchange::export::{self, ExportOptions, Format, figures};
use shirube_exchange::silent;
use shirube_indicator::{Overrides, audit, compute};
use shirube_snapshot::ListQuery;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Writes what was asked for to a file or to standard output.
pub fn run(place: &Place, what: &str, format: Option<FileFormat>, as_of: Option<&str>, out: Option<&Path>) -> Result<ExitCode, Failure> {
    let ending = out.and_then(Path::extension).and_then(|e| FileFormat::from_str(&e.to_string_lossy(), true).ok());
    let format = format.or(ending).unwrap_or(FileFormat::Csv);
    let reading = Reading::open(place, as_of, "shirube export")?;
    let reader = &reading.reader;
    let pack = reader.pack();
    let options = ExportOptions { format: format.into(), ..ExportOptions::default() };
    let mut out: Box<dyn Write + Send> = match out {
        Some(path) => Box::new(std::io::BufWriter::new(super::import::create(path)?)),
        None if format == FileFormat::Xlsx => return Err(Failure::Misuse("a workbook needs a file: add --out FILE.xlsx".into())),
        None => Box::new(std::io::stdout()),
    };
    let moment = reader.moment();
    if pack.registers.contains_key(what) {
        let query = ListQuery { register: what.to_owned(), ..ListQuery::default() };
        let mut file = std::io::Cursor::new(vec![]);
        export::records(reader, &query, &options, &mut file, &silent)?;
        reading.settle(place)?;
        out.write_all(file.get_ref())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let (table, rows) = if let Some(indicator) = pack.indicators.get(what) {
        figures::observations(pack, &[compute(reader, indicator, &Overrides::new())?], moment)
    } else {
        match what {
            "figures" => figures::published(pack, moment),
            "audit" => figures::audit(pack, &audit(reader), moment),
            _ => {
                let known = format!("name one of the registers ({}), an indicator, `figures` or `audit`", names(pack));
                return Err(Failure::Unknown { what: "register or indicator", name: what.to_owned(), known });
            }
        }
    };
    export::table(&table, rows.len() as u64, rows, &options, &mut out, &silent)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn names(pack: &shirube_plan::Pack) -> String {
    pack.registers.keys().cloned().collect::<Vec<_>>().join(", ")
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Format::Csv,
            FileFormat::Xlsx => Format::Xlsx,
            FileFormat::Json => Format::Json,
        }
    }
}
