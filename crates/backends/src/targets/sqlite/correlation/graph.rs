//! The rules below a correlation: which fields they need, of which tables.

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, Data, ItemId, Rule, RuleItem};

use super::super::Sqlite;
use crate::{Cx, Error, Subquery};

/// A correlation with the rules it reads.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) correlation: &'a Correlation,
    pub(super) rules: &'a [Subquery<'a>],
}

/// What a correlation reads.
pub(super) enum Source<'a> {
    Rule(&'a Rule),
    Correlation(Node<'a>),
}

/// A detection rule below the correlation.
pub(super) struct Base<'a> {
    pub(super) id: ItemId,
    pub(super) rule: &'a Rule,
    pub(super) queries: &'a [Data],
    pub(super) table: String,
}

/// Everything below a correlation.
pub(super) struct Graph<'a> {
    /// The detection rules, in the order in which they are met.
    pub(super) rules: Vec<Base<'a>>,
    /// All fields that correlations read or make.
    pub(super) fields: BTreeSet<String>,
    /// The columns that each table must have.
    pub(super) required: Vec<(String, BTreeSet<String>)>,
}

impl<'a> Node<'a> {
    /// The rules in order, each with its place and id.
    pub(super) fn sources(self) -> impl Iterator<Item = (usize, ItemId, Source<'a>)> {
        self.correlation.rules.iter().zip(self.rules).enumerate().map(|(slot, (reference, rule))| {
            let source = match rule.rule {
                RuleItem::Rule(rule) => Source::Rule(rule),
                RuleItem::Correlation(correlation) => {
                    Source::Correlation(Node { correlation, rules: &rule.rules })
                }
            };
            (slot, reference.target, source)
        })
    }

    /// The fields that make a group.
    pub(super) fn group_by(self) -> &'a [String] {
        self.correlation.group_by.as_deref().unwrap_or_default()
    }

    /// What a rule calls a field of this correlation.
    pub(super) fn field_of(self, rule: ItemId, field: &'a str) -> &'a str {
        let alias = self.correlation.aliases.iter().find(|alias| alias.name == field);
        let renamed =
            alias.and_then(|alias| alias.fields.iter().rev().find(|(other, _)| other.target == rule));
        renamed.map_or(field, |(_, name)| name)
    }

    /// The fields that are counted or measured.
    pub(super) fn measured(self) -> &'a [String] {
        match &self.correlation.condition {
            CorrelationCondition::Thresholds { fields, .. } => fields,
            CorrelationCondition::Extended { .. } => &[],
        }
    }
}

impl<'a> Graph<'a> {
    pub(super) fn new(target: &Sqlite, cx: &Cx<'_>, root: Node<'a>) -> Result<Self, Error> {
        let mut graph = Self { rules: Vec::new(), fields: BTreeSet::new(), required: Vec::new() };
        graph.discover(target, cx, root)?;
        graph.require(root, &BTreeSet::new());
        Ok(graph)
    }

    pub(super) fn rule(&self, id: ItemId) -> Option<&Base<'a>> {
        self.rules.iter().find(|base| base.id == id)
    }

    /// The columns that a table must have.
    pub(super) fn columns(&mut self, table: &str) -> &mut BTreeSet<String> {
        let at = self.required.iter().position(|(name, _)| name == table).unwrap_or_else(|| {
            self.required.push((table.to_owned(), BTreeSet::new()));
            self.required.len() - 1
        });
        &mut self.required[at].1
    }

    fn discover(&mut self, target: &Sqlite, cx: &Cx<'_>, node: Node<'a>) -> Result<(), Error> {
        self.fields.extend(node.group_by().iter().cloned());
        let has_list = matches!(
            node.correlation.condition,
            CorrelationCondition::Thresholds { fields_are_list: true, .. }
        );
        if has_list && cx.env.is_reference() {
            return Err(Error::correlation("the reference counts the values of one field, not of a list")
                .as_reference("TypeError"));
        }
        self.fields.extend(node.measured().iter().cloned());
        for alias in &node.correlation.aliases {
            self.fields.insert(alias.name.clone());
            self.fields.extend(alias.fields.iter().map(|(_, field)| field.clone()));
        }
        for ((_, id, source), subquery) in node.sources().zip(node.rules) {
            match source {
                Source::Correlation(child) => self.discover(target, cx, child)?,
                Source::Rule(rule) if self.rule(id).is_none() => {
                    let state = subquery.states.first().unwrap_or(&cx.state);
                    let table = target.table_of(cx.env, state);
                    self.rules.push(Base { id, rule, queries: subquery.queries, table });
                }
                Source::Rule(_) => {}
            }
        }
        Ok(())
    }

    /// Asks the tables below a correlation for the columns that it and those above it need.
    fn require(&mut self, node: Node<'a>, wanted: &BTreeSet<&'a str>) {
        let is_own = |field: &str| {
            node.group_by().iter().any(|name| name == field)
                || field == node.correlation.kind.as_str()
                || field == super::METRIC
        };
        let mut needed: BTreeSet<&str> = wanted.iter().copied().filter(|field| !is_own(field)).collect();
        needed.extend(node.group_by().iter().map(String::as_str));
        needed.extend(node.measured().iter().map(String::as_str));
        for (_, id, source) in node.sources() {
            let fields: BTreeSet<&str> = needed.iter().map(|field| node.field_of(id, field)).collect();
            match source {
                Source::Correlation(child) => self.require(child, &fields),
                Source::Rule(_) => {
                    let table = self.rule(id).map_or_else(String::new, |base| base.table.clone());
                    self.columns(&table).extend(fields.into_iter().map(str::to_owned));
                }
            }
        }
    }
}
