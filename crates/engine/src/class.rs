//! Classes: what an event is, which rules are tried on it, and where they find their fields.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sigyn_event::{Event, FieldPath, NodeId, Value, write_scalar};
use sigyn_ir::LogSource;

use crate::fold::{fold, fold_into};
use crate::hash::{Buckets, hash_bytes};
use crate::logsource::{Events, Group, LogSources, When};
use crate::plan::Plan;
use crate::program::FieldId;
use crate::sieve::Sieve;

/// What an event is: an entry of the table of log sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub(crate) u32);

/// A key that some rule or the table of log sources names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyId(pub(crate) u32);

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) sources: Vec<LogSource>,
    /// Field names of rules with the names that events may use instead, in order of preference.
    pub(crate) aliases: Vec<(String, String)>,
    /// Fields with the ways to their further values.
    pub(crate) derived: Vec<crate::derive::OfField>,
    /// The places of those ways by field.
    derived_of: BTreeMap<FieldId, u32>,
    /// What may be the reason if no event has a field.
    pub(crate) hints: BTreeMap<String, String>,
    /// Rules that are tried, by their places in the engine.
    pub(crate) rules: Vec<u32>,
    /// What the rules wake by; classes with the same rules share it.
    pub(crate) sieve: Arc<Sieve>,
    links: Vec<Link>,
    /// For each key the range of its links.
    links_of: Vec<(u32, u32)>,
}

pub(crate) const NONE: u32 = u32::MAX;

/// A key leads to a field of the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) field: FieldId,
    /// Which of the field's names it is.
    pub(crate) name: u32,
    /// The path behind the key, if the key is only its first step.
    pub(crate) path: u32,
}

/// All keys by name.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    names: Vec<Box<str>>,
    buckets: Buckets,
}

impl Keys {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: std::collections::BTreeSet<_> = names.into_iter().map(String::into_boxed_str).collect();
        let names: Vec<_> = names.into_iter().collect();
        let buckets = Buckets::new(names.iter().zip(0..).map(|(name, at)| (hash_bytes(name.as_bytes()), at)));
        Self { names, buckets }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<KeyId> {
        let candidates = self.buckets.get(hash_bytes(name.as_bytes()));
        candidates
            .iter()
            .copied()
            .find(|at| self.names.get(*at as usize).is_some_and(|known| **known == *name))
            .map(KeyId)
    }
}

impl Class {
    pub(crate) fn new(name: String, sources: Vec<LogSource>, aliases: Vec<(String, String)>) -> Self {
        Self {
            name,
            sources,
            aliases,
            derived: Vec::new(),
            derived_of: BTreeMap::new(),
            hints: BTreeMap::new(),
            rules: Vec::new(),
            sieve: Arc::default(),
            links: Vec::new(),
            links_of: Vec::new(),
        }
    }

    /// Whether rules of a log source are tried on events of the class.
    pub(crate) fn is_read_by(&self, source: &LogSource) -> bool {
        self.sources.iter().any(|mine| source.covers(mine))
    }

    /// The names under which events of the class may have a field, the best first.
    pub(crate) fn names_of<'c>(&'c self, field: &'c str) -> impl Iterator<Item = &'c str> {
        let others =
            self.aliases.iter().filter(move |(name, _)| name == field).map(|(_, other)| other.as_str());
        std::iter::once(field).chain(others)
    }

    /// Sets where the fields of the class's rules are found; new paths are added to `paths`.
    pub(crate) fn link(
        &mut self,
        fields: &[FieldId],
        names: &[FieldPath],
        keys: &Keys,
        paths: &mut Vec<FieldPath>,
    ) {
        let mut links: BTreeMap<u32, Vec<Link>> = BTreeMap::new();
        for field in fields {
            let Some(main) = names.get(field.0 as usize) else { continue };
            if let Some(at) = self.derived.iter().position(|(name, _)| name == main.name()) {
                self.derived_of.insert(*field, u32::try_from(at).unwrap_or(NONE));
            }
            for (name, text) in (0..).zip(self.names_of(main.name())) {
                let mut add = |key: &str, path| {
                    if let Some(key) = keys.find(key) {
                        links.entry(key.0).or_default().push(Link { field: *field, name, path });
                    }
                };
                add(text, NONE);
                let path = FieldPath::new(text);
                if path.has_steps() {
                    add(path.first_step(), u32::try_from(paths.len()).unwrap_or(NONE));
                    paths.push(path);
                }
            }
        }
        self.links_of = vec![(0, 0); keys.len()];
        for (key, added) in links {
            let start = u32::try_from(self.links.len()).unwrap_or(NONE);
            self.links.extend(added);
            if let Some(range) = self.links_of.get_mut(key as usize) {
                *range = (start, u32::try_from(self.links.len()).unwrap_or(NONE));
            }
        }
    }

