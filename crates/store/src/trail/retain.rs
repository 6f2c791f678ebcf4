//! What is kept no longer than its time, as the pack says: entries of the trail, and personal columns of records.

use super::{CHECKPOINT, Draft, Keeper, Over, Told, desk::now};
use crate::{Actor, Command, Store, StoreError};
use shirube_access::SystemAction;
use shirube_plan::{Register, Sensitivity};
use shirube_record::Scope;
use shirube_snapshot::{AsOf, ListQuery, columns_of};
use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

const DAY: i64 = 86_400_000;

/// What is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Entries of the trail, by register.
    pub readings: Vec<Over>,
    /// Records with personal columns, by register.
    pub records: Vec<(String, Vec<i64>)>,
    /// Its time was over before all was dropped: the rest is left for the next time.
    pub unfinished: bool,
}

impl Store {
    /// Drops what is over: what old entries of the trail tell, and the personal columns of records that nobody has
    /// changed for long enough. A dry run only tells. Both chains stay verifiable: a checkpoint in the trail accounts for
    /// its entries, a redaction in the log for each record.
    pub fn retain(&self, actor: &Actor, dry_run: bool) -> Result<Retained, StoreError> {
        self.retain_until(actor, dry_run, None)
    }

    /// Drops what is over, and begins with nothing more when so much time has passed.
    pub fn retain_for(&self, actor: &Actor, time: Duration) -> Result<Retained, StoreError> {
        self.retain_until(actor, false, Some(Instant::now() + time))
    }

    fn retain_until(&self, actor: &Actor, dry_run: bool, until: Option<Instant>) -> Result<Retained, StoreError> {
        actor.may(SystemAction::Administer)?;
        let late = || until.is_some_and(|until| Instant::now() >= until);
        let mut found = Retained::default();
        let mut keeper = self.place().log.trail(self.folder())?;
        for register in self.pack().registers.values() {
            let before = |days: u32| now() - i64::from(days) * DAY;
            if let Some(before) = register.retention.readings.map(before) {
                let entries = keeper.over(&register.name, before)?;
                let over = Over { register: register.name.clone(), before, entries };
                if entries > 0 {
                    if !dry_run {
                        drop_readings(keeper.as_mut(), actor, &over)?;
                    }
                    found.readings.push(over);
                }
            }
            if let Some(days) = register.retention.personal {
                let mut records = self.personal_before(register, before(days))?;
                if !dry_run {
                    let mut dropped = 0;
                    for record in &records {
                        if late() {
                            found.unfinished = true;
                            break;
                        }
                        let (register, reason) = (register.name.clone(), format!("kept for {days} days, as the pack says"));
                        match self.submit(actor, Command::Redact { register, record: *record, scope: Scope::Personal, reason }) {
                            // Another was at it at the same time.
                            Err(StoreError::NothingPersonal { .. } | StoreError::Redacted { .. }) => {}
                            done => drop(done?),
                        }
                        dropped += 1;
                    }
                    records.truncate(dropped);
                }
                if !records.is_empty() {
                    found.records.push((register.name.clone(), records));
                }
            }
        }
        if !dry_run && !found.readings.is_empty() {
            keeper.purge()?;
        }
        Ok(found)
    }

    /// Records that hold something personal and were last changed before a time.
    fn personal_before(&self, register: &Register, before: i64) -> Result<Vec<i64>, StoreError> {
        let personal = columns_of(register, |sensitivity| sensitivity == Sensitivity::Personal);
        let mut found = vec![];
        let query = ListQuery { register: register.name.clone(), ..ListQuery::default() };
        self.whole(AsOf::Head)?.each(&query, &mut |record| {
            let within = |group: &String, cell: &shirube_record::Cell| match cell {
                shirube_record::Cell::Rows(rows) => {
                    rows.iter().flat_map(|row| row.keys()).any(|c| personal.contains(&format!("{group}.{c}")))
                }
                _ => false,
            };
            if record.updated_at < before && record.content.iter().any(|(column, cell)| personal.contains(column) || within(column, cell)) {
                found.push(record.id);
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
}

fn drop_readings(keeper: &mut dyn Keeper, actor: &Actor, over: &Over) -> Result<(), StoreError> {
    let checkpoint = Draft::new(CHECKPOINT.to_string(), Told { over: Some(over.clone()), ..Told::by(actor)? })?;
    let write = |keeper: &mut dyn Keeper| {
        let last = keeper.begin()?;
        keeper.erase(&over.register, over.before)?;
        keeper.put(&[checkpoint.after(&last, now())])?;
        keeper.commit()
    };
    let written = write(keeper);
    if written.is_err() {
        keeper.rollback();
    }
    written
}
