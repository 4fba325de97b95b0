//! How much there is.

use sigyn_store::catalog::{Field, Filter, Term};

use crate::{Node, Result};

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that went through the rules.
    pub events: u64,
    /// Signals.
    pub signals: u64,
    /// Those of them that are critical.
    pub critical: u64,
}

impl Node {
    /// Counts. Events are told to the catalog about once a second, so they lag behind by that.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn tally(&self) -> Result<Tally> {
        let level = Term { field: Field::Level, values: vec!["critical".to_owned()], is_excluded: false };
        let critical = Filter { terms: vec![level], ..Filter::default() };
        Ok(self.catalog().read(|view| {
            Ok(Tally {
                events: view.sources()?.iter().map(|source| source.events).sum(),
                signals: view.count_signals(&Filter::default())?,
                critical: view.count_signals(&critical)?,
            })
        })?)
    }
}
