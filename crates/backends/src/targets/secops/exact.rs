//! Queries that say what the rule says.

use sigyn_ir::{CompareOp, Condition, Regex, Rule, SigmaString, Value};

use super::fields::is_enumeration;
use crate::normal::{Branch, Builder, Leaf, Node};
use crate::{Cx, Error, text};

/// The query of a condition.
pub(super) fn query(cx: &Cx<'_>, rule: &Rule, condition: &Condition) -> Result<String, Error> {
    let node = Builder { is_reference: false }.build(rule.expression(condition).with_bare_numbers())?;
    let is_rule = cx.env.format == "yara_l";
    write(&node, is_rule)?.ok_or_else(|| Error::unsupported("nothing of the condition is left to search for"))
}

/// `or` and `and` in one expression always stand in parentheses: the manuals do not say which binds tighter.
fn write(node: &Node<'_>, is_rule: bool) -> Result<Option<String>, Error> {
    match node {
        Node::Or(branch) => match list(branch)? {
            Some(text) => Ok(Some(text)),
            None => join(branch, " OR ", is_rule),
        },
        Node::And(branch) => join(branch, " AND ", is_rule),
        Node::Leaf(leaf) => comparison(leaf, is_rule).map(Some).map_err(|error| error.or_at(leaf.span)),
        Node::Nothing => Ok(None),
    }
}

fn join(branch: &Branch<'_>, joiner: &str, is_rule: bool) -> Result<Option<String>, Error> {
    let mut parts = Vec::with_capacity(branch.args.len());
    for arg in &branch.args {
        let Some(text) = write(arg, is_rule)? else { continue };
        let is_group = match arg {
            Node::Or(inner) => joiner == " AND " && list(inner)?.is_none(),
            Node::And(_) => joiner == " OR ",
            Node::Leaf(_) | Node::Nothing => false,
        };
        parts.push(if is_group { format!("({text})") } else { text });
    }
    Ok((!parts.is_empty()).then(|| parts.join(joiner)))
}

/// Strings that one field is compared with, as one regular expression; nothing if the operands are something else.
fn list(branch: &Branch<'_>) -> Result<Option<String>, Error> {
    let mut patterns = Vec::with_capacity(branch.args.len());
    let mut first = None;
    for arg in &branch.args {
        let Node::Leaf(Leaf { field: Some(field), value, is_negated: false, .. }) = arg else {
            return Ok(None);
        };
        let Value::Str(string) = &**value else { return Ok(None) };
        if *first.get_or_insert(field) != field || is_enumeration(field) {
            return Ok(None);
        }
        patterns.push(anchored(string)?);
    }
    Ok(match first {
        Some(field) if patterns.len() > 1 => Some(format!("{field} = /{}/ nocase", patterns.join("|"))),
        _ => None,
    })
}

/// A string as a regular expression that is searched anywhere: with anchors where there is no wildcard.
fn anchored(string: &SigmaString) -> Result<String, Error> {
    let (front, back) = string.outer_many();
    let inner = string.without_parts(front, back);
    let mut pattern = String::new();
    if front == 0 {
        pattern.push('^');
    }
    // A wildcard stands for line breaks too.
    pattern.push_str(&if inner.has_wildcard() {
        format!("(?s:{})", inner.to_regex("/")?)
    } else {
        inner.to_regex("/")?
    });
    if back == 0 && !(front > 0 && inner.is_empty()) {
        pattern.push('$');
    }
    if pattern.is_empty() {
        // Two slashes would begin a comment.
        pattern.push_str(".*");
    }
    Ok(pattern)
}

fn comparison(leaf: &Leaf<'_>, is_rule: bool) -> Result<String, Error> {
    let Some(field) = leaf.field.as_deref() else {
        let place = if is_rule { "a YARA-L rule" } else { "a UDM search" };
        return Err(Error::unsupported(format!("{place} compares fields and has no keywords")));
    };
    let equal = if leaf.is_negated { "!=" } else { "=" };
    Ok(match &*leaf.value {
        Value::Str(string) if string.has_wildcard() => {
            format!("{field} {equal} /{}/ nocase", anchored(string)?)
        }
        Value::Cased(string) if string.has_wildcard() => format!("{field} {equal} /{}/", anchored(string)?),
        Value::Str(string) => {
            let nocase = if is_enumeration(field) { "" } else { " nocase" };
            format!("{field} {equal} {}{nocase}", quoted(string)?)
        }
        Value::Cased(string) => format!("{field} {equal} {}", quoted(string)?),
        Value::Number(number) => format!("{field} {equal} {number}"),
        Value::Bool(value) => format!("{field} {equal} {value}"),
        Value::Null => format!("{field} {equal} \"\""),
        Value::Exists(exists) => {
            format!("{field} {} \"\"", if *exists == leaf.is_negated { "=" } else { "!=" })
        }
        Value::Regex(regex) => format!("{field} {equal} {}", regex_text(regex)?),
        Value::Cidr(cidr) => {
            let not = if leaf.is_negated { "NOT " } else { "" };
            format!("{not}net.ip_in_range_cidr({field}, \"{}\")", cidr.network)
        }
        Value::Compare { op, number, part: None } => {
            format!("{field} {} {number}", comparison_operator(*op, leaf.is_negated))
        }
        Value::Query { text, id } if !leaf.is_negated => {
            let template = crate::Template::parse(text).map_err(Error::value)?;
            template.fill(&[("field", field), ("id", id)])
        }
        Value::FieldRef(_) => return Err(Error::unsupported("a UDM search cannot compare two fields")),
        Value::TimePart { .. } | Value::Compare { .. } => {
            return Err(Error::unsupported("a UDM search cannot read a part of a timestamp"));
        }
        Value::Query { .. } => {
            return Err(Error::unsupported("query text of a pipeline cannot be negated in a UDM search"));
        }
        Value::Expansion { .. } => {
            return Err(Error::unsupported("the target cannot write values that stand for others here"));
        }
    })
}

fn comparison_operator(op: CompareOp, is_negated: bool) -> &'static str {
    match (op, is_negated) {
        (CompareOp::Lt, false) | (CompareOp::Gte, true) => "<",
        (CompareOp::Lte, false) | (CompareOp::Gt, true) => "<=",
        (CompareOp::Gt, false) | (CompareOp::Lte, true) => ">",
        (CompareOp::Gte, false) | (CompareOp::Lt, true) => ">=",
        (CompareOp::Neq, false) => "!=",
        (CompareOp::Neq, true) => "=",
    }
}

fn quoted(string: &SigmaString) -> Result<String, Error> {
    if let Some(name) = string.placeholders().next() {
        return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
    }
    let text = string.as_literal().unwrap_or_default();
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A regular expression between slashes, which alone need an escape there.
fn regex_text(regex: &Regex) -> Result<String, Error> {
    text::refuse_backtracking(regex)?;
    let mut pattern = String::new();
    let mut is_escaped = false;
    for c in regex.pattern.to_raw().chars() {
        if c == '/' && !is_escaped {
            pattern.push('\\');
        }
        is_escaped = c == '\\' && !is_escaped;
        pattern.push(c);
    }
    let flags = match (regex.flags.multiline, regex.flags.dotall) {
        (true, true) => "(?ms)",
        (true, false) => "(?m)",
        (false, true) => "(?s)",
        (false, false) => "",
    };
    Ok(format!("/{flags}{pattern}/{}", if regex.flags.ignore_case { " nocase" } else { "" }))
}
