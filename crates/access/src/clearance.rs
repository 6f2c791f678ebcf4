//! What one person may do for one purpose.

use crate::actions::{RecordAction, RegisterAction, SystemAction};
use crate::explain::{Decision, Explanation, Reason};
use crate::hats::{Hats, Own};
use crate::judge::{Judge, Question, Verdict, View};
use crate::mistake::AccessError;
use crate::person::{Organisation, Person, RecordOwner};
use crate::policies::Policies;
use crate::shared::Tables;
use crate::table::{Cell, Table, bit};
use shirube_plan::Sensitivity;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// All decisions for one person and purpose. Cheap to clone; clones share what was worked out.
///
/// Valid for the policies and memberships it was made of: when either changes, make another.
#[derive(Clone)]
pub struct Clearance(Arc<Kind>);

enum Kind {
    Owner,
    Pack,
    Nobody,
    Person(Box<Cleared>),
}

/// By sensitivity and whether exactly.
type Answers = BTreeMap<(Sensitivity, bool), bool>;

struct Cleared {
    policies: Arc<Policies>,
    person: Person,
    purpose: Option<String>,
    hats: Hats,
    tables: Arc<Tables>,
    /// What is known of indicators by id.
    indicators: RwLock<BTreeMap<String, Answers>>,
    system: OnceLock<u16>,
}

/// Which records of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every one.
    All,
    /// Not one.
    None,
    /// Those alike to one of these.
    Some(Vec<Combination>),
}

/// Records alike in everything decisions depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combination {
    /// Their state; none in a register without states.
    pub state: Option<String>,
    /// Whose they are; `Clearance::organisations` lists the organisations. For [`Own::NO`]: of none of those in
    /// `Clearance::own_organisations`, or nobody's.
    pub own: Own,
    /// Whether they are demonstration records.
    pub synthetic: bool,
}

impl Clearance {
    /// Whoever runs the program on their own data folder: everything, whatever policies say.
    pub fn owner() -> Clearance {
        Clearance(Arc::new(Kind::Owner))
    }

    /// The pack loading its own records: reading, with history, creating and amending.
    pub fn pack() -> Clearance {
        Clearance(Arc::new(Kind::Pack))
    }

    /// Nobody: nothing.
    pub fn nobody() -> Clearance {
        Clearance(Arc::new(Kind::Nobody))
    }

    /// What a person may do, for a stated purpose or none.
    ///
    /// # Errors
    /// The pack's list `purpose` has no such code.
    pub fn new(policies: &Arc<Policies>, person: Person, purpose: Option<&str>) -> Result<Clearance, AccessError> {
        if let Some(purpose) = purpose
            && policies.pack().code("purpose", purpose).is_none()
        {
            let codes = policies.pack().code_lists.get("purpose").into_iter().flat_map(|l| &l.codes);
            let known = codes.map(|c| c.code.as_str()).collect::<Vec<_>>().join(", ");
            return Err(AccessError::UnknownPurpose { purpose: purpose.to_string(), known });
        }
        let hats = Hats::new(&person);
        Ok(Clearance(Arc::new(Kind::Person(Box::new(Cleared {
            tables: policies.shared.tables(policies, &person, &hats, purpose),
            hats,
            policies: policies.clone(),
            person,
            purpose: purpose.map(str::to_string),
            indicators: RwLock::default(),
            system: OnceLock::new(),
        })))))
    }

    /// The same person for another purpose.
    ///
    /// # Errors
    /// The pack's list `purpose` has no such code.
    pub fn with_purpose(&self, purpose: Option<&str>) -> Result<Clearance, AccessError> {
        match self.person() {
            Some(c) if c.purpose.as_deref() != purpose => Clearance::new(&c.policies, c.person.clone(), purpose),
            _ => Ok(self.clone()),
        }
    }

