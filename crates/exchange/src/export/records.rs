//! Lists of records.

use super::columns::{Chosen, Source, choose};
use super::labels::Labels;
use super::reference::References;
use super::{About, Codes, ExportError, ExportOptions, STEP, Table, Value, Writer};
use crate::import::state;
use crate::{Progress, tell};
use shirube_plan::{Field, FieldKind, Lang, Pack, Pair, Part, Register, State};
use shirube_record::{Cell, Content};
use shirube_snapshot::{Fields, ListQuery, Record, Snapshot};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::{ops::ControlFlow, sync::Arc};

/// Writes every record of a list, whatever page the query shows. Gives how many.
///
/// What is written with names or labels and all columns, imported into an empty register, gives the same records;
/// attached files and references to records of the same list excepted, which must be there first.
pub fn records(
    snapshot: &Snapshot,
    query: &ListQuery,
    options: &ExportOptions,
    out: &mut (dyn Write + Send),
    progress: Progress,
) -> Result<u64, ExportError> {
    let pack = snapshot.pack();
    let register = pack.registers.get(&query.register).ok_or_else(|| ExportError::NoSuchRegister(query.register.clone()))?;
    let chosen = choose(snapshot, register, options)?;
    let query = &ListQuery { fields: fields(&chosen), ..query.clone() };
    let total = snapshot.count(query)?;
    let table = Table {
        label: register.label.clone(),
        columns: chosen.iter().map(|c| c.column.clone()).collect(),
        about: about(snapshot, register, query),
    };
    let mut writer = Writer::new(&table, options, out)?;
    let mut values =
        Values { states: states(register, options), references: References::new(snapshot), labels: Labels::new(pack, options), options };
    let mut seen = Seen::default();
    let mut done: Result<(), ExportError> = Ok(());
    snapshot.each(query, &mut |record| {
        seen.note(&record);
        let row: Result<Vec<Value>, ExportError> = chosen.iter().map(|c| values.value(c, &record)).collect();
        done = row
            .and_then(|row| writer.row(&row))
            .and_then(|()| if seen.records.is_multiple_of(STEP) { Ok(tell(progress, seen.records, total)?) } else { Ok(()) });
        if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    done?;
    writer.finish(&seen.about(pack))
}

/// The fields that columns are made of: no other is read.
fn fields(chosen: &[Chosen<'_>]) -> Fields {
    let of = |c: &Chosen<'_>| match &c.source {
        Source::Own(_) => None,
        Source::Field { field, .. } | Source::InGroup { group: field, .. } => Some(field.name.clone()),
    };
    Some(Arc::new(chosen.iter().filter_map(of).collect()))
}

/// Cells as values of a table.
struct Values<'a> {
    /// What states are written as.
    states: HashMap<String, String>,
    references: References<'a>,
    labels: Labels<'a>,
    options: &'a ExportOptions,
}

impl Values<'_> {
    fn value(&mut self, chosen: &Chosen, record: &Record) -> Result<Value, ExportError> {
        Ok(match &chosen.source {
            Source::Own("_state") => record.state.as_ref().map(|s| self.states.get(s).unwrap_or(s).clone()).into(),
            Source::Own(name) => own(name, record),
            Source::Field { field, name, part } => self.cell(field, *part, record.content.get(name))?,
            Source::InGroup { group, row, field, name, part } => {
                let row = match record.content.get(&group.name) {
                    Some(Cell::Rows(rows)) => rows.get(*row),
                    _ => None,
                };
                self.cell(field, *part, row.and_then(|r| r.get(name)))?
            }
        })
    }

    fn cell(&mut self, field: &Field, part: Part, cell: Option<&Cell>) -> Result<Value, ExportError> {
        Ok(match cell {
            None => Value::Blank,
            Some(Cell::Missing { missing }) => Value::Missing(missing.clone()),
            Some(Cell::Integer(id)) if matches!(field.kind, FieldKind::Reference { .. }) => Value::Text(self.references.text(field, *id)?),
            Some(Cell::Integer(n)) if matches!(field.kind, FieldKind::Boolean) && self.options.codes == Codes::Labels => {
                let lang = self.options.lang;
                shirube_record::format(field, part, &Cell::Integer(*n), lang, &Pack::default()).into()
            }
            Some(Cell::Integer(n)) => Value::Integer(*n),
            Some(Cell::Real(x)) => Value::Real(*x),
            Some(Cell::Text(text)) if part == Part::Main => Value::Text(self.labels.of(field, text)),
            Some(Cell::Text(text)) => Value::Text(text.clone()),
            Some(Cell::List(codes)) => Value::List(codes.iter().map(|c| self.labels.of(field, c)).collect()),
            // Other formats have columns for each row; only the reason for a blank comes here.
            Some(Cell::Rows(rows)) => match &field.kind {
                FieldKind::Group { fields } if self.options.format == super::Format::Json => {
                    Value::Rows(rows.iter().map(|row| self.row(fields, row)).collect::<Result<_, _>>()?)
                }
                _ => Value::Blank,
            },
        })
    }

    fn row(&mut self, fields: &[Field], row: &Content) -> Result<Vec<(String, Value)>, ExportError> {
        let mut values = vec![];
        for column in fields.iter().flat_map(Field::columns) {
            if let Some(cell) = row.get(&column.name) {
                let value = self.cell(column.field, column.part, Some(cell))?;
                values.push((column.name, value));
            }
        }
        Ok(values)
    }
}

