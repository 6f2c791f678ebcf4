//! Sessions that were read lately.
//!
//! What another process changed shows in one number of the table, which is asked for at most every quarter of a
//! second; once it moved, nothing that was read before is trusted. So a revocation holds everywhere within that time.

use crate::{KeyringError, clock::Moment, keys::Found, table::Table};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Sessions kept; some ten megabytes. One more, and all are read anew as they are asked for.
const MOST: usize = 20_000;
/// How old what we know of other processes may be, in milliseconds.
const FOLLOW: i64 = 250;

#[derive(Debug)]
struct Inside<T> {
    entries: HashMap<String, Found<T>>,
    /// Counts what was dropped: an entry read before a drop must not be kept after it.
    drops: u64,
    /// The table's number, and when it was asked for.
    changes: Option<(i64, Moment)>,
}

/// Entries by id, no more than fit.
#[derive(Debug)]
pub(crate) struct Cache<T>(Mutex<Inside<T>>);

impl<T: Clone> Cache<T> {
    pub fn new() -> Cache<T> {
        Cache(Mutex::new(Inside { entries: HashMap::new(), drops: 0, changes: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Inside<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that what other processes changed is no longer kept. Answers what [`Cache::keep`] wants to hear.
    pub fn follow(&self, table: &dyn Table, now: Moment) -> Result<u64, KeyringError> {
        {
            let inside = self.lock();
            if let Some((_, asked)) = inside.changes
                && (0..FOLLOW).contains(&(now - asked))
            {
                return Ok(inside.drops);
            }
        }
        let changes = table.changes()?;
        let mut inside = self.lock();
        if inside.changes.is_none_or(|(known, _)| known != changes) {
            inside.entries.clear();
            inside.drops += 1;
        }
        inside.changes = Some((changes, now));
        Ok(inside.drops)
    }

    pub fn get(&self, id: &str) -> Option<Found<T>> {
        self.lock().entries.get(id).cloned()
    }

    /// Keeps what was read from the table, unless something was dropped since `drops` was told.
    pub fn keep(&self, found: &Found<T>, drops: u64) {
        let mut inside = self.lock();
        if inside.drops != drops {
            return;
        }
        if inside.entries.len() >= MOST {
            inside.entries.clear();
        }
        inside.entries.insert(found.row.id.clone(), found.clone());
    }

    /// Notes that an entry was used.
    pub fn touch(&self, id: &str, seen: Moment, expires: Moment) {
        if let Some(found) = self.lock().entries.get_mut(id) {
            found.row.seen = seen;
            found.row.expires = expires;
        }
    }

    /// Drops an entry after the table has changed it.
    pub fn drop_one(&self, id: &str) {
        let mut inside = self.lock();
        inside.entries.remove(id);
        inside.drops += 1;
    }

    /// Drops the entries of an account after the table has.
    pub fn drop_of(&self, account: i64) {
        let mut inside = self.lock();
        inside.entries.retain(|_, found| found.row.account != Some(account));
        inside.drops += 1;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::table::{Kind, Row, sqlite::SqliteTable};

    type Drop<'a> = &'a dyn Fn(&Cache<()>);

    fn found(id: usize) -> Found<()> {
        let row = Row { kind: Kind::Session, id: id.to_string(), account: Some(7), expires: 1, seen: 0, version: 0, body: String::new() };
        Found { row, body: () }
    }

    fn table() -> (tempfile::TempDir, SqliteTable) {
        let folder = tempfile::tempdir().unwrap();
        let table = SqliteTable::open(&folder.path().join("keys.db")).unwrap();
        (folder, table)
    }

    #[test]
    fn what_was_read_before_a_drop_is_not_kept_after_it() {
        let (folder, table) = table();
        let drops: [Drop<'_>; 3] = [&|cache| cache.drop_one("1"), &|cache| cache.drop_of(7), &|cache| {
            // Another process changes something, and a later request notices.
            SqliteTable::open(&folder.path().join("keys.db")).unwrap().insert(&found(1).row).unwrap();
            cache.follow(&table, FOLLOW).unwrap();
        }];
        for drop in drops {
            let cache = Cache::new();
            let before = cache.follow(&table, 0).unwrap();
            cache.keep(&found(2), before);
            drop(&cache);
            cache.keep(&found(1), before);
            assert!(cache.get("1").is_none());
            cache.keep(&found(1), cache.follow(&table, FOLLOW).unwrap());
            assert!(cache.get("1").is_some());
        }
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let (_folder, table) = table();
        let cache = Cache::new();
        let drops = cache.follow(&table, 0).unwrap();
        for id in 0..=MOST {
            cache.keep(&found(id), drops);
            assert!(cache.lock().entries.len() <= MOST);
        }
        assert!(cache.get(&MOST.to_string()).is_some());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_it_from_following() {
        let (folder, table) = table();
        let cache = Cache::new();
        cache.keep(&found(1), cache.follow(&table, 1_000_000).unwrap());
        SqliteTable::open(&folder.path().join("keys.db")).unwrap().insert(&found(2).row).unwrap();
        cache.follow(&table, 0).unwrap();
        assert!(cache.get("1").is_none());
    }
}
