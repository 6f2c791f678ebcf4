//! Reads a TOML table key by key and reports what is missing, mistyped or unknown, with its line.

use crate::cite::Texts;
use crate::model::{Citation, Pair, Place};
use crate::report::{Report, did_you_mean};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What every reader of one file needs: its name, where lines begin, where mistakes go, the sources' texts.
pub(crate) struct File<'a> {
    pub(crate) path: String,
    line_starts: Vec<usize>,
    pub(crate) report: &'a Report,
    pub(crate) texts: &'a Texts,
}

impl<'a> File<'a> {
    pub(crate) fn new(path: &str, text: &str, report: &'a Report, texts: &'a Texts) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        File { path: path.to_owned(), line_starts, report, texts }
    }
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        Place { file: self.path.clone(), line: self.line_starts.partition_point(|&s| s <= span.start) }
    }
    pub(crate) fn whole(&self) -> Place {
        Place { file: self.path.clone(), line: 0 }
    }
}

/// Parses a file and hands its root table to `read`; syntax errors are reported and end the file.
pub(crate) fn with_root(file: &File, text: &str, read: impl FnOnce(Table)) {
    let (root, errors) = DeTable::parse_recoverable(text);
    for e in &errors {
        let place = e.span().map_or_else(|| file.whole(), |s| file.place(&s));
        file.report.add(&place, format!("not valid TOML: {}", e.message()), "correct the syntax at this line");
    }
    if errors.is_empty() {
        let table = Table::new(file, root.get_ref(), root.span());
        read(table);
    }
}

