//! A small pack for tests of policies, and the packs that come with the program.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)] // each test uses its part

use shirube_access::{Clearance, Membership, Organisations, Person, Policies};
use shirube_plan::{Diagnostic, Files, Pack};
use std::path::Path;
use std::sync::Arc;

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
owner = "lead"
field = [
  { name = "name", type = "text", label = { ja = "名前", en = "Name" } },
  { name = "lead", type = "organisation", label = { ja = "代表", en = "Lead" } },
]
state = [
  { name = "draft", label = { ja = "下書き", en = "Draft" } },
  { name = "done", label = { ja = "済", en = "Done" } },
]
transition = [
  { name = "finish", from = ["draft"], to = "done", label = { ja = "済ます", en = "Finish" } },
]
"#;

const NOTE: &str = r#"label = { ja = "覚え", en = "Notes" }
description = { ja = "例", en = "Example" }
title = "text"
field = [{ name = "text", type = "text", label = { ja = "文", en = "Text" } }]
"#;

/// A pack with the registers `grant` (states, owner) and `note` (neither), and these policies.
pub fn grove(policies: &str) -> (Pack, Vec<Diagnostic>) {
    let files = [("pack.toml", PACK), ("registers/grant.toml", GRANT), ("registers/note.toml", NOTE), ("policies/access.cedar", policies)];
    shirube_plan::load(&files.into_iter().map(|(path, text)| (path.into(), text.as_bytes().to_vec())).collect::<Files>())
}

/// The policies of [`grove`], which must be sound.
pub fn policies(text: &str) -> Arc<Policies> {
    let (pack, mistakes) = grove(text);
    assert_eq!(mistakes, []);
    Arc::new(Policies::new(Arc::new(pack)).unwrap())
}

/// A pack of the repository, with its policies.
pub fn shipped(name: &str) -> Arc<Policies> {
    let mut files = Files::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(name);
    read(&folder, "", &mut files);
    let (pack, mistakes) = shirube_plan::load(&files);
    assert_eq!(mistakes, []);
    Arc::new(Policies::new(Arc::new(pack)).unwrap_or_else(|found| panic!("{found:#?}")))
}

fn read(folder: &Path, inside: &str, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

/// 1 ministry, with 2 hub and 3 company below; 4 hospital by itself.
pub fn tree() -> Organisations {
    let number = |n: i64| Some(format!("{n:013}"));
    Organisations::new([(1, number(1), None), (2, number(2), Some(1)), (3, number(3), Some(1)), (4, number(4), None)])
}

pub fn member(role: &str, organisation: i64) -> Membership {
    tree().membership(role, organisation).unwrap()
}

pub fn person(login: &str, roles: &[(&str, i64)]) -> Person {
    Person::new(login, roles.iter().map(|(role, at)| member(role, *at)).collect())
}

pub fn clearance(policies: &Arc<Policies>, roles: &[(&str, i64)], purpose: Option<&str>) -> Clearance {
    let person = if roles.is_empty() { Person::public() } else { person("someone", roles) };
    Clearance::new(policies, person, purpose).unwrap()
}

/// The same under a login.
pub fn named(policies: &Arc<Policies>, login: &str, roles: &[(&str, i64)], purpose: Option<&str>) -> Clearance {
    Clearance::new(policies, person(login, roles), purpose).unwrap()
}
