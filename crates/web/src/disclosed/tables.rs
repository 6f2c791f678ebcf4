//! The counts behind indicators, and how they add up.

use shirube_disclosure::{Count, Edition, Sum, Unit};
use shirube_indicator::{Computed, Observation};
use shirube_plan::{Compare, Counts, Dims};
use std::collections::{BTreeMap, BTreeSet};

/// A count, named the same in whatever indicator and at whatever moment it comes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    what: String,
    period: String,
    dims: Dims,
    /// What is left of it when this is taken away: those whom a rate does not count.
    less: Option<String>,
}

/// An indicator that counts, with its values.
pub struct Counted<'a> {
    /// What it counts.
    pub counts: &'a Counts,
    /// Its values.
    pub computed: &'a Computed,
    /// Counts below this are small.
    pub threshold: u32,
}

/// Tables of a moment.
#[derive(Debug)]
pub struct Tables {
    /// For the engine; its units are the rows told of below.
    pub edition: Edition<Name>,
    /// Indicator and row of each unit.
    pub rows: Vec<(String, usize)>,
    /// Indicators whose numbers are not the counts they are said to be: nothing can be said of what they tell.
    pub unfit: BTreeSet<String>,
}

impl Tables {
    /// Reads the counts of all indicators, which are one family: what has the same name is the same.
    pub fn of(indicators: &BTreeMap<&str, Counted<'_>>) -> Tables {
        let mut unfit = BTreeSet::new();
        loop {
            let fit = || indicators.iter().filter(|(id, _)| !unfit.contains(**id));
            let (tables, more) = read(fit());
            if more.is_empty() {
                return Tables { unfit, ..tables };
            }
            unfit.extend(more);
        }
    }
}

/// Counts as they come, each with the indicator that gave it.
#[derive(Default)]
struct Found {
    counts: BTreeMap<Name, (Count, String)>,
    sums: Vec<Sum<Name>>,
    unfit: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, name: Name, value: u32, threshold: u32, indicator: &str) {
        let (count, first) = self.counts.entry(name).or_insert_with(|| (Count { value, threshold }, indicator.to_string()));
        count.threshold = count.threshold.max(threshold);
        if count.value != value {
            // Two indicators disagree on what they call the same.
            self.unfit.extend([first.clone(), indicator.to_string()]);
        }
    }
}

fn read<'a>(indicators: impl Iterator<Item = (&'a &'a str, &'a Counted<'a>)>) -> (Tables, BTreeSet<String>) {
    let mut found = Found::default();
    let (mut units, mut rows) = (vec![], vec![]);
    let mut adds_up: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, indicator) in indicators {
        for (_, what) in &indicator.counts.columns {
            adds_up.entry(what).or_default().extend(indicator.counts.adds_up.iter().map(String::as_str));
        }
        for (row, observation) in indicator.computed.observations.iter().enumerate() {
            match counted(&mut found, id, indicator, observation) {
                Some(counts) => {
                    units.push(Unit { counts });
                    rows.push((id.to_string(), row));
                }
                None => drop(found.unfit.insert(id.to_string())),
            }
        }
    }
    totals(&mut found, &adds_up);
    let counts = found.counts.into_iter().map(|(name, (count, _))| (name, count)).collect();
    let edition = Edition { counts, sums: found.sums, units };
    (Tables { edition, rows, unfit: BTreeSet::new() }, found.unfit)
}

/// The counts that a row tells; none if they are no counts.
fn counted(found: &mut Found, id: &str, indicator: &Counted<'_>, o: &Observation) -> Option<Vec<Name>> {
    let name = |what: &str, less: Option<&str>| Name {
        what: what.to_string(),
        period: o.period.clone(),
        dims: o.dims.clone(),
        less: less.map(str::to_string),
    };
    let mut names = vec![];
    let mut part: BTreeMap<&str, (&str, u32)> = BTreeMap::new();
    for (column, what) in &indicator.counts.columns {
        let (word, value) = match column {
            Compare::Value => ("value", o.value),
            Compare::Numerator => ("numerator", o.numerator),
            Compare::Denominator => ("denominator", o.denominator),
            Compare::N => ("n", o.n),
        };
        let Some(value) = value else { continue };
        let whole = value.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&value);
        let value = whole.then_some(value as u32)?;
        found.add(name(what, None), value, indicator.threshold, id);
        names.push(name(what, None));
        part.insert(word, (what, value));
    }
    if let (Some((some, few)), Some((all, many))) = (part.get("numerator"), part.get("denominator"))
        && some != all
    {
        let rest = name(all, Some(some));
        found.add(rest.clone(), many.checked_sub(*few)?, indicator.threshold, id);
        found.sums.push(Sum { total: name(all, None), parts: vec![name(some, None), rest] });
    }
    let tells = [o.value, o.numerator, o.denominator, o.n].iter().any(Option::is_some);
    // A number that goes with no count cannot be judged.
    (!tells || !names.is_empty()).then_some(names)
}

