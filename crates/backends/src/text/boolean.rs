//! Operators, parentheses and lists of values.

use sigyn_ir::{Cidr, Expr, Value};

use super::field::string_text;
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Ancestry, Cx, Error, Frag, Target, Template};

pub(crate) fn expr(target: &dyn Target, cx: &mut Cx<'_>, expr: &Expr<'_>) -> FragResult {
    match expr {
        Expr::Or(args) if target.is_list(cx, Operator::Or, args) => target.list(cx, Operator::Or, args),
        Expr::Or(args) => target.or(cx, args),
        Expr::And(args) if target.is_list(cx, Operator::And, args) => target.list(cx, Operator::And, args),
        Expr::And(args) => target.and(cx, args),
        Expr::Not(arg) => target.not(cx, arg),
        Expr::AtLeast { count, of } => target.at_least(cx, *count, of),
        Expr::Field { field, value, span } => {
            cx.span = *span;
            let ancestry = cx.ancestry_at(*span);
            cx.below(ancestry, |cx| target.field(cx, field, value)).map_err(|error| error.or_at(*span))
        }
        Expr::Keyword { value, span } => {
            cx.span = *span;
            target.keyword(cx, value).map_err(|error| error.or_at(*span))
        }
        Expr::False => target.never(cx),
        Expr::Nothing => Ok(Frag::Nothing),
    }
}

pub(crate) fn or(target: &dyn Target, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
    let (ancestry, before) = (Ancestry { or: true, ..cx.ancestry }, cx.deferred.len());
    let joined = cx.below(ancestry, |cx| join(target, cx, Operator::Or, args))?;
    refuse_deferred(target, cx, before, "below `or`")?;
    Ok(joined.or_else(|| target.dialect().operators.empty_or.clone()).map_or(Frag::Nothing, Frag::Text))
}

pub(crate) fn and(target: &dyn Target, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
    let before = cx.deferred.len();
    let joined = join(target, cx, Operator::And, args)?;
    match joined.or_else(|| target.dialect().operators.empty_and.clone()) {
        Some(text) => Ok(Frag::Text(text)),
        // The reference loses the whole query here.
        None if cx.deferred.len() > before && !cx.env.is_reference() => {
            Ok(Frag::Deferred(cx.deferred.len() - 1))
        }
        None => Ok(Frag::Nothing),
    }
}

/// A part that stands behind the query holds for all of it: below `or` or a negated group it would mean
/// something else. The reference writes it all the same.
fn refuse_deferred(target: &dyn Target, cx: &Cx<'_>, before: usize, place: &str) -> Result<(), Error> {
    let new = cx.deferred.iter().skip(before);
    match new.into_iter().find(|deferred| !target.defers_anywhere(deferred.kind)) {
        Some(deferred) if !cx.env.is_reference() => Err(Error::unsupported(format!(
            "the target can write `{}` only behind the query, not {place}",
            deferred.kind
        ))),
        _ => Ok(()),
    }
}

/// The reference takes a value that it does not know for an operator that it does not know.
fn below_operator(error: Error) -> Error {
    match error.reference_class {
        "TypeError" => error.as_reference("NotImplementedError"),
        _ => error,
    }
}

/// The operands that have text, joined; deferred ones stand behind the query and leave nothing here.
fn join(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    operator: Operator,
    args: &[Expr<'_>],
) -> Result<Option<String>, Error> {
    let mut operands = Vec::with_capacity(args.len());
    for arg in args {
        let frag =
            if target.stands_bare(cx, operator, arg) { target.expr(cx, arg) } else { target.group(cx, arg) };
        if let Frag::Text(text) = frag.map_err(below_operator)? {
            operands.push(text);
        }
    }
    Ok(if operands.is_empty() { None } else { Some(target.joined(cx, operator, operands)) })
}

pub(crate) fn joined(target: &dyn Target, operator: Operator, operands: &[String]) -> String {
    let operators = &target.dialect().operators;
    let token = if operator == Operator::Or { &operators.or } else { &operators.and };
    let separator = &operators.separator;
    // A separator that is the operator itself stands once (Splunk's blank for `and`).
    if separator == token {
        return operands.join(token);
    }
    operands.join(&format!("{separator}{token}{separator}"))
}

pub(crate) fn not(target: &dyn Target, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
    not_with(target, cx, arg, target.dialect().operators.negation.as_ref())
}

/// A negation as a template writes it, with its operand in parentheses; without a template, `not` in front.
pub(crate) fn not_with(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    arg: &Expr<'_>,
    negation: Option<&Template>,
) -> FragResult {
    let is_operator = matches!(arg, Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::AtLeast { .. });
    let negated_group = cx.ancestry.negated_group || (is_operator && !matches!(arg, Expr::Not(_)));
    let (ancestry, before) = (Ancestry { not: true, negated_group, ..cx.ancestry }, cx.deferred.len());
    // The reference leaves alternatives bare that a single value is written as (windash, networks).
    let needs_group = is_operator
        || negation.is_some()
        || (!cx.env.is_reference() && !target.stands_bare(cx, Operator::Not, arg));
    let frag = cx
        .below(ancestry, |cx| if needs_group { target.group(cx, arg) } else { target.expr(cx, arg) })
        .map_err(below_operator)?;
    if !matches!(frag, Frag::Deferred(_)) {
        refuse_deferred(target, cx, before, "below a negated group")?;
    }
    let dialect = target.dialect();
    match frag {
        Frag::Text(text) if negation.is_some() => {
            Ok(Frag::Text(negation.map_or_else(String::new, |negation| negation.fill(&[("expr", &text)]))))
        }
        Frag::Text(text) => {
            Ok(Frag::Text(format!("{}{}{text}", dialect.operators.not, dialect.operators.separator)))
        }
        Frag::Deferred(_) if !cx.env.is_reference() && cx.deferred.len() > before + 1 => Err(
            Error::unsupported("the target can write this only behind the query, not below a negated group"),
        ),
        Frag::Deferred(at) => {
            // The reference negates a deferred leaf, but hands a deferred group up as it is.
            if let (Some(deferred), true) = (cx.deferred.get_mut(at), !is_operator || !cx.env.is_reference())
            {
                deferred.is_negated = !deferred.is_negated;
            }
            Ok(Frag::Deferred(at))
        }
        Frag::Nothing => Ok(Frag::Nothing),
    }
}

/// `2 of (a, b, c)` as the alternatives of all pairs; refused where that gets long.
pub(crate) fn at_least(target: &dyn Target, cx: &mut Cx<'_>, count: u32, of: &[Expr<'_>]) -> FragResult {
    target.expr(cx, &combinations(count, of)?)
}

