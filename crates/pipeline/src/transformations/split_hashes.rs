//! `split_hashes`: hashes with their algorithm into the fields of a table.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Detection, DetectionEntry, DetectionItem, Linking, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "split_hashes",
    summary: "Splits values such as `MD5=…` into one field for each algorithm; unlike `hashes_fields` it keeps wildcards \
              and refuses a hash that would be lost. Choose the field with `field_name_conditions`.",
    parameters: &[
        Parameter {
            name: "algorithms",
            takes: "list of texts",
            default: None,
            summary: "The algorithms that the table has fields for.",
        },
        Parameter {
            name: "field_prefix",
            takes: "text",
            default: Some("empty"),
            summary: "Put before the algorithm to make the field.",
        },
        Parameter {
            name: "drop_algorithm",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether the field is `field_prefix` alone.",
        },
        Parameter {
            name: "others",
            takes: "refuse or drop",
            default: Some("refuse"),
            summary: "What happens to hashes of other algorithms.",
        },
    ],
    examples: &[
        Example {
            title: "two algorithms",
            item: "algorithms: [MD5, SHA1]\nfield_prefix: File",
            before: "{Hashes: ['*MD5=aa*', 'SHA1=bb', 'md5|cc']}",
            after: "query: (FileMD5=aa* or FileMD5=cc) or FileSHA1=bb",
        },
        Example {
            title: "an algorithm without a field",
            item: "algorithms: [MD5]",
            before: "{Hashes: ['MD5=aa', 'IMPHASH=dd']}",
            after: "error: invalid-hash: the table has no field for the hash `IMPHASH=dd`; it has: MD5",
        },
        Example {
            title: "the same, leaving it out",
            item: "algorithms: [MD5]\nothers: drop",
            before: "{Hashes: ['MD5=aa', 'IMPHASH=dd']}",
            after: "query: MD5=aa",
        },
    ],
};

/// Algorithms by the length of their hashes in hex digits.
const LENGTHS: [(usize, &str); 4] = [(32, "MD5"), (40, "SHA1"), (64, "SHA256"), (128, "SHA512")];

#[derive(Debug)]
struct SplitHashes {
    algorithms: Vec<String>,
    prefix: String,
    drops_algorithm: bool,
    drops_others: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let algorithms = params.required_texts("algorithms");
    let prefix = params.text("field_prefix").unwrap_or_default();
    let drops_algorithm = params.flag("drop_algorithm");
    let drops_others = params.choice("others", &["refuse", "drop"], "refuse") == "drop";
    Some(Box::new(SplitHashes { algorithms: algorithms?, prefix, drops_algorithm, drops_others }))
}

/// A value taken apart.
struct Hash {
    /// The algorithm, if it is known.
    algorithm: Option<String>,
    value: String,
}

impl Transformation for SplitHashes {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| match run.cx.reading {
            Compat::PySigma => self.split_as_reference(item, run),
            Compat::Spec => self.split(item, run),
        })
    }
}

impl SplitHashes {
    fn split(&self, item: &DetectionItem, run: &Run<'_>) -> Result<Outcome, Diagnostic> {
        let mut fields = Vec::new();
        for value in flat(&item.values) {
            let (Value::Str(text) | Value::Cased(text)) = value else {
                return Err(run.fail(&codes::INVALID_HASH, "a hash must be a text"));
            };
            let text = text.to_plain();
            let hash = self.parse(&text, true);
            match hash.algorithm {
                Some(algorithm) => add(&mut fields, self.field(&algorithm), &hash.value),
                None if self.drops_others => {}
                None => {
                    let message = format!(
                        "the table has no field for the hash `{text}`; it has: {}",
                        self.algorithms.join(", ")
                    );
                    return Err(run.fail(&codes::INVALID_HASH, message));
                }
            }
        }
        if fields.is_empty() {
            return Err(self.none_known(run));
        }
        // A negated alternative is all alternatives negated.
        let linking = match (item.linking, item.is_negated) {
            (Linking::Or, false) | (Linking::And, true) => Linking::Or,
            (Linking::And, false) | (Linking::Or, true) => Linking::And,
        };
        Ok(group(item, fields, linking, item.is_negated, item.linking))
    }

    /// The reference leaves out hashes of other algorithms (or keeps them where the field is the prefix alone),
    /// joins by or whatever the rule says, and forgets negation.
    fn split_as_reference(&self, item: &DetectionItem, run: &Run<'_>) -> Result<Outcome, Diagnostic> {
        let mut fields = Vec::new();
        let mut any_known = false;
        for value in &item.values {
            let text = match value {
                Value::Str(text) | Value::Cased(text) => text.to_plain(),
                Value::Regex(regex) => regex.pattern.to_plain(),
                _ => return Err(run.fail(&codes::INVALID_HASH, "a hash must be a text")),
            };
            let hash = self.parse(&text, false);
            any_known |= hash.algorithm.is_some();
            let field = self.field(hash.algorithm.as_deref().unwrap_or_default());
            if !field.is_empty() {
                add(&mut fields, field, &hash.value);
            }
        }
        if !any_known {
            return Err(self.none_known(run));
        }
        Ok(group(item, fields, Linking::Or, false, Linking::Or))
    }

    fn field(&self, algorithm: &str) -> String {
        format!("{}{}", self.prefix, if self.drops_algorithm { "" } else { algorithm })
    }

    /// `ALGORITHM|hash`, `ALGORITHM=hash`, or a bare hash that is known by its length, wildcards around it not
    /// counted if `trims`.
    fn parse(&self, text: &str, trims: bool) -> Hash {
        let separator = if text.contains('|') { '|' } else { '=' };
        let mut parts = text.split(separator);
        let (first, second, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        if let (Some(value), None) = (second, more) {
            let name = first.trim_start_matches('*').to_uppercase();
            let algorithm = Some(name).filter(|name| self.algorithms.contains(name));
            return Hash { algorithm, value: value.to_owned() };
        }
        let counted = if trims { first.trim_matches('*') } else { first };
        let length = counted.chars().count();
        let named = LENGTHS.iter().find(|(known, _)| *known == length).map(|(_, name)| (*name).to_owned());
        let algorithm = named.filter(|name| !trims || self.algorithms.contains(name));
        Hash { algorithm, value: first.to_owned() }
    }

    fn none_known(&self, run: &Run<'_>) -> Diagnostic {
        let message =
            format!("no hash is of an algorithm that the table has a field for; it has: {}", self.algorithms.join(", "));
        run.fail(&codes::INVALID_HASH, message)
    }
}

/// The values, those of expansions one by one.
fn flat(values: &[Value]) -> Vec<&Value> {
    values
        .iter()
        .flat_map(|value| match value {
            Value::Expansion { values, .. } => flat(values),
            other => vec![other],
        })
        .collect()
}

fn add(fields: &mut Vec<(String, Vec<Value>)>, field: String, hash: &str) {
    let value = Value::Str(SigmaString::parse(hash));
    match fields.iter_mut().find(|(known, _)| *known == field) {
        Some((_, values)) => values.push(value),
        None => fields.push((field, vec![value])),
    }
}

fn group(
    item: &DetectionItem,
    fields: Vec<(String, Vec<Value>)>,
    linking: Linking,
    is_negated: bool,
    values_linking: Linking,
) -> Outcome {
    let entries = fields.into_iter().map(|(field, values)| {
        let new = DetectionItem::new(Some(field), values, item.span);
        DetectionEntry::Item(DetectionItem { is_negated, linking: values_linking, ..new })
    });
    Outcome::Replaced(DetectionEntry::Group(Detection::new(entries.collect(), linking, item.span)))
}
