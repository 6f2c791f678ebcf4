//! Search over everything: the pack's own texts and the records.

mod index;
mod pack_texts;
pub(crate) mod text;
pub(crate) mod words;

pub use index::{Forgotten, SearchIndex};
pub use pack_texts::PackTexts;

use crate::{Record, Snapshot, SnapshotError, schema::quoted, sight::HIDDEN};
use rusqlite::{OptionalExtension, params};
use shirube_plan::Pair;
use std::{collections::BTreeSet, sync::Arc};
use words::{Query, fold};

/// Something found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Id of the thing: of a node, indicator, figure, source; name of a register; `_id` of a record. A heading and a
    /// line have their source's id, a report in words its node's.
    pub id: String,
    /// The line of the source, from 1, where [`PackTexts`] gives it.
    pub line: Option<usize>,
    /// Its name.
    pub title: Pair,
    /// Words around the find, if it was not found in the name.
    pub excerpt: Option<Pair>,
}

/// Kind of a hit, in the order in which hits come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitKind {
    /// A node of the plan.
    Node,
    /// A report in words on a node. Given by [`PackTexts`].
    Progress,
    /// An indicator.
    Indicator,
    /// A published figure.
    Figure,
    /// A source document.
    Source,
    /// A heading within a source document.
    Heading,
    /// A line of a source document. Given by [`PackTexts`].
    Line,
    /// A register.
    Register,
    /// A record of this register.
    Record(String),
}

impl HitKind {
    /// The word used in data: `node`, `indicator` …
    pub fn as_str(&self) -> &'static str {
        match self {
            HitKind::Node => "node",
            HitKind::Progress => "progress",
            HitKind::Indicator => "indicator",
            HitKind::Figure => "figure",
            HitKind::Source => "source",
            HitKind::Heading => "heading",
            HitKind::Line => "line",
            HitKind::Register => "register",
            HitKind::Record(_) => "record",
        }
    }

    /// All kinds but those of records.
    pub const OF_PACK: [HitKind; 8] = [
        HitKind::Node,
        HitKind::Progress,
        HitKind::Indicator,
        HitKind::Figure,
        HitKind::Source,
        HitKind::Heading,
        HitKind::Line,
        HitKind::Register,
    ];

    fn parse(word: &str) -> Option<HitKind> {
        HitKind::OF_PACK.into_iter().find(|k| k.as_str() == word)
    }
}

/// Newest events looked at one by one when the index has not reached them yet.
const BEHIND: i64 = 2000;

