//! What of personal and commercial fields a reader was given.
//!
//! Every record, name and file leaves a snapshot through the functions of this crate, and these note it here: in
//! which register, of which records, which fields, as of which moment. A field counts whether it holds a value or is
//! blank, for that it is blank is told as well; a field that the reader may not see does not count.

use crate::sight::{SENSITIVITIES, bit};
use shirube_plan::{FieldKind, Pack, Register, Sensitivity};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

/// Fields that are read; all of a register's if there is none.
pub type Fields = Option<Arc<BTreeSet<String>>>;

/// Ids of records, as runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(Vec<(i64, i64)>);

impl Ids {
    fn push(&mut self, id: i64) {
        match self.0.last_mut() {
            Some((first, last)) if *first <= id && id <= *last => {}
            Some((_, last)) if *last + 1 == id => *last = id,
            Some((first, _)) if *first - 1 == id => *first = id,
            _ => self.0.push((id, id)),
        }
    }

    /// Each once, in order, in as few runs as there can be.
    fn tidy(mut self) -> Ids {
        self.0.sort_unstable();
        let mut tidy: Vec<(i64, i64)> = vec![];
        for (first, last) in self.0 {
            match tidy.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => tidy.push((first, last)),
            }
        }
        Ids(tidy)
    }

    /// The runs in order: first and last id of each.
    pub fn runs(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| first.abs_diff(*last) + 1).sum()
    }

    /// Whether a record is among them.
    pub fn contains(&self, id: i64) -> bool {
        let before = self.0.partition_point(|(first, _)| *first <= id);
        before.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| id <= *last)
    }
}

impl FromIterator<i64> for Ids {
    fn from_iter<T: IntoIterator<Item = i64>>(ids: T) -> Ids {
        let mut all = Ids::default();
        ids.into_iter().for_each(|id| all.push(id));
        all.tidy()
    }
}

/// `1-5,7,9-12`
impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

/// A text that names no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are no ids: write them as 1-5,7,9-12")]
pub struct NoIds;

impl FromStr for Ids {
    type Err = NoIds;

    fn from_str(text: &str) -> Result<Ids, NoIds> {
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0).ok_or(NoIds);
        let run = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let run = (number(first)?, number(last)?);
            if run.0 <= run.1 { Ok(run) } else { Err(NoIds) }
        };
        if text.is_empty() { Ok(Ids::default()) } else { Ok(Ids(text.split(',').map(run).collect::<Result<_, _>>()?).tidy()) }
    }
}

/// Records of which the same was read in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    register: String,
    as_of: i64,
    /// Bits of the sensitivities that were not shown.
    hidden: i64,
    fields: Fields,
}

/// What was read of one register as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The register.
    pub register: String,
    /// The moment's last event.
    pub as_of: i64,
    /// Fields, those of groups as `group.field`, each set with the records in which just these were shown.
    pub cells: Vec<(BTreeSet<String>, Ids)>,
}

/// Notes what is read, until it is taken.
#[derive(Debug, Default)]
pub struct Seen(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// Rows mostly come like the one before.
    last: Option<(Alike, Ids)>,
    before: BTreeMap<Alike, Ids>,
}

impl Noted {
    fn put_by(&mut self) {
        if let Some((alike, ids)) = self.last.take() {
            self.before.entry(alike).or_default().0.extend(ids.0);
        }
    }
}

