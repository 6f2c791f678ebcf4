//! No attacker can bound a small count, whatever the tables and however they change.

use crate::{attacker::Attacker, tables::signs};
use proptest::prelude::*;
use shirube_disclosure::{Count, Edition, Fate, History, Sum, Unit};
use std::{collections::BTreeMap, time::Instant};

const K: u32 = 4;
const NAMES: [[&str; 3]; 3] = [["00", "01", "02"], ["10", "11", "12"], ["20", "21", "22"]];
const ROWS: [&str; 3] = ["r0", "r1", "r2"];
const COLUMNS: [&str; 3] = ["c0", "c1", "c2"];

/// What is shown of a table.
#[derive(Clone, Copy, Debug)]
struct Shape {
    rows: usize,
    columns: usize,
    /// Whether margins are shown; they are there in any case.
    margins: bool,
    /// Cells of the last column are part of those in the first: shown as rates with them.
    rates: bool,
}

/// A table with its margins: cells, then rows, columns and the whole.
fn edition(shape: Shape, cells: &[[u32; 3]; 3]) -> Edition<&'static str> {
    let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
    let mut sums = vec![];
    let (rows, columns) = (0..shape.rows, 0..shape.columns);
    for r in rows.clone() {
        for c in columns.clone() {
            counts.insert(NAMES[r][c], cells[r][c]);
        }
        counts.insert(ROWS[r], columns.clone().map(|c| cells[r][c]).sum());
        sums.push(Sum { total: ROWS[r], parts: columns.clone().map(|c| NAMES[r][c]).collect() });
    }
    for c in columns.clone() {
        counts.insert(COLUMNS[c], rows.clone().map(|r| cells[r][c]).sum());
        sums.push(Sum { total: COLUMNS[c], parts: rows.clone().map(|r| NAMES[r][c]).collect() });
    }
    counts.insert("all", rows.clone().map(|r| counts[ROWS[r]]).sum());
    sums.push(Sum { total: "all", parts: rows.clone().map(|r| ROWS[r]).collect() });
    sums.push(Sum { total: "all", parts: columns.map(|c| COLUMNS[c]).collect() });
    let margin = |name: &&str| name.starts_with(['r', 'c', 'a']);
    let mut units: Vec<Unit<&str>> =
        counts.keys().filter(|n| shape.margins || !margin(n)).map(|name| Unit { counts: vec![*name] }).collect();
    if shape.rates {
        // The share of the first column in its row; what is left of the row is never shown by itself.
        units.extend(rows.map(|r| Unit { counts: vec![NAMES[r][0], ROWS[r]] }));
    }
    let counts = counts.into_iter().map(|(name, value)| (name, Count { value, threshold: K })).collect();
    Edition { counts, sums, units }
}

fn shape() -> impl Strategy<Value = Shape> {
    (1..=3_usize, 2..=3_usize, any::<bool>(), any::<bool>()).prop_map(|(rows, columns, margins, rates)| Shape {
        rows,
        columns,
        margins,
        rates,
    })
}

/// Small counts are common, and from moment to moment most stay as they are.
fn moments() -> impl Strategy<Value = Vec<[[u32; 3]; 3]>> {
    let cell = prop_oneof![2 => Just(0_u32), 4 => 1..K, 3 => K..12];
    let first = prop::array::uniform3(prop::array::uniform3(cell.clone()));
    let changes = prop::collection::vec(prop::collection::vec((0..3_usize, 0..3_usize, cell), 0..3), 0..3);
    (first, changes).prop_map(|(first, changes)| {
        let mut all = vec![first];
        for change in changes {
            let mut next = *all.last().unwrap();
            for (r, c, value) in change {
                next[r][c] = value;
            }
            all.push(next);
        }
        all
    })
}

fn told(shape: Shape, moments: &[[[u32; 3]; 3]]) -> Vec<(Edition<&'static str>, Vec<Fate>)> {
    let mut history = History::default();
    let publish = |cells| {
        let edition = edition(shape, cells);
        let fates = history.publish(&edition);
        (edition, fates)
    };
    moments.iter().map(publish).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nobody_bounds_a_small_count(shape in shape(), moments in moments()) {
        let told = told(shape, &moments);
        for (edition, fates) in &told {
            for (unit, fate) in edition.units.iter().zip(fates) {
                let small = unit.counts.iter().any(|c| edition.counts[c].is_primary());
                prop_assert!(!small || *fate != Fate::Shown);
            }
        }
        let found = Attacker::new(&told).finds();
        let shown: Vec<String> = told.iter().map(|(_, fates)| signs(fates)).collect();
        prop_assert!(found.is_empty(), "{:?} of {:?}", found, shown);
    }

    #[test]
    fn what_is_shown_depends_on_nothing_but_the_tables(shape in shape(), moments in moments()) {
        let fates = |told: Vec<(Edition<&str>, Vec<Fate>)>| told.into_iter().map(|t| t.1).collect::<Vec<_>>();
        prop_assert_eq!(fates(told(shape, &moments)), fates(told(shape, &moments)));
    }

    /// Publishing the same again tells nothing new, so nothing changes.
    #[test]
    fn the_same_tables_are_shown_the_same_again(shape in shape(), moments in moments()) {
        let mut twice = moments.clone();
        twice.push(*moments.last().unwrap());
        let told = told(shape, &twice);
        let [.., (_, before), (_, again)] = told.as_slice() else { panic!() };
        if !before.contains(&Fate::Withheld) {
            prop_assert_eq!(signs(before), signs(again));
        }
    }
}

/// A few thousand cells, a tenth of them small, with rows and columns.
#[test]
fn a_large_table_takes_seconds_at_most() {
    let (rows, columns) = (50_usize, 60_usize);
    let name = |r: usize, c: usize| format!("{r}/{c}");
    let mut counts = BTreeMap::new();
    let mut seed = 7_u32;
    for r in 0..rows {
        for c in 0..columns {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = if (seed >> 16).is_multiple_of(10) { (seed >> 20) % 10 } else { 10 + (seed >> 16) % 200 };
            counts.insert(name(r, c), value);
        }
    }
    let mut sums = vec![];
    for r in 0..rows {
        counts.insert(format!("r{r}"), (0..columns).map(|c| counts[&name(r, c)]).sum());
        sums.push(Sum { total: format!("r{r}"), parts: (0..columns).map(|c| name(r, c)).collect() });
    }
    for c in 0..columns {
        counts.insert(format!("c{c}"), (0..rows).map(|r| counts[&name(r, c)]).sum());
        sums.push(Sum { total: format!("c{c}"), parts: (0..rows).map(|r| name(r, c)).collect() });
    }
    let units: Vec<Unit<String>> = counts.keys().map(|c| Unit { counts: vec![c.clone()] }).collect();
    let counts = counts.into_iter().map(|(name, value)| (name, Count { value, threshold: 10 })).collect();
    let edition = Edition { counts, sums, units };
    let begun = Instant::now();
    let fates = History::default().publish(&edition);
    let of = |fate| fates.iter().filter(|f| **f == fate).count();
    println!("{:?}: {} primary, {} complementary", begun.elapsed(), of(Fate::Primary), of(Fate::Complementary));
    assert_eq!(of(Fate::Withheld), 0);
    assert!(of(Fate::Complementary) < of(Fate::Primary), "a cell is mostly protected by another small one");
    assert!(begun.elapsed().as_secs() < 30);
}
