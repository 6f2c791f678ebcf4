//! Labels of codes.

use super::{Codes, ExportOptions};
use shirube_plan::{Code, Field, FieldKind, Lang, Pack, Part};
use shirube_record::{Cell, parse};
use std::collections::HashMap;

/// What codes are written as.
pub(super) struct Labels<'a> {
    pack: &'a Pack,
    codes: Codes,
    lang: Lang,
    /// By code list and whether a field holds several: code to label.
    known: HashMap<(String, bool), HashMap<String, String>>,
}

impl<'a> Labels<'a> {
    pub fn new(pack: &'a Pack, options: &ExportOptions) -> Self {
        Labels { pack, codes: options.codes, lang: options.lang, known: HashMap::new() }
    }

    /// The label of a field's code where an import reads it back as the same code; else, and for other fields, the
    /// text as it is.
    pub fn of(&mut self, field: &Field, text: &str) -> String {
        let (list, several) = match &field.kind {
            _ if self.codes == Codes::Codes => return text.to_owned(),
            FieldKind::Choice { codes } => (codes.as_str(), false),
            FieldKind::Choices { codes } => (codes.as_str(), true),
            FieldKind::Country => ("country", false),
            _ => return text.to_owned(),
        };
        let (pack, lang) = (self.pack, self.lang);
        let labels = self.known.entry((list.to_owned(), several)).or_insert_with(|| {
            let codes = pack.code_lists.get(list).map(|l| l.codes.as_slice()).unwrap_or_default();
            let label = |code: &Code| (code.code.clone(), code.label.get(lang).to_owned());
            codes.iter().map(label).filter(|(code, label)| same(pack, field, code, label)).collect()
        });
        labels.get(text).map_or(text, String::as_str).to_owned()
    }
}

fn same(pack: &Pack, field: &Field, code: &str, label: &str) -> bool {
    match parse(field, Part::Main, label, pack) {
        Ok(Some(Cell::Text(read))) => read == code,
        Ok(Some(Cell::List(read))) => read == [code],
        _ => false,
    }
}
