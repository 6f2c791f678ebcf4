//! Measures the store on one register with many records; prints one figure per line.
//!
//! `cargo run --release -p shirube-store --example bench_store -- [records] [folder]`
//!
//! Records are generated, always the same. The folder is made anew; default is `target/bench_store`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use shirube_plan::{Check, Code, CodeList, Field, FieldKind, NumberPart, Numbering, Pack, Pair, Register, Sensitivity, Storage};
use shirube_record::{Cell, Content, Origin, Scope};
use shirube_snapshot::{AsOf, Filter, ListQuery, Op};
use shirube_store::{Actor, Command, Store};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Instant};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let records: usize = arguments.next().map_or(1_000_000, |n| n.parse().expect("a number of records"));
    let folder = arguments.next().map_or_else(|| PathBuf::from("target/bench_store"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    let pack = Arc::new(pack());
    let store = Store::open(&folder, pack.clone()).unwrap();
    import(&store, records);
    if std::env::args().nth(3).is_some_and(|only| only == "import") {
        return;
    }
    index(&store);
    drop(store);
    let store = once("start", || Store::open(&folder, pack.clone()).unwrap());
    let store = Arc::new(store);
    lists(&store, AsOf::Head, "head");
    for threads in [1, 16] {
        readings(&store, threads, false);
        readings(&store, threads, true);
    }
    writes(&store, 1, 200);
    writes(&store, 32, 3200);
    amend(&store, records);
    lists(&store, AsOf::Head, "head after amendments");
    lists(&store, AsOf::Seq(records as i64), "as of before them");
    lists(&store, AsOf::Seq(records as i64 / 2), "as of half of the import");
    index(&store);
    let report = once("verify", || store.verify(&Actor::owner()).unwrap());
    assert!(report.is_clean());
    once("redact", || {
        let redact = Command::Redact { register: "project".into(), record: 7, scope: Scope::All, reason: "measured".into() };
        store.submit(&Actor::owner(), redact).unwrap()
    });
    once("snapshot file", || store.snapshot_to(&Actor::owner(), AsOf::Head, &folder.join("copy.db")).unwrap());
    once("rebuild the head", || store.rebuild_head(&Actor::owner()).unwrap());
    for file in ["log.db", "head.db", "search.db", "copy.db"] {
        println!("size of {file}: {:.0} MB", std::fs::metadata(folder.join(file)).map_or(0.0, |m| m.len() as f64 / 1e6));
    }
}

fn once<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what}: {:.2} s", start.elapsed().as_secs_f64());
    done
}

/// Pages of 100 records with a commercial field, by several readers at once; with the trail each is written down first.
fn readings(store: &Arc<Store>, threads: usize, written: bool) {
    let read = |page: u64| {
        let owner = Actor::owner();
        let actor = if written { owner.asking("bench", None) } else { owner };
        let query = ListQuery { register: "project".into(), offset: page % 50 * 100, limit: 100, ..ListQuery::default() };
        let start = Instant::now();
        assert_eq!(store.reader(&actor, AsOf::Head).unwrap().list(&query).unwrap().rows.len(), 100);
        store.settle(&actor).unwrap();
        start.elapsed()
    };
    let begun = Instant::now();
    let mut times: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(move || (0..300).map(read).collect::<Vec<_>>())).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort();
    let at = |part: usize| times[times.len() * part / 100 - 1].as_secs_f64() * 1e3;
    println!(
        "list of 100 with a commercial field, {threads} readers, {}: p50 {:.2} ms, p99 {:.2} ms, {:.0}/s",
        if written { "with the trail" } else { "without" },
        at(50),
        at(99),
        times.len() as f64 / begun.elapsed().as_secs_f64()
    );
}

/// The time until the search index has caught up.
fn index(store: &Store) {
    once("search index behind for", || {
        while store.reader(&Actor::owner(), AsOf::Head).unwrap().indexed().unwrap().unwrap_or(0) < store.head_seq() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
}

/// Single acknowledged writes from some threads.
fn writes(store: &Arc<Store>, threads: u64, count: u64) {
    let start = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let store = store.clone();
            let work = move || {
                (0..count / threads)
                    .map(|i| {
                        let start = Instant::now();
                        store.submit(&Actor::owner(), create(10_000_000 * (1 + threads) + thread * 100_000 + i)).unwrap();
                        start.elapsed().as_secs_f64() * 1000.0
                    })
                    .collect::<Vec<f64>>()
            };
            std::thread::spawn(work)
        })
        .collect();
    let times: Vec<f64> = workers.into_iter().flat_map(|w| w.join().unwrap()).collect();
    println!("write by {threads} at once: {:.0} acknowledged/s, {}", count as f64 / start.elapsed().as_secs_f64(), percentiles(times));
}