/// A table being read. `finish` reports keys nobody asked for.
pub(crate) struct Table<'a> {
    pub(crate) file: &'a File<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    fn new(file: &'a File<'a>, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Table { file, table, span, asked: RefCell::default() }
    }
    pub(crate) fn place(&self) -> Place {
        self.file.place(&self.span)
    }
    /// Place of a key, or of the table when the key is absent.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or_else(|| self.place(), |v| self.file.place(&v.span()))
    }
    pub(crate) fn report(&self, key: &str, problem: impl Into<String>, mend: impl Into<String>) {
        self.file.report.add(&self.place_of(key), problem, mend);
    }
    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }
    fn wrong(&self, key: &str, found: &DeValue, wanted: &str) {
        self.report(key, format!("`{key}` is {} where {wanted} is expected", found.type_str()), format!("write `{key}` as {wanted}"));
    }
    fn need<T>(&self, key: &'static str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && !self.table.contains_key(key) {
            self.file.report.add(&self.place(), format!("`{key}` is missing"), format!("add e.g. `{key} = {example}`"));
        }
        value
    }

    pub(crate) fn str(&self, key: &'static str) -> Option<String> {
        let v = self.get(key)?;
        match v.get_ref().as_str() {
            Some(s) if !s.trim().is_empty() => Some(s.to_owned()),
            Some(_) => {
                self.report(key, format!("`{key}` is empty"), "fill it or leave the key out");
                None
            }
            None => {
                self.wrong(key, v.get_ref(), "a text in quotation marks");
                None
            }
        }
    }
    pub(crate) fn need_str(&self, key: &'static str, example: &str) -> String {
        let v = self.str(key);
        self.need(key, v, example).unwrap_or_default()
    }
    pub(crate) fn bool(&self, key: &'static str) -> bool {
        let Some(v) = self.get(key) else { return false };
        v.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(key, v.get_ref(), "true or false");
            false
        })
    }
    pub(crate) fn int(&self, key: &'static str) -> Option<i64> {
        let v = self.get(key)?;
        let n = v.get_ref().as_integer().and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok());
        if n.is_none() {
            self.wrong(key, v.get_ref(), "a whole number");
        }
        n
    }
    /// A whole number that fits the type asked for.
    pub(crate) fn small<T: TryFrom<i64>>(&self, key: &'static str) -> Option<T> {
        let n = self.int(key)?;
        let small = T::try_from(n).ok();
        if small.is_none() {
            self.report(key, format!("`{key}` = {n} is out of range"), "use a smaller number, not negative where that makes no sense");
        }
        small
    }
    pub(crate) fn float(&self, key: &'static str) -> Option<f64> {
        let v = self.get(key)?;
        let n = match v.get_ref() {
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok().map(|n| n as f64),
            DeValue::Float(f) => f.as_str().parse::<f64>().ok().filter(|f| f.is_finite()),
            _ => None,
        };
        if n.is_none() {
            self.wrong(key, v.get_ref(), "a number");
        }
        n
    }
    pub(crate) fn strings(&self, key: &'static str) -> Vec<String> {
        let Some(v) = self.get(key) else { return vec![] };
        let Some(array) = v.get_ref().as_array() else {
            self.wrong(key, v.get_ref(), "a list of texts");
            return vec![];
        };
        let mut out = vec![];
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(s) => out.push(s.to_owned()),
                None => self.wrong(key, item.get_ref(), "a list of texts"),
            }
        }
        out
    }
    /// Two whole numbers, first ≤ second.
    pub(crate) fn range(&self, key: &'static str) -> Option<(i32, i32)> {
        let v = self.get(key)?;
        let numbers: Option<Vec<i32>> =
            v.get_ref().as_array().and_then(|a| a.iter().map(|i| i.get_ref().as_integer().and_then(|n| n.as_str().parse().ok())).collect());
        match numbers.as_deref() {
            Some([a, b]) if a <= b => Some((*a, *b)),
            _ => {
                self.report(key, format!("`{key}` is not a range"), format!("write `{key} = [5, 10]`, the smaller number first"));
                None
            }
        }
    }
    pub(crate) fn pair(&self, key: &'static str) -> Option<Pair> {
        let v = self.get(key)?;
        let Some(t) = v.get_ref().as_table() else {
            self.wrong(key, v.get_ref(), "{ ja = \"…\", en = \"…\" }");
            return None;
        };
        let t = Table::new(self.file, t, v.span());
        let pair = Pair { ja: t.need_str("ja", "\"…\""), en: t.need_str("en", "\"…\"") };
        t.finish();
        Some(pair)
    }
    pub(crate) fn need_pair(&self, key: &'static str) -> Pair {
        let p = self.pair(key);
        self.need(key, p, "{ ja = \"…\", en = \"…\" }").unwrap_or_default()
    }
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let v = self.get(key)?;
        let t = v.get_ref().as_table();
        if t.is_none() {
            self.wrong(key, v.get_ref(), "a table");
        }
        t.map(|t| Table::new(self.file, t, v.span()))
    }
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(v) = self.get(key) else { return vec![] };
        let Some(array) = v.get_ref().as_array() else {
            self.wrong(key, v.get_ref(), "a list of tables");
            return vec![];
        };
        let mut out = vec![];
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(t) => out.push(Table::new(self.file, t, item.span())),
                None => self.wrong(key, item.get_ref(), "a list of tables"),
            }
        }
        out
    }
    /// One word out of a fixed set.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let s = self.str(key)?;
        let found = words.iter().find(|(w, _)| *w == s).map(|(_, t)| *t);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
            let hint = did_you_mean(&s, all.iter().copied());
            self.report(key, format!("`{key} = \"{s}\"` is not known"), format!("use one of {}{hint}", all.join(", ")));
        }
        found
    }
    pub(crate) fn need_word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let v = self.word(key, words);
        self.need(key, v, &format!("\"{}\"", words.first().map_or("", |w| w.0)))
    }
    pub(crate) fn cites(&self, key: &'static str) -> Vec<Citation> {
        let Some(v) = self.get(key) else { return vec![] };
        let tables = match v.get_ref() {
            DeValue::Table(t) => vec![Table::new(self.file, t, v.span())],
            DeValue::Array(_) => self.tables(key),
            other => {
                self.wrong(key, other, "{ source = …, heading = …, quote = … }");
                return vec![];
            }
        };
        tables.into_iter().map(|t| t.citation()).collect()
    }
    pub(crate) fn need_cites(&self, key: &'static str) -> Vec<Citation> {
        let cites = self.cites(key);
        if cites.is_empty() {
            self.need(key, None::<()>, "{ source = \"…\", heading = \"…\", quote = \"…\" }");
        }
        cites
    }
    fn citation(self) -> Citation {
        let source = self.need_str("source", "\"d001\"");
        let heading = self.need_str("heading", "\"…\"");
        let quote = self.need_str("quote", "\"…\"");
        let place = self.place();
        let file = self.file;
        self.finish();
        file.texts.resolve(Citation { source, heading, quote, span: None, line: None }, &place, file.report)
    }
    /// Reports keys that mean nothing here.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let k: &str = key.get_ref();
            if !asked.contains(k) {
                let hint = did_you_mean(k, asked.iter().copied());
                let all: Vec<&str> = asked.iter().copied().collect();
                self.file.report.add(
                    &self.file.place(&key.span()),
                    format!("unknown key `{k}`"),
                    format!("remove it; keys here: {}{hint}", all.join(", ")),
                );
            }
        }
    }
}
