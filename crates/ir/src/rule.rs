//! Rules and rule sets.

use std::sync::Arc;

use sigyn_diagnostics::Span;

use crate::{Condition, Correlation, Data, Detection, DetectionId, Meta, Options};

/// A detection rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it says about itself.
    pub meta: Meta,
    /// What events it reads.
    pub logsource: LogSource,
    /// Search identifiers in the order of the document; those of filters and pipelines behind them.
    pub detections: Vec<(String, Detection)>,
    /// Conditions: each is a query of its own.
    pub conditions: Vec<Condition>,
    /// Fields worth showing.
    pub fields: Vec<String>,
    /// What it tells Sigyn beyond the specification.
    pub options: Options,
    /// Labels that pipeline items left on the rule as a whole.
    pub marks: Vec<Arc<str>>,
    /// Where the document stands.
    pub span: Span,
}

impl Rule {
    /// A search identifier by its place.
    pub fn detection(&self, id: DetectionId) -> Option<(&str, &Detection)> {
        self.detections.get(id.0 as usize).map(|(name, detection)| (name.as_str(), detection))
    }

    /// Adds a search identifier.
    pub fn add_detection(&mut self, name: impl Into<String>, detection: Detection) -> DetectionId {
        self.detections.push((name.into(), detection));
        DetectionId(u32::try_from(self.detections.len() - 1).unwrap_or(u32::MAX))
    }
}

/// What events a rule reads. An attribute that is absent matches anything.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LogSource {
    /// E.g. `process_creation`.
    pub category: Option<String>,
    /// E.g. `windows`.
    pub product: Option<String>,
    /// E.g. `sysmon`.
    pub service: Option<String>,
    /// Text for people.
    pub definition: Option<String>,
    /// Every other key, in order.
    pub custom: Vec<(String, Data)>,
}

impl LogSource {
    /// Whether every attribute given here equals the other's.
    pub fn covers(&self, other: &LogSource) -> bool {
        let fits = |mine: &Option<String>, theirs: &Option<String>| mine.is_none() || mine == theirs;
        fits(&self.category, &other.category)
            && fits(&self.product, &other.product)
            && fits(&self.service, &other.service)
    }
}

/// A rule's place in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub u32);

/// A rule that a set holds.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleItem {
    /// A detection rule.
    Rule(Rule),
    /// A correlation.
    Correlation(Correlation),
}

impl RuleItem {
    /// What the rule says about itself.
    pub fn meta(&self) -> &Meta {
        match self {
            RuleItem::Rule(rule) => &rule.meta,
            RuleItem::Correlation(correlation) => &correlation.meta,
        }
    }

    /// What it tells Sigyn beyond the specification.
    pub fn options(&self) -> &Options {
        match self {
            RuleItem::Rule(rule) => &rule.options,
            RuleItem::Correlation(correlation) => &correlation.options,
        }
    }

    /// Where the document stands.
    pub fn span(&self) -> Span {
        match self {
            RuleItem::Rule(rule) => rule.span,
            RuleItem::Correlation(correlation) => correlation.span,
        }
    }
}

/// Rules with their references linked and filters applied, referenced rules before those that refer to them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RuleSet {
    /// The rules.
    pub items: Vec<RuleItem>,
    /// For each rule, whether it stands for itself: false if only a correlation reads it (`generate`).
    pub outputs: Vec<bool>,
    /// For each rule, whether a correlation refers to it.
    pub is_referenced: Vec<bool>,
}

impl RuleSet {
    /// A rule by its place.
    pub fn get(&self, id: ItemId) -> Option<&RuleItem> {
        self.items.get(id.0 as usize)
    }
}
