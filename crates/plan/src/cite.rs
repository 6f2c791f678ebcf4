//! Looks quotes up in the sources' texts. White space is ignored, nothing else is.

use crate::model::{Citation, Place};
use crate::report::{Report, did_you_mean};
use memchr::memmem;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// The texts of all sources, prepared for searching.
#[derive(Default)]
pub(crate) struct Texts {
    sources: BTreeMap<String, Option<SourceText>>,
}

/// A source's text, prepared for looking up quotes. White space is ignored, nothing else is.
pub struct SourceText {
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
        self.sources.insert(id.to_owned(), text.map(SourceText::new));
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
        match text.after(start, &quote) {
            Some((span, line)) => {
                cite.span = Some(span);
                cite.line = Some(line);
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

impl SourceText {
    /// Prepares a text.
    pub fn new(text: &str) -> Self {
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
        SourceText { dense, offsets, line_starts, headings: RefCell::default() }
    }

    /// Where a quote stands after its heading: byte range and line (from 1).
    pub fn find(&self, heading: &str, quote: &str) -> Option<((usize, usize), usize)> {
        if heading.is_empty() || quote.is_empty() {
            return None;
        }
        self.after(self.heading(heading)?, &dense(quote))
    }

    fn after(&self, start: usize, quote: &str) -> Option<((usize, usize), usize)> {
        if quote.is_empty() {
            return None; // nothing but white space
        }
        let i = memmem::find(&self.dense[start..], quote.as_bytes())?;
        let first = self.offsets[start + i] as usize;
        let last_byte = start + i + quote.len() - 1;
        let end = self.offsets[last_byte] as usize + 1;
        Some(((first, end), self.line_starts.partition_point(|&s| s <= first)))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn a_quote_is_found_after_its_heading_across_line_breaks() {
        let text = SourceText::new("前 49件\n見出し\n件数は 4\n9件\n");
        let Some(((from, to), line)) = text.find("見出し", "49件") else { panic!("not found") };
        assert_eq!((&"前 49件\n見出し\n件数は 4\n9件\n"[from..to], line), ("4\n9件", 3));
        assert_eq!(text.find("ない見出し", "49件"), None);
        assert_eq!(text.find("見出し", " \u{3000}"), None);
    }
}
