//! Queries as the reference writes them (`Compat::PySigma`).
//!
//! There a comparison is negated if the operator above its own operator is `not` as the condition writes it: what
//! stands in a search identifier is not, below a negated `and` stays an `and`, and networks, numbers and keywords
//! are never negated.

use std::borrow::Cow;

use sigyn_ir::{
    Condition, ConditionExpr, Detection, DetectionEntry, DetectionItem, Linking, Rule, SigmaString, Value,
};

use super::fields::is_enumeration;
use crate::{Cx, Error, Frag, Target, text};

/// What stands above an operator, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// Nothing: it is the condition's own.
    Nothing,
    /// A `not` of the condition or of a detection item.
    Not,
    /// Anything else.
    Other,
}

/// A condition with what stands above its operators.
enum Node<'r> {
    Or(Vec<Node<'r>>, Above),
    And(Vec<Node<'r>>, Above),
    Not(Box<Node<'r>>),
    Leaf { field: Option<&'r str>, value: Cow<'r, Value> },
    Nothing,
}

/// The query of a condition.
pub(super) fn query(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    rule: &Rule,
    condition: &Condition,
) -> Result<String, Error> {
    let node = of_condition(rule, &condition.expr, Above::Nothing)?;
    Writer { target, cx }.node(&node, false)
}

fn of_condition<'r>(rule: &'r Rule, expr: &'r ConditionExpr, above: Above) -> Result<Node<'r>, Error> {
    let nodes = |args: &'r [ConditionExpr]| {
        args.iter().map(|arg| of_condition(rule, arg, Above::Other)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        ConditionExpr::Or(args) => Node::Or(nodes(args)?, above),
        ConditionExpr::And(args) => Node::And(nodes(args)?, above),
        ConditionExpr::Not(arg) => Node::Not(Box::new(of_condition(rule, arg, Above::Not)?)),
        ConditionExpr::AtLeast { .. } => {
            return Err(Error::unsupported("the reference has no `of` with a number but 1"));
        }
        ConditionExpr::Detection(id) => {
            rule.detection(*id).map_or(Node::Nothing, |(_, detection)| of_detection(detection))
        }
        ConditionExpr::False | ConditionExpr::Nothing => Node::Nothing,
    })
}

fn of_detection(detection: &Detection) -> Node<'_> {
    let mut nodes: Vec<_> = detection
        .entries
        .iter()
        .map(|entry| match entry {
            DetectionEntry::Item(item) => of_item(item),
            DetectionEntry::Group(group) => of_detection(group),
        })
        .collect();
    match nodes.len() {
        0 => Node::Nothing,
        1 => nodes.remove(0),
        _ => linked(detection.linking, nodes, Above::Other),
    }
}

fn of_item(item: &DetectionItem) -> Node<'_> {
    let field = item.field.as_deref();
    let leaf = |value| Node::Leaf { field, value };
    let node = match item.values.as_slice() {
        [] => leaf(Cow::Owned(Value::Null)),
        [value] => leaf(Cow::Borrowed(value)),
        values => {
            let above = if item.is_negated { Above::Not } else { Above::Other };
            linked(item.linking, values.iter().map(|value| leaf(Cow::Borrowed(value))).collect(), above)
        }
    };
    if item.is_negated { Node::Not(Box::new(node)) } else { node }
}

