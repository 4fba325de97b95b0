//! `remove_field`: fields taken out of the field list.

use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
    transformations::field_list::FieldListChange,
};

pub(crate) static SPEC: Spec = Spec {
    name: "remove_field",
    summary: "Takes fields out of the rule's field list; those that are not in it are ignored.",
    parameters: &[Parameter {
        name: "field",
        takes: "text or list of texts",
        default: None,
        summary: "The field or fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "field: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A, B, B]}",
        after: "query: A=1\nfields: A, B",
    }],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let names = params.required_texts("field")?;
    Some(Box::new(FieldListChange { names, change: remove }))
}

/// Each name goes once.
fn remove(fields: &mut Vec<String>, names: &[String]) {
    for name in names {
        if let Some(at) = fields.iter().position(|field| field == name) {
            fields.remove(at);
        }
    }
}
