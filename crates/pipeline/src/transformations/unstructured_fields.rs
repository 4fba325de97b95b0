//! `unstructured_fields`: fields that stand somewhere in a longer text.

use std::collections::HashSet;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, DetectionItem, Modifier, Part, Rule, SigmaString, Value, apply_modifiers};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "unstructured_fields",
    summary: "Looks for the values of fields anywhere in a text: of those listed, of those that are not known, and of keywords. For fields whose name stands in the text too, the name comes before the value.",
    parameters: &[
        Parameter {
            name: "fields",
            takes: "list of texts",
            default: None,
            summary: "Fields whose values are part of a text.",
        },
        Parameter {
            name: "named",
            takes: "list of texts",
            default: None,
            summary: "Fields that stand with their names in a text.",
        },
        Parameter {
            name: "known",
            takes: "list of texts",
            default: None,
            summary: "Fields with values of their own, which stay as they are.",
        },
    ],
    examples: &[Example {
        title: "three kinds of fields",
        item: "fields: [uri]\nnamed: [a0]\nknown: [user]",
        before: "{uri: x, a0: y, user: z}",
        after: "query: uri=*x* and a0=*a0*y* and user=z",
    }],
};

#[derive(Debug)]
struct UnstructuredFields {
    fields: HashSet<String>,
    named: HashSet<String>,
    known: HashSet<String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let set = |name| params.required_texts(name).map(|texts| texts.into_iter().collect());
    let (fields, named, known) = (set("fields"), set("named"), set("known"));
    Some(Box::new(UnstructuredFields { fields: fields?, named: named?, known: known? }))
}

impl UnstructuredFields {
    /// The field's name before its values, if it stands there.
    fn name<'f>(&self, field: Option<&'f str>) -> Option<&'f str> {
        field.filter(|field| self.named.contains(*field))
    }
}

impl Transformation for UnstructuredFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| {
            let field = item.field.as_deref();
            let stays = field.is_some_and(|field| {
                self.known.contains(field) && !self.fields.contains(field) && !self.named.contains(field)
            });
            if stays {
                // The reference takes every item as changed here.
                return Ok(Outcome::Changed);
            }
            let name = self.name(field).map(str::to_owned);
            if run.cx.reading == Compat::PySigma {
                reference(item, name.as_deref(), run)?;
            } else {
                item.values = item.values.iter().map(|value| anywhere(value, name.as_deref())).collect();
            }
            Ok(Outcome::Changed)
        })
    }
}

/// A value anywhere in a text, behind the field's name if there is one.
fn anywhere(value: &Value, name: Option<&str>) -> Value {
    let text = |text: &SigmaString| {
        let mut whole = SigmaString::default();
        if let Some(name) = name {
            whole.push(Part::Text(name.to_owned()));
            if !text.starts_with_many() {
                whole.push(Part::Many);
            }
        }
        whole.append(text.clone());
        whole.contained()
    };
    match value {
        Value::Str(string) => Value::Str(text(string)),
        Value::Cased(string) => Value::Cased(text(string)),
        Value::Number(number) => Value::Str(text(&SigmaString::literal(number.to_string()))),
        Value::Expansion { kind, values } => Value::Expansion {
            kind: *kind,
            values: values.iter().map(|value| anywhere(value, name)).collect(),
        },
        other => other.clone(),
    }
}

/// As the reference does it: only the first value is lowered and gets the name, with a percent sign between; then
/// all modifiers of the item are applied once more, and `contains` behind them.
fn reference(item: &mut DetectionItem, name: Option<&str>, run: &Run<'_>) -> Result<(), Diagnostic> {
    let Some(first) = item.values.first_mut() else {
        return Err(run.fail(&codes::TRANSFORMATION, "the item has no value"));
    };
    match first {
        Value::Number(number) | Value::TimePart { number, .. } => {
            *first = Value::Str(SigmaString::parse(&number.to_string()));
        }
        Value::Str(text) | Value::Cased(text) => {
            let plain = text.to_plain();
            let named = match name {
                Some(_) if text.is_empty() => {
                    return Err(run.fail(&codes::TRANSFORMATION, "the value is empty"));
                }
                Some(name) if text.starts_with_many() => format!("{name}{plain}"),
                Some(name) => format!("{name}%{plain}"),
                None => plain,
            };
            *first = Value::Str(SigmaString::parse(&named.to_lowercase()));
        }
        _ => {}
    }
    let mut modifiers = item.modifiers.clone();
    modifiers.push(Modifier::Contains);
    let values = std::mem::take(&mut item.values);
    let has_field = item.field.is_some();
    item.values = apply_modifiers(values, &modifiers, has_field, item.span, Compat::PySigma)?;
    item.modifiers = modifiers;
    Ok(())
}
