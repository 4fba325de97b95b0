//! Comparisons of fields and keywords with values.

use std::borrow::Cow;

use sigyn_ir::{Cidr, CompareOp, Expr, FieldRef, Number, Regex, SigmaString, TimePart, Value};

use super::value::bare_string;
use crate::dialect::Matcher;
use crate::target::FragResult;
use crate::{Ancestry, Cx, Error, Frag, Target, Template};

pub(crate) fn field(target: &dyn Target, cx: &mut Cx<'_>, field: &str, value: &Value) -> FragResult {
    match value {
        Value::Str(string) => target.field_string(cx, field, string),
        Value::Cased(string) => target.field_cased(cx, field, string),
        Value::Number(number) => target.field_number(cx, field, *number),
        Value::Bool(value) => target.field_bool(cx, field, *value),
        Value::Null => target.field_null(cx, field),
        Value::Regex(regex) => target.field_regex(cx, field, regex),
        Value::Cidr(cidr) => target.field_cidr(cx, field, cidr),
        Value::Compare { op, number, part } => target.field_compare(cx, field, *op, *number, *part),
        Value::FieldRef(other) => target.field_ref(cx, field, other),
        Value::Exists(exists) => target.field_exists(cx, field, *exists),
        Value::TimePart { part, number } => target.field_time_part(cx, field, *part, *number),
        Value::Query { text, id } => target.field_query(cx, field, text, id),
        Value::Expansion { values, .. } => target.field_expansion(cx, field, values),
    }
}

/// A string without the wildcards that an operator stands for: parts to leave out in front and behind.
type Trim = (usize, usize);

/// The operator for a string's wildcards, and what remains of the string.
fn choose<'t>(
    value: &SigmaString,
    startswith: Option<&'t Matcher>,
    endswith: Option<&'t Matcher>,
    contains: Option<&'t Matcher>,
) -> Option<(&'t Template, Trim)> {
    let fits = |matcher: &Matcher, (front, back): Trim| {
        matcher.allows_wildcards() || !value.has_wildcard_within(front, back)
    };
    let (starts, ends) = (value.starts_with_many(), value.ends_with_many());
    let candidates =
        [(startswith, ends, (0, 1)), (endswith, starts, (1, 0)), (contains, starts && ends, (1, 1))];
    candidates.into_iter().find_map(|(matcher, applies, trim)| {
        matcher.filter(|matcher| applies && fits(matcher, trim)).map(|matcher| (matcher.template(), trim))
    })
}

pub(crate) fn field_string(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    value: &SigmaString,
) -> FragResult {
    let matching = &target.dialect().matching;
    let chosen =
        choose(value, matching.startswith.as_ref(), matching.endswith.as_ref(), matching.contains.as_ref());
    let (template, value) = match (chosen, &matching.wildcard) {
        (Some((template, (front, back))), _) => (template, Cow::Owned(value.without_parts(front, back))),
        (None, Some(template))
            if value.has_wildcard() || value.has_text(|c| matching.wildcard_also_for.contains(c)) =>
        {
            (template, Cow::Borrowed(value))
        }
        _ => match &matching.equal {
            Some(template) => (template, Cow::Borrowed(value)),
            None => return Err(Error::unsupported("the target cannot compare a field with a string")),
        },
    };
    fill_string(target, cx, template, field, &value)
}

pub(crate) fn field_cased(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    value: &SigmaString,
) -> FragResult {
    let matching = &target.dialect().matching;
    let chosen = choose(
        value,
        matching.cased_startswith.as_ref(),
        matching.cased_endswith.as_ref(),
        matching.cased_contains.as_ref(),
    );
    let (template, value) = match (chosen, &matching.cased) {
        (Some((template, (front, back))), _) => (template, Cow::Owned(value.without_parts(front, back))),
        (None, Some(template)) => (template, Cow::Borrowed(value)),
        (None, None) => {
            return Err(Error::unsupported("the target cannot compare a string with regard to case"));
        }
    };
    fill_string(target, cx, template, field, &value)
}

fn fill_string(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    template: &Template,
    field: &str,
    value: &SigmaString,
) -> FragResult {
    let mut texts = string_texts(target, cx, template, value)?;
    texts.push(("field", target.field_name(cx, field).into_owned()));
    Ok(Frag::Text(fill_texts(template, &texts)))
}

