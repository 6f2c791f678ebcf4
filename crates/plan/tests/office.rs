//! What every pack has without declaring it, and what a pack may add to it.
#![allow(clippy::unwrap_used)]

use shirube_plan::{Diagnostic, Files, Owner, Pack, load};

const PACK: &str = r#"
id = "grove"
version = "1"
label = { ja = "木", en = "Grove" }
description = { ja = "例", en = "Example" }
fictional = true
fiscal_year_start = 4
"#;

const GRANT: &str = r#"label = { ja = "助成", en = "Grants" }
description = { ja = "例", en = "Example" }
title = "name"
owner = "OWNER"
[[field]]
name = "name"
type = "text"
label = { ja = "名前", en = "Name" }
[[field]]
name = "lead"
type = "organisation"
label = { ja = "代表", en = "Lead" }
[[field]]
name = "body"
type = "reference"
register = "office_organisation"
label = { ja = "組織", en = "Body" }
[[field]]
name = "account"
type = "reference"
register = "office_account"
label = { ja = "担当", en = "Account" }
"#;

fn with(files: &[(&str, &str)]) -> (Pack, Vec<Diagnostic>) {
    let all = files.iter().chain(&[("pack.toml", PACK)]);
    load(&all.map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect::<Files>())
}

#[track_caller]
fn reports(files: &[(&str, &str)], file: &str, problem: &str, mend: &str) {
    let (_, found) = with(files);
    let hit = found.iter().any(|d| d.place.file == file && d.place.line > 0 && d.problem.contains(problem) && d.mend.contains(mend));
    assert!(hit, "expected {file}: {problem} / {mend}, found {found:#?}");
}

#[test]
fn every_pack_has_the_office_registers_and_lists() {
    let (pack, mistakes) = with(&[]);
    assert_eq!(mistakes, []);
    assert_eq!(
        pack.registers.keys().collect::<Vec<_>>(),
        ["office_account", "office_membership", "office_organisation", "office_subscription"]
    );
    assert!(pack.registers.values().all(|r| r.built_in()));
    assert_eq!(pack.registers["office_membership"].owner(), Some(Owner::Reference("organisation")));
    assert_eq!(pack.registers["office_organisation"].owner(), Some(Owner::Itself));
    assert_eq!(pack.registers["office_account"].owner(), None);
    assert_eq!(pack.registers["office_subscription"].owner(), None);
    assert_eq!(pack.code("office_register", "office_account").unwrap().label.en, "Accounts");
    assert_eq!(pack.code("role", "secretariat").unwrap().label.ja, "計画事務局");
    assert_eq!(pack.code("purpose", "audit").unwrap().label.ja, "監査");
}

#[test]
fn a_pack_adds_roles_and_purposes() {
    let roles = "label = { ja = \"役\", en = \"Part\" }\ncodes = [ { code = \"hub\", ja = \"拠点\", en = \"Hub\" } ]";
    let (pack, mistakes) = with(&[("codes/role.toml", roles)]);
    assert_eq!(mistakes, []);
    let list = &pack.code_lists["role"];
    assert_eq!((list.codes[0].code.as_str(), list.codes.last().unwrap().code.as_str()), ("owner", "hub"));
    assert_eq!(list.label.en, "Part");
    let twice = roles.replace("hub", "owner");
    reports(&[("codes/role.toml", &twice)], "codes/role.toml", "the code `owner` is built in", "another code");
    reports(&[("codes/country.toml", roles)], "codes/country.toml", "`country` is built in", "another name");
}

#[test]
fn the_names_of_the_office_are_reserved() {
    let file = "registers/office_account.toml";
    reports(&[(file, GRANT)], file, "register `office_account` is built in", "does not begin with `office_`");
    let file = "registers/office_chair.toml";
    reports(&[(file, GRANT)], file, "`office_chair` has a reserved name", "does not begin with `office_`");
    let file = "codes/office_chair.toml";
    reports(&[(file, "label = { ja = \"役\", en = \"Part\" }\ncodes = []")], file, "`office_` are reserved", "another name");
}

#[test]
fn records_belong_to_organisations_only() {
    let file = "registers/grant.toml";
    let owned = |by: &str| GRANT.replace("OWNER", by);
    let (pack, mistakes) = with(&[(file, &owned("lead"))]);
    assert_eq!(mistakes, []);
    assert_eq!(pack.registers["grant"].owner(), Some(Owner::Number("lead_number".into())));
    assert_eq!(with(&[(file, &owned("body"))]).0.registers["grant"].owner(), Some(Owner::Reference("body")));
    reports(&[(file, &owned("name"))], file, "the field `name` is no organisation", "reference to office_organisation");
    reports(&[(file, &owned("account"))], file, "the field `account` is no organisation", "type organisation");
    reports(&[(file, &owned("leda"))], file, "owner field `leda` does not exist", "did you mean `lead`");
    reports(&[(file, &owned("_id"))], file, "owner field `_id` does not exist", "type organisation");
}

#[test]
fn policies_are_part_of_the_pack() {
    let permit = "permit (principal, action, resource);";
    let (pack, mistakes) = with(&[("policies/b.cedar", permit), ("policies/a.cedar", "")]);
    assert_eq!(mistakes, []);
    assert_eq!(pack.policies.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), ["policies/a.cedar", "policies/b.cedar"]);
    assert_eq!(pack.policies[1].text, permit);
    let other = with(&[("policies/b.cedar", "forbid (principal, action, resource);"), ("policies/a.cedar", "")]).0;
    assert_ne!(pack.digest, other.digest);
    assert!(with(&[("policies/a.txt", "")]).1.iter().any(|d| d.problem.contains("no such file")));
}
