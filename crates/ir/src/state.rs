//! What a pipeline tells later items, templates and the backend about the rule at hand.

use std::collections::BTreeMap;

use crate::Data;

/// Named values of one rule's way through a pipeline (`set_state`), empty at the start of each rule.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct State {
    values: BTreeMap<String, Data>,
}

impl State {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Data> {
        self.values.get(key)
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: Data) {
        self.values.insert(key.into(), value);
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Data)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }
}
