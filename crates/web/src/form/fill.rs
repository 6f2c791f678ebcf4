//! From values to what stands in the controls.

use super::{Entered, References};
use shirube_plan::{Field, FieldKind, Lang, Pack, Register};
use shirube_record::{Cell, Content, format};

/// The form as it stands before a person changes anything: [`super::read`] gives the same values back.
pub fn fill(register: &Register, pack: &Pack, content: &Content, references: &References) -> Entered {
    let mut form = Filler { pack, references, entered: Entered::default() };
    for field in &register.fields {
        match &field.kind {
            FieldKind::Group { fields } => match content.get(&field.name) {
                Some(Cell::Rows(rows)) => {
                    for (i, row) in rows.iter().enumerate() {
                        let n = i + 1;
                        form.entered.push(&format!("_row.{}", field.name), n.to_string());
                        fields.iter().for_each(|f| form.field(&format!("{}.{n}.", field.name), f, row));
                    }
                }
                other => form.missing(&field.name, other),
            },
            _ => form.field("", field, content),
        }
    }
    form.entered
}

struct Filler<'a> {
    pack: &'a Pack,
    references: &'a References,
    entered: Entered,
}

impl Filler<'_> {
    fn field(&mut self, prefix: &str, field: &Field, content: &Content) {
        let control = format!("{prefix}{}", field.name);
        match (&field.kind, content.get(&field.name)) {
            (FieldKind::Derived { .. }, _) => {}
            (_, other @ Some(Cell::Missing { .. })) => self.missing(&control, other),
            (FieldKind::Choices { .. }, Some(Cell::List(codes))) => codes.iter().for_each(|code| self.entered.push(&control, code)),
            (FieldKind::Reference { register }, Some(Cell::Integer(id))) => {
                let value = self.references.value(register, *id);
                self.entered.push(&control, value);
            }
            _ => {
                for column in field.columns() {
                    if let Some(cell) = content.get(&column.name) {
                        // Codes, numbers and years as they are stored: a control is for writing, not for reading.
                        let text = match (cell, &field.kind) {
                            (Cell::Text(text), _) => text.clone(),
                            (Cell::Integer(n), FieldKind::FiscalYear { .. } | FieldKind::Boolean | FieldKind::Attachment { .. }) => {
                                n.to_string()
                            }
                            _ => format(field, column.part, cell, Lang::Ja, self.pack),
                        };
                        self.entered.push(&format!("{prefix}{}", column.name), text);
                    }
                }
            }
        }
    }

    fn missing(&mut self, control: &str, cell: Option<&Cell>) {
        if let Some(Cell::Missing { missing }) = cell {
            self.entered.push(&format!("_missing.{control}"), missing);
        }
    }
}
