//! An entry of the trail.

use super::TrailError;
use crate::{Actor, StoreError, log::Last};
use serde::{Deserialize, Serialize};
use shirube_record::{Hash, chain_reading, hex, payload_hash};
use shirube_snapshot::Ids;
use std::collections::BTreeSet;

/// What stands for a register where the trail itself was read. No register begins so.
pub const TRAIL: &str = "_trail";
/// What stands for a register where earlier entries were dropped because their time was over.
pub const CHECKPOINT: &str = "_checkpoint";

/// An entry of the trail.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number: 1, 2, 3 … without gaps.
    pub seq: i64,
    /// When (milliseconds since the epoch, UTC).
    pub at: i64,
    /// The register that was read, [`TRAIL`] or [`CHECKPOINT`].
    pub register: String,
    /// What happened; none once its time was over.
    pub told: Option<Told>,
    /// Its hash in the chain, hexadecimal.
    pub hash: String,
}

/// What an entry tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Random, so that what was erased cannot be guessed from its hash.
    pub(crate) salt: String,
    /// Who, as in events.
    pub actor: String,
    /// By which service token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// By what way: a route or a command.
    pub by: String,
    /// The purpose they stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The last event of the moment that was read; none for the history of a record, and for the trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
    /// What was shown: fields, and in which records just these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<Shown>,
    /// What was dropped, for a checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// Fields that were shown, and of which records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Names of fields, those of groups as `group.field`; none where entries of the trail were shown.
    pub fields: BTreeSet<String>,
    /// Ids of the records.
    #[serde(with = "runs")]
    pub ids: Ids,
}

/// Entries whose time was over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// Their register.
    pub register: String,
    /// They are older than this (milliseconds since the epoch, UTC).
    pub before: i64,
    /// How many were dropped now.
    pub entries: u64,
}

mod runs {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use shirube_snapshot::Ids;

    pub fn serialize<S: Serializer>(ids: &Ids, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(ids)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Ids, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl Told {
    /// Of this actor on their errand, nothing shown yet.
    pub(crate) fn by(actor: &Actor) -> Result<Told, StoreError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(StoreError::Random)?;
        let errand = actor.errand();
        Ok(Told {
            salt: hex(&salt),
            actor: actor.id().to_string(),
            token: errand.and_then(|e| e.token.clone()),
            by: errand.map(|e| e.by.clone()).unwrap_or_default(),
            purpose: actor.clearance().purpose().map(str::to_string),
            ..Told::default()
        })
    }

    /// The least and the greatest id of the records.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let runs = || self.cells.iter().flat_map(|shown| shown.ids.runs());
        runs().map(|run| run.0).min().zip(runs().map(|run| run.1).max())
    }

    /// Whether a record is among those shown.
    pub fn shows(&self, record: i64) -> bool {
        self.cells.iter().any(|shown| shown.ids.contains(record))
    }

    /// How many records were shown.
    pub fn records(&self) -> u64 {
        self.cells.iter().map(|shown| shown.ids.count()).sum()
    }
}

/// An entry that has no place in the trail yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    register: String,
    told: String,
}

impl Draft {
    pub fn new(register: String, told: Told) -> Result<Draft, StoreError> {
        let told = serde_json::to_string(&told).map_err(|error| StoreError::Body(error.into()))?;
        Ok(Draft { register, told })
    }

    /// The entry that follows `last`. A clock that was set back does not turn the order round.
    pub fn after(self, last: &Last, now: i64) -> Row {
        let (seq, at, prev, told_hash) = (last.seq + 1, now.max(last.at), last.hash, payload_hash(&self.told));
        let hash = chain_reading(&prev, (seq, at), &self.register, &told_hash);
        Row { seq, at, register: self.register, told: Some(self.told), told_hash, prev, hash }
    }
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub seq: i64,
    pub at: i64,
    pub register: String,
    pub told: Option<String>,
    pub told_hash: Hash,
    pub prev: Hash,
    pub hash: Hash,
}

/// By what an entry is found: its actor, and the span of its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finder {
    pub actor: Option<String>,
    pub span: Option<(i64, i64)>,
}

impl Row {
    pub fn last(&self) -> Last {
        Last { seq: self.seq, hash: self.hash, at: self.at }
    }

    /// What it tells; none if it was erased.
    pub fn told(&self) -> Result<Option<Told>, StoreError> {
        let unreadable = |error: serde_json::Error| TrailError::Unreadable { seq: self.seq, what: error.to_string() };
        Ok(self.told.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?)
    }

    /// What does not read is found by nothing; a verification tells of it.
    pub fn finder(&self) -> Finder {
        match self.told() {
            Ok(Some(told)) => Finder { span: told.span(), actor: Some(told.actor) },
            _ => Finder::default(),
        }
    }

    pub fn entry(self) -> Result<Entry, StoreError> {
        let told = self.told()?;
        Ok(Entry { seq: self.seq, at: self.at, register: self.register, told, hash: hex(&self.hash) })
    }
}
