//! References on forms: what a person may choose from, and how a record is written in a control.

use std::collections::BTreeMap;

/// A record one may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The record.
    pub id: i64,
    /// What stands in the control: its number, or `#ID` where the register numbers nothing.
    pub value: String,
    /// What it is called.
    pub label: String,
}

impl Choice {
    /// A record with its number and title.
    pub fn new(id: i64, number: Option<&str>, title: &str) -> Choice {
        let value = number.map_or_else(|| format!("#{id}"), str::to_string);
        Choice { id, value, label: title.to_string() }
    }

    /// Number and title as one text.
    pub fn text(&self) -> String {
        if self.label.is_empty() || self.label == self.value { self.value.clone() } else { format!("{} {}", self.value, self.label) }
    }
}

/// What a control offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The records offered.
    pub options: Vec<Choice>,
    /// There are more than are offered: they are found by searching.
    pub more: bool,
}

/// Everything the references of one form offer.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// By register.
    pub registers: BTreeMap<String, Choices>,
    /// What the search of a control has found, by control.
    pub found: BTreeMap<String, Vec<Choice>>,
    /// Records that the form refers to already, by register and id.
    pub chosen: BTreeMap<(String, i64), Choice>,
}

impl References {
    /// How a record is written in a control.
    pub fn value(&self, register: &str, id: i64) -> String {
        self.choice(register, id).map_or_else(|| format!("#{id}"), |c| c.value.clone())
    }

    /// A record by what stands in a control.
    pub fn named(&self, register: &str, value: &str) -> Option<&Choice> {
        let offered = self.registers.get(register).into_iter().flat_map(|c| &c.options);
        let chosen = self.chosen.iter().filter(|((r, _), _)| r == register).map(|(_, c)| c);
        offered.chain(chosen).find(|c| c.value == value)
    }

    fn choice(&self, register: &str, id: i64) -> Option<&Choice> {
        let offered = || self.registers.get(register)?.options.iter().find(|c| c.id == id);
        self.chosen.get(&(register.to_string(), id)).or_else(offered)
    }
}
