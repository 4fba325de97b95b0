//! `set_state`: a value for later items, templates and the backend.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Data, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "set_state",
    summary: "Sets a key of the pipeline's state.",
    parameters: &[
        Parameter { name: "key", takes: "text", default: None, summary: "The key." },
        Parameter { name: "val", takes: "anything", default: None, summary: "The value." },
    ],
    examples: &[Example {
        title: "an index",
        item: "key: index\nval: [winlogbeat-*]",
        before: "{A: 1}",
        after: "query: A=1\nstate: index=['winlogbeat-*']",
    }],
};

#[derive(Debug)]
struct SetState {
    key: String,
    value: Data,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let key = params.required_text("key");
    let Some(node) = params.any_node("val") else {
        params.missing("val");
        return None;
    };
    Some(Box::new(SetState { key: key?, value: node.to_data() }))
}

impl Transformation for SetState {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.cx.state.set(self.key.as_str(), self.value.clone());
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.cx.state.set(self.key.as_str(), self.value.clone());
        run.mark(&mut rule.marks);
        Ok(())
    }
}
