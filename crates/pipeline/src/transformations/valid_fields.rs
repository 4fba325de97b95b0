//! `valid_fields`: refuses rules with fields that a schema does not have.

use std::collections::HashMap;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Rule;

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "valid_fields",
    summary: "Refuses a rule with a field that the schema does not have.",
    parameters: &[Parameter {
        name: "schema",
        takes: "udm",
        default: None,
        summary: "The schema: Google's Unified Data Model.",
    }],
    examples: &[
        Example {
            title: "fields of the schema",
            item: "schema: udm",
            before: "{target.process.command_line: x, hostname: y}",
            after: "query: target.process.command_line=x and hostname=y",
        },
        Example {
            title: "another field",
            item: "schema: udm",
            before: "{CommandLine: x}",
            after: "error: invalid-target-field: `CommandLine` is no field of the schema udm",
        },
    ],
};

static UDM: &str = include_str!("valid_fields/udm.txt");

#[derive(Debug)]
struct ValidFields {
    schema: Schema,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required("schema")?;
    match params.choice("schema", &["udm"], "") {
        "udm" => Some(Box::new(ValidFields { schema: Schema::read(UDM) })),
        _ => None,
    }
}

impl Transformation for ValidFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| match &item.field {
            Some(field) if !self.schema.has(field) => {
                let message = format!("`{field}` is no field of the schema udm");
                Err(run.fail(&codes::INVALID_TARGET_FIELD, message))
            }
            _ => Ok(Outcome::Kept),
        })
    }
}

type Fields = HashMap<&'static str, &'static str>;

/// A schema: fields of events and of the types of fields.
#[derive(Debug, Default)]
struct Schema {
    /// Roles that all have the fields of `noun`.
    nouns: Vec<&'static str>,
    /// Names that stand for several fields.
    groups: Vec<&'static str>,
    events: HashMap<&'static str, Fields>,
    types: HashMap<&'static str, Fields>,
}

impl Schema {
    fn read(text: &'static str) -> Self {
        let mut schema = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            match words.next() {
                Some("nouns") => schema.nouns = words.collect(),
                Some("groups") => schema.groups = words.collect(),
                Some(kind @ ("event" | "type")) => {
                    let Some(name) = words.next() else { continue };
                    let fields = words.filter_map(|word| word.split_once('=')).collect();
                    let table = if kind == "event" { &mut schema.events } else { &mut schema.types };
                    table.insert(name, fields);
                }
                _ => {}
            }
        }
        schema
    }

    /// Whether a path names a field. Behind a plain type or an enumeration nothing is checked, as in the reference.
    fn has(&self, path: &str) -> bool {
        let mut parts = path.split('.');
        let Some(first) = parts.next() else { return false };
        if first == path && self.groups.contains(&first) {
            return true;
        }
        let name = if self.nouns.contains(&first) { "noun" } else { first };
        let Some(mut fields) = self.events.get(name) else { return false };
        let empty = Fields::new();
        for part in parts {
            let Some(kind) = fields.get(part) else { return false };
            if kind.starts_with("@enum:") || matches!(*kind, "string" | "integer" | "boolean" | "list") {
                return true;
            }
            match self.types.get(kind.strip_prefix('@').unwrap_or(kind)) {
                Some(inner) => fields = inner,
                // A type without fields: nothing may follow.
                None => fields = &empty,
            }
        }
        true
    }
}
