//! `attribute_from_field`: a custom attribute by the values of a field.

use std::collections::HashMap;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Data, DetectionEntry, Rule, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "attribute_from_field",
    summary: "Adds to a custom attribute, which is a list, what the values of the detection items stand for that the item's conditions choose; in each search identifier whose name begins with a prefix the first such item counts.",
    parameters: &[
        Parameter { name: "attribute", takes: "text", default: None, summary: "The attribute." },
        Parameter {
            name: "values",
            takes: "map of text to text",
            default: None,
            summary: "For a value, as a rule would write it, what is added.",
        },
        Parameter {
            name: "identifiers",
            takes: "text",
            default: Some("empty"),
            summary: "How the names of the search identifiers begin.",
        },
    ],
    examples: &[Example {
        title: "a kind of event",
        item: "attribute: event_types\nvalues: {'1': PROCESS_LAUNCH}\nfield_name_conditions: [{type: include_fields, fields: [EventID]}]",
        before: "{EventID: [1, 2]}",
        after: "query: EventID=1 or EventID=2\ncustom: event_types=['PROCESS_LAUNCH']",
    }],
};

#[derive(Debug)]
struct AttributeFromField {
    attribute: String,
    values: HashMap<String, String>,
    identifiers: String,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let attribute = params.required_text("attribute");
    params.required("values")?;
    let values = params.text_map("values").into_iter().collect();
    let identifiers = params.text("identifiers").unwrap_or_default();
    Some(Box::new(AttributeFromField { attribute: attribute?, values, identifiers }))
}

impl AttributeFromField {
    fn meaning(&self, value: &Value) -> Option<&String> {
        match value {
            Value::Str(text) | Value::Cased(text) => self.values.get(&text.to_plain()),
            Value::Number(number) => self.values.get(&number.to_string()),
            _ => None,
        }
    }
}

impl Transformation for AttributeFromField {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.mark(&mut rule.marks);
        let mut found: Vec<String> = Vec::new();
        let chosen = rule.detections.iter().filter(|(name, _)| name.starts_with(&self.identifiers));
        for (_, detection) in chosen {
            for entry in &detection.entries {
                let DetectionEntry::Item(item) = entry else { continue };
                if !run.wants(item)? {
                    continue;
                }
                let new: Vec<_> = item.values.iter().filter_map(|value| self.meaning(value)).collect();
                let is_first = !new.is_empty();
                for value in new {
                    if !found.contains(value) {
                        found.push(value.clone());
                    }
                }
                if is_first {
                    break;
                }
            }
        }
        // The reference has a set, whose order says nothing; this is the one that it had when it was recorded.
        if run.cx.reading == Compat::PySigma {
            found.reverse();
        }
        if !found.is_empty() {
            let known = rule.meta.custom(&self.attribute).and_then(Data::as_list).unwrap_or_default();
            let mut values = known.to_vec();
            values.extend(found.into_iter().map(Data::Text));
            rule.meta.set_custom(&self.attribute, Data::List(values));
        }
        Ok(())
    }
}
