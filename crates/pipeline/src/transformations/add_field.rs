//! `add_field`: more fields in the field list.

use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
    transformations::field_list::FieldListChange,
};

pub(crate) static SPEC: Spec = Spec {
    name: "add_field",
    summary: "Adds fields at the end of the rule's field list.",
    parameters: &[Parameter {
        name: "field",
        takes: "text or list of texts",
        default: None,
        summary: "The field or fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "field: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A]}",
        after: "query: A=1\nfields: A, B, C",
    }],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let names = params.required_texts("field")?;
    Some(Box::new(FieldListChange { names, change: |fields, names| fields.extend_from_slice(names) }))
}
