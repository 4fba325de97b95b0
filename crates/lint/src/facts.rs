//! Facts about the world that checks rely on: ATT&CK and D3FEND, the log sources and names of SigmaHQ, the day.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use sigyn_attack::Attack;
use sigyn_ir::LogSource;

/// What checks know about the world.
#[derive(Clone, Debug)]
pub struct Facts {
    /// MITRE ATT&CK.
    pub attack: Cow<'static, Attack>,
    /// Today as `YYYY-MM-DD`, if checks may know; those that need it are silent without.
    pub today: Option<String>,
}

impl Facts {
    /// What comes with Sigyn, on a day.
    pub fn bundled(today: Option<String>) -> Self {
        Self { attack: Cow::Borrowed(Attack::bundled()), today }
    }

    /// Whether a tag `d3fend.NAME` names something that exists.
    pub fn knows_d3fend(&self, name: &str) -> bool {
        D3FEND.contains(name)
    }

    /// The fields that a log source is known to have, sorted; `None` if the log source is unknown.
    pub fn fields<'a>(&self, source: &'a LogSource) -> Option<&'a Fields> {
        let table: &HashMap<Key<'a>, Fields> = &TAXONOMY;
        table.get(&key(source))
    }

    /// The log sources that are known, sorted.
    pub fn log_sources(&self) -> Vec<LogSource> {
        let table: &HashMap<Key<'static>, Fields> = &TAXONOMY;
        let mut keys: Vec<&Key<'static>> = table.keys().collect();
        keys.sort_unstable();
        let part = |part: &str| (part != "-").then(|| part.to_owned());
        let source = |(product, category, service): &Key<'_>| LogSource {
            product: part(product),
            category: part(category),
            service: part(service),
            ..LogSource::default()
        };
        keys.into_iter().map(source).collect()
    }

    /// How SigmaHQ's file names for a log source begin; those of the product if the log source has no name.
    pub fn file_name_start<'a>(&self, source: &'a LogSource) -> Option<&'static str> {
        let table: &HashMap<Key<'a>, &'static str> = &FILENAMES;
        let product = || {
            let product = source.product.as_deref().filter(|product| !product.is_empty())?;
            table.get(&(product, "-", "-"))
        };
        table.get(&key(source)).or_else(product).copied()
    }

    /// What a Windows category says.
    pub fn windows_category(&self, category: &str) -> Option<&'static WindowsCategory> {
        WINDOWS.get(category)
    }
}

/// Fields of a log source.
#[derive(Clone, Debug)]
pub struct Fields {
    /// Every field it has; empty if that is not known.
    pub all: Vec<&'static str>,
    /// Those whose value the log source says already.
    pub redundant: Vec<&'static str>,
}

/// A category of Windows events.
#[derive(Clone, Debug)]
pub struct WindowsCategory {
    /// Whether it says the event id.
    pub says_event_id: bool,
    /// The providers that it says.
    pub providers: Vec<&'static str>,
}

/// Product, category and service, `-` where there is none.
type Key<'a> = (&'a str, &'a str, &'a str);

fn part(part: &Option<String>) -> &str {
    part.as_deref().unwrap_or("-")
}

fn key(source: &LogSource) -> Key<'_> {
    (part(&source.product), part(&source.category), part(&source.service))
}

/// The rows of a table: words between tabs.
fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn words(text: &'static str) -> Vec<&'static str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

static TAXONOMY: LazyLock<HashMap<Key<'static>, Fields>> = LazyLock::new(|| {
    rows(include_str!("../data/taxonomy.tsv"))
        .filter_map(|row| match row[..] {
            [product, category, service, all, redundant] => {
                Some(((product, category, service), Fields { all: words(all), redundant: words(redundant) }))
            }
            _ => None,
        })
        .collect()
});

static FILENAMES: LazyLock<HashMap<Key<'static>, &'static str>> = LazyLock::new(|| {
    rows(include_str!("../data/filenames.tsv"))
        .filter_map(|row| match row[..] {
            [product, category, service, start] => Some(((product, category, service), start)),
            _ => None,
        })
        .collect()
});

static WINDOWS: LazyLock<HashMap<&'static str, WindowsCategory>> = LazyLock::new(|| {
    rows(include_str!("../data/windows_categories.tsv"))
        .filter_map(|row| match row[..] {
            [category, event_id, providers] => Some((
                category,
                WindowsCategory { says_event_id: event_id == "yes", providers: words(providers) },
            )),
            _ => None,
        })
        .collect()
});

static D3FEND: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../data/d3fend.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(' ')).collect()
});

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
    fn tables_are_whole() {
        assert_eq!((TAXONOMY.len(), FILENAMES.len(), WINDOWS.len()), (135, 108, 30));
        assert!(D3FEND.contains("isolate") && D3FEND.contains("d3-ba"));
    }

    #[test]
    fn log_sources_are_found() {
        let facts = Facts::bundled(None);
        let known = source("windows", "process_creation", "");
        let fields = facts.fields(&known).unwrap();
        assert!(fields.all.contains(&"CommandLine"));
        assert!(facts.fields(&source("windows", "nothing", "")).is_none());
        let start = |product, category, service| facts.file_name_start(&source(product, category, service));
        assert_eq!(start("windows", "process_creation", ""), Some("proc_creation_win_"));
        assert_eq!(start("aws", "", "cloudtrail"), Some("aws"));
        assert_eq!(start("", "nothing", ""), None);
    }
}
