//! Cases a domain person can read: each folder of `cases/` lays its files over the pack in `base/` and says in
//! `compute.txt`, `explain.txt`, `judge.txt`, `audit.txt` what must come out for its indicators (`…-en.txt` in
//! English, `.json` for what goes out as JSON). `fiscal_year` sets the year of the snapshot, `try` (lines
//! `assumption=value`) what a reader tries.
//!
//! `SHIRUBE_BLESS=1 cargo test -p shirube-indicator --test cases` writes what comes out; read the difference.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::{Value, json};
use shirube_indicator::{Computed, Overrides, audit, compute, derive, judge, render};
use shirube_plan::{Files, Indicator, Lang, Pack};
use shirube_snapshot::Snapshot;
use std::{fs, path::Path, sync::Arc};

struct Case {
    pack: Arc<Pack>,
    snapshot: Snapshot,
    /// Indicators of the case itself, in order of their ids.
    ids: Vec<String>,
    overrides: Overrides,
    fiscal_year: Option<i64>,
}

impl Case {
    fn read(folder: &Path) -> Case {
        let mut files = crate::common::files_of(folder);
        let mut side = |name: &str| files.remove(name).map(|bytes| String::from_utf8(bytes).unwrap());
        let overrides = side("try").unwrap_or_default();
        let overrides = overrides.lines().filter_map(|l| l.split_once('=')).map(|(id, v)| (id.to_string(), v.trim().parse().unwrap()));
        let overrides = overrides.collect();
        let fiscal_year = side("fiscal_year").map(|y| y.trim().parse().unwrap());
        let files: Files = files.into_iter().filter(|(path, _)| path.contains('/') || path.ends_with(".toml")).collect();
        let ids = files.keys().filter_map(|p| Some(p.strip_prefix("indicators/")?.strip_suffix(".toml")?.to_string())).collect();
        let pack = crate::common::pack_with(files);
        let snapshot = crate::common::snapshot(&pack);
        Case { pack, snapshot, ids, overrides, fiscal_year }
    }

    fn computed(&self, id: &str) -> Computed {
        let mut computed = compute(&self.snapshot, &self.pack.indicators[id], &self.overrides).unwrap();
        if let Some(year) = self.fiscal_year {
            (computed.fiscal_year, computed.seq) = (year, 1);
        }
        computed
    }

    /// What goes out as JSON: its field names are relied upon.
    fn json(&self, what: &str) -> String {
        let of_each = |value: &dyn Fn(&Indicator) -> Value| self.ids.iter().map(|id| value(&self.pack.indicators[id])).collect();
        let value: Value = match what {
            "compute" => of_each(&|i| json!(self.computed(&i.id))),
            "explain" => of_each(&|i| json!(derive(&self.snapshot, i, &self.overrides, 2).unwrap())),
            "judge" => of_each(&|i| json!(judge(&self.pack, i, &self.computed(&i.id)))),
            "audit" => {
                let mut audit = json!(audit(&self.snapshot));
                audit["pack"] = json!("digest of the pack");
                audit
            }
            other => panic!("nothing is called {other}"),
        };
        serde_json::to_string_pretty(&value).unwrap() + "\n"
    }

    fn come_out(&self, what: &str, lang: Lang) -> String {
        let of_each = |text: &dyn Fn(&str) -> String| self.ids.iter().map(|id| text(id)).collect::<Vec<_>>().join("\n");
        let pack = &self.pack;
        match what {
            "compute" => of_each(&|id| render::compute(pack, &pack.indicators[id], &self.computed(id), lang)),
            "explain" => of_each(&|id| {
                let derivation = derive(&self.snapshot, &pack.indicators[id], &self.overrides, 5).unwrap();
                render::explain(pack, &pack.indicators[id], &derivation, lang)
            }),
            "judge" => of_each(&|id| {
                let indicator = &pack.indicators[id];
                format!(
                    "{}\n{}",
                    indicator.label.get(lang),
                    render::judge(pack, indicator, &judge(pack, indicator, &self.computed(id)), lang)
                )
            }),
            "audit" => render::audit(pack, &audit(&self.snapshot), true, lang),
            other => panic!("nothing is called {other}"),
        }
    }
}

#[test]
fn every_case_comes_out_as_written() {
    let mut wrong = String::new();
    let mut checked = 0;
    for entry in fs::read_dir(crate::common::tests_folder().join("cases")).unwrap() {
        let folder = entry.unwrap().path();
        let case = Case::read(&folder);
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let got = match path.file_name().unwrap().to_str().unwrap().rsplit_once('.') {
                Some((what, "txt")) => match what.strip_suffix("-en") {
                    Some(what) => case.come_out(what, Lang::En),
                    None => case.come_out(what, Lang::Ja),
                },
                Some((what, "json")) => case.json(what),
                _ => continue,
            };
            let expected = fs::read_to_string(&path).unwrap();
            checked += 1;
            if std::env::var_os("SHIRUBE_BLESS").is_some() {
                fs::write(&path, got).unwrap();
            } else if expected != got {
                wrong += &format!("{}\n--- expected\n{expected}\n--- got\n{got}\n", path.display());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(checked >= 5, "cases were not found");
}
