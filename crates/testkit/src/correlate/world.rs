//! All events and all rules at once: what every rule finds, stratum by stratum.

use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sigyn_event::EventBuf;
use sigyn_ir::{Correlation, ItemId, Rule, RuleItem, RuleSet};

use super::options::Options;
use super::strata::{Strata, reads_detections};
use super::windows::{Finding, checked, findings};
use super::{Anchor, Component, Detection, Event, Id, Num, Time};
use crate::evaluator::Evaluator;
use crate::json;

/// What gives detections their ids. Ids break ties of the canonical order, so that an evaluator with other ids than
/// the engine could disagree with it over equal instants only.
pub trait Ids {
    /// The id of a detection.
    fn id(&self, rule: ItemId, group: &[Component], anchor: Anchor) -> Id;

    /// The id of a further true input of a detection, as consumers see it (E38, D24).
    fn revision(&self, detection: Id, input: Id) -> Id;
}

/// Ids of the evaluator's own making.
#[derive(Clone, Copy, Debug)]
pub struct OwnIds;

impl Ids for OwnIds {
    fn id(&self, rule: ItemId, group: &[Component], anchor: Anchor) -> Id {
        hashed(&(rule, group, anchor))
    }

    fn revision(&self, detection: Id, input: Id) -> Id {
        hashed(&(detection, input))
    }
}

fn hashed(of: &impl Hash) -> Id {
    let mut id = [0; 16];
    for (half, bytes) in id.chunks_mut(8).enumerate() {
        let mut hasher = DefaultHasher::new();
        (half, of).hash(&mut hasher);
        bytes.copy_from_slice(&hasher.finish().to_be_bytes());
    }
    id
}

/// A place in the canonical order (E7), without the rule: hits on one event are one input (D1).
pub(crate) type Order = (Time, usize, String, u64, Id);

/// What an input is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// An event, by its place.
    Event(usize),
    /// A detection, by its place.
    Detection(usize),
}

/// The fields that were read, and what they gave.
pub(crate) type Counted = (Vec<String>, Vec<Vec<String>>);

/// An event or a detection with the listed rules that it hits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) order: Order,
    pub(crate) of: Of,
    /// Places in the correlation's list of rules.
    pub(crate) rules: BTreeSet<usize>,
    /// What is counted or measured of it: the fields that were read, with what they gave.
    pub(crate) counted: Vec<Counted>,
    /// Whether it would lie in more groups than the limit allows (E13).
    pub(crate) is_cut: bool,
}

impl Input {
    pub(crate) fn ts(&self) -> Time {
        self.order.0
    }

    pub(crate) fn id(&self) -> Id {
        self.order.4
    }
}

/// Rules and events.
pub struct World<'r> {
    pub(crate) set: &'r RuleSet,
    pub(crate) options: Vec<Option<Options>>,
    pub(crate) strata: Strata,
    /// Without duplicates (E6), in canonical order.
    pub(crate) events: Vec<Event>,
    pub(crate) bufs: Vec<EventBuf>,
    pub(crate) found: Vec<Detection>,
    /// What was read of detections, by their places and fields.
    pub(crate) read: RefCell<HashMap<(usize, String), Vec<String>>>,
    /// The bounds between which buckets of an inventory end.
    horizon: Option<(Time, Time)>,
    ids: &'r dyn Ids,
}

/// Everything that the rules find in the events, in canonical order; without suppressed detections.
///
/// # Errors
/// Rules that make no sense: circles, unknown options, conditions that cannot be evaluated.
pub fn detections(set: &RuleSet, events: &[Event], ids: &dyn Ids) -> Result<Vec<Detection>, String> {
    World::new(set, events, ids)?.run()
}

impl<'r> World<'r> {
    /// Puts events in order.
    ///
    /// # Errors
    /// As [`detections`].
    pub fn new(set: &'r RuleSet, events: &[Event], ids: &'r dyn Ids) -> Result<Self, String> {
        let options = set.items.iter().map(|item| match item {
            RuleItem::Correlation(correlation) => {
                let options = Options::of(correlation)?;
                checked(correlation, &options)?;
                Ok::<_, String>(Some(options))
            }
            RuleItem::Rule(_) => Ok(None),
        });
        let mut seen = HashSet::new();
        let mut events: Vec<Event> = events.iter().filter(|event| seen.insert(event.eid)).cloned().collect();
        events.sort_by(|a, b| (a.ts, &a.source, a.seq, a.eid).cmp(&(b.ts, &b.source, b.seq, b.eid)));
        Ok(Self {
            set,
            options: options.collect::<Result<_, _>>()?,
            strata: Strata::of(set)?,
            bufs: events.iter().map(|event| json::of_map(&event.fields)).collect(),
            events,
            found: Vec::new(),
            read: RefCell::default(),
            horizon: None,
            ids,
        })
    }

