//! `field_name_prefix`: a text added to every field.

use super::field_names::{FieldNames, Mapped, renaming};
use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_prefix",
    summary: "Puts a text before the name of each field.",
    parameters: &[Parameter { name: "prefix", takes: "text", default: None, summary: "The text." }],
    examples: &[Example {
        title: "every field",
        item: "prefix: win.",
        before: "{A: 1, B: 2}",
        after: "query: win.A=1 and win.B=2",
    }],
};

#[derive(Debug)]
struct FieldNamePrefix(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(FieldNamePrefix(params.required_text("prefix")?)))
}

impl FieldNames for FieldNamePrefix {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        field.map(|field| Mapped::One(format!("{}{field}", self.0)))
    }
}

renaming!(FieldNamePrefix);
