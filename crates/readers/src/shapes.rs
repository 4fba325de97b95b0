//! Where common shapes of JSON keep the fields that rules name. The knowledge is data (`data/shapes.tsv`); this
//! module applies it to a filled buffer: maps are mounted, values get other names. Nothing is moved or lost.
//!
//! All shapes are tried on an event in one walk over the members that may lead somewhere, so that one file
//! may mix shapes. What the walk finds mostly follows from keys alone; then the buffer remembers it for all events
//! with the same layout, and only the first of them pays for the walk.

use std::collections::HashSet;
use std::sync::LazyLock;

use sigyn_event::{Event, EventBuf, Map, NodeId, Value};

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("../data/shapes.tsv")));

/// The table as a tree over keys.
#[derive(Debug, Default)]
struct Table {
    steps: Vec<Step>,
}

#[derive(Debug, Default)]
struct Step {
    /// A bit per (length, first byte) of the children: most keys of an event are refused by it.
    mask: u64,
    children: Vec<(Box<str>, usize)>,
    any: Option<usize>,
    actions: Vec<(u16, Action)>,
}

#[derive(Debug)]
enum Action {
    Mount,
    Alias(Box<str>),
    /// The key that holds the name.
    Pairs(Box<str>),
    After(Box<str>, Box<str>),
}

