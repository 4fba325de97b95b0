//! Detection items: `field|modifier: values`.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_syntax::{Compat, Reading, Scalar, Value as Written, scalar::is_ambiguous};
use sigyn_yaml::Style;

use super::modify::{self, Chain};
use super::{Context, LoadOptions, expand};
use crate::{DetectionItem, ExpansionKind, Linking, Modifier, Number, SigmaString, Value};

/// A value on its way through the modifiers.
pub(crate) struct Work<'t> {
    pub(crate) value: Value,
    /// Its source text, for numbers under modifiers for text.
    pub(crate) text: Cow<'t, str>,
}

/// Lowers one item; `None` if it cannot be read at all (reported).
pub(crate) fn lower(
    key: Option<&Written<'_>>,
    value: &Written<'_>,
    context: &mut Context<'_>,
) -> Option<DetectionItem> {
    let span = key.map_or(value.span, |key| key.span.to(value.span));
    let (field, modifiers) = match key {
        Some(key) => read_key(key, context)?,
        None => (None, Vec::new()),
    };
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    let is_regex = modifiers.contains(&Modifier::Re);
    let mut works = Vec::with_capacity(items.len());
    for item in items {
        let Some(scalar) = item.as_scalar() else {
            let message = "a list or map cannot stand as a value";
            context.error(&codes::rule::BAD_VALUE, message, item.span);
            return None;
        };
        works.push((read_value(scalar, item.span, is_regex, context)?, item.span));
    }
    lint_values(&works, items, value, field.is_some(), context);
    let chain = Chain { modifiers: &modifiers, has_field: field.is_some(), span };
    let texts = texts_of_numbers(&works, &modifiers, context);
    let values = modify::apply(&chain, works, context)?;
    let values = values.into_iter().zip(texts).map(|(value, text)| with_text(value, text)).collect();
    let linking = if modifiers.contains(&Modifier::All) { Linking::And } else { Linking::Or };
    let is_negated = modifiers.contains(&Modifier::Neq);
    Some(DetectionItem { field, modifiers, values, linking, is_negated, marks: Vec::new(), span })
}

/// Applies modifiers to values that are already lowered, as pipelines do that change how a field is searched.
///
/// # Errors
/// The first modifier that cannot be applied to a value.
pub fn apply_modifiers(
    values: Vec<Value>,
    modifiers: &[Modifier],
    has_field: bool,
    span: Span,
    compat: Compat,
) -> Result<Vec<Value>, Diagnostic> {
    let options = LoadOptions::new(compat);
    let mut context = Context::new(&options, Vec::new());
    let text = |value: &Value| match value {
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(value) => Cow::Owned(value.to_string()),
        _ => Cow::Borrowed(""),
    };
    let works = values.into_iter().map(|value| (Work { text: text(&value), value }, span)).collect();
    let applied = modify::apply(&Chain { modifiers, has_field, span }, works, &mut context);
    match (applied, context.findings.pop()) {
        (Some(values), _) => Ok(values),
        (None, Some(finding)) => Err(finding),
        (None, None) => {
            Err(Diagnostic::error(&codes::rule::MODIFIER_TYPE, "a modifier cannot be applied").at(span))
        }
    }
}

