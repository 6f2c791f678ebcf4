//! Search: what is found, by which words, at which moment, and that the index agrees with plain comparison.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::support::*;
use proptest::prelude::*;
use shirube_plan::{Citation, Figure, Node, NodeKind, Pack, Period, Place, Series, Source};
use shirube_record::Scope;
use shirube_snapshot::{AsOf, HitKind, ListQuery, Snapshot};
use shirube_store::{Actor, Command, Store};
use std::{sync::Arc, time::Duration};

/// Waits until the index has caught up.
fn indexed(store: &Store) {
    for _ in 0..1000 {
        if store.reader(&Actor::owner(), AsOf::Head).unwrap().indexed().unwrap() == Some(store.head_seq()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the index does not catch up");
}

fn themes(snapshot: &Snapshot, text: &str) -> Vec<String> {
    let query = ListQuery { register: "project".into(), text: Some(text.into()), limit: 100, ..ListQuery::default() };
    let page = snapshot.list(&query).unwrap();
    assert_eq!(snapshot.count(&query).unwrap(), page.rows.len() as u64);
    page.rows.iter().map(|r| format!("{:?}", r.content["theme"]).replace("Text(\"", "").replace("\")", "")).collect()
}

fn titles(snapshot: &Snapshot, text: &str) -> Vec<(String, String)> {
    snapshot.search(text, 10).unwrap().into_iter().map(|h| (h.kind.as_str().to_string(), h.title.ja)).collect()
}

#[test]
fn public_words_of_a_record_are_found_and_others_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let grant = content(&[("year", n(2024))]);
    let columns = [
        ("theme", t("人工心臓弁の開発 Heart valve")),
        ("stage", t("applied")),
        ("stages", shirube_record::Cell::List(vec!["clinical".into()])),
        ("summary", t("長い説明")),
        ("contact", t("山田")),
        ("grants", shirube_record::Cell::Rows(vec![grant])),
        ("members", shirube_record::Cell::Rows(vec![content(&[("who", t("佐藤")), ("role", t("座長"))])])),
    ];
    submit(&store, create("project", &columns));
    for wait in [false, true] {
        if wait {
            indexed(&store);
        }
        let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
        for found in ["心臓弁", "弁", "heart", "ＨＥＡＲＴ", "valve 人工", "応用研究", "applied rese", "臨床", "説明", "座長", "prj"]
        {
            assert_eq!(themes(&reader, found).len(), 1, "{found}, indexed: {wait}");
        }
        for absent in ["山田", "佐藤", "alve", "心弁", "人工肺", "しんぞう"] {
            assert_eq!(themes(&reader, absent).len(), 0, "{absent}, indexed: {wait}");
        }
        assert_eq!(titles(&reader, "心臓"), [("record".to_string(), "人工心臓弁の開発 Heart valve".to_string())]);
    }
}

#[test]
fn an_earlier_moment_is_searched_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("前の題"))]));
    submit(&store, amend("project", 1, 1, &[("theme", Some(t("後の題")))]));
    indexed(&store);
    let found = |as_of, text: &str| {
        titles(&store.reader(&Actor::owner(), as_of).unwrap(), text).len()
            + themes(&store.reader(&Actor::owner(), as_of).unwrap(), text).len()
    };
    assert_eq!((found(AsOf::Head, "前の"), found(AsOf::Head, "後の")), (0, 2));
    assert_eq!((found(AsOf::Seq(1), "前の"), found(AsOf::Seq(1), "後の")), (2, 0));
    assert_eq!((found(AsOf::Seq(0), "前の"), found(AsOf::Seq(0), "後の")), (0, 0));
}

#[test]
fn redacted_words_leave_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    submit(&store, create("project", &[("theme", t("秘密の課題")), ("summary", t("zanzibar"))]));
    submit(&store, amend("project", 1, 1, &[("theme", Some(t("公開の課題")))]));
    submit(&store, create("project", &[("theme", t("残る課題"))]));
    indexed(&store);
    let redact = Command::Redact { register: "project".into(), record: 1, scope: Scope::All, reason: "asked".into() };
    submit(&store, redact);
    for file in ["search.db", "search.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        for word in ["zanzibar", "秘密", "公開"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} is still in {file}");
        }
    }
    indexed(&store);
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    assert_eq!(themes(&reader, "課題"), ["残る課題"]);
    drop(reader);
    drop(store);
    // An index that a crash left behind a redaction is made anew.
    let index = rusqlite::Connection::open(folder.path().join("search.db")).unwrap();
    index.execute_batch("UPDATE meta SET redaction = 0; INSERT INTO doc (rowid, register, text) VALUES (1, 'project', '秘密 ')").unwrap();
    drop(index);
    let store = open(folder.path());
    indexed(&store);
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let stale: i64 = reader.connection().query_row("SELECT count(*) FROM search.doc WHERE doc MATCH '\"秘密\"'", [], |r| r.get(0)).unwrap();
    assert_eq!(stale, 0);
    assert_eq!(themes(&reader, "課題"), ["残る課題"]);
}

