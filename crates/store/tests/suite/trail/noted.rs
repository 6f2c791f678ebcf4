//! What a snapshot notes is what it gave, whatever is asked of it.

use super::{MINE, THEIRS, pack, project};
use crate::support::*;
use proptest::prelude::*;
use shirube_plan::Sensitivity;
use shirube_record::{Cell, Content};
use shirube_snapshot::{
    Alike, AsOf, Fields, Filter, ListQuery, Op, Organisations, Record, RegisterSight, Seen, Shown, Sight, Snapshot, Whose,
};
use shirube_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

/// Record and field.
type CellName = (i64, String);

/// What of a content is personal or commercial, read off by hand.
fn sensitive(id: i64, content: &Content) -> BTreeSet<CellName> {
    let mut found = BTreeSet::new();
    for (column, cell) in content {
        let field = match column.as_str() {
            "summary" => "summary",
            "initial" => "initial",
            name if name.starts_with("contact") => "contact",
            name if name.starts_with("report") => "report",
            "members" => match cell {
                Cell::Rows(rows) if rows.iter().any(|row| row.contains_key("who")) => "members.who",
                _ => continue,
            },
            _ => continue,
        };
        found.insert((id, field.to_string()));
    }
    found
}

fn noted(seen: &Seen) -> BTreeSet<CellName> {
    let mut found = BTreeSet::new();
    for reading in seen.take(&pack()) {
        assert_eq!(reading.register, "project");
        for (fields, ids) in &reading.cells {
            for (first, last) in ids.runs() {
                found.extend((*first..=*last).flat_map(|id| fields.iter().map(move |f| (id, f.clone()))));
            }
        }
    }
    found
}

fn shown() -> impl Strategy<Value = Shown> {
    let owner = (any::<bool>(), any::<bool>()).prop_map(|(of, mine)| {
        let organisations = Organisations { numbers: [if mine { MINE } else { THEIRS }.to_string()].into(), ids: [].into() };
        if of { Whose::Of(organisations) } else { Whose::NotOf(organisations) }
    });
    let alike = (prop::sample::select(vec!["draft", "closed"]), owner).prop_map(|(state, owner)| Alike {
        state: Some(state.into()),
        owner,
        synthetic: false,
    });
    prop_oneof![2 => Just(Shown::All), 1 => Just(Shown::None), 3 => prop::collection::vec(alike, 0..4).prop_map(Shown::Some)]
}

/// Something that is asked.
#[derive(Clone, Debug)]
enum Request {
    Record(usize),
    Some(usize, Fields),
    List(ListQuery),
    Each(ListQuery, usize),
    Search(String),
    File(usize),
    Titles,
}

fn fields() -> impl Strategy<Value = Fields> {
    let names = ["theme", "budget", "summary", "contact", "members", "report", "initial", "grants"];
    prop::option::of(prop::sample::subsequence(names.to_vec(), 0..5).prop_map(|f| Arc::new(f.into_iter().map(str::to_string).collect())))
}

fn list() -> impl Strategy<Value = ListQuery> {
    let filter = prop_oneof![
        Just(("theme", Op::Contains, "t")),
        Just(("contact", Op::Contains, "山")),
        Just(("summary", Op::Filled, "")),
        Just(("members.who", Op::Eq, "佐藤")),
        Just(("year", Op::Eq, "2024")),
    ]
    .prop_map(|(column, op, value)| Filter {
        column: column.into(),
        op,
        values: if value.is_empty() { vec![] } else { vec![value.into()] },
    });
    let sort = prop::option::of(prop::sample::select(vec!["theme", "contact", "_id"])).prop_map(|s| s.map(|s| (s.to_string(), true)));
    (prop::collection::vec(filter, 0..2), sort, 0..3_u64, 0..6_u64, fields()).prop_map(|(filters, sort, offset, limit, fields)| ListQuery {
        register: "project".into(),
        filters,
        sort: sort.into_iter().collect(),
        offset,
        limit,
        fields,
        ..ListQuery::default()
    })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (0..8_usize).prop_map(Request::Record),
        (0..8_usize, fields()).prop_map(|(at, fields)| Request::Some(at, fields)),
        list().prop_map(Request::List),
        (list(), 0..6_usize).prop_map(|(query, most)| Request::Each(query, most)),
        prop::sample::select(vec!["t1", "題"]).prop_map(|text: &str| Request::Search(text.into())),
        (0..8_usize).prop_map(Request::File),
        Just(Request::Titles),
    ]
}

