//! The trail in the log's PostgreSQL database, which several processes append to in turns.
//!
//! Its lock is its own, so that neither waits for the other. A connection that breaks, or on which nothing comes for too
//! long, is made anew for the next batch.
//! If the answer to a commit is lost, nothing is given out, whether or not it was written.

use super::{CHECKPOINT, Each, EachRow, Keeper, Row, Wanted};
use crate::{
    StoreError,
    log::{
        Last,
        postgres::{self as server, PAGE},
    },
};
use shirube_net::{
    Server,
    postgres::{Client, Error, Line, Lock, Row as Found, TURN, types::ToSql},
};
use shirube_record::{FIRST, Hash};

/// The table, as traces name it.
const TABLE: &str = "reading";
/// To append.
const APPENDING: Lock = Lock(1_936_222_580);

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
const LAST: &str = "SELECT seq, hash, at FROM reading ORDER BY seq DESC LIMIT 1";
const MADE: &str = "SELECT to_regclass('reading') IS NOT NULL";

/// The trail, open for appending or reading.
pub(crate) struct PostgresTrail(Line);

impl PostgresTrail {
    /// Opens or makes the trail.
    pub fn open(server: &Server) -> Result<PostgresTrail, StoreError> {
        let mut trail = PostgresTrail(server::connect(server, TABLE)?);
        trail.turn()?;
        trail.ask(|client| if client.query_one(MADE, &[])?.try_get(0)? { Ok(()) } else { client.batch_execute(SCHEMA) })?;
        trail.commit()?;
        Ok(trail)
    }

    /// A connection for reading; none if there is no trail.
    pub fn open_reader(server: &Server) -> Result<Option<PostgresTrail>, StoreError> {
        let mut trail = PostgresTrail(server::connect(server, TABLE)?);
        let made: bool = trail.ask(|client| Ok(client.query_one(MADE, &[])?.try_get(0)?))?;
        Ok(made.then_some(trail))
    }

    fn turn(&mut self) -> Result<(), StoreError> {
        let begun = self.0.begin(APPENDING, TURN);
        Ok(begun.map_err(|error| server::failure(self.0.server(), &error))?)
    }

    /// Does something over the connection, and lets go of one on which it fails: what was begun over it ends with it.
    fn ask<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, StoreError> {
        let answer = self.0.ask(work);
        if answer.is_err() {
            self.0.let_go();
        }
        Ok(answer.map_err(|error| server::failure(self.0.server(), &error))?)
    }

    /// Does what has to do with the whole table.
    fn ask_patiently<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, Error>) -> Result<T, StoreError> {
        self.ask(|client| client.patiently(work))
    }
}

impl Keeper for PostgresTrail {
    fn begin(&mut self) -> Result<Last, StoreError> {
        let begun = self.0.begin_by(APPENDING, TURN, |client, sql| {
            let last = client.statement(LAST)?;
            end_of(client.batch_and_query(sql, &last)?)
        });
        Ok(begun.map_err(|error| server::failure(self.0.server(), &error))?)
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
        self.ask(|client| {
            let insert = client.statement(INSERT)?;
            client.execute(&insert, &[&seq, &at, &register, &actor, &first, &last, &told, &told_hash, &prev, &hash])
        })?;
        Ok(())
    }

    fn erase(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE reading SET actor = NULL, first = NULL, last = NULL, told = NULL
            WHERE register = $1 AND register <> $3 AND at < $2 AND told IS NOT NULL";
        self.ask_patiently(|client| client.execute(sql, &[&register, &before, &CHECKPOINT]))
    }

    fn over(&mut self, register: &str, before: i64) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM reading WHERE register = $1 AND register <> $3 AND at < $2 AND told IS NOT NULL";
        let n: i64 = self.ask_patiently(|client| Ok(client.query_one(sql, &[&register, &before, &CHECKPOINT])?.try_get(0)?))?;
        Ok(n.unsigned_abs())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let ended = self.0.commit();
        Ok(ended.map_err(|error| server::failure(self.0.server(), &error))?)
    }

    fn rollback(&mut self) {
        self.0.rollback();
    }

    fn purge(&mut self) -> Result<(), StoreError> {
        // The server's own write-ahead log is its keeper's.
        self.ask_patiently(|client| client.batch_execute("VACUUM reading"))
    }

    fn moment(&mut self) -> Result<(), StoreError> {
        let shown = self.0.moment();
        Ok(shown.map_err(|error| server::failure(self.0.server(), &error))?)
    }

    fn rows(&mut self, mut after: i64, each: &mut EachRow<'_>) -> Result<(), StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM reading WHERE seq > $1 ORDER BY seq LIMIT {PAGE}");
        loop {
            let heard = self.ask(|client| {
                let (mut rows, mut heard) = (client.query_raw(&sql, [after])?, 0);
                while let Some(found) = rows.next()? {
                    after = found.try_get(0)?;
                    heard += 1;
                    if let Err(error) = each(after, row(&found)) {
                        return Ok(Err(error));
                    }
                }
                Ok(Ok(heard))
            });
            if heard?? < PAGE {
                return Ok(());
            }
        }
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
        // What is rare is found late.
        self.ask_patiently(|client| {
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
        self.ask(|client| end_of(client.query_opt(LAST, &[])?))
    }
}

/// The end of the trail, in its last row.
fn end_of(row: Option<Found>) -> Result<Last, Error> {
    row.map_or(Ok(Last::NONE), |row| Ok(Last { seq: row.try_get(0)?, hash: hash(&row, 1)?.unwrap_or(FIRST), at: row.try_get(2)? }))
}

/// A hash; none if it has another length, which a verification then tells.
fn hash(row: &Found, at: usize) -> Result<Option<Hash>, Error> {
    Ok(row.try_get::<_, &[u8]>(at)?.try_into().ok())
}

fn row(found: &Found) -> Result<Row, String> {
    let read = || {
        let (Some(told_hash), Some(prev), Some(hash)) = (hash(found, 4)?, hash(found, 5)?, hash(found, 6)?) else { return Ok(None) };
        let (seq, at, register, told) = (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?, found.try_get(3)?);
        Ok(Some(Row { seq, at, register, told, told_hash, prev, hash }))
    };
    let row: Result<_, Error> = read();
    row.map_err(|error| error.to_string())?.ok_or_else(|| "one of its hashes is none".to_string())
}
