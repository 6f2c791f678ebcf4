//! Rows of the log, as the driver gives them.

use crate::log::{Line, Row};
use shirube_net::postgres::{Error, Row as Found};
use shirube_record::{Event, EventKind, Hash};

/// A hash; none if it is NULL or has another length, which a verification then tells.
pub(super) fn hash(row: &Found, at: usize) -> Result<Option<Hash>, Error> {
    Ok(row.try_get::<_, Option<&[u8]>>(at)?.and_then(|bytes| bytes.try_into().ok()))
}

pub(super) fn line(row: &Found) -> Result<Line, Error> {
    Ok(Line {
        seq: row.try_get(0)?,
        register: row.try_get(1)?,
        record: row.try_get(2)?,
        kind: row.try_get(3)?,
        at: row.try_get(4)?,
        actor: row.try_get(5)?,
    })
}

pub(super) fn row(found: &Found) -> Result<Row<'_>, String> {
    let read = || {
        let kind: &str = found.try_get(3)?;
        let personal_hash: Option<&[u8]> = found.try_get(9)?;
        let hashes = (hash(found, 8)?, hash(found, 10)?, hash(found, 11)?);
        let (body, personal) = (found.try_get(6)?, found.try_get(7)?);
        let ((Some(body_hash), Some(prev), Some(hash)), Some(kind)) = (hashes, EventKind::parse(kind)) else { return Ok(None) };
        let event = Event {
            seq: found.try_get(0)?,
            register: found.try_get(1)?,
            record: found.try_get(2)?,
            kind,
            at: found.try_get(4)?,
            actor: found.try_get(5)?,
            body: None,
            personal: None,
            body_hash,
            personal_hash: personal_hash.and_then(|bytes| bytes.try_into().ok()),
            prev,
            hash,
        };
        Ok(Some(Row { event, body, personal }))
    };
    let row: Result<_, Error> = read();
    row.map_err(|error| error.to_string())?.ok_or_else(|| "its kind or one of its hashes is none".to_string())
}
