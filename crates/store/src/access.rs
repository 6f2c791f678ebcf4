//! The one place where access is decided.
//!
//! Who asks comes with a [`Clearance`]: what the pack's policies permit them. Readers get snapshots narrowed to what
//! they may see; changes are decided on the record as it is when they are written, and as it would be afterwards.

use crate::StoreError;
use shirube_access::{Clearance, Combination, Own, RecordAction, RecordOwner, Rows, SystemAction, View};
use shirube_plan::{Owner, Pack, Register, Sensitivity};
use shirube_record::{Cell, Content, Origin};
use shirube_snapshot::{Alike, Organisations, Record, RegisterSight, Seen, Shown, Sight, Whose, columns_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

/// How the names of people begin, under which events are recorded.
pub(crate) const PERSON: &str = "person:";

/// Who asks, and what they may do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actor {
    id: Arc<str>,
    clearance: Clearance,
    /// What they may see of the records; none within if everything. Made when first asked for.
    sight: Arc<OnceLock<Option<Arc<Sight>>>>,
    /// What they are about just now.
    errand: Option<Arc<Errand>>,
}

/// Why a record may not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Such a record may not be: whose it is or would be, or its state.
    Record,
    /// Such a record may not be moved by the transition.
    Transition,
    /// These columns may not be seen in it, those of groups as `group.column`: nobody writes what they cannot see.
    Columns(BTreeSet<String>),
}

/// How a record is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// Other values.
    Amend,
    /// A file.
    Attach,
    /// The transition of this name, perhaps with other values.
    Transition(&'a str),
}

/// One request or command of an actor, and what they were given by it.
#[derive(Debug)]
pub(crate) struct Errand {
    pub by: String,
    pub token: Option<String>,
    pub seen: Arc<Seen>,
}

impl Actor {
    /// The single local owner: whoever runs the program on their own data folder.
    pub fn owner() -> Actor {
        Actor::new("owner", Clearance::owner())
    }

    /// Someone with what the policies permit them, by their login.
    pub fn person(clearance: Clearance) -> Actor {
        Actor::new(&format!("{PERSON}{}", clearance.login()), clearance)
    }

    /// Nobody, who may do nothing.
    pub fn nobody() -> Actor {
        Actor::new("nobody", Clearance::nobody())
    }

    /// The program itself, doing what someone without an account yet may do by a one-time link: the event tells what.
    pub fn program(what: &str) -> Actor {
        Actor::new(&format!("program:{what}"), Clearance::owner())
    }

    /// The pack, loading its own records.
    pub(crate) fn pack(id: &str, version: &str) -> Actor {
        Actor::new(&format!("pack:{id}@{version}"), Clearance::pack())
    }

    fn new(id: &str, clearance: Clearance) -> Actor {
        Actor { id: id.into(), clearance, sight: Arc::default(), errand: None }
    }

    /// The same actor, asking by one way (a route, a command) and perhaps with a service token. From here on it is noted
    /// what of personal and commercial fields they are given; [`crate::Store::settle`] writes it down. Without, an actor
    /// is the program itself, which gives nothing to anybody.
    pub fn asking(&self, by: &str, token: Option<&str>) -> Actor {
        let errand = Errand { by: by.to_string(), token: token.map(str::to_string), seen: Arc::default() };
        Actor { errand: Some(Arc::new(errand)), ..self.clone() }
    }

    pub(crate) fn errand(&self) -> Option<&Errand> {
        self.errand.as_deref()
    }

    pub(crate) fn seen(&self) -> Option<Arc<Seen>> {
        self.errand().map(|errand| Arc::clone(&errand.seen))
    }

    /// As recorded in events.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What they may do.
    pub fn clearance(&self) -> &Clearance {
        &self.clearance
    }

    /// What they may see of the records; none if everything.
    pub(crate) fn sight(&self, pack: &Pack) -> Option<Arc<Sight>> {
        self.sight.get_or_init(|| sight(&self.clearance, pack).map(Arc::new)).clone()
    }

    /// Whether something may be done to the installation.
    pub(crate) fn may(&self, action: SystemAction) -> Result<(), StoreError> {
        self.answer(self.clearance.system(action))
    }

    /// Whether something may be done to a record that is as described.
    pub(crate) fn may_do(&self, action: RecordAction, record: Standing<'_>) -> Result<(), StoreError> {
        self.answer(self.permits(action, record))
    }

    fn permits(&self, action: RecordAction, record: Standing<'_>) -> bool {
        self.clearance.may(action, record.view(&self.clearance))
    }

    /// Whether a record's payloads may be erased. Who may not even read it does not learn that it is there.
    pub(crate) fn may_redact(&self, record: Standing<'_>) -> Result<(), StoreError> {
        let unknown = |_| StoreError::NoSuchRecord { register: record.register.name.clone(), record: record.record };
        self.may_do(RecordAction::Read, record).map_err(unknown)?;
        self.may_do(RecordAction::Redact, record)
    }

