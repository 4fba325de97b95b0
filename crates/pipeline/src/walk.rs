//! Visiting the detection items of a rule that an item's conditions choose.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Detection, DetectionEntry, DetectionItem, Rule, Value};

use crate::item::Run;

/// What became of a detection item.
pub(crate) enum Outcome {
    /// Nothing.
    Kept,
    /// It was rewritten in place.
    Changed,
    /// Something else stands in its place.
    Replaced(DetectionEntry),
    /// It goes.
    Dropped,
}

/// Calls `visit` for each detection item that the conditions choose, nested ones included, and leaves the
/// item's mark on what it changed. Errors without a place get the detection item's.
pub(crate) fn detection_items(
    rule: &mut Rule,
    run: &mut Run<'_>,
    mut visit: impl FnMut(&mut DetectionItem, &mut Run<'_>) -> Result<Outcome, Diagnostic>,
) -> Result<(), Diagnostic> {
    run.mark(&mut rule.marks);
    for (_, detection) in &mut rule.detections {
        detection_entries(detection, run, &mut visit)?;
    }
    Ok(())
}

fn detection_entries(
    detection: &mut Detection,
    run: &mut Run<'_>,
    visit: &mut impl FnMut(&mut DetectionItem, &mut Run<'_>) -> Result<Outcome, Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut at = 0;
    while let Some(entry) = detection.entries.get_mut(at) {
        at += 1;
        let item = match entry {
            DetectionEntry::Group(group) => {
                detection_entries(group, run, visit)?;
                continue;
            }
            DetectionEntry::Item(item) => item,
        };
        let span = item.span;
        let place = |mut error: Diagnostic| {
            error.span.get_or_insert(span);
            error
        };
        if !run.wants(item).map_err(place)? {
            continue;
        }
        match visit(item, run).map_err(place)? {
            Outcome::Kept => {}
            Outcome::Changed => run.mark(&mut item.marks),
            Outcome::Replaced(mut replacement) => {
                if let Some(id) = &run.item.gate.id {
                    match &mut replacement {
                        DetectionEntry::Item(item) => item.mark(id),
                        DetectionEntry::Group(group) => group.mark(id),
                    }
                }
                *entry = replacement;
            }
            Outcome::Dropped => {
                at -= 1;
                detection.entries.remove(at);
            }
        }
    }
    Ok(())
}

/// What became of a value.
pub(crate) enum NewValue {
    /// Nothing.
    Kept,
    /// These stand in its place; none drops it.
    Become(Vec<Value>),
}

/// Calls `visit` for each value of the chosen detection items. Values that modifiers expanded (`windash`,
/// `base64offset`) are one value.
pub(crate) fn values(
    rule: &mut Rule,
    run: &mut Run<'_>,
    mut visit: impl FnMut(Option<&str>, &Value, &Run<'_>) -> Result<NewValue, Diagnostic>,
) -> Result<(), Diagnostic> {
    detection_items(rule, run, |item, run| {
        let mut changed: Option<Vec<Value>> = None;
        for (at, value) in item.values.iter().enumerate() {
            match visit(item.field.as_deref(), value, run)? {
                NewValue::Kept => {
                    if let Some(values) = &mut changed {
                        values.push(value.clone());
                    }
                }
                NewValue::Become(new) => {
                    changed.get_or_insert_with(|| item.values[..at].to_vec()).extend(new);
                }
            }
        }
        Ok(match changed {
            None => Outcome::Kept,
            Some(values) => {
                item.values = values;
                Outcome::Changed
            }
        })
    })
}
