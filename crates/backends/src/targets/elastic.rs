//! What the targets of Elasticsearch and OpenSearch share.

pub(super) mod comparison;
pub(super) mod index;
pub(super) mod lucene;
pub(super) mod regex;
pub(super) mod siem;
mod threat;

use std::borrow::Cow;

use sigyn_ir::{Data, Expr, Value};

use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Error, Target, text};

/// What tells a rule from others: its id, else its name or title. The reference writes `None` without an id.
pub(super) fn rule_id(cx: &Cx<'_>) -> Data {
    let meta = cx.rule.meta();
    match &meta.id {
        Some(id) => id.as_str().into(),
        None if cx.env.is_reference() => "None".into(),
        None => meta.name.as_ref().unwrap_or(&meta.title).as_str().into(),
    }
}

/// A string literal in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Values that one written value stands for: as a list where the language has one for them.
pub(super) fn field_expansion(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    values: &[Value],
) -> FragResult {
    let alternatives = alternatives(cx, field, values);
    if target.is_list(cx, Operator::Or, &alternatives) {
        return target.list(cx, Operator::Or, &alternatives);
    }
    if cx.env.is_reference() {
        return Err(Error::unsupported("the reference writes such alternatives only as a list")
            .as_reference("AttributeError"));
    }
    text::field_expansion(target, cx, field, values)
}

/// Whether values that one written value stands for are a list, which needs no parentheses.
pub(super) fn is_list(target: &dyn Target, cx: &Cx<'_>, field: &str, values: &[Value]) -> bool {
    target.is_list(cx, Operator::Or, &alternatives(cx, field, values))
}

fn alternatives<'v>(cx: &Cx<'_>, field: &'v str, values: &'v [Value]) -> Vec<Expr<'v>> {
    let alternative =
        |value| Expr::Field { field: Cow::Borrowed(field), value: Cow::Borrowed(value), span: cx.span };
    values.iter().map(alternative).collect()
}

/// The field of which an expression says that it has no value. The reference does not know that `exists: false`
/// says so too.
pub(super) fn absent_field<'e>(cx: &Cx<'_>, expr: &'e Expr<'_>) -> Option<&'e str> {
    match expr {
        Expr::Field { field, value, .. } => match &**value {
            Value::Null => Some(field),
            Value::Exists(false) if !cx.env.is_reference() => Some(field),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an operand stands without parentheses: that a field has no value is a negation in itself, which
/// another negation removes.
pub(super) fn stands_bare(target: &dyn Target, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
    match inner {
        Expr::Not(arg) if absent_field(cx, arg).is_some() => true,
        inner if absent_field(cx, inner).is_some() => false,
        Expr::Field { field, value, .. } => match &**value {
            Value::Expansion { values, .. } if !cx.env.is_reference() => is_list(target, cx, field, values),
            _ => text::stands_bare(target, cx, outer, inner),
        },
        _ => text::stands_bare(target, cx, outer, inner),
    }
}
