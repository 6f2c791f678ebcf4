//! The trail in the log's PostgreSQL database, which several processes append to in turns.
//!
//! Its lock is its own, so that neither waits for the other. A connection that breaks is made anew for the next batch.
//! If the answer to a commit is lost, nothing is given out, whether or not it was written.

use super::{CHECKPOINT, Each, EachRow, Keeper, Row, Wanted};
use crate::{
    StoreError,
    log::{Last, LogError, postgres as server},
};
use ::postgres::{Client, fallible_iterator::FallibleIterator, types::ToSql};
use shirube_net::{Server, asking};
use shirube_record::{FIRST, Hash};
use std::time::{Duration, Instant};

/// How soon a server that could not be reached is asked again.
const AGAIN: Duration = Duration::from_secs(1);
/// Marks our lock; logs in several schemas of a database have one each.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1936222580, hashtext(coalesce(current_schema(), '')))";
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// The columns and guards of SQLite's trail, see there. A release that knows no trail leaves it alone.
const SCHEMA: &str = "
CREATE TABLE reading (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  register TEXT NOT NULL,
  actor TEXT,
  first BIGINT,
  last BIGINT,
  told TEXT,
  told_hash BYTEA NOT NULL,
  prev BYTEA NOT NULL,
  hash BYTEA NOT NULL
);
CREATE INDEX reading_register ON reading (register, at);
CREATE INDEX reading_actor ON reading (actor, at);
CREATE INDEX reading_at ON reading (at);
CREATE FUNCTION reading_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'readings are never deleted'; END $$;
CREATE TRIGGER reading_stays BEFORE DELETE OR TRUNCATE ON reading FOR EACH STATEMENT EXECUTE FUNCTION reading_stays();
CREATE FUNCTION reading_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (old.seq, old.at, old.register, old.told_hash, old.prev, old.hash)
    IS DISTINCT FROM (new.seq, new.at, new.register, new.told_hash, new.prev, new.hash)
  THEN RAISE EXCEPTION 'readings are never changed'; END IF;
  IF new.actor IS NOT NULL OR new.first IS NOT NULL OR new.last IS NOT NULL OR new.told IS NOT NULL
  THEN RAISE EXCEPTION 'what a reading tells is only ever erased'; END IF;
  RETURN new;
END $$;
CREATE TRIGGER reading_is_fixed BEFORE UPDATE ON reading FOR EACH ROW EXECUTE FUNCTION reading_is_fixed();
";

const INSERT: &str = "INSERT INTO reading SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], \
     $6::bigint[], $7::text[], $8::bytea[], $9::bytea[], $10::bytea[])";
const COLUMNS: &str = "seq, at, register, told, told_hash, prev, hash";
const MADE: &str = "SELECT to_regclass('reading') IS NOT NULL";

/// The trail, open for appending or reading.
pub(crate) struct PostgresTrail {
    server: Server,
    client: Option<Client>,
    not_before: Instant,
    in_batch: bool,
}

impl PostgresTrail {
    /// Opens or makes the trail.
    pub fn open(server: &Server) -> Result<PostgresTrail, StoreError> {
        let mut trail = PostgresTrail::new(server)?;
        trail.ask(|client| {
            client.batch_execute(&format!("{BEGIN}; {LOCK}"))?;
            if !client.query_one(MADE, &[])?.try_get::<_, bool>(0)? {
                client.batch_execute(SCHEMA)?;
            }
            client.batch_execute("COMMIT")
        })?;
        Ok(trail)
    }

    /// A connection for reading; none if there is no trail.
    pub fn open_reader(server: &Server) -> Result<Option<PostgresTrail>, StoreError> {
        let mut trail = PostgresTrail::new(server)?;
        let made: bool = trail.ask(|client| client.query_one(MADE, &[])?.try_get(0))?;
        Ok(made.then_some(trail))
    }

    fn new(server: &Server) -> Result<PostgresTrail, StoreError> {
        let client = Some(server::connect(server)?);
        Ok(PostgresTrail { server: server.clone(), client, not_before: Instant::now(), in_batch: false })
    }

    /// Does something over the connection, made anew if it broke, and lets go of one that fails.
    fn ask<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, ::postgres::Error>) -> Result<T, StoreError> {
        let away = |cause: &str| LogError::Unreachable { place: self.server.to_string(), cause: cause.to_string() };
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = None;
            if self.in_batch || Instant::now() < self.not_before {
                return Err(away("connection closed").into());
            }
            match server::connect(&self.server) {
                Ok(client) => self.client = Some(client),
                Err(error) => {
                    self.not_before = Instant::now() + AGAIN;
                    return Err(error.into());
                }
            }
        }
        let Some(client) = self.client.as_mut() else { return Err(away("connection closed").into()) };
        let answer = asking("reading").in_scope(|| work(client)).map_err(|error| server::failure(&self.server, &error));
        if answer.is_err() {
            // What was begun over it ends with it.
            self.client = None;
        }
        Ok(answer?)
    }
}

impl Keeper for PostgresTrail {
    fn begin(&mut self) -> Result<Last, StoreError> {
        self.in_batch = false;
        self.ask(|client| client.batch_execute(&format!("{BEGIN}; {LOCK}")))?;
        self.in_batch = true;
        self.last()
    }

