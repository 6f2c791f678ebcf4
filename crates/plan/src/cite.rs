//! Looks quotes up in the sources' texts. White space is ignored, nothing else is.

use crate::model::{Citation, Place};
use crate::report::{Report, did_you_mean};
use memchr::memmem;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// The texts of all sources, prepared for searching.
#[derive(Default)]
pub(crate) struct Texts {
    sources: BTreeMap<String, Option<Text>>,
}

struct Text {
    /// Without white space.
    dense: Vec<u8>,
    /// For each byte of `dense`, its offset in the original.
    offsets: Vec<u32>,
    /// Offsets at which the original's lines begin.
    line_starts: Vec<usize>,
    /// Headings already looked up; many figures stand under one heading.
    headings: RefCell<HashMap<String, Option<usize>>>,
}

impl Texts {
    pub(crate) fn add(&mut self, id: &str, text: Option<&str>) {
        self.sources.insert(id.to_owned(), text.map(Text::new));
    }

    /// Finds the quote after its heading and fills in span and line; reports what cannot be found.
    pub(crate) fn resolve(&self, mut cite: Citation, place: &Place, report: &Report) -> Citation {
        let Some(source) = self.sources.get(&cite.source) else {
            let hint = did_you_mean(&cite.source, self.sources.keys().map(String::as_str));
            if !cite.source.is_empty() {
                report.add(
                    place,
                    format!("source `{}` is not declared", cite.source),
                    format!("declare it in sources.toml or correct the id{hint}"),
                );
            }
            return cite;
        };
        let Some(text) = source else { return cite };
        if cite.heading.is_empty() || cite.quote.is_empty() {
            return cite;
        }
        let Some(start) = text.heading(&cite.heading) else {
            report.add(
                place,
                format!("heading “{}” does not stand in source `{}`", cite.heading, cite.source),
                "copy the heading from the source's text",
            );
            return cite;
        };
        let quote = dense(&cite.quote);
        match memmem::find(&text.dense[start..], quote.as_bytes()) {
            Some(i) => {
                let first = text.offsets[start + i] as usize;
                let last_byte = start + i + quote.len() - 1;
                let end = text.offsets[last_byte] as usize + 1;
                cite.span = Some((first, end));
                cite.line = Some(text.line_starts.partition_point(|&s| s <= first));
            }
            None => {
                let before = memmem::find(&text.dense, quote.as_bytes()).is_some();
                report.add(
                    place,
                    format!("quote “{}” does not stand under heading “{}” of source `{}`", cite.quote, cite.heading, cite.source),
                    if before {
                        "the quote stands before that heading: name the heading it belongs to"
                    } else {
                        "copy the quote from the source's text"
                    },
                );
            }
        }
        cite
    }
}

impl Text {
    fn new(text: &str) -> Self {
        let mut dense = Vec::with_capacity(text.len());
        let mut offsets = Vec::with_capacity(text.len());
        for (i, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let mut buffer = [0; 4];
            for (k, b) in c.encode_utf8(&mut buffer).bytes().enumerate() {
                dense.push(b);
                offsets.push((i + k) as u32);
            }
        }
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Text { dense, offsets, line_starts, headings: RefCell::default() }
    }
    fn heading(&self, heading: &str) -> Option<usize> {
        if let Some(found) = self.headings.borrow().get(heading) {
            return *found;
        }
        let found = memmem::find(&self.dense, dense(heading).as_bytes());
        self.headings.borrow_mut().insert(heading.to_owned(), found);
        found
    }
}

fn dense(s: &str) -> String {
    s.chars().filter(|c| !c.is_whitespace()).collect()
}