    /// Whether they are told that a record of a register was erased. Whose it was and how it stood went with it, so that
    /// only who may read every record is; to others it is as if it had never been.
    pub(crate) fn may_know_of_erased(&self, register: &str) -> bool {
        self.clearance.rows(register) == Rows::All
    }

    /// Whether they may see how every record of a register came to be.
    pub(crate) fn may_see_every_history(&self, register: &str) -> bool {
        self.clearance.rows_for(RecordAction::History, register) == Rows::All
    }

    /// Whether they may know by which login something was done: by their own, or who sees those of all accounts.
    pub(crate) fn may_know_login(&self, id: &str) -> bool {
        let accounts = "office_account";
        let every = |rows: Rows| rows == Rows::All;
        !id.starts_with(PERSON)
            || id == self.id()
            || every(self.clearance.rows(accounts)) && every(self.clearance.rows_showing(Sensitivity::Internal, accounts))
    }

    /// Whether a record may be moved.
    pub(crate) fn may_move(&self, transition: &str, record: Standing<'_>) -> Result<(), StoreError> {
        self.answer(self.clearance.transition(record.view(&self.clearance), transition))
    }

    /// Whether a new record may be written: made as it is, with nothing in it that they may not see, within groups
    /// either. The writer asks this, and an import before anything is written.
    pub fn may_create(&self, record: Standing<'_>) -> Result<(), Denial> {
        if !self.permits(RecordAction::Create, record) {
            return Err(Denial::Record);
        }
        let hidden = self.hidden(record);
        if hidden.is_empty() {
            return Ok(());
        }
        let within = record.content.iter().flat_map(|(group, cell)| match cell {
            Cell::Rows(rows) => rows.iter().flat_map(|row| row.keys()).map(|column| format!("{group}.{column}")).collect::<Vec<String>>(),
            _ => vec![],
        });
        none_of(&hidden, record.content.keys().cloned().chain(within))
    }

    /// Whether a record may be changed to this content, in these columns: as it is, in columns they see, and as it will
    /// be, so that nobody gives a record to others or takes it from them without being allowed to change it there. The
    /// writer asks this, and an import before anything is written.
    pub fn may_change<'r, 'c>(
        &self,
        way: Way<'_>,
        before: Standing<'r>,
        content: &'r Content,
        changed: impl IntoIterator<Item = &'c String>,
    ) -> Result<(), Denial> {
        for record in [before, Standing { content, ..before }] {
            match way {
                Way::Amend if !self.permits(RecordAction::Amend, record) => return Err(Denial::Record),
                Way::Attach if !self.permits(RecordAction::Attach, record) => return Err(Denial::Record),
                Way::Transition(name) if !self.clearance.transition(record.view(&self.clearance), name) => return Err(Denial::Transition),
                Way::Amend | Way::Attach | Way::Transition(_) => {}
            }
        }
        self.may_give(before, changed.into_iter().map(String::as_str))
    }

    /// Whether values may be given for these columns of a record that is there, be it the value it has: whoever gives one
    /// that they may not see would learn whether it is right.
    pub fn may_give<'c>(&self, record: Standing<'_>, columns: impl IntoIterator<Item = &'c str>) -> Result<(), Denial> {
        // Rows of a group are replaced together, so that a group of which a part is hidden stays as it is: else the part
        // would be lost.
        let mut hidden = self.hidden(record);
        let groups: Vec<String> = hidden.iter().filter_map(|column| Some(column.split_once('.')?.0.to_string())).collect();
        hidden.extend(groups);
        none_of(&hidden, columns.into_iter().map(str::to_string))
    }

    /// Whether there is any record that they might attach a file to.
    pub(crate) fn may_attach(&self, pack: &Pack) -> Result<(), StoreError> {
        let actions = [RecordAction::Create, RecordAction::Amend, RecordAction::Attach];
        let somewhere = |register: &String| actions.iter().any(|a| self.clearance.rows_for(*a, register) != Rows::None);
        self.answer(self.clearance.is_unlimited() || pack.registers.keys().any(somewhere))
    }

    /// Columns that may not be seen in a record, those of groups as `group.column`.
    pub(crate) fn hidden(&self, record: Standing<'_>) -> BTreeSet<String> {
        // Asked for every row of a load, most of which are the owner's.
        if self.clearance.is_unlimited() {
            return BTreeSet::new();
        }
        let view = record.view(&self.clearance);
        columns_of(record.register, |sensitivity| !self.clearance.sees(view, sensitivity))
    }

    /// Whether something may be done to a record that the actor has read.
    pub fn may_with(&self, action: RecordAction, register: &Register, record: &Record) -> bool {
        self.permits(action, Standing::of(register, record))
    }

    /// Whether a record may be read that was found without asking who reads.
    pub fn may_read(&self, register: &Register, record: &Record) -> bool {
        self.may_with(RecordAction::Read, register, record)
    }

    /// Notes that the versions of a record were read, as far as they were shown.
    pub(crate) fn note(&self, record: Standing<'_>) {
        if let Some(seen) = self.seen() {
            let view = record.view(&self.clearance);
            seen.note_seen(&record.register.name, 0, &None, |sensitivity| self.clearance.sees(view, sensitivity), record.record);
        }
    }

    /// Whether a record that the actor has read may be moved by a transition.
    pub fn may_move_on(&self, transition: &str, register: &Register, record: &Record) -> bool {
        self.may_move(transition, Standing::of(register, record)).is_ok()
    }

    fn answer(&self, allowed: bool) -> Result<(), StoreError> {
        if allowed { Ok(()) } else { Err(self.denied()) }
    }

    /// What is answered to something they may not do.
    pub(crate) fn denied(&self) -> StoreError {
        StoreError::Denied { actor: self.id().to_string() }
    }
}

