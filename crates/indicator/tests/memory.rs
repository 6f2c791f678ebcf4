//! An indicator that sorts without end runs out of time, not of memory. Alone in its file: it looks at the memory of
//! the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use shirube_indicator::{Limits, Mistake, Overrides, compute_within};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Store};
use std::time::Duration;

/// Most memory this process ever held, in kB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn sorting_without_end_fills_no_memory() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(folder.path(), common::base()).unwrap();
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let bomb = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n),
                s AS (SELECT printf('%.*c', 500000, 'x') || i AS x FROM n)
                SELECT '2024' AS period, max(length(x)) AS value FROM (SELECT x FROM s ORDER BY x LIMIT -1 OFFSET 1)";
    let before = most_memory();
    let limits = Limits { time: Duration::from_secs(1), ..Limits::default() };
    let mistake = *compute_within(&reader, &common::indicator(bomb, ""), &Overrides::new(), limits).unwrap_err().mistake;
    assert_eq!(mistake, Mistake::TooSlow { seconds: 1.0 });
    assert!(most_memory() - before < 100_000, "{} kB before, {} kB after", before, most_memory());
}
