//! Tables of the log in a database, and their format.

use super::{WRITING, failure};
use crate::{
    StoreError,
    log::{
        LogError,
        format::{FORMAT, steps},
    },
};
use shirube_net::postgres::{Client, Error, Line, TURN};

/// The first format. The columns and guards of SQLite's log, see there.
const SCHEMA: &str = "
CREATE TABLE shirube_log (format BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE event (
  seq BIGINT PRIMARY KEY,
  register TEXT NOT NULL,
  record BIGINT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  body TEXT,
  personal TEXT,
  body_hash BYTEA NOT NULL,
  personal_hash BYTEA,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL
);
CREATE INDEX event_record ON event (record);
CREATE INDEX event_redaction ON event (seq) WHERE kind = 'redact';
CREATE FUNCTION event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'events are never deleted'; END $$;
CREATE TRIGGER event_stays BEFORE DELETE OR TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION event_stays();
CREATE FUNCTION event_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (old.seq, old.register, old.record, old.kind, old.at, old.actor, old.body_hash, old.personal_hash, old.prev, old.hash)
    IS DISTINCT FROM (new.seq, new.register, new.record, new.kind, new.at, new.actor, new.body_hash, new.personal_hash, new.prev, new.hash)
  THEN RAISE EXCEPTION 'events are never changed'; END IF;
  IF new.body IS NOT NULL AND new.body IS DISTINCT FROM old.body OR new.personal IS NOT NULL AND new.personal IS DISTINCT FROM old.personal
  THEN RAISE EXCEPTION 'payloads are only ever erased'; END IF;
  RETURN new;
END $$;
CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION event_is_fixed();
";

const MADE: &str = "SELECT to_regclass('shirube_log') IS NOT NULL";

/// The format of a log.
pub(super) fn format(client: &mut Client) -> Result<i64, Error> {
    Ok(client.query_one("SELECT format FROM shirube_log", &[])?.try_get(0)?)
}

/// Makes the tables where there are none, and refuses those of a later release. Those of an earlier one stay as they are:
/// it may be running beside this one, and may have to start again.
pub(super) fn prepare(line: &mut Line) -> Result<(), StoreError> {
    let server = line.server().clone();
    let refused = |error: Error| failure(&server, &error);
    let encoding: String = line.ask(|client| Ok(client.query_one("SHOW server_encoding", &[])?.try_get(0)?)).map_err(refused)?;
    if encoding != "UTF8" {
        return Err(LogError::Encoding { place: server.to_string(), found: encoding }.into());
    }
    let all = steps(1, FORMAT, &server.to_string())?;
    // Two processes may start at once.
    line.begin(WRITING, TURN).map_err(refused)?;
    let found = line.ask(|client| {
        if !client.query_one(MADE, &[])?.try_get::<_, bool>(0)? {
            client.batch_execute(SCHEMA)?;
            all.into_iter().try_for_each(|step| client.batch_execute(step))?;
            client.execute("INSERT INTO shirube_log (format) VALUES ($1)", &[&FORMAT])?;
        }
        format(client)
    });
    let found = found.map_err(refused)?;
    if found > FORMAT {
        return Err(LogError::Format { place: server.to_string(), found, known: FORMAT }.into());
    }
    Ok(line.commit().map_err(refused)?)
}

/// Brings a log to a format, in one transaction and while nobody writes; gives what it had.
pub(super) fn bring(line: &mut Line, to: i64) -> Result<i64, StoreError> {
    let server = line.server().clone();
    let refused = |error: Error| failure(&server, &error);
    if !line.ask(|client| Ok(client.query_one(MADE, &[])?.try_get::<_, bool>(0)?)).map_err(refused)? {
        return Err(LogError::Absent { place: server.to_string() }.into());
    }
    line.begin(WRITING, TURN).map_err(refused)?;
    let from = line.ask(format).map_err(refused)?;
    let steps = steps(from, to, &server.to_string())?;
    let taken = line.ask(|client| {
        client.patiently(|client| steps.into_iter().try_for_each(|step| client.batch_execute(step)))?;
        client.execute("UPDATE shirube_log SET format = $1 WHERE format <> $1", &[&to])
    });
    taken.map_err(refused)?;
    line.commit().map_err(refused)?;
    Ok(from)
}
