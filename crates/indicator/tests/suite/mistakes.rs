//! Every mistake an indicator's author can make, with the words that teach the mend (`mistakes.txt`).
#![allow(clippy::unwrap_used, clippy::panic)]

use shirube_indicator::{Limits, Overrides, compute_within};
use std::time::Duration;

#[test]
fn every_mistake_tells_its_place_and_its_mend() {
    let text = std::fs::read_to_string(crate::common::tests_folder().join("mistakes.txt")).unwrap();
    let snapshot = crate::common::snapshot(&crate::common::base());
    let mut wrong = String::new();
    let blocks: Vec<&str> = text.split("\n----\n").skip(1).collect();
    assert!(blocks.len() > 30);
    for block in blocks {
        let (question, expected) = block.split_once("\n=> ").unwrap();
        let (mut more, mut limits, mut overrides, mut sql) = (String::new(), Limits::default(), Overrides::new(), vec![]);
        for line in question.lines().skip(1) {
            match line.split_once(' ') {
                Some(("with", rest)) => more = rest.to_string(),
                Some(("limits", rest)) => match rest.split_once('=').unwrap() {
                    ("time", seconds) => limits.time = Duration::from_secs_f64(seconds.parse().unwrap()),
                    ("rows", rows) => limits.rows = rows.parse().unwrap(),
                    other => panic!("{other:?}"),
                },
                Some(("try", rest)) => {
                    let (id, value) = rest.split_once('=').unwrap();
                    overrides.insert(id.to_string(), value.parse().unwrap());
                }
                _ => sql.push(line),
            }
        }
        let indicator = crate::common::indicator(&sql.join("\n"), &more);
        let got = compute_within(&snapshot, &indicator, &overrides, limits).map(|_| ()).map_err(|e| e.to_string());
        if got.as_ref().err().map(String::as_str) != Some(expected.trim()) {
            wrong += &format!("{}\n   expected {}\n   got      {:?}\n", question, expected.trim(), got);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