    /// The place of a field's further values, or `NONE`.
    pub(crate) fn derived_at(&self, field: FieldId) -> u32 {
        self.derived_of.get(&field).copied().unwrap_or(NONE)
    }

    #[inline]
    pub(crate) fn links(&self, key: KeyId) -> &[Link] {
        match self.links_of.get(key.0 as usize) {
            Some((start, end)) => self.links.get(*start as usize..*end as usize).unwrap_or(&[]),
            None => &[],
        }
    }
}

/// How events find their class.
#[derive(Debug)]
pub(crate) struct Classifier {
    channel: Vec<Name>,
    provider: Vec<Name>,
    event_id: Vec<Name>,
    /// Conditions in the order of the table.
    conditions: Vec<Condition>,
    /// For each channel the conditions that can hold; under the empty text those for any other channel.
    by_channel: HashMap<String, Vec<u32>>,
    /// Those that ask for an origin, by the origin: the reader knows best, so that they are asked first.
    by_origin: HashMap<String, Vec<u32>>,
    groups: Vec<GroupClasses>,
}

/// The conditions that can hold for events of one plan and channel.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    is_made: bool,
    has_channel: bool,
    channel: String,
    conditions: Vec<u32>,
}

impl Candidates {
    fn is_of(&self, channel: &str) -> bool {
        self.has_channel && self.channel == channel
    }
}

/// A name of a field, as a key and as a path.
#[derive(Debug)]
struct Name {
    key: Option<KeyId>,
    /// The key of the first step: most events of other sources lack it, which costs no walk.
    step: Option<KeyId>,
    path: FieldPath,
}

/// Fields with the values that they may have, folded.
type FieldValues = Vec<(Name, Vec<String>)>;

#[derive(Debug)]
struct Condition {
    group: u32,
    provider: Vec<String>,
    origin: Vec<String>,
    has: Vec<Name>,
    is: FieldValues,
}

#[derive(Debug)]
struct GroupClasses {
    plain: ClassId,
    by_event_id: HashMap<u64, Vec<(FieldValues, ClassId)>>,
    /// Entries without ids: what their fields say is enough.
    by_fields: Vec<(FieldValues, ClassId)>,
}

/// The classes of a table and how events find them. Class 0 is that of events that the table does not know.
pub(crate) fn classes(sources: &LogSources) -> (Vec<Class>, impl FnOnce(&Keys) -> Classifier + '_) {
    let mut classes = vec![Class::new("unknown".to_owned(), Vec::new(), Vec::new())];
    let mut ids = Vec::new();
    for group in &sources.table.groups {
        let mut add = |events: Option<&Events>| {
            let id = ClassId(u32::try_from(classes.len()).unwrap_or(0));
            classes.push(class_of(sources, group, events));
            id
        };
        let plain = add(None);
        let of_events: Vec<_> = group.events.iter().map(|events| add(Some(events))).collect();
        ids.push((plain, of_events));
    }
    let build = move |keys: &Keys| {
        let groups = sources.table.groups.iter().zip(ids);
        Classifier::new(sources, groups.map(|(group, ids)| group_classes(group, ids, keys)).collect(), keys)
    };
    (classes, build)
}

fn class_of(sources: &LogSources, group: &Group, events: Option<&Events>) -> Class {
    let mut all: Vec<_> = group.sources.iter().map(crate::logsource::Source::log_source).collect();
    let mut name = group.name.clone();
    if let Some(events) = events {
        all.extend(events.sources(&group.sources));
        name = format!("{name}: {}", events.categories.join(", "));
    }
    let aliases = sources.aliases_of(group, events);
    let aliases = aliases.into_iter().map(|(field, other)| (field.to_owned(), other.to_owned())).collect();
    let mut class = Class::new(name, all, aliases);
    class.derived = sources.derived_of(group, events);
    class.hints = events.map_or_else(BTreeMap::new, |events| events.hints.clone());
    class
}

fn group_classes(group: &Group, (plain, of_events): (ClassId, Vec<ClassId>), keys: &Keys) -> GroupClasses {
    let mut by_event_id: HashMap<u64, Vec<_>> = HashMap::new();
    let mut by_fields = Vec::new();
    for (events, class) in group.events.iter().zip(of_events) {
        if events.ids.is_empty() {
            by_fields.push((values(&events.is, keys), class));
        }
        for id in &events.ids {
            by_event_id.entry(*id).or_default().push((values(&events.is, keys), class));
        }
    }
    GroupClasses { plain, by_event_id, by_fields }
}

