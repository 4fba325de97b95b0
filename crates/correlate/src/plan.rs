//! Rules compiled for correlating: what each reads, in which order they run, how far their results depend.

mod graph;
mod islands;
mod logic;
mod operator;
mod reach;
mod reads;
mod selecting;

use std::sync::Arc;

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::{ItemId, Level, Outcome, RuleItem, RuleSet};

pub(crate) use islands::Division;
pub(crate) use operator::{ChildSlots, Operator, Predicate, Shape};

use crate::detection::{Anchor, Evidence, Status};
use crate::gather::Gather;
use crate::hash::Hash;
use crate::{Detection, Hit, Id, Limits, ValuesWriter};

/// The correlations and chains of a rule set, ready to run. Immutable; machines share it.
#[derive(Debug)]
pub struct Plan {
    /// One for each item of the set; none where the rule is refused.
    nodes: Vec<Option<Node>>,
    /// The rules in the order in which they run: by stratum, then by uid.
    pub(crate) order: Vec<ItemId>,
    pub(crate) islands: islands::Islands,
    pub(crate) limits: Limits,
    fingerprint: Id,
}

/// A rule of the plan.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) item: ItemId,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    pub(crate) level: Option<Level>,
    pub(crate) risk: u8,
    pub(crate) is_signal: bool,
    /// What identifies the rule in ids (E3).
    pub(crate) uid: String,
    /// The place of the uid among all uids: what E7 compares.
    pub(crate) uid_rank: u32,
    pub(crate) logic: Id,
    pub(crate) stratum: u32,
    pub(crate) kind: NodeKind,
    /// Rules that it stands above beside its children.
    pub(crate) stands_above: Vec<ItemId>,
    /// Fields that are read of hits and detections of this rule, in the order of [`Hit::values`].
    pub(crate) reads: Vec<Arc<str>>,
    /// Correlations that list this rule, with its place in their list.
    pub(crate) consumers: Vec<(ItemId, u16)>,
    /// Rules on detections that may match this rule's.
    pub(crate) watchers: Vec<ItemId>,
    pub(crate) outcomes: Vec<Outcome>,
    /// For each outcome, the place of its field in `reads` of a single-event rule.
    pub(crate) outcome_slots: Vec<usize>,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    /// A rule on events.
    Plain,
    /// A rule on detections, with the rules whose detections it may match.
    Selecting { producers: Vec<ItemId> },
    /// A correlation.
    Correlation(Box<Operator>),
}

impl Node {
    /// The rules that this one reads.
    pub(crate) fn children(&self) -> &[ItemId] {
        match &self.kind {
            NodeKind::Plain => &[],
            NodeKind::Selecting { producers } => producers,
            NodeKind::Correlation(operator) => &operator.children,
        }
    }

    /// The id of a detection (E3).
    pub(crate) fn detection_id(&self, group: &[u8], anchor: Anchor) -> Id {
        let mut hash = Hash::new();
        hash.text(&self.uid);
        hash.bytes(&self.logic.0);
        hash.bytes(group);
        match anchor {
            Anchor::Event(eid) => hash.bytes(&eid.0),
            Anchor::Window { start, end } => {
                hash.number(start.into());
                hash.number(end.into());
            }
        }
        hash.id()
    }
}

impl Plan {
    /// Compiles the correlations, and the rules on detections, of a set. What is refused is reported and left out, with
    /// what needs it; the rest runs.
    pub fn compile(set: &RuleSet, limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let mut findings = Vec::new();
        let mut nodes: Vec<Option<Node>> = set
            .items
            .iter()
            .enumerate()
            .map(|(at, item)| node(set, at, item, limits, &mut findings))
            .collect();
        refuse_dependents(set, &mut nodes, &mut findings);
        graph::link(set, &mut nodes, &mut findings);
        refuse_dependents(set, &mut nodes, &mut findings);
        graph::strata(&mut nodes);
        let order = order(&nodes);
        graph::consumers(&mut nodes, &order);
        reads::plan(set, &mut nodes, &order);
        logic::name(set, &mut nodes, &order, limits);
        graph::rank(&mut nodes);
        let order = self::order(&nodes);
        let mut hash = Hash::new();
        for node in order.iter().filter_map(|item| nodes.get(item.0 as usize)?.as_ref()) {
            hash.number(node.item.0.into());
            hash.text(&node.uid);
            hash.bytes(&node.logic.0);
            node.reads.iter().for_each(|field| hash.text(field));
        }
        let islands = islands::find(&nodes, &order);
        (Self { nodes, order, islands, limits: *limits, fingerprint: hash.id() }, findings)
    }

