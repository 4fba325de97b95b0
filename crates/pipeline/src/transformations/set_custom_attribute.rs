//! `set_custom_attribute`: an attribute of the rule for the backend or a template.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Data, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "set_custom_attribute",
    summary: "Sets a custom attribute of the rule.",
    parameters: &[
        Parameter { name: "attribute", takes: "text", default: None, summary: "The attribute." },
        Parameter { name: "value", takes: "anything", default: None, summary: "Its value." },
    ],
    examples: &[Example {
        title: "an attribute",
        item: "attribute: loki_parser\nvalue: json",
        before: "{A: 1}",
        after: "query: A=1\ncustom: loki_parser=json",
    }],
};

#[derive(Debug)]
struct SetCustomAttribute {
    attribute: String,
    value: Data,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let attribute = params.required_text("attribute");
    let Some(node) = params.any_node("value") else {
        params.missing("value");
        return None;
    };
    Some(Box::new(SetCustomAttribute { attribute: attribute?, value: node.to_data() }))
}

impl Transformation for SetCustomAttribute {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.meta.set_custom(&self.attribute, self.value.clone());
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.meta.set_custom(&self.attribute, self.value.clone());
        run.mark(&mut rule.marks);
        Ok(())
    }
}
