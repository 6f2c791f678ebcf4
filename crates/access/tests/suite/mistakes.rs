//! Every mistake in a policy is reported with file, line and mend; sound policies have none.
#![allow(clippy::unwrap_used)]

use shirube_access::check;

const HEAD: &str = "@id(\"a\")\n@label_ja(\"あ\")\n@label_en(\"A\")\n";

/// Policies with one mistake, at this line of the policy's own text (which begins at line 4).
#[track_caller]
fn reports(policy: &str, line: usize, problem: &str, mend: &str) {
    reports_text(&format!("{HEAD}{policy}"), line, problem, mend);
}

#[track_caller]
fn reports_text(text: &str, line: usize, problem: &str, mend: &str) {
    let (pack, mistakes) = crate::support::grove(text);
    assert_eq!(mistakes, []);
    let found = check(&pack);
    let hit = found
        .iter()
        .any(|d| d.place.file == "policies/access.cedar" && d.place.line == line && d.problem.contains(problem) && d.mend.contains(mend));
    assert!(hit, "expected line {line}: {problem} / {mend}, found {found:#?}");
    let policies = shirube_access::Policies::new(std::sync::Arc::new(pack));
    assert_eq!(policies.unwrap_err(), found);
}

#[test]
fn sound_policies_have_no_mistakes() {
    for text in ["", &format!("{HEAD}permit (principal, action, resource in Register::\"grant\");")] {
        assert_eq!(check(&crate::support::grove(text).0), []);
    }
    crate::support::shipped("medical-device");
    crate::support::shipped("fictional-city");
}

#[test]
fn syntax() {
    reports("permit (principal, action resource);", 4, "not a policy", "docs/packs.md");
    reports("permit (principal == ?principal, action, resource);", 1, "open", "without `?`");
}

#[test]
fn annotations() {
    let permit = "permit (principal, action, resource);";
    reports_text(permit, 1, "no @id", "add e.g. `@id(");
    reports_text(&format!("@id(\"a\")\n{permit}"), 1, "no @label_ja", "when somebody asks why");
    reports_text(&format!("\n\n@id(\"a\") @label_ja(\"あ\") @label_en(\"\")\n{permit}"), 3, "no @label_en", "add `@label_en");
    reports_text(&format!("@id(\"Über\") @label_ja(\"あ\") @label_en(\"A\")\n{permit}"), 1, "`Über` is not a plain id", "lower-case");
}

#[test]
fn one_id_for_one_policy() {
    let policy = format!("{HEAD}permit (principal, action, resource);\n");
    reports_text(&format!("{policy}{policy}"), 5, "`a` is declared twice, first at policies/access.cedar:1", "another @id");
    let taken = policy.replace("\"a\"", "\"owner-everything\"");
    reports_text(&taken, 1, "declared twice, first at (built in)", "another @id");
}

#[test]
fn names_nobody_declares() {
    reports("permit (principal, action, resource in Register::\"grnat\");", 4, "register `grnat`", "did you mean `grant`");
    reports("permit (principal,\n action,\n resource in Registers::\"plans\");", 6, "registers `plans`", "did you mean `plan`");
    reports("permit (principal in Role::\"dsek\", action, resource);", 4, "role `dsek`", "did you mean `desk`");
    reports("permit (principal, action == Action::\"raed\", resource);", 4, "action `raed` does not exist", "did you mean `read`");
    reports("permit (principal, action == Action::\"read\", resource == Indicator::\"kgi\");", 4, "indicator `kgi`", "declare it");
    let when = |condition: &str| format!("forbid (principal, action == Action::\"amend\", resource) when {{\n{condition}\n}};");
    reports(&when("resource.state == State::\"drfat\""), 5, "state `drfat`", "did you mean `draft`");
    reports(&when("context.purpose == Purpose::\"audti\""), 5, "purpose `audti`", "did you mean `audit`");
    let way = "forbid (principal, action == Action::\"transition\", resource) when {\ncontext.transition == Transition::\"finsh\" };";
    reports(way, 5, "transition `finsh`", "did you mean `finish`");
    let see = "forbid (principal, action == Action::\"see\", resource) when {\nresource.sensitivity == Sensitivity::\"private\" };";
    reports(see, 5, "sensitivity `private`", "declare it");
    reports("permit (principal in Organisation::\"mhlw\", action, resource);", 4, "`mhlw` is not a corporate number", "13 digits");
    reports("permit (principal is Persn, action, resource);", 4, "Persn", "Person");
}

#[test]
fn attributes_and_types() {
    let when = |condition: &str| format!("permit (principal, action == Action::\"read\", resource) when {{\n{condition}\n}};");
    reports(&when("resource is Record && resource.stat == State::\"draft\""), 5, "`stat`", "did you mean `state`");
    // `read` applies to indicators too, which have no state.
    reports(&when("resource.state == State::\"draft\""), 5, "`state`", "resource is Record");
    reports(&when("resource is Record && resource.state == \"draft\""), 5, "", "compare like with like");
    let read = "permit (principal, action == Action::\"read\", resource) when {\ncontext.transition == Transition::\"finish\" };";
    reports(read, 5, "`transition`", "has which attributes");
}

#[test]
fn policies_that_never_apply() {
    reports("permit (principal, action == Action::\"import\", resource is Record);", 1, "can never apply", "does not fit");
    let never = "permit (principal, action == Action::\"amend\", resource) when { resource in Register::\"grant\" && resource is System };";
    reports(never, 1, "can never apply", "does not fit");
}
