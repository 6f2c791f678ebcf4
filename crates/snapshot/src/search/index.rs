//! The search index: one document per version of a record, beside the head in a file of its own.
//!
//! It follows the head after events are acknowledged, never in their way. A document's id is the event that made
//! the version, so nothing in the index changes when a record does, and any moment can be searched.

use super::{
    text::{Text, Texts, texts},
    words::tokens,
};
use crate::{
    HeadError,
    schema::{past_name, quoted},
};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sha2::{Digest, Sha256};
use shirube_plan::Pack;
use shirube_record::{FIRST, Hash};
use std::{path::Path, time::Duration};

/// How long a connection waits for another's lock.
const PATIENCE: Duration = Duration::from_secs(60);

const SCHEMA: &str = "
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), signature TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB, redaction INTEGER NOT NULL) STRICT;
CREATE VIRTUAL TABLE doc USING fts5 (register, text, content='', tokenize=\"ascii tokenchars '_'\");
INSERT INTO doc (doc, rank) VALUES ('secure-delete', 1);
";

/// Raised when documents are made otherwise.
const VERSION: u32 = 1;

/// The search index of a data folder, open for following its head.
#[derive(Debug)]
pub struct SearchIndex {
    connection: Connection,
    head: Connection,
    texts: Texts,
    signature: String,
}

/// What the index says about itself.
struct Meta {
    signature: String,
    seq: i64,
    /// Hash of that event; none while it is catching up.
    hash: Option<Hash>,
    /// Last redaction it has followed.
    redaction: i64,
}

/// Documents of a record that is about to be redacted, to be taken out of the index afterwards.
#[derive(Debug, Default)]
pub struct Forgotten {
    documents: Vec<(i64, String, String)>,
}

impl SearchIndex {
    /// Opens or makes the index at `path` for the head at `head`. One made for other fields or of another log is
    /// made anew; `hash_of` gives the hash of an event of the log.
    pub fn open(path: &Path, head: &Path, pack: &Pack, hash_of: &dyn Fn(i64) -> Option<Hash>) -> Result<SearchIndex, HeadError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // Whatever a power cut takes is made again from the head.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", -32_768)?;
        connection.busy_timeout(PATIENCE)?;
        let head = Connection::open_with_flags(head, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        head.busy_timeout(PATIENCE)?;
        // One or two for each register, asked in turn.
        head.set_prepared_statement_cache_capacity(256);
        let texts = texts(pack);
        let signature = signature(&texts);
        let mut index = SearchIndex { connection, head, texts, signature };
        let redaction = index.last_redaction()?;
        // After a redaction that the index has not seen, or with another log, nothing in it can be trusted.
        let fits = index.meta()?.is_some_and(|meta| {
            meta.signature == index.signature
                && meta.redaction == redaction
                && (meta.seq == 0 || meta.hash.is_some() && meta.hash == hash_of(meta.seq))
        });
        if !fits {
            index.begin_anew()?;
        }
        Ok(index)
    }

    /// Empties the index.
    pub fn begin_anew(&mut self) -> Result<(), HeadError> {
        let redaction = self.last_redaction()?;
        self.connection.execute_batch(&format!("BEGIN IMMEDIATE; DROP TABLE IF EXISTS doc; DROP TABLE IF EXISTS meta; {SCHEMA}"))?;
        self.connection
            .execute("INSERT INTO meta (one, signature, seq, redaction) VALUES (1, ?1, 0, ?2)", params![self.signature, redaction])?;
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn meta(&self) -> Result<Option<Meta>, HeadError> {
        if !self.connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'")?.exists([])? {
            return Ok(None);
        }
        let row = self.connection.query_row("SELECT signature, seq, hash, redaction FROM meta", [], |r| {
            Ok(Meta { signature: r.get(0)?, seq: r.get(1)?, hash: r.get(2)?, redaction: r.get(3)? })
        });
        Ok(row.optional()?)
    }

    /// Last event whose version is in the index.
    pub fn seq(&self) -> Result<i64, HeadError> {
        Ok(self.meta()?.map_or(0, |m| m.seq))
    }

    fn end_of_head(&self) -> Result<(i64, Hash), HeadError> {
        Ok(self.head.query_row("SELECT seq, hash FROM _applied", [], |r| Ok((r.get(0)?, r.get(1)?))).optional()?.unwrap_or((0, FIRST)))
    }

    fn last_redaction(&self) -> Result<i64, HeadError> {
        Ok(self.head.query_row("SELECT coalesce(max(seq), 0) FROM _redaction", [], |r| r.get(0))?)
    }

    /// Adds the versions of at most `events` further events. True when it has caught up with the head.
    pub fn follow(&mut self, events: i64) -> Result<bool, HeadError> {
        self.head.execute_batch("BEGIN")?;
        let result = self.follow_at_one_moment(events);
        self.head.execute_batch("COMMIT")?;
        result
    }

    fn follow_at_one_moment(&mut self, events: i64) -> Result<bool, HeadError> {
        let (head, hash) = self.end_of_head()?;
        let from = self.seq()?;
        if from > head {
            // The head was made anew and is not there yet.
            self.begin_anew()?;
            return Ok(head == 0);
        }
        if from == head {
            return Ok(true);
        }
        let to = head.min(from + events);
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let result = self.add(from, to, (to == head).then_some(hash));
        self.connection.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        result?;
        Ok(to == head)
    }

    fn add(&self, from: i64, to: i64, hash: Option<Hash>) -> Result<(), HeadError> {
        let mut insert = self.connection.prepare_cached("INSERT INTO doc (rowid, register, text) VALUES (?1, ?2, ?3)")?;
        for (register, text) in &self.texts {
            for table in [register.clone(), past_name(register)] {
                let sql = format!("SELECT t._seq, {} FROM {} t WHERE t._seq > ?1 AND t._seq <= ?2", text.of_any_version(), quoted(&table));
                self.documents(text, &sql, params![from, to], &mut |seq, words| {
                    insert.execute(params![seq, register, words])?;
                    Ok(())
                })?;
            }
        }
        self.connection.execute("UPDATE meta SET seq = ?1, hash = ?2", params![to, hash])?;
        Ok(())
    }

    fn documents(
        &self,
        text: &Text,
        sql: &str,
        parameters: &[&dyn rusqlite::ToSql],
        each: &mut dyn FnMut(i64, String) -> Result<(), HeadError>,
    ) -> Result<(), HeadError> {
        let mut select = self.head.prepare_cached(sql)?;
        let mut rows = select.query(parameters)?;
        while let Some(row) = rows.next()? {
            let values: Vec<Option<&str>> = (1..=text.len()).map(|i| row.get_ref(i).ok().and_then(|v| v.as_str().ok())).collect();
            each(row.get(0)?, tokens(&text.compose(values.into_iter())))?;
        }
        Ok(())
    }

    /// What the index holds of a record; asked before the record is redacted.
    pub fn before_redaction(&self, register: &str, record: i64) -> Result<Forgotten, HeadError> {
        let Some(text) = self.texts.get(register) else { return Ok(Forgotten::default()) };
        let mut documents = vec![];
        for table in [register.to_string(), past_name(register)] {
            let sql = format!("SELECT t._seq, {} FROM {} t WHERE t._id = ?1 AND t._seq <= ?2", text.of_any_version(), quoted(&table));
            self.documents(text, &sql, params![record, self.seq()?], &mut |seq, words| {
                documents.push((seq, register.to_string(), words));
                Ok(())
            })?;
        }
        Ok(Forgotten { documents })
    }

    /// Takes those documents out and puts in what is left of the record's versions.
    pub fn after_redaction(&mut self, register: &str, record: i64, forgotten: &Forgotten) -> Result<(), HeadError> {
        let left = self.before_redaction(register, record)?;
        let redaction = self.last_redaction()?;
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let result = self.replace(forgotten, &left, redaction);
        self.connection.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        result?;
        self.checkpoint()?;
        Ok(())
    }

    fn replace(&self, forgotten: &Forgotten, left: &Forgotten, redaction: i64) -> Result<(), HeadError> {
        let mut delete = self.connection.prepare("INSERT INTO doc (doc, rowid, register, text) VALUES ('delete', ?1, ?2, ?3)")?;
        for document in &forgotten.documents {
            delete.execute(params![document.0, document.1, document.2])?;
        }
        let mut insert = self.connection.prepare("INSERT INTO doc (rowid, register, text) VALUES (?1, ?2, ?3)")?;
        for document in &left.documents {
            insert.execute(params![document.0, document.1, document.2])?;
        }
        self.connection.execute("UPDATE meta SET redaction = ?1", [redaction])?;
        Ok(())
    }

    /// Makes sure that nothing erased stays in the write-ahead log. False while a reader still needs it.
    pub fn checkpoint(&self) -> Result<bool, HeadError> {
        // Not waiting: a reader may stay for long.
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get::<_, i64>(0));
        self.connection.busy_timeout(PATIENCE)?;
        Ok(busy? == 0)
    }
}

/// What documents depend on: the searchable fields, and the labels of the codes they use.
fn signature(texts: &Texts) -> String {
    let mut sha = Sha256::new();
    sha.update(VERSION.to_be_bytes());
    for (register, text) in texts {
        sha.update(format!("{register} {}\n", text.signature()));
    }
    shirube_record::hex(&sha.finalize())
}
