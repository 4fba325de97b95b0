//! `set_field`: another field list.

use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
    transformations::field_list::FieldListChange,
};

pub(crate) static SPEC: Spec = Spec {
    name: "set_field",
    summary: "Puts these fields in the place of the rule's field list.",
    parameters: &[Parameter {
        name: "fields",
        takes: "list of texts",
        default: None,
        summary: "The fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "fields: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A]}",
        after: "query: A=1\nfields: B, C",
    }],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let names = params.required_texts("fields")?;
    Some(Box::new(FieldListChange { names, change: |fields, names| *fields = names.to_vec() }))
}
