//! `include_fields`: fields of a list.

use std::collections::HashSet;

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::FieldNameCondition,
    context::Scope,
    params::{Parameter, Params, Spec},
    pyregex::PyRegex,
};

pub(crate) static SPEC: Spec = Spec {
    name: "include_fields",
    summary: "Holds for the fields of the list. Keywords have no field and do not match.",
    parameters: PARAMETERS,
    examples: &[],
};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter { name: "fields", takes: "list of texts", default: None, summary: "The fields." },
    Parameter {
        name: "mode",
        takes: "plain or re",
        default: Some("plain"),
        summary: "Whether `fields` are names or regular expressions that match from the start.",
    },
];

/// Fields by name or by pattern.
#[derive(Debug)]
pub(super) enum Fields {
    Names(HashSet<String>),
    Patterns(Vec<PyRegex>),
}

impl Fields {
    pub(super) fn read(params: &Params<'_>) -> Option<Self> {
        let fields = params.required_texts("fields");
        if params.choice("mode", &["plain", "re"], "plain") == "plain" {
            return Some(Fields::Names(fields?.into_iter().collect()));
        }
        let span = params.node("fields").map_or(params.span, |node| node.span);
        let patterns = fields?.iter().filter_map(|field| params.compile(field, span)).collect();
        Some(Fields::Patterns(patterns))
    }

    pub(super) fn contain(&self, field: Option<&str>) -> bool {
        match (self, field) {
            (_, None) => false,
            (Fields::Names(names), Some(field)) => names.contains(field),
            (Fields::Patterns(patterns), Some(field)) => {
                patterns.iter().any(|pattern| pattern.matches_start(field))
            }
        }
    }
}

#[derive(Debug)]
struct IncludeFields(Fields);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    Some(Box::new(IncludeFields(Fields::read(params)?)))
}

impl FieldNameCondition for IncludeFields {
    fn holds(&self, field: Option<&str>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.0.contain(field))
    }
}
