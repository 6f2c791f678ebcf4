//! What policies come to: deny by default, hats, purposes, rows, reasons.
#![allow(clippy::unwrap_used)]

use crate::support::{clearance, person, policies};
use shirube_access::{
    AccessError, Clearance, Combination, Own, Person, Question, RecordAction as Act, RecordOwner, RegisterAction, Rows, SystemAction, View,
    what_can, who_can,
};
use shirube_plan::Sensitivity::{self, *};

const DRAFT: View = View { register: "grant", state: Some("draft"), own: Own::NO, synthetic: false };
const NOTE: View = View { register: "note", state: None, own: Own::NO, synthetic: false };

fn permit(id: &str, rest: &str) -> String {
    format!("@id(\"{id}\") @label_ja(\"{id}の理由\") @label_en(\"because of {id}\")\n{rest}\n")
}

#[test]
fn whatever_no_policy_permits_is_denied() {
    let policies = policies("");
    for person in [Person::public(), person("a", &[("desk", 1)]), person("b", &[("secretariat", 1), ("auditor", 2)])] {
        let who = Clearance::new(&policies, person, Some("duty")).unwrap();
        assert_eq!(what_can(&who, |_| Public), shirube_access::Grants::default());
        for register in ["grant", "note", "office_account", "nothing"] {
            assert_eq!(who.rows(register), Rows::None);
        }
        assert!(!who.may(Act::Read, DRAFT) && !who.sees(NOTE, Public) && !who.indicator("x", Public));
        let why = who.why(Question::Record(Act::Read, DRAFT));
        assert_eq!((why.allows(), why.text().en.as_str()), (false, "Nothing permits it"));
    }
}

#[test]
fn the_owner_the_role_owner_and_the_pack() {
    let policies = policies("");
    let role = clearance(&policies, &[("owner", 1)], None);
    for owner in [Clearance::owner(), role.clone()] {
        assert!(Act::ALL.iter().all(|a| owner.may(*a, DRAFT)) && owner.sees(NOTE, Personal) && owner.transition(DRAFT, "finish"));
        assert!(SystemAction::ALL.iter().all(|a| owner.system(*a)) && owner.register(RegisterAction::Import, "grant"));
        assert_eq!(owner.rows("office_account"), Rows::All);
    }
    assert_eq!(role.why(Question::Record(Act::Redact, DRAFT)).reasons[0].policy.id, "owner-everything");
    let pack = Clearance::pack();
    assert!(pack.may(Act::Create, DRAFT) && pack.may(Act::Amend, DRAFT) && !pack.may(Act::Redact, DRAFT));
    assert!(!pack.transition(DRAFT, "finish") && !pack.system(SystemAction::Verify) && pack.rows("grant") == Rows::All);
}

#[test]
fn nothing_is_permitted_on_what_the_pack_does_not_have() {
    let all = clearance(&policies(&permit("all", "permit (principal, action, resource);")), &[("desk", 2)], None);
    assert!(all.may(Act::Read, DRAFT));
    let own = all.whose(RecordOwner::Organisation(2));
    for view in [
        View { register: "gone", ..DRAFT },
        View { state: Some("gone"), ..DRAFT },
        View { state: None, ..DRAFT },
        View { state: Some("draft"), ..NOTE },
        View { own, ..NOTE },
    ] {
        assert!(!all.may(Act::Read, view) && !all.why(Question::Record(Act::Read, view)).allows(), "{view:?}");
    }
    assert!(!all.transition(DRAFT, "gone") && !all.transition(View { state: Some("done"), ..DRAFT }, "finish"));
    assert!(!all.indicator("gone", Public) && !all.register(RegisterAction::Export, "gone"));
}

