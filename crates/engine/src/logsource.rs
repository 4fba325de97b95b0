//! Log sources: what events of each look like, as data.
//!
//! A [`LogSources`] table is a list of groups, read from `data/logsources/` or from a text of the same form.
//! An event belongs to the first group that knows its channel, its provider, its origin or its fields; within
//! the group its event id, or other fields, may say more. What comes out is a class: the log sources that the event
//! has, under which other names rules find its fields, and what their values mean in the words of rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use sigyn_ir::LogSource;

use crate::derive::{Derived, Maker, OfField};

/// The table that is built in, in the order in which its groups are asked.
const BUILT_IN: &[&str] = &[
    include_str!("../data/logsources/windows.yml"),
    include_str!("../data/logsources/unix.yml"),
    include_str!("../data/logsources/web.yml"),
    include_str!("../data/logsources/cloud.yml"),
    include_str!("../data/logsources/network.yml"),
    include_str!("../data/logsources/applications.yml"),
    include_str!("../data/logsources/endpoint.yml"),
];

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

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Where events carry what identifies their source; the first that is there counts.
    #[serde(default)]
    pub(crate) identity: Identity,
    /// Other names of fields, by product.
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, Aliases>,
    pub(crate) groups: Vec<Group>,
}

/// The field that rules name, and the names under which events may have it instead, in order.
pub(crate) type Aliases = BTreeMap<String, Vec<String>>;

/// How the values of a field are made that events have only in other words.
pub(crate) type Values = BTreeMap<String, Vec<Derived>>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Identity {
    pub(crate) channel: Vec<String>,
    pub(crate) provider: Vec<String>,
    pub(crate) event_id: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// What writes such events and what was looked up where, for people.
    pub(crate) about: Option<String>,
    /// One of these says that an event belongs here.
    pub(crate) when: Vec<When>,
    pub(crate) sources: Vec<Source>,
    #[serde(default)]
    pub(crate) aliases: Aliases,
    #[serde(default)]
    pub(crate) values: Values,
    #[serde(default)]
    pub(crate) events: Vec<Events>,
}

/// All that is given must hold; texts are compared without regard to case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct When {
    pub(crate) channel: Vec<String>,
    pub(crate) provider: Vec<String>,
    pub(crate) origin: Vec<String>,
    /// Fields that must all be there.
    pub(crate) has: Vec<String>,
    /// Fields with the values that they may have.
    pub(crate) is: BTreeMap<String, Vec<String>>,
}

/// One log source that the events of a group have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Source {
    pub(crate) product: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) service: Option<String>,
}

/// What event ids say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// None: `is` says it all.
    #[serde(default)]
    pub(crate) ids: Vec<u64>,
    /// Only events that also have these values.
    #[serde(default)]
    pub(crate) is: BTreeMap<String, Vec<String>>,
    pub(crate) categories: Vec<String>,
    #[serde(default)]
    pub(crate) aliases: Aliases,
    #[serde(default)]
    pub(crate) values: Values,
    /// What may be the reason if no event has a field.
    #[serde(default)]
    pub(crate) hints: BTreeMap<String, String>,
}

impl LogSources {
    /// The built-in table.
    ///
    /// # Errors
    /// None in a build whose tests pass.
    pub fn built_in() -> Result<Self, TableError> {
        let mut parts = BUILT_IN.iter().rev();
        let mut all = Self::parse(parts.next().copied().unwrap_or("groups: []"))?;
        for part in parts {
            all.prepend(Self::parse(part)?);
        }
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
}