/// `count of (…)` with plain operators: the alternatives of all combinations.
pub(crate) fn combinations<'r>(count: u32, of: &[Expr<'r>]) -> Result<Expr<'r>, Error> {
    const COMBINATIONS_MAX: usize = 256;
    let count = count as usize;
    if count > of.len() {
        return Ok(Expr::False);
    }
    if count <= 1 {
        return Ok(Expr::Or(of.to_vec()));
    }
    let mut chosen: Vec<usize> = (0..count).collect();
    let mut combinations = Vec::new();
    loop {
        combinations.push(Expr::And(chosen.iter().map(|&at| of[at].clone()).collect()));
        if combinations.len() > COMBINATIONS_MAX {
            return Err(Error::unsupported(format!(
                "`{count} of` {} identifiers needs more than {COMBINATIONS_MAX} combinations",
                of.len()
            )));
        }
        let Some(at) = (0..count).rev().find(|&at| chosen[at] < of.len() - count + at) else { break };
        chosen[at] += 1;
        for next in at + 1..count {
            chosen[next] = chosen[next - 1] + 1;
        }
    }
    Ok(if combinations.len() == 1 { combinations.remove(0) } else { Expr::Or(combinations) })
}

pub(crate) fn group(target: &dyn Target, cx: &mut Cx<'_>, expr: &Expr<'_>) -> FragResult {
    match target.expr(cx, expr)? {
        Frag::Text(text) => match &target.dialect().operators.group {
            Some(group) => Ok(Frag::Text(group.fill(&[("expr", &text)]))),
            None => Err(Error::unsupported("the target has no parentheses")),
        },
        other => Ok(other),
    }
}

pub(crate) fn stands_bare(target: &dyn Target, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
    let dialect = target.dialect();
    let is_leaf = matches!(inner, Expr::Field { .. } | Expr::Keyword { .. });
    if dialect.operators.always_group && !is_leaf {
        return false;
    }
    let operator = match inner {
        Expr::Or(_) | Expr::AtLeast { .. } => Operator::Or,
        Expr::And(_) => Operator::And,
        Expr::Not(_) => Operator::Not,
        Expr::Field { value, .. } | Expr::Keyword { value, .. } => match &**value {
            Value::Expansion { .. } => Operator::Or,
            // The reference forgets that a network without native support becomes alternatives.
            Value::Cidr(cidr) if !cx.env.is_reference() && is_alternatives(target, cx, cidr) => Operator::Or,
            _ => return true,
        },
        Expr::False | Expr::Nothing => return true,
    };
    dialect.rank(operator) <= dialect.rank(outer)
}

fn is_alternatives(target: &dyn Target, cx: &Cx<'_>, cidr: &Cidr) -> bool {
    let dialect = target.dialect();
    let has_lists = dialect.list.or.is_some() && dialect.list.allow_wildcards;
    dialect.matching.cidr.is_none() && !has_lists && cidr.patterns().len() > 1 && !cx.env.is_reference()
}

pub(crate) fn is_list(target: &dyn Target, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
    let list = &target.dialect().list;
    let operator = if outer == Operator::Or { &list.or } else { &list.and };
    if operator.is_none() || list.expr.is_none() {
        return false;
    }
    let mut first = None;
    args.iter().all(|arg| {
        let Expr::Field { field, value, .. } = arg else { return false };
        *first.get_or_insert(field) == field
            && match &**value {
                Value::Str(string) => list.allow_wildcards || !string.has_wildcard(),
                Value::Number(_) => true,
                // The reference forgets in lists that case, or only a part of a timestamp, counts.
                Value::Cased(string) => {
                    cx.env.is_reference() && (list.allow_wildcards || !string.has_wildcard())
                }
                Value::TimePart { .. } => cx.env.is_reference(),
                _ => false,
            }
    })
}

pub(crate) fn list(target: &dyn Target, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
    let list = &target.dialect().list;
    let operator = if outer == Operator::Or { &list.or } else { &list.and };
    let (Some(Expr::Field { field, .. }), Some(template), Some(operator)) =
        (args.first(), &list.expr, operator)
    else {
        return Err(Error::unsupported("the target has no lists of values"));
    };
    let mut values = Vec::with_capacity(args.len());
    for arg in args {
        if let Expr::Field { value, .. } = arg {
            values.push(match &**value {
                Value::Str(string) | Value::Cased(string) => match &list.item {
                    Some(item) => string_text(target, cx, item, string)?,
                    None => target.string(cx, string)?,
                },
                Value::Number(number) | Value::TimePart { number, .. } => number.to_string(),
                _ => return Err(Error::unsupported("the target cannot write this value in a list")),
            });
        }
    }
    let values = values.join(&list.separator);
    Ok(Frag::Text(template.fill(&[
        ("field", &target.field_name(cx, field)),
        ("op", operator),
        ("list", &values),
    ])))
}
