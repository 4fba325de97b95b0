//! Rules as ClickDetect reads them: a YAML document each.

use sigyn_ir::{Data, Level, RuleItem, YamlStyle};

use crate::Cx;

/// Keys in our order, lines never folded.
pub(super) fn style() -> YamlStyle {
    YamlStyle { sort_keys: false, width: usize::MAX, allow_unicode: true, ..YamlStyle::default() }
}

pub(super) fn document(cx: &Cx<'_>, query: String) -> Data {
    let meta = cx.rule.meta();
    let group = match cx.rule {
        RuleItem::Rule(rule) => rule.logsource.product.as_deref().unwrap_or_default(),
        RuleItem::Correlation(_) => "",
    };
    let author = meta.author.as_deref().filter(|author| !author.is_empty());
    Data::map([
        ("id", meta.id.as_deref().unwrap_or_default().into()),
        ("name", meta.title.as_str().into()),
        ("level", risk(meta.level).into()),
        // How many rows make an alert.
        ("size", ">0".into()),
        ("active", true.into()),
        ("author", Data::texts(author)),
        ("group", group.into()),
        ("tags", Data::texts(meta.tags.iter().map(ToString::to_string))),
        ("rule", query.into()),
    ])
}

/// ClickDetect's risk score for a level.
fn risk(level: Option<Level>) -> i64 {
    match level {
        None | Some(Level::Informational) => 1,
        Some(Level::Low) => 3,
        Some(Level::Medium) => 5,
        Some(Level::High) => 8,
        Some(Level::Critical) => 10,
    }
}

/// Rules of a correlation with the documents among their queries as the reference puts them into the SQL: as Python
/// prints them.
pub(super) fn printed(queries: &[Data]) -> Vec<Data> {
    queries
        .iter()
        .map(|query| Data::Text(query.as_str().map_or_else(|| python(query), str::to_owned)))
        .collect()
}

fn python(data: &Data) -> String {
    match data {
        Data::Null => "None".to_owned(),
        Data::Bool(true) => "True".to_owned(),
        Data::Bool(false) => "False".to_owned(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => python_text(text),
        Data::List(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Data::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{}: {}", python_text(key), python(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text in single quotes, or in double quotes if that spares escapes.
fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote || c == '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
