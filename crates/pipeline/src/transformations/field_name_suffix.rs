//! `field_name_suffix`: a text added to every field.

use super::field_names::{FieldNames, Mapped, renaming};
use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_suffix",
    summary: "Puts a text behind the name of each field.",
    parameters: &[Parameter { name: "suffix", takes: "text", default: None, summary: "The text." }],
    examples: &[Example {
        title: "every field",
        item: "suffix: .keyword",
        before: "{A: 1, B: 2}",
        after: "query: A.keyword=1 and B.keyword=2",
    }],
};

#[derive(Debug)]
struct FieldNameSuffix(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(FieldNameSuffix(params.required_text("suffix")?)))
}

impl FieldNames for FieldNameSuffix {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        field.map(|field| Mapped::One(format!("{field}{}", self.0)))
    }
}

renaming!(FieldNameSuffix);
