//! Modifiers: which chains are legal, and what each does to a value.

use sigyn_diagnostics::{Code, Span, codes};
use sigyn_syntax::Compat;

use super::item::Work;
use super::{Context, cidr, encode, expand, regex};
use crate::{CompareOp, ExpansionKind, FieldRef, Modifier, Number, Regex, SigmaString, TimePart, Value};

/// A modifier by the name that rules write.
pub(crate) fn by_name(name: &str, compat: Compat) -> Option<Modifier> {
    match name {
        "ignorecase" => Some(Modifier::IgnoreCase),
        "multiline" => Some(Modifier::Multiline),
        "dotall" => Some(Modifier::Dotall),
        // The reference does not know this one.
        "utf16le" if compat == Compat::Spec => Some(Modifier::Wide),
        _ => Modifier::ALL.iter().copied().find(|modifier| modifier.as_str() == name),
    }
}

/// The modifiers of an item and what they depend on.
pub(crate) struct Chain<'a> {
    pub(crate) modifiers: &'a [Modifier],
    pub(crate) has_field: bool,
    pub(crate) span: Span,
}

/// Why a modifier cannot be applied.
pub(crate) struct Problem {
    pub(crate) code: &'static Code,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn of_type(modifier: Modifier, value: &Value) -> Self {
        let message = format!("`{modifier}` cannot be applied to {}", kind_of(value));
        Self::new(&codes::rule::MODIFIER_TYPE, message)
    }
}