    fn person(&self) -> Option<&Cleared> {
        match &*self.0 {
            Kind::Person(cleared) => Some(cleared),
            Kind::Owner | Kind::Pack | Kind::Nobody => None,
        }
    }

    /// Whether nothing is ever refused: whoever runs the program on their own data folder.
    pub fn is_unlimited(&self) -> bool {
        matches!(&*self.0, Kind::Owner)
    }

    /// Login of the person; `owner`, `pack` and `nobody` for those that are none.
    pub fn login(&self) -> &str {
        match &*self.0 {
            Kind::Owner => "owner",
            Kind::Pack => "pack",
            Kind::Nobody => "nobody",
            Kind::Person(c) => c.person.login(),
        }
    }

    /// The stated purpose.
    pub fn purpose(&self) -> Option<&str> {
        self.person().and_then(|c| c.purpose.as_deref())
    }

    /// Whose a record is to this person, as views ask for it.
    pub fn whose(&self, owner: RecordOwner<'_>) -> Own {
        self.person().map_or(Own::NO, |c| c.hats.whose(owner))
    }

    /// Organisations whose records are own in this way; none for [`Own::NO`].
    pub fn organisations(&self, own: Own) -> Vec<&Organisation> {
        self.person().map(|c| c.hats.organisations(own).collect()).unwrap_or_default()
    }

    /// All organisations whose records are own in any way.
    pub fn own_organisations(&self) -> Vec<&Organisation> {
        self.person().map(|c| c.hats.owns().flat_map(|own| c.hats.organisations(own)).collect()).unwrap_or_default()
    }

    /// The answer to any question.
    pub fn allows(&self, question: Question<'_>) -> bool {
        match &*self.0 {
            Kind::Owner => true,
            Kind::Pack => packs(question),
            Kind::Nobody => false,
            Kind::Person(c) => c.allows(question),
        }
    }

    /// May this be done to such a record?
    pub fn may(&self, action: RecordAction, record: View<'_>) -> bool {
        self.allows(Question::Record(action, record))
    }

    /// May such a record be moved by this transition? Never from a state it does not start from.
    pub fn transition(&self, record: View<'_>, name: &str) -> bool {
        self.allows(Question::Transition(record, name))
    }

    /// May fields of this sensitivity be seen in such a record? Only where the record may be read.
    pub fn sees(&self, record: View<'_>, sensitivity: Sensitivity) -> bool {
        self.allows(Question::Field(record, sensitivity))
    }

    /// May this be done with the register as a whole?
    pub fn register(&self, action: RegisterAction, register: &str) -> bool {
        self.allows(Question::Register(action, register))
    }

    /// May this indicator be read? `sensitivity` is the greatest of the fields it reads.
    pub fn indicator(&self, id: &str, sensitivity: Sensitivity) -> bool {
        self.allows(Question::Indicator(id, sensitivity))
    }

    /// May this indicator's figures be seen where they tell of few, and on days on which nothing is published? Only
    /// where it may be read.
    pub fn exact(&self, id: &str, sensitivity: Sensitivity) -> bool {
        self.indicator(id, sensitivity) && self.allows(Question::Exact(id, sensitivity))
    }

    /// May this be done to the installation?
    pub fn system(&self, action: SystemAction) -> bool {
        self.allows(Question::System(action))
    }

    /// Records that may be read.
    pub fn rows(&self, register: &str) -> Rows {
        self.rows_for(RecordAction::Read, register)
    }

    /// Records to which this may be done.
    pub fn rows_for(&self, action: RecordAction, register: &str) -> Rows {
        let nobody = View { register, state: None, own: Own::NO, synthetic: false };
        self.rows_where(register, Question::Record(action, nobody), |cell| cell.actions & action.bit() != 0)
    }

