//! What a conversion knows besides the expression at hand.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use sigyn_attack::Attack;
use sigyn_diagnostics::Span;
use sigyn_ir::{Compat, Condition, Data, Rule, RuleItem, State};

/// Backend options (`-O key=value`).
#[derive(Clone, Debug, Default)]
pub struct Options {
    values: BTreeMap<String, Data>,
}

impl Options {
    /// Options from pairs.
    pub fn new(values: impl IntoIterator<Item = (String, Data)>) -> Self {
        Self { values: values.into_iter().collect() }
    }

    /// The value of an option as given.
    pub fn get(&self, name: &str) -> Option<&Data> {
        self.values.get(name)
    }

    /// The value of an option as text, else a default.
    pub fn text(&self, name: &str, default: &str) -> String {
        match self.values.get(name) {
            Some(Data::Text(text)) => text.clone(),
            Some(Data::Number(number)) => number.to_string(),
            Some(Data::Bool(value)) => value.to_string(),
            _ => default.to_owned(),
        }
    }

    /// The value of an option, else a default. As in the reference, an option that is empty, zero or false
    /// is one that was not given.
    pub fn or(&self, name: &str, default: impl Into<Data>) -> Data {
        let is_given = |value: &&Data| match value {
            Data::Null => false,
            Data::Bool(value) => *value,
            Data::Number(number) => number.as_f64() != 0.0,
            Data::Text(text) => !text.is_empty(),
            Data::List(items) => !items.is_empty(),
            Data::Map(pairs) => !pairs.is_empty(),
        };
        self.values.get(name).filter(is_given).cloned().unwrap_or_else(|| default.into())
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Data)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// What holds for a whole run.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Which reading is printed.
    pub compat: Compat,
    /// The output format.
    pub format: String,
    /// The correlation method, if one was chosen.
    pub method: Option<String>,
    /// Backend options.
    pub options: Options,
    /// MITRE ATT&CK names (`--attack-data`), shared by all runs; absent: the bundled ones.
    pub attack: Option<Arc<Attack>>,
}

impl Env {
    /// The names of ATT&CK that hold here.
    pub fn attack(&self) -> &Attack {
        self.attack.as_deref().unwrap_or_else(|| Attack::bundled())
    }

    /// Whether the reference's output is reproduced.
    pub fn is_reference(&self) -> bool {
        self.compat == Compat::PySigma
    }
}

/// Which operators stand above the expression at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ancestry {
    /// An `or` stands somewhere above.
    pub or: bool,
    /// A `not` stands somewhere above.
    pub not: bool,
    /// A negated group (not just a negated leaf) stands somewhere above.
    pub negated_group: bool,
}

/// A part of a query that stands behind the main expression (a later stage of a piped language).
#[derive(Debug)]
pub struct Deferred {
    /// Which of the target's kinds it is.
    pub kind: &'static str,
    /// The field it reads, if any.
    pub field: Option<String>,
    /// Its value, printed.
    pub value: String,
    /// Whether it is negated.
    pub is_negated: bool,
    /// What else the target keeps with it.
    pub extra: Option<Box<dyn Any + Send + Sync>>,
}

/// The conversion of one condition.
#[derive(Debug)]
pub struct Cx<'a> {
    /// What holds for the whole run.
    pub env: &'a Env,
    /// The rule at hand.
    pub rule: &'a RuleItem,
    /// What the pipeline told the backend; a target may add to it.
    pub state: State,
    /// Parts that stand behind the main expression, in order.
    pub deferred: Vec<Deferred>,
    /// What stands above the expression at hand.
    pub ancestry: Ancestry,
    /// Where the item at hand stands in the rule.
    pub span: Span,
    /// Items of identifiers that the reference counts as alternatives (`sigyn_ir::Condition::lone`).
    lone: Vec<Span>,
}

impl<'a> Cx<'a> {
    /// The start of a conversion.
    pub fn new(env: &'a Env, rule: &'a RuleItem, state: State) -> Self {
        Self {
            env,
            rule,
            state,
            deferred: Vec::new(),
            ancestry: Ancestry::default(),
            span: rule.span(),
            lone: Vec::new(),
        }
    }

    /// Notes which identifiers of a condition the reference counts as alternatives.
    pub fn note_lone(&mut self, rule: &Rule, condition: &Condition) {
        if !self.env.is_reference() {
            return;
        }
        for (_, detection) in condition.lone.iter().filter_map(|id| rule.detection(*id)) {
            detection.for_each_item(&mut |item| self.lone.push(item.span));
        }
    }

    /// What stands above an item, as the reference counts it.
    pub(crate) fn ancestry_at(&self, span: Span) -> Ancestry {
        Ancestry { or: self.ancestry.or || self.lone.contains(&span), ..self.ancestry }
    }

    /// Runs `inner` below an operator, then restores what stood above.
    pub fn below<T>(&mut self, ancestry: Ancestry, inner: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.ancestry, ancestry);
        let result = inner(self);
        self.ancestry = before;
        result
    }

    /// Adds a deferred part and returns its index.
    pub fn defer(&mut self, deferred: Deferred) -> usize {
        self.deferred.push(deferred);
        self.deferred.len() - 1
    }
}
