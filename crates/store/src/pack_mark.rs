//! Which pack a data folder belongs to, and what of it was erased.

use crate::{
    LogPlace, StoreError,
    error::file_error,
    files::sha256,
    log::{EventLog, Which},
};
use serde::{Deserialize, Serialize};
use shirube_plan::{Meta, Pack, Register};
use shirube_record::{Cell, Scope};
use std::{collections::BTreeMap, fs, path::Path};

/// File of the data folder that names the pack whose records are in the log: id, version, digest, one a line.
pub(crate) const MARK: &str = "pack";
/// Digits of a digest by which a person tells two packs of one version apart.
const DIGITS: usize = 8;

/// The pack whose records are in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Id of the pack.
    pub id: String,
    /// Its version; empty if it is not known.
    pub version: String,
    /// Digest of all it says; empty if its records are not all in the log.
    pub digest: String,
}

impl Mark {
    /// As the folder says, or else as the first event of a pack says, which knows the id alone for certain.
    pub(crate) fn of(folder: &Path, log: &dyn EventLog) -> Result<Option<Mark>, StoreError> {
        if let Some(noted) = Mark::noted(folder) {
            return Ok(Some(noted));
        }
        let actor = log.first_pack()?;
        let id = actor.as_deref().and_then(|a| a.strip_prefix("pack:")?.split_once('@')).map(|(id, _)| id.to_string());
        Ok(id.map(|id| Mark { id, ..Mark::default() }))
    }

    /// As the folder says.
    fn noted(folder: &Path) -> Option<Mark> {
        let text = fs::read_to_string(folder.join(MARK)).unwrap_or_default();
        let mut lines = text.lines().map(str::to_string);
        Some(Mark { id: lines.next()?, version: lines.next()?, digest: lines.next()? })
    }
}

/// Refuses a pack that is not the folder's, and one that is older than what the folder has: nothing that a pack brings
/// into the log leaves it again.
pub(crate) fn refuse_other(folder: &Path, log: &dyn EventLog, pack: &Pack) -> Result<(), StoreError> {
    Mark::of(folder, log)?.map_or(Ok(()), |mark| refuse(folder, mark, pack))
}

/// Refuses to read a head with another pack than it was made with. The log is asked only where the folder does not say.
pub(crate) fn refuse_beside(folder: &Path, place: &LogPlace, pack: &Pack) -> Result<(), StoreError> {
    let noted = Mark::noted(folder);
    let Some(mark) = noted.map_or_else(|| Mark::of(folder, &*place.reader(folder)?), |mark| Ok(Some(mark)))? else { return Ok(()) };
    let Mark { version, digest, .. } = mark.clone();
    refuse(folder, mark, pack)?;
    if digest.is_empty() || digest == pack.digest {
        return Ok(());
    }
    let name = |version: &str, digest: &str| format!("{version} ({})", digest.chars().take(DIGITS).collect::<String>());
    let (holds, given) = (name(&version, &digest), name(&pack.meta.version, &pack.digest));
    Err(StoreError::PackChanged { folder: folder.display().to_string(), holds, given })
}

fn refuse(folder: &Path, mark: Mark, pack: &Pack) -> Result<(), StoreError> {
    let Meta { id, version, .. } = &pack.meta;
    let place = folder.display().to_string();
    if mark.id != *id {
        return Err(StoreError::OtherPack { folder: place, holds: mark.id, given: id.clone() });
    }
    if numbers(&mark.version) > numbers(version) {
        return Err(StoreError::OlderPack { folder: place, holds: mark.version, given: version.clone() });
    }
    Ok(())
}

/// The numbers of a version, for telling the later one: 2026.11.0 is later than 2026.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

/// Whether all records of this pack are in the log.
pub(crate) fn is_loaded(folder: &Path, pack: &Pack) -> bool {
    let text = fs::read_to_string(folder.join(MARK)).unwrap_or_default();
    text.lines().last() == Some(pack.digest.as_str())
}

/// Notes that they are.
pub(crate) fn loaded(folder: &Path, pack: &Pack) -> Result<(), StoreError> {
    let Meta { id, version, .. } = &pack.meta;
    write(folder, &Mark { id: id.clone(), version: version.clone(), digest: pack.digest.clone() })
}

/// Notes a pack in a folder.
pub(crate) fn write(folder: &Path, Mark { id, version, digest }: &Mark) -> Result<(), StoreError> {
    let path = folder.join(MARK);
    fs::write(&path, format!("{id}\n{version}\n{digest}\n")).map_err(file_error(&path))
}

/// Digest of what a pack says of a record: its natural key, or everything where it has none.
pub(crate) fn said<'c>(register: &Register, content: impl Iterator<Item = (&'c String, &'c Cell)>) -> Result<String, StoreError> {
    let counts = |column: &String| !column.starts_with('_') && (register.key.is_empty() || register.key.contains(column));
    let columns: BTreeMap<&String, &Cell> = content.filter(|(column, _)| counts(column)).collect();
    let text = serde_json::to_string(&(&register.name, columns)).map_err(|error| StoreError::Body(error.into()))?;
    Ok(sha256(text.as_bytes()))
}

/// Records of packs that were redacted as a whole, by what was said of them.
pub(crate) fn erased(log: &dyn EventLog) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut erased = BTreeMap::new();
    log.read(Which::RedactionsAfter(0), &mut |event| {
        if let Some(body) = event.body
            && let (Some(Scope::All), Some(was)) = (body.scope, body.was)
        {
            erased.insert(was, event.record);
        }
        Ok(())
    })?;
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(numbers("2026.11.0") > numbers("2026.9"));
        assert!(numbers("2") > numbers("1.9"));
        assert!(numbers("") < numbers("1"), "a version that is not known is no reason to refuse");
    }
}
