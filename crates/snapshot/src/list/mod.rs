//! Lists: records of a register, filtered, sorted, a page at a time.

mod condition;
mod plan;

use crate::{Fields, Record, Snapshot, SnapshotError, record::fields_of};
use condition::Condition;
use plan::List;
use std::{ops::ControlFlow, sync::Arc};

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    /// Register.
    pub register: String,
    /// Words to look for in the public fields.
    pub text: Option<String>,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Columns to sort by, each with whether descending. Empty: the
    /// register's own order. Ties are broken by `_id` in the last direction.
    pub sort: Vec<(String, bool)>,
    /// Records to skip.
    pub offset: u64,
    /// Records to show.
    pub limit: u64,
    /// Fields that are shown of them; all if none.
    pub fields: Fields,
}

/// One condition of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Column of the register's table (`budget`, `budget_currency`, `_state`), a `choices` field, or
    /// `group.column`.
    pub column: String,
    /// How it compares. A blank value fulfils only [`Op::Blank`] and [`Op::Ne`].
    pub op: Op,
    /// With what, as people write it (eras, labels and so on are understood): one for most comparisons, any number
    /// for [`Op::In`], none for [`Op::Blank`] and [`Op::Filled`].
    pub values: Vec<String>,
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Op {
    #[default]
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    In,
    Blank,
    Filled,
}

impl Op {
    /// All, with the words addresses use.
    pub const ALL: [(&'static str, Op); 10] = [
        ("eq", Op::Eq),
        ("ne", Op::Ne),
        ("lt", Op::Lt),
        ("le", Op::Le),
        ("gt", Op::Gt),
        ("ge", Op::Ge),
        ("contains", Op::Contains),
        ("in", Op::In),
        ("blank", Op::Blank),
        ("filled", Op::Filled),
    ];

    /// The word in addresses: `eq`, `ne` …
    pub fn as_str(self) -> &'static str {
        Op::ALL.into_iter().find(|o| o.1 == self).map_or("eq", |o| o.0)
    }

    /// The word read back.
    pub fn parse(word: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|o| o.0 == word).map(|o| o.1)
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The records, in order.
    pub rows: Vec<Record>,
    /// How many there are in all.
    pub total: Total,
    /// Acknowledged events that the text search does not see yet; 0 when it sees all. See [`Snapshot::indexed`].
    pub lag: i64,
}

/// How many records a list has in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Counted.
    Exactly(u64),
    /// At least so many; counting all would take too long.
    AtLeast(u64),
}

impl Total {
    /// The number, exact or not.
    pub fn count(self) -> u64 {
        match self {
            Total::Exactly(n) | Total::AtLeast(n) => n,
        }
    }
}

/// Most records a page may have.
pub const PAGE_LIMIT: u64 = 10_000;

/// Matching records are counted one by one up to this many.
pub const COUNTED: u64 = 10_000;

impl Snapshot {
    /// Reads a page of a register.
    ///
    /// # Errors
    /// [`SnapshotError::NoSuchColumn`], [`SnapshotError::BadFilterValue`] for what the caller wrote wrongly.
    pub fn list(&self, query: &ListQuery) -> Result<Page, SnapshotError> {
        let (mut list, lag) = self.prepare(query)?;
        let mut rows = vec![];
        let total = list.total(COUNTED)?;
        let limit = query.limit.min(PAGE_LIMIT);
        list.choose_way(query.offset.saturating_add(limit), total)?;
        list.read((query.offset, limit), &self.fields_read(query), &mut |record| {
            rows.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(Page { rows, total, lag })
    }

    /// Hands every matching record to `each`, in order, whatever page the query shows; `Break` ends the reading.
    /// One pass: a page far down a list costs as much as all pages before it, all of them together cost this.
    pub fn each(&self, query: &ListQuery, each: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), SnapshotError> {
        self.prepare(query)?.0.read((0, u64::MAX), &self.fields_read(query), each)
    }

    /// The fields that a list tells of: those it shows, and those by which it chooses and orders, for a row that is found
    /// by a value tells the value.
    fn fields_read(&self, query: &ListQuery) -> Fields {
        let shown = query.fields.as_ref()?;
        let register = self.pack().registers.get(&query.register)?;
        let columns = query.filters.iter().map(|f| f.column.as_str()).chain(query.sort.iter().map(|s| s.0.as_str()));
        let columns: Vec<&str> = columns.map(|c| c.split_once('.').map_or(c, |(group, _)| group)).collect();
        Some(Arc::new(shown.iter().chain(fields_of(register, &columns).iter()).cloned().collect()))
    }

    /// How many records match, however many they are.
    pub fn count(&self, query: &ListQuery) -> Result<u64, SnapshotError> {
        let (list, _) = self.prepare(query)?;
        match list.total(u64::from(u32::MAX))? {
            Total::Exactly(n) => Ok(n),
            // Words too common to be listed: every row is looked at.
            Total::AtLeast(_) => list.length(),
        }
    }

    fn prepare(&self, query: &ListQuery) -> Result<(List<'_>, i64), SnapshotError> {
        let register = self.pack().registers.get(&query.register).ok_or_else(|| SnapshotError::NoSuchRegister(query.register.clone()))?;
        let mut conditions =
            query.filters.iter().map(|filter| Condition::new(self.pack(), register, filter)).collect::<Result<Vec<_>, _>>()?;
        let mut sort = query.sort.clone();
        if sort.is_empty() {
            sort.extend(register.sort.clone());
        }
        let sort = sort.iter().map(|(column, descending)| Ok((condition::sort_column(register, column)?, *descending)));
        let sort = sort.collect::<Result<Vec<_>, SnapshotError>>()?;
        let mut lag = 0;
        if let Some(text) = &query.text {
            let (condition, behind) = self.text_condition(&register.name, text)?;
            conditions.extend(condition);
            // Words are those of public fields.
            conditions.extend(self.is_narrowed().then(Condition::public_is_shown));
            lag = behind;
        }
        Ok((List::new(self, register, conditions, sort)?, lag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_back_from_their_words() {
        for (word, op) in Op::ALL {
            assert_eq!((Op::parse(word), op.as_str()), (Some(op), word));
        }
        assert_eq!(Op::parse("like"), None);
    }
}