    fn put(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let finders: Vec<_> = rows.iter().map(Row::finder).collect();
        let seq: Vec<i64> = rows.iter().map(|r| r.seq).collect();
        let at: Vec<i64> = rows.iter().map(|r| r.at).collect();
        let register: Vec<&str> = rows.iter().map(|r| r.register.as_str()).collect();
        let actor: Vec<Option<&str>> = finders.iter().map(|f| f.actor.as_deref()).collect();
        let (first, last): (Vec<Option<i64>>, Vec<Option<i64>>) = finders.iter().map(|f| f.span.unzip()).unzip();
        let told: Vec<Option<&str>> = rows.iter().map(|r| r.told.as_deref()).collect();
        let told_hash: Vec<&[u8]> = rows.iter().map(|r| r.told_hash.as_slice()).collect();
        let prev: Vec<&[u8]> = rows.iter().map(|r| r.prev.as_slice()).collect();
        let hash: Vec<&[u8]> = rows.iter().map(|r| r.hash.as_slice()).collect();
        self.ask(|client| client.execute(INSERT, &[&seq, &at, &register, &actor, &first, &last, &told, &told_hash, &prev, &hash]))?;
        Ok(())
    }

    fn erase(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE reading SET actor = NULL, first = NULL, last = NULL, told = NULL
            WHERE register = $1 AND register <> $3 AND at < $2 AND told IS NOT NULL";
        self.ask(|client| client.execute(sql, &[&register, &before, &CHECKPOINT]))
    }

    fn over(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM reading WHERE register = $1 AND register <> $3 AND at < $2 AND told IS NOT NULL";
        let n: i64 = self.ask(|client| client.query_one(sql, &[&register, &before, &CHECKPOINT])?.try_get(0))?;
        Ok(n.unsigned_abs())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.ask(|client| client.batch_execute("COMMIT"))?;
        self.in_batch = false;
        Ok(())
    }

    fn rollback(&mut self) {
        if std::mem::take(&mut self.in_batch) && self.client.as_mut().is_some_and(|client| client.batch_execute("ROLLBACK").is_err()) {
            self.client = None;
        }
    }

    fn purge(&mut self) -> Result<(), StoreError> {
        // The server's own write-ahead log is its keeper's.
        self.ask(|client| client.batch_execute("VACUUM reading"))
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        self.ask(|client| client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))?;
        self.in_batch = true;
        Ok(())
    }

    fn rows(&mut self, after: i64, each: &mut EachRow<'_>) -> Result<(), StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM reading WHERE seq > $1 ORDER BY seq");
        self.ask(|client| {
            let mut rows = client.query_raw(&sql, [after])?;
            while let Some(found) = rows.next()? {
                if let Err(error) = each(found.try_get(0)?, row(&found)) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })?
    }

    fn find(&mut self, wanted: &Wanted, each: &mut Each<'_>) -> Result<(), StoreError> {
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&wanted.before, &wanted.since, &wanted.until];
        let mut sql = format!("SELECT {COLUMNS} FROM reading WHERE seq < $1 AND at >= $2 AND at < $3");
        if !wanted.actors.is_empty() {
            values.push(&wanted.actors);
            sql += &format!(" AND actor = ANY(${})", values.len());
        }
        if let Some(register) = &wanted.register {
            values.push(register);
            sql += &format!(" AND register = ${}", values.len());
        }
        if let Some(record) = &wanted.record {
            values.push(record);
            sql += &format!(" AND first <= ${0} AND last >= ${0}", values.len());
        }
        sql += " ORDER BY at DESC, seq DESC";
        self.ask(|client| {
            let mut rows = client.query_raw(&sql, values.iter().copied())?;
            while let Some(found) = rows.next()? {
                let heard = row(&found).map_err(|what| StoreError::Unreadable { seq: wanted.before, what }).and_then(&mut *each);
                match heard {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        })?
    }

    fn last(&mut self) -> Result<Last, StoreError> {
        self.ask(|client| {
            let row = client.query_opt("SELECT seq, hash, at FROM reading ORDER BY seq DESC LIMIT 1", &[])?;
            row.map_or(Ok(Last::NONE), |row| Ok(Last { seq: row.try_get(0)?, hash: hash(&row, 1)?.unwrap_or(FIRST), at: row.try_get(2)? }))
        })
    }
}

/// A hash; none if it has another length, which a verification then tells.
fn hash(row: &::postgres::Row, at: usize) -> Result<Option<Hash>, ::postgres::Error> {
    Ok(row.try_get::<_, &[u8]>(at)?.try_into().ok())
}

fn row(found: &::postgres::Row) -> Result<Row, String> {
    let read = || {
        let (Some(told_hash), Some(prev), Some(hash)) = (hash(found, 4)?, hash(found, 5)?, hash(found, 6)?) else { return Ok(None) };
        let (seq, at, register, told) = (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?, found.try_get(3)?);
        Ok(Some(Row { seq, at, register, told, told_hash, prev, hash }))
    };
    let row: Result<_, ::postgres::Error> = read();
    row.map_err(|error| shirube_net::said(&error))?.ok_or_else(|| "one of its hashes is none".to_string())
}