/// Sums over the codes of each dimension that adds up, with totals that nobody shows: two breakdowns of the same have
/// the same total all the same.
fn totals(found: &mut Found, adds_up: &BTreeMap<&str, BTreeSet<&str>>) {
    let most = found.counts.keys().map(|n| n.dims.len()).max().unwrap_or_default();
    for depth in (1..=most).rev() {
        let mut parts: BTreeMap<(Name, String), Vec<Name>> = BTreeMap::new();
        for name in found.counts.keys().filter(|n| n.dims.len() == depth && n.less.is_none()) {
            let adds = |d: &&String| adds_up.get(name.what.as_str()).is_some_and(|dims| dims.contains(d.as_str()));
            for dimension in name.dims.keys().filter(adds) {
                let mut total = name.clone();
                total.dims.remove(dimension);
                parts.entry((total, dimension.clone())).or_default().push(name.clone());
            }
        }
        for ((total, _), parts) in parts {
            if !found.counts.contains_key(&total) {
                let of_parts = || parts.iter().filter_map(|p| found.counts.get(p)).map(|(count, _)| count);
                let value = of_parts().map(|c| c.value).fold(0, u32::saturating_add);
                let threshold = of_parts().map(|c| c.threshold).max().unwrap_or_default();
                found.counts.insert(total.clone(), (Count { value, threshold }, String::new()));
            }
            found.sums.push(Sum { total, parts });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::Counted as Whom;

    fn row(dims: &[(&str, &str)], numerator: Option<f64>, value: f64) -> Observation {
        Observation {
            period: "2025".into(),
            dims: dims.iter().map(|(d, c)| (d.to_string(), c.to_string())).collect(),
            value: Some(value),
            numerator,
            denominator: None,
            n: None,
            status: None,
        }
    }

    /// An indicator: id, comparisons, dimensions, rows.
    type Asked<'a> = (&'a str, &'a [(Compare, &'a str)], &'a [&'a str], Vec<Observation>);

    fn read(all: &[Asked<'_>]) -> Tables {
        let computed: Vec<Computed> = all
            .iter()
            .map(|(id, .., rows)| Computed {
                indicator: id.to_string(),
                as_of: "2025-03-31".into(),
                fiscal_year: 2024,
                seq: 1,
                columns: vec![],
                observations: rows.clone(),
            })
            .collect();
        let counts: Vec<Counts> = all
            .iter()
            .map(|(_, columns, adds_up, _)| Counts {
                of: Whom::Persons,
                columns: columns.iter().map(|(c, w)| (*c, w.to_string())).collect(),
                adds_up: adds_up.iter().map(|d| d.to_string()).collect(),
                threshold: None,
            })
            .collect();
        let of = |i: usize| (all[i].0, Counted { counts: &counts[i], computed: &computed[i], threshold: 10 });
        Tables::of(&(0..all.len()).map(of).collect())
    }

    const PEOPLE: &[(Compare, &str)] = &[(Compare::Value, "people")];

    #[test]
    fn a_total_on_one_page_and_its_parts_on_another_are_one_table() {
        let parts = vec![row(&[("age", "old")], None, 20.0), row(&[("age", "young")], None, 3.0)];
        let tables = read(&[("all", PEOPLE, &[], vec![row(&[], None, 23.0)]), ("by-age", PEOPLE, &["age"], parts)]);
        assert_eq!((tables.edition.counts.len(), tables.edition.sums.len()), (3, 1));
        assert_eq!(tables.edition.sums[0].parts.len(), 2);
    }

    /// Nobody shows the whole, and both breakdowns have it.
    #[test]
    fn two_breakdowns_of_the_same_share_a_total() {
        let by = |d: &'static str| vec![row(&[(d, "a")], None, 20.0), row(&[(d, "b")], None, 3.0)];
        let tables = read(&[("x", PEOPLE, &["age"], by("age")), ("y", PEOPLE, &["place"], by("place"))]);
        assert_eq!((tables.edition.counts.len(), tables.edition.sums.len()), (5, 2));
        assert_eq!(tables.edition.sums[0].total, tables.edition.sums[1].total);
    }

    #[test]
    fn what_is_no_count_is_not_told() {
        for value in [2.5, -1.0, 1e12] {
            assert!(read(&[("x", PEOPLE, &[], vec![row(&[], None, value)])]).unfit.contains("x"), "{value}");
        }
        let alone = read(&[("x", &[(Compare::N, "people")], &[], vec![row(&[], None, 5.5)])]);
        assert!(alone.unfit.contains("x"), "a value without the count it rests on");
    }

    #[test]
    fn two_that_disagree_on_the_same_are_not_told() {
        let tables = read(&[
            ("x", PEOPLE, &[], vec![row(&[], None, 20.0)]),
            ("y", PEOPLE, &[], vec![row(&[], None, 21.0)]),
            ("z", &[(Compare::Value, "dogs")], &[], vec![row(&[], None, 30.0)]),
        ]);
        assert_eq!(tables.unfit.into_iter().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(tables.rows, [("z".to_string(), 0)]);
    }
}