/// Whether none of the columns is hidden.
fn none_of(hidden: &BTreeSet<String>, columns: impl Iterator<Item = String>) -> Result<(), Denial> {
    let columns: BTreeSet<String> = columns.filter(|column| hidden.contains(column)).collect();
    if columns.is_empty() { Ok(()) } else { Err(Denial::Columns(columns)) }
}

/// A record as decisions see it.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub(crate) register: &'a Register,
    pub(crate) state: Option<&'a str>,
    pub(crate) synthetic: bool,
    /// Its content, for whose it is; its id where it is an organisation itself.
    pub(crate) content: &'a Content,
    pub(crate) record: i64,
}

impl<'a> Standing<'a> {
    /// A record that is yet to be.
    pub fn new(register: &'a Register, state: Option<&'a str>, origin: &Origin, content: &'a Content) -> Standing<'a> {
        Standing { register, state, synthetic: origin.synthetic, content, record: 0 }
    }

    /// A record as a snapshot shows it. If it is narrowed: who does not see whose a record is, to them it is nobody's.
    pub fn of(register: &'a Register, record: &'a Record) -> Standing<'a> {
        let (state, synthetic) = (record.state.as_deref(), record.origin.synthetic);
        Standing { register, state, synthetic, content: &record.content, record: record.id }
    }

    fn view(&self, clearance: &Clearance) -> View<'a> {
        View { register: &self.register.name, state: self.state, own: clearance.whose(self.owner()), synthetic: self.synthetic }
    }

    fn owner(&self) -> RecordOwner<'_> {
        let cell = |column: &str| self.content.get(column);
        match self.register.owner() {
            Some(Owner::Itself) => RecordOwner::Organisation(self.record),
            Some(Owner::Number(column)) => match cell(&column) {
                Some(Cell::Text(number)) => RecordOwner::Number(number),
                _ => RecordOwner::Nobody,
            },
            Some(Owner::Reference(column)) => match cell(column) {
                Some(Cell::Integer(id)) => RecordOwner::Organisation(*id),
                _ => RecordOwner::Nobody,
            },
            None => RecordOwner::Nobody,
        }
    }
}

/// What a clearance lets see of all registers; none if everything.
fn sight(clearance: &Clearance, pack: &Pack) -> Option<Sight> {
    let sensitivities = [Sensitivity::Public, Sensitivity::Internal, Sensitivity::Commercial, Sensitivity::Personal];
    let of = |name: &String| RegisterSight {
        rows: shown(clearance, clearance.rows(name)),
        columns: sensitivities.into_iter().map(|s| (s, shown(clearance, clearance.rows_showing(s, name)))).collect(),
    };
    let registers: BTreeMap<String, RegisterSight> = pack.registers.keys().map(|name| (name.clone(), of(name))).collect();
    let everything = |sight: &RegisterSight| sight.rows == Shown::All && sight.columns.values().all(|s| *s == Shown::All);
    if registers.values().all(everything) { None } else { Some(Sight(registers)) }
}

fn shown(clearance: &Clearance, rows: Rows) -> Shown {
    match rows {
        Rows::All => Shown::All,
        Rows::None => Shown::None,
        Rows::Some(combinations) => Shown::Some(combinations.into_iter().map(|c| alike(clearance, c)).collect()),
    }
}

fn alike(clearance: &Clearance, combination: Combination) -> Alike {
    let known = |of: Vec<&shirube_access::Organisation>| Organisations {
        numbers: of.iter().filter_map(|o| o.number.clone()).collect(),
        ids: of.iter().map(|o| o.id).collect(),
    };
    let owner = match combination.own {
        Own::NO => Whose::NotOf(known(clearance.own_organisations())),
        own => Whose::Of(known(clearance.organisations(own))),
    };
    Alike { state: combination.state, owner, synthetic: combination.synthetic }
}
