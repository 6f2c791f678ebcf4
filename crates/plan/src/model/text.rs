//! Texts in two languages, places in files, citations, sources.

/// Language of a page or label. Japanese comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

/// A text in Japanese and English (*text pair*).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Pair {
    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// Where something is declared: a file of the pack and a line, counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Path inside the pack.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
}

/// Where a fact stands in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citation {
    /// Id of the source.
    pub source: String,
    /// Heading or slide title under which the quote stands.
    pub heading: String,
    /// The words, copied from the document.
    pub quote: String,
    /// Byte range of the quote in the source's text, when that text is in the pack.
    pub span: Option<(usize, usize)>,
    /// Line of the quote in the source's text, from 1.
    pub line: Option<usize>,
}

/// A document (`[[source]]`).
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Id.
    pub id: String,
    /// Title.
    pub label: Pair,
    /// Who published it.
    pub publisher: Pair,
    /// As exactly as known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Where it can be found.
    pub url: Option<String>,
    /// Its text, as extracted.
    pub text: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

/// Something a document shows but its text lost (`[[not_transcribed]]`).
#[derive(Clone, Debug, Default)]
pub struct NotTranscribed {
    /// Id of the source.
    pub source: String,
    /// Heading under which it stood.
    pub heading: String,
    /// What it was.
    pub what: Pair,
    /// `chart`, `picture`, `layout` or `cut`.
    pub why: String,
}

/// Someone responsible (`actors.toml`).
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// Id.
    pub id: String,
    /// Full name.
    pub label: Pair,
    /// The mark the plan uses (厚, 経 …).
    pub short: Pair,
}
