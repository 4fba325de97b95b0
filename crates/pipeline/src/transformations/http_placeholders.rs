//! `http_placeholders`: values from an HTTP endpoint.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Rule;

use super::external::{COMMON, External};
use crate::{
    HttpRequest,
    item::{Run, Transformation},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "http_placeholders",
    summary: "Replaces placeholders by values from an HTTP endpoint, if external sources are allowed.",
    parameters: &[
        COMMON[0], COMMON[1], COMMON[2], COMMON[3], COMMON[4], COMMON[5], COMMON[6],
        Parameter { name: "url", takes: "text", default: None, summary: "The address." },
        Parameter { name: "method", takes: "text", default: Some("GET"), summary: "The method." },
        Parameter { name: "timeout", takes: "integer", default: Some("10"), summary: "How many seconds the answer may take." },
        Parameter { name: "headers", takes: "map of text to text", default: Some("none"), summary: "Headers to send." },
        Parameter { name: "params", takes: "map of text to text", default: Some("none"), summary: "Parameters of the address." },
        Parameter { name: "form_data", takes: "map", default: Some("none"), summary: "A form to send." },
        Parameter { name: "json_body", takes: "map", default: Some("none"), summary: "A JSON body to send." },
        Parameter { name: "max_body_size", takes: "integer", default: Some("10485760"), summary: "The largest answer in bytes." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct HttpPlaceholders {
    external: External,
    request: HttpRequest,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let url = params.required_text("url");
    let method = params.text("method").unwrap_or_else(|| "GET".to_owned());
    let timeout_seconds = params.integer("timeout").unwrap_or(10);
    let headers = params.text_map("headers");
    let url_params = params.text_map("params");
    let form = params.data("form_data");
    let json = params.data("json_body");
    let body_bytes_max = params.integer("max_body_size").unwrap_or(10 * 1024 * 1024);
    let external = External::read(params)?;
    let request = HttpRequest {
        url: url?,
        method,
        timeout_seconds,
        headers,
        params: url_params,
        form,
        json,
        body_bytes_max,
    };
    Some(Box::new(HttpPlaceholders { external, request }))
}

impl Transformation for HttpPlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        self.external.apply(rule, run, |files| files.fetch(&self.request))
    }
}