/// Applies all modifiers to all values; `None` if one cannot be applied (reported).
pub(crate) fn apply(
    chain: &Chain<'_>,
    works: Vec<(Work<'_>, Span)>,
    context: &mut Context<'_>,
) -> Option<Vec<Value>> {
    let compat = context.compat();
    if compat == Compat::Spec
        && let Err(problem) = check(chain.modifiers)
    {
        context.error(problem.code, problem.message, chain.span);
        return None;
    }
    // The reference applies each modifier to all values before the next, which decides what is reported first.
    let mut works = works;
    for (at, modifier) in chain.modifiers.iter().copied().enumerate() {
        if matches!(modifier, Modifier::All | Modifier::Neq) {
            continue;
        }
        let step = Step { modifier, at, chain, compat };
        for (work, span) in &mut works {
            let value = std::mem::replace(&mut work.value, Value::Null);
            let value = step.as_text(value, &work.text, *span, context);
            match step.apply(value, *span, context) {
                Ok(value) => work.value = value,
                Err(problem) => {
                    context.error(problem.code, problem.message, *span);
                    return None;
                }
            }
        }
    }
    if compat == Compat::Spec {
        for (work, span) in &works {
            if let Err(problem) = encode::check_finished(&work.value) {
                context.error(problem.code, problem.message, *span);
                return None;
            }
        }
    }
    Some(works.into_iter().map(|(work, _)| work.value).collect())
}

fn is_text_operator(modifier: Modifier) -> bool {
    matches!(modifier, Modifier::Contains | Modifier::Startswith | Modifier::Endswith)
}

fn is_compare(modifier: Modifier) -> bool {
    matches!(modifier, Modifier::Gt | Modifier::Gte | Modifier::Lt | Modifier::Lte)
}

fn is_utf16(modifier: Modifier) -> bool {
    matches!(modifier, Modifier::Wide | Modifier::Utf16 | Modifier::Utf16be)
}

fn is_encoder(modifier: Modifier) -> bool {
    is_utf16(modifier) || matches!(modifier, Modifier::Base64 | Modifier::Base64Offset)
}

fn is_operator(modifier: Modifier) -> bool {
    is_text_operator(modifier)
        || is_compare(modifier)
        || time_part(modifier).is_some()
        || matches!(modifier, Modifier::Re | Modifier::Cidr | Modifier::Exists | Modifier::Fieldref)
}

fn time_part(modifier: Modifier) -> Option<TimePart> {
    TimePart::ALL.iter().copied().find(|part| part.as_str() == modifier.as_str())
}

fn compare_op(modifier: Modifier) -> Option<CompareOp> {
    match modifier {
        Modifier::Gt => Some(CompareOp::Gt),
        Modifier::Gte => Some(CompareOp::Gte),
        Modifier::Lt => Some(CompareOp::Lt),
        Modifier::Lte => Some(CompareOp::Lte),
        _ => None,
    }
}

/// Whether modifiers may stand in this order, whatever the values are.
pub fn is_modifier_chain(modifiers: &[Modifier]) -> bool {
    check(modifiers).is_ok()
}

/// Which chains our reading takes. The reference has no such check: it fails on the value, or never.
fn check(modifiers: &[Modifier]) -> Result<(), Problem> {
    let problem = |message: String| Err(Problem::new(&codes::rule::MODIFIER_CHAIN, message));
    let mut seen: Vec<Modifier> = Vec::with_capacity(modifiers.len());
    for &modifier in modifiers {
        if matches!(modifier, Modifier::All | Modifier::Neq) {
            if seen.contains(&modifier) {
                return problem(format!("`{modifier}` stands twice"));
            }
            seen.push(modifier);
            continue;
        }
        let before = || seen.iter().copied().filter(|m| !matches!(m, Modifier::All | Modifier::Neq));
        let operator = before().find(|m| is_operator(*m));
        let encoder = before().find(|m| is_encoder(*m));
        let clash = |other: Modifier| format!("`{modifier}` cannot stand behind `{other}`");
        if let Some(first) = before().find(|m| *m == Modifier::Exists) {
            return problem(clash(first));
        }
        match modifier {
            Modifier::Re | Modifier::Cidr | Modifier::Exists => {
                if let Some(first) = before().next() {
                    return problem(clash(first));
                }
            }
            Modifier::IgnoreCase | Modifier::Multiline | Modifier::Dotall => {
                if operator != Some(Modifier::Re) {
                    return problem(format!("`{modifier}` needs `re` before it"));
                }
            }
            Modifier::Cased => {
                let fits = |m: Modifier| !is_operator(m) || is_text_operator(m) || m == Modifier::Fieldref;
                if let Some(first) = before().find(|m| !fits(*m)) {
                    return problem(clash(first));
                }
            }
            Modifier::Windash | Modifier::Expand => {
                if let Some(first) = encoder {
                    return problem(clash(first));
                }
                let fits =
                    |m: Modifier| is_text_operator(m) || (m == Modifier::Re && modifier == Modifier::Expand);
                if let Some(first) = operator.filter(|m| !fits(*m)) {
                    return problem(clash(first));
                }
            }
            _ if is_encoder(modifier) => {
                if let Some(first) =
                    operator.or_else(|| encoder.filter(|m| !is_utf16(*m) || is_utf16(modifier)))
                {
                    return problem(clash(first));
                }
            }
            _ => check_operator(modifier, operator, encoder, &clash)?,
        }
        seen.push(modifier);
    }
    Ok(())
}

/// Operators: one, or a pair that has a meaning.
fn check_operator(
    modifier: Modifier,
    operator: Option<Modifier>,
    encoder: Option<Modifier>,
    clash: &impl Fn(Modifier) -> String,
) -> Result<(), Problem> {
    let is_text = is_text_operator(modifier);
    let clashing = match operator {
        None => encoder.filter(|_| !is_text),
        Some(first) => {
            let is_pair = (time_part(first).is_some() && is_compare(modifier))
                || (is_text && first == Modifier::Fieldref)
                || (modifier == Modifier::Fieldref && is_text_operator(first))
                || (modifier == Modifier::Contains && first == Modifier::Re);
            (!is_pair).then_some(first)
        }
    };
    match clashing {
        Some(first) => Err(Problem::new(&codes::rule::MODIFIER_CHAIN, clash(first))),
        None => Ok(()),
    }
}

/// One modifier of a chain.
struct Step<'a> {
    modifier: Modifier,
    at: usize,
    chain: &'a Chain<'a>,
    compat: Compat,
}

