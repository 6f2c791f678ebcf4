//! JSON: `{"label": …, "about": {…}, "columns": […], "rows": [{…}, …], "summary": {…}}`, written row by row.

use super::{About, ExportError, ExportOptions, Sink, Table, Value};
use serde_json::{Value as Any, json};
use shirube_plan::{Lang, Pair};
use std::io::{self, Write};

pub(super) struct Json<'a> {
    out: &'a mut (dyn Write + Send),
    table: &'a Table,
    lang: Lang,
    rows: u64,
}

impl<'a> Json<'a> {
    pub fn new(table: &'a Table, options: &ExportOptions, out: &'a mut (dyn Write + Send)) -> Result<Self, ExportError> {
        write!(out, "{{\"label\":{},\n\"about\":", pair(&table.label))?;
        facts(out, &table.about, options.lang)?;
        out.write_all(b",\n\"columns\":[")?;
        for (i, column) in table.columns.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(out, "{comma}\n{{\"name\":{},\"label\":{}}}", Any::from(column.name.as_str()), pair(&column.label))?;
        }
        out.write_all(b"],\n\"rows\":[")?;
        Ok(Json { out, table, lang: options.lang, rows: 0 })
    }
}

impl Sink for Json<'_> {
    fn row(&mut self, values: &[Value]) -> Result<(), ExportError> {
        self.out.write_all(if self.rows == 0 { b"\n{" } else { b",\n{" })?;
        let filled = self.table.columns.iter().zip(values).filter(|(_, v)| **v != Value::Blank);
        // Keys in the order of the columns: a map of serde_json would sort them.
        for (i, (column, value)) in filled.enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(self.out, "{comma}{}:{}", Any::from(column.name.as_str()), any(value))?;
        }
        self.out.write_all(b"}")?;
        self.rows += 1;
        Ok(())
    }

    fn finish(self: Box<Self>, about: &About) -> Result<(), ExportError> {
        self.out.write_all(b"\n],\n\"summary\":")?;
        facts(self.out, about, self.lang)?;
        self.out.write_all(b"}\n")?;
        Ok(self.out.flush()?)
    }
}

fn facts(out: &mut (dyn Write + Send), about: &About, lang: Lang) -> io::Result<()> {
    out.write_all(b"{")?;
    for (i, (key, _, value)) in about.facts.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}{}:{}", Any::from(*key), Any::from(value.get(lang)))?;
    }
    out.write_all(b"}")
}

fn pair(pair: &Pair) -> String {
    format!("{{\"ja\":{},\"en\":{}}}", Any::from(pair.ja.as_str()), Any::from(pair.en.as_str()))
}

/// A blank with a reason is an object, so that it is never taken for a text.
fn any(value: &Value) -> Any {
    match value {
        Value::Blank => Any::Null,
        Value::Missing(word) => json!({"missing": word}),
        Value::Text(text) => text.as_str().into(),
        Value::Integer(n) => (*n).into(),
        Value::Real(x) => (*x).into(),
        Value::List(texts) => texts.as_slice().into(),
        Value::Rows(rows) => {
            rows.iter().map(|row| row.iter().map(|(c, v)| (c.clone(), any(v))).collect::<serde_json::Map<_, _>>()).collect()
        }
    }
}