fn values(is: &BTreeMap<String, Vec<String>>, keys: &Keys) -> FieldValues {
    is.iter().map(|(name, values)| (Name::new(name, keys), folded(values))).collect()
}

fn folded(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| fold(text)).collect()
}

/// Every name that classification looks at.
pub(crate) fn names(sources: &LogSources) -> Vec<String> {
    let table = &sources.table;
    let identity = [&table.identity.channel, &table.identity.provider, &table.identity.event_id];
    let mut names: Vec<String> = identity.into_iter().flatten().cloned().collect();
    for group in &table.groups {
        for when in &group.when {
            names.extend(when.has.iter().chain(when.is.keys()).cloned());
        }
        names.extend(group.events.iter().flat_map(|events| events.is.keys()).cloned());
    }
    let steps: Vec<_> = names.iter().map(|name| FieldPath::new(name).first_step().to_owned()).collect();
    names.extend(steps);
    names
}

impl Name {
    fn new(name: &str, keys: &Keys) -> Self {
        let path = FieldPath::new(name);
        Self { key: keys.find(name), step: keys.find(path.first_step()), path }
    }

    fn value(&self, event: Event<'_>, plan: &Plan) -> Option<NodeId> {
        if let Some(node) = self.key.and_then(|key| plan.first(key)) {
            return Some(node);
        }
        if !self.path.has_steps() || self.step.is_none_or(|step| plan.first(step).is_none()) {
            return None;
        }
        let mut found = None;
        let mut keep = |node| {
            found.get_or_insert(node);
        };
        let mounted = event.mounted().map(|(_, member)| member);
        for member in event.root().iter().chain(mounted).filter(|member| member.key == self.path.first_step())
        {
            event.visit_below(member.id, &self.path, &mut keep);
        }
        found
    }

    /// Whether the field, or an element of its list, has one of the values, which are folded.
    fn is_one_of(&self, values: &[String], event: Event<'_>, plan: &Plan, buffer: &mut String) -> bool {
        let Some(node) = self.value(event, plan) else { return false };
        if let Some(Value::List(list)) = event.value(node) {
            let mut elements = list.members();
            return elements.any(|element| {
                with_folded(event, element.id, buffer, |text| values.iter().any(|value| value == text))
            });
        }
        with_folded(event, node, buffer, |text| values.iter().any(|value| value == text))
    }
}

fn with_folded<T>(event: Event<'_>, node: NodeId, buffer: &mut String, read: impl FnOnce(&str) -> T) -> T {
    buffer.clear();
    match event.value(node) {
        Some(Value::Text(text)) => fold_into(buffer, text),
        Some(value) => write_scalar(buffer, value),
        None => {}
    }
    read(buffer)
}

impl Classifier {
    fn new(sources: &LogSources, groups: Vec<GroupClasses>, keys: &Keys) -> Self {
        let table = &sources.table;
        let names = |names: &[String]| names.iter().map(|name| Name::new(name, keys)).collect();
        let whens: Vec<(u32, &When)> = (0..)
            .zip(&table.groups)
            .flat_map(|(at, group)| group.when.iter().map(move |when| (at, when)))
            .collect();
        let mut by_channel: HashMap<String, Vec<u32>> = HashMap::new();
        let channels = whens.iter().flat_map(|(_, when)| folded(&when.channel));
        for channel in channels.chain([String::new()]) {
            let fits = |when: &When| when.channel.is_empty() || folded(&when.channel).contains(&channel);
            let fitting = (0..).zip(&whens).filter(|(_, (_, when))| fits(when)).map(|(at, _)| at);
            by_channel.insert(channel.clone(), fitting.collect());
        }
        let mut by_origin: HashMap<String, Vec<u32>> = HashMap::new();
        for (at, (_, when)) in (0..).zip(&whens) {
            when.origin.iter().for_each(|origin| by_origin.entry(origin.clone()).or_default().push(at));
        }
        let conditions = whens
            .iter()
            .map(|(group, when)| Condition {
                group: *group,
                provider: folded(&when.provider),
                origin: when.origin.clone(),
                has: names(&when.has),
                is: values(&when.is, keys),
            })
            .collect();
        Self {
            channel: names(&table.identity.channel),
            provider: names(&table.identity.provider),
            event_id: names(&table.identity.event_id),
            conditions,
            by_channel,
            by_origin,
            groups,
        }
    }