/// For each value the text of a number that is written otherwise than canonically, if no modifier takes it.
fn texts_of_numbers(
    works: &[(Work<'_>, Span)],
    modifiers: &[Modifier],
    context: &Context<'_>,
) -> Vec<Option<String>> {
    let is_plain = modifiers.iter().all(|modifier| matches!(modifier, Modifier::All | Modifier::Neq));
    let text = |work: &Work<'_>| match work.value {
        Value::Number(number) if is_plain && !context.compat().is_pysigma() => {
            Some(work.text.to_string()).filter(|text| *text != canonical(number))
        }
        _ => None,
    };
    works.iter().map(|(work, _)| text(work)).collect()
}

/// The canonical decimal text of a number (`reference/sigma.md` §3.5).
fn canonical(number: Number) -> String {
    match number {
        Number::Int(value) => value.to_string(),
        // The shortest decimal that reads back as the same number, without exponent.
        Number::Float(value) => value.to_string(),
    }
}

fn with_text(value: Value, text: Option<String>) -> Value {
    match text {
        Some(text) => {
            let values = vec![value, Value::Str(SigmaString::literal(text))];
            Value::Expansion { kind: ExpansionKind::Written, values }
        }
        None => value,
    }
}

/// A value as text before its modifiers, for who judges what was written; `None` if it is none. The reference's `expand`
/// changes what was written too, if it comes first.
pub fn written_text(scalar: &Scalar<'_>, modifiers: &[Modifier], compat: Compat) -> Option<SigmaString> {
    if scalar.reading != Reading::Text {
        return None;
    }
    let first = modifiers.iter().find(|modifier| !matches!(modifier, Modifier::All | Modifier::Neq));
    let text = text_of(scalar, modifiers.contains(&Modifier::Re));
    let is_expanded = first == Some(&Modifier::Expand) && compat.is_pysigma();
    Some(if is_expanded { expand::placeholders(&text) } else { text })
}

/// The text of a scalar that is read as text.
fn text_of(scalar: &Scalar<'_>, is_regex: bool) -> SigmaString {
    if is_regex { SigmaString::literal(scalar.text.as_ref()) } else { SigmaString::parse(&scalar.text) }
}

/// Splits `field|modifier|modifier`.
fn read_key(key: &Written<'_>, context: &mut Context<'_>) -> Option<(Option<String>, Vec<Modifier>)> {
    let Some(scalar) = key.as_scalar() else {
        context.error(&codes::rule::BAD_KEY, "the name of a field is no text", key.span);
        return None;
    };
    match scalar.reading {
        // An empty key brings keywords; so does a null in the reference.
        Reading::Null if context.compat().is_pysigma() => return Some((None, Vec::new())),
        Reading::Text => {}
        _ if context.compat().is_pysigma() => {
            context.error(&codes::rule::BAD_KEY, "the name of a field is no text", key.span);
            return None;
        }
        _ => {}
    }
    let mut parts = scalar.text.split('|');
    let field = parts.next().filter(|field| !field.is_empty()).map(str::to_owned);
    let mut modifiers = Vec::new();
    for name in parts {
        let Some(modifier) = modify::by_name(name, context.compat()) else {
            let message = format!("the modifier `{name}` does not exist");
            context.error(&codes::rule::UNKNOWN_MODIFIER, message, key.span);
            return None;
        };
        modifiers.push(modifier);
    }
    Some((field, modifiers))
}

/// A value before its modifiers.
fn read_value<'t>(
    scalar: &'t Scalar<'_>,
    span: Span,
    is_regex: bool,
    context: &mut Context<'_>,
) -> Option<Work<'t>> {
    let value = match scalar.reading {
        Reading::Text => Value::Str(text_of(scalar, is_regex)),
        Reading::Null => Value::Null,
        Reading::Bool(value) => Value::Bool(value),
        Reading::Int(value) if context.compat().is_pysigma() => Value::Number(as_reference(value)),
        Reading::Int(value) => Value::Number(Number::Int(value)),
        Reading::Float(value) if value.is_finite() => Value::Number(normal(value)),
        Reading::Float(_) | Reading::Huge => {
            // Beyond our range the reference keeps what a float keeps.
            let digits = scalar.text.replace('_', "");
            if let (true, Ok(value)) = (context.compat().is_pysigma(), digits.parse::<f64>())
                && value.is_finite()
            {
                return Some(Work { value: Value::Number(Number::Float(value)), text: digits.into() });
            }
            let message = format!("the number `{}` is out of range", scalar.text);
            context.error(&codes::rule::BAD_NUMBER, message, span);
            return None;
        }
        Reading::Date => {
            let message = format!("the date `{}` cannot stand as a value", scalar.text);
            context.error(&codes::rule::BAD_VALUE, message, span);
            return None;
        }
    };
    Some(Work { value, text: Cow::Borrowed(&scalar.text) })
}

/// The reference keeps an integer only if a float can hold it.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the loss is the point")]
fn as_reference(value: i128) -> Number {
    let float = value as f64;
    if float as i128 == value { Number::Int(value) } else { Number::Float(float) }
}

/// A decimal that is an integer becomes one.
fn normal(value: f64) -> Number {
    // 2^96: far above any number in a rule and exactly convertible.
    const INTEGERS_MAX: f64 = 79_228_162_514_264_337_593_543_950_336.0;
    if value.fract() == 0.0 && value.abs() < INTEGERS_MAX {
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        return Number::Int(value as i128);
    }
    Number::Float(value)
}

fn lint_values(
    works: &[(Work<'_>, Span)],
    items: &[Written<'_>],
    value: &Written<'_>,
    has_field: bool,
    context: &mut Context<'_>,
) {
    if context.compat().is_pysigma() {
        return;
    }
    for ((work, span), item) in works.iter().zip(items) {
        if work.value == Value::Null {
            if !has_field {
                let message = "null cannot be searched for without a field";
                context.error(&codes::rule::NULL_KEYWORD, message, *span);
            } else if value.as_list().is_some() {
                context.warn(
                    &codes::rule::NULL_IN_LIST,
                    || "the list of values holds null".to_owned(),
                    *span,
                );
            }
        }
        if item.as_scalar().is_some_and(|scalar| scalar.style == Style::Plain && is_ambiguous(&scalar.text)) {
            let text = &work.text;
            context.warn(
                &codes::rule::YAML_AMBIGUITY,
                || format!("`{text}` means something else to other YAML readers"),
                *span,
            );
        }
    }
}
