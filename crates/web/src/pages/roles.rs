//! Where accounts belong, as far as the reader sees it.

use crate::{error::Error, names::Names, text::L};
use shirube_snapshot::Snapshot;
use shirube_store::People;
use std::collections::BTreeMap;

/// The register of organisations.
const ORGANISATIONS: &str = "office_organisation";

/// What these organisations are called in the reader's language.
pub fn organisations(reader: &Snapshot, people: &People, ids: impl Iterator<Item = i64>, l: L) -> Result<BTreeMap<i64, String>, Error> {
    let wanted = ids.map(|id| (ORGANISATIONS.to_string(), id)).collect();
    let seen = Names::of(reader, &wanted, l.0)?.into_map().into_iter().filter(|(_, choice)| !choice.label.is_empty());
    let called = |id: i64, label: String| people.organisation(id).map_or(label, |name| l.p(name).to_string());
    Ok(seen.map(|((_, id), choice)| (id, called(id, choice.label))).collect())
}