/// Asks, and gives what was returned of personal and commercial cells.
fn ask(snapshot: &Snapshot, ids: &[i64], request: &Request) -> BTreeSet<CellName> {
    let mut returned = BTreeSet::new();
    let mut take = |record: Record| returned.extend(sensitive(record.id, &record.content));
    let id = |at: &usize| ids.get(*at).copied().unwrap_or(9_999);
    match request {
        Request::Record(at) => snapshot.record("project", id(at)).unwrap().into_iter().for_each(take),
        Request::Some(at, fields) => snapshot.record_with("project", id(at), fields).unwrap().into_iter().for_each(take),
        Request::List(query) => snapshot.list(query).unwrap().rows.into_iter().for_each(take),
        Request::Each(query, most) => {
            let mut heard = 0;
            snapshot
                .each(query, &mut |record| {
                    take(record);
                    heard += 1;
                    if heard > *most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })
                .unwrap();
        }
        // Names alone, which are public.
        Request::Search(text) => assert!(snapshot.search_records(text, 10).unwrap().iter().all(|hit| !hit.title.ja.contains("山田"))),
        Request::File(at) => {
            let hash = snapshot.record("project", id(at)).unwrap().and_then(|record| {
                take(record.clone());
                record.content.get("report_sha256").cloned()
            });
            if let Some(Cell::Text(sha)) = hash {
                assert!(snapshot.names_file("project", id(at), &sha).unwrap());
            }
        }
        Request::Titles => {
            for found in snapshot.cells("project", &["theme", "contact"], "", &[]).unwrap() {
                returned.extend(found.cells[1].as_ref().map(|_| (found.id, "contact".to_string())));
            }
        }
    }
    returned
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_noted_is_exactly_what_was_returned(
        rows in shown(),
        commercial in shown(),
        personal in shown(),
        records in prop::collection::vec((prop::sample::select(vec!["draft", "closed"]), prop::sample::select(vec![None, Some(MINE), Some(THEIRS)])), 1..7),
        requests in prop::collection::vec(request(), 1..6),
        earlier in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), pack()).unwrap();
        let ids: Vec<i64> = records.iter().enumerate().map(|(i, (state, owner))| project(&store, &format!("t{i}"), state, *owner)).collect();
        let seq = store.head_seq();
        if earlier {
            submit(&store, amend("project", ids[0], 1, &[("theme", Some(t("題")))]));
        }
        let as_of = if earlier { AsOf::Seq(seq) } else { AsOf::Head };
        let mut snapshot = Snapshot::open(&folder.path().join("head.db"), pack(), as_of).unwrap();
        let columns = [(Sensitivity::Public, rows.clone()), (Sensitivity::Internal, rows.clone()), (Sensitivity::Commercial, commercial), (Sensitivity::Personal, personal)];
        let sight = RegisterSight { rows, columns: columns.into() };
        snapshot.narrow(Some(Arc::new(Sight(BTreeMap::from([("project".to_string(), sight)]))))).unwrap();
        let seen = Arc::new(Seen::default());
        snapshot.heed(Some(Arc::clone(&seen)));
        let returned: BTreeSet<CellName> = requests.iter().flat_map(|request| ask(&snapshot, &ids, request)).collect();
        prop_assert_eq!(noted(&seen), returned);
        prop_assert!(noted(&seen).is_empty(), "what was taken is not noted twice");
    }
}
