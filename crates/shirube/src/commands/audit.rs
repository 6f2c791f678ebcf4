//! `shirube audit`: every published figure against its recomputation.

use crate::failure::Failure;
use crate::office;
use crate::{AuditFormat, Place};
use shirube_indicator::{audit, render};
use shirube_plan::Lang;
use std::process::ExitCode;

/// Prints the audit; exit 1 on an unexplained difference or a guard that no longer holds.
pub fn run(place: &Place, format: AuditFormat, as_of: Option<&str>, all: bool, lang: Lang) -> Result<ExitCode, Failure> {
    let reader = office::read(place, as_of)?;
    let audit = audit(&reader);
    match format {
        AuditFormat::Table => say!("{}", render::audit(reader.pack(), &audit, all, lang).trim_end()),
        AuditFormat::Json => say!("{}", serde_json::to_string_pretty(&audit).map_err(std::io::Error::from)?),
    }
    Ok(ExitCode::from(u8::from(!audit.ok)))
}
