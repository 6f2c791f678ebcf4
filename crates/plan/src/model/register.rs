//! Registers and code lists (`registers/*.toml`, `codes/*.toml`, `records/*.csv`).

use super::{Citation, Column, Field, FieldKind, Pair, Place};
use crate::office::{ORGANISATION, PREFIX};
use std::collections::{BTreeMap, BTreeSet};

/// A code list.
#[derive(Clone, Debug, Default)]
pub struct CodeList {
    /// Name: the file name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// Codes in display order.
    pub codes: Vec<Code>,
}

/// One code.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Label.
    pub label: Pair,
    /// Definition.
    pub description: Option<Pair>,
    /// A wider code of the same list.
    pub parent: Option<String>,
    /// Where it is defined.
    pub cites: Vec<Citation>,
}

/// A register (台帳).
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Name: the file name, also the table's name.
    pub name: String,
    /// Label.
    pub label: Pair,
    /// What it holds.
    pub description: Pair,
    /// Who looks after it.
    pub desk: Option<Pair>,
    /// Numbering scheme, e.g. `PRJ-{year}-{seq:4}`.
    pub number: Option<Numbering>,
    /// Natural key: field names; empty when there is none.
    pub key: Vec<String>,
    /// Field that names a record.
    pub title: String,
    /// Default order: column and whether descending.
    pub sort: Option<(String, bool)>,
    /// Plan nodes these records serve.
    pub nodes: Vec<String>,
    /// What tells whose record it is: a field (see [`Register::owner`]), or `_id` where records are organisations.
    pub owner: Option<String>,
    /// Fields in order.
    pub fields: Vec<Field>,
    /// Cross-field checks.
    pub checks: Vec<Check>,
    /// Lifecycle states; the first is initial; empty = none.
    pub states: Vec<State>,
    /// Transitions.
    pub transitions: Vec<Transition>,
    /// Where it is declared.
    pub place: Place,
    /// How long some of it is kept.
    pub retention: Retention,
}

/// How many days something of a register is kept; without end if none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What the trail tells of readings of its records, from the reading on.
    pub readings: Option<u32>,
    /// Personal fields of a record, from its last change on.
    pub personal: Option<u32>,
}

impl Register {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// What people call a column: the label of its field, or its name where it is nobody's.
    pub fn label_of(&self, column: &str) -> Pair {
        let field = self.fields.iter().find(|f| f.name == column || f.columns().iter().any(|c| c.name == column));
        field.map_or_else(|| Pair { ja: column.to_string(), en: column.to_string() }, |f| f.label.clone())
    }

    /// How to find out whose a record is; none where records are nobody's in particular.
    pub fn owner(&self) -> Option<Owner<'_>> {
        let name = self.owner.as_deref()?;
        if name == "_id" && self.name == ORGANISATION {
            return Some(Owner::Itself);
        }
        match &self.field(name)?.kind {
            FieldKind::Organisation => Some(Owner::Number(format!("{name}_number"))),
            FieldKind::Reference { register } if register == ORGANISATION => Some(Owner::Reference(name)),
            _ => None,
        }
    }

    /// Whether every pack has this register without declaring it.
    pub fn built_in(&self) -> bool {
        self.name.starts_with(PREFIX)
    }

    /// Fields that every way to a state demands: a record cannot be in it without them. Also for records that begin
    /// there, being taken over from elsewhere.
    pub fn demanded_in(&self, state: &str) -> BTreeSet<&str> {
        let initial = self.states.first().map(|s| s.name.as_str());
        let all: BTreeSet<&str> = self.transitions.iter().flat_map(|t| &t.require).map(String::as_str).collect();
        let mut demanded: BTreeMap<&str, BTreeSet<&str>> = self.states.iter().map(|s| (s.name.as_str(), all.clone())).collect();
        // What a state demands depends on the states before it, round every circle: taken away until nothing changes.
        loop {
            let mut next = demanded.clone();
            for (name, fields) in &mut next {
                let ways = self.transitions.iter().filter(|t| t.to == *name).flat_map(|t| t.from.iter().map(move |from| (t, from)));
                let each = ways.filter_map(|(t, from)| Some((t, demanded.get(from.as_str())?)));
                let reached = initial == Some(name) || each.clone().next().is_none();
                for (t, before) in each {
                    fields.retain(|f| before.contains(f) || t.require.iter().any(|r| r == f));
                }
                if reached {
                    fields.clear();
                }
            }
            if next == demanded {
                return demanded.remove(state).unwrap_or_default();
            }
            demanded = next;
        }
    }

    /// Stored columns of the register's own table, in order (not of child tables).
    pub fn columns(&self) -> Vec<Column<'_>> {
        self.fields.iter().flat_map(Field::columns).collect()
    }
}

