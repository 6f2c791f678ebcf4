//! The commands as a user runs them, on the built-in plan.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{says, shirube};
use std::path::Path;
use std::process::{Command, Output};

fn packs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

#[test]
fn every_pack_of_the_repository_is_sound() {
    let data = tempfile::tempdir().unwrap();
    for pack in std::fs::read_dir(packs()).unwrap() {
        let pack = pack.unwrap().path();
        let text = says(&shirube(data.path(), &["check", pack.to_str().unwrap()]), 0);
        assert!(text.ends_with("0 mistakes\n"), "{text}");
    }
}

#[test]
fn a_pack_record_that_cannot_be_loaded_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    copy(&packs().join("fictional-city"), folder.path());
    let records = folder.path().join("records/tree.csv");
    let text = std::fs::read_to_string(&records).unwrap().replace("N-01,north", "N-001,north");
    std::fs::write(&records, text).unwrap();
    let text = says(&shirube(folder.path(), &["check", folder.path().to_str().unwrap()]), 1);
    assert!(text.contains("records/tree.csv:2: "), "{text}");
    assert!(text.contains("mend: "), "{text}");
}

#[test]
fn the_audit_of_the_plan_leaves_no_difference_unexplained() {
    let data = tempfile::tempdir().unwrap();
    let audit: serde_json::Value = serde_json::from_str(&says(&shirube(data.path(), &["audit", "--format", "json"]), 0)).unwrap();
    assert_eq!(audit["ok"], true);
    assert_eq!(audit["counts"]["differs"], audit["counts"]["explained"]);
    assert!(audit["counts"]["match"].as_u64().unwrap() > 150, "{}", audit["counts"]);
    assert_eq!(audit["lines"].as_array().unwrap().len() as u64, audit["counts"]["figures"].as_u64().unwrap());
}

/// Document 003, goal 6: 19.0 %, 52.3 %, 9.3 % in 2023, 24.1 %, 44.8 %, 37.0 %, 2.0 % in 2024, recomputed from the themes.
#[test]
fn the_stage_up_rate_comes_out_as_printed() {
    let data = tempfile::tempdir().unwrap();
    let text = says(&shirube(data.path(), &["compute", "stage-up-rate", "--format", "csv"]), 0);
    for (year, stage, printed) in [
        ("2023", "basic", 19.0),
        ("2023", "applied", 52.3),
        ("2023", "clinical", 9.3),
        ("2024", "basic", 24.1),
        ("2024", "applied", 44.8),
        ("2024", "nonclinical", 37.0),
        ("2024", "clinical", 2.0),
    ] {
        let start = format!("stage-up-rate,{year},{stage},");
        let line = text.lines().find(|l| l.starts_with(&start)).unwrap_or_else(|| panic!("{start} in {text}"));
        let value: f64 = line[start.len()..].split(',').next().unwrap().parse().unwrap();
        assert!((value - printed).abs() <= 0.05, "{line}");
    }
}

/// Document 004, section 5: the three KGIs for 2040.
#[test]
fn the_kgis_are_reproduced_and_answer_what_if() {
    let data = tempfile::tempdir().unwrap();
    let value = |arguments: &[&str]| -> f64 {
        let mut all = vec!["compute", "--format", "csv"];
        all.extend(arguments);
        let text = says(&shirube(data.path(), &all), 0);
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let at = header.iter().position(|h| *h == "value").unwrap();
        let line = text.lines().find(|l| l.contains(",2040,")).unwrap_or_else(|| panic!("no 2040 in {text}"));
        line.split(',').nth(at).unwrap().parse().unwrap()
    };
    assert_eq!((value(&["kgi-1-target"]) / 1e12).round(), 28.0);
    assert_eq!((value(&["kgi-2-target"]) / 1e11).round(), 42.0);
    assert_eq!(value(&["kgi-3-target"]), 8.0);
}

#[test]
fn misuse_and_failure_have_their_exit_codes() {
    let data = tempfile::tempdir().unwrap();
    says(&shirube(data.path(), &["compute", "no-such-indicator"]), 2);
    says(&shirube(data.path(), &["compute", "--as-of", "yesterday"]), 2);
    says(&shirube(data.path(), &["audit", "--pack", "no/such/folder"]), 2);
    says(&shirube(data.path(), &["export", "project", "--format", "xlsx"]), 2);
    says(&shirube(data.path(), &["import", "project", "no-such-file.csv"]), 2);
    says(&shirube(data.path(), &["import", "no_such_register", file!()]), 2);
    says(&shirube(Path::new("no/such/folder"), &["verify"]), 2);
    let city = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/fictional-city");
    let other = shirube(data.path(), &["audit", "--pack", city]);
    says(&other, 2);
    assert!(String::from_utf8_lossy(&other.stderr).contains("belongs to the pack `medical-device`"));
}

