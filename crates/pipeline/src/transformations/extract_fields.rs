//! `extract_fields`: groups of a regular expression as fields.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Detection, DetectionEntry, DetectionItem, Linking, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    pyregex::PyRegex,
    values::parse_number,
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "extract_fields",
    summary: "Splits texts by the named groups of a regular expression into fields of their own, joined by and.",
    parameters: &[
        Parameter {
            name: "regex",
            takes: "regular expression",
            default: None,
            summary: "Matched from the start; its named groups name the fields.",
        },
        Parameter {
            name: "field_prefix",
            takes: "text",
            default: Some("none"),
            summary: "Put before the group's name, with a dot between.",
        },
        Parameter {
            name: "preserve_unmatched",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether values that do not match stay; else they are dropped.",
        },
    ],
    examples: &[Example {
        title: "type and value",
        item: "regex: '(?P<type>[A-Za-z]+):(?P<value>[0-9]+)'\nfield_prefix: reg",
        before: "{Details: ['Dword:5', 'Qword:007', other]}",
        after: "query: (reg.type=Dword and reg.value=5) or (reg.type=Qword and reg.value='007')",
    }],
};

#[derive(Debug)]
struct ExtractFields {
    regex: PyRegex,
    prefix: Option<String>,
    keeps_unmatched: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let regex = params.regex("regex");
    let prefix = params.text("field_prefix").filter(|prefix| !prefix.is_empty());
    let keeps_unmatched = params.flag("preserve_unmatched");
    let regex = regex?;
    if regex.group_names().is_empty() {
        let message = "the regular expression needs a named group, `(?P<name>…)`";
        params.report(&codes::BAD_PARAMETER, params.span, message);
        return None;
    }
    Some(Box::new(ExtractFields { regex, prefix, keeps_unmatched }))
}

impl Transformation for ExtractFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, _| Ok(self.extract(item)))
    }
}

impl ExtractFields {
    fn extract(&self, item: &DetectionItem) -> Outcome {
        let mut groups = Vec::new();
        for value in &item.values {
            let (Value::Str(text) | Value::Cased(text)) = value else { return Outcome::Kept };
            match self.fields(&text.to_plain(), item) {
                Some(entries) if !entries.is_empty() => groups.push(DetectionEntry::Group(
                    Detection::new(entries, Linking::And, item.span),
                )),
                Some(_) => {}
                None if self.keeps_unmatched => groups.push(DetectionEntry::Item(DetectionItem::new(
                    item.field.clone(),
                    vec![value.clone()],
                    item.span,
                ))),
                None => {}
            }
        }
        match groups.len() {
            0 => Outcome::Kept,
            1 => Outcome::Replaced(groups.remove(0)),
            _ => Outcome::Replaced(DetectionEntry::Group(Detection::new(groups, item.linking, item.span))),
        }
    }

    /// An item for each named group that matched something; `None` if the pattern does not match.
    fn fields(&self, text: &str, item: &DetectionItem) -> Option<Vec<DetectionEntry>> {
        let captures = self.regex.captures_start(text)?;
        let mut entries = Vec::new();
        for name in self.regex.group_names() {
            let Some(group) = captures.name(&name).filter(|group| !group.as_str().is_empty()) else {
                continue;
            };
            let field = match &self.prefix {
                Some(prefix) => format!("{prefix}.{name}"),
                None => name,
            };
            let values = vec![typed(group.as_str())];
            entries.push(DetectionEntry::Item(DetectionItem::new(Some(field), values, item.span)));
        }
        Some(entries)
    }
}

/// Null, a number, or a text; a leading zero makes a text, because it would be lost.
fn typed(text: &str) -> Value {
    if matches!(text.to_lowercase().as_str(), "null" | "none") {
        return Value::Null;
    }
    let has_leading_zero = text != "0" && text.starts_with('0');
    match parse_number(text) {
        Some(number) if !has_leading_zero => Value::Number(number),
        _ => Value::Str(SigmaString::parse(text)),
    }
}
