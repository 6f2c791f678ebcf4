//! What a person typed, as it came.

use super::{attach::Upload, multipart};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    url,
};
use shirube_plan::{Field, FieldKind, Part, Register};
use std::collections::BTreeSet;

/// Texts and files of a form, in order; a name may come several times (check boxes).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entered {
    texts: Vec<(String, String)>,
    files: Vec<Upload>,
}

impl Entered {
    /// Reads the body of a request.
    pub fn read(cx: &Ctx) -> Result<Entered, Error> {
        let media = cx.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if media.starts_with("multipart/form-data") {
            return multipart::read(cx);
        }
        if !media.starts_with("application/x-www-form-urlencoded") {
            return Err(Error::bad(
                pair("送られた内容を読み取れません。", "What was sent cannot be read."),
                pair("画面の入力フォームから送ってください。", "Send it with the form of the page."),
            ));
        }
        let body = std::str::from_utf8(&cx.body).map_err(|_| {
            Error::bad(
                pair("文字コードがUTF-8ではありません。", "The text is not in UTF-8."),
                pair("画面の入力フォームから送ってください。", "Send it with the form of the page."),
            )
        })?;
        Ok(Entered { texts: url::form_pairs(body), files: vec![] })
    }

    /// From pairs of names and texts, and files.
    pub fn new(texts: Vec<(String, String)>, files: Vec<Upload>) -> Entered {
        Entered { texts, files }
    }

    /// The first text of this name; blank when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(n, _)| n == name).map_or("", |(_, t)| t)
    }

    /// The first text of this name, when it is not blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|t| !t.is_empty())
    }

    /// All texts of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(n, _)| n == name).map(|(_, t)| t.as_str())
    }

    /// All pairs.
    pub fn texts(&self) -> &[(String, String)] {
        &self.texts
    }

    /// The file sent under this name, if one was chosen.
    pub fn file(&self, name: &str) -> Option<&Upload> {
        self.files.iter().find(|f| f.control == name && !f.name.is_empty())
    }

    /// Replaces the texts of a name.
    pub fn set(&mut self, name: &str, text: impl Into<String>) {
        self.remove(name);
        self.push(name, text);
    }

    /// Adds a text.
    pub fn push(&mut self, name: &str, text: impl Into<String>) {
        self.texts.push((name.to_string(), text.into()));
    }

    /// Removes the texts of a name.
    pub fn remove(&mut self, name: &str) {
        self.texts.retain(|(n, _)| n != name);
    }

    /// Numbers of the rows of a group that are on the form, rising.
    pub fn rows(&self, group: &str) -> BTreeSet<usize> {
        let marked = self.all(&format!("_row.{group}")).filter_map(|n| n.parse().ok()).collect::<Vec<_>>();
        let named = self.texts.iter().filter_map(|(name, _)| row_of(group, name)).map(|(n, _)| n);
        named.chain(marked).collect()
    }

    /// Adds a blank row to a group.
    pub fn add_row(&mut self, group: &str) {
        let next = self.rows(group).last().map_or(1, |n| n + 1);
        self.push(&format!("_row.{group}"), next.to_string());
    }

    /// Removes row `n` of a group; the rows behind it move up.
    pub fn remove_row(&mut self, group: &str, n: usize) {
        let kept: Vec<usize> = self.rows(group).into_iter().filter(|row| *row != n).collect();
        self.renumber(group, &kept);
    }

    /// Leaves out blank rows of groups, so that rows are counted as the record counts them.
    pub fn without_blank_rows(mut self, register: &Register) -> Entered {
        for field in &register.fields {
            if let FieldKind::Group { fields } = &field.kind {
                let filled: Vec<usize> = self.rows(&field.name).into_iter().filter(|n| self.row_filled(&field.name, *n, fields)).collect();
                self.renumber(&field.name, &filled);
            }
        }
        self
    }

    /// A row holds something; a currency alone, which forms fill in by themselves, is nothing.
    fn row_filled(&self, group: &str, n: usize, fields: &[Field]) -> bool {
        let currencies: Vec<String> = fields.iter().flat_map(Field::columns).filter(|c| c.part == Part::Currency).map(|c| c.name).collect();
        self.texts.iter().any(|(name, text)| {
            !text.trim().is_empty() && row_of(group, name).is_some_and(|(row, column)| row == n && !currencies.iter().any(|c| c == column))
        })
    }

    /// Keeps these rows of a group and counts them from 1.
    fn renumber(&mut self, group: &str, kept: &[usize]) {
        let mark = format!("_row.{group}");
        let texts = std::mem::take(&mut self.texts);
        for (name, text) in texts {
            if name == mark {
                continue;
            }
            match row_of(group, &name) {
                None => self.texts.push((name, text)),
                Some((n, column)) => {
                    if let Some(at) = kept.iter().position(|k| *k == n) {
                        let missing = if name.starts_with('_') { "_missing." } else { "" };
                        self.texts.push((format!("{missing}{group}.{}.{column}", at + 1), text));
                    }
                }
            }
        }
        for n in 1..=kept.len() {
            self.push(&mark, n.to_string());
        }
    }
}

/// Row and column of a control of a group (`grants.2.amount`, `_missing.grants.2.amount`).
fn row_of<'a>(group: &str, name: &'a str) -> Option<(usize, &'a str)> {
    let name = name.strip_prefix("_missing.").unwrap_or(name);
    let (n, column) = name.strip_prefix(group)?.strip_prefix('.')?.split_once('.')?;
    Some((n.parse().ok()?, column))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::Lang;

    fn entered(pairs: &[(&str, &str)]) -> Entered {
        Entered::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(), vec![])
    }

    #[test]
    fn rows_are_added_and_removed_without_losing_their_neighbours() {
        let mut form = entered(&[
            ("title", "t"),
            ("grants.1.year", "2020"),
            ("grants.2.year", "2021"),
            ("_missing.grants.2.amount", "unknown"),
            ("grants.3.year", "2022"),
        ]);
        form.add_row("grants");
        assert_eq!(form.rows("grants").into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        form.remove_row("grants", 1);
        assert_eq!(form.rows("grants").into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(
            (form.text("grants.1.year"), form.text("_missing.grants.1.amount"), form.text("grants.2.year")),
            ("2021", "unknown", "2022")
        );
        assert_eq!(form.text("title"), "t");
    }

    #[test]
    fn a_row_with_nothing_but_the_currency_is_blank() {
        let register = crate::testing::desk().registers["project"].clone();
        let form = entered(&[
            ("grants.1.amount", " "),
            ("grants.1.amount_currency", "JPY"),
            ("grants.4.fiscal_year", "2021"),
            ("_row.grants", "7"),
        ]);
        let form = form.without_blank_rows(&register);
        assert_eq!(form.rows("grants").into_iter().collect::<Vec<_>>(), [1]);
        assert_eq!(form.text("grants.1.fiscal_year"), "2021");
    }

    #[test]
    fn bodies_that_are_no_form_are_refused() {
        let mut cx = Ctx::plain(Lang::Ja, "/");
        cx.headers.insert("content-type", "text/plain".parse().unwrap());
        assert_eq!(Entered::read(&cx).unwrap_err().status(), 400);
        cx.headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        cx.body = axum::body::Bytes::from_static(b"a=\xff");
        assert_eq!(Entered::read(&cx).unwrap_err().status(), 400);
    }
}
