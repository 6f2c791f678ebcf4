//! What the reading of the settings comes to.

use super::{Config, Key, Mistake, Origin};
use std::collections::{BTreeMap, BTreeSet};

/// The settings in force, where each comes from, and what is wrong.
#[derive(Debug, Default)]
pub struct Found {
    /// In force: what could be read, over the defaults.
    pub config: Config,
    /// All mistakes.
    pub mistakes: Vec<Mistake>,
    /// Origins of what was set, by key.
    origins: BTreeMap<&'static str, Origin>,
    /// Settings of which the strongest word cannot be taken: weaker ones and the default would not be in force, either.
    mistaken: BTreeSet<&'static str>,
}

impl Found {
    /// Where a setting comes from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }

    /// Whether what stands at a setting's origin cannot be taken, so that it has no value.
    pub fn is_mistaken(&self, key: &str) -> bool {
        self.mistaken.contains(key)
    }

    /// Takes a value in. Stronger ones come later.
    pub fn take(&mut self, key: &'static Key, text: &str, origin: Origin) {
        match (key.take)(&mut self.config, text.trim()) {
            Ok(()) => {
                self.mistaken.remove(key.name);
                self.origins.insert(key.name, origin);
            }
            Err(problem) => {
                let problem = if key.secret { "cannot be read".to_string() } else { problem };
                let mistake = Mistake::Value { origin: origin.clone(), name: key.name, problem, example: key.example };
                self.refuse([key.name], &origin, mistake);
            }
        }
    }

    /// Notes a mistake, and the settings that have no value for it.
    pub fn refuse(&mut self, keys: impl IntoIterator<Item = &'static str>, origin: &Origin, mistake: Mistake) {
        for key in keys {
            self.mistaken.insert(key);
            self.origins.insert(key, origin.clone());
        }
        self.mistakes.push(mistake);
    }
}
