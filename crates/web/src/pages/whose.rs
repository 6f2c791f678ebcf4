//! Whose a record may be that somebody enters: of their own organisations alone, where the policies say so.
//!
//! The store decides. Here the owner's field is filled in beforehand, and it is told what would be refused, with the way
//! out, before anybody has filled in the rest; a program is told the same when it was refused.

use super::desk::Desk;
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    form::{Entered, Fault},
    names::Names,
    state::App,
    text::L,
    who::Who,
};
use maud::{Markup, html};
use shirube_access::{Clearance, Membership, Organisation, Person, RecordAction, Rows};
use shirube_plan::{Lang, Owner, Pair, Register};
use shirube_record::{Cell, Content};
use shirube_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};

/// The register that every pack has for organisations.
const ORGANISATIONS: &str = "office_organisation";

/// What somebody is bound to who may enter records of their own organisations only.
pub struct Bound {
    /// The column that tells whose a record is, also the name of its control.
    column: String,
    /// It names the organisation by its corporate number, which stands beside a name in this field; else by its record.
    name: Option<String>,
    /// The organisations, those they belong to themselves first.
    own: Vec<Own>,
    /// Roles that may give an organisation its number, and those that may enter the record for others.
    helpers: (Vec<Pair>, Vec<Pair>),
}

struct Own {
    id: i64,
    number: Option<String>,
    called: Pair,
}

impl Bound {
    /// What binds who asks, if they do this to a record in this state; none if it may be anybody's, or nobody is asked.
    pub fn of(desk: &Desk, action: RecordAction, state: Option<&str>) -> Result<Option<Bound>, Error> {
        let register = desk.register;
        let (column, name) = match register.owner() {
            Some(Owner::Number(column)) => (column, register.owner.clone()),
            Some(Owner::Reference(column)) => (column.to_string(), None),
            Some(Owner::Itself) | None => return Ok(None),
        };
        let Some(owners) = desk.cx.asking.actor.clearance().owners(action, &register.name, state) else { return Ok(None) };
        let people = desk.app.store.people()?;
        let account = desk.cx.asking.signed().and_then(|signed| people.account(signed.account));
        let at: BTreeSet<i64> = account.iter().flat_map(|a| a.person.memberships()).map(|m| m.organisation.id).collect();
        let called = |o: &Organisation| people.organisation(o.id).cloned().unwrap_or_else(|| pair(o.policy_name(), o.policy_name()));
        let mut own: Vec<Own> = owners.into_iter().map(|o| Own { id: o.id, number: o.number.clone(), called: called(o) }).collect();
        own.sort_by_key(|o| !at.contains(&o.id));
        let anyone = |c: &Clearance| match c.rows_for(RecordAction::Create, &register.name) {
            Rows::None => false,
            _ => c.owners(action, &register.name, state).is_none(),
        };
        let helpers = (roles(desk.app, |c| c.rows_for(RecordAction::Amend, ORGANISATIONS) != Rows::None)?, roles(desk.app, anyone)?);
        Ok(Some(Bound { column, name, own, helpers }))
    }

    /// Those that the field can name.
    fn possible(&self) -> impl Iterator<Item = &Own> {
        self.own.iter().filter(|o| self.name.is_none() || o.number.is_some())
    }

    /// Fills in the organisation somebody belongs to.
    pub fn fill(&self, desk: &Desk, entered: &mut Entered) -> Result<(), Error> {
        let Some(own) = self.possible().next() else { return Ok(()) };
        match (&self.name, &own.number) {
            (Some(name), Some(number)) => {
                entered.push(name, &own.called.ja);
                entered.push(&self.column, number);
            }
            _ => {
                let key = (ORGANISATIONS.to_string(), own.id);
                let names = Names::of(&desk.reader, &BTreeSet::from([key]), desk.cx.l.0)?;
                if let Some(choice) = names.get(ORGANISATIONS, own.id) {
                    entered.push(&self.column, &choice.value);
                }
            }
        }
        Ok(())
    }

    /// What is wrong with whose a record is.
    pub fn fault(&self, desk: &Desk, content: &Content) -> Option<Fault> {
        let right = match content.get(&self.column) {
            Some(Cell::Text(number)) => self.own.iter().any(|o| o.number.as_ref() == Some(number)),
            Some(Cell::Integer(id)) => self.own.iter().any(|o| o.id == *id),
            _ => false,
        };
        (!right).then(|| self.told(desk))
    }

    /// The same before anything was entered; nothing where it is told as a fault.
    pub fn note(&self, desk: &Desk, faults: &[Fault]) -> Markup {
        let care = self.possible().next().is_none();
        let told = faults.iter().any(|fault| fault.control == self.column);
        html! { @if !told { p class={ "callout" @if care { " care" } } { (self.told(desk).words(desk.cx.l)) } } }
    }

