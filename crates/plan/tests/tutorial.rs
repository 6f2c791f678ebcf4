//! Whoever types the tutorial of docs/packs.md along has a sound pack.
#![allow(clippy::unwrap_used)]

use shirube_plan::{Files, load};

const DOCS: &str = include_str!("../../../docs/packs.md");
const REPORT: &[u8] = include_bytes!("../../../packs/fictional-city/sources/report.txt");

/// The files of the tutorial in the order in which it shows them.
const FILES: [&str; 13] = [
    "pack.toml",
    "sources.toml",
    "plan/first.toml",
    "registers/tree.toml",
    "codes/district.toml",
    "records/tree.csv",
    "units.toml",
    "dimensions.toml",
    "indicators/trees-planted.toml",
    "indicators/trees-planted.sql",
    "published/report.toml",
    "published/report.csv",
    "policies/access.cedar",
];

#[test]
fn the_tutorial_can_be_typed_along() {
    let tutorial = DOCS.split_once("## Tutorial").unwrap().1.split_once("# Reference").unwrap().0;
    let blocks: Vec<&str> = tutorial.split("```").skip(1).step_by(2).map(|b| b.split_once('\n').unwrap().1).collect();
    assert_eq!(blocks.len(), FILES.len());
    let mut files: Files = FILES.iter().zip(blocks).map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    files.insert("sources/report.txt".to_owned(), REPORT.to_vec());
    let (pack, mistakes) = load(&files);
    assert_eq!(mistakes, []);
    // One of its own, and those of the office that every pack has.
    let own = pack.registers.keys().filter(|name| !name.starts_with("office_")).count();
    assert_eq!((own, pack.indicators.len(), pack.figures.len()), (1, 1, 1));
}