#[test]
fn an_import_is_checked_refused_mended_and_done() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("themes.csv");
    let rows = |stage: &str| {
        format!(
            "調査年,テーマ番号,採択時ステージ,採択後1年未満,採択1年後の結果,_state\n令和7年度,T-1,基礎研究,いいえ,same,reported\n２０２５,T-2,{stage},いいえ,(不明),reported\n"
        )
    };
    std::fs::write(&file, rows("基礎")).unwrap();
    let path = file.to_str().unwrap();
    let text = says(&shirube(data.path(), &["import", "project", path]), 1);
    assert!(text.contains("row 3, 採択時ステージ “基礎”"), "{text}");
    assert!(text.contains("nothing was written"), "{text}");
    let mended = encoding_rs::SHIFT_JIS.encode(&rows("応用研究（製品開発）")).0.into_owned();
    std::fs::write(&file, mended).unwrap();
    let text = says(&shirube(data.path(), &["import", "project", path, "--dry-run"]), 0);
    assert!(text.contains("2 new") && text.contains("dry run"), "{text}");
    let text = says(&shirube(data.path(), &["import", "project", path]), 0);
    assert!(text.contains("2 records written"), "{text}");
    let text = says(&shirube(data.path(), &["import", "project", path]), 0);
    assert!(text.contains("2 unchanged"), "{text}");
    let text = says(&shirube(data.path(), &["verify"]), 0);
    assert!(text.contains("the chain is whole"), "{text}");
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_register_goes_out_and_comes_back_the_same() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = data.path().join("projects.csv");
    says(&shirube(data.path(), &["export", "project", "--out", file.to_str().unwrap()]), 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 395);
    let text = says(&shirube(other.path(), &["import", "project", file.to_str().unwrap()]), 0);
    assert!(text.contains("394 unchanged"), "{text}");
}

#[test]
fn a_snapshot_opens_in_any_sqlite_tool() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("plan.db");
    let path = file.to_str().unwrap();
    says(&shirube(data.path(), &["snapshot", "--out", path]), 0);
    says(&shirube(data.path(), &["snapshot", "--out", path]), 2);
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"SQLite format 3\0"));
}