/// What an event asks for; kept between events for its memory.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    mounts: Vec<(u16, NodeId)>,
    aliases: Vec<(u16, &'static str, NodeId)>,
    /// For each name among them the best line that gives it.
    best: Vec<(u16, &'static str)>,
    /// Names and texts that are not in the table, copied.
    named: Vec<(String, NodeId)>,
    texts: Vec<(&'static str, String)>,
    more: Vec<(String, String)>,
    /// Whether values had a say in what was found.
    is_by_value: bool,
}

/// Applies the table to an event. `input` is what its texts are ranges of.
pub(crate) fn apply(buf: &mut EventBuf, input: &str, scratch: &mut Scratch) {
    if buf.recall() {
        return;
    }
    scratch.is_by_value = false;
    scratch.mounts.clear();
    scratch.aliases.clear();
    scratch.best.clear();
    scratch.named.clear();
    scratch.texts.clear();
    scratch.more.clear();
    TABLE.walk(buf.event(input), scratch);
    scratch.mounts.sort_unstable_by_key(|(rank, _)| *rank);
    for (_, id) in &scratch.mounts {
        buf.mount(*id);
    }
    // Stable: of several values of one line, e.g. of a list, the order stays.
    scratch.aliases.sort_by_key(|(rank, _, _)| *rank);
    for (rank, name, id) in &scratch.aliases {
        // The table has a few dozen names, however often an event has what leads to them.
        let best = match scratch.best.iter().find(|(_, other)| other == name) {
            Some((best, _)) => *best,
            None => {
                scratch.best.push((*rank, name));
                *rank
            }
        };
        if best == *rank {
            let name = buf.name(name);
            buf.alias(name, *id);
        }
    }
    for (name, id) in &scratch.named {
        let name = buf.name(name);
        buf.alias(name, *id);
    }
    if !scratch.is_by_value {
        buf.learn();
    }
    let texts = scratch.texts.iter().map(|(name, text)| (*name, text.as_str()));
    let more = scratch.more.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in texts.chain(more) {
        buf.begin_additional();
        let key = buf.name(name);
        buf.push_str(Some(key), text);
    }
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut table = Self { steps: vec![Step::default()] };
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for (line, rank) in lines.zip(0_u16..) {
            let mut columns = line.split('\t');
            let (action, path) = (columns.next().unwrap_or(""), columns.next().unwrap_or(""));
            let name = columns.next().unwrap_or("");
            let action = match action {
                "mount" => Action::Mount,
                "alias" => Action::Alias(name.into()),
                "pairs" => Action::Pairs(name.into()),
                "after" => {
                    let (prefix, name) = name.split_once('>').unwrap_or_default();
                    Action::After(prefix.into(), name.into())
                }
                // A test reads the table; a release cannot hold another word.
                _ => continue,
            };
            let step = path.split('.').fold(0, |step, key| table.step(step, key));
            table.steps[step].actions.push((rank, action));
        }
        table
    }

    /// The step below another one, made if needed.
    fn step(&mut self, from: usize, key: &str) -> usize {
        let new = self.steps.len();
        let parent = &mut self.steps[from];
        let found = if key == "*" {
            Some(*parent.any.get_or_insert(new))
        } else {
            parent.children.iter().find(|(child, _)| **child == *key).map(|(_, step)| *step)
        };
        let step = found.unwrap_or_else(|| {
            parent.mask |= bit(key);
            parent.children.push((key.into(), new));
            new
        });
        if step == new {
            self.steps.push(Step::default());
        }
        step
    }

    fn walk(&'static self, event: Event<'_>, scratch: &mut Scratch) {
        self.map(event.root(), 0, scratch);
        name_without_spaces(event.root(), scratch);
        // The root's own `SourceName` is another thing than its `Source Name`; a rule may mean either.
        if scratch.named.is_empty() {
            return;
        }
        let keys: HashSet<&str> = event.root().iter().map(|member| member.key).collect();
        for (name, id) in &scratch.named {
            let is_taken = keys.contains(name.as_str());
            if let Some(text) = event.value(*id).and_then(Value::as_text).filter(|_| is_taken) {
                scratch.is_by_value = true;
                scratch.more.push((name.clone(), text.to_owned()));
            }
        }
    }

    fn map(&'static self, map: Map<'_>, step: usize, scratch: &mut Scratch) {
        let step = &self.steps[step];
        for member in map.iter() {
            let key = member.key;
            if step.any.is_none() && step.mask & bit(key) == 0 {
                continue;
            }
            let child = step.children.iter().find(|(child, _)| **child == *key).map(|(_, step)| *step);
            if let Some(child) = child.or(step.any) {
                self.value(member.id, member.value, child, scratch);
            }
        }
    }

    fn value(&'static self, id: NodeId, value: Value<'_>, step: usize, scratch: &mut Scratch) {
        for (rank, action) in &self.steps[step].actions {
            scratch.is_by_value |= matches!(
                (action, value),
                (Action::Pairs(_), Value::List(_) | Value::Map(_)) | (Action::After(..), Value::Text(_))
            );
            match (action, value) {
                (Action::Mount, Value::Map(map)) => {
                    scratch.mounts.push((*rank, id));
                    name_without_spaces(map, scratch);
                }
                (Action::Alias(name), value) if !matches!(value, Value::Map(_) | Value::Null) => {
                    scratch.aliases.push((*rank, name, id));
                }
                (Action::Pairs(name), Value::List(list)) => {
                    list.iter().filter_map(as_map).for_each(|map| pair(map, name, scratch));
                }
                (Action::Pairs(name), Value::Map(map)) => pair(map, name, scratch),
                (Action::After(prefix, name), Value::Text(text)) => {
                    if let Some(rest) = text.strip_prefix(&**prefix) {
                        scratch.texts.push((name, rest.to_owned()));
                    }
                }
                _ => {}
            }
        }
        if let Value::Map(map) = value
            && !self.steps[step].children.is_empty() | self.steps[step].any.is_some()
        {
            self.map(map, step, scratch);
        }
    }
}

/// `{"@Name": "Image", "#text": "cmd.exe"}`: the text is called by the name.
fn pair(map: Map<'_>, name_key: &str, scratch: &mut Scratch) {
    let name = map.iter().find(|member| member.key == name_key).and_then(|member| member.value.as_text());
    let text = map.iter().find(|member| matches!(member.key, "#text" | "Value" | "text" | "content"));
    if let (Some(name), Some(text)) = (name, text) {
        scratch.named.push((name.to_owned(), text.id));
    }
}

/// Windows has fields such as `Threat Name`; rules write `ThreatName`.
fn name_without_spaces(map: Map<'_>, scratch: &mut Scratch) {
    for member in map.iter() {
        if member.key.as_bytes().contains(&b' ') {
            scratch.named.push((member.key.replace(' ', ""), member.id));
        }
    }
}

fn as_map(value: Value<'_>) -> Option<Map<'_>> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

#[inline]
fn bit(key: &str) -> u64 {
    let first = key.as_bytes().first().map_or(0, |byte| usize::from(*byte));
    1 << (first.wrapping_mul(7).wrapping_add(key.len()) & 63)
}

#[cfg(test)]
mod tests {
    use sigyn_event::FieldPath;

    use super::*;
    use crate::decoding::json;

    fn check(text: &str, field: &str, expect: &str) {
        let mut buf = EventBuf::new();
        json::value(text, 0, &mut buf).unwrap();
        apply(&mut buf, text, &mut Scratch::default());
        let mut out = String::new();
        buf.event(text).visit(&FieldPath::new(field), &mut |value| {
            value.write_json(&mut out);
            out.push(' ');
        });
        assert_eq!(out.trim_end(), expect, "{field} of {text}");
    }

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = include_str!("../data/shapes.tsv").lines();
        let written = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(TABLE.steps.iter().map(|step| step.actions.len()).sum::<usize>(), written);
    }

    #[test]
    fn fields_are_found_in_every_shape() {
        let nested = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#text":1,"#attributes":{"Qualifiers":2}},"Channel":"C"},"EventData":{"Image":"i","Threat Name":"t","Data":{"#text":["x","y"]}}}}"##;
        check(nested, "Provider_Name", r#""P""#);
        check(nested, "EventID", "1");
        check(nested, "Channel", r#""C""#);
        check(nested, "Image", r#""i""#);
        check(nested, "ThreatName", r#""t""#);
        check(nested, "Data", r#"["x","y"]"#);
        check(nested, "Nothing", "");
        let pairs = r##"{"Event":{"System":{"EventID":4688},"EventData":{"Data":[{"@Name":"Image","#text":"i"},{"@Name":"User","#text":"u"}]}}}"##;
        check(pairs, "User", r#""u""#);
        let user = r#"{"Event":{"System":{"Channel":"System"},"UserData":{"LogFileCleared":{"SubjectUserName":"u"}}}}"#;
        check(user, "SubjectUserName", r#""u""#);
        let beat = r#"{"winlog":{"channel":"C","provider_name":"P","event_id":"1","event_data":{"Image":"i"}},"host":{"name":"h"}}"#;
        check(beat, "Image", r#""i""#);
        check(beat, "EventID", r#""1""#);
        check(beat, "Provider_Name", r#""P""#);
        check(r#"{"SourceName":"P","EventID":1,"Channel":"C"}"#, "Provider_Name", r#""P""#);
        let splunk =
            r#"{"preview":false,"result":{"EventCode":"1","source":"XmlWinEventLog:C","Image":"i"}}"#;
        check(splunk, "Image", r#""i""#);
        check(splunk, "EventID", r#""1""#);
        check(splunk, "Channel", r#""C""#);
        check(r#"{"_source":{"winlog":{"event_data":{"Image":"i"}}}}"#, "Image", r#""i""#);
        check(r#"{"process":{"parent":{"executable":"p"}}}"#, "ParentImage", r#""p""#);
    }
}
