//! `query_expression_placeholders`: text of the target's language.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Part, Rule, Value};

use super::placeholders::{Choice, EXCLUDE, INCLUDE};
use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "query_expression_placeholders",
    summary: "Replaces texts that are one placeholder by query text, such as a look-up in a list.",
    parameters: &[
        INCLUDE,
        EXCLUDE,
        Parameter {
            name: "expression",
            takes: "text",
            default: Some("empty"),
            summary: "The query text; `{field}` stands for the field, `{id}` for the placeholder's name.",
        },
        Parameter {
            name: "mapping",
            takes: "map of text to text",
            default: Some("{}"),
            summary: "What `{id}` is for certain placeholders.",
        },
    ],
    examples: &[Example {
        title: "a look-up",
        item: "expression: '{field} lookup {id}'\nmapping: {admins: admin_list}",
        before: "{'User|expand': '%admins%'}",
        after: "query: User=query({field} lookup {id}, admin_list)",
    }],
};

#[derive(Debug)]
struct QueryExpressionPlaceholders {
    choice: Choice,
    expression: String,
    mapping: Vec<(String, String)>,
}

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(QueryExpressionPlaceholders {
        choice: Choice::read(params),
        expression: params.text("expression").unwrap_or_default(),
        mapping: params.text_map("mapping"),
    }))
}

impl Transformation for QueryExpressionPlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, run| {
            let (Value::Str(text) | Value::Cased(text)) = value else { return Ok(NewValue::Kept) };
            match text.parts() {
                [Part::Placeholder(name)] if self.choice.contains(name) => {
                    let id = self.id(name, run)?;
                    Ok(NewValue::Become(vec![Value::Query { text: self.expression.clone(), id }]))
                }
                [Part::Placeholder(_)] => Ok(NewValue::Kept),
                _ if text.placeholders().next().is_some() => {
                    let message = format!("`{text}` must be a placeholder and nothing else");
                    Err(run.fail(&codes::UNRESOLVED_PLACEHOLDER, message))
                }
                _ => Ok(NewValue::Kept),
            }
        })
    }
}

impl QueryExpressionPlaceholders {
    /// A name that comes from the rule stands in the query unquoted: it must be harmless.
    fn id(&self, name: &str, run: &Run<'_>) -> Result<String, Diagnostic> {
        let mapped = self.mapping.iter().find(|(from, to)| from == name && !to.is_empty());
        if let Some((_, to)) = mapped {
            return Ok(to.clone());
        }
        let is_harmless = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        if is_harmless || run.cx.reading == Compat::PySigma {
            return Ok(name.to_owned());
        }
        let message = format!(
            "the placeholder's name `{name}` must be letters, digits, `_`, `.` and `-` to stand in a query; \
             give it an identifier in `mapping`"
        );
        Err(run.fail(&codes::UNRESOLVED_PLACEHOLDER, message))
    }
}