impl Seen {
    /// Notes that fields of a record were read, all but those of hidden sensitivities.
    pub(crate) fn note(&self, register: &str, as_of: i64, (hidden, fields): (i64, &Fields), id: i64) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |a: &Alike| a.hidden == hidden && a.as_of == as_of && a.register == register && same_fields(&a.fields, fields);
        if let Some((_, ids)) = noted.last.as_mut().filter(|(alike, _)| same(alike)) {
            return ids.push(id);
        }
        noted.put_by();
        noted.last = Some((Alike { register: register.to_string(), as_of, hidden, fields: fields.clone() }, Ids(vec![(id, id)])));
    }

    /// Notes that a record was read in some other way than by a snapshot: those of these fields whose sensitivity the
    /// reader sees.
    pub fn note_seen(&self, register: &str, as_of: i64, fields: &Fields, sees: impl Fn(Sensitivity) -> bool, id: i64) {
        let hidden = SENSITIVITIES.into_iter().filter(|s| !sees(*s)).map(bit).sum();
        self.note(register, as_of, (hidden, fields), id);
    }

    /// Notes that fields up to a sensitivity may have been read of every record from one to another.
    pub fn note_run(&self, register: &str, as_of: i64, up_to: Sensitivity, (first, last): (i64, i64)) {
        let hidden = SENSITIVITIES.into_iter().filter(|s| *s > up_to).map(bit).sum();
        let alike = Alike { register: register.to_string(), as_of, hidden, fields: None };
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.before.entry(alike).or_default().0.push((first, last));
    }

    /// Takes what was noted: of personal and commercial fields, and nothing else.
    pub fn take(&self, pack: &Pack) -> Vec<Reading> {
        let mut noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        noted.put_by();
        let mut readings: BTreeMap<(String, i64), BTreeMap<BTreeSet<String>, Ids>> = BTreeMap::new();
        for (alike, ids) in noted.before {
            let Some(register) = pack.registers.get(&alike.register) else { continue };
            let fields = sensitive(register, alike.hidden, &alike.fields);
            if !fields.is_empty() {
                let cells = readings.entry((alike.register, alike.as_of)).or_default();
                cells.entry(fields).or_default().0.extend(ids.0);
            }
        }
        let tidy = |cells: BTreeMap<BTreeSet<String>, Ids>| cells.into_iter().map(|(fields, ids)| (fields, ids.tidy())).collect();
        readings.into_iter().map(|((register, as_of), cells)| Reading { register, as_of, cells: tidy(cells) }).collect()
    }
}

fn same_fields(one: &Fields, other: &Fields) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Whether any field of a register is personal or commercial.
pub(crate) fn is_sensitive(register: &Register) -> bool {
    !sensitive(register, 0, &None).is_empty()
}

/// Personal and commercial fields among these that are shown, those within groups as `group.field`.
fn sensitive(register: &Register, hidden: i64, fields: &Fields) -> BTreeSet<String> {
    let tells = |s: Sensitivity| s >= Sensitivity::Commercial;
    let mut found = BTreeSet::new();
    for field in register.fields.iter().filter(|f| fields.as_ref().is_none_or(|fields| fields.contains(&f.name))) {
        let own = field.sensitivity;
        if hidden & bit(own) != 0 {
            continue;
        }
        if tells(own) {
            found.insert(field.name.clone());
        }
        if let FieldKind::Group { fields } = &field.kind {
            let inner = fields.iter().filter(|f| tells(f.sensitivity) && hidden & bit(f.sensitivity) == 0);
            found.extend(inner.map(|f| format!("{}.{}", field.name, f.name)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_runs_that_read_back() {
        let ids: Ids = [7, 3, 1, 2, 9, 3, 10].into_iter().collect();
        assert_eq!(ids.to_string(), "1-3,7,9-10");
        assert_eq!(ids.to_string().parse(), Ok(ids.clone()));
        assert_eq!((ids.count(), ids.contains(2), ids.contains(8), ids.contains(0), ids.contains(10)), (6, true, false, false, true));
        assert_eq!((1..=100_000).collect::<Ids>().to_string(), "1-100000");
        assert_eq!((1..=100_000).rev().collect::<Ids>().to_string(), "1-100000");
        for wrong in ["x", "5-1", "1,,2", "-3", "1-2-3"] {
            assert_eq!(wrong.parse::<Ids>(), Err(NoIds), "{wrong}");
        }
    }
}
