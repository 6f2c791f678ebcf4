//! All texts of a pack: names and wordings of its things, reports in words, the lines of its documents. They are the
//! same at every moment, so they are folded once and looked through in memory.

use super::{
    Hit, HitKind, excerpt,
    words::{Query, fold},
};
use crate::pack_tables::wordings;
use shirube_plan::{Pack, Pair, SourceText};
use std::collections::BTreeMap;

/// All texts of a pack, ready to be looked through.
#[derive(Debug)]
pub struct PackTexts {
    things: Vec<Thing>,
    documents: Vec<Document>,
}

/// A thing with a name, or a report on a node.
#[derive(Debug)]
struct Thing {
    kind: HitKind,
    id: String,
    line: Option<usize>,
    title: Pair,
    text: Pair,
    /// Id and names, folded.
    name: String,
    /// Name and text, folded.
    whole: String,
}

#[derive(Debug)]
struct Document {
    source: String,
    title: Pair,
    lines: Vec<Line>,
}

/// A line that is not blank.
#[derive(Debug)]
struct Line {
    /// From 1.
    number: usize,
    text: String,
    folded: String,
}

impl PackTexts {
    /// Reads the texts of a pack.
    pub fn new(pack: &Pack) -> PackTexts {
        let texts: BTreeMap<&str, SourceText> =
            pack.sources.iter().filter_map(|s| Some((s.id.as_str(), SourceText::new(s.text.as_deref()?)))).collect();
        let named = wordings(pack).into_iter().map(|w| {
            let name = fold(&[w.id, &w.title.ja, &w.title.en].join("\n"));
            let heading = (w.kind == HitKind::Heading).then(|| texts.get(w.id)?.find(&w.title.ja, &w.title.ja)).flatten();
            let whole = format!("{name}\n{}", fold(&[w.text.ja.as_str(), &w.text.en].join("\n")));
            Thing { kind: w.kind, id: w.id.to_string(), line: heading.map(|found| found.1), title: w.title, text: w.text, name, whole }
        });
        let reports = pack.periods.iter().flat_map(|p| &p.progress).map(|progress| {
            let label = pack.node(&progress.node).map(|(_, n)| n.label.clone()).unwrap_or_default();
            let (year, text) = (progress.year, progress.text.clone());
            Thing {
                kind: HitKind::Progress,
                id: progress.node.clone(),
                line: None,
                title: Pair {
                    ja: format!("{}（{year}年度の実施状況）", label.ja), en: format!("{} (progress in FY{year})", label.en)
                },
                // By its name the node itself is found.
                name: String::new(),
                whole: fold(&[text.ja.as_str(), &text.en].join("\n")),
                text,
            }
        });
        let documents = pack.sources.iter().filter_map(|source| {
            let lines = source.text.as_deref()?.split('\n').zip(1..).map(|(line, number)| (line.trim(), number));
            let lines = lines.filter(|(line, _)| !line.is_empty());
            Some(Document {
                source: source.id.clone(),
                title: source.label.clone(),
                lines: lines.map(|(line, number)| Line { number, text: line.to_string(), folded: fold(line) }).collect(),
            })
        });
        PackTexts { things: named.chain(reports).collect(), documents: documents.collect() }
    }

    /// Finds a text as [`crate::Snapshot::search`] does: at most `limit` hits of each kind, in the order of kinds.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let Some(query) = Query::new(query) else { return vec![] };
        let mut counts: BTreeMap<&HitKind, usize> = BTreeMap::new();
        let mut hits: Vec<Hit> = vec![];
        for thing in self.things.iter().filter(|t| query.matches(&t.whole)) {
            let count = counts.entry(&thing.kind).or_default();
            *count += 1;
            if *count <= limit {
                hits.push(hit(thing, &query));
            }
        }
        hits.extend(self.documents.iter().flat_map(|d| found(d, &query)).take(limit));
        // Stable: within a kind the order of the pack stays.
        hits.sort_by(|a, b| a.kind.cmp(&b.kind));
        hits
    }
}

fn hit(thing: &Thing, query: &Query) -> Hit {
    let around = |text: &str| excerpt(text, query);
    Hit {
        kind: thing.kind.clone(),
        id: thing.id.clone(),
        line: thing.line,
        title: thing.title.clone(),
        excerpt: (!query.matches(&thing.name)).then(|| Pair { ja: around(&thing.text.ja), en: around(&thing.text.en) }),
    }
}

/// Lines that hold the query. A word that a document breaks over two lines is found at the first of them.
fn found<'a>(document: &'a Document, query: &'a Query) -> impl Iterator<Item = Hit> + 'a {
    let next = document.lines.iter().skip(1).map(Some).chain([None]);
    document.lines.iter().zip(next).filter_map(move |(line, next)| {
        let text = if query.matches(&line.folded) {
            line.text.clone()
        } else {
            let next = next.filter(|next| !query.matches(&next.folded) && query.matches(&joined(&line.folded, &next.folded)))?;
            joined(&line.text, &next.text)
        };
        let text = excerpt(&text, query);
        Some(Hit {
            kind: HitKind::Line,
            id: document.source.clone(),
            line: Some(line.number),
            title: document.title.clone(),
            excerpt: Some(Pair { ja: text.clone(), en: text }),
        })
    })
}

/// Two lines as one: writing without spaces runs on.
fn joined(line: &str, next: &str) -> String {
    let spaced = line.ends_with(|c: char| c.is_ascii()) && next.starts_with(|c: char| c.is_ascii());
    format!("{line}{}{next}", if spaced { " " } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::{Period, Progress, Source};

    fn texts() -> PackTexts {
        let mut pack = Pack::default();
        let text =
            "一．はじめに\n\n結節性硬化症（ＴＳＣ）に伴う腎血管筋脂肪腫に対する凍結\n\n療法や、the heart\nvalve を用いた\n".to_string();
        pack.sources.push(Source {
            id: "d".into(),
            label: Pair { ja: "報告".into(), en: "Report".into() },
            text: Some(text),
            ..Source::default()
        });
        let words = Pair { ja: "凍結療法の治験を始めた".into(), en: "A trial of cryotherapy began".into() };
        let progress = Progress { node: "n".into(), year: 2022, text: words, ..Progress::default() };
        pack.periods.push(Period { progress: vec![progress], ..Period::default() });
        PackTexts::new(&pack)
    }

    fn places(query: &str) -> Vec<(HitKind, String, Option<usize>)> {
        texts().search(query, 10).into_iter().map(|h| (h.kind, h.id, h.line)).collect()
    }

    #[test]
    fn lines_and_reports_are_found_whatever_their_width() {
        let line = |n| (HitKind::Line, "d".to_string(), Some(n));
        let report = (HitKind::Progress, "n".to_string(), None);
        assert_eq!(places("結節性硬化症"), [line(3)]);
        assert_eq!(places("tsc"), [line(3)]);
        assert_eq!(places("凍結療法"), [report.clone(), line(3)], "a word broken over two lines is found at the first");
        assert_eq!(places("heart valve"), [line(5)]);
        assert_eq!(places("cryotherapy"), [report]);
        assert_eq!(places("凍結 弁"), []);
        assert_eq!(places(" 、"), []);
    }

    #[test]
    fn words_around_the_find_are_given() {
        let hits = texts().search("凍結療法", 1);
        assert_eq!(hits.len(), 2, "one of each kind");
        assert!(hits[1].excerpt.as_ref().is_some_and(|e| e.ja.contains("凍結療法や")), "{hits:?}");
        assert!(hits[0].title.ja.contains("2022年度の実施状況"), "{hits:?}");
    }
}