#[test]
fn a_role_counts_where_it_is_held() {
    let text = permit("own", "permit (principal in Role::\"reporter\", action == Action::\"amend\", resource) when { resource.own };");
    let who = clearance(&policies(&text), &[("reporter", 2), ("reader", 4)], None);
    let at = |owner| View { own: who.whose(owner), ..DRAFT };
    assert!(who.may(Act::Amend, at(RecordOwner::Organisation(2))));
    assert!(who.may(Act::Amend, at(RecordOwner::Number("0000000000002"))));
    assert!(!who.may(Act::Amend, at(RecordOwner::Organisation(4))), "only a reader there");
    assert!(!who.may(Act::Amend, at(RecordOwner::Organisation(3))) && !who.may(Act::Amend, at(RecordOwner::Nobody)));
    let above = clearance(&policies(&text), &[("reporter", 1)], None);
    for below in [1, 2, 3] {
        assert!(above.may(Act::Amend, View { own: above.whose(RecordOwner::Organisation(below)), ..DRAFT }));
    }
    assert_eq!(who.why(Question::Record(Act::Amend, at(RecordOwner::Organisation(2)))).reasons[0].organisation.as_ref().unwrap().id, 2);
}

#[test]
fn what_one_hat_forbids_no_other_permits() {
    let text = permit("desk", "permit (principal in Role::\"desk\", action, resource);")
        + &permit("audit", "forbid (principal in Role::\"auditor\", action in Action::\"write\", resource);");
    let who = clearance(&policies(&text), &[("desk", 1), ("auditor", 4)], None);
    assert!(who.may(Act::Read, DRAFT) && !who.may(Act::Amend, DRAFT) && !who.transition(DRAFT, "finish"));
    let why = who.why(Question::Record(Act::Amend, DRAFT));
    assert_eq!((why.text().ja.as_str(), why.reasons.len()), ("auditの理由", 1));
}

#[test]
fn policies_may_name_organisations_services_and_people() {
    let text = permit("org", "permit (principal in Organisation::\"0000000000001\", action == Action::\"read\", resource);")
        + &permit("program", "permit (principal is Service, action == Action::\"export\", resource);")
        + &permit("public", "permit (principal == Person::\"public\", action == Action::\"history\", resource);");
    let policies = policies(&text);
    assert!(clearance(&policies, &[("reader", 2)], None).may(Act::Read, NOTE), "below the ministry");
    assert!(!clearance(&policies, &[("reader", 4)], None).may(Act::Read, NOTE));
    let program = Clearance::new(&policies, Person::service("feed", vec![]), None).unwrap();
    assert!(program.register(RegisterAction::Export, "note") && !program.may(Act::History, NOTE));
    assert!(clearance(&policies, &[], None).may(Act::History, NOTE));
    assert!(
        !Clearance::new(&policies, Person::service("public", vec![]), None).unwrap().may(Act::History, NOTE),
        "a program is not the public"
    );
}

#[test]
fn purposes() {
    let text = permit("read", "permit (principal, action == Action::\"read\", resource);")
        + &permit("see", "permit (principal, action == Action::\"see\", resource) when { context.purpose != Purpose::\"-\" };");
    let policies = policies(&text);
    let none = clearance(&policies, &[], None);
    let duty = none.with_purpose(Some("duty")).unwrap();
    assert!(!none.sees(NOTE, Personal) && duty.sees(NOTE, Personal) && duty.purpose() == Some("duty"));
    let unknown = none.with_purpose(Some("fun"));
    assert!(matches!(unknown, Err(AccessError::UnknownPurpose { ref known, .. }) if known.contains("audit")), "{unknown:?}");
    assert!(none.with_purpose(Some("-")).is_err());
}

#[test]
fn fields_of_records_that_may_not_be_read_are_not_seen() {
    let text = permit("see", "permit (principal, action == Action::\"see\", resource);")
        + &permit("done", "permit (principal, action == Action::\"read\", resource is Record) when { resource.state == State::\"done\" };");
    let who = clearance(&policies(&text), &[], None);
    assert!(!who.sees(DRAFT, Public) && who.sees(View { state: Some("done"), ..DRAFT }, Public));
    assert_eq!(who.why(Question::Field(DRAFT, Public)).text().en, "Nothing permits it");
    let done = |synthetic| Combination { state: Some("done".into()), own: Own::NO, synthetic };
    assert_eq!(who.rows("grant"), Rows::Some(vec![done(false), done(true)]));
    assert_eq!(who.rows_showing(Internal, "grant"), who.rows("grant"));
    assert_eq!((who.rows("note"), who.rows_for(Act::Amend, "grant")), (Rows::None, Rows::None));
}