/// A string as a template puts it.
pub(super) fn string_text(
    target: &dyn Target,
    cx: &Cx<'_>,
    template: &Template,
    value: &SigmaString,
) -> Result<String, Error> {
    Ok(fill_texts(template, &string_texts(target, cx, template, value)?))
}

/// A string in every way that a template asks for.
fn string_texts<'t>(
    target: &'t dyn Target,
    cx: &Cx<'_>,
    template: &Template,
    value: &SigmaString,
) -> Result<Vec<(&'t str, String)>, Error> {
    let mut texts = Vec::new();
    for (name, form) in &target.dialect().string_forms {
        if template.uses(name) {
            texts.push((name.as_str(), bare_string(form, value)?));
        }
    }
    // A plain string is made even if only its regular expression is asked for: what it cannot hold is refused.
    if texts.is_empty() || template.uses("value") {
        texts.push(("value", target.string(cx, value)?));
    }
    texts.push(("regex", string_as_regex(target, cx, template, value)?));
    Ok(texts)
}

fn fill_texts(template: &Template, texts: &[(&str, String)]) -> String {
    let values: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    template.fill(&values)
}

/// The string as an escaped regular expression, if the template asks for it.
fn string_as_regex(
    target: &dyn Target,
    cx: &Cx<'_>,
    template: &Template,
    value: &SigmaString,
) -> Result<String, Error> {
    if !template.uses("regex") {
        return Ok(String::new());
    }
    let pattern = value.to_regex(&target.dialect().regex.value_escaped)?;
    let pattern = SigmaString::parse_unescaped(&pattern);
    target.regex(cx, &Regex { pattern, flags: Default::default() })
}

/// `field = text` with the dialect's plain token.
pub(crate) fn field_token(target: &dyn Target, cx: &mut Cx<'_>, field: &str, text: &str) -> FragResult {
    match &target.dialect().matching.equal_token {
        Some(token) => Ok(Frag::Text(format!("{}{token}{text}", target.field_name(cx, field)))),
        None => Err(Error::unsupported("the target cannot compare a field with a plain value")),
    }
}

pub(crate) fn field_bool(target: &dyn Target, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
    match &target.dialect().boolean {
        Some(words) => field_token(target, cx, field, if value { &words.yes } else { &words.no }),
        None => Err(Error::unsupported("the target has no truth values")),
    }
}

/// The part of a field's timestamp.
pub(crate) fn time_part(
    target: &dyn Target,
    cx: &Cx<'_>,
    field: &str,
    part: TimePart,
) -> Result<String, Error> {
    let dialect = &target.dialect().time_part;
    match (&dialect.expr, dialect.names.get(part.as_str())) {
        (Some(template), Some(name)) => {
            Ok(template.fill(&[("field", &target.field_name(cx, field)), ("timestamp_part", name)]))
        }
        _ => Err(Error::unsupported(format!("the target cannot read the {part} of a timestamp"))),
    }
}

pub(crate) fn field_time_part(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    part: TimePart,
    number: Number,
) -> FragResult {
    let left = target.time_part(cx, field, part)?;
    match &target.dialect().matching.equal_token {
        Some(token) => Ok(Frag::Text(format!("{left}{token}{number}"))),
        None => Err(Error::unsupported("the target cannot compare a part of a timestamp")),
    }
}

pub(crate) fn field_compare(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    op: CompareOp,
    number: Number,
    part: Option<TimePart>,
) -> FragResult {
    let compare = &target.dialect().compare;
    let (Some(template), Some(operator)) = (&compare.expr, compare.operators.get(op.as_str())) else {
        return Err(Error::unsupported(format!("the target has no comparison `{op}`")));
    };
    // The reference compares the whole field where the target has no parts of timestamps.
    let has_parts = target.dialect().time_part.expr.is_some();
    let left = match part {
        Some(part) if cx.env.is_reference() && has_parts => {
            return Ok(Frag::Text(format!("{}{operator}{number}", target.time_part(cx, field, part)?)));
        }
        Some(part) if !cx.env.is_reference() => Cow::Owned(target.time_part(cx, field, part)?),
        _ => target.field_name(cx, field),
    };
    let values = [("field", left.as_ref()), ("operator", operator), ("value", &number.to_string())];
    Ok(Frag::Text(template.fill(&values)))
}

