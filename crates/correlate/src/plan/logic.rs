//! What identifies rules and their logic (E3).

use std::fmt::Debug;

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationExpr, Expr, ItemId, Part, Rule, RuleItem, RuleSet,
    SigmaString, Value,
};

use super::{Node, NodeKind};
use crate::hash::Hash;
use crate::{Id, Limits, own};

/// Gives each rule its logic hash and its uid; rules that others read come first.
pub(super) fn name(set: &RuleSet, nodes: &mut [Option<Node>], order: &[ItemId], limits: &Limits) {
    let mut written = Written::default();
    for item in order {
        let (Some(Some(node)), Some(rule)) = (nodes.get(item.0 as usize), set.get(*item)) else { continue };
        let mut hash = Hash::new();
        match rule {
            RuleItem::Rule(rule) => of_rule(rule, &mut hash, &mut written),
            RuleItem::Correlation(correlation) => of_correlation(correlation, nodes, limits, &mut hash),
        }
        of_outcomes(node, limits, &mut hash);
        of_children(set, node, nodes, &mut hash);
        let logic = hash.id();
        let uid = match (&node.id, &node.name) {
            (Some(id), _) => id.clone(),
            (None, Some(name)) => format!("name:{name}"),
            (None, None) => format!("title:{}:{logic}", node.title),
        };
        if let Some(Some(node)) = nodes.get_mut(item.0 as usize) {
            node.logic = logic;
            node.uid = uid;
        }
    }
}

fn of_rule(rule: &Rule, hash: &mut Hash, written: &mut Written) {
    hash.text("rule");
    let source = &rule.logsource;
    for part in [&source.category, &source.product, &source.service] {
        hash.number(part.is_some().into());
        hash.text(part.as_deref().unwrap_or(""));
    }
    written.0.clear();
    for condition in &rule.conditions {
        written.tag(b'c');
        written.expr(&rule.expression(condition));
    }
    hash.bytes(&written.0);
}

/// Conditions as bytes: each part by a letter, numbers in eight bytes, texts behind their length.
///
/// Values were written as they are printed for debugging at first: that was half the time of compiling thousands of rules.
#[derive(Default)]
struct Written(Vec<u8>);

impl Written {
    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Or(args) => self.group(b'o', 1, args),
            Expr::And(args) => self.group(b'a', 1, args),
            Expr::AtLeast { count, of } => self.group(b'm', *count as usize, of),
            Expr::Not(arg) => self.group(b'n', 1, std::slice::from_ref(arg)),
            Expr::Field { field, value, .. } => {
                self.tag(b'f');
                self.text(field);
                self.value(value);
            }
            Expr::Keyword { value, .. } => {
                self.tag(b'k');
                self.value(value);
            }
            Expr::False => self.tag(b'-'),
            Expr::Nothing => self.tag(b'0'),
        }
    }

    fn group(&mut self, tag: u8, count: usize, args: &[Expr<'_>]) {
        self.tag(tag);
        self.number(count);
        self.number(args.len());
        args.iter().for_each(|arg| self.expr(arg));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Str(text) => self.string(b's', text),
            Value::Cased(text) => self.string(b'S', text),
            Value::Expansion { kind, values } => {
                self.tag(b'e');
                self.printed(kind);
                self.number(values.len());
                values.iter().for_each(|value| self.value(value));
            }
            // The form in which values are printed for debugging has all of them and no place. These are few.
            _ => {
                self.tag(b'v');
                self.printed(value);
            }
        }
    }

    fn string(&mut self, tag: u8, string: &SigmaString) {
        self.tag(tag);
        self.number(string.parts().len());
        for part in string.parts() {
            match part {
                Part::Text(text) => {
                    self.tag(b't');
                    self.text(text);
                }
                Part::Many => self.tag(b'*'),
                Part::One => self.tag(b'?'),
                Part::Placeholder(name) => {
                    self.tag(b'%');
                    self.text(name);
                }
            }
        }
    }

    fn printed(&mut self, thing: &impl Debug) {
        self.text(&format!("{thing:?}"));
    }
}

fn logic_of(nodes: &[Option<Node>], item: ItemId) -> Id {
    nodes.get(item.0 as usize).and_then(Option::as_ref).map(|node| node.logic).unwrap_or_default()
}