    /// The organisations of one of which a record in a state must be so that this may be done to it; none where it may
    /// be anybody's.
    pub fn owners(&self, action: RecordAction, register: &str, state: Option<&str>) -> Option<Vec<&Organisation>> {
        let combinations = match self.rows_for(action, register) {
            Rows::All => return None,
            Rows::None => vec![],
            Rows::Some(combinations) => combinations,
        };
        let alike = combinations.iter().filter(|c| c.state.as_deref() == state && !c.synthetic);
        let owns: BTreeSet<Own> = alike.map(|c| c.own).collect();
        let bound = !owns.contains(&Own::NO);
        bound.then(|| owns.into_iter().flat_map(|own| self.organisations(own)).collect())
    }

    /// Records in which fields of this sensitivity may be seen.
    pub fn rows_showing(&self, sensitivity: Sensitivity, register: &str) -> Rows {
        let nobody = View { register, state: None, own: Own::NO, synthetic: false };
        self.rows_where(register, Question::Field(nobody, sensitivity), |cell| cell.sees & bit(sensitivity) != 0)
    }

    /// For owner and pack, who are not decided by record, `question` answers for all.
    fn rows_where(&self, register: &str, question: Question<'_>, holds: impl Fn(&Cell) -> bool) -> Rows {
        let Some(c) = self.person() else { return if self.allows(question) { Rows::All } else { Rows::None } };
        let Some(table) = c.table(register) else { return Rows::None };
        let all: Vec<_> = table.cells().collect();
        let some: Vec<Combination> = all
            .iter()
            .filter(|(.., cell)| holds(cell))
            .map(|(state, own, synthetic, _)| Combination { state: state.map(str::to_string), own: *own, synthetic: *synthetic })
            .collect();
        match some.len() {
            0 => Rows::None,
            n if n == all.len() => Rows::All,
            _ => Rows::Some(some),
        }
    }

    /// The decision with the policies that made it. Asks anew, so it is for screens and not for every row.
    pub fn why(&self, question: Question<'_>) -> Explanation {
        match &*self.0 {
            Kind::Owner => Explanation::by_nature(
                "local-owner",
                "データフォルダの持ち主はすべてを行う",
                "Whoever holds the data folder may do everything",
            ),
            Kind::Pack if packs(question) => {
                Explanation::by_nature("pack-loads", "パックは自らの記録を読み込む", "A pack loads the records it comes with")
            }
            Kind::Pack | Kind::Nobody => Explanation::silent(),
            Kind::Person(c) => c.why(question),
        }
    }

    pub(crate) fn cleared(&self) -> Option<(&Policies, &Person, Vec<Own>)> {
        self.person().map(|c| (&*c.policies, &c.person, c.hats.owns().collect()))
    }
}

/// What loading a pack's records takes.
fn packs(question: Question<'_>) -> bool {
    match question {
        // History, since what a desk has changed stays.
        Question::Record(action, _) => {
            matches!(action, RecordAction::Read | RecordAction::Create | RecordAction::Amend | RecordAction::History)
        }
        Question::Field(..) => true,
        Question::Transition(..) | Question::Register(..) | Question::Indicator(..) | Question::Exact(..) | Question::System(_) => false,
    }
}