/// States that are written by label: those that an import reads back as the same state.
fn states(register: &Register, options: &ExportOptions) -> HashMap<String, String> {
    let label = |s: &State| (s.name.clone(), s.label.get(options.lang).to_owned());
    let same = |(name, label): &(String, String)| state(register, label).is_some_and(|s| s.name == *name);
    let states = if options.codes == Codes::Labels { register.states.as_slice() } else { &[] };
    states.iter().map(label).filter(same).collect()
}

fn own(name: &str, record: &Record) -> Value {
    match name {
        "_number" => record.number.clone().into(),
        "_source" => record.origin.source.clone().into(),
        "_heading" => record.origin.heading.clone().into(),
        "_quote" => record.origin.quote.clone().into(),
        "_synthetic" => record.origin.synthetic.then_some(1).into(),
        "_id" => record.id.into(),
        "_version" => record.version.into(),
        "_seq" => record.seq.into(),
        "_created_at" => time(record.created_at),
        "_updated_at" => time(record.updated_at),
        _ => Value::Blank,
    }
}

fn time(ms: i64) -> Value {
    jiff::Timestamp::from_millisecond(ms).ok().map(|t| t.to_string()).into()
}

/// What the file says about itself before the first record is read.
fn about(snapshot: &Snapshot, register: &Register, query: &ListQuery) -> About {
    let (meta, moment) = (&snapshot.pack().meta, snapshot.moment());
    let mut about = super::figures::origin(snapshot.pack(), moment);
    about.pair("register", "台帳", "Register", register.label.clone());
    if let Some(conditions) = super::conditions::in_words(snapshot, register, query) {
        about.pair("filter", "絞り込み", "Filter", conditions);
    }
    let digest: String = snapshot.pack().digest.chars().take(12).collect();
    let day = moment.day();
    about.pair(
        "citation",
        "引用のしかた",
        "Cite as",
        Pair {
            ja: format!(
                "「{}」、{} {}版（{digest}）、時点 {day}（出来事 {} まで）",
                register.label.ja, meta.label.ja, meta.version, moment.seq
            ),
            en: format!(
                "“{}”, {}, version {} ({digest}), as of {day} (event {})",
                register.label.en, meta.label.en, meta.version, moment.seq
            ),
        },
    );
    about
}

/// What is known once all records are written.
#[derive(Default)]
struct Seen {
    records: u64,
    synthetic: u64,
    sources: BTreeSet<String>,
}

impl Seen {
    fn note(&mut self, record: &Record) {
        self.records += 1;
        self.synthetic += u64::from(record.origin.synthetic);
        if let Some(source) = &record.origin.source
            && !self.sources.contains(source)
        {
            self.sources.insert(source.clone());
        }
    }

    fn about(&self, pack: &Pack) -> About {
        let mut about = About::default();
        about.fact("records", "件数", "Records", self.records.to_string());
        if self.synthetic > 0 {
            about.pair(
                "synthetic",
                "例示データ",
                "Demonstration records",
                Pair {
                    ja: format!("{} 件は例示のための架空の記録です（_synthetic = 1）", self.synthetic),
                    en: format!("{} are invented for demonstration (_synthetic = 1)", self.synthetic),
                },
            );
        }
        let sources = |lang: Lang| {
            let one = |id: &String| match pack.source(id) {
                Some(s) => format!("{id}: {}（{}）", s.label.get(lang), s.publisher.get(lang)),
                None => id.clone(),
            };
            self.sources.iter().map(one).collect::<Vec<_>>().join("\n")
        };
        if !self.sources.is_empty() {
            about.pair("sources", "出典", "Sources", Pair { ja: sources(Lang::Ja), en: sources(Lang::En) });
        }
        about
    }
}
