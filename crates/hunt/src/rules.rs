//! What results say about rules, and which rules are asked for.

use sigyn_event::write_string;
use sigyn_ir::{ItemId, Level, LogSource, Meta, RuleItem, RuleSet, Status};

/// A rule as results name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Title; never empty.
    pub title: String,
    /// UUID, if it has one.
    pub id: Option<String>,
    /// Severity.
    pub level: Option<Level>,
    /// Tags as written.
    pub tags: Vec<String>,
    /// The rule as results name it in JSON: written once, because it stands in each of them.
    json: String,
}

impl RuleInfo {
    /// What a rule says about itself.
    pub fn of(meta: &Meta) -> Self {
        let title = if meta.title.is_empty() { "(untitled)".to_owned() } else { meta.title.clone() };
        let mut info = Self {
            title,
            id: meta.id.clone(),
            level: meta.level,
            tags: meta.tags.iter().map(ToString::to_string).collect(),
            json: String::new(),
        };
        info.json = info.to_json();
        info
    }

    /// The rule as one JSON object: `id`, `title`, `level` and `tags`.
    pub fn json(&self) -> &str {
        &self.json
    }

    fn to_json(&self) -> String {
        let mut out = String::from("{\"id\":");
        match &self.id {
            Some(id) => write_string(&mut out, id),
            None => out.push_str("null"),
        }
        out.push_str(",\"title\":");
        write_string(&mut out, &self.title);
        out.push_str(",\"level\":");
        write_string(&mut out, self.level_name());
        out.push_str(",\"tags\":[");
        for (at, tag) in self.tags.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            write_string(&mut out, tag);
        }
        out.push_str("]}");
        out
    }

    /// The level's name; `none` for a rule without.
    pub fn level_name(&self) -> &'static str {
        self.level.map_or("none", Level::as_str)
    }

    /// Severest first: 0 for critical.
    pub fn rank(&self) -> usize {
        let from_top = |level: Level| Level::ALL.iter().rev().position(|other| *other == level);
        self.level.and_then(from_top).unwrap_or(Level::ALL.len())
    }
}

/// Which rules are asked for. Every list is an "any of"; an empty one asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This level and those above it.
    pub level_min: Option<Level>,
    /// Maturities.
    pub statuses: Vec<Status>,
    /// Tags, whole or as the beginning of one: `attack.t1059` also stands for `attack.t1059.001`.
    pub tags: Vec<String>,
    /// Log sources that cover the rule's.
    pub logsources: Vec<LogSource>,
}

impl Filter {
    /// Which rules of a set are asked for. A correlation is of the log sources of the rules that it reads.
    pub fn choose(&self, set: &RuleSet) -> Vec<bool> {
        let mut is_of_source: Vec<bool> = Vec::with_capacity(set.items.len());
        for item in &set.items {
            // What is read stands before what reads it.
            let is_read = |id: ItemId| is_of_source.get(id.0 as usize) == Some(&true);
            is_of_source.push(match item {
                RuleItem::Rule(rule) => {
                    self.logsources.is_empty()
                        || self.logsources.iter().any(|wanted| wanted.covers(&rule.logsource))
                }
                RuleItem::Correlation(correlation) => correlation.reads().any(is_read),
            });
        }
        let is_wanted = |(item, is_of_source)| is_of_source && self.admits(item);
        set.items.iter().zip(is_of_source).map(is_wanted).collect()
    }

    /// Whether a rule is asked for.
    pub fn admits(&self, item: &RuleItem) -> bool {
        let meta = item.meta();
        let is_level = self.level_min.is_none_or(|min| meta.level.is_some_and(|level| level >= min));
        let is_status =
            self.statuses.is_empty() || meta.status.is_some_and(|status| self.statuses.contains(&status));
        let is_tag = self.tags.is_empty()
            || meta.tags.iter().any(|tag| self.tags.iter().any(|wanted| begins(&tag.to_string(), wanted)));
        let is_source = self.logsources.is_empty()
            || match item {
                RuleItem::Rule(rule) => self.logsources.iter().any(|wanted| wanted.covers(&rule.logsource)),
                RuleItem::Correlation(_) => true,
            };
        is_level && is_status && is_tag && is_source
    }
}

fn begins(tag: &str, wanted: &str) -> bool {
    let (tag, wanted) = (tag.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    tag.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn a_tag_stands_for_those_below_it() {
        assert!(begins("attack.t1059.001", "attack.T1059"));
        assert!(begins("attack.t1059", "attack.t1059"));
        assert!(!begins("attack.t10591", "attack.t1059"));
        assert!(begins("attack.t1059", "attack"));
    }
}
