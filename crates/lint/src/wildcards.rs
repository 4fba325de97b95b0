//! Wildcards at the ends of values where a modifier says the same: three checks of one validator.

use sigyn_diagnostics::{Diagnostic, Edit, Fix};
use sigyn_ir::{DetectionItem, Modifier, Part, SigmaString, Value};

use crate::RuleContext;
use crate::text::as_string;

/// The modifier that all values of an item could have instead of their wildcards. An item without values counts as
/// one whose values all have them, as in the reference.
pub(crate) fn instead_of<'a>(cx: &RuleContext<'a>, item: &'a DetectionItem) -> Option<Modifier> {
    let has = |modifier| item.modifiers.contains(&modifier);
    let all = |fits: fn(&SigmaString) -> bool| {
        cx.written(item).all(|text| text.is_some_and(|text| fits(&text) && text.len() > 1))
    };
    if all(is_contained) && !has(Modifier::Contains) {
        Some(Modifier::Contains)
    } else if all(is_ending) && !has(Modifier::Endswith) {
        Some(Modifier::Endswith)
    } else if all(is_starting) && !has(Modifier::Startswith) {
        Some(Modifier::Startswith)
    } else {
        None
    }
}

fn is_contained(text: &SigmaString) -> bool {
    text.starts_with_many() && text.ends_with_many() && !text.has_wildcard_within(1, 1)
}

fn is_ending(text: &SigmaString) -> bool {
    text.starts_with_many() && !text.has_wildcard_within(1, 0)
}

fn is_starting(text: &SigmaString) -> bool {
    text.ends_with_many() && !text.has_wildcard_within(0, 1)
}

/// With a fix that puts the modifier in and takes the wildcards out. Only for items without other modifiers, whose
/// values are written as they are read, so that cutting their ends cannot change what is between.
pub(crate) fn modify(
    cx: &RuleContext<'_>,
    item: &DetectionItem,
    modifier: Modifier,
    found: Diagnostic,
) -> Diagnostic {
    match edits(cx, item, modifier) {
        Some(edits) => found.with_fix(Fix { title: format!("use `{modifier}`"), edits, is_safe: true }),
        None => found,
    }
}

fn edits(cx: &RuleContext<'_>, item: &DetectionItem, modifier: Modifier) -> Option<Vec<Edit>> {
    let key = cx.item_key_place(item);
    if item.field.is_none() || !item.modifiers.is_empty() || item.values.is_empty() {
        return None;
    }
    let name = cx.text.get(key.range())?;
    let quote = if name.ends_with(['\'', '"']) { 1 } else { 0 };
    let end = key.end - quote;
    let insert = sigyn_diagnostics::Span { start: end, end, ..key };
    let mut edits = vec![Edit { span: insert, text: format!("|{modifier}") }];
    for (at, value) in item.values.iter().enumerate() {
        let place = cx.value_place(item, at);
        let written = cx.text.get(place.range())?;
        let quotes = ['\'', '"'].into_iter().find(|quote| written.starts_with(*quote))?;
        let inner = written.strip_prefix(quotes)?.strip_suffix(quotes)?;
        let start = place.start + 1;
        let cut = |from: u32| sigyn_diagnostics::Span { start: from, end: from + 1, ..place };
        if modifier != Modifier::Startswith {
            inner.strip_prefix('*')?;
            edits.push(Edit { span: cut(start), text: String::new() });
        }
        if modifier != Modifier::Endswith {
            inner.strip_suffix('*')?;
            edits.push(Edit { span: cut(place.end - 2), text: String::new() });
        }
        // A backslash that the wildcard kept apart from the end would escape what follows it.
        if is_before_backslash(value, modifier) {
            return None;
        }
    }
    Some(edits)
}

fn is_before_backslash(value: &Value, modifier: Modifier) -> bool {
    let parts = as_string(value).map_or(&[][..], SigmaString::parts);
    modifier != Modifier::Endswith
        && parts
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|part| matches!(part, Part::Text(text) if text.ends_with('\\')))
}