fn linked(linking: Linking, nodes: Vec<Node<'_>>, above: Above) -> Node<'_> {
    match linking {
        Linking::And => Node::And(nodes, above),
        Linking::Or => Node::Or(nodes, above),
    }
}

struct Writer<'w, 'a> {
    target: &'w dyn Target,
    cx: &'w mut Cx<'a>,
}

impl Writer<'_, '_> {
    fn node(&mut self, node: &Node<'_>, is_negated: bool) -> Result<String, Error> {
        match node {
            Node::Or(args, above) => match list_field(args) {
                Some(field) if is_negated => self.not_list(field, args),
                Some(field) => self.list(field, args),
                None => self.or(args, *above),
            },
            Node::And(args, above) => self.join(args, *above, " AND "),
            Node::Not(arg) => self.node(arg, true),
            Node::Leaf { field: Some(field), value } => self.field(field, value, is_negated),
            Node::Leaf { field: None, value } => match &**value {
                Value::Str(string) | Value::Cased(string) => {
                    Ok(format!("\"{}\"", string_text(string, true)?))
                }
                Value::Number(number) | Value::TimePart { number, .. } => Ok(number.to_string()),
                Value::Regex(regex) => Ok(text::regex(self.target.dialect(), regex, true)),
                other => finished(self.target.keyword(self.cx, other)?),
            },
            Node::Nothing => {
                Err(Error::unsupported("nothing of the condition is left").as_reference("TypeError"))
            }
        }
    }

    fn or(&mut self, args: &[Node<'_>], above: Above) -> Result<String, Error> {
        let joined = self.join(args, above, " OR ")?;
        Ok(if above == Above::Nothing { joined } else { format!("({joined})") })
    }

    fn join(&mut self, args: &[Node<'_>], above: Above, joiner: &str) -> Result<String, Error> {
        let mut parts = Vec::with_capacity(args.len());
        for arg in args {
            // `or` binds tightest.
            let needs_group = joiner == " OR " && matches!(arg, Node::And(..) | Node::Not(_));
            let part = if needs_group {
                self.node(arg, false).map(|text| format!("({text})"))
            } else {
                self.node(arg, above == Above::Not)
            };
            parts.push(part.map_err(swallowed)?);
        }
        Ok(parts.join(joiner))
    }

    fn list(&mut self, field: &str, args: &[Node<'_>]) -> Result<String, Error> {
        let values = args.iter().map(list_value).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("{field} = /{}/ nocase", values.join("|")))
    }

    fn not_list(&mut self, field: &str, args: &[Node<'_>]) -> Result<String, Error> {
        let parts = args
            .iter()
            .map(|arg| list_value(arg).map(|value| format!("{field} != /{value}/ nocase")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", parts.join(" AND ")))
    }

    fn field(&mut self, field: &str, value: &Value, is_negated: bool) -> Result<String, Error> {
        let equal = if is_negated { "!=" } else { "=" };
        match value {
            Value::Str(string) => field_string(field, string, equal),
            Value::Cased(string) => field_cased(field, string),
            Value::Number(number) | Value::TimePart { number, .. } => Ok(format!("{field} = {number}")),
            Value::Regex(regex) => {
                Ok(format!("{field} {equal} /{}/ nocase", text::regex(self.target.dialect(), regex, true)))
            }
            Value::Expansion { values, .. } => {
                let parts = values.iter().map(|value| match value {
                    Value::Expansion { .. } => {
                        Err(Error::unsupported("values stand for values").as_reference("AttributeError"))
                    }
                    value => self.field(field, value, is_negated),
                });
                Ok(parts.collect::<Result<Vec<_>, _>>()?.join(" OR "))
            }
            other => finished(self.target.field(self.cx, field, other)?),
        }
    }
}

fn finished(frag: Frag) -> Result<String, Error> {
    frag.text().ok_or_else(|| Error::unsupported("the target cannot write this"))
}

/// A `TypeError` below an operator becomes another one.
fn swallowed(error: Error) -> Error {
    if error.reference_class == "TypeError" { error.as_reference("NotImplementedError") } else { error }
}

/// The field that all operands compare with strings or numbers.
fn list_field<'n>(args: &'n [Node<'_>]) -> Option<&'n str> {
    let mut first = None;
    args.iter()
        .all(|arg| match arg {
            Node::Leaf { field: Some(field), value } => {
                *first.get_or_insert(*field) == *field
                    && matches!(
                        &**value,
                        Value::Str(_) | Value::Cased(_) | Value::Number(_) | Value::TimePart { .. }
                    )
            }
            _ => false,
        })
        .then_some(first)
        .flatten()
}

fn list_value(node: &Node<'_>) -> Result<String, Error> {
    match node {
        Node::Leaf { value, .. } => match &**value {
            Value::Str(string) | Value::Cased(string) => string_text(string, false),
            Value::Number(number) | Value::TimePart { number, .. } => {
                string_text(&SigmaString::literal(number.to_string()), false)
            }
            _ => Err(Error::unsupported("the target cannot write this value in a list")),
        },
        _ => Err(Error::unsupported("the target cannot write this in a list")),
    }
}

fn field_string(field: &str, string: &SigmaString, equal: &str) -> Result<String, Error> {
    let value = string_text(string, true)?;
    let (starts, ends) = (string.starts_with_many(), string.ends_with_many());
    Ok(if ends && !string.has_wildcard_within(0, 1) {
        format!("{field} {equal} /^{value}/ nocase")
    } else if starts && !string.has_wildcard_within(1, 0) {
        format!("{field} {equal} /{value}$/ nocase")
    } else if starts && ends && !string.has_wildcard_within(1, 1) {
        format!("{field} {equal} /{value}/ nocase")
    } else {
        let nocase = if is_enumeration(field) { "" } else { " nocase" };
        format!("{field} {equal} {value}{nocase}")
    })
}

fn field_cased(field: &str, string: &SigmaString) -> Result<String, Error> {
    let (starts, ends) = (string.starts_with_many(), string.ends_with_many());
    let inner = |front, back| string_text(&string.without_parts(front, back), true);
    if ends && !string.has_wildcard_within(0, 1) {
        Ok(format!("{field} = /^{}/", inner(0, 1)?))
    } else if starts && !string.has_wildcard_within(1, 0) {
        Ok(format!("{field} = /{}$/", inner(1, 0)?))
    } else if starts && ends && !string.has_wildcard_within(1, 1) {
        Ok(format!("{field} = /{}/", inner(1, 1)?))
    } else {
        Err(Error::unsupported("the target cannot compare a string with regard to case"))
    }
}

/// A string with wildcards as a regular expression without `.*` at its ends, another one escaped and, unless it
/// holds a literal wildcard, in quotes.
fn string_text(string: &SigmaString, is_quoted: bool) -> Result<String, Error> {
    if string.has_wildcard() {
        let pattern = string.to_regex("/")?;
        let pattern = pattern.strip_prefix(".*").unwrap_or(&pattern);
        return Ok(pattern.strip_suffix(".*").unwrap_or(pattern).to_owned());
    }
    let spec = sigyn_ir::EscapeSpec {
        escape: Some("\\"),
        many: Some("*"),
        one: Some("?"),
        also_escaped: "\"\\",
        dropped: "",
    };
    let escaped = string.escaped(&spec)?;
    let needs_quotes = is_quoted && !string.to_plain().contains(['*', '?']);
    Ok(if needs_quotes { format!("\"{escaped}\"") } else { escaped })
}
