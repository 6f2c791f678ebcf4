//! Text split for searching: words as they stand, other writing in overlapping pairs of characters.
//!
//! The script of a character decides, never a guess at the language. Case and width do not matter (NFKC, lower
//! case); hiragana and katakana stay apart.

use shirube_record::input::fold_width;

/// A stretch of one kind of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Letters and digits of scripts that part words with spaces.
    Word(String),
    /// Han, kana and other writing without spaces.
    Dense(String),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Dense,
    Gap,
}

fn kind(c: char) -> Kind {
    match c {
        'ー' | '々' | '〆' | '〇' => Kind::Dense,
        c if !c.is_alphanumeric() => Kind::Gap,
        '\u{2E80}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => Kind::Dense,
        _ => Kind::Word,
    }
}

/// Width and case made equal.
pub(crate) fn fold(text: &str) -> String {
    fold_width(text).to_lowercase()
}

/// The runs of a folded text, in order.
pub(crate) fn runs(folded: &str) -> Vec<Run> {
    let mut found: Vec<(Kind, String)> = vec![];
    let mut before = Kind::Gap;
    for c in folded.chars() {
        let kind = kind(c);
        match found.last_mut() {
            Some((_, run)) if kind == before && kind != Kind::Gap => run.push(c),
            _ if kind != Kind::Gap => found.push((kind, c.to_string())),
            _ => {}
        }
        before = kind;
    }
    found.into_iter().map(|(kind, run)| if kind == Kind::Dense { Run::Dense(run) } else { Run::Word(run) }).collect()
}

/// The tokens of a text for the index, parted by spaces: a dense run gives its pairs and its last character, so
/// that every character begins a token.
pub(crate) fn tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for run in runs(&fold(text)) {
        match run {
            Run::Word(word) => {
                out.push_str(&word);
                out.push(' ');
            }
            Run::Dense(dense) => {
                let mut rest = dense.chars().peekable();
                while let Some(c) = rest.next() {
                    out.push(c);
                    out.extend(rest.peek());
                    out.push(' ');
                }
            }
        }
    }
    out
}

/// What is looked for: every run must be found. A word is found at the beginning of words, other writing anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    runs: Vec<Run>,
}

impl Query {
    /// None if there is nothing to look for.
    pub fn new(text: &str) -> Option<Query> {
        let mut runs = runs(&fold(text));
        runs.dedup();
        if runs.is_empty() { None } else { Some(Query { runs }) }
    }

    /// As an FTS5 expression over `column`.
    pub fn expression(&self, column: &str) -> String {
        let parts: Vec<String> = self
            .runs
            .iter()
            .map(|run| match run {
                Run::Word(word) => format!("\"{word}\" *"),
                Run::Dense(dense) => {
                    let characters: Vec<char> = dense.chars().collect();
                    match characters.as_slice() {
                        [one] => format!("\"{one}\" *"),
                        many => {
                            let pairs: Vec<String> = many.windows(2).map(|pair| pair.iter().collect()).collect();
                            format!("\"{}\"", pairs.join(" "))
                        }
                    }
                }
            })
            .collect();
        format!("{column} : ({})", parts.join(" AND "))
    }

    /// Whether a folded text holds it: the same answer as the index gives.
    pub fn matches(&self, folded: &str) -> bool {
        self.runs.iter().all(|run| match run {
            Run::Dense(dense) => folded.contains(dense.as_str()),
            Run::Word(word) => folded.match_indices(word.as_str()).any(|(at, _)| {
                let before = folded[..at].chars().next_back();
                before.is_none_or(|c| kind(c) != Kind::Word)
            }),
        })
    }

    /// Where in a folded text the first run is found, in bytes.
    pub fn position(&self, folded: &str) -> Option<usize> {
        match self.runs.first()? {
            Run::Dense(run) | Run::Word(run) => folded.find(run.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_and_other_writing_goes_in_pairs() {
        assert_eq!(tokens("MRI装置（３Ｄ）の Évaluation"), "mri 装置 置 3d の évaluation ");
        assert_eq!(tokens("人工心臓"), "人工 工心 心臓 臓 ");
        assert_eq!(tokens("コーヒー・マシン"), "コー ーヒ ヒー ー マシ シン ン ");
        assert_eq!(tokens("、。 -"), "");
    }

    #[test]
    fn kana_stay_apart_and_width_and_case_do_not_matter() {
        let found = |query: &str, text: &str| Query::new(query).unwrap().matches(&fold(text));
        assert!(found("ｍｒｉ", "MRI") && found("ＭＲＩ", "mri"));
        assert!(found("ｶﾃｰﾃﾙ", "カテーテル"));
        assert!(!found("かてーてる", "カテーテル"));
    }

    #[test]
    fn words_are_found_by_their_beginning_and_other_writing_anywhere() {
        let found = |query: &str, text: &str| Query::new(query).unwrap().matches(&fold(text));
        assert!(found("valv", "Heart valves") && !found("alve", "Heart valves"));
        assert!(found("valve heart", "Heart valves") && !found("valve lung", "Heart valves"));
        assert!(found("工心", "人工心臓") && found("臓", "人工心臓") && !found("工臓", "人工心臓"));
        assert!(Query::new(" 、- ").is_none());
    }

    proptest! {
        /// The index and the plain comparison agree: what FTS5 finds by tokens is what `matches` finds in the text.
        #[test]
        fn the_index_finds_what_the_text_holds(text in "[ab医療機1 ー・A]{0,12}", query in "[ab医療機1 ーA]{1,4}") {
            let Some(query) = Query::new(&query) else { return Ok(()) };
            let index = rusqlite::Connection::open_in_memory().unwrap();
            index.execute_batch("CREATE VIRTUAL TABLE doc USING fts5(text, content='', tokenize=\"ascii tokenchars '_'\")").unwrap();
            index.execute("INSERT INTO doc (rowid, text) VALUES (1, ?1)", [tokens(&text)]).unwrap();
            let found: bool = index.prepare("SELECT 1 FROM doc WHERE doc MATCH ?1").unwrap().exists([query.expression("text")]).unwrap();
            prop_assert_eq!(found, query.matches(&fold(&text)));
        }
    }
}
