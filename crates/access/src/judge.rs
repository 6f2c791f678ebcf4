//! Puts one question to Cedar.

use crate::actions::{RecordAction, RegisterAction, SystemAction};
use crate::hats::{Hat, Own};
use crate::person::Person;
use crate::policies::Policies;
use crate::schema::{NONE, SENSITIVITIES};
use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression};
use shirube_plan::{IndicatorKind, Sensitivity};
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A record, as far as decisions depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// Its register.
    pub register: &'a str,
    /// Its state; none where the register has no states.
    pub state: Option<&'a str>,
    /// Whether it is the asking person's own, from `Clearance::whose`.
    pub own: Own,
    /// Whether it is a demonstration record.
    pub synthetic: bool,
}

/// What can be asked of a clearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// May this be done to such a record?
    Record(RecordAction, View<'a>),
    /// May such a record be moved by this transition?
    Transition(View<'a>, &'a str),
    /// May fields of this sensitivity be seen in such a record?
    Field(View<'a>, Sensitivity),
    /// May this be done with this register?
    Register(RegisterAction, &'a str),
    /// May this indicator be read, whose steps read fields up to this sensitivity?
    Indicator(&'a str, Sensitivity),
    /// May its figures be seen where they tell of few, and on days on which nothing is published?
    Exact(&'a str, Sensitivity),
    /// May this be done to the installation?
    System(SystemAction),
}

/// What the policies say under one hat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Permitted by these policies.
    Permitted(Vec<String>),
    /// Forbidden by these policies.
    Forbidden(Vec<String>),
    /// Nothing permits it.
    Silent,
}

/// Asks under one hat. Whatever cannot be put to Cedar is answered as forbidden.
pub(crate) struct Judge<'a> {
    policies: &'a Policies,
    authorizer: Authorizer,
    principal: EntityUid,
    /// The person under this hat, with roles and organisations as parents.
    person: Entity,
    purpose: EntityUid,
    /// Policies by action, as far as they can concern the person; all policies are asked about other actions.
    sets: BTreeMap<&'static str, PolicySet>,
}

impl<'a> Judge<'a> {
    /// For a few questions. None if a name cannot be put to Cedar; then nothing is permitted.
    pub(crate) fn new(policies: &'a Policies, person: &Person, hat: &Hat, purpose: Option<&str>) -> Option<Judge<'a>> {
        let principal = policies.uid(if person.is_service() { "Service" } else { "Person" }, person.login())?;
        let parents = parents(policies, hat)?;
        Some(Judge {
            policies,
            authorizer: Authorizer::new(),
            person: Entity::new_no_attrs(principal.clone(), parents),
            principal,
            purpose: policies.uid("Purpose", purpose.unwrap_or(NONE))?,
            sets: BTreeMap::new(),
        })
    }

    /// The same for a table of questions: policies are sorted out by action beforehand.
    pub(crate) fn of_tables(policies: &'a Policies, person: &Person, hat: &Hat, purpose: Option<&str>) -> Option<Judge<'a>> {
        let mut judge = Judge::new(policies, person, hat, purpose)?;
        let parents = parents(policies, hat)?;
        let actions = RecordAction::ALL.iter().map(|a| a.name()).chain(RegisterAction::ALL.iter().map(|a| a.name()));
        for action in actions.chain(["see", "transition"]) {
            judge.sets.insert(action, policies.about(&policies.uid("Action", action)?, &judge.principal, &parents));
        }
        Some(judge)
    }

    /// Everything a question may be about, ready to be asked in [`Judge::ask`].
    pub(crate) fn scene<'q>(&self, questions: impl IntoIterator<Item = (Question<'q>, bool)>) -> Option<Entities> {
        let mut things: HashMap<EntityUid, Entity> = HashMap::from([(self.principal.clone(), self.person.clone())]);
        for (question, own) in questions {
            let uid = self.resource(question, own)?;
            if let Slot::Vacant(slot) = things.entry(uid) {
                let thing = self.thing(question, own, slot.key().clone())?;
                slot.insert(thing);
            }
        }
        Entities::from_entities(self.policies.actions.iter().cloned().chain(things.into_values()), None).ok()
    }

    /// The answer to a question whose resource is in the scene; `own` as it is under this hat.
    pub(crate) fn ask(&self, scene: Option<&Entities>, question: Question<'_>, own: bool) -> Verdict {
        let Some((scene, request)) = scene.zip(self.request(question, own)) else { return Verdict::Forbidden(vec![]) };
        let policies = self.sets.get(action(question)).unwrap_or(&self.policies.set);
        let answer = self.authorizer.is_authorized(&request, policies, scene);
        // Cedar leaves out a policy that fails. Policies that passed the check cannot fail; if one does, it may
        // have been the one that forbids.
        if answer.diagnostics().errors().next().is_some() {
            return Verdict::Forbidden(vec![]);
        }
        let mut by: Vec<String> = answer.diagnostics().reason().map(|id| id.to_string()).collect();
        by.sort();
        match answer.decision() {
            Decision::Allow => Verdict::Permitted(by),
            Decision::Deny if by.is_empty() => Verdict::Silent,
            Decision::Deny => Verdict::Forbidden(by),
        }
    }

    fn request(&self, question: Question<'_>, own: bool) -> Option<Request> {
        let entity = RestrictedExpression::new_entity_uid;
        let mut context = vec![("purpose".to_string(), entity(self.purpose.clone()))];
        if let Question::Transition(_, name) = question {
            context.push(("transition".to_string(), entity(self.policies.uid("Transition", name)?)));
        }
        let context = Context::from_pairs(context).ok()?;
        let resource = self.resource(question, own)?;
        Request::new(self.principal.clone(), self.policies.uid("Action", action(question))?, resource, context, None).ok()
    }

    /// Name of what is asked about. Records alike in everything that counts share one.
    fn resource(&self, question: Question<'_>, own: bool) -> Option<EntityUid> {
        let of = |v: View| format!("{}/{}/{own}/{}", v.register, v.state.unwrap_or(NONE), v.synthetic);
        match question {
            Question::Record(_, view) | Question::Transition(view, _) => self.policies.uid("Record", &of(view)),
            Question::Field(view, sensitivity) => self.policies.uid("Field", &format!("{}/{}", of(view), name(sensitivity)?)),
            Question::Register(_, register) => self.policies.uid("Register", register),
            Question::Indicator(id, _) | Question::Exact(id, _) => self.policies.uid("Indicator", id),
            Question::System(_) => self.policies.uid("System", "shirube"),
        }
    }

    fn thing(&self, question: Question<'_>, own: bool, uid: EntityUid) -> Option<Entity> {
        let p = self.policies;
        let entity = |kind: &str, id: &str| p.uid(kind, id).map(RestrictedExpression::new_entity_uid);
        let mut attributes = HashMap::new();
        let mut parents = HashSet::new();
        match question {
            Question::Record(_, view) | Question::Transition(view, _) | Question::Field(view, _) => {
                attributes.insert("state".to_string(), entity("State", view.state.unwrap_or(NONE))?);
                attributes.insert("own".to_string(), RestrictedExpression::new_bool(own));
                attributes.insert("synthetic".to_string(), RestrictedExpression::new_bool(view.synthetic));
                if let Question::Field(_, sensitivity) = question {
                    attributes.insert("sensitivity".to_string(), entity("Sensitivity", name(sensitivity)?)?);
                }
                parents.insert(p.uid("Register", view.register)?);
                parents.insert(p.uid("Registers", p.group(view.register)?)?);
            }
            Question::Register(_, register) => {
                parents.insert(p.uid("Registers", p.group(register)?)?);
            }
            Question::Indicator(id, sensitivity) | Question::Exact(id, sensitivity) => {
                let kind = kind(p.pack().indicators.get(id)?.kind);
                attributes.insert("kind".to_string(), entity("Kind", kind)?);
                attributes.insert("sensitivity".to_string(), entity("Sensitivity", name(sensitivity)?)?);
            }
            Question::System(_) => {}
        }
        Entity::new(uid, attributes, parents).ok()
    }
}

/// Roles and organisations of a hat.
fn parents(policies: &Policies, hat: &Hat) -> Option<HashSet<EntityUid>> {
    let roles = hat.roles.iter().map(|role| policies.uid("Role", role));
    let organisations = hat.organisation.iter().chain(&hat.above).map(|o| policies.uid("Organisation", &o.policy_name()));
    roles.chain(organisations).collect()
}

/// Name of the action a question is about.
fn action(question: Question<'_>) -> &'static str {
    match question {
        Question::Record(action, _) => action.name(),
        Question::Transition(..) => "transition",
        Question::Field(..) => "see",
        Question::Register(action, _) => action.name(),
        Question::Indicator(..) => "read",
        Question::Exact(..) => "exact",
        Question::System(action) => action.name(),
    }
}

fn name(sensitivity: Sensitivity) -> Option<&'static str> {
    SENSITIVITIES.iter().find(|(s, _)| *s == sensitivity).map(|(_, name)| *name)
}

fn kind(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Kgi => "kgi",
        IndicatorKind::Kpi => "kpi",
        IndicatorKind::Reference => "reference",
        IndicatorKind::FollowUp => "follow-up",
        IndicatorKind::Check => "check",
    }
}
