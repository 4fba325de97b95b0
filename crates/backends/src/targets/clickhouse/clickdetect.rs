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