fn pack_with_texts() -> Pack {
    let mut pack = pack();
    let cite = Citation { source: "d1".into(), heading: "ゴール３".into(), quote: "（112）".into(), ..Citation::default() };
    pack.sources =
        vec![Source {
            id: "d1".into(), label: pair("振り返り", "Review"), publisher: pair("厚生労働省", "MHLW"), ..Source::default()
        }];
    pack.series
        .insert("rate".into(), Series { id: "rate".into(), label: pair("ステージアップ割合", "Stage-up rate"), ..Series::default() });
    pack.figures = vec![Figure {
        id: "d1/rate@2024".into(),
        series: "rate".into(),
        period: "2024".into(),
        printed: "52.3%".into(),
        cite: cite.clone(),
        ..Figure::default()
    }];
    let node = Node {
        id: "g1".into(),
        kind: NodeKind::Goal,
        parent: None,
        number: None,
        label: pair("人材の充足", "People"),
        text: Some(pair("臨床研究の人材を増やし、開発を進める", "More people for clinical research")),
        owners: vec![],
        follow_up: None,
        lag: None,
        from: vec![],
        change: None,
        cites: vec![cite],
        place: Place::default(),
    };
    pack.periods = vec![Period { id: "p2".into(), nodes: vec![node], ..Period::default() }];
    pack
}

#[test]
fn the_packs_own_texts_are_found_and_say_where() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_with(folder.path(), Arc::new(pack_with_texts())).unwrap();
    let reader = store.reader(&Actor::owner(), AsOf::Head).unwrap();
    let kinds = |text: &str| titles(&reader, text).into_iter().map(|h| h.0).collect::<Vec<_>>();
    assert_eq!(kinds("人材"), ["node"]);
    assert_eq!(kinds("people"), ["node"]);
    assert_eq!(kinds("stage-up"), ["figure"]);
    assert_eq!(kinds("ゴール3"), ["figure", "heading"]);
    assert_eq!(kinds("厚生労働省"), ["source"]);
    assert_eq!(kinds("52"), ["figure"]);
    assert_eq!(kinds("拠点"), ["register"]);
    let hit = reader.search("臨床研究", 10).unwrap().remove(0);
    assert_eq!((hit.kind, hit.id.as_str()), (HitKind::Node, "g1"));
    assert_eq!(hit.excerpt.unwrap().ja, "臨床研究の人材を増やし、開発を進める");
    assert_eq!(reader.search("臨床研究", 0).unwrap(), []);
    assert_eq!(reader.search("  、", 10).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// A list by words is the same with the index as without it.
    #[test]
    fn the_index_changes_nothing_but_the_speed(themes_of in prop::collection::vec("[ab心臓弁 1]{1,8}", 1..12), words in "[ab心臓弁1]{1,2}") {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        for (i, theme) in themes_of.iter().enumerate() {
            let _ = store.submit(&Actor::owner(), create("project", &[("theme", t(theme)), ("year", n(2000 + i as i64))]));
            if i % 3 == 2 {
                let _ = store.submit(&Actor::owner(), amend("project", i as i64 - 1, 1, &[("theme", Some(t(theme)))]));
            }
        }
        indexed(&store);
        let copy = folder.path().join("copy.db");
        for as_of in [AsOf::Head, AsOf::Seq(store.head_seq() / 2)] {
            let reader = store.reader(&Actor::owner(), as_of).unwrap();
            let _ = std::fs::remove_file(&copy);
            reader.write_to(&copy).unwrap();
            let plain = Snapshot::open(&copy, Arc::new(pack()), AsOf::Head).unwrap();
            prop_assert!(plain.indexed().unwrap().is_none());
            prop_assert_eq!(themes(&reader, &words), themes(&plain, &words));
            prop_assert_eq!(titles(&reader, &words), titles(&plain, &words));
        }
    }
}
