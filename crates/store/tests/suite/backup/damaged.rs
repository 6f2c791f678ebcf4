//! Whatever is wrong with a backup is found.

use super::{back_up, fill, plain, prove, redact, restore};
use crate::support::*;
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Archive, BackupError, Identity, Seal, StoreError};
use std::{io::Read, path::Path};

/// The parts of a backup that is not encrypted.
fn parts(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(std::fs::File::open(path).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, std::fs::File>>| {
        let mut entry = entry.unwrap();
        let mut bytes = vec![];
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    };
    tar.entries().unwrap().map(read).collect()
}

fn write(path: &Path, parts: &[(String, Vec<u8>)]) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    tar.finish().unwrap();
}

#[test]
fn whatever_is_wrong_with_a_backup_is_found_and_nothing_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    redact(&store, 1, Scope::Personal);
    let (out, bad) = (folder.path().join("backup"), folder.path().join("bad"));
    back_up(folder.path(), &out, &Seal::Plain).unwrap();
    let whole = parts(&out);
    assert_eq!(whole.len(), 4, "a manifest, a part of the log, two files");
    let replace = |part: usize, from: &str, to: &str| {
        let mut parts = whole.clone();
        let text = String::from_utf8(parts[part].1.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        parts[part].1 = text.replacen(from, to, 1).into_bytes();
        parts
    };
    let without = |part: usize| whole.iter().enumerate().filter(|(at, _)| *at != part).map(|(_, p)| p.clone()).collect::<Vec<_>>();
    let with = |name: &str, bytes: &[u8]| [whole.clone(), vec![(name.to_string(), bytes.to_vec())]].concat();
    let line = String::from_utf8(whole[1].1.clone()).unwrap().lines().nth(4).unwrap().to_string() + "\n";
    let last = String::from_utf8(whole[1].1.clone()).unwrap().lines().last().unwrap().to_string() + "\n";
    let cases = [
        ("a payload was changed", replace(1, "題名3", "題名9")),
        ("an event is missing", replace(1, &line, "")),
        ("the last event is missing", replace(1, &last, "")),
        ("an event comes twice", replace(1, &line, &format!("{line}{line}"))),
        ("an event was changed", replace(1, "\"actor\":\"owner\"", "\"actor\":\"other\"")),
        ("a hash is none", replace(1, "\"prev\":\"00", "\"prev\":\"0")),
        ("an event has the least number there is", replace(1, "\"seq\":3", &format!("\"seq\":{}", i64::MIN))),
        ("an event has the greatest number there is", replace(1, "\"seq\":3", &format!("\"seq\":{}", i64::MAX))),
        ("a line is none", replace(1, "{\"seq\":3", "{seq:3")),
        ("the manifest says more", replace(0, "\"events\": 8", "\"events\": 9")),
        ("the manifest says another hash", replace(0, "\"last_hash\": \"", "\"last_hash\": \"0")),
        ("the manifest says other redactions", replace(0, "\"1\": [", "\"2\": [")),
        ("a file was changed", replace(2, "file", "fill")),
        ("a file is longer", replace(2, "file", "file ")),
        ("a file is missing", without(2)),
        ("a file is said to be longer than any can be", replace(0, "\"size\": ", "\"size\": 18446744073709551615, \"was\": ")),
        ("the log is missing", without(1)),
        ("the manifest is missing", without(0)),
        ("a file that it does not say", with(&format!("files/{}", "0".repeat(64)), b"")),
        ("another part", with("other", b"")),
        ("another format", replace(0, "\"format\": 2", "\"format\": 9")),
    ];
    for (what, parts) in cases {
        write(&bad, &parts);
        assert!(matches!(prove(&plain(&bad)), Err(StoreError::Backup(_))), "{what} was not found");
        let to = tempfile::tempdir().unwrap();
        assert!(matches!(restore(&bad, to.path(), AsOf::Head), Err(StoreError::Backup(_))), "{what} was restored");
        assert!(!to.path().join("log.db").exists() && !to.path().join("restoring").exists());
        assert_eq!(open(to.path()).head_seq(), 0, "{what}: something is in the log");
    }
    // Cut off anywhere, encrypted or not.
    let key = Identity::generate().unwrap();
    let sealed = folder.path().join("sealed");
    back_up(folder.path(), &sealed, &Seal::Recipients(vec![key.recipient()])).unwrap();
    for (path, identities) in [(&out, vec![]), (&sealed, vec![key])] {
        let bytes = std::fs::read(path).unwrap();
        for eighth in 0..8 {
            std::fs::write(&bad, &bytes[..bytes.len() * eighth / 8]).unwrap();
            assert!(
                prove(&Archive { path: bad.clone(), identities: identities.clone() }).is_err(),
                "cut at {eighth}/8 of {}",
                path.display()
            );
        }
    }
    std::fs::write(&bad, b"another file").unwrap();
    assert!(matches!(prove(&plain(&bad)), Err(StoreError::Backup(e)) if matches!(*e, BackupError::NotABackup { .. })));
}
