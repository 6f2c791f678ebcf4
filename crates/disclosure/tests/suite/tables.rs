//! Tables whose answer one can tell by hand.

use crate::attacker::Attacker;
use shirube_disclosure::{Count, Edition, Fate, History, Sum, Unit};

/// Counts by name with what adds up; each count is shown by itself.
pub fn table<'a>(threshold: u32, counts: &[(&'a str, u32)], sums: &[(&'a str, &[&'a str])]) -> Edition<&'a str> {
    Edition {
        counts: counts.iter().map(|(name, value)| (*name, Count { value: *value, threshold })).collect(),
        sums: sums.iter().map(|(total, parts)| Sum { total: *total, parts: parts.to_vec() }).collect(),
        units: counts.iter().map(|(name, _)| Unit { counts: vec![*name] }).collect(),
    }
}

fn fates(edition: &Edition<&str>) -> String {
    signs(&History::default().publish(edition))
}

/// `.` shown, `#` primary, `+` complementary, `x` withheld.
pub fn signs(fates: &[Fate]) -> String {
    let sign = |fate: &Fate| match fate {
        Fate::Shown => '.',
        Fate::Primary => '#',
        Fate::Complementary => '+',
        Fate::Withheld => 'x',
    };
    fates.iter().map(sign).collect()
}

#[test]
fn nothing_small_nothing_suppressed() {
    assert_eq!(fates(&table(10, &[("all", 30), ("a", 20), ("b", 10)], &[("all", &["a", "b"])])), "...");
}

#[test]
fn zero_is_shown() {
    assert_eq!(fates(&table(10, &[("all", 20), ("a", 20), ("b", 0)], &[("all", &["a", "b"])])), "...");
}

#[test]
fn the_smallest_other_part_protects_a_small_one() {
    let three = table(10, &[("all", 63), ("a", 40), ("b", 20), ("c", 3)], &[("all", &["a", "b", "c"])]);
    assert_eq!(fates(&three), "..+#");
}

#[test]
fn a_zero_protects_nothing() {
    let three = table(10, &[("all", 43), ("a", 40), ("b", 0), ("c", 3)], &[("all", &["a", "b", "c"])]);
    assert_eq!(fates(&three), ".+.#");
}

#[test]
fn parts_of_one_each_are_told_by_their_total() {
    let ones = table(3, &[("all", 4), ("a", 1), ("b", 1), ("c", 1), ("d", 1)], &[("all", &["a", "b", "c", "d"])]);
    assert_eq!(fates(&ones), "+####", "a total equal to the number of parts tells that each is one");
}

#[test]
fn rows_and_columns_are_protected_together() {
    let counts = [("all", 200), ("r1", 100), ("r2", 100), ("c1", 100), ("c2", 100), ("11", 5), ("12", 95), ("21", 95), ("22", 5)];
    let sums: [(&str, &[&str]); 6] = [
        ("all", &["r1", "r2"]),
        ("all", &["c1", "c2"]),
        ("r1", &["11", "12"]),
        ("r2", &["21", "22"]),
        ("c1", &["11", "21"]),
        ("c2", &["12", "22"]),
    ];
    assert_eq!(fates(&table(10, &counts, &sums)), ".....#++#");
}

/// The remainder of a rate is never shown and may be small all the same.
#[test]
fn few_who_are_not_counted_are_protected_too() {
    let mut rate = table(10, &[("yes", 97), ("asked", 100), ("no", 3)], &[("asked", &["yes", "no"])]);
    rate.units = vec![Unit { counts: vec!["yes", "asked"] }];
    assert_eq!(fates(&rate), "+");
    rate.units = vec![Unit { counts: vec!["yes"] }, Unit { counts: vec!["asked"] }];
    assert_eq!(fates(&rate), "+.");
}

/// At the next moment nothing is small any more; what is shown then must not tell what was.
#[test]
fn what_was_suppressed_does_not_follow_from_a_later_moment() {
    let sums: &[(&str, &[&str])] = &[("all", &["a", "b", "c"])];
    let first = table(10, &[("all", 100), ("a", 60), ("b", 35), ("c", 5)], sums);
    let second = table(10, &[("all", 105), ("a", 60), ("b", 35), ("c", 10)], sums);
    let mut history = History::default();
    assert_eq!(signs(&history.publish(&first)), "..+#");
    let later = signs(&history.publish(&second));
    assert_eq!(&later[2..3], "+", "b did not change: showing it now would tell c of before");
    assert!(later[3..].contains('+') || later[..2].contains('+'), "{later}: the total less a and c is b");
}

/// An earlier moment showed everything; the first few since then must not follow from the difference.
#[test]
fn the_first_few_do_not_follow_from_an_earlier_moment() {
    let sums: &[(&str, &[&str])] = &[("all", &["a", "b"])];
    let first = table(10, &[("all", 12), ("a", 12), ("b", 0)], sums);
    let second = table(10, &[("all", 15), ("a", 12), ("b", 3)], sums);
    let mut history = History::default();
    assert_eq!(signs(&history.publish(&first)), "...");
    let later = signs(&history.publish(&second));
    assert_eq!(later.chars().next(), Some('+'), "{later}: a is known from before, so the total tells b");
}

/// The attacker of these tests finds what suppression is for: else the other tests would say nothing.
#[test]
fn an_attacker_finds_what_is_not_protected() {
    let three = table(10, &[("all", 63), ("a", 40), ("b", 20), ("c", 3)], &[("all", &["a", "b", "c"])]);
    let naive = vec![Fate::Shown, Fate::Shown, Fate::Shown, Fate::Primary];
    let told = [(three.clone(), naive)];
    assert_eq!(Attacker::new(&told).finds(), [((0, "c"), 3, 3)]);
    let told = [(three.clone(), History::default().publish(&three))];
    assert_eq!(Attacker::new(&told).finds(), []);
}
