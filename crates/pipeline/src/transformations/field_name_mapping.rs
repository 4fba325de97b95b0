//! `field_name_mapping`: fields by name.

use std::collections::HashMap;

use super::field_names::{FieldNames, Mapped, renaming};
use crate::{
    item::Transformation,
    params::{Example, Mapping, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_mapping",
    summary: "Renames fields; a field that becomes several is compared in each of them, joined by or.",
    parameters: &[Parameter {
        name: "mapping",
        takes: "map of text to text or list of texts",
        default: None,
        summary: "For each field its new name or names. The key null stands for keywords.",
    }],
    examples: &[
        Example {
            title: "one to one",
            item: "mapping: {CommandLine: process.command_line}\nid: m",
            before: "{CommandLine: foo, Image: bar}",
            after: "query: process.command_line=foo and Image=bar\nunmapped: Image",
        },
        Example {
            title: "one to several",
            item: "mapping: {User: [user.name, user.domain]}",
            before: "{User: [a, b], Image: c}",
            after: "query: ((user.name=a or user.name=b) or (user.domain=a or user.domain=b)) and Image=c\nunmapped: Image",
        },
        Example {
            title: "keywords to a field",
            item: "mapping: {null: message}",
            before: "[foo, '*bar']",
            after: "query: message=*foo* or message=*bar*",
        },
        Example {
            title: "the field list too",
            item: "mapping: {User: [user.name, user.domain]}",
            before: "{detection: {sel: {A: 1}, condition: sel}, fields: [User, Other]}",
            after: "query: A=1\nfields: user.name, user.domain, Other",
        },
    ],
};

#[derive(Debug)]
pub(super) struct FieldNameMapping {
    fields: HashMap<String, Mapped>,
    keywords: Option<Mapped>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(FieldNameMapping::read(params)?))
}

impl FieldNameMapping {
    pub(super) fn read(params: &Params<'_>) -> Option<Self> {
        let mut fields = HashMap::new();
        let mut keywords = None;
        for pair in params.mapping("mapping", true)? {
            let (from, to) = match pair {
                Mapping::One(from, to) => (from, Mapped::One(to)),
                Mapping::Many(from, to) => (from, Mapped::Many(to)),
            };
            match from {
                Some(from) => {
                    fields.insert(from, to);
                }
                None => keywords = Some(to),
            }
        }
        Some(Self { fields, keywords })
    }
}

impl FieldNames for FieldNameMapping {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        match field {
            Some(field) => self.fields.get(field).cloned(),
            None => self.keywords.clone(),
        }
    }
}

renaming!(FieldNameMapping);