/// `{flag_i}`, `{flag_m}` and `{flag_s}`; a flag that is set and that the target cannot write is refused.
fn flags(target: &dyn Target, cx: &Cx<'_>, template: &Template, value: &Regex) -> Result<[String; 3], Error> {
    let dialect = &target.dialect().regex;
    let unknown = |letter: char| {
        Err(Error::unsupported(format!("the target has no regular expression flag `{letter}`")))
    };
    let flag = |is_set: bool, letter: char, placeholder: &str| match &dialect.flags {
        _ if !is_set => Ok(String::new()),
        // Neither in front nor in the template: the reference loses it.
        None if dialect.without_flags && !template.uses(placeholder) && !cx.env.is_reference() => {
            unknown(letter)
        }
        None => Ok(letter.to_string()),
        Some(known) => known.get(&letter).map_or_else(|| unknown(letter), |text| Ok(text.clone())),
    };
    let flags = value.flags;
    Ok([
        flag(flags.ignore_case, 'i', "flag_i")?,
        flag(flags.multiline, 'm', "flag_m")?,
        flag(flags.dotall, 's', "flag_s")?,
    ])
}

pub(crate) fn field_regex(target: &dyn Target, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
    match &target.dialect().matching.regex {
        Some(template) => fill_regex(target, cx, template, &target.field_name(cx, field), value),
        None => Err(Error::unsupported("the target has no regular expressions")),
    }
}

/// A regular expression in a template; a keyword has no field.
fn fill_regex(
    target: &dyn Target,
    cx: &Cx<'_>,
    template: &Template,
    field: &str,
    value: &Regex,
) -> FragResult {
    let [ignore_case, multiline, dotall] = flags(target, cx, template, value)?;
    let regex = target.regex(cx, value)?;
    Ok(Frag::Text(template.fill(&[
        ("field", field),
        ("value", &regex),
        ("regex", &regex),
        ("flag_i", &ignore_case),
        ("flag_m", &multiline),
        ("flag_s", &dotall),
    ])))
}

pub(crate) fn field_cidr(target: &dyn Target, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
    let network = value.network;
    if let Some(template) = &target.dialect().matching.cidr {
        // The reference leaves the field's name as it is.
        let name = if cx.env.is_reference() { Cow::Borrowed(field) } else { target.field_name(cx, field) };
        return Ok(Frag::Text(template.fill(&[
            ("field", &name),
            ("value", &network.to_string()),
            ("network", &network.network().to_string()),
            ("prefixlen", &network.prefix_len().to_string()),
            ("netmask", &network.netmask().to_string()),
        ])));
    }
    let alternatives = value
        .patterns()
        .iter()
        .map(|pattern| Expr::Field {
            field: Cow::Borrowed(field),
            value: Cow::Owned(Value::Str(SigmaString::parse(pattern))),
            span: cx.span,
        })
        .collect();
    below_expansion(cx, |cx| target.expr(cx, &Expr::Or(alternatives)))
}

pub(crate) fn field_ref(target: &dyn Target, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
    let dialect = &target.dialect().field_ref;
    let (folded, cased, what) = match (other.starts_with, other.ends_with) {
        (true, true) => (&dialect.contains, &dialect.cased_contains, "contains"),
        (true, false) => (&dialect.startswith, &dialect.cased_startswith, "starts with"),
        (false, true) => (&dialect.endswith, &dialect.cased_endswith, "ends with"),
        (false, false) => (&dialect.equal, &dialect.cased_equal, "equals"),
    };
    let template = if other.is_cased { cased } else { folded };
    let Some(template) = template else {
        let case = if other.is_cased { " with regard to case" } else { "" };
        let message = format!("the target cannot say that a field {what} another field{case}");
        return Err(Error::unsupported(message));
    };
    let name = |name, is_raw| if is_raw { Cow::Borrowed(name) } else { target.field_name(cx, name) };
    let (first, second) = (name(field, dialect.raw_first), name(other.field.as_str(), dialect.raw_second));
    Ok(Frag::Text(template.fill(&[("field1", &first), ("field2", &second)])))
}

pub(crate) fn field_null(target: &dyn Target, cx: &mut Cx<'_>, field: &str) -> FragResult {
    match &target.dialect().field.null {
        Some(template) => Ok(Frag::Text(template.fill(&[("field", &target.field_name(cx, field))]))),
        None => Err(Error::unsupported("the target cannot say that a field has no value")),
    }
}

