//! Entries with a typed body, over whichever table keeps them.

use crate::{
    KeyringError,
    clock::{Clock, Moment},
    secret,
    table::{Kind, Row, Table},
};
use serde::{Serialize, de::DeserializeOwned};

/// How often a change is tried while others change the same entry.
pub(crate) const ATTEMPTS: usize = 1000;

/// An entry that is still good.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub row: Row,
    pub body: T,
}

/// An entry to be put.
pub(crate) struct New<'a, T> {
    pub kind: Kind,
    pub id: &'a str,
    pub account: Option<i64>,
    pub expires: Moment,
    pub body: &'a T,
}

/// The table and the time.
#[derive(Debug)]
pub(crate) struct Keys {
    pub table: Box<dyn Table>,
    pub clock: Clock,
}

fn decode<T: DeserializeOwned>(row: Row) -> Result<Found<T>, KeyringError> {
    let body = serde_json::from_str(&row.body).map_err(|e| KeyringError::Unreadable {
        kind: row.kind.name(),
        // The words of the error would repeat values.
        cause: format!("{:?} error in column {}", e.classify(), e.column()),
    })?;
    Ok(Found { row, body })
}

impl Keys {
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    fn row<T: Serialize>(&self, new: &New<'_, T>) -> Result<Row, KeyringError> {
        let unwritable = |e: serde_json::Error| KeyringError::Unreadable { kind: new.kind.name(), cause: e.to_string() };
        Ok(Row {
            kind: new.kind,
            id: new.id.to_string(),
            account: new.account,
            expires: new.expires,
            seen: self.now(),
            version: i64::from_be_bytes(secret::random()?),
            body: serde_json::to_string(new.body).map_err(unwritable)?,
        })
    }

    /// An entry, unless it is over.
    pub fn get<T: DeserializeOwned>(&self, kind: Kind, id: &str) -> Result<Option<Found<T>>, KeyringError> {
        self.table.get(kind, id)?.filter(|row| !row.is_over(self.now())).map(decode).transpose()
    }

    /// The entries of an account that are not over.
    pub fn list<T: DeserializeOwned>(&self, kind: Kind, account: i64) -> Result<Vec<Found<T>>, KeyringError> {
        let now = self.now();
        self.table.list(kind, account)?.into_iter().filter(|row| !row.is_over(now)).map(decode).collect()
    }

    /// Puts a new entry; false if there is one that is not over.
    pub fn insert<T: Serialize>(&self, new: &New<'_, T>) -> Result<bool, KeyringError> {
        self.insert_row(&self.row(new)?)
    }

    fn insert_row(&self, row: &Row) -> Result<bool, KeyringError> {
        for _ in 0..ATTEMPTS {
            if self.table.insert(row)? {
                return Ok(true);
            }
            match self.table.get(row.kind, &row.id)? {
                Some(old) if !old.is_over(self.now()) => return Ok(false),
                Some(old) if self.table.replace(old.version, row)? => return Ok(true),
                _ => {}
            }
        }
        Err(KeyringError::Contended(row.kind.name()))
    }

    /// Puts an entry, whether or not there is one.
    pub fn put<T: Serialize>(&self, new: &New<'_, T>) -> Result<(), KeyringError> {
        let row = self.row(new)?;
        for _ in 0..ATTEMPTS {
            let done = match self.table.get(new.kind, new.id)? {
                None => self.table.insert(&row)?,
                Some(old) => self.table.replace(old.version, &row)?,
            };
            if done {
                return Ok(());
            }
        }
        Err(KeyringError::Contended(new.kind.name()))
    }

    /// Puts an entry where what was found (or nothing) still stands, and answers its version; none if others were
    /// faster.
    pub fn put_if<O, T: Serialize>(&self, found: Option<&Found<O>>, new: &New<'_, T>) -> Result<Option<i64>, KeyringError> {
        let row = self.row(new)?;
        let done = match found {
            Some(found) => self.table.replace(found.row.version, &row)?,
            None => self.insert_row(&row)?,
        };
        Ok(done.then_some(row.version))
    }

    /// Puts a body in place of the one that was found; nothing if the entry was changed since. When it was last used
    /// and until when it is good stay.
    pub fn replace<T: Serialize>(&self, found: &Found<T>, body: &T) -> Result<Option<Row>, KeyringError> {
        let old = &found.row;
        let new = New { kind: old.kind, id: &old.id, account: old.account, expires: old.expires, body };
        let row = Row { seen: old.seen, ..self.row(&new)? };
        Ok(self.table.replace(old.version, &row)?.then_some(row))
    }

    /// Changes an entry, whatever others do to it meanwhile. `change` hears what there is and says what there shall be
    /// (nothing leaves it as it is) and what to answer.
    pub fn change<T: Serialize + DeserializeOwned, A>(
        &self,
        kind: Kind,
        id: &str,
        mut change: impl FnMut(&T) -> (Option<T>, A),
    ) -> Result<Option<A>, KeyringError> {
        for _ in 0..ATTEMPTS {
            let Some(found) = self.get::<T>(kind, id)? else { return Ok(None) };
            let (body, answer) = change(&found.body);
            match body {
                None => return Ok(Some(answer)),
                Some(body) if self.replace(&found, &body)?.is_some() => return Ok(Some(answer)),
                Some(_) => {}
            }
        }
        Err(KeyringError::Contended(kind.name()))
    }

    pub fn remove(&self, kind: Kind, id: &str) -> Result<bool, KeyringError> {
        self.table.delete(kind, id, None)
    }

    /// Removes an entry as it was found; false if someone changed or removed it since. Of many who try, one succeeds.
    pub fn take(&self, row: &Row) -> Result<bool, KeyringError> {
        self.table.delete(row.kind, &row.id, Some(row.version))
    }
}
