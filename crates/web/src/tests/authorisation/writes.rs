//! Every address that changes something, for every kind of visitor.

use super::{
    addresses, ask, class,
    rules::{Class, Rule, expected, rule},
    scene::{Kind, Scene, Visitor},
};
use crate::routes::{Method, ROUTES, Route};
use shirube_access::RecordAction;
use shirube_plan::Sensitivity;
use std::collections::BTreeSet;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Requests that bring nothing along come as far as the policies let them, and change nothing.
#[test]
fn no_address_that_changes_something_is_open_to_those_it_is_not_for() {
    let mut scene = Scene::new();
    scene.begin_jobs();
    let mut wrong = BTreeSet::new();
    let mut routes: Vec<&Route> = ROUTES.iter().filter(|r| r.method != Method::Get).collect();
    // Last: nobody is signed in after it.
    routes.sort_by_key(|route| route.name == "sign_out");
    scene.for_everyone(|scene, visitor| {
        let before = scene.portal.app.store.head_seq();
        for route in &routes {
            let api = route.path.starts_with("/api/v1/");
            let rule = rule(route);
            for (address, about) in addresses(scene, route).into_iter().filter(|(_, about)| about.record.is_none_or(|at| at % 5 == 0)) {
                let mut wanted = expected(scene, visitor, api, rule, &about);
                if api && visitor.kind == Kind::Reads {
                    wanted = Class::Forbidden;
                }
                let (kind, body) = if api { (JSON, "{}") } else { (FORM, "") };
                let class = class(&ask(scene, visitor, route.method, &address, kind, body));
                // What is decided on the record itself is decided once something is to be written: below.
                let of_record = (matches!(rule, Rule::Record(_) | Rule::Move) || route.name == "api_create") && wanted != Class::SignIn;
                // Without a word of theirs, forms of people who are signed in are refused in this way too.
                let unsigned = matches!(route.name, "person_send" | "outbox_send") && class == Class::Forbidden;
                if class != wanted && !of_record && !unsigned && visitor.kind != Kind::Trial {
                    wrong.insert(format!("{} {} {address}: {class:?}, not {wanted:?}", route.name, visitor.name));
                }
            }
        }
        assert_eq!(scene.portal.app.store.head_seq(), before, "{} changed something", visitor.name);
    });
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.into_iter().take(60).collect::<Vec<_>>().join("\n"));
}

fn api(scene: &Scene, visitor: &Visitor, method: Method, address: &str, body: &str) -> Class {
    let mut headers: Vec<(&'static str, &str)> = visitor.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    headers.extend([("content-type", JSON), ("if-match", "\"1\"")]);
    let answer = scene.portal.ask(method, address, &headers, body.to_string().into());
    let words = super::told(&answer);
    let leaks = super::leaks(scene, visitor, true, false, &words);
    // What is answered stands in the record as it is after the change, which may be another state.
    let changed = answer.as_ref().is_ok_and(|r| r.status() == 200);
    assert!(changed || leaks.is_empty(), "{} {address} tells {leaks:?}", visitor.name);
    class(&answer)
}

/// Amending public and hidden columns, moving, erasing: of records in every state, one's own and those of others.
#[test]
fn records_are_changed_by_those_who_may_change_them() {
    let mut all = Scene::new();
    let visitors = std::mem::take(&mut all.visitors);
    let mut wrong = BTreeSet::new();
    for visitor in visitors.iter().filter(|v| v.kind != Kind::Trial) {
        let clearance = visitor.clearance(true).clone();
        for state in ["draft", "reported", "confirmed", "withdrawn"] {
            for owner in [Some(0), Some(1)] {
                let mut at = all.case(state, owner, false);
                let record = all.records[at].clone();
                let view = || record.now().view("case", &clearance);
                let sees = |sensitivity| clearance.sees(view(), sensitivity);
                let amends = record.may(&clearance, RecordAction::Amend);
                let whole = [Sensitivity::Public, Sensitivity::Internal, Sensitivity::Commercial, Sensitivity::Personal];
                let place = "";
                let moves = |name: &str| clearance.transition(view(), name);
                let starts = |name: &str| {
                    matches!((name, state), ("report", "draft") | ("confirm", "reported") | ("withdraw", "draft" | "reported"))
                };
                let tries = [
                    (Method::Patch, place, r#"{"_reason":"r","year":2025}"#, amends),
                    (Method::Patch, place, r#"{"_reason":"r","memo":"new"}"#, amends && sees(Sensitivity::Internal)),
                    (Method::Patch, place, r#"{"_reason":"r","price":"new"}"#, amends && sees(Sensitivity::Commercial)),
                    (Method::Patch, place, r#"{"_reason":"r","contact":"new"}"#, amends && sees(Sensitivity::Personal)),
                    // Rows of a group are replaced together: only by who sees all that is in them.
                    (Method::Patch, place, r#"{"_reason":"r","visits":[{"place":"new"}]}"#, amends && whole.iter().all(|s| sees(*s))),
                    (Method::Post, "/transitions/report", r#"{"_reason":"r"}"#, moves("report")),
                    (Method::Post, "/transitions/confirm", r#"{"_reason":"r"}"#, moves("confirm")),
                    (Method::Post, "/transitions/withdraw", r#"{"_reason":"r"}"#, moves("withdraw")),
                    (Method::Post, "/redactions", r#"{"_reason":"r","scope":"all"}"#, record.may(&clearance, RecordAction::Redact)),
                ];
                for (method, end, body, allowed) in tries {
                    // A token that reads only changes nothing, whatever its account may do.
                    let allowed = allowed && visitor.kind != Kind::Reads;
                    let address = format!("/api/v1/registers/case/records/{}{end}", all.records[at].id);
                    let before = all.portal.app.store.head_seq();
                    let class = api(&all, visitor, method, &address, body);
                    let happened = all.portal.app.store.head_seq() > before;
                    let stays = address.rsplit('/').next().is_some_and(|name| address.contains("/transitions/") && !starts(name));
                    if happened != allowed || (allowed != (class == Class::Reached) && !stays) {
                        wrong.insert(format!("{} {state} {owner:?} {address} {body}: {class:?}, written: {happened}", visitor.name));
                    }
                    if happened {
                        // The next is tried on a record as this one was.
                        at = all.case(state, owner, false);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} changes are wrong:\n{}", wrong.len(), wrong.into_iter().take(60).collect::<Vec<_>>().join("\n"));
}