pub(crate) fn field_exists(target: &dyn Target, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
    let dialect = &target.dialect().field;
    let template = match (&dialect.not_exists, exists) {
        (None, false) => {
            let exists =
                Expr::Field { field: field.into(), value: Cow::Owned(Value::Exists(true)), span: cx.span };
            return target.not(cx, &exists);
        }
        (Some(template), false) => Some(template),
        (_, true) => dialect.exists.as_ref(),
    };
    match template {
        Some(template) => Ok(Frag::Text(template.fill(&[("field", &target.field_name(cx, field))]))),
        None => Err(Error::unsupported("the target cannot say that a field is there")),
    }
}

pub(crate) fn field_query(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    query: &str,
    id: &str,
) -> FragResult {
    let template = Template::parse(query).map_err(Error::value)?;
    Ok(Frag::Text(template.fill(&[("field", &target.field_name(cx, field)), ("id", id)])))
}

pub(crate) fn field_expansion(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    field: &str,
    values: &[Value],
) -> FragResult {
    if cx.env.is_reference() && values.iter().any(|value| matches!(value, Value::Expansion { .. })) {
        return Err(Error::value(
            "the reference cannot convert values that stand for values that stand for values",
        )
        .as_reference("AttributeError"));
    }
    let alternatives: Vec<_> = values
        .iter()
        .map(|value| Expr::Field { field: Cow::Borrowed(field), value: Cow::Borrowed(value), span: cx.span })
        .collect();
    below_expansion(cx, |cx| target.or(cx, &alternatives))
}

/// The reference forgets what stands above alternatives that a single value is written as.
fn below_expansion(cx: &mut Cx<'_>, inner: impl FnOnce(&mut Cx<'_>) -> FragResult) -> FragResult {
    let ancestry = if cx.env.is_reference() { Ancestry::default() } else { cx.ancestry };
    cx.below(ancestry, inner)
}

pub(crate) fn keyword(target: &dyn Target, cx: &mut Cx<'_>, value: &Value) -> FragResult {
    match value {
        Value::Str(string) => target.keyword_string(cx, string),
        Value::Number(number) => target.keyword_number(cx, *number),
        // The reference forgets that case, or only a part of a timestamp, counts.
        Value::Cased(string) if cx.env.is_reference() => target.keyword_string(cx, string),
        Value::Cased(string) => keyword_cased(target, cx, string),
        Value::TimePart { number, .. } if cx.env.is_reference() => target.keyword_number(cx, *number),
        Value::Regex(regex) => target.keyword_regex(cx, regex),
        Value::Query { text, id } if text.contains("{field}") => {
            Err(Error::value(format!("the query text of `{id}` needs a field, and a keyword has none")))
        }
        Value::Query { text, id } => {
            Ok(Frag::Text(Template::parse(text).map_err(Error::value)?.fill(&[("id", id)])))
        }
        Value::Expansion { values, .. } if !cx.env.is_reference() => {
            let span = cx.span;
            let alternatives: Vec<_> =
                values.iter().map(|value| Expr::Keyword { value: Cow::Borrowed(value), span }).collect();
            target.or(cx, &alternatives)
        }
        Value::Bool(_) => Err(Error::value("a truth value cannot stand without a field")),
        Value::Cidr(_) => Err(Error::value("a network cannot stand without a field")),
        _ => Err(Error::value("this value cannot stand without a field").as_reference("TypeError")),
    }
}

fn keyword_cased(target: &dyn Target, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
    match &target.dialect().unbound.cased {
        Some(template) => fill_keyword(target, cx, template, value),
        None => Err(Error::unsupported("the target cannot search a keyword with regard to case")),
    }
}

fn fill_keyword(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    template: &Template,
    value: &SigmaString,
) -> FragResult {
    Ok(Frag::Text(fill_texts(template, &string_texts(target, cx, template, value)?)))
}

pub(crate) fn keyword_string(target: &dyn Target, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
    let Some(template) = &target.dialect().unbound.string else {
        return Err(Error::unsupported("the target cannot search a string without a field"));
    };
    fill_keyword(target, cx, template, value)
}

pub(crate) fn keyword_number(target: &dyn Target, _cx: &mut Cx<'_>, value: Number) -> FragResult {
    match &target.dialect().unbound.number {
        Some(template) => Ok(Frag::Text(template.fill(&[("value", &value.to_string())]))),
        None => Err(Error::unsupported("the target cannot search a number without a field")),
    }
}

pub(crate) fn keyword_regex(target: &dyn Target, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
    match &target.dialect().unbound.regex {
        Some(template) => fill_regex(target, cx, template, "", value),
        None => Err(Error::unsupported("the target cannot search a regular expression without a field")),
    }
}
