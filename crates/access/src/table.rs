//! All decisions on the records of one register.

use crate::actions::{RecordAction, RegisterAction};
use crate::hats::{Hats, Own};
use crate::judge::{Judge, Question, Verdict, View};
use crate::schema::SENSITIVITIES;
use shirube_plan::{Register, Sensitivity};
use std::collections::BTreeMap;

/// What may be done to records alike in state, ownership and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) actions: u16,
    /// By sensitivity. Empty where the record may not be read.
    pub(crate) sees: u16,
    /// By position in the register.
    pub(crate) transitions: Vec<bool>,
}

/// Decisions on one register.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) register: u16,
    cells: Vec<(Option<String>, Own, bool, Cell)>,
}

/// Bits the hats permit and forbid; what one forbids no other permits.
#[derive(Clone, Default)]
struct Votes {
    permit: Vec<bool>,
    forbid: Vec<bool>,
}

impl Votes {
    fn add(&mut self, votes: &[Verdict]) {
        self.permit.resize(votes.len(), false);
        self.forbid.resize(votes.len(), false);
        for (i, vote) in votes.iter().enumerate() {
            self.permit[i] |= matches!(vote, Verdict::Permitted(_));
            self.forbid[i] |= matches!(vote, Verdict::Forbidden(_));
        }
    }
    fn outcome(&self) -> impl Iterator<Item = bool> {
        self.permit.iter().zip(&self.forbid).map(|(permit, forbid)| *permit && !*forbid)
    }
}

/// Questions about records alike, in the order [`cell`] reads the answers.
fn questions<'a>(register: &'a Register, view: View<'a>) -> Vec<Question<'a>> {
    let actions = RecordAction::ALL.iter().map(|action| Question::Record(*action, view));
    let fields = SENSITIVITIES.iter().map(|(sensitivity, _)| Question::Field(view, *sensitivity));
    let ways = register.transitions.iter().filter(|t| starts(view, &t.from)).map(|t| Question::Transition(view, &t.name));
    actions.chain(fields).chain(ways).collect()
}

fn starts(view: View, from: &[String]) -> bool {
    view.state.is_some_and(|state| from.iter().any(|f| f == state))
}

fn cell(register: &Register, view: View, votes: &Votes) -> Cell {
    let mut answers = votes.outcome();
    let mut cell = Cell::default();
    for action in RecordAction::ALL {
        if answers.next() == Some(true) {
            cell.actions |= action.bit();
        }
    }
    for (sensitivity, _) in SENSITIVITIES {
        if answers.next() == Some(true) {
            cell.sees |= bit(sensitivity);
        }
    }
    // A field of a record that may not be read is not seen, whatever policies say of the field.
    if cell.actions & RecordAction::Read.bit() == 0 {
        cell.sees = 0;
    }
    cell.transitions = register.transitions.iter().map(|t| starts(view, &t.from) && answers.next() == Some(true)).collect();
    cell
}

pub(crate) fn bit(sensitivity: Sensitivity) -> u16 {
    1 << sensitivity as u16
}

impl Table {
    /// Asks everything that can be asked about a register. `judges` are one per hat; without one nothing is permitted.
    pub(crate) fn new(register: &Register, hats: &Hats, judges: &[Option<Judge>]) -> Table {
        let states: Vec<Option<&str>> = match register.states.as_slice() {
            [] => vec![None],
            states => states.iter().map(|s| Some(s.name.as_str())).collect(),
        };
        // Without a field that tells whose records are, none is anybody's own.
        let owns: Vec<Own> = if register.owner().is_some() { hats.owns().collect() } else { vec![Own::NO] };
        let mut views = vec![];
        for state in &states {
            for synthetic in [false, true] {
                views.push(View { register: &register.name, state: *state, own: Own::NO, synthetic });
            }
        }
        let asked: Vec<Vec<Question>> = views.iter().map(|view| questions(register, *view)).collect();
        // By hat, whether own under it, and view. Under one hat there are two cases, however many organisations.
        let mut answers: BTreeMap<(usize, bool, usize), Vec<Verdict>> = BTreeMap::new();
        for (hat, judge) in judges.iter().enumerate() {
            for own in [false, true] {
                if !owns.iter().any(|o| hats.covers(*o, hat) == own) {
                    continue;
                }
                let scene = judge.as_ref().and_then(|j| j.scene(asked.iter().flatten().map(|q| (*q, own))));
                for (i, questions) in asked.iter().enumerate() {
                    let ask = |q: &Question| judge.as_ref().map_or(Verdict::Forbidden(vec![]), |j| j.ask(scene.as_ref(), *q, own));
                    answers.insert((hat, own, i), questions.iter().map(ask).collect());
                }
            }
        }
        let mut cells = vec![];
        for (i, view) in views.iter().enumerate() {
            for own in &owns {
                let mut votes = Votes::default();
                for hat in 0..judges.len() {
                    if let Some(answers) = answers.get(&(hat, hats.covers(*own, hat), i)) {
                        votes.add(answers);
                    }
                }
                cells.push((view.state.map(str::to_string), *own, view.synthetic, cell(register, *view, &votes)));
            }
        }
        Table { register: whole(register, judges), cells }
    }

    /// The decisions on such records; none for a state the register does not have.
    pub(crate) fn cell(&self, view: &View) -> Option<&Cell> {
        let same = |(state, own, synthetic, _): &&(Option<String>, Own, bool, Cell)| {
            state.as_deref() == view.state && *own == view.own && *synthetic == view.synthetic
        };
        self.cells.iter().find(same).map(|(.., cell)| cell)
    }

    /// All of them.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (Option<&str>, Own, bool, &Cell)> {
        self.cells.iter().map(|(state, own, synthetic, cell)| (state.as_deref(), *own, *synthetic, cell))
    }
}

/// What may be done with the register as a whole, as bits.
fn whole(register: &Register, judges: &[Option<Judge>]) -> u16 {
    let questions = || RegisterAction::ALL.iter().map(|action| Question::Register(*action, &register.name));
    let mut votes = Votes::default();
    for judge in judges {
        let scene = judge.as_ref().and_then(|j| j.scene(questions().map(|q| (q, false))));
        let ask = |q: Question| judge.as_ref().map_or(Verdict::Forbidden(vec![]), |j| j.ask(scene.as_ref(), q, false));
        votes.add(&questions().map(ask).collect::<Vec<_>>());
    }
    RegisterAction::ALL.iter().zip(votes.outcome()).filter(|(_, yes)| *yes).fold(0, |bits, (action, _)| bits | action.bit())
}
