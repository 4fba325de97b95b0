//! Comparisons that are neither true nor false where the event has no such field.
//!
//! In ES|QL, PPL and SPL2 such a comparison is nothing, and so is its negation: an event without the field would slip
//! through `not`, which it matches. Below `not` a comparison therefore says first that its fields are there.

use sigyn_ir::Value;

use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Error, Frag, Target, text};

/// A field compared with any value, false where a field is missing.
pub(super) fn field(target: &dyn Target, cx: &mut Cx<'_>, field: &str, value: &Value) -> FragResult {
    let frag = text::field(target, cx, field, value)?;
    let fields = match value {
        Value::Null | Value::Exists(_) | Value::Expansion { .. } | Value::Query { .. } => return Ok(frag),
        Value::FieldRef(other) => vec![field, &other.field],
        _ => vec![field],
    };
    match frag {
        Frag::Text(text) => grouped(target, cx, &fields, text),
        frag => Ok(frag),
    }
}

/// A comparison of these fields, false where one is missing, and then in parentheses.
pub(super) fn grouped(target: &dyn Target, cx: &mut Cx<'_>, fields: &[&str], text: String) -> FragResult {
    if !matters(cx) {
        return Ok(Frag::Text(text));
    }
    Ok(Frag::Text(format!("({})", decided(target, cx, fields, text)?)))
}

/// A list of values of a field, false where the field is missing; for languages where a list stands in parentheses
/// wherever they are needed, as alternatives do.
pub(super) fn list(target: &dyn Target, cx: &mut Cx<'_>, field: &str, list: Frag) -> FragResult {
    match list {
        Frag::Text(text) if matters(cx) => Ok(Frag::Text(decided(target, cx, &[field], text)?)),
        list => Ok(list),
    }
}

/// Whether it matters that a comparison without its field is undecided. The reference does not care.
fn matters(cx: &Cx<'_>) -> bool {
    cx.ancestry.not && !cx.env.is_reference()
}

fn decided(target: &dyn Target, cx: &mut Cx<'_>, fields: &[&str], text: String) -> Result<String, Error> {
    let mut operands = Vec::with_capacity(fields.len() + 1);
    for field in fields {
        operands.extend(target.field_exists(cx, field, true)?.text());
    }
    operands.push(text);
    Ok(target.joined(cx, Operator::And, operands))
}
