//! Backup and restore as a user runs them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Output};

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/fictional-city");

fn shirube(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shirube")).args(["--pack", PACK, "--data"]).arg(data).args(arguments).output().unwrap()
}

#[track_caller]
fn says(output: &Output, code: i32) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_plan_is_backed_up_proved_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).display().to_string();
    let (data, key, file) = (at("data"), text("key"), text("plan.backup"));
    says(&shirube(&data, &["audit"]), 0);
    let verified = says(&shirube(&data, &["verify"]), 0);
    let recipient = says(&shirube(&data, &["backup", "keygen", "--out", &key]), 0).trim().to_string();
    says(&shirube(&data, &["backup", "keygen", "--out", &key]), 2);
    assert!(told(&shirube(&data, &["backup", "--out", &file])).contains("--plain"));
    says(&shirube(&data, &["backup", "--out", &file]), 2);
    says(&shirube(&data, &["backup"]), 2);
    says(&shirube(&data, &["backup", "--out", &file, "--recipient", "bob"]), 2);
    says(&shirube(&at("none"), &["backup", "--out", &file, "--recipient", &recipient]), 2);
    assert!(!at("plan.backup").exists() && !at("plan.backup.part").exists());
    let written = says(&shirube(&data, &["backup", "--out", &file, "--recipient", &recipient]), 0);
    let hash = verified.split("last hash ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(written.contains(hash), "{written}");
    says(&shirube(&data, &["backup", "--out", &file, "--recipient", &recipient]), 2);
    assert!(says(&shirube(&data, &["backup", "verify", &file, "--identity", &key]), 0).contains("the backup is whole"));
    says(&shirube(&data, &["backup", "verify", &file]), 2);
    let restored = says(&shirube(&at("there"), &["restore", "--from", &file, "--identity", &key]), 0);
    assert!(restored.contains(hash), "{restored}");
    assert_eq!(says(&shirube(&at("there"), &["verify"]), 0), verified);
    says(&shirube(&at("there"), &["audit"]), 0);
    says(&shirube(&at("there"), &["restore", "--from", &file, "--identity", &key]), 2);
    says(&shirube(&at("past"), &["restore", "--from", &file, "--identity", &key, "--until", "seq:3"]), 0);
    assert!(says(&shirube(&at("past"), &["verify"]), 0).starts_with("3 events"));
    says(&shirube(&at("early"), &["restore", "--from", &file, "--identity", &key, "--until", "2001-01-01"]), 2);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(says(&shirube(&data, &["backup", "verify", &file, "--identity", &key]), 1).contains("BROKEN"));
    says(&shirube(&at("broken"), &["restore", "--from", &file, "--identity", &key]), 3);
    assert!(!at("broken").join("log.db").exists());
}

/// A limit on the size of files stands for the disk: what is written beyond it fails in the same way.
#[cfg(unix)]
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // The built-in plan: its backup has a megabyte.
    let shirube = |data: &Path, arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_shirube")).arg("--data").arg(data).args(arguments).output().unwrap()
    };
    says(&shirube(&data, &["audit"]), 0);
    let (full, there) = (folder.path().join("full.backup"), folder.path().join("there"));
    let limited = |arguments: &[&str]| {
        let script = "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_shirube")]).args(arguments).output().unwrap()
    };
    let (out, from) = (full.to_str().unwrap(), data.to_str().unwrap());
    let failed = limited(&["--data", from, "backup", "--out", out, "--plain"]);
    says(&failed, 3);
    assert!(told(&failed).contains("full.backup.part: "), "{}", told(&failed));
    assert!(!full.exists() && !folder.path().join("full.backup.part").exists());
    says(&shirube(&data, &["backup", "--out", out, "--plain"]), 0);
    let failed = limited(&["--data", there.to_str().unwrap(), "restore", "--from", out]);
    says(&failed, 3);
    assert!(!there.join("log.db").exists(), "{}", told(&failed));
    says(&shirube(&there, &["restore", "--from", out]), 0);
    assert!(says(&shirube(&data, &["verify"]), 0).contains("the chain is whole"));
}
