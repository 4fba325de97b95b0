//! Python's format strings: `{name.attribute[key]!r:>10}`.

use minijinja::value::{Value, ValueKind};

use crate::template::methods::{python_repr_text, python_text};

/// The widest field.
const WIDTH_MAX: usize = 1000;

/// Fills a format string. The error says what is wrong with it.
pub(crate) fn format(template: &str, names: &[(String, Value)]) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    let mut automatic = 0_usize;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            out.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let Some(inner) = tail.strip_prefix('{') else {
            return Err("a single `}` stands alone; write `}}`".to_owned());
        };
        let end = inner.find('}').ok_or("a `{` is not closed")?;
        out.push_str(&field(&inner[..end], names, &mut automatic)?);
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn field(text: &str, names: &[(String, Value)], automatic: &mut usize) -> Result<String, String> {
    let (text, spec) = text.split_once(':').unwrap_or((text, ""));
    let (path, conversion) = text.split_once('!').unwrap_or((text, ""));
    let len = path.find(['.', '[']).unwrap_or(path.len());
    let (name, mut steps) = path.split_at(len);
    let name = if name.is_empty() {
        *automatic += 1;
        (*automatic - 1).to_string()
    } else {
        name.to_owned()
    };
    let mut value = names
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.clone())
        .ok_or_else(|| format!("`{name}` is not known"))?;
    while !steps.is_empty() {
        let key;
        if let Some(inner) = steps.strip_prefix('.') {
            let len = inner.find(['.', '[']).unwrap_or(inner.len());
            key = &inner[..len];
            steps = &inner[len..];
            if key.starts_with('_') {
                return Err(format!("`{key}` is private"));
            }
        } else {
            let inner = steps.strip_prefix('[').ok_or("a name goes on with `.` or `[`")?;
            let end = inner.find(']').ok_or("a `[` is not closed")?;
            key = &inner[..end];
            steps = &inner[end + 1..];
        }
        value = step(&value, key).ok_or_else(|| format!("`{path}`: there is no `{key}`"))?;
    }
    match conversion {
        "" => formatted(&value, spec),
        "s" => formatted(&Value::from(python_text(&value)), spec),
        "r" | "a" => formatted(&Value::from(python_repr_text(&value)), spec),
        other => Err(format!("`!{other}` is no conversion")),
    }
}

fn step(value: &Value, key: &str) -> Option<Value> {
    let found = match (value.kind(), key.parse::<usize>()) {
        (ValueKind::Seq | ValueKind::Iterable, Ok(at)) => value.get_item_by_index(at),
        _ => value.get_item(&Value::from(key)),
    };
    found.ok().filter(|value| !value.is_undefined())
}

/// `[[fill]align][sign][0][width][.precision][type]` for texts and integers.
fn formatted(value: &Value, spec: &str) -> Result<String, String> {
    let text = python_text(value);
    if spec.is_empty() {
        return Ok(text);
    }
    let chars: Vec<char> = spec.chars().collect();
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^'));
    let is_number = value.kind() == ValueKind::Number;
    let (mut fill, mut align, mut at) = (' ', if is_number { '>' } else { '<' }, 0);
    if is_align(chars.get(1)) {
        (fill, align, at) = (chars[0], chars[1], 2);
    } else if is_align(chars.first()) {
        (align, at) = (chars[0], 1);
    }
    if chars.get(at) == Some(&'0') && is_number {
        fill = '0';
        at += 1;
    }
    let digits = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        chars[start..*at].iter().collect::<String>().parse::<usize>().ok()
    };
    let width = digits(&mut at).unwrap_or(0);
    let precision = if chars.get(at) == Some(&'.') {
        at += 1;
        digits(&mut at)
    } else {
        None
    };
    let kind: String = chars[at..].iter().collect();
    let fits = matches!((kind.as_str(), is_number), ("" | "s", false) | ("" | "d", true));
    if !fits || (is_number && precision.is_some()) {
        return Err(format!("the format `{spec}` is not supported"));
    }
    if width > WIDTH_MAX || precision.is_some_and(|precision| precision > WIDTH_MAX) {
        return Err(format!("the format `{spec}` is wider than {WIDTH_MAX}"));
    }
    let text: String = match precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    let missing = width.saturating_sub(text.chars().count());
    let before = match align {
        '>' => missing,
        '^' => missing / 2,
        _ => 0,
    };
    let pad = |count: usize| fill.to_string().repeat(count);
    Ok(format!("{}{text}{}", pad(before), pad(missing - before)))
}
