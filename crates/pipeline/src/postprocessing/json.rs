//! `json`: the query in a JSON document.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, RuleItem};

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
    transformations::from_json,
};

pub(crate) static SPEC: Spec = Spec {
    name: "json",
    summary: "Puts the query into a JSON document.",
    parameters: &[Parameter {
        name: "json_template",
        takes: "text",
        default: None,
        summary: "The document; each text that is `%QUERY%` becomes the query.",
    }],
    examples: &[Example {
        title: "a request",
        item: "json_template: '{\"q\": {\"s\": \"%QUERY%\"}, \"size\": [1, \"%QUERY% \"]}'",
        before: "a=\"1\"",
        after: "{\"q\": {\"s\": \"a=\\\"1\\\"\"}, \"size\": [1, \"%QUERY% \"]}",
    }],
};

#[derive(Debug)]
struct Json(Data);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    let text = params.required_text("json_template")?;
    match serde_json::from_str(&text) {
        Ok(json) => Some(Box::new(Json(from_json(&json)))),
        Err(error) => {
            let span = params.node("json_template").map_or(params.span, |node| node.span);
            let message = format!("`json_template` is not valid JSON: {error}");
            params.report(&codes::BAD_PARAMETER, span, message);
            None
        }
    }
}

impl Postprocess for Json {
    fn apply(
        &self,
        query: String,
        _: &RuleItem,
        _: &Pipeline,
        _: &mut Context,
    ) -> Result<String, Diagnostic> {
        Ok(fill(&self.0, &query).to_json(None))
    }
}

fn fill(data: &Data, query: &str) -> Data {
    match data {
        Data::Text(text) if text == "%QUERY%" => Data::from(query),
        Data::List(items) => Data::List(items.iter().map(|item| fill(item, query)).collect()),
        Data::Map(pairs) => {
            Data::Map(pairs.iter().map(|(key, value)| (key.clone(), fill(value, query))).collect())
        }
        other => other.clone(),
    }
}
