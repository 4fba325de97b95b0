//! What an event has of a field (§3.3), by walking.

use std::collections::HashSet;

use sigyn_event::{Event, Member, Value};
use sigyn_ir::Number;

use super::compare::decimal;

/// What an event has of a field, or of all its leaves.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The non-null scalars as text.
    pub(super) texts: Vec<String>,
    pub(super) is_present: bool,
    pub(super) has_object: bool,
}

/// Every key of the root, of mounts, of other names and of additional values.
pub(super) fn keys(event: Event<'_>) -> HashSet<&str> {
    let mut keys: HashSet<&str> = event.root().iter().map(|member| member.key).collect();
    keys.extend(event.aliases().map(|member| member.key));
    keys.extend(event.mounted().map(|(_, member)| member.key));
    keys.extend(event.additional().map(|member| member.key));
    keys
}

/// §3.3, with the other names of the field behind its own.
pub(super) fn field(event: Event<'_>, names: &[String]) -> Found {
    for name in names {
        let values = lookup(event, name);
        if !values.is_empty() {
            let mut found = Found { is_present: true, ..Found::default() };
            values.into_iter().for_each(|value| flatten(value, &mut found));
            return found;
        }
    }
    Found::default()
}

fn lookup<'e>(event: Event<'e>, name: &str) -> Vec<Value<'e>> {
    let of_root = |name: &str| {
        let members = event.root().iter().filter(|member| member.key == name);
        members.map(|member| member.value).collect::<Vec<_>>()
    };
    let mut found = of_root(name);
    if found.is_empty() {
        found = event.aliases().filter(|member| member.key == name).map(|member| member.value).collect();
    }
    let mounts: Vec<(usize, Member<'_>)> = event.mounted().collect();
    if found.is_empty()
        && let Some((first, _)) = mounts.iter().find(|(_, member)| member.key == name)
    {
        let fits = |(mount, member): &&(usize, Member<'_>)| mount == first && member.key == name;
        found = mounts.iter().filter(fits).map(|(_, member)| member.value).collect();
    }
    if let (true, Some((step, rest))) = (found.is_empty(), name.split_once('.')) {
        of_root(step).into_iter().for_each(|value| walk(value, rest, &mut found));
        let mut count = 0;
        while found.is_empty() && mounts.iter().any(|(mount, _)| *mount >= count) {
            for (_, member) in mounts.iter().filter(|(mount, _)| *mount == count) {
                if member.key == step {
                    walk(member.value, rest, &mut found);
                }
            }
            count += 1;
        }
    }
    found.extend(event.additional().filter(|member| member.key == name).map(|member| member.value));
    found
}

/// §3.6: strings and numbers, wherever they stand.
pub(super) fn leaves(event: Event<'_>) -> Found {
    fn collect(value: Value<'_>, found: &mut Found) {
        match value {
            Value::Map(map) => map.iter().for_each(|member| collect(member.value, found)),
            Value::List(list) => list.iter().for_each(|value| collect(value, found)),
            Value::Bool(_) => {}
            scalar => flatten(scalar, found),
        }
    }
    let mut found = Found { is_present: true, ..Found::default() };
    collect(Value::Map(event.root()), &mut found);
    event.additional().for_each(|member| collect(member.value, &mut found));
    found
}

fn walk<'e>(value: Value<'e>, path: &str, found: &mut Vec<Value<'e>>) {
    match value {
        Value::List(list) => list.iter().for_each(|value| walk(value, path, found)),
        Value::Map(map) => {
            let (step, rest) = match path.split_once('.') {
                Some((step, rest)) => (step, Some(rest)),
                None => (path, None),
            };
            for member in map.iter().filter(|member| member.key == step) {
                match rest {
                    Some(rest) => walk(member.value, rest, found),
                    None => found.push(member.value),
                }
            }
        }
        _ => {}
    }
}

/// The non-null scalars of a value as text (§3.3, §3.5).
fn flatten(value: Value<'_>, found: &mut Found) {
    match value {
        Value::Null => {}
        Value::Map(_) => found.has_object = true,
        Value::List(list) => list.iter().for_each(|value| flatten(value, found)),
        Value::Bool(value) => found.texts.push(value.to_string()),
        Value::Int(value) => found.texts.push(value.to_string()),
        Value::Uint(value) => found.texts.push(value.to_string()),
        Value::Float(value) => found.texts.push(decimal(Number::Float(value))),
        Value::Text(text) => found.texts.push(text.to_owned()),
    }
}
