//! The text of a record that searches look at: its public fields in words.

use super::words::{Query, fold};
use crate::schema::{child_name, past_name, quoted};
use rusqlite::{Connection, Result, functions::FunctionFlags, types::FromSqlError};
use shirube_plan::{Field, FieldKind, Pack, Part, Register, Sensitivity, Storage};
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
    /// For codes: what each is found by, the code and its labels.
    words: Option<BTreeMap<String, String>>,
}

pub(crate) fn texts(pack: &Pack) -> Texts {
    pack.registers.values().map(|register| (register.name.clone(), Text::new(pack, register))).collect()
}

impl Text {
    fn new(pack: &Pack, register: &Register) -> Text {
        let part = |column: &str, child: Option<String>, codes: Option<&str>| TextPart {
            column: column.to_string(),
            child,
            words: codes.map(|list| words(pack, list)),
        };
        let mut parts = vec![part("_number", None, None)];
        for field in register.fields.iter().filter(|f| f.sensitivity == Sensitivity::Public) {
            let child = || Some(child_name(&register.name, &field.name));
            match &field.kind {
                FieldKind::Choices { codes } => parts.push(part("value", child(), Some(codes))),
                FieldKind::Group { fields } => {
                    for inner in fields.iter().filter(|f| f.sensitivity == Sensitivity::Public) {
                        parts.extend(searchable(inner).into_iter().map(|(column, codes)| part(&column, child(), codes)));
                    }
                }
                _ => parts.extend(searchable(field).into_iter().map(|(column, codes)| part(&column, None, codes))),
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
    pub fn compose<'v>(&self, values: impl Iterator<Item = Option<&'v str>>) -> String {
        let mut out = String::with_capacity(256);
        for (part, value) in self.parts.iter().zip(values) {
            let Some(value) = value else { continue };
            match &part.words {
                None => out.push_str(value),
                Some(words) => value.split('\n').for_each(|code| out.push_str(words.get(code).map_or(code, String::as_str))),
            }
            out.push('\n');
        }
        out
    }

    /// What the stored texts depend on.
    pub fn signature(&self) -> String {
        format!("{:?}", self.parts)
    }
}

/// What each code of a list is found by.
fn words(pack: &Pack, list: &str) -> BTreeMap<String, String> {
    let codes = pack.code_lists.get(list).map(|l| l.codes.as_slice()).unwrap_or_default();
    codes.iter().map(|c| (c.code.clone(), format!("{}\n{}\n{}\n", c.code, c.label.ja, c.label.en))).collect()
}

/// Columns of a field that are searched, with the code list of their values.
fn searchable(field: &Field) -> Vec<(String, Option<&str>)> {
    use FieldKind as K;
    let codes = match &field.kind {
        K::Text { .. } | K::LongText { .. } | K::Organisation | K::Person | K::Attachment { .. } => None,
        K::Derived { stored_as: Storage::Text, .. } => None,
        K::Choice { codes } => Some(codes.as_str()),
        K::Country => Some("country"),
        _ => return vec![],
    };
    let wanted = |part| matches!(part, Part::Main | Part::CorporateNumber);
    field.columns().into_iter().filter(|c| wanted(c.part)).map(|c| (c.name, codes)).collect()
}

/// Adds `_holds(register, query, parts…)`: whether a row's text holds a query; the plain comparison beside the
/// index.
pub(crate) fn register_holds(connection: &Connection, texts: Arc<Texts>) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("_holds", -1, flags, move |context| {
        let text = |i: usize| context.get_raw(i).as_str().ok();
        let Some(found) = text(0).and_then(|register| texts.get(register)) else { return Ok(false) };
        let query = context
            .get_or_create_aux(1, |value| -> std::result::Result<Option<Query>, FromSqlError> { Ok(Query::new(value.as_str()?)) })?;
        let Some(query) = query.as_ref() else { return Ok(false) };
        Ok(query.matches(&fold(&found.compose((2..context.len()).map(text)))))
    })
}
