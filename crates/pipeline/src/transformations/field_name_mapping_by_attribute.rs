//! `field_name_mapping_by_attribute`: fields by name, as a custom attribute of the rule says.

use std::collections::HashMap;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Data, Rule};

use super::field_names::{self, FieldNames, Mapped};
use crate::{
    item::{Run, Transformation},
    node::{Kind, Node},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_mapping_by_attribute",
    summary: "Renames fields with the tables that a custom attribute, which is a list, chooses; a field that several of them name is renamed by the first.",
    parameters: &[
        Parameter { name: "attribute", takes: "text", default: None, summary: "The attribute." },
        Parameter {
            name: "kinds",
            takes: "map of text to text",
            default: None,
            summary: "For a value of the attribute the name of its table.",
        },
        Parameter {
            name: "mappings",
            takes: "map of text to maps of text to text",
            default: None,
            summary: "The tables: for each field its new name.",
        },
    ],
    examples: &[Example {
        title: "two tables",
        item: "attribute: kinds\nkinds: {A: one, B: two}\nmappings: {one: {x: x1}, two: {x: x2, y: y2}}",
        before: "{detection: {sel: {x: 1, y: 2}, condition: sel}, kinds: [A, B]}",
        after: "query: x1=1 and y2=2\ncustom: kinds=['A', 'B']",
    }],
};

#[derive(Debug)]
struct ByAttribute {
    attribute: String,
    kinds: HashMap<String, String>,
    mappings: HashMap<String, HashMap<String, String>>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let attribute = params.required_text("attribute");
    params.required("kinds")?;
    params.required("mappings")?;
    let kinds = params.text_map("kinds").into_iter().collect();
    let mut mappings = HashMap::new();
    for entry in params.map("mappings")? {
        let table = read_table(&entry.value);
        match (entry.key.as_str(), table) {
            (Some(name), Some(table)) => {
                mappings.insert(name.to_owned(), table);
            }
            _ => {
                let message = "`mappings` must be a map from text to maps from text to text";
                params.report(&sigyn_diagnostics::codes::pipeline::BAD_PARAMETER, entry.value.span, message);
            }
        }
    }
    Some(Box::new(ByAttribute { attribute: attribute?, kinds, mappings }))
}

fn read_table(node: &Node) -> Option<HashMap<String, String>> {
    let pair = |entry: &crate::node::Entry| match (&entry.key, &entry.value.kind) {
        (Data::Text(from), Kind::Scalar(Data::Text(to))) => Some((from.clone(), to.clone())),
        _ => None,
    };
    node.as_map()?.iter().map(pair).collect()
}

/// The tables that hold for a rule, the first before the others.
struct Tables<'t>(Vec<&'t HashMap<String, String>>);

impl FieldNames for Tables<'_> {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        let field = field?;
        self.0.iter().find_map(|table| table.get(field)).map(|to| Mapped::One(to.clone()))
    }
}

impl Transformation for ByAttribute {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let values = rule.meta.custom(&self.attribute).and_then(Data::as_list).unwrap_or_default();
        let tables = values
            .iter()
            .filter_map(|value| self.kinds.get(value.as_str()?))
            .filter_map(|kind| self.mappings.get(kind))
            .collect();
        field_names::map_rule(&Tables(tables), rule, run)
    }

    fn maps_fields(&self) -> bool {
        true
    }
}
