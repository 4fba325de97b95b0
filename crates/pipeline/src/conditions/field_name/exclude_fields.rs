//! `exclude_fields`: fields that are not of a list.

use sigyn_diagnostics::Diagnostic;

use super::include_fields::{Fields, PARAMETERS};
use crate::{
    conditions::FieldNameCondition,
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "exclude_fields",
    summary: "Holds for fields that are not in the list, and for keywords.",
    parameters: PARAMETERS,
    examples: &[],
};

#[derive(Debug)]
struct ExcludeFields(Fields);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    Some(Box::new(ExcludeFields(Fields::read(params)?)))
}

impl FieldNameCondition for ExcludeFields {
    fn holds(&self, field: Option<&str>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(!self.0.contain(field))
    }
}
