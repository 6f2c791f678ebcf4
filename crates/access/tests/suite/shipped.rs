//! What the policies of the packs come to, role by role: register, state, own or not, sensitivity.
#![allow(clippy::unwrap_used)]

use crate::support::{clearance, shipped};
use shirube_access::{Clearance, Own, Policies, Question, RecordAction, RecordOwner, RegisterAction, SystemAction, View, schema};
use shirube_plan::Register;
use shirube_plan::Sensitivity::{self, *};
use std::sync::Arc;

/// `r` read, `c` create, `a` amend, `f` attach files, `x` redact, `h` history; then the sensitivities seen
/// (P public, I internal, C commercial, X personal); then the transitions.
fn cell(who: &Clearance, register: &Register, state: Option<&str>, own: Own) -> String {
    let view = View { register: &register.name, state, own, synthetic: false };
    let actions = RecordAction::ALL.iter().zip("rcafxh".chars()).filter(|(a, _)| who.may(**a, view)).map(|(_, c)| c);
    let sees = [Public, Internal, Commercial, Personal].into_iter().zip("PICX".chars()).filter(|(s, _)| who.sees(view, *s)).map(|(_, c)| c);
    let ways: Vec<&str> = register.transitions.iter().map(|t| t.name.as_str()).filter(|t| who.transition(view, t)).collect();
    let all = [actions.collect(), sees.collect(), ways.join(",")];
    let all: Vec<String> = all.into_iter().filter(|s| !s.is_empty()).collect();
    if all.is_empty() { "-".into() } else { all.join(" ") }
}

/// One line per role, whose, and state of a register, without and with a purpose where that differs.
fn table(policies: &Arc<Policies>, register: &str, roles: &[&str]) -> String {
    let register = &policies.pack().registers[register];
    let states: Vec<Option<&str>> = match register.states.as_slice() {
        [] => vec![None],
        states => states.iter().map(|s| Some(s.name.as_str())).collect(),
    };
    let mut lines = String::new();
    for role in roles {
        let roles: Vec<(&str, i64)> = if *role == "public" { vec![] } else { vec![(role, 2)] };
        let who = clearance(policies, &roles, None);
        let duty = clearance(policies, &roles, Some("duty"));
        for owner in [RecordOwner::Organisation(4), RecordOwner::Organisation(2)] {
            let own = who.whose(owner);
            // The second owner is the role's own organisation; only some roles and registers know one.
            if owner == RecordOwner::Organisation(2) && (!own.is_own() || register.owner.is_none()) {
                continue;
            }
            for state in &states {
                let (without, with) = (cell(&who, register, *state, own), cell(&duty, register, *state, own));
                let purpose = if without == with { String::new() } else { format!(" | duty: {with}") };
                let own = if own.is_own() { "own" } else { "other" };
                lines += &format!("{role} {own} {}: {without}{purpose}\n", state.unwrap_or("-"));
            }
        }
    }
    lines
}

const ROLES: [&str; 10] = ["public", "secretariat", "desk", "reporter", "auditor", "reader", "hub", "company", "hospital", "data_producer"];

#[track_caller]
fn is(found: String, file: &str, expected: &str) {
    if std::env::var_os("WRITE_TABLES").is_some() {
        std::fs::write(format!("{}/tests/{file}", env!("CARGO_MANIFEST_DIR")), &found).unwrap();
    } else {
        assert_eq!(found, expected, "{file}; run with WRITE_TABLES=1 to write it anew, then read the difference");
    }
}

#[test]
fn the_medical_device_pack_role_by_role() {
    let policies = shipped("medical-device");
    let registers =
        ["project", "notice", "regional_hub", "programme", "accredited_producer", "data_use", "office_organisation", "office_membership"];
    let found: String = registers.map(|r| format!("# {r}\n{}", table(&policies, r, &ROLES))).concat();
    is(found, "medical-device.txt", include_str!("../medical-device.txt"));
}

#[test]
fn the_fictional_city_role_by_role() {
    let policies = shipped("fictional-city");
    is(
        table(&policies, "tree", &["public", "desk", "secretariat", "auditor"]),
        "fictional-city.txt",
        include_str!("../fictional-city.txt"),
    );
}

#[test]
fn the_public_of_the_medical_device_pack() {
    let policies = shipped("medical-device");
    let public = clearance(&policies, &[], None);
    for register in policies.pack().registers.values() {
        let states: Vec<Option<&str>> =
            if register.states.is_empty() { vec![None] } else { register.states.iter().map(|s| Some(s.name.as_str())).collect() };
        for state in states {
            let view = View { register: &register.name, state, own: Own::NO, synthetic: false };
            assert!(!public.may(RecordAction::Read, View { synthetic: true, ..view }), "{view:?}");
            assert!([Internal, Commercial, Personal].iter().all(|s: &Sensitivity| !public.sees(view, *s)), "{view:?}");
            let reads = public.may(RecordAction::Read, view);
            assert_eq!(public.sees(view, Public), reads, "{view:?}");
            assert!(!reads || !register.built_in(), "{view:?}");
            for action in [RecordAction::Create, RecordAction::Amend, RecordAction::Attach, RecordAction::Redact] {
                assert!(!public.may(action, view), "{view:?}");
            }
            assert!(register.transitions.iter().all(|t| !public.transition(view, &t.name)));
        }
        assert!(!public.register(RegisterAction::Import, &register.name));
        assert_eq!(public.register(RegisterAction::Export, &register.name), !register.built_in());
    }
    assert!(policies.pack().indicators.keys().all(|id| public.indicator(id, Public)));
    assert!(SystemAction::ALL.iter().all(|a| !public.system(*a)));
}

#[test]
fn nobody_confirms_the_report_of_an_organisation_they_report_for() {
    let policies = shipped("medical-device");
    let both = clearance(&policies, &[("desk", 1), ("reporter", 2)], None);
    let view = |owner| View { register: "project", state: Some("reported"), own: both.whose(owner), synthetic: false };
    assert!(both.transition(view(RecordOwner::Organisation(3)), "confirm"));
    assert!(!both.transition(view(RecordOwner::Organisation(2)), "confirm"));
    let why = both.why(Question::Transition(view(RecordOwner::Organisation(2)), "confirm"));
    assert_eq!(why.text().ja, "自組織の報告を自ら確定することはできない");
    let audit = clearance(&policies, &[("secretariat", 1), ("auditor", 4)], None);
    assert!(!audit.may(RecordAction::Amend, View { register: "project", state: Some("draft"), own: Own::NO, synthetic: false }));
}

#[test]
fn the_schema_names_what_the_pack_declares() {
    let text = schema(shipped("medical-device").pack());
    for part in ["\"data_producer\"", "\"send_back\"", "\"withdrawn\"", "\"safety\"", "entity Registers enum [\"plan\", \"office\"]"] {
        assert!(text.contains(part), "{part}");
    }
}
