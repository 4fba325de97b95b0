//! `event_types`: the kinds of events before the query, for Google SecOps.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Data, RuleItem};

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
};

pub(crate) static SPEC: Spec = Spec {
    name: "event_types",
    summary: "Puts a comparison of `metadata.event_type` with the values of a custom attribute, which is a list, before the query; with the event variable if the state `output_format` is `yara_l`.",
    parameters: &[Parameter {
        name: "attribute",
        takes: "text",
        default: Some("event_types"),
        summary: "The custom attribute.",
    }],
    examples: &[Example { title: "a rule without the attribute", item: "", before: "a=1", after: "a=1" }],
};

#[derive(Debug)]
struct EventTypes(String);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    Some(Box::new(EventTypes(params.text("attribute").unwrap_or_else(|| "event_types".to_owned()))))
}

impl Postprocess for EventTypes {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        _: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic> {
        let is_rule = cx.state.get("output_format").and_then(Data::as_str) == Some("yara_l");
        let variable = if is_rule { "$event1." } else { "" };
        let types = rule.meta().custom(&self.0).and_then(Data::as_list).unwrap_or_default();
        let comparisons: Vec<_> = types
            .iter()
            .filter_map(Data::as_str)
            .map(|kind| format!("{variable}metadata.event_type = \"{kind}\""))
            .collect();
        let several = comparisons.join(" OR ");
        // The reference puts parentheses around nothing where there is no kind.
        Ok(match (cx.reading, is_rule) {
            (Compat::PySigma, true) => format!("{several}\n\n{query}"),
            (Compat::PySigma, false) => format!("({several}) AND ({query})"),
            (Compat::Spec, _) if comparisons.is_empty() => query,
            (Compat::Spec, true) => format!("({several})\n\n{query}"),
            (Compat::Spec, false) => format!("({several}) AND ({query})"),
        })
    }
}
