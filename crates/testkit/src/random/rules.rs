//! Rules: selections of every shape and conditions over them.

use serde_json::{Map, Value, json};

use super::{Alphabet, Random, items};

/// Names of selections; `_h` is hidden from `them` and patterns.
const NAMES: &[&str] = &["x1", "x2", "y3", "x-4", "_h"];

/// A rule of the log source `category: test`.
pub fn rule(alphabet: &Alphabet, random: &mut Random<'_>) -> Value {
    let count = 1 + random.below(NAMES.len());
    let mut detection = Map::new();
    for name in &NAMES[..count] {
        detection.insert((*name).to_owned(), selection(alphabet, random, 1));
    }
    let condition = if random.once_in(12) {
        json!([condition(random, count, 1), condition(random, count, 1)])
    } else {
        json!(condition(random, count, 2))
    };
    detection.insert("condition".to_owned(), condition);
    json!({ "title": "random", "logsource": { "category": "test" }, "detection": detection })
}

fn selection(alphabet: &Alphabet, random: &mut Random<'_>, depth: usize) -> Value {
    let map = |random: &mut Random<'_>| {
        let mut map = Map::new();
        for _ in 0..=random.below(3) {
            let (key, values) = items::item(alphabet, random);
            map.insert(key, values);
        }
        Value::Object(map)
    };
    match random.below(9) {
        0 => items::written(alphabet, random, false),
        1 => {
            let mut list = Vec::new();
            for _ in 0..=random.below(2) {
                list.push(if random.once_in(4) {
                    items::number(random)
                } else {
                    items::written(alphabet, random, false)
                });
            }
            Value::Array(list)
        }
        2 => {
            let (key, values) = items::keywords(alphabet, random);
            let mut with = if random.once_in(3) { map(random) } else { json!({}) };
            if let Some(map) = with.as_object_mut() {
                map.insert(key, values);
            }
            with
        }
        3 => json!([map(random), map(random)]),
        4 => json!([items::written(alphabet, random, false), map(random)]),
        5 if depth > 0 => json!([[map(random), map(random)], selection(alphabet, random, 0)]),
        _ => map(random),
    }
}

/// Every kind of condition, in brackets wherever it is a part of another.
fn condition(random: &mut Random<'_>, count: usize, depth: usize) -> String {
    let below = |random: &mut Random<'_>| condition(random, count, depth.saturating_sub(1));
    match random.below(if depth == 0 { 3 } else { 11 }) {
        0..=2 => NAMES[random.below(count)].to_owned(),
        3 => format!("not ({})", below(random)),
        4 => format!("({}) and ({})", below(random), below(random)),
        5 => format!("({}) or ({})", below(random), below(random)),
        6 => format!("({}) and not ({})", below(random), below(random)),
        7 => format!("not ({}) or not ({})", below(random), below(random)),
        8 => format!("({}) and (not not ({}))", below(random), below(random)),
        _ => random
            .pick(&[
                "1 of x*",
                "all of x*",
                "any of them",
                "2 of them",
                "3 of x*",
                "all of them",
                "not 1 of z*",
                "x1 and not 1 of filter_*",
                "not all of them",
                "not 2 of them",
                "1 of x1",
                "not (1 of them and not x1)",
            ])
            .to_owned(),
    }
}
