//! Redaction: payloads leave the log, the head and every kept snapshot; the chain still verifies.

use crate::{
    Actor, Command, Receipt, StoreError, beside,
    check::{absent, standing},
    indexer::hold,
    log::Draft,
    pack_mark, pack_records,
    writer::Writer,
};
use shirube_plan::{FieldKind, Register, Sensitivity};
use shirube_record::{Body, Cell, Content, Event, EventKind, Scope};
use std::collections::BTreeSet;

impl Writer {
    /// Erases in one transaction; what leaves files and write-ahead logs follows before the answer.
    pub(crate) fn redact(&mut self, actor: &Actor, command: Command) -> Result<Receipt, StoreError> {
        beside::check(self.head.pack(), &command)?;
        let Command::Redact { register, record, scope, reason } = command else { return Err(StoreError::Closed) };
        if reason.trim().is_empty() {
            return Err(StoreError::ReasonRequired);
        }
        let index = self.index.clone();
        let mut done = None;
        self.transaction(|writer, at| {
            let pack = writer.head.pack().clone();
            let declared = pack.registers.get(&register).ok_or_else(|| StoreError::NoSuchRegister(register.clone()))?;
            let Some(state) = writer.head.state(&register, record)? else { return Err(absent(&writer.head, actor, &register, record)?) };
            actor.may_redact(standing(declared, &state))?;
            let events = writer.log.of_record(record)?;
            let erased = match scope {
                Scope::All => vec![],
                Scope::Personal => personal_columns(declared, &events, record)?,
            };
            let files = files_of(declared, &events, scope);
            let was = match scope {
                Scope::All => said_by_pack(declared, &events)?,
                Scope::Personal => None,
            };
            let body = Body { salt: writer.salt()?, reason: Some(reason), scope: Some(scope), erased, was, ..Body::default() };
            // Held to the end, so that the index takes nothing in meanwhile. Not sooner: others' redactions, which are
            // followed first, need it, too.
            let mut held = index.as_ref().map(hold);
            let forgotten = held.as_mut().map(|index| index.before_redaction(&register, record)).transpose()?;
            let kind = EventKind::Redact;
            let actor = actor.id().to_string();
            let event = Draft { register: register.clone(), record: Some(record), kind, actor, body, personal: None };
            let event = event.at(writer.log.last().seq + 1, at);
            let receipt = Receipt { seq: event.seq, record, number: state.number, version: state.version + 1 };
            writer.head.apply(&event)?;
            writer.log.append(event)?;
            writer.head.seal(writer.log.last().hash);
            writer.log.erase(record, scope)?;
            done = Some((receipt, files, held, forgotten));
            Ok(())
        })?;
        let Some((receipt, files, mut held, forgotten)) = done else { return Err(StoreError::Closed) };
        if self.is_behind() {
            // To follow it from the log is to do all of this.
            drop(held);
            self.follow()?;
            return Ok(receipt);
        }
        if let (Some(index), Some(forgotten)) = (&mut held, &forgotten) {
            index.after_redaction(&register, record, forgotten)?;
        }
        self.remove_unused(files)?;
        self.purge();
        Ok(receipt)
    }

    /// What a redaction that was cut off left to do.
    pub(crate) fn finish_redaction(&mut self) -> Result<(), StoreError> {
        self.remove_unused(self.files.all()?)?;
        self.purge();
        Ok(())
    }

    /// Removes files that were sent long ago and that no record names, and says how many.
    pub(crate) fn tidy(&mut self, files: BTreeSet<String>) -> Result<usize, StoreError> {
        self.look();
        if self.is_behind() {
            // What it does not know of yet may name them.
            return Ok(0);
        }
        // Not those that somebody has sent once more since.
        let left = self.files.left()?;
        let mut removed = 0;
        for sha in files.intersection(&left) {
            if !self.head.file_in_use(sha)? {
                self.files.remove(sha)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    pub(crate) fn remove_unused(&self, files: BTreeSet<String>) -> Result<(), StoreError> {
        for sha in files {
            if !self.head.file_in_use(&sha)? {
                self.files.remove(&sha)?;
            }
        }
        Ok(())
    }
}

/// Digest of what a pack said when it created the record; none if something else did.
fn said_by_pack(register: &Register, events: &[Event]) -> Result<Option<String>, StoreError> {
    let Some(created) = events.first().filter(|e| pack_records::is_pack(&e.actor)) else { return Ok(None) };
    let cells = created.body.iter().chain(&created.personal).flat_map(|body| &body.content);
    pack_mark::said(register, cells.filter_map(|(column, cell)| Some((column, cell.as_ref()?)))).map(Some)
}

/// Columns held by personal payloads, `group.column` within groups.
fn personal_columns(register: &Register, events: &[Event], record: i64) -> Result<Vec<String>, StoreError> {
    let mut columns = BTreeSet::new();
    let mut among_others = BTreeSet::new();
    for event in events {
        for (column, cell) in event.personal.iter().flat_map(|body| &body.content) {
            match cell {
                Some(Cell::Rows(rows)) if !is_personal(register, column) => {
                    columns.extend(rows.iter().flat_map(Content::keys).map(|c| format!("{column}.{c}")))
                }
                _ => {
                    columns.insert(column.clone());
                }
            }
        }
        among_others.extend(event.body.iter().flat_map(|body| body.content.keys()).filter(|c| is_personal(register, c)).cloned());
    }
    if !among_others.is_empty() {
        return Err(StoreError::PersonalAmongOthers { columns: among_others.into_iter().collect() });
    }
    if columns.is_empty() {
        return Err(StoreError::NothingPersonal { register: register.name.clone(), record });
    }
    Ok(columns.into_iter().collect())
}

fn is_personal(register: &Register, column: &str) -> bool {
    let personal = register.fields.iter().filter(|f| f.sensitivity == Sensitivity::Personal);
    personal.into_iter().any(|f| f.name == column || f.columns().iter().any(|c| c.name == column))
}

/// Hashes of attached files that the erased payloads name.
pub(crate) fn files_of(register: &Register, events: &[Event], scope: Scope) -> BTreeSet<String> {
    let bodies = events.iter().flat_map(|e| e.personal.iter().chain(e.body.iter().filter(|_| scope == Scope::All)));
    named_in(register, bodies.flat_map(|body| &body.content).map(|(column, cell)| (column, cell.as_ref())))
}

/// Hashes of attached files that columns name.
pub(crate) fn named_in<'c>(register: &Register, cells: impl Iterator<Item = (&'c String, Option<&'c Cell>)>) -> BTreeSet<String> {
    let attached = |field: &&shirube_plan::Field| matches!(field.kind, FieldKind::Attachment { .. });
    let columns: BTreeSet<String> = register
        .fields
        .iter()
        .flat_map(|field| match &field.kind {
            FieldKind::Group { fields } => fields.iter().filter(attached).map(|f| format!("{}_sha256", f.name)).collect(),
            FieldKind::Attachment { .. } => vec![format!("{}_sha256", field.name)],
            _ => vec![],
        })
        .collect();
    let mut found = BTreeSet::new();
    for (column, cell) in cells {
        match cell {
            Some(Cell::Text(sha)) if columns.contains(column) => {
                found.insert(sha.clone());
            }
            Some(Cell::Rows(rows)) => found.extend(rows.iter().flatten().filter_map(|(c, v)| match v {
                Cell::Text(sha) if columns.contains(c) => Some(sha.clone()),
                _ => None,
            })),
            _ => {}
        }
    }
    found
}
