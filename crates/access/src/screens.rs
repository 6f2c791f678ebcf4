//! The two tables people ask for: who may do what with a record, and what a person may do at all.

use crate::actions::{RecordAction, RegisterAction, SystemAction};
use crate::clearance::Clearance;
use crate::explain::Explanation;
use crate::hats::Own;
use crate::judge::{Question, View};
use crate::person::RecordOwner;
use crate::schema::SENSITIVITIES;
use shirube_plan::{Pack, Register, Sensitivity};

/// One person's rights on a record, each with its reasons.
#[derive(Clone, Debug)]
pub struct Who {
    /// The person.
    pub login: String,
    /// Whether the record is of an organisation of theirs.
    pub own: bool,
    /// What they may do to it; every action, permitted or not.
    pub actions: Vec<(RecordAction, Explanation)>,
    /// Which fields they may see, by sensitivity.
    pub sees: Vec<(Sensitivity, Explanation)>,
    /// Transitions from the record's state, by name.
    pub transitions: Vec<(String, Explanation)>,
}

/// Who may do what with such a record and why, in the order of the people given. Give `Person::public()` first.
pub fn who_can(
    pack: &Pack,
    people: &[Clearance],
    register: &str,
    state: Option<&str>,
    owner: RecordOwner<'_>,
    synthetic: bool,
) -> Vec<Who> {
    let Some(declared) = pack.registers.get(register) else { return vec![] };
    let row = |clearance: &Clearance| {
        let view = View { register, state, own: clearance.whose(owner), synthetic };
        let why = |question| clearance.why(question);
        Who {
            login: clearance.login().to_string(),
            own: view.own.is_own(),
            actions: RecordAction::ALL.iter().map(|a| (*a, why(Question::Record(*a, view)))).collect(),
            sees: SENSITIVITIES.iter().map(|(s, _)| (*s, why(Question::Field(view, *s)))).collect(),
            transitions: from(declared, state).map(|name| (name.to_string(), why(Question::Transition(view, name)))).collect(),
        }
    };
    people.iter().map(row).collect()
}

fn from<'a>(register: &'a Register, state: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    let starts = move |from: &[String]| from.iter().any(|f| Some(f.as_str()) == state);
    register.transitions.iter().filter(move |t| starts(&t.from)).map(|t| t.name.as_str())
}

/// What one person may do at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Registers and states in which they may do anything; others are left out.
    pub registers: Vec<RegisterGrants>,
    /// Registers they may import into or export from.
    pub whole: Vec<(String, Vec<RegisterAction>)>,
    /// Ids of the indicators they may read.
    pub indicators: Vec<String>,
    /// Those of which they may see exact figures.
    pub exact: Vec<String>,
    /// What they may do to the installation.
    pub system: Vec<SystemAction>,
}

/// What a person may do with records alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterGrants {
    /// Register.
    pub register: String,
    /// State; none in a register without states.
    pub state: Option<String>,
    /// Whose; `Clearance::organisations` lists the organisations.
    pub own: Own,
    /// Whether these are demonstration records.
    pub synthetic: bool,
    /// Permitted actions.
    pub actions: Vec<RecordAction>,
    /// Sensitivities of the fields they may see.
    pub sees: Vec<Sensitivity>,
    /// Transitions they may make, by name.
    pub transitions: Vec<String>,
}

/// What a person may do. `sensitivity` gives the greatest sensitivity of the fields an indicator reads. Empty for
/// the owner and the pack, whose rights no policy makes.
pub fn what_can(clearance: &Clearance, sensitivity: impl Fn(&str) -> Sensitivity) -> Grants {
    let Some((policies, _, owns)) = clearance.cleared() else { return Grants::default() };
    let pack = policies.pack();
    let mut grants = Grants::default();
    for register in pack.registers.values() {
        let states: Vec<Option<&str>> = match register.states.as_slice() {
            [] => vec![None],
            states => states.iter().map(|s| Some(s.name.as_str())).collect(),
        };
        for state in states {
            for own in owns.iter().filter(|own| **own == Own::NO || register.owner().is_some()) {
                for synthetic in [false, true] {
                    let view = View { register: &register.name, state, own: *own, synthetic };
                    grants.registers.extend(records(clearance, register, view));
                }
            }
        }
        let whole: Vec<RegisterAction> = RegisterAction::ALL.iter().copied().filter(|a| clearance.register(*a, &register.name)).collect();
        if !whole.is_empty() {
            grants.whole.push((register.name.clone(), whole));
        }
    }
    grants.indicators = pack.indicators.keys().filter(|id| clearance.indicator(id, sensitivity(id))).cloned().collect();
    grants.exact = pack.indicators.keys().filter(|id| clearance.exact(id, sensitivity(id))).cloned().collect();
    grants.system = SystemAction::ALL.iter().copied().filter(|a| clearance.system(*a)).collect();
    grants
}

/// None where nothing may be done.
fn records(clearance: &Clearance, register: &Register, view: View<'_>) -> Option<RegisterGrants> {
    let grants = RegisterGrants {
        register: register.name.clone(),
        state: view.state.map(str::to_string),
        own: view.own,
        synthetic: view.synthetic,
        actions: RecordAction::ALL.iter().copied().filter(|a| clearance.may(*a, view)).collect(),
        sees: SENSITIVITIES.iter().map(|(s, _)| *s).filter(|s| clearance.sees(view, *s)).collect(),
        transitions: from(register, view.state).filter(|t| clearance.transition(view, t)).map(str::to_string).collect(),
    };
    let nothing = grants.actions.is_empty() && grants.sees.is_empty() && grants.transitions.is_empty();
    (!nothing).then_some(grants)
}
