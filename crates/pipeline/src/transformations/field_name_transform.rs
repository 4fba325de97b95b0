//! `field_name_transform`: fields by a function.

use super::{
    field_name_mapping::FieldNameMapping,
    field_names::{FieldNames, Mapped, renaming},
};
use crate::{
    item::Transformation,
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "field_name_transform",
    summary: "Renames each field by a function; fields of the mapping get the name given there.",
    parameters: &[
        Parameter {
            name: "transform_func",
            takes: "underscore, snake_case, lower or upper",
            default: None,
            summary: "The function. `underscore` puts `_` between words and before the last capital of an \
                      abbreviation (`DNSName` is `dns_name`); `snake_case` joins the runs of letters and digits \
                      that make words.",
        },
        Parameter {
            name: "mapping",
            takes: "map of text to text or list of texts",
            default: Some("{}"),
            summary: "Fields with names of their own.",
        },
        Parameter {
            name: "apply_keyword",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether the mapping's null key applies to keywords.",
        },
    ],
    examples: &[Example {
        title: "underscores",
        item: "transform_func: underscore\nmapping: {User: account}",
        before: "{CommandLine: 1, DNSName: 2, User: 3}",
        after: "query: command_line=1 and dns_name=2 and account=3",
    }],
};

/// A field's new name.
type Function = fn(&str) -> String;

#[derive(Debug)]
struct FieldNameTransform {
    function: Function,
    mapping: Option<FieldNameMapping>,
    applies_to_keywords: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required("transform_func")?;
    let functions: [(&str, Function); 4] = [
        ("underscore", underscore),
        ("snake_case", snake_case),
        ("lower", str::to_lowercase),
        ("upper", str::to_uppercase),
    ];
    let name = params.choice("transform_func", &functions.map(|(name, _)| name), "lower");
    let function = functions.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)?;
    let mapping = match params.node("mapping") {
        Some(_) => Some(FieldNameMapping::read(params)?),
        None => None,
    };
    let applies_to_keywords = params.flag("apply_keyword");
    Some(Box::new(FieldNameTransform { function, mapping, applies_to_keywords }))
}

impl FieldNames for FieldNameTransform {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        if field.is_none() && !self.applies_to_keywords {
            return None;
        }
        self.mapping
            .as_ref()
            .and_then(|mapping| mapping.map(field))
            .or_else(|| Some(Mapped::One((self.function)(field?))))
    }
}

renaming!(FieldNameTransform);

/// `_` before a capital that begins a word, all in lower case.
fn underscore(field: &str) -> String {
    let chars: Vec<char> = field.chars().collect();
    let mut out = String::with_capacity(field.len() + 4);
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins_word = c.is_ascii_uppercase()
            && match before {
                Some(before) if before.is_ascii_lowercase() || before.is_ascii_digit() => true,
                Some(before) if before.is_ascii_uppercase() => {
                    after.is_some_and(char::is_ascii_lowercase)
                }
                _ => false,
            };
        if begins_word {
            out.push('_');
        }
        out.extend(if c == '-' { '_' } else { c }.to_lowercase());
    }
    out
}

/// Words are runs of small letters and digits, a capital with such a run, or runs of capitals and digits.
fn snake_case(field: &str) -> String {
    let is_small = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_big = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let chars: Vec<char> = field.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let small = |from: usize| chars[from..].iter().take_while(|c| is_small(c)).count();
        let len = if is_small(c) {
            small(at)
        } else if c.is_ascii_uppercase() {
            match small(at + 1) {
                0 => chars[at..].iter().take_while(|c| is_big(c)).count(),
                rest => rest + 1,
            }
        } else {
            at += 1;
            continue;
        };
        words.push(chars[at..at + len].iter().collect());
        at += len;
    }
    if words.is_empty() { field.to_lowercase() } else { words.join("_").to_lowercase() }
}
