//! `hashes_fields`: hashes with their algorithm into a field for each.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Detection, DetectionEntry, DetectionItem, Linking, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "hashes_fields",
    summary: "Splits values such as `SHA1=…` into fields by algorithm, joined by or; a bare hash is known by its length.",
    parameters: &[
        Parameter {
            name: "valid_hash_algos",
            takes: "list of texts",
            default: None,
            summary: "The algorithms that the target has; others are left out.",
        },
        Parameter {
            name: "field_prefix",
            takes: "text",
            default: Some("empty"),
            summary: "Put before the algorithm to make the field.",
        },
        Parameter {
            name: "drop_algo_prefix",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether the field is `field_prefix` alone.",
        },
        Parameter {
            name: "field_to_parse",
            takes: "list of texts",
            default: Some("[Hashes, Hash]"),
            summary: "The fields that hold hashes.",
        },
    ],
    examples: &[
        Example {
            title: "two algorithms",
            item: "valid_hash_algos: [MD5, SHA1]\nfield_prefix: File",
            before: "{Hashes: ['*MD5=aa*', 'SHA1=bb', 'md5|cc', 'IMPHASH=dd']}",
            after: "query: (FileMD5=aa or FileMD5=cc) or FileSHA1=bb",
        },
        Example {
            title: "none that the target has",
            item: "valid_hash_algos: [MD5]",
            before: "{Hashes: 'IMPHASH=dd'}",
            after: "error: invalid-hash: no hash of a supported algorithm; supported are: MD5",
        },
    ],
};

#[derive(Debug)]
struct HashesFields {
    algorithms: Vec<String>,
    prefix: String,
    drops_algorithm: bool,
    fields: Vec<String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let algorithms = params.required_texts("valid_hash_algos");
    let prefix = params.text("field_prefix").unwrap_or_default();
    let drops_algorithm = params.flag("drop_algo_prefix");
    let fields =
        params.texts("field_to_parse").unwrap_or_else(|| vec!["Hashes".to_owned(), "Hash".to_owned()]);
    Some(Box::new(HashesFields { algorithms: algorithms?, prefix, drops_algorithm, fields }))
}

impl Transformation for HashesFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| {
            let is_wanted = item.field.as_ref().is_some_and(|field| self.fields.contains(field));
            let texts: Option<Vec<_>> = item
                .values
                .iter()
                .map(|value| match value {
                    Value::Str(text) | Value::Cased(text) => Some(text.to_plain()),
                    _ => None,
                })
                .collect();
            match texts {
                Some(texts) if is_wanted => self.split(item, &texts, run),
                _ => Ok(Outcome::Kept),
            }
        })
    }
}

impl HashesFields {
    fn split(
        &self,
        item: &DetectionItem,
        texts: &[String],
        run: &Run<'_>,
    ) -> Result<Outcome, Diagnostic> {
        let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
        for (algorithm, hash) in texts.iter().filter_map(|text| self.parse(text)) {
            let algorithm = if self.drops_algorithm { "" } else { algorithm.as_str() };
            let field = format!("{}{algorithm}", self.prefix);
            let value = Value::Str(SigmaString::parse(&hash));
            match fields.iter_mut().find(|(known, _)| *known == field) {
                Some((_, values)) => values.push(value),
                None => fields.push((field, vec![value])),
            }
        }
        fields.retain(|(field, _)| !field.is_empty());
        if fields.is_empty() {
            let message = format!(
                "no hash of a supported algorithm; supported are: {}",
                self.algorithms.join(", ")
            );
            return Err(run.fail(&codes::INVALID_HASH, message));
        }
        let is_negated = item.is_negated && run.cx.reading == Compat::Spec;
        let entries = fields.into_iter().map(|(field, values)| {
            let field = Some(field).filter(|field| field != "keyword");
            let new = DetectionItem { is_negated, ..DetectionItem::new(field, values, item.span) };
            DetectionEntry::Item(new)
        });
        let linking = if is_negated { Linking::And } else { Linking::Or };
        let group = Detection::new(entries.collect(), linking, item.span);
        Ok(Outcome::Replaced(DetectionEntry::Group(group)))
    }

    /// Algorithm and hash, if the algorithm is wanted.
    fn parse(&self, text: &str) -> Option<(String, String)> {
        let separator = if text.contains('|') { '|' } else { '=' };
        let parts: Vec<&str> = text.split(separator).collect();
        let (algorithm, hash) = match parts.as_slice() {
            [algorithm, hash] => (algorithm.trim_start_matches('*').to_uppercase(), *hash),
            _ => {
                let hash = parts.first()?;
                let algorithm = match hash.trim_matches(['*', '?']).chars().count() {
                    32 => "MD5",
                    40 => "SHA1",
                    64 => "SHA256",
                    128 => "SHA512",
                    _ => return None,
                };
                (algorithm.to_owned(), *hash)
            }
        };
        let hash = hash.trim_matches(['*', '?']).to_owned();
        self.algorithms.contains(&algorithm).then_some((algorithm, hash))
    }
}