#[test]
fn rows_tell_organisations_apart_only_where_it_matters() {
    let text = permit("own", "permit (principal, action == Action::\"read\", resource is Record) when { resource.own };")
        + &permit("notes", "permit (principal, action == Action::\"read\", resource in Register::\"note\");");
    let who = clearance(&policies(&text), &[("desk", 1), ("reporter", 2)], None);
    let Rows::Some(rows) = who.rows("grant") else { unreachable!() };
    assert!(rows.iter().all(|c| c.own.is_own()) && rows.len() == 2 * 2 * 2, "{rows:?}");
    let of = |own| who.organisations(own).iter().map(|o| o.id).collect::<Vec<_>>();
    let mut all: Vec<Vec<i64>> = rows.iter().map(|c| of(c.own)).collect();
    all.sort();
    all.dedup();
    assert_eq!(all, [vec![1, 3], vec![2]]);
    assert_eq!(who.own_organisations().len(), 3);
    assert_eq!(who.rows("note"), Rows::All);
}

#[test]
fn who_may_enter_records_of_their_own_alone_is_told_of_which_organisations() {
    let text = permit(
        "own",
        "permit (principal in Role::\"reporter\", action == Action::\"create\", resource is Record) when { resource.own && resource.state == State::\"draft\" };",
    ) + &permit("desk", "permit (principal in Role::\"desk\", action == Action::\"create\", resource is Record);");
    let policies = policies(&text);
    let owners = |roles: &[(&str, i64)], state| {
        let who = clearance(&policies, roles, None);
        who.owners(Act::Create, "grant", Some(state)).map(|of| of.iter().map(|o| o.id).collect::<Vec<_>>())
    };
    assert_eq!(owners(&[("reporter", 1)], "draft"), Some(vec![1, 2, 3]), "with what is below");
    assert_eq!(owners(&[("reporter", 1)], "done"), Some(vec![]));
    assert_eq!(owners(&[("desk", 1)], "draft"), None);
    assert_eq!(owners(&[("reporter", 2), ("desk", 1)], "draft"), None);
    assert_eq!(Clearance::owner().owners(Act::Create, "grant", Some("draft")), None);
}

#[test]
fn screens_say_who_and_why() {
    let text = permit("own", "permit (principal in Role::\"desk\", action, resource is Record) when { resource.own };");
    let policies = policies(&text);
    let people = [clearance(&policies, &[], None), clearance(&policies, &[("desk", 1)], None)];
    let table = who_can(policies.pack(), &people, "grant", Some("draft"), RecordOwner::Organisation(3), false);
    assert_eq!((table[0].login.as_str(), table[0].own, table[1].own), ("public", false, true));
    assert!(table[0].actions.iter().all(|(_, why)| !why.allows()));
    assert!(table[1].actions.iter().all(|(_, why)| why.text().en == "because of own") && table[1].transitions.len() == 1);
    assert!(table[1].sees.iter().all(|(_, why)| !why.allows()));
    let grants = what_can(&people[1], |_| Public);
    assert_eq!(grants.registers.iter().filter(|g| g.register == "grant").count(), 2 * 2);
    assert!(grants.registers.iter().all(|g| g.own.is_own() && g.sees.is_empty()) && grants.whole.is_empty());
}

#[test]
fn a_clearance_is_shared_between_threads() {
    let who = clearance(&policies(&permit("all", "permit (principal, action, resource);")), &[("desk", 1)], None);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let who = who.clone();
            scope.spawn(move || assert!(who.may(Act::Read, DRAFT) && who.sees(NOTE, Sensitivity::Commercial)));
        }
    });
}
