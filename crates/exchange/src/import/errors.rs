//! The file given back: its rows as they were, with a column that says what is wrong.

use super::{ImportError, Prepared, RowError};
use crate::export::{About, Column, ExportOptions, Kind, Table, Value, Writer};
use crate::sheet::{self, Row, SheetOptions};
use crate::{Progress, guard, heading, tell};
use shirube_plan::{Lang, Pair};
use std::collections::HashMap;
use std::io::Write;

/// Writes the rows of a file with their mistakes in an added column, so that they can be mended there and the
/// result imported again: the import skips that column.
///
/// `bytes` and `sheet` are what was prepared. Values are written as text exactly as they were read; rows above the
/// header and blank rows are left out. Gives the number of rows.
pub fn error_file(
    bytes: &[u8],
    sheet: &SheetOptions,
    prepared: &Prepared,
    options: &ExportOptions,
    out: &mut (dyn Write + Send),
    progress: Progress,
) -> Result<u64, ImportError> {
    let mut by_row: HashMap<usize, Vec<&RowError>> = HashMap::new();
    for error in &prepared.errors {
        by_row.entry(error.row).or_default().push(error);
    }
    let said = |row: &Row| by_row.get(&row.number()).map(|errors| messages(errors, options.lang));
    sheet::read(bytes, sheet, &|_| false, |head, rows| {
        // Nothing is known as a heading here, so the first row came as the header; the real one is known by number.
        let mut row = head.header;
        while row.number() < prepared.header_row && rows.next(&mut row)? {}
        let table = table(&row, said(&row), options.lang);
        let mut writer = Writer::new(&table, options, out)?;
        let mut copied = 0;
        while rows.next(&mut row)? {
            let mut values: Vec<Value> = (0..table.columns.len() - 1).map(|i| guard::restore(row.get(i)).into()).collect();
            values.push(said(&row).into());
            writer.row(&values)?;
            copied += 1;
            if copied % super::STEP == 0 {
                tell(progress, copied, prepared.plan.rows)?;
            }
        }
        Ok(writer.finish(&About::default())?)
    })
}

/// The file's own columns and one for the mistakes; its heading tells those of the header.
fn table(header: &Row, said: Option<String>, lang: Lang) -> Table {
    let column = |text: String, kind| Column::new(text.clone(), Pair { ja: text.clone(), en: text }, kind);
    let mut columns: Vec<Column> = header.texts().map(|t| column(t.to_owned(), Kind::Text)).collect();
    let errors = match (lang, said) {
        (Lang::Ja, None) => format!("{}（エラー）", heading::ERRORS),
        (Lang::En, None) => heading::ERRORS.to_owned(),
        (_, Some(said)) => format!("{}: {said}", heading::ERRORS),
    };
    columns.push(column(errors, Kind::Long));
    Table { columns, ..Table::default() }
}

/// All mistakes of a row in one text.
fn messages(errors: &[&RowError], lang: Lang) -> String {
    let one = |error: &&RowError| {
        let (open, close, stop) = match lang {
            Lang::Ja => ("【", "】", "。"),
            Lang::En => ("[", "] ", ". "),
        };
        let column = error.column.as_ref().map(|c| format!("{open}{c}{close}")).unwrap_or_default();
        format!("{column}{}{stop}{}", error.problem.get(lang), error.mend.get(lang))
    };
    errors.iter().map(one).collect::<Vec<_>>().join("\n")
}