fn of_correlation(correlation: &Correlation, nodes: &[Option<Node>], limits: &Limits, hash: &mut Hash) {
    hash.text("correlation");
    hash.text(correlation.kind.as_str());
    hash.number(correlation.timespan.seconds.into());
    for field in correlation.group_by.iter().flatten() {
        hash.text("group");
        hash.text(field);
    }
    for alias in &correlation.aliases {
        hash.text("alias");
        hash.text(&alias.name);
        for (rule, field) in &alias.fields {
            hash.bytes(&logic_of(nodes, rule.target).0);
            hash.text(field);
        }
    }
    match &correlation.condition {
        CorrelationCondition::Thresholds { thresholds, fields, percentile, .. } => {
            for threshold in thresholds {
                hash.text(threshold.op.as_str());
                hash.text(&threshold.number.to_string());
            }
            fields.iter().for_each(|field| hash.text(field));
            hash.text(&percentile.map(|number| number.to_string()).unwrap_or_default());
        }
        CorrelationCondition::Extended { expr, .. } => of_condition(expr, nodes, hash),
    }
    let options = &correlation.options;
    hash.text(options.window.as_str());
    hash.text(options.on_match.as_str());
    hash.text(options.missing.as_str());
    hash.text(options.percentile.as_str());
    hash.text(options.revisions.as_str());
    hash.text(options.timezone.as_deref().unwrap_or("UTC"));
    if let Some(pivot) = &options.pivot {
        let place = correlation.rules.iter().position(|rule| rule.text == *pivot);
        hash.number(place.map_or(-1, |place| place as i128));
    }
    hash.number(options.gap_seconds.map_or(-1, i128::from));
    hash.number(options.offset_seconds.into());
    hash.number(options.suppress_seconds.map_or(-1, i128::from));
    hash.number(options.evidence.unwrap_or(limits.evidence_max).into());
    for key in &options.inventory {
        hash.text("key");
        key.iter().for_each(|value| hash.text(value));
    }
    hash.number(limits.memberships_max as i128);
}

fn of_condition(expr: &CorrelationExpr, nodes: &[Option<Node>], hash: &mut Hash) {
    let (name, args) = match expr {
        CorrelationExpr::Or(args) => ("or", args.as_slice()),
        CorrelationExpr::And(args) => ("and", args.as_slice()),
        CorrelationExpr::Not(arg) => ("not", std::slice::from_ref(&**arg)),
        CorrelationExpr::Rule(rule) => {
            hash.text("rule");
            return hash.bytes(&logic_of(nodes, rule.target).0);
        }
    };
    hash.text(name);
    hash.number(args.len() as i128);
    args.iter().for_each(|arg| of_condition(arg, nodes, hash));
}

fn of_outcomes(node: &Node, limits: &Limits, hash: &mut Hash) {
    if !node.outcomes.is_empty() {
        hash.number(limits.values_max as i128);
    }
    for outcome in &node.outcomes {
        hash.text("outcome");
        hash.text(&outcome.name);
        hash.text(outcome.aggregate.as_str());
        hash.text(&outcome.field);
    }
}

/// The logic of what is read, and as much of its metadata as is read (E3).
fn of_children(set: &RuleSet, node: &Node, nodes: &[Option<Node>], hash: &mut Hash) {
    let get = |item: ItemId| nodes.get(item.0 as usize).and_then(Option::as_ref);
    match &node.kind {
        NodeKind::Plain => {}
        NodeKind::Selecting { producers } => {
            let fields = match set.get(node.item) {
                Some(RuleItem::Rule(rule)) => super::selecting::fields(rule),
                _ => Vec::new(),
            };
            // In the order of their uids: where a rule stands among the files must not matter.
            let mut producers: Vec<&Node> = producers.iter().filter_map(|item| get(*item)).collect();
            producers.sort_by(|a, b| (&a.uid, a.logic).cmp(&(&b.uid, b.logic)));
            for producer in producers {
                hash.bytes(&producer.logic.0);
                fields.iter().for_each(|field| of_metadata(field, producer, hash));
            }
        }
        NodeKind::Correlation(operator) => {
            for (place, child) in operator.children.iter().enumerate() {
                let Some(child) = get(*child) else { continue };
                hash.bytes(&child.logic.0);
                for name in operator.names(place) {
                    match &child.kind {
                        NodeKind::Plain => {}
                        NodeKind::Correlation(_) => of_metadata(&name, child, hash),
                        NodeKind::Selecting { producers } => {
                            let producers = producers.iter().filter_map(|item| get(*item));
                            let mut producers: Vec<&Node> = producers.collect();
                            producers.sort_by(|a, b| a.uid.cmp(&b.uid));
                            producers.iter().for_each(|producer| of_metadata(&name, producer, hash));
                        }
                    }
                }
            }
        }
    }
}

fn of_metadata(field: &str, node: &Node, hash: &mut Hash) {
    for value in own::metadata(field, node).unwrap_or_default() {
        hash.text(field);
        hash.text(&value.text());
    }
}
