//! The packs of this repository: their SQL is right, every indicator can be computed and explained, and no
//! published figure differs without an explanation.
#![allow(clippy::unwrap_used, clippy::panic)]

use shirube_indicator::{Overrides, audit, check_sql, compute, compute_many, derive, judge, render};
use shirube_plan::{Lang, Pack};
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Store};
use std::{path::Path, sync::Arc};

fn pack(name: &str) -> Arc<Pack> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs")).join(name);
    let (pack, mistakes) = shirube_plan::load(&crate::common::files_of(&folder));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    Arc::new(pack)
}

fn holds(name: &str) {
    let pack = pack(name);
    assert_eq!(check_sql(&pack), []);
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(folder.path(), Arc::clone(&pack)).unwrap();
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let indicators: Vec<_> = pack.indicators.values().collect();
    let all = compute_many(&reader, &indicators, &Overrides::new());
    for (indicator, computed) in indicators.into_iter().zip(all) {
        let computed = computed.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(compute(&reader, indicator, &Overrides::new()), Ok(computed.clone()));
        let derivation = derive(&reader, indicator, &Overrides::new(), 5).unwrap_or_else(|e| panic!("{e}"));
        let last = derivation.steps.last().unwrap();
        assert_eq!(last.total_rows, computed.observations.len(), "{}", indicator.id);
        for step in &derivation.steps {
            let ids = step.columns.iter().any(|c| c == "_id");
            assert_eq!(ids, step.record_column.is_some(), "{} {}", indicator.id, step.name);
        }
        for lang in [Lang::Ja, Lang::En] {
            let judged = render::judge(&pack, indicator, &judge(&pack, indicator, &computed), lang);
            let text = render::compute(&pack, indicator, &computed, lang) + &judged + &render::explain(&pack, indicator, &derivation, lang);
            assert!(text.contains(indicator.label.get(lang)));
        }
    }
    let audit = audit(&reader);
    assert!(audit.ok, "{}", render::audit(&pack, &audit, false, Lang::En));
    assert_eq!(audit.counts.figures, pack.figures.len());
    assert!(audit.counts.matches > 0);
}

#[test]
fn the_fictional_city_holds() {
    holds("fictional-city");
}

#[test]
fn the_medical_device_plan_holds() {
    holds("medical-device");
}
