//! The text of a record that searches look at: its public fields in words.

use super::words::fold;
use crate::schema::{child_name, past_name, quoted};
use rusqlite::{Connection, Result, functions::FunctionFlags};
use shirube_plan::{FieldKind, Pack, Part, Register, Sensitivity};
use std::{collections::BTreeMap, sync::Arc};

/// What is read of each register for searching, by name.
pub(crate) type Texts = BTreeMap<String, Text>;

/// The searchable parts of one register.
#[derive(Debug)]
pub(crate) struct Text {
    parts: Vec<TextPart>,
}

#[derive(Debug)]
struct TextPart {
    /// Column of the register, or of a child table.
    column: String,
    child: Option<String>,
    /// Code list whose labels are found too.
    codes: Option<String>,
}

pub(crate) fn texts(pack: &Pack) -> Texts {
    pack.registers.values().map(|register| (register.name.clone(), Text::new(register))).collect()
}

impl Text {
    fn new(register: &Register) -> Text {
        let own = |column: &str, codes: Option<String>| TextPart { column: column.to_string(), child: None, codes };
        let mut parts = vec![own("_number", None)];
        for field in register.fields.iter().filter(|f| f.sensitivity == Sensitivity::Public) {
            match &field.kind {
                FieldKind::Choices { codes } => {
                    parts.push(TextPart {
                        column: "value".to_string(),
                        child: Some(child_name(&register.name, &field.name)),
                        codes: Some(codes.clone()),
                    });
                }
                FieldKind::Group { fields } => {
                    for inner in fields.iter().filter(|f| f.sensitivity == Sensitivity::Public) {
                        let child = Some(child_name(&register.name, &field.name));
                        parts.extend(searchable(inner).into_iter().map(|(column, codes)| TextPart { column, child: child.clone(), codes }));
                    }
                }
                _ => parts.extend(searchable(field).into_iter().map(|(column, codes)| own(&column, codes))),
            }
        }
        Text { parts }
    }

    /// SQL expressions that give the parts for a row `t`, for present rows.
    pub fn present(&self) -> String {
        self.expressions(|child, column| {
            format!("(SELECT group_concat(c.{column}, char(10)) FROM {} c WHERE c._id = t._id)", quoted(child))
        })
    }

    /// The same for a row of any version, present or superseded: child rows as they were then.
    pub fn of_any_version(&self) -> String {
        self.expressions(|child, column| {
            let now = format!("SELECT {column} AS v, position FROM {} WHERE _id = t._id AND _seq <= t._seq", quoted(child));
            let past = format!(
                "SELECT {column}, position FROM {} WHERE _id = t._id AND _seq <= t._seq AND _until > t._seq",
                quoted(&past_name(child))
            );
            format!("(SELECT group_concat(v, char(10)) FROM ({now} UNION ALL {past} ORDER BY position))")
        })
    }

    fn expressions(&self, of_child: impl Fn(&str, &str) -> String) -> String {
        let part = |part: &TextPart| match &part.child {
            None => format!("t.{}", quoted(&part.column)),
            Some(child) => of_child(child, &quoted(&part.column)),
        };
        self.parts.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// The text from the values of its parts, in their order.
    pub fn compose<'v>(&self, pack: &Pack, values: impl Iterator<Item = Option<&'v str>>) -> String {
        let mut out = String::new();
        for (part, value) in self.parts.iter().zip(values) {
            let Some(value) = value else { continue };
            match &part.codes {
                None => push(&mut out, value),
                Some(list) => {
                    for code in value.split('\n') {
                        push(&mut out, code);
                        if let Some(code) = pack.code(list, code) {
                            push(&mut out, &code.label.ja);
                            push(&mut out, &code.label.en);
                        }
                    }
                }
            }
        }
        out
    }

    /// What the stored texts depend on.
    pub fn signature(&self) -> String {
        format!("{:?}", self.parts)
    }
}

fn push(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Columns of a field that are searched, with the code list of their values.
fn searchable(field: &shirube_plan::Field) -> Vec<(String, Option<String>)> {
    use FieldKind as K;
    let codes = match &field.kind {
        K::Text { .. } | K::LongText { .. } | K::Organisation | K::Person | K::Attachment { .. } => None,
        K::Derived { stored_as, .. } if *stored_as == shirube_plan::Storage::Text => None,
        K::Choice { codes } => Some(codes.clone()),
        K::Country => Some("country".to_string()),
        _ => return vec![],
    };
    let wanted = |part| matches!(part, Part::Main | Part::CorporateNumber);
    field.columns().into_iter().filter(|c| wanted(c.part)).map(|c| (c.name, codes.clone())).collect()
}

/// Adds `_holds(register, query, parts…)`: whether a row's text holds a query; the plain comparison beside the
/// index.
pub(crate) fn register_holds(connection: &Connection, pack: Arc<Pack>, texts: Arc<Texts>) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("_holds", -1, flags, move |context| {
        let text = |i: usize| context.get_raw(i).as_str().ok();
        let (Some(register), Some(query)) = (text(0), text(1)) else { return Ok(false) };
        let (Some(found), Some(query)) = (texts.get(register), super::words::Query::new(query)) else { return Ok(false) };
        Ok(query.matches(&fold(&found.compose(&pack, (2..context.len()).map(text)))))
    })
}
