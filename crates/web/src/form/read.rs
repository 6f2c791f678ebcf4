//! From what was typed to values.

use super::{Entered, Fault};
use crate::error::pair;
use shirube_plan::{Absence, Field, FieldKind, Pack, Part, Register};
use shirube_record::{Cell, Content, Mistake, normalise, parse};

/// Finds the record that a text in a reference's control means.
pub type Resolve<'a> = dyn Fn(&str, &str) -> Result<i64, Mistake> + 'a;

/// A form, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Values that could be read.
    pub content: Content,
    /// What could not.
    pub faults: Vec<Fault>,
}

/// Reads the controls of a register's fields. Blank rows of groups must be gone already
/// ([`Entered::without_blank_rows`]).
pub fn read(register: &Register, pack: &Pack, entered: &Entered, resolve: &Resolve<'_>) -> Read {
    let mut reader = Reader { register, pack, entered, resolve, faults: vec![] };
    let mut content = Content::new();
    for field in &register.fields {
        match &field.kind {
            FieldKind::Group { fields } => {
                let rows: Vec<Content> = entered.rows(&field.name).into_iter().map(|n| reader.row(&field.name, n, fields)).collect();
                match reader.missing(&field.name) {
                    Some(missing) if rows.is_empty() => {
                        content.insert(field.name.clone(), missing);
                    }
                    Some(_) => reader.both(&field.name),
                    None => {
                        content.insert(field.name.clone(), Cell::Rows(rows));
                    }
                }
            }
            _ => content.extend(reader.field("", field)),
        }
    }
    // What could not be read leaves holes; rows keep their places so that later mistakes stand at the right one.
    let content = if reader.faults.is_empty() { normalise(register, content) } else { content };
    Read { content, faults: reader.faults }
}

struct Reader<'a> {
    register: &'a Register,
    pack: &'a Pack,
    entered: &'a Entered,
    resolve: &'a Resolve<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn row(&mut self, group: &str, n: usize, fields: &[Field]) -> Content {
        fields.iter().flat_map(|field| self.field(&format!("{group}.{n}."), field)).collect()
    }

    /// The columns of one field that are filled.
    fn field(&mut self, prefix: &str, field: &Field) -> Vec<(String, Cell)> {
        if matches!(field.kind, FieldKind::Derived { .. }) {
            return vec![];
        }
        let control = format!("{prefix}{}", field.name);
        let mut cells = vec![];
        if matches!(field.kind, FieldKind::Choices { .. }) {
            let codes = self.entered.all(&control).map(str::trim).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(";");
            cells.extend(self.cell(&control, field, Part::Main, &codes).map(|cell| (field.name.clone(), cell)));
        }
        for column in field.columns() {
            let control = format!("{prefix}{}", column.name);
            let text = self.entered.text(&control).to_string();
            cells.extend(self.cell(&control, field, column.part, &text).map(|cell| (column.name, cell)));
        }
        if let Some(missing) = self.missing(&control) {
            // A currency may stand there by itself, as the form fills it in.
            if cells.iter().any(|(name, _)| *name == field.name) {
                self.both(&control);
            } else {
                return vec![(field.name.clone(), missing)];
            }
        }
        cells
    }

    fn cell(&mut self, control: &str, field: &Field, part: Part, text: &str) -> Option<Cell> {
        let text = text.trim();
        let result = match &field.kind {
            FieldKind::Reference { register } if !text.is_empty() && shirube_record::input::missing_word(text).is_none() => {
                (self.resolve)(register, text).map(|id| Some(Cell::Integer(id)))
            }
            _ => parse(field, part, text, self.pack).map_err(|e| *e.mistake),
        };
        result.unwrap_or_else(|mistake| {
            self.faults.push(Fault::new(self.register, control, &mistake));
            None
        })
    }

    /// The reason for a blank that was chosen.
    fn missing(&self, control: &str) -> Option<Cell> {
        let absence = Absence::parse(self.entered.filled(&format!("_missing.{control}"))?)?;
        Some(Cell::Missing { missing: absence.as_str().to_string() })
    }

    fn both(&mut self, control: &str) {
        let problem = pair("値と空欄の理由が両方あります", "there is both a value and a reason for a blank");
        let mend = pair("どちらか一方にしてください", "leave one of them out");
        self.faults.push(Fault::say(self.register, control, problem, mend));
    }
}
