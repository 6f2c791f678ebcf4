//! Taking a permit away never permits anything, nor does adding a forbid.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use shirube_access::{Clearance, Question, RecordAction, RecordOwner, View};
use shirube_plan::Sensitivity::{Commercial, Internal, Personal, Public};
use std::collections::BTreeSet;

/// A policy by choice of effect, principal, action with resource, and condition. Each combination is valid.
#[derive(Clone, Debug)]
struct Line {
    permits: bool,
    who: usize,
    what: usize,
    when: usize,
}

const WHO: [&str; 7] = [
    "principal",
    "principal in Role::\"reporter\"",
    "principal in Role::\"desk\"",
    "principal in Organisation::\"0000000000001\"",
    "principal == Person::\"public\"",
    "principal == Person::\"ann\"",
    "principal in Organisation::\"0000000000003\"",
];
const WHAT: [&str; 4] = [
    "action == Action::\"read\", resource is Record",
    "action in [Action::\"amend\", Action::\"create\", Action::\"redact\"], resource is Record",
    "action == Action::\"see\", resource is Field",
    "action == Action::\"transition\", resource in Register::\"grant\"",
];
const WHEN: [&str; 6] = [
    "",
    "when { resource.own }",
    "unless { resource.own }",
    "when { resource.state == State::\"draft\" }",
    "when { !resource.synthetic }",
    "unless { context.purpose == Purpose::\"duty\" }",
];

fn line() -> impl Strategy<Value = Line> {
    (prop::bool::weighted(0.7), 0..WHO.len(), 0..WHAT.len(), 0..WHEN.len()).prop_map(|(permits, who, what, when)| Line {
        permits,
        who,
        what,
        when,
    })
}

fn text(lines: &[Line]) -> String {
    let effect = |line: &Line| if line.permits { "permit" } else { "forbid" };
    let policy = |(i, l): (usize, &Line)| {
        format!("@id(\"p{i}\") @label_ja(\"あ\") @label_en(\"a\") {} ({}, {}) {};\n", effect(l), WHO[l.who], WHAT[l.what], WHEN[l.when])
    };
    lines.iter().enumerate().map(policy).collect()
}

/// Everything permitted to a few people, as texts; every table agrees with its explanation.
fn permitted(lines: &[Line]) -> BTreeSet<String> {
    let policies = crate::support::policies(&text(lines));
    let people: [(&[(&str, i64)], _); 3] = [(&[], None), (&[("desk", 1), ("reporter", 4)], Some("duty")), (&[("reporter", 3)], None)];
    let mut all = BTreeSet::new();
    for (roles, purpose) in people {
        let who = crate::support::clearance(&policies, roles, purpose);
        for (i, question) in questions(&who).into_iter().enumerate() {
            if who.allows(question) {
                all.insert(format!("{roles:?} {question:?}"));
            }
            // Explaining asks all policies anew, which takes long; every thirteenth question reaches all kinds over the cases.
            if i % 13 == 0 {
                assert_eq!(who.allows(question), who.why(question).allows(), "{roles:?} {question:?}");
            }
        }
    }
    all
}

fn questions(who: &Clearance) -> Vec<Question<'static>> {
    let mut all = vec![];
    let owners = [RecordOwner::Nobody, RecordOwner::Organisation(2), RecordOwner::Organisation(3), RecordOwner::Organisation(4)];
    for own in owners.map(|owner| who.whose(owner)) {
        for state in ["draft", "done"] {
            for synthetic in [false, true] {
                let view = View { register: "grant", state: Some(state), own, synthetic };
                all.extend(RecordAction::ALL.iter().map(|a| Question::Record(*a, view)));
                all.extend([Public, Internal, Commercial, Personal].map(|s| Question::Field(view, s)));
                all.push(Question::Transition(view, "finish"));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn fewer_permits_and_more_forbids_never_permit_more(lines in prop::collection::vec(line(), 1..8), at in any::<prop::sample::Index>(), more in line()) {
        let before = permitted(&lines);
        let mut fewer = lines.clone();
        let at = at.index(lines.len());
        if lines[at].permits {
            fewer.remove(at);
            let after = permitted(&fewer);
            prop_assert!(after.is_subset(&before), "{:#?}", after.difference(&before).collect::<Vec<_>>());
        }
        let mut stricter = lines;
        stricter.push(Line { permits: false, ..more });
        let after = permitted(&stricter);
        prop_assert!(after.is_subset(&before), "{:#?}", after.difference(&before).collect::<Vec<_>>());
    }

    /// People whom policies cannot tell apart share what was worked out; what one may do is what they would alone.
    #[test]
    fn sharing_tables_changes_no_decision(lines in prop::collection::vec(line(), 1..8)) {
        let everyone: [(&str, &[(&str, i64)], _); 8] = [
            ("public", &[], None),
            ("ann", &[("desk", 1)], None),
            ("bob", &[("desk", 2)], None),
            ("bob", &[("desk", 2)], Some("duty")),
            ("cyd", &[("desk", 4)], None),
            ("dan", &[("reporter", 3)], None),
            ("eve", &[("reporter", 4)], None),
            ("fay", &[("reporter", 3), ("desk", 4)], None),
        ];
        let shared = crate::support::policies(&text(&lines));
        for (login, roles, purpose) in everyone {
            let who = |policies| crate::support::named(policies, login, roles, purpose);
            let (one, alone) = (who(&shared), who(&crate::support::policies(&text(&lines))));
            for question in questions(&one) {
                prop_assert_eq!(one.allows(question), alone.allows(question), "{} {:?}", login, question);
            }
        }
    }
}