/// Which column tells whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// This column holds the organisation's corporate number.
    Number(String),
    /// This column refers to a record of `office_organisation`.
    Reference(&'a str),
    /// The record is the organisation.
    Itself,
}

/// A numbering scheme: literal parts, the fiscal year, a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Parts in order.
    pub parts: Vec<NumberPart>,
}

/// Part of a numbering scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberPart {
    /// Text as it stands.
    Literal(String),
    /// Fiscal year of creation; restarts the counter.
    Year,
    /// Counter, padded with zeros to this width.
    Seq(usize),
}

/// A cross-field check.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Name.
    pub name: String,
    /// SQL over the record's own columns; false is an error, NULL passes.
    pub sql: String,
    /// Field at which the message appears.
    pub field: Option<String>,
    /// What to say.
    pub message: Pair,
    /// Where it is declared.
    pub place: Place,
}

/// A lifecycle state.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Name.
    pub name: String,
    /// Label.
    pub label: Pair,
}

/// A way from one state to another.
#[derive(Clone, Debug, Default)]
pub struct Transition {
    /// Name.
    pub name: String,
    /// Label (the button).
    pub label: Pair,
    /// States it may start from.
    pub from: Vec<String>,
    /// State it leads to.
    pub to: String,
    /// Fields that must be filled by then.
    pub require: Vec<String>,
    /// Whoever makes it must say why.
    pub reason: bool,
    /// Where it is declared.
    pub place: Place,
}

/// One `records/*.csv` file, still text.
#[derive(Clone, Debug, Default)]
pub struct RecordFile {
    /// Register the rows belong to.
    pub register: String,
    /// Path inside the pack.
    pub file: String,
    /// Column names.
    pub header: Vec<String>,
    /// Rows with their lines (from 1, header = 1).
    pub rows: Vec<(usize, Vec<String>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_demands_what_every_way_to_it_demands() {
        let state = |name: &str| State { name: name.into(), ..State::default() };
        let way = |from: &[&str], to: &str, require: &[&str]| Transition {
            from: from.iter().map(|s| s.to_string()).collect(),
            to: to.into(),
            require: require.iter().map(|s| s.to_string()).collect(),
            ..Transition::default()
        };
        let register = Register {
            states: ["draft", "reported", "confirmed", "withdrawn", "taken_over"].map(state).to_vec(),
            transitions: vec![
                way(&["draft"], "reported", &["outcome"]),
                way(&["reported"], "draft", &[]),
                way(&["reported"], "confirmed", &["checked_on"]),
                way(&["confirmed"], "reported", &[]),
                way(&["draft", "reported"], "withdrawn", &["why"]),
            ],
            ..Register::default()
        };
        let demanded = |state| Vec::from_iter(register.demanded_in(state));
        assert_eq!(demanded("draft"), [""; 0]);
        assert_eq!(demanded("reported"), ["outcome"], "also after it was confirmed and reopened");
        assert_eq!(demanded("confirmed"), ["checked_on", "outcome"]);
        assert_eq!(demanded("withdrawn"), ["why"]);
        assert_eq!(demanded("taken_over"), [""; 0], "no transition leads there");
    }
}
