//! The seeds are read without a panic, and each function has some.

use crate::{archive::*, entry::*, identity::*, policy::*, portal::*, setting::*};
use std::{collections::BTreeSet, fs, path::Path};

const TARGETS: [(&str, fn(&[u8])); 20] = [
    ("age_file", age_file),
    ("anchors", anchors),
    ("as_of", as_of),
    ("backup_file", backup_file),
    ("backup_log", backup_log),
    ("backup_parts", backup_parts),
    ("csv_import", csv_import),
    ("hook_address", hook_address),
    ("id_token", id_token),
    ("input_parse", input_parse),
    ("list_query", list_query),
    ("pack_load", pack_load),
    ("policies", policies),
    ("printed_read", printed_read),
    ("provider", provider),
    ("request_accounts", request_accounts),
    ("request_trial", request_trial),
    ("settings", settings),
    ("xlsx_file", xlsx_file),
    ("xlsx_sheet", xlsx_sheet),
];

#[test]
fn every_target_takes_its_seeds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, target) in TARGETS {
        let files: Vec<_> = fs::read_dir(seeds.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")).flatten().collect();
        assert!(!files.is_empty(), "{name}");
        for file in files {
            target(&fs::read(file.path()).expect("a seed reads"));
        }
    }
    let named: BTreeSet<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    let programs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets")).expect("the targets are there");
    let found: BTreeSet<String> = programs.flatten().map(|f| f.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, named);
}