    /// The nodes that hold an event's channel, provider and event id.
    pub(crate) fn identity(&self, event: Event<'_>, plan: &Plan) -> [Option<NodeId>; 3] {
        [&self.channel, &self.provider, &self.event_id]
            .map(|names| names.iter().find_map(|name| name.value(event, plan)))
    }

    /// A bit for each condition that an event with these keys can fulfil, whatever its values are.
    pub(crate) fn possible(&self, event: Event<'_>, plan: &Plan) -> Vec<u64> {
        let mut bits = vec![0_u64; self.conditions.len().div_ceil(64)];
        for (at, condition) in self.conditions.iter().enumerate() {
            let mut names = condition.has.iter().chain(condition.is.iter().map(|(name, _)| name));
            if names.all(|name| name.value(event, plan).is_some())
                && let Some(word) = bits.get_mut(at / 64)
            {
                *word |= 1 << (at % 64);
            }
        }
        bits
    }

    /// The values that decide what an event with these keys is.
    pub(crate) fn deciding(&self, event: Event<'_>, plan: &Plan) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = plan.identity.into_iter().flatten().collect();
        let mut add = |(name, _): &(Name, Vec<String>)| nodes.extend(name.value(event, plan));
        let possible = (0..).zip(&self.conditions).filter(|(at, _)| plan.is_possible(*at));
        for (_, condition) in possible {
            condition.is.iter().for_each(&mut add);
            let Some(group) = self.groups.get(condition.group as usize) else { continue };
            let of_events = group.by_event_id.values().flatten().chain(&group.by_fields);
            of_events.flat_map(|(is, _)| is).for_each(&mut add);
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The conditions that events with these keys and this channel can fulfil, unless they are known: most events have
    /// the channel of the one before.
    fn find_candidates(
        &self,
        event: Event<'_>,
        plan: &Plan,
        channel: Option<NodeId>,
        known: &mut Candidates,
        buffer: &mut String,
    ) {
        let text = channel.and_then(|node| event.value(node)).and_then(Value::as_text);
        if known.is_made && text.map_or(channel.is_none() && !known.has_channel, |text| known.is_of(text)) {
            return;
        }
        let other = self.by_channel.get("");
        let candidates = match channel {
            Some(node) => with_folded(event, node, buffer, |text| self.by_channel.get(text).or(other)),
            None => other,
        };
        known.conditions.clear();
        known.conditions.extend(candidates.into_iter().flatten().filter(|at| plan.is_possible(**at)));
        known.channel.clear();
        known.channel.push_str(text.unwrap_or(""));
        // A channel that is no text is looked up each time.
        known.is_made = channel.is_none() || text.is_some();
        known.has_channel = channel.is_some();
    }

    /// The class of an event; `buffer` is memory that is kept.
    pub(crate) fn classify(
        &self,
        event: Event<'_>,
        plan: &Plan,
        known: &mut Candidates,
        buffer: &mut String,
    ) -> Option<ClassId> {
        let [channel, provider, event_id] = plan.identity;
        self.find_candidates(event, plan, channel, known, buffer);
        let of_origin = event.origin().and_then(|origin| self.by_origin.get(origin)).into_iter().flatten();
        let of_origin = of_origin.filter(|at| plan.is_possible(**at));
        let group = of_origin.chain(&known.conditions).find_map(|at| {
            let condition = self.conditions.get(*at as usize)?;
            condition.holds(event, provider, plan, buffer).then_some(condition.group)
        })?;
        let group = self.groups.get(group as usize)?;
        let id = event_id.and_then(|node| match event.value(node)? {
            Value::Int(id) => u64::try_from(id).ok(),
            Value::Text(id) => id.parse().ok(),
            _ => None,
        });
        let of_id = id.and_then(|id| group.by_event_id.get(&id)).into_iter().flatten();
        for (is, class) in of_id.chain(&group.by_fields) {
            if is.iter().all(|(name, values)| name.is_one_of(values, event, plan, buffer)) {
                return Some(*class);
            }
        }
        Some(group.plain)
    }
}

impl Condition {
    fn holds(&self, event: Event<'_>, provider: Option<NodeId>, plan: &Plan, buffer: &mut String) -> bool {
        (self.provider.is_empty()
            || provider.is_some_and(|node| {
                with_folded(event, node, buffer, |text| self.provider.iter().any(|name| name == text))
            }))
            && (self.origin.is_empty()
                || event.origin().is_some_and(|origin| self.origin.iter().any(|name| name == origin)))
            && self.has.iter().all(|name| name.value(event, plan).is_some())
            && self.is.iter().all(|(name, values)| name.is_one_of(values, event, plan, buffer))
    }
}
