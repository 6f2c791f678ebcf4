//! Rows of the log, as the driver takes and gives them.

use crate::log::{COLUMNS, Line, Row};
use shirube_net::postgres::{Client, Error, Row as Found, Statement, types::ToSql};
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

/// An event with its payloads, to be written.
pub(super) type Waiting = (Event, Option<String>, Option<String>);

/// Events that are written together.
pub(super) struct Batch(pub Vec<Waiting>);

impl Batch {
    /// Writes them by work that runs the statement with the values it is given.
    pub fn write<T>(
        &self,
        client: &mut Client,
        run: impl FnOnce(&mut Client, &Statement, &[&(dyn ToSql + Sync)]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let insert = client.statement(&format!(
            "INSERT INTO event ({COLUMNS}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], \
             $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])"
        ))?;
        let events = || self.0.iter().map(|(event, ..)| event);
        let seq: Vec<i64> = events().map(|e| e.seq).collect();
        let register: Vec<&str> = events().map(|e| e.register.as_str()).collect();
        let record: Vec<i64> = events().map(|e| e.record).collect();
        let kind: Vec<&str> = events().map(|e| e.kind.as_str()).collect();
        let at: Vec<i64> = events().map(|e| e.at).collect();
        let actor: Vec<&str> = events().map(|e| e.actor.as_str()).collect();
        let body: Vec<Option<&str>> = self.0.iter().map(|(_, body, _)| body.as_deref()).collect();
        let personal: Vec<Option<&str>> = self.0.iter().map(|(.., personal)| personal.as_deref()).collect();
        let body_hash: Vec<&[u8]> = events().map(|e| e.body_hash.as_slice()).collect();
        let personal_hash: Vec<Option<&[u8]>> = events().map(|e| e.personal_hash.as_ref().map(|h| h.as_slice())).collect();
        let prev: Vec<&[u8]> = events().map(|e| e.prev.as_slice()).collect();
        let hash: Vec<&[u8]> = events().map(|e| e.hash.as_slice()).collect();
        let values: [&(dyn ToSql + Sync); 12] =
            [&seq, &register, &record, &kind, &at, &actor, &body, &personal, &body_hash, &personal_hash, &prev, &hash];
        run(client, &insert, &values)
    }
}
