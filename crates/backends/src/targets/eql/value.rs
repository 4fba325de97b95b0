//! Comparisons with values, as EQL's documentation has them.
//!
//! `:` and `like~` compare strings without regard to case and know wildcards, `==` compares exactly, `regex`
//! and `regex~` match whole values. A literal wildcard character cannot be escaped, so that such strings become
//! regular expressions.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use sigyn_ir::{Expr, Part, Regex, SigmaString, Value};

use crate::target::FragResult;
use crate::targets::elastic::quoted;
use crate::targets::elastic::regex::{Case, Dot, LuceneRegex};
use crate::{Cx, Error, Frag, Target};

/// Whether a text is an IP address as Python's `ipaddress` reads it.
pub(super) fn is_address(text: &str) -> bool {
    if text.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    match text.split_once('%') {
        Some((address, zone)) => {
            !zone.is_empty() && !zone.contains('%') && address.parse::<Ipv6Addr>().is_ok()
        }
        None => text.parse::<Ipv6Addr>().is_ok(),
    }
}

/// Whether a literal text holds a character that EQL takes for a wildcard.
fn has_literal_wildcard(value: &SigmaString) -> bool {
    value.parts().iter().any(|part| matches!(part, Part::Text(text) if text.contains(['*', '?'])))
}

/// Whether a string is compared with `==`: addresses because fields of type `ip` know no other comparison.
fn is_exact(value: &SigmaString) -> bool {
    value.as_literal().is_some_and(|text| text.is_empty() || is_address(text))
}

/// Whether values of one field may stand in a list of `like~`.
pub(super) fn is_list(args: &[Expr<'_>]) -> bool {
    args.iter().all(|arg| match arg {
        Expr::Field { value, .. } => match &**value {
            Value::Str(string) => !is_exact(string) && !has_literal_wildcard(string),
            _ => true,
        },
        _ => false,
    })
}

/// A list of values of one field; with numbers, the field is read as a string, whatever its type.
pub(super) fn list(target: &dyn Target, cx: &Cx<'_>, args: &[Expr<'_>]) -> FragResult {
    let mut values = Vec::with_capacity(args.len());
    let mut name = String::new();
    let mut has_numbers = false;
    for arg in args {
        let Expr::Field { field, value, .. } = arg else { continue };
        name = target.field_name(cx, field).into_owned();
        values.push(match &**value {
            Value::Str(string) => target.string(cx, string)?,
            Value::Number(number) => {
                has_numbers = true;
                literal(&number.to_string())
            }
            _ => return Err(Error::unsupported("EQL cannot write this value in a list")),
        });
    }
    let values = values.join(", ");
    Ok(Frag::Text(match has_numbers {
        true => present(cx, &name, format!("string({name}) like~ ({values})")),
        false => format!("{name} like~ ({values})"),
    }))
}

/// A comparison that must not hold for an absent field even if it is negated: Elasticsearch turns `not a >= 5`
/// into `a < 5` and `not string(a) == "5"` into `string(a) != "5"`, neither of which an absent field meets.
pub(super) fn present(cx: &Cx<'_>, name: &str, comparison: String) -> String {
    match cx.ancestry.not {
        true => format!("(?{name} != null and {comparison})"),
        false => comparison,
    }
}

/// A field compared with a string without regard to case.
pub(super) fn field_string(target: &dyn Target, cx: &Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
    let name = target.field_name(cx, field);
    if has_literal_wildcard(value) {
        let regex = LuceneRegex::of_string(value)?;
        return Ok(Frag::Text(format!("{name} regex~ {}", literal(&regex))));
    }
    let text = target.string(cx, value)?;
    Ok(Frag::Text(if is_exact(value) { format!("{name} == {text}") } else { format!("{name}:{text}") }))
}

/// A field compared with a string with regard to case.
pub(super) fn field_cased(target: &dyn Target, cx: &Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
    let name = target.field_name(cx, field);
    Ok(Frag::Text(if !value.has_wildcard() {
        format!("{name} == {}", target.string(cx, value)?)
    } else if has_literal_wildcard(value) {
        format!("{name} regex {}", literal(&LuceneRegex::of_string(value)?))
    } else {
        format!("{name} like {}", target.string(cx, value)?)
    }))
}

/// A field that a regular expression finds something in.
pub(super) fn field_regex(target: &dyn Target, cx: &Cx<'_>, field: &str, value: &Regex) -> FragResult {
    let regex = LuceneRegex::translate(value, Case::ByOperator, Dot::ButNewline)?;
    let operator = if regex.ignores_case { "regex~" } else { "regex" };
    Ok(Frag::Text(format!("{} {operator} {}", target.field_name(cx, field), literal(&regex.pattern))))
}

/// A string with its wildcards, not yet quoted.
pub(super) fn wildcard_text(value: &SigmaString) -> Result<String, Error> {
    if let Some(name) = value.placeholders().next() {
        return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
    }
    Ok(value.to_raw())
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    quoted(text).replace('\u{8}', "\\b").replace('\u{c}', "\\f")
}

/// A field name, in backticks unless it is a plain identifier with dots.
pub(super) fn field_name(name: &str) -> Cow<'_, str> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.'));
    if is_plain { Cow::Borrowed(name) } else { Cow::Owned(format!("`{}`", name.replace('`', "``"))) }
}