    /// Lets rules with an inventory judge the buckets that end from `from` to `to`, both included.
    #[must_use]
    pub fn with_horizon(mut self, from: Time, to: Time) -> Self {
        self.horizon = Some((from, to));
        self
    }

    /// Depths and inputs of the rules.
    pub fn strata(&self) -> &Strata {
        &self.strata
    }

    /// Evaluates all rules.
    ///
    /// # Errors
    /// As [`detections`].
    pub fn run(mut self) -> Result<Vec<Detection>, String> {
        self.evaluate()?;
        let mut found = self.found;
        found.sort_by_key(|found| (found.ts, found.stratum, found.id, found.rule));
        Ok(found)
    }

    pub(crate) fn evaluate(&mut self) -> Result<(), String> {
        let set = self.set;
        let evaluator = Evaluator::default();
        for at in self.strata.order() {
            match &set.items[at] {
                RuleItem::Rule(rule) => self.rule(at, rule, &evaluator)?,
                RuleItem::Correlation(correlation) => self.correlation(at, correlation)?,
            }
        }
        Ok(())
    }

    /// A hit is a detection of its own.
    fn rule(&mut self, at: usize, rule: &'r Rule, evaluator: &Evaluator<'r>) -> Result<(), String> {
        let wrong = |error| format!("{}: {error:?}", rule.meta.title);
        let mut hits = Vec::new();
        if reads_detections(rule) {
            for (place, detection) in self.found.iter().enumerate() {
                if self.strata.inputs[at].contains(&(detection.rule.0 as usize)) {
                    let buf = json::of_map(&self.fields(place, rule));
                    if evaluator.evaluate(rule, buf.event(""), &|_| Vec::new()).map_err(wrong)? {
                        hits.push(Of::Detection(place));
                    }
                }
            }
        } else {
            for (place, buf) in self.bufs.iter().enumerate() {
                if evaluator.evaluate(rule, buf.event(""), &|_| Vec::new()).map_err(wrong)? {
                    hits.push(Of::Event(place));
                }
            }
        }
        for of in hits {
            let order = self.order_of(of);
            let (ts, order_id) = (order.0, order.4);
            let anchor = Anchor::Event(order_id);
            let input = Input { order, of, rules: BTreeSet::from([0]), counted: Vec::new(), is_cut: false };
            let finding = Finding {
                ts,
                anchor,
                value: Num::Int(1),
                at_anchor: vec![0],
                contributing: BTreeSet::from([0]),
                last_seen: ts,
                closes: ts,
                revisions: vec![(ts, order_id)],
                cell: ts,
                suppressed: 0,
            };
            self.keep(at, &[], &[Arc::new(input)], finding);
        }
        Ok(())
    }

    fn correlation(&mut self, at: usize, correlation: &Correlation) -> Result<(), String> {
        let Some(options) = self.options[at].clone() else { return Ok(()) };
        let mut groups = self.groups(correlation, &options);
        for key in &options.inventory {
            groups.entry(key.iter().cloned().map(Some).collect()).or_default();
        }
        for (group, inputs) in groups {
            let key: Vec<String> = group.iter().flatten().cloned().collect();
            let horizon = self.horizon.filter(|_| options.inventory.contains(&key));
            let found = findings(correlation, &options, &inputs, horizon)?;
            // Where every input fires, each detection has all of its window: inputs are shared, not copied.
            let inputs: Vec<Arc<Input>> = inputs.into_iter().map(Arc::new).collect();
            for finding in found {
                self.keep(at, &group, &inputs, finding);
            }
        }
        Ok(())
    }

