//! What there is to know about log sources, fields and ATT&CK, for people who write rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use sigyn_engine::{Known, LogSources};
use sigyn_ir::LogSource;
use sigyn_lint::Facts;

/// Everything that comes with Sigyn, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Knowledge {
    /// Fields, file names, ATT&CK as checks see them.
    pub(crate) facts: Facts,
    /// What events of each log source look like.
    pub(crate) groups: Vec<Known>,
}

/// A field as people know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldNote {
    /// E.g. `path`.
    pub(crate) kind: &'static str,
    /// What it holds.
    pub(crate) about: &'static str,
}

static FIELDS: LazyLock<HashMap<&'static str, FieldNote>> = LazyLock::new(|| {
    let rows = include_str!("../data/fields.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| {
        let mut words = row.split('\t');
        let (name, kind, about) = (words.next()?, words.next()?, words.next()?);
        Some((name, FieldNote { kind, about }))
    })
    .collect()
});

/// A part of a log source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Category,
    Product,
    Service,
}

impl Part {
    /// The part that a key of `logsource` is.
    pub(crate) fn of(key: &str) -> Option<Self> {
        match key {
            "category" => Some(Self::Category),
            "product" => Some(Self::Product),
            "service" => Some(Self::Service),
            _ => None,
        }
    }

    fn get(self, source: &LogSource) -> Option<&str> {
        match self {
            Self::Category => source.category.as_deref(),
            Self::Product => source.product.as_deref(),
            Self::Service => source.service.as_deref(),
        }
    }

    fn clear(self, source: &mut LogSource) {
        match self {
            Self::Category => source.category = None,
            Self::Product => source.product = None,
            Self::Service => source.service = None,
        }
    }
}

/// How events of a log source are recognised, by one group of the table.
pub(crate) struct Recognised<'a> {
    /// The group.
    pub(crate) group: &'a Known,
    /// What its events must say beyond that, if the log source asks for more: event ids, values.
    pub(crate) events: Vec<&'a str>,
}

impl Knowledge {
    /// What comes with Sigyn, with these facts.
    pub(crate) fn new(facts: Facts) -> Self {
        // The table is read by a test of its crate; without it nothing is known of channels.
        let groups = LogSources::built_in().map(|table| table.catalogue().collect()).unwrap_or_default();
        Self { facts, groups }
    }

    /// What is known of a field whatever its log source.
    pub(crate) fn field(&self, name: &str) -> Option<FieldNote> {
        FIELDS.get(name).copied()
    }

    /// The fields that events of a log source have, without those that it says already; empty if that is not known.
    pub(crate) fn fields(&self, source: &LogSource) -> Vec<&'static str> {
        let known = self.facts.fields(source);
        known.map_or_else(Vec::new, |fields| {
            fields.all.iter().copied().filter(|field| !fields.redundant.contains(field)).collect()
        })
    }

    /// The values that a part of a log source may have beside the parts that are there, with the log sources they
    /// make.
    pub(crate) fn values(&self, part: Part, given: &LogSource) -> BTreeMap<String, BTreeSet<String>> {
        let mut given = given.clone();
        part.clear(&mut given);
        let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for source in self.log_sources().filter(|source| given.covers(source)) {
            if let Some(value) = part.get(&source) {
                values.entry(value.to_owned()).or_default().insert(words(&source));
            }
        }
        values
    }

    fn log_sources(&self) -> impl Iterator<Item = LogSource> {
        let tabled = self.groups.iter().flat_map(|group| {
            let with_events = group.sources.iter().flat_map(|source| {
                group
                    .events
                    .iter()
                    .flat_map(|(_, categories)| categories)
                    .map(|category| LogSource { category: Some(category.clone()), ..source.clone() })
            });
            group.sources.iter().cloned().chain(with_events)
        });
        self.facts.log_sources().into_iter().chain(tabled)
    }

    /// How events of a log source are recognised.
    pub(crate) fn recognised<'a>(&'a self, source: &LogSource) -> Vec<Recognised<'a>> {
        let wanted = source.category.as_deref();
        let mut found = Vec::new();
        for group in &self.groups {
            let of_group = |known: &LogSource| {
                let bare = LogSource { category: None, ..source.clone() };
                let known = LogSource { category: None, ..known.clone() };
                bare.covers(&known)
            };
            if !group.sources.iter().any(of_group) {
                continue;
            }
            let events: Vec<&str> = group
                .events
                .iter()
                .filter(|(_, categories)| wanted.is_some_and(|wanted| categories.iter().any(|c| c == wanted)))
                .map(|(condition, _)| condition.as_str())
                .collect();
            let has_category = group.sources.iter().any(|known| source.covers(known));
            if has_category || !events.is_empty() {
                found.push(Recognised { group, events });
            }
        }
        found
    }
}

/// A log source in words: `windows process_creation`.
pub(crate) fn words(source: &LogSource) -> String {
    let parts = [&source.product, &source.category, &source.service];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(product: &str, category: &str, service: &str) -> LogSource {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LogSource {
            product: some(product),
            category: some(category),
            service: some(service),
            ..LogSource::default()
        }
    }

    #[test]
    fn log_sources_are_told_by_channels_and_events() {
        let knowledge = Knowledge::new(Facts::bundled(None));
        let shown: Vec<String> = knowledge
            .recognised(&source("windows", "process_creation", ""))
            .into_iter()
            .map(|found| format!("{}: {}", found.group.name, found.events.join(", ")))
            .collect();
        assert!(shown.contains(&"windows sysmon: event id 1".to_owned()), "{shown:?}");
        assert!(shown.contains(&"windows security: event id 4688".to_owned()), "{shown:?}");
        assert!(knowledge.recognised(&source("nothing", "", "")).is_empty());
    }

    #[test]
    fn parts_that_fit_together_are_offered() {
        let knowledge = Knowledge::new(Facts::bundled(None));
        let values = |part, product, category| knowledge.values(part, &source(product, category, ""));
        assert!(values(Part::Category, "windows", "").contains_key("process_creation"));
        assert!(!values(Part::Category, "aws", "").contains_key("process_creation"));
        assert!(values(Part::Product, "", "process_creation").contains_key("linux"));
        // The part that is asked for does not narrow itself.
        assert!(values(Part::Product, "wind", "process_creation").contains_key("windows"));
        assert!(values(Part::Service, "windows", "").contains_key("security"));
    }

    #[test]
    fn rows_of_fields_are_whole_and_in_order() {
        let rows: Vec<&str> =
            include_str!("../data/fields.tsv").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(rows.is_sorted() && rows.iter().all(|row| row.split('\t').count() == 3));
        assert_eq!(FIELDS.len(), rows.len());
        let knowledge = Knowledge::new(Facts::bundled(None));
        assert_eq!(knowledge.field("Image").map(|field| field.kind), Some("path"));
    }
}
