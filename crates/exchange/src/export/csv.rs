//! CSV and TSV.

use super::{About, ExportError, ExportOptions, Sink, Table, Value, heading, text};
use crate::guard;
use shirube_plan::Lang;
use std::io::Write;

pub(super) struct Csv<'a> {
    writer: ::csv::Writer<&'a mut (dyn Write + Send)>,
    lang: Lang,
}

impl<'a> Csv<'a> {
    pub fn new(table: &Table, options: &ExportOptions, delimiter: u8, out: &'a mut (dyn Write + Send)) -> Result<Self, ExportError> {
        if options.bom {
            out.write_all("\u{feff}".as_bytes())?;
        }
        // RFC 4180 ends lines so; old spreadsheets insist on it.
        let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).terminator(::csv::Terminator::CRLF).from_writer(out);
        for column in &table.columns {
            writer.write_field(&*guard::csv(heading(column, options))).map_err(io)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io)?;
        Ok(Csv { writer, lang: options.lang })
    }
}

impl Sink for Csv<'_> {
    fn row(&mut self, values: &[Value]) -> Result<(), ExportError> {
        for value in values {
            let text = text(value, self.lang);
            // Numbers and our own words are no formulas; what people wrote may be.
            let field = if matches!(value, Value::Text(_) | Value::List(_)) { guard::csv(&text) } else { text.as_ref().into() };
            self.writer.write_field(&*field).map_err(io)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io)
    }

    fn finish(mut self: Box<Self>, _about: &About) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

fn io(error: ::csv::Error) -> ExportError {
    ExportError::Io(error.into())
}
