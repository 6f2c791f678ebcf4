//! Fold, as-of and replay say the same.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_record::{Cell, Scope};
use shirube_snapshot::{AsOf, Snapshot, SnapshotError};
use shirube_store::{Actor, Command, Store, StoreError};
use std::sync::Arc;

/// Every row of every register and child table, as text.
fn dump(snapshot: &Snapshot) -> Vec<String> {
    let tables = ["hub", "project", "project__stages", "project__grants", "project__members"];
    let mut rows = vec![];
    for table in tables {
        // Cached: a reader that showed another moment before must not answer with that one.
        let mut statement = snapshot.connection().prepare_cached(&format!("SELECT * FROM {table} ORDER BY _id, 2")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<String> = columns.iter().enumerate().map(|(i, c)| format!("{c}={:?}", row.get_ref(i).unwrap())).collect();
            rows.push(format!("{table}: {}", values.join(" ")));
        }
    }
    rows
}

fn at(store: &Store, as_of: AsOf) -> Vec<String> {
    dump(&store.reader(&Actor::owner(), as_of).unwrap())
}

fn digest(store: &Store) -> [u8; 32] {
    store.head_digest(&Actor::owner()).unwrap()
}

/// What a random step does; numbers choose records and values.
#[derive(Clone, Debug)]
enum Step {
    Hub(u8),
    Create { theme: u8, budget: Option<u16>, stages: u8, grants: u8, contact: bool, unknown: bool },
    Amend { pick: u8, theme: u8, budget: Option<u16>, stages: u8, grants: u8 },
    Contact { pick: u8, blank: bool },
    Close { pick: u8 },
    Redact { pick: u8, all: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let budget = || prop::option::of(any::<u16>());
    prop_oneof![
        1 => any::<u8>().prop_map(Step::Hub),
        4 => (any::<u8>(), budget(), 0u8..8, 0u8..3, any::<bool>(), any::<bool>())
            .prop_map(|(theme, budget, stages, grants, contact, unknown)| Step::Create { theme, budget, stages, grants, contact, unknown }),
        6 => (any::<u8>(), any::<u8>(), budget(), 0u8..8, 0u8..3).prop_map(|(pick, theme, budget, stages, grants)| Step::Amend { pick, theme, budget, stages, grants }),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(pick, blank)| Step::Contact { pick, blank }),
        1 => any::<u8>().prop_map(|pick| Step::Close { pick }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(pick, all)| Step::Redact { pick, all }),
    ]
}

fn stages(mask: u8) -> Option<Cell> {
    let list: Vec<String> =
        ["basic", "applied", "clinical"].iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0).map(|(_, s)| s.to_string()).collect();
    (!list.is_empty()).then_some(Cell::List(list))
}

fn grants(count: u8) -> Option<Cell> {
    let rows = (0..count).map(|i| {
        let amount = if i == 1 { Cell::Missing { missing: "suppressed".into() } } else { n(100 + i64::from(count)) };
        content(&[("year", n(2020 + i64::from(i))), ("amount", amount)])
    });
    (count > 0).then(|| Cell::Rows(rows.collect()))
}

fn members() -> Cell {
    Cell::Rows(vec![
        content(&[("who", t("山田")), ("who_email", t("y@example.jp")), ("role", t("chair"))]),
        content(&[("role", t("member"))]),
    ])
}

