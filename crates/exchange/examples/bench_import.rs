//! Measures import and export on one register with many records; prints one figure per line.
//!
//! `cargo run --release -p shirube-exchange --example bench_import -- [records] [folder]`
//!
//! Records are generated, always the same. The folder is made anew; default is `target/bench_import`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use shirube_exchange::import::{self, ImportOptions, Plan};
use shirube_plan::{Files, Pack};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Store};
use std::{fmt::Write, path::PathBuf, sync::Arc, time::Instant};

const PACK: &str = r#"
id = "bench"
version = "1"
label = { ja = "計測", en = "Benchmark" }
description = { ja = "計測用", en = "For measuring" }
fictional = true
fiscal_year_start = 4
"#;

const STAGES: &str = r#"
label = { ja = "開発ステージ", en = "Development stage" }
codes = [
  { code = "basic", ja = "基礎研究", en = "Basic research" },
  { code = "applied", ja = "応用研究", en = "Applied research" },
  { code = "preclinical", ja = "非臨床", en = "Preclinical" },
  { code = "clinical", ja = "臨床", en = "Clinical" },
  { code = "approval", ja = "承認申請", en = "Application for approval" },
  { code = "market", ja = "市販", en = "On the market" },
]
"#;

const PROJECT: &str = r#"
label = { ja = "研究開発課題", en = "R&D projects" }
description = { ja = "課題", en = "Projects" }
number = "PRJ-{year}-{seq:4}"
key = ["fiscal_year", "theme"]
title = "theme"
field = [
  { name = "fiscal_year", type = "fiscal_year", required = true, label = { ja = "調査年度", en = "Survey year" } },
  { name = "theme", type = "text", required = true, label = { ja = "課題名", en = "Theme" } },
  { name = "stage", type = "choice", codes = "stage", label = { ja = "ステージ", en = "Stage" } },
  { name = "budget", type = "money", min = 0, label = { ja = "予算", en = "Budget" } },
  { name = "share", type = "decimal", max = 100, label = { ja = "割合", en = "Share" } },
  { name = "started_on", type = "date", label = { ja = "開始日", en = "Started" } },
  { name = "country", type = "country", label = { ja = "国", en = "Country" } },
  { name = "active", type = "boolean", label = { ja = "継続中", en = "Active" } },
  { name = "organisation", type = "organisation", label = { ja = "実施機関", en = "Body" } },
  { name = "note", type = "longtext", label = { ja = "備考", en = "Note" } },
]
check = [
  { name = "started_by_then", sql = "fiscal_year(started_on) <= fiscal_year", field = "started_on", message = { ja = "開始日が調査年度より後です", en = "Started after the survey" } },
]
"#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let records: u64 = arguments.next().map_or(1_000_000, |n| n.parse().expect("a number of records"));
    let folder = arguments.next().map_or_else(|| PathBuf::from("target/bench_import"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&folder);
    let store = Store::open(&folder, pack()).unwrap();
    let file = csv(records);
    println!("file: {} rows, {:.0} MB of CSV", records, file.len() as f64 / 1e6);
    import_once(&store, &file, "create", Plan { rows: records, create: records, ..Plan::default() });
    import_once(&store, &file, "again, all unchanged", Plan { rows: records, unchanged: records, ..Plan::default() });
    println!("memory at most: {} MB", peak_mb());
}

fn import_once(store: &Store, file: &[u8], what: &str, expected: Plan) {
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let (start, used) = (Instant::now(), cpu_seconds());
    let options = ImportOptions::default();
    let prepared = import::prepare(&reader, &Actor::owner(), "project", file, &options, &shirube_exchange::silent).unwrap();
    drop(reader);
    let (checked, used_to_check) = (start.elapsed().as_secs_f64(), cpu_seconds() - used);
    assert_eq!((prepared.plan, prepared.error_count), (expected, 0), "{:?}", prepared.errors.first());
    import::run(store, &Actor::owner(), prepared, &shirube_exchange::silent).unwrap();
    let (done, used) = (start.elapsed().as_secs_f64(), cpu_seconds() - used);
    let rows = expected.rows as f64;
    println!(
        "import ({what}): checked in {checked:.1} s ({:.0}/s; {used_to_check:.1} s of CPU), done in {done:.1} s ({:.0} records/s; {used:.1} s of CPU)",
        rows / checked,
        rows / done
    );
}

fn pack() -> Arc<Pack> {
    let files = [("pack.toml", PACK), ("codes/stage.toml", STAGES), ("registers/project.toml", PROJECT)];
    let files: Files = files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect();
    let (pack, mistakes) = shirube_plan::load(&files);
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    Arc::new(pack)
}

/// A step of a simple generator of well-mixed numbers.
fn mix(i: u64, salt: u64) -> u64 {
    let mut x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A file as a desk would send it: labels, eras, separators, full-width digits among plain ones.
fn csv(records: u64) -> Vec<u8> {
    const SUBJECTS: [&str; 6] = ["人工心臓弁", "内視鏡", "画像診断支援", "手術支援ロボット", "体外診断薬", "補聴器"];
    const STAGES: [&str; 6] = ["基礎研究", "応用研究", "preclinical", "臨床", "approval", "市販"];
    let mut out = String::from("調査年度,課題名,ステージ,予算,割合,開始日,国,継続中,実施機関,備考\r\n");
    for i in 0..records {
        let pick = |salt: u64, n: u64| mix(i, salt) % n;
        let (year, month, day) = (2005 + pick(1, 19), 1 + pick(2, 12), 1 + pick(3, 28));
        let started = if pick(4, 4) == 0 && year > 2019 {
            format!("令和{}年{month}月{day}日", year - 2018)
        } else {
            format!("{year}-{month:02}-{day:02}")
        };
        let budget = pick(5, 500_000) * 1000;
        let budget =
            if pick(6, 4) == 0 { format!("\"{},{:03},000\"", budget / 1_000_000, budget / 1000 % 1000) } else { budget.to_string() };
        let subject = SUBJECTS[pick(7, 6) as usize];
        let _ = write!(
            out,
            "{},{subject}の研究 {i},{},{budget},{}.{},{started},{},{},{subject}研究所,第{}回の評価委員会で継続とされた。\r\n",
            2024 + pick(8, 2),
            STAGES[pick(9, 6) as usize],
            pick(10, 100),
            pick(11, 100),
            ["JP", "日本", "US", "DE"][pick(12, 4) as usize],
            ["はい", "いいえ", "1", "0"][pick(13, 4) as usize],
            pick(14, 30),
        );
    }
    out.into_bytes()
}

/// Processor seconds used so far by all threads: what a busy machine does not distort. 0 where it is not told.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> = after_name.split(' ').skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// The most memory the process has held so far; 0 where the system does not tell.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
