//! `field_name_prefix_mapping`: fields by how their name begins.

use super::field_names::{FieldNames, Mapped, renaming};
use crate::{
    item::Transformation,
    params::{Example, Mapping, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_prefix_mapping",
    summary: "Replaces how the names of fields begin; the first prefix that fits wins.",
    parameters: &[Parameter {
        name: "mapping",
        takes: "map of text to text or list of texts",
        default: None,
        summary: "For each prefix its replacement or replacements.",
    }],
    examples: &[Example {
        title: "prefixes",
        item: "mapping: {win.: windows., proc.: [p., q.]}",
        before: "{win.A: 1, proc.B: 2}",
        after: "query: windows.A=1 and (p.B=2 or q.B=2)",
    }],
};

#[derive(Debug)]
struct FieldNamePrefixMapping(Vec<(String, Mapped)>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let pairs = params
        .mapping("mapping", false)?
        .into_iter()
        .map(|pair| match pair {
            Mapping::One(from, to) => (from.unwrap_or_default(), Mapped::One(to)),
            Mapping::Many(from, to) => (from.unwrap_or_default(), Mapped::Many(to)),
        })
        .collect();
    Some(Box::new(FieldNamePrefixMapping(pairs)))
}

impl FieldNames for FieldNamePrefixMapping {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        let field = field?;
        self.0.iter().find_map(|(prefix, to)| {
            let rest = field.strip_prefix(prefix.as_str())?;
            Some(match to {
                Mapped::One(to) => Mapped::One(format!("{to}{rest}")),
                Mapped::Many(to) => Mapped::Many(to.iter().map(|to| format!("{to}{rest}")).collect()),
            })
        })
    }
}

renaming!(FieldNamePrefixMapping);
