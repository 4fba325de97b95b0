//! Lists of values as the reference prints them.

use sigyn_ir::{Expr, SigmaString, Value};

use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Error, Frag, Target, text};

/// Plain values in a list (numbers as strings), those with wildcards behind it; a string with wildcards inside
/// is taken apart, whatever the order of its parts.
pub(super) fn list(target: &dyn Target, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
    let (list_operator, joiner) = match outer {
        Operator::Or => ("in~", " or "),
        _ => ("has_all", " and "),
    };
    let (mut plain, mut parts) = (Vec::new(), Vec::new());
    let mut name = String::new();
    for arg in args {
        let Expr::Field { field, value, .. } = arg else { continue };
        name = target.field_name(cx, field).into_owned();
        match &**value {
            Value::Str(value) | Value::Cased(value) if value.has_wildcard() => {
                parts.push(with_wildcards(target, cx, &name, value)?);
            }
            Value::Str(value) | Value::Cased(value) => plain.push(target.string(cx, value)?),
            Value::Number(number) | Value::TimePart { number, .. } => {
                plain.push(target.string(cx, &SigmaString::parse(&number.to_string()))?);
            }
            _ => {}
        }
    }
    if !plain.is_empty() {
        parts.insert(0, format!("{name} {list_operator} ({})", plain.join(", ")));
    }
    Ok(Frag::Text(parts.join(joiner)))
}

/// `name` is quoted already, and a name that needs quotes is quoted twice.
fn with_wildcards(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    name: &str,
    value: &SigmaString,
) -> Result<String, Error> {
    if !value.has_wildcard_within(1, 1) {
        return Ok(text::field_string(target, cx, name, value)?.text().unwrap_or_default());
    }
    let mut contained = Vec::new();
    for part in value.parts() {
        let sigyn_ir::Part::Text(part) = part else { continue };
        // The byte order mark of `utf16` is a part of its own there.
        let (mark, part) =
            part.split_at(part.strip_prefix('\u{feff}').map_or(0, |rest| part.len() - rest.len()));
        for part in [mark, part].into_iter().filter(|part| !part.is_empty()) {
            let part = target.string(cx, &SigmaString::parse(part))?;
            contained.push(format!("{name} contains {part}"));
        }
    }
    Ok(format!("({})", contained.join(" and ")))
}