    /// The inputs of a correlation by group, each in canonical order.
    fn groups(&self, correlation: &Correlation, options: &Options) -> BTreeMap<Vec<Component>, Vec<Input>> {
        let mut groups: BTreeMap<Vec<Component>, Vec<Input>> = BTreeMap::new();
        for (place, rule) in correlation.rules.iter().enumerate() {
            for (of, order) in self.hits(rule.target, options.each_revision) {
                let Some((counted, counts_cut)) = self.counted(correlation, place, of) else { continue };
                let (memberships, is_cut) = self.memberships(correlation, options, place, of);
                let is_cut = is_cut || counts_cut;
                for group in memberships {
                    let inputs = groups.entry(group).or_default();
                    let same = inputs.iter_mut().find(|input| input.id() == order.4 && input.ts() == order.0);
                    match same {
                        Some(input) => {
                            input.rules.insert(place);
                            input.is_cut |= is_cut;
                            if !input.counted.iter().any(|(fields, _)| *fields == counted.0) {
                                input.counted.push(counted.clone());
                            }
                        }
                        None => inputs.push(Input {
                            order: order.clone(),
                            of,
                            rules: BTreeSet::from([place]),
                            counted: vec![counted.clone()],
                            is_cut,
                        }),
                    }
                }
            }
        }
        groups.values_mut().for_each(|inputs| inputs.sort_by(|a, b| a.order.cmp(&b.order)));
        groups
    }

    /// What a correlation sees of a rule (E38).
    fn hits(&self, rule: ItemId, each_revision: bool) -> Vec<(Of, Order)> {
        let mut hits = Vec::new();
        for (place, detection) in self.found.iter().enumerate().filter(|(_, found)| found.rule == rule) {
            if matches!(self.set.get(rule), Some(RuleItem::Rule(_))) {
                // A hit inherits its event's place in the order (D22).
                let of = detection.at_anchor[0].of;
                hits.push((of, self.order_of(of)));
            } else {
                let order = self.order_of(Of::Detection(place));
                hits.push((Of::Detection(place), order.clone()));
                let later = detection.revisions.iter().skip(1).filter(|_| each_revision);
                for (ts, input) in later {
                    let id = self.ids.revision(detection.id, *input);
                    hits.push((Of::Detection(place), (*ts, order.1, String::new(), 0, id)));
                }
            }
        }
        hits
    }

    fn order_of(&self, of: Of) -> Order {
        match of {
            Of::Event(place) => {
                let event = &self.events[place];
                (event.ts.into(), 0, event.source.clone(), event.seq, event.eid)
            }
            Of::Detection(place) => {
                let detection = &self.found[place];
                (detection.ts, detection.stratum, String::new(), 0, detection.id)
            }
        }
    }

    fn keep(&mut self, at: usize, group: &[Component], inputs: &[Arc<Input>], finding: Finding) {
        let rule = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
        let contributing: Vec<&Input> = finding.contributing.iter().map(|place| &*inputs[*place]).collect();
        let at_anchor: Vec<Arc<Input>> =
            finding.at_anchor.iter().map(|place| inputs[*place].clone()).collect();
        let limit = match &self.options[at] {
            Some(options) => options.evidence,
            None => 1,
        };
        let mut evidence: Vec<Id> = contributing.iter().map(|input| input.id()).collect();
        let total = evidence.len();
        let truncated = total > 2 * limit;
        if truncated {
            evidence.drain(limit..total - limit);
            evidence.shrink_to_fit();
        }
        let first: Vec<&Input> = at_anchor.iter().map(|input| &**input).collect();
        let (outcomes, outcomes_at_anchor) = (self.outcomes(at, &contributing), self.outcomes(at, &first));
        self.found.push(Detection {
            id: self.ids.id(rule, group, finding.anchor),
            rule,
            stratum: self.strata.depth[at],
            ts: finding.ts,
            first_seen: contributing.iter().map(|input| input.ts()).min().unwrap_or(match finding.anchor {
                Anchor::Window(start, _) => start,
                Anchor::Event(_) => finding.ts,
            }),
            last_seen: finding.last_seen,
            group: group.to_vec(),
            anchor: finding.anchor,
            value: finding.value,
            total,
            evidence,
            truncated,
            is_cut: contributing.iter().any(|input| input.is_cut),
            outcomes,
            outcomes_at_anchor,
            suppressed: finding.suppressed,
            closes: finding.closes,
            revisions: finding.revisions,
            at_anchor,
        });
    }
}