    pub(crate) fn node(&self, item: ItemId) -> Option<&Node> {
        self.nodes.get(item.0 as usize)?.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The rules in the order in which they run: whatever a rule reads stands before it. Refused rules are missing.
    pub fn rules(&self) -> &[ItemId] {
        &self.order
    }

    /// Exactly the fields whose values a hit of a rule must bring, in this order.
    pub fn reads(&self, rule: ItemId) -> &[Arc<str>] {
        self.node(rule).map_or(&[], |node| &node.reads)
    }

    /// Whether anything reads the hits of a single-event rule. Others need not be pushed.
    pub fn is_read(&self, rule: ItemId) -> bool {
        self.node(rule).is_some_and(|node| {
            matches!(node.kind, NodeKind::Plain) && (!node.consumers.is_empty() || !node.watchers.is_empty())
        })
    }

    /// Whether the rule selects on detections (`product: sigyn`, `service: detection`) rather than on events.
    pub fn is_on_detections(&self, rule: ItemId) -> bool {
        self.node(rule).is_some_and(|node| matches!(node.kind, NodeKind::Selecting { .. }))
    }

    /// Whether a detection of the rule is shown to people: it is not silent, and stands for itself.
    pub fn is_signal(&self, rule: ItemId) -> bool {
        self.node(rule).is_some_and(|node| node.is_signal)
    }

    /// The rules whose hits or detections a rule reads: those that a correlation lists, those whose detections a rule on
    /// detections may match.
    pub fn children(&self, rule: ItemId) -> &[ItemId] {
        self.node(rule).map_or(&[], Node::children)
    }

    /// How many rules stand one on the other below a rule, itself included (E36).
    pub fn stratum(&self, rule: ItemId) -> Option<u32> {
        self.node(rule).map(|node| node.stratum)
    }

    /// What identifies a rule in the ids of its detections (E3).
    pub fn uid(&self, rule: ItemId) -> Option<&str> {
        self.node(rule).map(|node| node.uid.as_str())
    }

    /// The hash of everything that can change the rule's results (E3).
    pub fn logic_hash(&self, rule: ItemId) -> Option<Id> {
        self.node(rule).map(|node| node.logic)
    }

    /// The hash of all rules' logic: snapshots fit plans with the same.
    pub fn fingerprint(&self) -> Id {
        self.fingerprint
    }

    /// The limits that it was compiled with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The id of the [detection](Self::detection_of) that an event is for a single-event rule.
    pub fn id_of_hit(&self, rule: ItemId, event: Id) -> Option<Id> {
        let node = self.node(rule).filter(|node| !matches!(node.kind, NodeKind::Correlation(_)))?;
        Some(node.detection_id(&[], Anchor::Event(event)))
    }

    /// The detection that a hit of a single-event rule is: with an id, outcomes and risk like any other. None if the rule
    /// was refused or is no single-event rule.
    pub fn detection_of(&self, hit: &Hit) -> Option<Detection> {
        let node = self.node(hit.rule)?;
        if matches!(node.kind, NodeKind::Correlation(_)) {
            return None;
        }
        let at = &hit.at;
        let anchor = Anchor::Event(at.eid);
        let outcomes = Gather::outcomes_of_hit(node, &hit.values, self.limits.values_max);
        let mut detection = Detection {
            id: node.detection_id(&[], anchor),
            rule: hit.rule,
            ts: at.ts,
            first_seen: at.ts,
            last_seen: at.ts,
            anchor,
            group: Vec::new(),
            value: None,
            total: 1,
            total_at_anchor: 1,
            evidence: vec![Evidence {
                ts: at.ts,
                rule: hit.rule,
                source: at.source.clone(),
                seq: at.seq,
                eid: at.eid,
                is_detection: matches!(node.kind, NodeKind::Selecting { .. }),
            }],
            is_truncated: false,
            is_fanout_truncated: false,
            outcomes_at_anchor: outcomes.clone(),
            outcomes,
            values: hit.values.clone(),
            risk: node.risk,
            level: node.level,
            suppressed: 0,
            stratum: node.stratum,
            status: Status::Final,
            revision: 0,
            is_late: false,
            is_signal: node.is_signal,
        };
        let mut writer = ValuesWriter::default();
        crate::own::write_reads(&mut writer, node, &detection, |name, write| {
            if let Some(at) = node.reads.iter().position(|field| &**field == name) {
                let mut seen = Vec::new();
                for text in hit.values.get(at) {
                    if seen.len() < self.limits.values_max && !seen.contains(&text) {
                        seen.push(text);
                        write(text);
                    }
                }
            }
        });
        detection.values = writer.finish();
        Some(detection)
    }
}

/// The rules of a plan in the order in which they run.
fn order(nodes: &[Option<Node>]) -> Vec<ItemId> {
    let mut order: Vec<&Node> = nodes.iter().flatten().collect();
    order.sort_by_key(|node| (node.stratum, node.uid_rank, node.item));
    order.into_iter().map(|node| node.item).collect()
}

fn node(
    set: &RuleSet,
    at: usize,
    item: &RuleItem,
    limits: &Limits,
    findings: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let (meta, options) = (item.meta(), item.options());
    if !options.unread.is_empty() {
        let message = format!("`{}` of `sigyn:` could not be read", options.unread.join("`, `"));
        findings.push(Diagnostic::error(&codes::correlate::UNREAD_OPTION, message).at(item.span()));
        return None;
    }
    let kind = match item {
        RuleItem::Rule(rule) if selecting::is_on_detections(rule) => {
            NodeKind::Selecting { producers: Vec::new() }
        }
        RuleItem::Rule(_) => NodeKind::Plain,
        RuleItem::Correlation(correlation) => {
            NodeKind::Correlation(Box::new(operator::compile(correlation, limits, findings)?))
        }
    };
    Some(Node {
        item: ItemId(u32::try_from(at).unwrap_or(u32::MAX)),
        id: meta.id.clone(),
        name: meta.name.clone(),
        title: meta.title.clone(),
        tags: meta.tags.iter().map(ToString::to_string).collect(),
        level: meta.level,
        risk: options.risk.unwrap_or_else(|| default_risk(meta.level)),
        is_signal: !options.is_silent && set.outputs.get(at).copied().unwrap_or(true),
        uid: String::new(),
        uid_rank: 0,
        logic: Id::default(),
        stratum: 1,
        kind,
        stands_above: Vec::new(),
        reads: Vec::new(),
        consumers: Vec::new(),
        watchers: Vec::new(),
        outcomes: options.outcomes.clone(),
        outcome_slots: Vec::new(),
    })
}

/// What a rule's level stands for where it does not give a risk.
fn default_risk(level: Option<Level>) -> u8 {
    match level {
        None | Some(Level::Informational) => 0,
        Some(Level::Low) => 20,
        Some(Level::Medium) => 40,
        Some(Level::High) => 70,
        Some(Level::Critical) => 90,
    }
}

/// Refuses correlations that list a rule which is refused.
fn refuse_dependents(set: &RuleSet, nodes: &mut [Option<Node>], findings: &mut Vec<Diagnostic>) {
    loop {
        let dead = nodes.iter().enumerate().find_map(|(at, node)| {
            let NodeKind::Correlation(operator) = &node.as_ref()?.kind else { return None };
            let is_dead = |item: &&ItemId| nodes.get(item.0 as usize).is_none_or(Option::is_none);
            operator.children.iter().find(is_dead).map(|child| (at, *child))
        });
        let Some((at, child)) = dead else { return };
        let name = set.get(child).map_or("a rule", |item| item.meta().title.as_str());
        let message = format!("`{name}`, which it lists, cannot be used");
        let mut found = Diagnostic::error(&codes::correlate::UNUSABLE_RULE, message);
        if let Some(item) = set.items.get(at) {
            found = found.at(item.span());
        }
        findings.push(found);
        nodes[at] = None;
    }
}
