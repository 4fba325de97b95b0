//! The table of log sources for people: what is known, how it is recognised, which names fields have.

use sigyn_ir::LogSource;

use crate::logsource::{Aliases, Group, LogSources, When};

/// A group of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// What writes such events.
    pub about: Option<String>,
    /// Ways in which events are recognised, each in words.
    pub recognised: Vec<String>,
    /// The log sources that its events have.
    pub sources: Vec<LogSource>,
    /// What event ids, or fields, say beyond that: the condition in words, and the categories.
    pub events: Vec<(String, Vec<String>)>,
    /// Fields of rules with the names that events may use instead.
    pub aliases: Vec<(String, Vec<String>)>,
    /// Fields of which events say the values in other words.
    pub reworded: Vec<String>,
}

impl LogSources {
    /// Everything that the table knows, in its order.
    pub fn catalogue(&self) -> impl Iterator<Item = Known> {
        self.table.groups.iter().map(known)
    }
}

fn known(group: &Group) -> Known {
    let mut aliases: Vec<(String, Vec<String>)> = Vec::new();
    let mut reworded: Vec<String> = group.values.keys().cloned().collect();
    let mut add = |map: &Aliases| {
        for (field, others) in map {
            if !aliases.iter().any(|(name, names)| name == field && names == others) {
                aliases.push((field.clone(), others.clone()));
            }
        }
    };
    group.events.iter().for_each(|events| add(&events.aliases));
    add(&group.aliases);
    reworded.extend(group.events.iter().flat_map(|events| events.values.keys().cloned()));
    reworded.sort_unstable();
    reworded.dedup();
    let events = group.events.iter().map(|events| {
        let ids: Vec<String> = events.ids.iter().map(u64::to_string).collect();
        let id = if ids.is_empty() { Vec::new() } else { vec![format!("event id {}", ids.join(", "))] };
        let values = events.is.iter().map(|(field, values)| is_one_of(field, values));
        (id.into_iter().chain(values).collect::<Vec<_>>().join(" and "), events.categories.clone())
    });
    Known {
        name: group.name.clone(),
        about: group.about.clone(),
        recognised: group.when.iter().map(condition).collect(),
        sources: group.sources.iter().map(crate::logsource::Source::log_source).collect(),
        events: events.collect(),
        aliases,
        reworded,
    }
}

fn condition(when: &When) -> String {
    let mut parts = Vec::new();
    for (what, texts) in [("channel", &when.channel), ("provider", &when.provider), ("read as", &when.origin)]
    {
        if !texts.is_empty() {
            parts.push(format!("{what} {}", quoted(texts)));
        }
    }
    if !when.has.is_empty() {
        let names: Vec<String> = when.has.iter().map(|name| format!("`{name}`")).collect();
        parts.push(format!("has {}", names.join(", ")));
    }
    parts.extend(when.is.iter().map(|(field, values)| is_one_of(field, values)));
    parts.join(" and ")
}

fn is_one_of(field: &str, values: &[String]) -> String {
    format!("`{field}` is {}", quoted(values))
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or ")
}