impl Cleared {
    fn judges(&self) -> Vec<Option<Judge<'_>>> {
        self.hats.hats.iter().map(|hat| Judge::new(&self.policies, &self.person, hat, self.purpose.as_deref())).collect()
    }

    fn table(&self, register: &str) -> Option<&Table> {
        let declared = self.policies.pack().registers.get(register)?;
        let judge = |hat| Judge::of_tables(&self.policies, &self.person, hat, self.purpose.as_deref());
        let make = || Table::new(declared, &self.hats, &self.hats.hats.iter().map(judge).collect::<Vec<_>>());
        Some(self.tables.get(register)?.get_or_init(make))
    }

    fn allows(&self, question: Question<'_>) -> bool {
        let cell = |view: View| self.table(view.register).and_then(|table| table.cell(&view));
        match question {
            Question::Record(action, view) => cell(view).is_some_and(|c| c.actions & action.bit() != 0),
            Question::Field(view, sensitivity) => cell(view).is_some_and(|c| c.sees & bit(sensitivity) != 0),
            Question::Transition(view, name) => {
                let register = self.policies.pack().registers.get(view.register);
                let ways = register.map(|r| r.transitions.as_slice()).unwrap_or_default();
                let at = ways.iter().position(|t| t.name == name);
                at.zip(cell(view)).is_some_and(|(at, cell)| cell.transitions.get(at) == Some(&true))
            }
            Question::Register(action, register) => self.table(register).is_some_and(|t| t.register & action.bit() != 0),
            Question::Indicator(id, sensitivity) | Question::Exact(id, sensitivity) => {
                let key = (sensitivity, matches!(question, Question::Exact(..)));
                let known = self.indicators.read().unwrap_or_else(PoisonError::into_inner).get(id).and_then(|of| of.get(&key)).copied();
                known.unwrap_or_else(|| {
                    let allowed = self.why(question).allows();
                    // Names that no indicator has are not kept: they would fill the memory.
                    if self.policies.pack().indicators.contains_key(id) {
                        let mut known = self.indicators.write().unwrap_or_else(PoisonError::into_inner);
                        known.entry(id.to_string()).or_default().insert(key, allowed);
                    }
                    allowed
                })
            }
            Question::System(action) => {
                let all = || SystemAction::ALL.iter().filter(|a| self.why(Question::System(**a)).allows());
                self.system.get_or_init(|| all().fold(0, |bits, a| bits | a.bit())) & action.bit() != 0
            }
        }
    }

    fn why(&self, question: Question<'_>) -> Explanation {
        let pack = self.policies.pack();
        let mut own = Own::NO;
        if let Question::Record(_, view) | Question::Field(view, _) | Question::Transition(view, _) = question {
            let Some(register) = pack.registers.get(view.register) else { return Explanation::silent() };
            own = view.own;
            let known = match view.state {
                None => register.states.is_empty(),
                Some(state) => register.states.iter().any(|s| s.name == state),
            };
            if !known || (own != Own::NO && register.owner().is_none()) {
                return Explanation::silent();
            }
            if let Question::Transition(_, name) = question
                && !register.transitions.iter().any(|t| t.name == name && t.from.iter().any(|f| Some(f.as_str()) == view.state))
            {
                return Explanation::silent();
            }
            if let Question::Field(..) = question {
                let read = self.why(Question::Record(RecordAction::Read, view));
                if !read.allows() {
                    return read;
                }
            }
        }
        let (mut permits, mut forbids, mut forbidden) = (vec![], vec![], false);
        for (i, (judge, hat)) in self.judges().iter().zip(&self.hats.hats).enumerate() {
            let own = self.hats.covers(own, i);
            let verdict = judge.as_ref().map(|j| j.ask(j.scene([(question, own)]).as_ref(), question, own));
            let reasons = |ids: Vec<String>| {
                let policies = ids.into_iter().filter_map(|id| self.policies.get(&id).cloned());
                policies.map(|policy| Reason { policy, organisation: hat.organisation.clone() }).collect::<Vec<_>>()
            };
            match verdict.unwrap_or(Verdict::Forbidden(vec![])) {
                Verdict::Permitted(ids) => permits.extend(reasons(ids)),
                Verdict::Forbidden(ids) => {
                    forbidden = true;
                    forbids.extend(reasons(ids));
                }
                Verdict::Silent => {}
            }
        }
        match forbidden {
            true => Explanation { decision: Decision::Deny, reasons: forbids },
            false if permits.is_empty() => Explanation::silent(),
            false => Explanation { decision: Decision::Allow, reasons: permits },
        }
    }
}

impl fmt::Debug for Clearance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clearance of {}", self.login())?;
        self.purpose().map_or(Ok(()), |purpose| write!(f, " for {purpose}"))
    }
}
