//! Detection items: every modifier, every kind of value.

use serde_json::{Value, json};

use super::{Alphabet, Random, recased, regexes};

/// Chains for texts; the first is plain equality.
const CHAINS: &[&str] = &[
    "",
    "",
    "|contains",
    "|contains",
    "|startswith",
    "|endswith",
    "|contains|all",
    "|endswith|all",
    "|neq",
    "|contains|neq",
    "|all|contains|neq",
    "|cased",
    "|contains|cased",
    "|cased|startswith",
    "|endswith|cased",
    "|windash",
    "|windash|contains",
    "|contains|windash|all",
    "|windash|endswith|cased",
    "|startswith|windash",
    "|expand",
    "|contains|expand",
    "|expand|endswith|all",
];

/// Chains whose values are encoded: they take no wildcards.
const ENCODED: &[&str] = &[
    "|base64",
    "|base64|contains",
    "|base64offset|contains",
    "|base64offset|contains|all",
    "|base64offset",
    "|wide|base64offset|contains",
    "|utf16le|base64|contains",
    "|utf16be|base64offset|contains",
    "|utf16|base64offset|contains|neq",
    "|windash|base64offset|contains",
    "|wide",
];

const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.1/31",
    "0.0.0.0/0",
    "::/0",
    "::ffff:10.0.0.0/104",
    "::ffff:0:0/96",
    "::ffff:0:0/95",
    "2001:db8::/32",
    "2001:db8::1",
    "fe80::/10",
];

const LIMITS: &[&str] =
    &["1", "0", "-1", "1.5", "10", "0.1", "4624", "-0.5", "18446744073709551615", "9007199254740993", "1.50"];

/// A key with its values.
pub(super) fn item(alphabet: &Alphabet, random: &mut Random<'_>) -> (String, Value) {
    let field = alphabet.field(random);
    let neq = if random.once_in(8) { "|neq" } else { "" };
    match random.below(17) {
        0 => (format!("{field}|exists"), json!(random.once_in(2))),
        1 => {
            let part =
                random.pick(&["", "|contains", "|startswith", "|endswith", "|cased", "|cased|contains"]);
            (format!("{field}|fieldref{part}{neq}"), json!(alphabet.field(random)))
        }
        2 | 3 => {
            let flags = random.pick(&["", "", "|i", "|m", "|s", "|i|m|s", "|i|s"]);
            let all = if random.once_in(6) { "|all" } else { "" };
            let values = values(random, |random| json!(regexes::regex(alphabet, random)));
            (format!("{field}|re{flags}{all}{neq}"), values)
        }
        4 => {
            let values = values(random, |random| json!(random.pick(NETWORKS)));
            (format!("{field}|cidr{neq}"), values)
        }
        5 => {
            let op = random.pick(&["gt", "gte", "lt", "lte"]);
            (format!("{field}|{op}{neq}"), number(random))
        }
        6 => (field.to_owned(), values(random, |random| scalar(alphabet, random))),
        7 => time(field, random),
        8 => {
            let chain = random.pick(ENCODED);
            let values = values(random, |random| json!(alphabet.text(random, 2)));
            (format!("{field}{chain}"), values)
        }
        9 => (format!("{field}{neq}"), scalar(alphabet, random)),
        10 => (field.to_owned(), json!(null)),
        _ => {
            let chain = random.pick(CHAINS);
            let values = values(random, |random| written(alphabet, random, chain.contains("expand")));
            (format!("{field}{chain}"), values)
        }
    }
}

/// Keywords, with or without modifiers.
pub(super) fn keywords(alphabet: &Alphabet, random: &mut Random<'_>) -> (String, Value) {
    let chain = random.pick(&[
        "|all",
        "|contains|all",
        "|contains",
        "|re",
        "|re|i",
        "|re|all",
        "|cased",
        "|startswith",
        "|endswith|neq",
        "|windash|contains",
        "|base64offset|contains",
        "|neq",
        "|wide|base64offset|contains",
        "|expand",
    ]);
    let values = values(random, |random| match chain {
        chain if chain.contains("re") => json!(regexes::regex(alphabet, random)),
        chain if chain.contains("base64") => json!(alphabet.text(random, 2)),
        chain if random.once_in(6) && !chain.contains("windash") => {
            let _ = chain;
            number(random)
        }
        _ => written(alphabet, random, chain == "|expand"),
    });
    (chain.to_owned(), values)
}

/// One value, or a list.
pub(super) fn values(random: &mut Random<'_>, mut value: impl FnMut(&mut Random<'_>) -> Value) -> Value {
    match random.below(4) {
        0 | 1 => value(random),
        more => Value::Array((0..more).map(|_| value(random)).collect()),
    }
}

/// A text as rules write it: wildcards, and escapes where it means what it looks like.
pub(super) fn written(alphabet: &Alphabet, random: &mut Random<'_>, expands: bool) -> Value {
    if expands && random.below(4) > 0 {
        let name = random.pick(&["%words%", "%one%", "%wild%", "%words%%one%", "%none%"]);
        return json!(format!("{}{name}{}", alphabet.text(random, 1), alphabet.text(random, 1)));
    }
    let text = alphabet.text(random, 2);
    let text = recased(random, &text);
    // Two times in three as it stands: then a backslash or a star may mean something else.
    let mut out = if random.once_in(3) { escaped(&text) } else { text };
    if random.once_in(3) {
        for _ in 0..=random.below(3) {
            insert_wildcard(random, &mut out);
        }
    }
    Value::String(out)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Puts a wildcard between two characters, or one instead of a character.
fn insert_wildcard(random: &mut Random<'_>, text: &mut String) {
    let places: Vec<(usize, char)> = text.char_indices().collect();
    let wildcard = random.pick(&["*", "?", "**", "*?", "\\*"]);
    match places.get(random.below(places.len() + 1)) {
        Some((at, c)) if random.once_in(2) => text.replace_range(*at..*at + c.len_utf8(), wildcard),
        Some((at, _)) => text.insert_str(*at, wildcard),
        None => text.push_str(wildcard),
    }
}

/// A number that has no quotes.
pub(super) fn number(random: &mut Random<'_>) -> Value {
    serde_json::from_str(random.pick(LIMITS)).unwrap_or(json!(0))
}

fn scalar(alphabet: &Alphabet, random: &mut Random<'_>) -> Value {
    match random.below(6) {
        0 => number(random),
        1 => json!(random.once_in(2)),
        2 => json!(null),
        3 => json!(random.pick(&["", "*", "?", "?*", "true", "1", "1.50", "-0", "null", "False"])),
        _ => written(alphabet, random, false),
    }
}

fn time(field: &str, random: &mut Random<'_>) -> (String, Value) {
    let (part, usual) = random.pick(&[
        &("minute", 1),
        &("hour", 12),
        &("day", 2),
        &("week", 1),
        &("month", 12),
        &("year", 2024),
    ]);
    let op = random.pick(&["", "|gte", "|lt", "|lte", "|gt", "|neq"]);
    (format!("{field}|{part}{op}"), json!(usual + random.below(2) - usize::from(*part == "month")))
}