impl Snapshot {
    /// Finds a text in names and wordings of the pack and in the public fields of records.
    ///
    /// At most `limit` hits of each kind, each register being a kind; records newest first. Every run of letters or
    /// characters in the query must be found; nothing is guessed about its language.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>, SnapshotError> {
        let Some(parsed) = Query::new(query) else { return Ok(vec![]) };
        let mut hits = self.pack_hits(&parsed, limit)?;
        hits.extend(self.search_records(query, limit)?);
        Ok(hits)
    }

    /// Finds a text in the public fields of records alone; [`PackTexts`] finds it in all texts of the pack.
    pub fn search_records(&self, query: &str, limit: usize) -> Result<Vec<Hit>, SnapshotError> {
        let Some(query) = Query::new(query) else { return Ok(vec![]) };
        let mut hits = vec![];
        for register in self.pack().registers.values() {
            let versions = self.versions_that_hold(&register.name, &query, limit)?;
            let before = hits.len();
            for version in versions {
                let Some(record) = self.record_of_version(&register.name, version)? else { continue };
                hits.push(self.hit(record, &register.title));
                if hits.len() - before >= limit {
                    break;
                }
            }
        }
        Ok(hits)
    }

    fn pack_hits(&self, query: &Query, limit: usize) -> Result<Vec<Hit>, SnapshotError> {
        let mut statement = self.connection().prepare_cached("SELECT kind, id, title_ja, title_en, text_ja, text_en FROM _pack_text")?;
        let mut rows = statement.query([])?;
        let mut hits: Vec<Hit> = vec![];
        while let Some(row) = rows.next()? {
            let text = |i: usize| row.get_ref(i).and_then(|v| Ok(v.as_str()?));
            let (id, ja, en) = (text(1)?, text(2)?, text(3)?);
            let whole = fold(&[id, ja, en, text(4)?, text(5)?].join("\n"));
            if !query.matches(&whole) {
                continue;
            }
            let Some(kind) = HitKind::parse(text(0)?) else { continue };
            if hits.iter().filter(|h| h.kind == kind).count() >= limit {
                continue;
            }
            let title = Pair { ja: ja.to_string(), en: en.to_string() };
            let in_name = query.matches(&fold(&[id, ja, en].join("\n")));
            let excerpt = (!in_name)
                .then(|| Pair { ja: excerpt(text(4).unwrap_or_default(), query), en: excerpt(text(5).unwrap_or_default(), query) });
            hits.push(Hit { kind, id: id.to_string(), line: None, title, excerpt });
        }
        hits.sort_by(|a, b| a.kind.cmp(&b.kind));
        Ok(hits)
    }

    fn hit(&self, record: Record, title: &str) -> Hit {
        let name = match record.content.get(title) {
            Some(shirube_record::Cell::Text(text)) => text.clone(),
            _ => record.number.clone().unwrap_or_else(|| record.id.to_string()),
        };
        Hit {
            kind: HitKind::Record(record.register),
            id: record.id.to_string(),
            line: None,
            title: Pair { ja: name.clone(), en: name },
            excerpt: record.number.map(|n| Pair { ja: n.clone(), en: n }),
        }
    }

    /// Versions (events) of a register present at this moment whose text holds the query, newest first: at most a
    /// little more than `limit`.
    fn versions_that_hold(&self, register: &str, query: &Query, limit: usize) -> Result<Vec<i64>, SnapshotError> {
        let mut found = self.not_indexed_yet(register, query)?;
        if let Some(indexed) = self.indexed()? {
            let shown = if self.is_narrowed() { format!(" AND t.{HIDDEN} & 1 = 0") } else { String::new() };
            let present = format!("SELECT 1 FROM {} t WHERE t._seq = d.rowid{shown}", quoted(register));
            let sql = format!(
                "SELECT d.rowid FROM search.doc d WHERE d.doc MATCH ?1 AND d.rowid <= ?2 AND EXISTS ({present}) ORDER BY d.rowid DESC LIMIT ?3"
            );
            let mut statement = self.connection().prepare_cached(&sql)?;
            let expression = format!("register : \"{register}\" AND {}", query.expression("text"));
            let rows = statement.query_map(params![expression, indexed.min(self.moment().seq), limit as i64], |r| r.get(0))?;
            found.extend(rows.collect::<Result<Vec<i64>, _>>()?);
        }
        Ok(found)
    }

    /// Present versions that the index does not hold yet and that hold the query, newest first.
    pub(crate) fn not_indexed_yet(&self, register: &str, query: &Query) -> Result<Vec<i64>, SnapshotError> {
        let from = match self.indexed()? {
            // A file without an index is small enough to be read.
            None => 0,
            Some(indexed) => indexed.max(self.moment().seq - BEHIND),
        };
        let Some(text) = self.texts.get(register) else { return Ok(vec![]) };
        let sql = format!("SELECT t._seq, {} FROM {} t WHERE t._seq > ?1 ORDER BY t._seq DESC", text.present(), quoted(register));
        let mut statement = self.connection().prepare_cached(&sql)?;
        let mut rows = statement.query([from])?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            let values: Vec<Option<&str>> = (1..=text.len()).map(|i| row.get_ref(i).ok().and_then(|v| v.as_str().ok())).collect();
            if query.matches(&fold(&text.compose(values.into_iter()))) {
                found.push(row.get(0)?);
            }
        }
        Ok(found)
    }

    /// Last event in the index; none without an index.
    pub fn indexed(&self) -> Result<Option<i64>, SnapshotError> {
        if !self.has_index {
            return Ok(None);
        }
        Ok(self.connection().prepare_cached("SELECT seq FROM search.meta")?.query_row([], |r| r.get(0)).optional()?)
    }

    fn record_of_version(&self, register: &str, seq: i64) -> Result<Option<Record>, SnapshotError> {
        let sql = format!("SELECT _id FROM {} WHERE _seq = ?1", quoted(register));
        match self.connection().prepare_cached(&sql)?.query_row([seq], |r| r.get(0)).optional()? {
            // What a hit shows of it: its name.
            Some(id) => {
                let title = self.pack().registers.get(register).map(|r| Arc::new(BTreeSet::from([r.title.clone()])));
                self.record_with(register, id, &title)
            }
            None => Ok(None),
        }
    }
}

/// Some characters around the find.
fn excerpt(text: &str, query: &Query) -> String {
    const BEFORE: usize = 20;
    const LENGTH: usize = 80;
    let folded = fold(text);
    // Folding may change lengths; characters are near enough for an excerpt.
    let at = query.position(&folded).map_or(0, |byte| folded[..byte].chars().count());
    let start = at.saturating_sub(BEFORE);
    let mut out: String = text.chars().skip(start).take(LENGTH).collect();
    if start > 0 {
        out.insert(0, '…');
    }
    if text.chars().count() > start + LENGTH {
        out.push('…');
    }
    out
}