/// Every tenth record amended, in one batch.
fn amend(store: &Store, records: usize) {
    let commands: Vec<Command> = (1..=records as i64)
        .step_by(10)
        .map(|record| {
            let content = BTreeMap::from([
                ("budget".to_string(), Some(Cell::Integer(record * 7 % 500_000_000))),
                ("stage".to_string(), Some(Cell::Text("market".into()))),
            ]);
            let active = ("active".to_string(), Some(Cell::Integer(record / 10 % 2)));
            Command::Amend {
                register: "project".into(),
                record,
                version: 1,
                content: content.into_iter().chain([active]).collect(),
                reason: None,
            }
        })
        .collect();
    let count = commands.len();
    let start = Instant::now();
    let result = store.submit_all(&Actor::owner(), commands, &|_| {});
    let seconds = start.elapsed().as_secs_f64();
    result.unwrap();
    println!("amend: {count} records in {seconds:.1} s, {:.0} records/s", count as f64 / seconds);
}

fn percentiles(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at = |p: f64| times[((times.len() - 1) as f64 * p) as usize];
    format!("p50 {:.1} ms, p95 {:.1} ms, most {:.1} ms", at(0.5), at(0.95), at(1.0))
}

/// Many different lists of one moment.
fn lists(store: &Store, as_of: AsOf, name: &str) {
    let start = Instant::now();
    let reader = store.reader(&Actor::owner(), as_of).unwrap();
    println!("open a reader, {name}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    let filter =
        |column: &str, op, values: &[&str]| Filter { column: column.into(), op, values: values.iter().map(|v| v.to_string()).collect() };
    let filters: Vec<(&str, Vec<Filter>)> = vec![
        ("all", vec![]),
        ("one stage", vec![filter("stage", Op::Eq, &["clinical"])]),
        ("stage and country", vec![filter("stage", Op::Eq, &["market"]), filter("country", Op::In, &["JP", "US"])]),
        ("a day", vec![filter("started_on", Op::Eq, &["2015-06-15"])]),
        ("from a day, in a year", vec![filter("started_on", Op::Ge, &["2020-01-01"]), filter("fiscal_year", Op::Eq, &["2015"])]),
        ("budgets of a range", vec![filter("budget", Op::Ge, &["1億"]), filter("budget", Op::Lt, &["1億1千万"])]),
        ("small shares of large ones", vec![filter("share", Op::Lt, &["0.5"]), filter("large", Op::Eq, &["1"])]),
        ("not active", vec![filter("active", Op::Eq, &["no"])]),
    ];
    let sorts: [(&str, Vec<(String, bool)>); 5] = [
        ("newest", vec![("_id".into(), true)]),
        ("budget", vec![("budget".into(), true)]),
        ("start", vec![("started_on".into(), false)]),
        ("theme", vec![("theme".into(), false)]),
        ("organisation", vec![("organisation".into(), false)]),
    ];
    let texts = [None, Some("心臓弁"), Some("ロボット 実用化"), Some("弁"), Some("777777"), Some("無い言葉")];
    let mut all = vec![];
    let mut slowest = (0.0, String::new());
    for (what, filters) in &filters {
        for (order, sort) in &sorts {
            for (page, text) in texts.iter().enumerate().map(|(i, t)| ((i as u64 % 3) * 50, t)) {
                let query = ListQuery {
                    register: "project".into(),
                    text: text.map(str::to_string),
                    filters: filters.clone(),
                    sort: sort.clone(),
                    offset: page,
                    limit: 50,
                    ..ListQuery::default()
                };
                let start = Instant::now();
                reader.list(&query).unwrap();
                let time = start.elapsed().as_secs_f64() * 1000.0;
                all.push(time);
                if std::env::var("BENCH_EACH").is_ok() && time > 20.0 {
                    println!("  {time:.1} ms: {what}, by {order}, {text:?}");
                }
                if time > slowest.0 {
                    slowest = (time, format!("{what}, by {order}, with {text:?}"));
                }
            }
        }
    }
    println!("list, {name}: {} lists, {}; slowest: {}", all.len(), percentiles(all.clone()), slowest.1);
    let mut searches = vec![];
    for text in ["心臓弁", "ロボット 実用化", "弁", "777777", "P-2026", "無い言葉"] {
        let start = Instant::now();
        reader.search(text, 20).unwrap();
        searches.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    println!("search, {name}: {}", percentiles(searches));
}

/// Validated records per second, one batch, durable at the end.
fn import(store: &Store, records: usize) {
    let commands: Vec<Command> = (0..records).map(|i| create(i as u64)).collect();
    let start = Instant::now();
    let receipts = store.submit_all(&Actor::owner(), commands, &|_| {}).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("import: {} records in {seconds:.1} s, {:.0} records/s", receipts.len(), receipts.len() as f64 / seconds);
}

/// A step of a simple generator of well-mixed numbers.
fn mix(i: u64, salt: u64) -> u64 {
    let mut x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

const SUBJECTS: [&str; 12] = [
    "人工心臓弁",
    "内視鏡",
    "画像診断支援",
    "手術支援ロボット",
    "体外診断薬",
    "補聴器",
    "透析装置",
    "人工関節",
    "心電計",
    "輸液ポンプ",
    "放射線治療装置",
    "遠隔監視",
];
const VERBS: [&str; 8] = ["の開発", "の実用化研究", "の臨床評価", "の国際標準化", "の性能評価", "の改良", "の試作", "の海外展開"];
const STAGES: [&str; 6] = ["basic", "applied", "preclinical", "clinical", "approval", "market"];

fn create(i: u64) -> Command {
    let pick = |salt: u64, n: u64| mix(i, salt) % n;
    let text = |s: String| Cell::Text(s);
    let started = format!("{}-{:02}-{:02}", 2005 + pick(1, 20), 1 + pick(2, 12), 1 + pick(3, 28));
    let content = Content::from([
        ("code".to_string(), text(format!("C{:07}", mix(i, 4) % 10_000_000 * 1_000_003 % 10_000_000 + i * 10_000_000))),
        ("theme".to_string(), text(format!("{}{} {}", SUBJECTS[pick(5, 12) as usize], VERBS[pick(6, 8) as usize], i))),
        ("fiscal_year".to_string(), Cell::Integer(2005 + pick(7, 20) as i64)),
        ("stage".to_string(), text(STAGES[pick(8, 6) as usize].to_string())),
        ("budget".to_string(), Cell::Integer(pick(9, 500_000) as i64 * 1000)),
        ("share".to_string(), Cell::Real(pick(10, 10_000) as f64 / 100.0)),
        ("started_on".to_string(), text(started)),
        ("country".to_string(), text(["JP", "US", "DE", "CN"][pick(11, 4) as usize].to_string())),
        ("active".to_string(), Cell::Integer(pick(12, 2) as i64)),
        ("organisation".to_string(), text(format!("{}研究所", SUBJECTS[pick(13, 12) as usize]))),
        ("note".to_string(), text(format!("第{}回の評価委員会で{}とされた。", pick(14, 30), VERBS[pick(15, 8) as usize]))),
    ]);
    Command::Create { register: "project".into(), content, origin: Origin::default() }
}

fn pack() -> Pack {
    let pair = |ja: &str, en: &str| Pair { ja: ja.into(), en: en.into() };
    let field = |name: &str, kind, required| Field {
        name: name.into(),
        label: pair(name, name),
        help: None,
        kind,
        required,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    };
    let text = |pattern: Option<&str>| FieldKind::Text { max_length: 300, pattern: pattern.map(str::to_string) };
    let list = |name: &str, codes: &[&str]| {
        let codes = codes.iter().map(|c| Code { code: c.to_string(), label: pair(c, c), ..Code::default() }).collect();
        (name.to_string(), CodeList { name: name.into(), label: pair(name, name), codes })
    };
    let mut pack = Pack { digest: "bench".into(), ..Pack::default() };
    pack.meta.fiscal_year_start = 4;
    pack.code_lists = BTreeMap::from([list("stage", &STAGES), list("country", &["JP", "US", "DE", "CN"])]);
    let mut register = Register {
        name: "project".into(),
        label: pair("課題", "Projects"),
        title: "theme".into(),
        key: vec!["code".into()],
        number: Some(Numbering {
            parts: vec![NumberPart::Literal("P-".into()), NumberPart::Year, NumberPart::Literal("-".into()), NumberPart::Seq(7)],
        }),
        fields: vec![
            field("code", text(Some("C[0-9]+")), true),
            field("theme", text(None), true),
            field("fiscal_year", FieldKind::FiscalYear { min: Some(2000), max: Some(2040) }, true),
            field("stage", FieldKind::Choice { codes: "stage".into() }, true),
            field("budget", FieldKind::Money { currency: "JPY".into(), places: 0, min: Some(0.0), max: None }, false),
            field("share", FieldKind::Decimal { places: 2, min: Some(0.0), max: Some(100.0), unit: None }, false),
            field("started_on", FieldKind::Date { min: None, max: None }, false),
            field("country", FieldKind::Country, false),
            field("active", FieldKind::Boolean, false),
            field("organisation", FieldKind::Organisation, false),
            field("note", FieldKind::LongText { max_length: 20_000 }, false),
            field("large", FieldKind::Derived { sql: "budget >= 100000000".into(), stored_as: Storage::Integer }, false),
        ],
        checks: vec![Check {
            name: "in_time".into(),
            sql: "started_on >= '2000-01-01'".into(),
            field: Some("started_on".into()),
            message: pair("開始日", "start"),
            place: Default::default(),
        }],
        ..Register::default()
    };
    for field in register.fields.iter_mut().filter(|f| f.name == "organisation") {
        field.sensitivity = Sensitivity::Commercial;
    }
    pack.registers.insert("project".into(), register);
    pack
}