/// Runs a step; refused ones are part of the game.
fn run(store: &Store, step: &Step, records: &mut Vec<i64>) {
    let pick = |pick: u8| records.get(usize::from(pick) % records.len().max(1)).copied();
    let version = |record: i64| store.history(&Actor::owner(), "project", record).map(|h| h.len() as i64).unwrap_or(0);
    let change = |record: i64, columns: &[(&str, Option<Cell>)]| amend("project", record, version(record), columns);
    let command = match step {
        Step::Hub(name) => create("hub", &[("name", t(&format!("hub {name}")))]),
        Step::Create { theme, budget, stages: mask, grants: count, contact, unknown } => {
            let mut columns = vec![("theme", t(&format!("theme {theme}"))), ("stage", t("basic"))];
            columns.extend(budget.map(|b| ("budget", n(b.into()))));
            columns.extend(stages(*mask).map(|c| ("stages", c)));
            columns.extend(grants(*count).map(|c| ("grants", c)));
            if *contact {
                columns.extend([("contact", t("鈴木")), ("contact_email", t("s@example.jp")), ("members", members())]);
            }
            if *unknown {
                columns.push(("started_on", Cell::Missing { missing: "unknown".into() }));
            }
            create("project", &columns)
        }
        Step::Amend { pick: p, theme, budget, stages: mask, grants: count } => {
            let Some(record) = pick(*p) else { return };
            let columns = [
                ("theme", Some(t(&format!("theme {theme}")))),
                ("budget", budget.map(|b| n(b.into()))),
                ("stages", stages(*mask)),
                ("grants", grants(*count)),
            ];
            change(record, &columns)
        }
        Step::Contact { pick: p, blank } => {
            let Some(record) = pick(*p) else { return };
            let value = |text: &str| if *blank { None } else { Some(t(text)) };
            change(record, &[("contact", value("佐藤")), ("contact_phone", value("03-1111-2222"))])
        }
        Step::Close { pick: p } => {
            let Some(record) = pick(*p) else { return };
            Command::Transition {
                register: "project".into(),
                record,
                version: version(record),
                transition: "close".into(),
                content: changes(&[]),
                reason: None,
            }
        }
        Step::Redact { pick: p, all } => {
            let Some(record) = pick(*p) else { return };
            let scope = if *all { Scope::All } else { Scope::Personal };
            Command::Redact { register: "project".into(), record, scope, reason: "asked for".into() }
        }
    };
    let created = matches!(step, Step::Create { .. });
    if let Ok(receipt) = store.submit(&Actor::owner(), command)
        && created
    {
        records.push(receipt.record);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_earlier_moment_shows_what_was_seen_then(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut records = vec![];
        let mut seen = vec![(0, at(&store, AsOf::Head))];
        for step in &steps {
            run(&store, step, &mut records);
            // What a redaction erases is gone from every moment: only what was seen since the last counts.
            if matches!(step, Step::Redact { .. }) && store.head_seq() > seen.last().unwrap().0 {
                seen.clear();
            }
            if seen.last().is_none_or(|s| s.0 < store.head_seq()) {
                seen.push((store.head_seq(), at(&store, AsOf::Head)));
            }
            // Asked for again and again while the head goes on, what is kept open for them must go along.
            for (seq, rows) in [seen.first(), seen.iter().nth_back(1)].into_iter().flatten() {
                prop_assert_eq!(&at(&store, AsOf::Seq(*seq)), rows, "as of {} at {}", seq, store.head_seq());
            }
        }
        for (seq, rows) in &seen {
            prop_assert_eq!(&at(&store, AsOf::Seq(*seq)), rows, "as of {}", seq);
        }
        prop_assert!(store.verify(&Actor::owner()).unwrap().is_clean());
    }

    #[test]
    fn a_head_made_anew_is_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut records = vec![];
        for step in &steps {
            run(&store, step, &mut records);
        }
        let moments: Vec<_> = (0..=store.head_seq()).map(|seq| at(&store, AsOf::Seq(seq))).collect();
        let before = digest(&store);
        store.rebuild_head(&Actor::owner()).unwrap();
        prop_assert_eq!(digest(&store), before);
        drop(store);
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("head.db{suffix}")));
        }
        let store = open(folder.path());
        prop_assert_eq!(digest(&store), before);
        for (seq, rows) in moments.iter().enumerate() {
            prop_assert_eq!(&at(&store, AsOf::Seq(seq as i64)), rows, "as of {}", seq);
        }
    }

    #[test]
    fn the_record_of_the_history_is_the_record_of_the_snapshot(steps in prop::collection::vec(step(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut records = vec![];
        for step in &steps {
            run(&store, step, &mut records);
        }
        let derived = ["initial", "big", "kind"];
        for record in records {
            let history = store.history(&Actor::owner(), "project", record).unwrap();
            for version in history {
                let reader = store.reader(&Actor::owner(), AsOf::Seq(version.seq)).unwrap();
                let shown = reader.record("project", record).unwrap();
                let stored = shown.map(|r| r.content.into_iter().filter(|(c, _)| !derived.contains(&c.as_str())).collect::<shirube_record::Content>());
                match stored {
                    // Erased as a whole: in no snapshot, whatever its version.
                    None => prop_assert!(version.content.is_empty()),
                    Some(content) => prop_assert_eq!(content, version.content),
                }
            }
        }
    }
}

#[test]
fn a_reader_keeps_its_moment_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("hub", &[("name", t("a"))]));
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let before = dump(&reader);
    submit(&store, amend("hub", 1, 1, &[("name", Some(t("b")))]));
    assert_eq!(dump(&reader), before);
    assert_eq!(reader.moment().seq, 1);
    assert_ne!(at(&store, AsOf::Head), before);
}

#[test]
fn times_lead_to_events() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("hub", &[("name", t("a"))]));
    let first = store.history(&Actor::owner(), "hub", 1).unwrap()[0].at;
    std::thread::sleep(std::time::Duration::from_millis(5));
    submit(&store, create("hub", &[("name", t("b"))]));
    let moment = |as_of| store.reader(&Actor::owner(), as_of).unwrap().moment();
    assert_eq!(moment(AsOf::At(first)).seq, 1);
    assert_eq!(moment(AsOf::At(first - 1)).seq, 0);
    assert_eq!(moment(AsOf::At(first + 3_600)).seq, 2, "later today is now");
    for to_come in [AsOf::At(i64::MAX), AsOf::At(first + 2 * 86_400_000), AsOf::Seq(3)] {
        let refused = store.reader(&Actor::owner(), to_come).err();
        assert!(matches!(refused, Some(StoreError::Snapshot(SnapshotError::NotYet { last: 2, .. }))), "{refused:?}");
    }
    assert_eq!((moment(AsOf::Seq(1)).seq, moment(AsOf::Seq(1)).at_ms), (1, first));
    assert_eq!(moment(AsOf::Seq(0)).seq, 0);
    assert_eq!(moment(AsOf::Seq(2)).seq, 2);
    assert!(at(&store, AsOf::At(first - 1)).is_empty());
}

#[test]
fn a_clock_set_back_does_not_turn_the_order_round() {
    // Events of the future, as a wrong clock would have left them.
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("hub", &[("name", t("a"))]));
    drop(store);
    let later = "UPDATE event SET at = at + 86400000";
    match server() {
        Some(server) => client(&server, folder.path()).batch_execute(&format!("ALTER TABLE event DISABLE TRIGGER USER; {later}")).unwrap(),
        None => {
            let log = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
            log.execute_batch(&format!("DROP TRIGGER event_is_fixed; {later}")).unwrap();
        }
    }
    std::fs::remove_file(folder.path().join("head.db")).unwrap();
    let store = open_with(folder.path(), Arc::new(pack())).unwrap();
    submit(&store, create("hub", &[("name", t("b"))]));
    let times: Vec<i64> = (1..=2).map(|r| store.history(&Actor::owner(), "hub", r).unwrap()[0].at).collect();
    assert_eq!(times[0], times[1]);
}
