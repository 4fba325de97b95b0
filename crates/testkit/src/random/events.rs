//! Events, and changed events.

use serde_json::{Map, Number, Value, json};

use super::{Alphabet, Random, base64, recased};
use crate::json::BY_READER;

const NUMBERS: &[&str] = &[
    "1",
    "0",
    "10",
    "-1",
    "1.5",
    "0.1",
    "1e2",
    "1e21",
    "1e-7",
    "-0.0",
    "4624",
    "4624.0",
    "18446744073709551615",
    "9007199254740993",
    "-9223372036854775808",
];

const TEXTS: &[&str] = &[
    "",
    "2024-01-02T12:01:00Z",
    "2024-12-31 23:59:59+05:30",
    "2024-01-02 12:01:00",
    "10.0.0.1",
    "::ffff:10.1.1.1",
    "fe80::1%eth0",
    "2001:db8::1",
    "10.0.0.1%1",
    "1",
    "-0",
    "+1",
    "1.50",
    "04624",
    "true",
    "FALSE",
    "0x10",
    "1e3",
    "99999999999999999999999999999999999999999999",
];

/// An event with some of the fields, flat or nested, and now and then what readers add.
pub fn event(alphabet: &Alphabet, random: &mut Random<'_>) -> Value {
    let mut root = Map::new();
    for field in &alphabet.fields {
        if random.below(4) == 3 {
            continue;
        }
        let value = value(alphabet, random, 2);
        match field.split_once('.') {
            Some((step, rest)) if random.below(3) > 0 => {
                let nested = nested(rest, value, random);
                root.insert(step.to_owned(), nested);
            }
            _ => {
                root.insert((*field).to_owned(), value);
            }
        }
    }
    if random.once_in(4) {
        root.insert("z".to_owned(), value(alphabet, random, 1));
    }
    if random.once_in(5) {
        let added = by_reader(alphabet, random, &mut root);
        root.insert(BY_READER.to_owned(), added);
    }
    Value::Object(root)
}

/// An event with the same keys and kinds of values as another.
pub fn alike(event: &Value, alphabet: &Alphabet, random: &mut Random<'_>) -> Value {
    match event {
        Value::Object(root) => {
            let member = |(key, value): (&String, &Value)| {
                // What readers add does not change.
                let value = if key == BY_READER { value.clone() } else { alike(value, alphabet, random) };
                (key.clone(), value)
            };
            Value::Object(root.iter().map(member).collect())
        }
        Value::Array(list) => list.iter().map(|value| alike(value, alphabet, random)).collect(),
        Value::String(_) if random.once_in(3) => json!(random.pick(TEXTS)),
        Value::String(_) => json!(text(alphabet, random)),
        Value::Number(_) => serde_json::from_str(random.pick(NUMBERS)).unwrap_or_default(),
        Value::Bool(value) => json!(random.once_in(2) != *value),
        Value::Null => Value::Null,
    }
}

fn nested(path: &str, value: Value, random: &mut Random<'_>) -> Value {
    let value = match path.split_once('.') {
        Some((step, rest)) => json!({ step: nested(rest, value, random) }),
        None => json!({ path: value }),
    };
    match random.below(6) {
        3 => json!([value]),
        4 => json!([{ path: "a" }, value, 1, null]),
        5 => json!([[value], {}]),
        _ => value,
    }
}

/// Maps that are mounted, other names, additional values.
fn by_reader(alphabet: &Alphabet, random: &mut Random<'_>, root: &mut Map<String, Value>) -> Value {
    let mut added = Map::new();
    if random.once_in(2) {
        for name in ["m1", "m2"] {
            let mut map = Map::new();
            for _ in 0..=random.below(2) {
                map.insert(alphabet.field(random).to_owned(), value(alphabet, random, 1));
            }
            root.insert(name.to_owned(), Value::Object(map));
        }
        added.insert("mount".to_owned(), json!(if random.once_in(2) { ["m1", "m2"] } else { ["m2", "m1"] }));
    }
    if random.once_in(2)
        && let Some(key) = root.keys().nth(random.below(root.len())).cloned()
    {
        added.insert("alias".to_owned(), json!({ alphabet.field(random): key }));
    }
    if random.once_in(2) {
        added.insert("add".to_owned(), json!({ alphabet.field(random): text(alphabet, random) }));
    }
    Value::Object(added)
}