    fn told(&self, desk: &Desk) -> Fault {
        let (problem, mend) = self.words();
        Fault::say(desk.register, &self.column, problem, mend)
    }

    /// What is permitted, and what to do.
    fn words(&self) -> (Pair, Pair) {
        let list = |all: Vec<Pair>| {
            let join = |text: fn(Pair) -> String, with: &str| all.iter().cloned().map(text).collect::<Vec<_>>().join(with);
            pair(join(|p| p.ja, "、"), join(|p| p.en, ", "))
        };
        let names: Vec<Pair> = self.possible().map(with_number).collect();
        if names.is_empty() {
            let all = list(self.own.iter().map(|o| o.called.clone()).collect());
            let (numbers, records) = (list(self.helpers.0.clone()), list(self.helpers.1.clone()));
            return (
                pair(
                    format!(
                        "入力できるのは自組織の記録だけですが、自組織（{}）に法人番号が登録されていないため、自組織の記録だと判断できません",
                        all.ja
                    ),
                    format!(
                        "You may enter records of your own organisation only, and yours ({}) has no corporate number on file by which they would be known",
                        all.en
                    ),
                ),
                pair(
                    format!(
                        "法人番号があれば、その登録を組織の台帳を直せる人（{}）に頼んでください。なければ、この記録の入力を担当の人（{}）に頼んでください",
                        numbers.ja, records.ja
                    ),
                    format!(
                        "If there is one, have it entered by who keeps the organisations ({}); if there is none, have this record entered by who may ({})",
                        numbers.en, records.en
                    ),
                ),
            );
        }
        let names = list(names);
        (
            pair(
                format!("入力できるのは自組織の記録だけです（{}）", names.ja),
                format!("You may enter records of your own organisation only ({})", names.en),
            ),
            if self.name.is_some() {
                pair("自組織の名称と法人番号を入れてください", "enter its name and corporate number")
            } else {
                pair("自組織を選んでください", "choose it")
            },
        )
    }
}

/// The column that tells whose a record is.
fn column(register: &Register) -> Option<String> {
    match register.owner()? {
        Owner::Number(column) => Some(column),
        Owner::Reference(column) => Some(column.to_string()),
        Owner::Itself => None,
    }
}

/// What a content says about whose the record is.
pub fn named(register: &Register, content: &Content) -> Content {
    column(register).and_then(|column| Some((column.clone(), content.get(&column)?.clone()))).into_iter().collect()
}

/// The same of a change; none if it says nothing about it.
pub fn changed(register: &Register, changes: &BTreeMap<String, Option<Cell>>) -> Option<Content> {
    let column = column(register)?;
    let cell = changes.get(&column)?.clone();
    Some(cell.map(|cell| (column, cell)).into_iter().collect())
}

/// Why a record is not taken as it would be. Where it is refused for whose it would be, that is told, and the way out.
pub fn refused(app: &App, cx: &Ctx, action: RecordAction, owner: &Content, error: StoreError) -> Error {
    let told = || {
        let desk = Desk::open(app, cx)?;
        let state = match action {
            RecordAction::Create => desk.register.states.first().map(|s| s.name.clone()),
            // In a record that is not theirs to change as it is, something else is in the way.
            action => desk.record_to(action)?.state,
        };
        Ok::<_, Error>(Bound::of(&desk, action, state.as_deref())?.and_then(|bound| bound.fault(&desk, owner)))
    };
    match error {
        StoreError::Denied { .. } => match told() {
            Ok(Some(fault)) => Error::Forbidden(pair(fault.words(L(Lang::Ja)), fault.words(L(Lang::En)))),
            _ => error.into(),
        },
        other => other.into(),
    }
}

/// Name and number of an organisation.
fn with_number(own: &Own) -> Pair {
    match &own.number {
        Some(number) => pair(format!("{} {number}", own.called.ja), format!("{} {number}", own.called.en)),
        None => own.called.clone(),
    }
}

/// Roles by which something may be done, wherever they are held.
fn roles(app: &App, may: impl Fn(&Clearance) -> bool) -> Result<Vec<Pair>, Error> {
    let Who::Accounts(accounts) = &app.who else { return Ok(vec![]) };
    let mut labels = vec![];
    for role in app.pack.code_lists.get("role").into_iter().flat_map(|list| &list.codes) {
        let organisation = Organisation { id: 0, number: None };
        let held = Membership { role: role.code.clone(), organisation, above: vec![], below: vec![] };
        let clearance = Clearance::new(&accounts.policies, Person::new("", vec![held]), None).map_err(Error::internal)?;
        if may(&clearance) {
            labels.push(role.label.clone());
        }
    }
    Ok(labels)
}