/// Reading goes on while the portal has the data folder; writing says who is in the way.
#[test]
fn reading_works_beside_the_portal() {
    let data = tempfile::tempdir().unwrap();
    let mut portal = Command::new(env!("CARGO_BIN_EXE_shirube"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(portal.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("http://") {
        line.clear();
        assert_ne!(std::io::BufRead::read_line(&mut said, &mut line).unwrap(), 0, "the portal ended");
    }
    let audit = shirube(data.path(), &["audit"]);
    let city = packs().join("fictional-city");
    let other = shirube(data.path(), &["audit", "--pack", city.to_str().unwrap()]);
    let verify = shirube(data.path(), &["verify"]);
    let snapshot = shirube(data.path(), &["snapshot", "--out", "never-written.db"]);
    let retain = shirube(data.path(), &["retain"]);
    portal.kill().unwrap();
    portal.wait().unwrap();
    assert_eq!(retain.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&retain.stderr).contains("/api/v1/retention"));
    says(&audit, 0);
    says(&other, 2);
    let told = String::from_utf8_lossy(&other.stderr);
    assert!(told.contains("`medical-device`") && told.contains("`fictional-city`"), "{told}");
    assert!(says(&verify, 0).contains("the chain is whole"));
    assert_eq!(snapshot.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&snapshot.stderr).contains("in use by another program"));
}

/// Nobody is locked out for good: the machine itself gives a way in, also beside a running portal.
#[test]
fn a_start_without_an_owner_prints_a_link_and_so_does_user_recover() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("accounts.csv");
    std::fs::write(&file, "login,kind,_state\nann,person,active\nbob,person,invited\nfeed,service,active\neve,person,suspended\n").unwrap();
    says(&shirube(data.path(), &["import", "office_account", file.to_str().unwrap()]), 0);
    let with_accounts = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shirube"));
        command.arg("--data").arg(data.path()).args(arguments).env("SHIRUBE_ACCOUNTS", "on");
        command
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let mut portal = with_accounts(&serve).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(portal.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("/links/set-up/") {
        line.clear();
        assert_ne!(std::io::BufRead::read_line(&mut said, &mut line).unwrap(), 0, "the portal ended");
    }
    let at = line.trim().split("/links/").next().unwrap();
    let recover = |login: &str| with_accounts(&["user", "recover", login]).output().unwrap();
    let answers: Vec<Output> = ["ann", "bob", "feed", "eve", "nobody"].into_iter().map(recover).collect();
    portal.kill().unwrap();
    portal.wait().unwrap();
    assert!(says(&answers[0], 0).contains(&format!("\n  {at}/links/recovery/")), "where the portal runs, whatever is set: {at}");
    assert_eq!(String::from_utf8_lossy(&answers[0].stderr), "");
    assert!(says(&answers[1], 0).contains("/links/invitation/"));
    for (answer, why) in answers[2..].iter().zip(["is a program", "is suspended", "there is no account `nobody`"]) {
        says(answer, 2);
        assert!(String::from_utf8_lossy(&answer.stderr).contains(why), "{answer:?}");
    }
    let alone = recover("ann");
    let said = says(&alone, 0);
    let told = String::from_utf8_lossy(&alone.stderr);
    assert!(told.contains("no portal runs on") && told.contains("leads to http://127.0.0.1:8420,"), "{told}");
    assert!(said.contains("\n  http://127.0.0.1:8420/links/recovery/"), "what the killed portal left is not believed: {said}");
    let links: Vec<&str> = said.split_whitespace().filter(|word| word.starts_with("http")).collect();
    let [japanese, english] = links[..] else { panic!("without a portal, too, and in both languages: {said}") };
    assert_eq!(english.replacen("/en/links/recovery/", "/links/recovery/", 1), japanese);
    says(&with_accounts(&["user", "recover", "ann"]).env("SHIRUBE_ACCOUNTS", "off").output().unwrap(), 2);
}

#[test]
fn a_log_with_an_owner_is_no_trial_unless_the_settings_say_so() {
    let data = tempfile::tempdir().unwrap();
    for (register, rows) in [
        ("office_account", "login,kind,_state\nann,person,active\n"),
        ("office_organisation", "name,kind,_state\nHouse,ministry,active\n"),
        ("office_membership", "account,role,organisation,_state\nann,owner,House,active\n"),
    ] {
        let file = data.path().join("rows.csv");
        std::fs::write(&file, rows).unwrap();
        says(&shirube(data.path(), &["import", register, file.to_str().unwrap()]), 0);
    }
    let third_line = |accounts: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shirube"));
        command.arg("--data").arg(data.path()).args(["serve", "--listen", "127.0.0.1:0"]).envs(accounts.map(|a| ("SHIRUBE_ACCOUNTS", a)));
        let mut portal = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let said = std::io::BufReader::new(portal.stdout.take().unwrap());
        let line = std::io::BufRead::lines(said).nth(2).unwrap().unwrap();
        portal.kill().unwrap();
        portal.wait().unwrap();
        line
    };
    assert!(third_line(None).starts_with("no owner can sign in: ann chooses a new password"));
    assert!(third_line(Some("off")).starts_with("trial"));
}

