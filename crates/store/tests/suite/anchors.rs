//! A log that was written anew is a whole chain in itself; what was anchored elsewhere tells.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use shirube_store::{Actor, Anchor, AnchorError, Problem, Store, StoreError};
use std::{
    io::{Read, Write},
    path::Path,
};

fn hubs(folder: &Path, names: &[&str]) -> Store {
    let store = open(folder);
    for name in names {
        submit(&store, create("hub", &[("name", t(name))]));
    }
    store
}

fn anchor(folder: &Path) -> Option<Anchor> {
    Store::anchor(folder, &place(folder), "test", &Actor::owner()).unwrap()
}

fn check(folder: &Path, anchors: &Path) -> Result<(usize, Option<(i64, bool)>), StoreError> {
    let (held, lost) = Store::verify_anchors(folder, &place(folder), anchors, &Actor::owner())?;
    Ok((held, lost.map(|lost| (lost.anchor.seq, lost.found.is_some()))))
}

#[test]
fn a_log_written_anew_verifies_and_fails_against_its_anchors() {
    let [folder, other, short] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let anchors = folder.path().join("anchors");
    let store = hubs(folder.path(), &[]);
    assert_eq!(anchor(folder.path()), None);
    for name in ["a", "b", "c"] {
        submit(&store, create("hub", &[("name", t(name))]));
        anchor(folder.path()).unwrap().append(&anchors).unwrap();
    }
    let last = Anchor::last_in(&anchors).unwrap();
    assert_eq!((last.seq, &last.hash), (3, &store.verify(&Actor::owner()).unwrap().last_hash));
    submit(&store, create("hub", &[("name", t("d"))]));
    assert_eq!(check(folder.path(), &anchors).unwrap(), (3, None));
    // The same records, the second one another; whole in itself.
    let written_anew = hubs(other.path(), &["a", "x", "c", "d"]);
    let found: Vec<Problem> = written_anew.verify(&Actor::owner()).unwrap().problems;
    assert_eq!(found, []);
    // Salts differ as well, so already the first event is another.
    assert_eq!(check(other.path(), &anchors).unwrap(), (3, Some((1, true))));
    drop(hubs(short.path(), &[]));
    assert_eq!(check(short.path(), &anchors).unwrap(), (3, Some((1, false))), "cut off");
    let stranger = Store::verify_anchors(folder.path(), &place(folder.path()), &anchors, &Actor::nobody());
    assert!(matches!(stranger, Err(StoreError::Denied { .. })));
}

#[test]
fn anchors_that_do_not_read_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("hub", &[("name", t("a"))]));
    let (anchors, a) = (folder.path().join("anchors"), anchor(folder.path()).unwrap());
    std::fs::write(&anchors, "\n").unwrap();
    assert!(matches!(check(folder.path(), &anchors), Err(StoreError::Anchor(AnchorError::None(_)))));
    // Cut off by a crash: what comes next has a line of its own.
    std::fs::write(&anchors, "{\"at\":\"2026").unwrap();
    a.append(&anchors).unwrap();
    assert_eq!(Anchor::last_in(&anchors), Some(a.clone()));
    assert!(matches!(check(folder.path(), &anchors), Err(StoreError::Anchor(AnchorError::Line { line: 1, .. }))));
    let text = std::fs::read_to_string(&anchors).unwrap().lines().last().unwrap().to_string();
    std::fs::write(&anchors, text).unwrap();
    a.append(&anchors).unwrap();
    assert_eq!(check(folder.path(), &anchors).unwrap(), (2, None));
    // The pack is known once a pack has brought a record, or its mark is there.
    std::fs::write(folder.path().join("pack"), "test\n1\nx\n").unwrap();
    Anchor { pack: "other".into(), ..a }.append(&anchors).unwrap();
    assert!(matches!(check(folder.path(), &anchors), Err(StoreError::Anchor(AnchorError::OtherPack { line: 3, .. }))));
    assert!(matches!(check(folder.path(), &folder.path().join("none")), Err(StoreError::File { .. })));
}

/// A server that answers once, and what it was sent.
fn server_that_says(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in?token=secret", listener.local_addr().unwrap());
    let answer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut read, mut buffer) = (vec![], [0; 4096]);
        while !String::from_utf8_lossy(&read).contains("\"pack\"") {
            let n = stream.read(&mut buffer).unwrap();
            assert!(n > 0, "the request ended without an anchor");
            read.extend_from_slice(&buffer[..n]);
        }
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8(read).unwrap()
    });
    (url, answer)
}

#[test]
fn a_server_is_told_and_its_refusal_is_an_error_without_the_addresss_secret() {
    let a = Anchor { at: "2026-11-21T00:00:00Z".into(), seq: 3, hash: "ab".repeat(32), pack: "test".into(), readings: None };
    let (url, told) = server_that_says("204 No Content");
    a.post(&url.parse().unwrap()).unwrap();
    let told = told.join().unwrap();
    assert!(
        told.starts_with("POST /in?token=secret HTTP/1.1\r\n") && told.to_lowercase().contains("content-type: application/json"),
        "{told}"
    );
    assert_eq!(serde_json::from_str::<Anchor>(told.split("\r\n\r\n").nth(1).unwrap()).unwrap(), a);
    for status in ["500 Internal Server Error", "302 Found"] {
        let (url, told) = server_that_says(status);
        let refused = a.post(&url.parse().unwrap()).unwrap_err();
        told.join().unwrap();
        assert!(matches!(&refused, StoreError::Anchor(AnchorError::Refused { what, .. }) if what.starts_with(&status[..3])), "{refused}");
        assert!(!refused.to_string().contains("secret"));
    }
    let refused = a.post(&"http://127.0.0.1:1/".parse().unwrap());
    assert!(matches!(refused, Err(StoreError::Anchor(AnchorError::Refused { .. }))));
}
