//! The settings as `config check` tells them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{says, shirube};

/// What is told of a setting.
#[track_caller]
fn line<'t>(told: &'t str, name: &str) -> &'t str {
    told.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("no {name} in {told}"))
}

#[test]
fn settings_are_shown_with_their_origins_and_mistakes_stop_the_program() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("shirube.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:9\"\n").unwrap();
    let text = says(&shirube(data.path(), &["config", "check"]), 0);
    let line = text.lines().find(|l| l.starts_with("listen ")).unwrap();
    assert!(line.contains("127.0.0.1:9 ") && line.ends_with("shirube.toml:1"), "{line}");
    assert!(text.lines().any(|l| l.starts_with("data ") && l.ends_with("--data")), "{text}");
    std::fs::write(&file, "lisen = \"127.0.0.1:9\"\n").unwrap();
    let text = says(&shirube(data.path(), &["config", "check"]), 1);
    assert!(text.contains("shirube.toml:1: there is no setting `lisen`\n    mend: did you mean `listen`?"), "{text}");
    says(&shirube(data.path(), &["verify"]), 2);
}

#[test]
fn what_is_mistaken_is_shown_as_that_and_not_as_the_default() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("shirube.toml");
    std::fs::write(&file, "listen = \"nowhere\"\naccounts = \"on\"\n").unwrap();
    let text = says(&shirube(data.path(), &["config", "check"]), 1);
    let told = line(&text, "listen");
    assert!(told.contains("(mistaken, see below)") && told.ends_with("shirube.toml:1") && !told.contains("127.0.0.1"), "{told}");
    assert!(line(&text, "accounts").contains(" on "), "{text}");
    assert!(text.ends_with("\n1 mistake\n"), "{text}");
    let over = says(&shirube(data.path(), &["config", "check", "--listen", "127.0.0.1:9"]), 1);
    assert!(line(&over, "listen").contains("127.0.0.1:9 ") && over.ends_with("\n1 mistake\n"), "{over}");
    let start = shirube(data.path(), &["serve"]);
    says(&start, 2);
    assert!(String::from_utf8_lossy(&start.stderr).contains("1 mistake in the settings:"));
    std::fs::write(&file, "accounts = \"on\"\nlisten = [\n").unwrap();
    let text = says(&shirube(data.path(), &["config", "check"]), 1);
    assert!(["listen", "accounts", "mail.from"].iter().all(|name| line(&text, name).contains("(mistaken, see below)")), "{text}");
    assert!(line(&text, "data").ends_with("--data"), "{text}");
}

#[test]
fn a_pack_that_is_not_there_is_a_mistake_in_the_settings() {
    let data = tempfile::tempdir().unwrap();
    let plan = data.path().join("plan");
    std::fs::write(data.path().join("shirube.toml"), "# seen from this folder\npack = \"plan\"\n").unwrap();
    let check = |arguments: &[&str], code| says(&shirube(data.path(), &[&["config", "check"], arguments].concat()), code);
    let text = check(&[], 1);
    let problem = format!("shirube.toml:2: `pack` names no pack: {} is not a folder\n    mend: name the folder", plan.display());
    assert!(text.contains(&problem) && text.ends_with("\n1 mistake\n"), "{text}");
    assert!(line(&text, "pack").contains("(mistaken, see below)"), "{text}");
    std::fs::create_dir(&plan).unwrap();
    let text = check(&[], 1);
    assert!(text.contains(&format!("{} holds no pack.toml\n", plan.display())), "{text}");
    let text = check(&["--pack", "no/such/folder"], 1);
    assert!(text.contains("\n--pack: `pack` names no pack: no/such/folder is not a folder\n"), "{text}");
    std::fs::write(plan.join("pack.toml"), "").unwrap();
    let text = check(&[], 0);
    assert!(line(&text, "pack").contains(plan.to_str().unwrap()), "{text}");
    // What needs no pack goes on without.
    std::fs::remove_dir_all(&plan).unwrap();
    says(&shirube(data.path(), &["backup", "keygen", "--out", data.path().join("key").to_str().unwrap()]), 0);
}

#[test]
fn a_file_of_leaked_passwords_is_looked_at_before_the_start() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("shirube.toml"), "accounts = \"on\"\n[passwords]\nleaked = \"leaked.txt\"\n").unwrap();
    let list = data.path().join("leaked.txt");
    let check = |code| says(&shirube(data.path(), &["config", "check"]), code);
    let text = check(1);
    assert!(text.contains("shirube.toml:3: `passwords.leaked` leaked passwords cannot be looked up in "), "{text}");
    std::fs::write(&list, "hunter2\n").unwrap();
    let text = check(1);
    assert!(text.contains("its lines are not SHA-1 hashes in their order"), "{text}");
    let start = shirube(data.path(), &["serve"]);
    says(&start, 2);
    assert!(String::from_utf8_lossy(&start.stderr).contains("its lines are not SHA-1 hashes"), "{start:?}");
    std::fs::write(&list, "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n").unwrap();
    assert!(line(&check(0), "passwords.leaked").contains("leaked.txt"));
}