/// Anchored at the start and at the end; a log that was written anew does not hold what was anchored.
#[cfg(unix)]
#[test]
fn the_portal_anchors_its_log_and_verify_holds_it_against_another() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other, anchors) = (folder.path().join("data"), folder.path().join("other"), folder.path().join("anchors"));
    let mut portal = Command::new(env!("CARGO_BIN_EXE_shirube"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("SHIRUBE_ANCHOR_FILE", &anchors)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if anchors.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    says(&Command::new("kill").arg(portal.id().to_string()).output().unwrap(), 0);
    assert_eq!(portal.wait().unwrap().code(), Some(0));
    let lines = std::fs::read_to_string(&anchors).unwrap();
    assert_eq!(lines.lines().count(), 1, "the head had not changed: {lines}");
    let anchor: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((anchor["pack"].as_str(), anchor["seq"].as_u64() > Some(1000)), (Some("medical-device"), true));
    let path = anchors.to_str().unwrap();
    assert!(says(&shirube(&data, &["verify", "--anchors", path]), 0).ends_with("1 anchor holds\n"));
    // The same plan again: the same records, and yet another log.
    says(&shirube(&other, &["audit"]), 0);
    let verified = says(&shirube(&other, &["verify"]), 0);
    assert!(verified.contains("the chain is whole\n") && verified.ends_with("the trail of readings is whole\n"), "{verified}");
    assert!(says(&shirube(&other, &["verify", "--anchors", path]), 1).contains("WRITTEN ANEW"));
    std::fs::write(&anchors, "no anchor\n").unwrap();
    says(&shirube(&data, &["verify", "--anchors", path]), 2);
}

/// Else people would go on writing, without a word, into a log that nobody reads.
#[test]
fn a_log_that_was_moved_is_read_but_no_longer_written_until_it_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, home) = (folder.path().join("data"), folder.path().join("home"));
    let file = folder.path().join("accounts.csv");
    std::fs::write(&file, "login,kind,_state\nann,person,active\n").unwrap();
    let (rows, to) = (file.to_str().unwrap(), home.to_str().unwrap());
    says(&shirube(&data, &["import", "office_account", rows]), 0);
    says(&shirube(&data, &["migrate-store"]), 2);
    let moved = says(&shirube(&data, &["migrate-store", "--to", to]), 0);
    let hash = moved.split("last hash ").nth(1).unwrap().split_whitespace().next().unwrap();
    let place = std::fs::canonicalize(&home).unwrap().join("log.db").display().to_string();
    for writing in [
        vec!["serve", "--listen", "127.0.0.1:0"],
        vec!["import", "office_account", rows],
        vec!["retain"],
        vec!["user", "recover", "ann"],
        vec!["migrate-store", "--to", folder.path().join("third").to_str().unwrap()],
    ] {
        let refused = shirube(&data, &writing);
        says(&refused, 2);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!([&place, hash, "--take-up"].iter().all(|part| told.contains(*part)), "{writing:?}: {told}");
    }
    let export = shirube(&data, &["export", "office_account"]);
    assert!(says(&export, 0).contains("ann"));
    assert!(String::from_utf8_lossy(&export.stderr).contains(&place));
    let verified = says(&shirube(&data, &["verify"]), 0);
    assert!(verified.contains(&format!("moved to {place}")) && verified.contains("the chain is whole"), "{verified}");
    assert!(!says(&shirube(&home, &["verify"]), 0).contains("moved to"));
    assert!(says(&shirube(&data, &["migrate-store", "--take-up"]), 0).contains(&place));
    says(&shirube(&data, &["migrate-store", "--take-up"]), 2);
    assert!(says(&shirube(&data, &["import", "office_account", rows]), 0).contains("1 unchanged"));
    assert!(!says(&shirube(&data, &["verify"]), 0).contains("moved to"));
}

/// Whoever runs a command on the machine leaves the same trail as one who asks the portal.
#[test]
fn what_commands_tell_of_personal_and_commercial_fields_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pack) = (folder.path().join("data"), folder.path().join("pack"));
    std::fs::create_dir(&pack).unwrap();
    copy(&packs().join("fictional-city"), &pack);
    let register = pack.join("registers/volunteer.toml");
    let text = std::fs::read_to_string(&register).unwrap();
    std::fs::write(&register, text.replace("codes = \"district\"", "codes = \"district\"\nsensitivity = \"commercial\"")).unwrap();
    let shirube = |arguments: &[&str]| shirube(&data, &[&["--pack", pack.to_str().unwrap()], arguments].concat());
    let accounts = folder.path().join("accounts.csv");
    std::fs::write(&accounts, "login,kind,_state\nann,person,active\n").unwrap();
    says(&shirube(&["import", "office_account", accounts.to_str().unwrap()]), 0);
    let readings = || {
        let verified = says(&shirube(&["verify"]), 0);
        let line = verified.lines().find(|line| line.contains(" over, last hash ")).unwrap();
        line.split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let backup = folder.path().join("plan.backup");
    for (command, more) in [
        (vec!["compute", "volunteers"], 0),
        (vec!["compute", "trees-planted", "--explain"], 0),
        (vec!["compute", "volunteers", "--explain"], 1),
        (vec!["user", "recover", "ann"], 1),
        // Of trees, volunteers and accounts: each has persons.
        (vec!["backup", "--plain", "--out", backup.to_str().unwrap()], 3),
        (vec!["backup", "--plain", "--out", backup.to_str().unwrap()], 0),
    ] {
        let before = readings();
        let done = shirube(&command);
        assert_eq!(readings() - before, more, "{command:?} {}", String::from_utf8_lossy(&done.stderr));
    }
    // What cannot be written down is not given out.
    std::fs::write(data.join("trail.db"), "no database").unwrap();
    std::fs::remove_file(&backup).unwrap();
    says(&shirube(&["backup", "--plain", "--out", backup.to_str().unwrap()]), 3);
    assert!(!backup.exists());
}
