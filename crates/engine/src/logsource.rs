//! Log sources: what events of each look like, as data.
//!
//! A [`LogSources`] table is a list of groups, read from `data/logsources/` or from a text of the same form.
//! An event belongs to the first group that knows its channel, its provider, its origin or its fields; within
//! the group its event id, or other fields, may say more. What comes out is a class: the log sources that the event
//! has, under which other names rules find its fields, and what their values mean in the words of rules.

mod table;

use std::collections::BTreeMap;

use sigyn_ir::LogSource;

pub(crate) use self::table::{Aliases, Derived, Events, Form, Group, Source, Table, When};
use crate::derive::{Maker, OfField};

/// The tables that are built in, in the order in which their groups are asked. `build.rs` has read them from
/// `data/logsources/`: as YAML they would take each start of a program 3.7 ms.
const BUILT_IN: &str = include_str!(concat!(env!("OUT_DIR"), "/logsources.json"));

/// What events of each log source look like.
#[derive(Clone, Debug)]
pub struct LogSources {
    pub(crate) table: Table,
    pub(crate) declared: Vec<LogSource>,
}

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    message: String,
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the table of log sources cannot be read: {}", self.message)
    }
}

impl std::error::Error for TableError {}

impl LogSources {
    /// The built-in table.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn built_in() -> Result<Self, TableError> {
        let tables: Vec<Table> =
            serde_json::from_str(BUILT_IN).map_err(|error| TableError { message: error.to_string() })?;
        let of = |table| Self { table, declared: Vec::new() };
        let mut all = of(Table::default());
        tables.into_iter().rev().for_each(|table| all.prepend(of(table)));
        Ok(all)
    }

    /// A table from text.
    ///
    /// # Errors
    /// The text is no such table.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let table: Table =
            serde_saphyr::from_str(text).map_err(|error| TableError { message: error.to_string() })?;
        Ok(Self { table, declared: Vec::new() })
    }

    /// Puts the groups of another table before those that are here: they are asked first.
    pub fn prepend(&mut self, other: Self) {
        let mut groups = other.table.groups;
        groups.append(&mut self.table.groups);
        self.table.groups = groups;
        self.table.aliases.extend(other.table.aliases);
        for (mine, theirs) in [
            (&mut self.table.identity.channel, other.table.identity.channel),
            (&mut self.table.identity.provider, other.table.identity.provider),
            (&mut self.table.identity.event_id, other.table.identity.event_id),
        ] {
            mine.splice(0..0, theirs);
        }
    }

    /// Adds a log source that the user says events have; [`Engine::declared`](crate::Engine::declared) gives its
    /// class.
    pub fn declare(&mut self, source: LogSource) {
        self.declared.push(source);
    }

    /// Every log source that an event can have, by the names of the groups.
    pub fn list(&self) -> impl Iterator<Item = (&str, LogSource)> {
        self.table.groups.iter().flat_map(|group| {
            let plain = group.sources.iter().map(Source::log_source);
            let with_events = group.events.iter().flat_map(|events| events.sources(&group.sources));
            plain.chain(with_events).map(|source| (group.name.as_str(), source))
        })
    }

    /// The ways to further values of a class's fields: those of its events go before those of its group.
    pub(crate) fn derived_of(&self, group: &Group, events: Option<&Events>) -> Vec<OfField> {
        let mut fields: BTreeMap<&str, Vec<Maker>> = BTreeMap::new();
        let maps = [events.map(|events| &events.values), Some(&group.values)];
        for (field, derived) in maps.into_iter().flatten().flatten() {
            fields.entry(field).or_default().extend(derived.iter().map(Maker::new));
        }
        fields.into_iter().map(|(field, makers)| (field.to_owned(), makers)).collect()
    }

    /// The other names of a class's fields: those of its events, of its group, of its product.
    pub(crate) fn aliases_of<'t>(
        &'t self,
        group: &'t Group,
        events: Option<&'t Events>,
    ) -> Vec<(&'t str, &'t str)> {
        let product = group.sources.iter().find_map(|source| source.product.as_ref());
        let maps = [
            events.map(|events| &events.aliases),
            Some(&group.aliases),
            product.and_then(|product| self.table.aliases.get(product)),
        ];
        let pairs = maps.into_iter().flatten().flatten();
        pairs
            .flat_map(|(field, others)| others.iter().map(|other| (field.as_str(), other.as_str())))
            .collect()
    }
}

impl Source {
    pub(crate) fn log_source(&self) -> LogSource {
        LogSource {
            category: self.category.clone(),
            product: self.product.clone(),
            service: self.service.clone(),
            ..LogSource::default()
        }
    }
}

impl Events {
    /// Each of the group's log sources with each category.
    pub(crate) fn sources(&self, group: &[Source]) -> Vec<LogSource> {
        let mut sources = Vec::new();
        for source in group {
            for category in &self.categories {
                sources.push(LogSource { category: Some(category.clone()), ..source.log_source() });
            }
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_read_and_names_nothing_twice() {
        let sources = LogSources::built_in().unwrap();
        let mut names: Vec<_> = sources.table.groups.iter().map(|group| group.name.as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(sources.list().count() > count);
    }

    #[test]
    fn what_is_built_in_is_what_the_files_say() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/logsources");
        let built_in = LogSources::built_in().unwrap();
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let written =
                LogSources::parse(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            for group in &written.table.groups {
                let same = built_in.table.groups.iter().find(|known| known.name == group.name);
                assert_eq!(same.map(|known| format!("{known:?}")), Some(format!("{group:?}")));
                count += 1;
            }
        }
        assert_eq!(built_in.table.groups.len(), count);
    }
}