impl Step<'_> {
    /// Under our reading a number or boolean under a modifier for text counts with its source text.
    fn as_text(&self, value: Value, text: &str, span: Span, context: &mut Context<'_>) -> Value {
        let wants_text = is_text_operator(self.modifier)
            || is_encoder(self.modifier)
            || matches!(
                self.modifier,
                Modifier::Re | Modifier::Cased | Modifier::Windash | Modifier::Expand | Modifier::Fieldref
            );
        if self.compat.is_pysigma() || !wants_text || !matches!(value, Value::Number(_) | Value::Bool(_)) {
            return value;
        }
        let modifier = self.modifier;
        context.warn(
            &codes::rule::NUMBER_AS_TEXT,
            || format!("`{text}` is read as text under `{modifier}`"),
            span,
        );
        Value::Str(SigmaString::literal(text))
    }

    fn apply(&self, value: Value, span: Span, context: &mut Context<'_>) -> Result<Value, Problem> {
        if let Value::Expansion { kind, values } = value {
            let values =
                values.into_iter().map(|value| self.apply(value, span, context)).collect::<Result<_, _>>()?;
            return Ok(Value::Expansion { kind, values });
        }
        let modifier = self.modifier;
        match modifier {
            _ if is_text_operator(modifier) => self.text_operator(value),
            Modifier::Base64
            | Modifier::Base64Offset
            | Modifier::Wide
            | Modifier::Utf16
            | Modifier::Utf16be => match value {
                Value::Str(text) | Value::Cased(text) => self.encode(&text),
                _ if self.compat.is_pysigma() && self.chain.modifiers.contains(&Modifier::Re) => {
                    Err(not_a_pattern())
                }
                other => Err(Problem::of_type(modifier, &other)),
            },
            Modifier::Windash => match value {
                Value::Str(text) => Ok(expand::windash(&text, Value::Str, Value::Str)),
                // The reference forgets that the text was `cased` where it replaces a dash.
                Value::Cased(text) if self.compat.is_pysigma() => {
                    Ok(expand::windash(&text, Value::Str, Value::Cased))
                }
                Value::Cased(text) => Ok(expand::windash(&text, Value::Cased, Value::Cased)),
                other => Err(Problem::of_type(modifier, &other)),
            },
            Modifier::Expand => match value {
                Value::Str(text) => Ok(Value::Str(expand::placeholders(&text))),
                Value::Cased(text) => Ok(Value::Cased(expand::placeholders(&text))),
                Value::Regex(regex) => {
                    Ok(Value::Regex(Regex { pattern: expand::placeholders(&regex.pattern), ..regex }))
                }
                other => Err(Problem::of_type(modifier, &other)),
            },
            Modifier::Cased => match value {
                Value::Str(text) | Value::Cased(text) => Ok(Value::Cased(text)),
                Value::FieldRef(other) if !self.compat.is_pysigma() => {
                    Ok(Value::FieldRef(FieldRef { is_cased: true, ..other }))
                }
                other => Err(Problem::of_type(modifier, &other)),
            },
            Modifier::Re => self.regex(value, context),
            Modifier::IgnoreCase | Modifier::Multiline | Modifier::Dotall => self.flag(value),
            Modifier::Cidr => self.cidr(value, span, context),
            Modifier::Fieldref => self.field_ref(value),
            Modifier::Exists => self.exists(&value),
            _ => self.number(value),
        }
    }

    fn is_first(&self) -> bool {
        match self.compat {
            Compat::PySigma => self.at == 0,
            // `all` and `neq` may stand anywhere; the rest was checked with the chain.
            Compat::Spec => true,
        }
    }

    fn text_operator(&self, value: Value) -> Result<Value, Problem> {
        let modifier = self.modifier;
        let widen = |text: SigmaString| match modifier {
            Modifier::Contains => text.contained(),
            Modifier::Startswith => text.starting(),
            _ => text.ending(),
        };
        match value {
            Value::Str(text) => Ok(Value::Str(widen(text))),
            Value::Cased(text) => Ok(Value::Cased(widen(text))),
            Value::Regex(pattern) => regex::widen(pattern, modifier, self.compat).map(Value::Regex),
            Value::FieldRef(other) => Ok(Value::FieldRef(FieldRef {
                starts_with: other.starts_with || modifier != Modifier::Endswith,
                ends_with: other.ends_with || modifier != Modifier::Startswith,
                ..other
            })),
            other => Err(Problem::of_type(modifier, &other)),
        }
    }

    fn encode(&self, text: &SigmaString) -> Result<Value, Problem> {
        match self.modifier {
            Modifier::Base64 => encode::base64(text, self.compat).map(Value::Str),
            Modifier::Base64Offset => {
                encode::base64_offset(text, self.compat).map(|texts| Value::Expansion {
                    kind: ExpansionKind::Base64Offset,
                    values: texts.into_iter().map(Value::Str).collect(),
                })
            }
            modifier => encode::utf16(text, modifier, self.compat).map(Value::Str),
        }
    }

    fn regex(&self, value: Value, context: &mut Context<'_>) -> Result<Value, Problem> {
        let is_scalar = matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null);
        if is_scalar && self.compat.is_pysigma() && self.chain.modifiers.iter().copied().any(is_text_operator)
        {
            return Err(not_a_pattern());
        }
        let text = match value {
            Value::Str(text) => text.to_raw(),
            // The reference takes any scalar here, unless a later modifier needs a text.
            Value::Number(number) if self.compat.is_pysigma() => number.to_string(),
            Value::Bool(value) if self.compat.is_pysigma() => {
                (if value { "True" } else { "False" }).to_owned()
            }
            Value::Null if self.compat.is_pysigma() => "None".to_owned(),
            other => return Err(Problem::of_type(self.modifier, &other)),
        };
        if !self.is_first() {
            let message = "`re` must be the first modifier";
            return Err(Problem::new(&codes::rule::MODIFIER_CHAIN, message));
        }
        regex::read(&text, context.options).map(Value::Regex)
    }

    fn flag(&self, value: Value) -> Result<Value, Problem> {
        let Value::Regex(mut regex) = value else {
            return Err(Problem::of_type(self.modifier, &value));
        };
        match self.modifier {
            Modifier::IgnoreCase => regex.flags.ignore_case = true,
            Modifier::Multiline => regex.flags.multiline = true,
            _ => regex.flags.dotall = true,
        }
        Ok(Value::Regex(regex))
    }

    fn cidr(&self, value: Value, span: Span, context: &mut Context<'_>) -> Result<Value, Problem> {
        let text = match value {
            Value::Str(text) | Value::Cased(text) => text.to_plain(),
            other => return Err(Problem::of_type(self.modifier, &other)),
        };
        if !self.is_first() {
            let message = "`cidr` must be the first modifier";
            return Err(Problem::new(&codes::rule::MODIFIER_CHAIN, message));
        }
        let (cidr, host_bits) = cidr::read(&text)
            .ok_or_else(|| Problem::new(&codes::rule::BAD_CIDR, format!("`{text}` is no network")))?;
        if host_bits == cidr::HostBits::Set {
            let message = format!("`{text}` has bits set behind its prefix");
            if self.compat.is_pysigma() {
                return Err(Problem::new(&codes::rule::BAD_CIDR, message));
            }
            context.warn(&codes::rule::HOST_BITS, || message, span);
        }
        Ok(Value::Cidr(cidr))
    }

    fn field_ref(&self, value: Value) -> Result<Value, Problem> {
        let (mut starts_with, mut ends_with) = (false, false);
        // The reference forgets a `cased` in front.
        let is_cased = matches!(value, Value::Cased(_)) && !self.compat.is_pysigma();
        let text = match value {
            Value::Str(mut text) | Value::Cased(mut text) => {
                // `contains|fieldref`: the wildcards that the operator put there become its meaning.
                if self.compat == Compat::Spec {
                    let before = &self.chain.modifiers[..self.at];
                    let contains = before.contains(&Modifier::Contains);
                    ends_with = contains || before.contains(&Modifier::Endswith);
                    starts_with = contains || before.contains(&Modifier::Startswith);
                    text = text.without_parts(usize::from(ends_with), usize::from(starts_with));
                }
                text
            }
            other => return Err(Problem::of_type(self.modifier, &other)),
        };
        if text.has_wildcard() {
            let message = "a reference to a field cannot hold wildcards";
            return Err(Problem::new(&codes::rule::FIELDREF_WILDCARD, message));
        }
        let field = if self.compat.is_pysigma() { text.to_plain() } else { text.to_raw() };
        Ok(Value::FieldRef(FieldRef { field, starts_with, ends_with, is_cased }))
    }

    fn exists(&self, value: &Value) -> Result<Value, Problem> {
        let Value::Bool(exists) = value else {
            return Err(Problem::of_type(self.modifier, value));
        };
        if !self.chain.has_field || !self.is_first() {
            let message = if self.chain.has_field {
                "`exists` must be the only modifier"
            } else {
                "`exists` needs a field"
            };
            return Err(Problem::new(&codes::rule::EXISTS_MISUSED, message));
        }
        Ok(Value::Exists(*exists))
    }

    /// Comparisons and parts of time.
    fn number(&self, value: Value) -> Result<Value, Problem> {
        let (number, part) = match value {
            Value::Number(number) => (number, None),
            Value::TimePart { part, number } => (number, Some(part)),
            other => return Err(Problem::of_type(self.modifier, &other)),
        };
        if let Some(op) = compare_op(self.modifier) {
            return Ok(Value::Compare { op, number, part });
        }
        let Some(part) = time_part(self.modifier) else {
            return Err(Problem::of_type(self.modifier, &value));
        };
        let number = match (number, self.compat) {
            (Number::Int(_), Compat::PySigma) => number,
            #[expect(clippy::cast_possible_truncation, reason = "this is what the reference does")]
            (Number::Float(number), Compat::PySigma) => Number::Int(number as i128),
            (Number::Int(value), Compat::Spec) if fits(part, value) => number,
            (number, Compat::Spec) => {
                let message = format!("{number} is no {part}");
                return Err(Problem::new(&codes::rule::TIME_PART_RANGE, message));
            }
        };
        Ok(Value::TimePart { part, number })
    }
}

/// The reference stumbles over a pattern that is no text, and then blames the detection.
fn not_a_pattern() -> Problem {
    Problem::new(&codes::rule::BAD_DETECTION, "a regular expression must be a text")
}

fn fits(part: TimePart, value: i128) -> bool {
    match part {
        TimePart::Minute => (0..=59).contains(&value),
        TimePart::Hour => (0..=23).contains(&value),
        TimePart::Day => (1..=31).contains(&value),
        TimePart::Week => (1..=53).contains(&value),
        TimePart::Month => (1..=12).contains(&value),
        TimePart::Year => (-9999..=9999).contains(&value),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "a text",
        Value::Cased(_) => "a case-sensitive text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
        Value::Regex(_) => "a regular expression",
        Value::Cidr(_) => "a network",
        Value::Compare { .. } => "a comparison",
        Value::FieldRef(_) => "a reference to a field",
        Value::Exists(_) => "a test for presence",
        Value::TimePart { .. } => "a part of a time",
        Value::Query { .. } => "query text",
        Value::Expansion { .. } => "an expansion",
    }
}