fn value(alphabet: &Alphabet, random: &mut Random<'_>, depth: usize) -> Value {
    match random.below(if depth == 0 { 10 } else { 14 }) {
        6 => serde_json::from_str::<Number>(random.pick(NUMBERS)).map_or(Value::Null, Value::Number),
        7 => random.pick(&[&json!(true), &json!(false), &json!(null)]).clone(),
        8 | 9 => json!(random.pick(TEXTS)),
        10 => json!([value(alphabet, random, depth - 1), value(alphabet, random, depth - 1)]),
        11 => json!([null, value(alphabet, random, depth - 1)]),
        12 => random.pick(&[&json!([]), &json!([null]), &json!({}), &json!([{}])]).clone(),
        13 => json!({ "d": value(alphabet, random, depth - 1), "g": value(alphabet, random, depth - 1) }),
        _ => json!(text(alphabet, random)),
    }
}

fn text(alphabet: &Alphabet, random: &mut Random<'_>) -> String {
    let text = alphabet.text(random, 4);
    match random.below(10) {
        7 => base64(text.as_bytes()),
        8 => {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            base64(&units)
        }
        // Longer than what the engine's cache of values takes, and than what it scans at once.
        9 if random.once_in(4) => format!("{}{text}{}", "x ".repeat(random.below(90)), alphabet.word(random)),
        _ => recased(random, &text),
    }
}

/// Changes an event a little: what a fuzzer does to recorded ones. `hints` are texts of rules.
pub fn mutate(event: &mut Value, random: &mut Random<'_>, hints: &[String]) {
    let Some(root) = event.as_object_mut() else { return };
    let at = random.below(root.len());
    let Some(key) = root.keys().nth(at).cloned() else { return };
    let Some(member) = root.get_mut(&key) else { return };
    if member.is_object() && random.below(4) > 0 {
        return mutate(member, random, hints);
    }
    match random.below(9) {
        0 => change_text(member, random, hints),
        1 => *member = json!([member.take(), null]),
        2 => {
            let mut other = member.clone();
            change_text(&mut other, random, hints);
            *member = json!([member.take(), other]);
        }
        3 => {
            root.remove(&key);
        }
        4 => {
            let value = root.remove(&key).unwrap_or_default();
            root.insert(recased(random, &key), value);
        }
        5 => *member = random.pick(&[&json!(null), &json!(""), &json!([]), &json!({}), &json!(true)]).clone(),
        6 => *member = serde_json::from_str(random.pick(NUMBERS)).unwrap_or_default(),
        7 => {
            let text = member.as_str().and_then(|text| text.parse::<i64>().ok());
            *member = match text {
                Some(number) => json!(number),
                None => json!(member.to_string()),
            };
        }
        _ => change_text(member, random, hints),
    }
}

fn change_text(value: &mut Value, random: &mut Random<'_>, hints: &[String]) {
    let Value::String(text) = value else { return };
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = places[random.below(places.len())];
    match random.below(6) {
        0 | 1 => {
            let hint = hints.get(random.below(hints.len())).cloned().unwrap_or_default();
            if random.once_in(2) { *text = hint } else { text.insert_str(at, &hint) }
        }
        2 => *text = recased(random, text),
        3 => text.truncate(at),
        4 => text.replace_range(..at, ""),
        _ => text.insert_str(at, random.pick(&["\n", "é", "ſ", "\u{212a}", "*", "\\", "–", "😀", "\0"])),
    }
}
