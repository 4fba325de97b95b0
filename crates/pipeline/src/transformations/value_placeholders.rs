//! `value_placeholders`: the pipeline's variables.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Rule, SigmaString};

use super::placeholders::{self, Choice, EXCLUDE, INCLUDE};
use crate::{
    item::{Run, Transformation},
    params::{Example, Params, Spec},
    values::python_str,
};

pub(crate) static SPEC: Spec = Spec {
    name: "value_placeholders",
    summary: "Replaces placeholders by the values of the pipeline's variables (`vars`) of the same names.",
    parameters: &[INCLUDE, EXCLUDE],
    examples: &[
        Example {
            title: "several values",
            item: "vars: {admins: [root, 'adm*']}\ntransformations: [{type: value_placeholders}]",
            before: "{'User|expand': '%admins%'}",
            after: "query: User=root or User=adm*",
        },
        Example {
            title: "no variable",
            item: "",
            before: "{'User|expand': '%admins%'}",
            after: "error: unresolved-placeholder: the pipeline has no variable `admins`",
        },
    ],
};

#[derive(Debug)]
struct ValuePlaceholders(Choice);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(ValuePlaceholders(Choice::read(params))))
}

impl Transformation for ValuePlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        placeholders::replace(&self.0, rule, run, |name, run| {
            let fail = |message: String| run.fail(&codes::UNRESOLVED_PLACEHOLDER, message);
            let Some(data) = run.pipeline.var(name) else {
                return Err(fail(format!("the pipeline has no variable `{name}`")));
            };
            let values = match data {
                Data::List(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            let is_simple = |value: &Data| matches!(value, Data::Text(_) | Data::Number(_) | Data::Bool(_));
            if values.is_empty() || !values.iter().all(is_simple) {
                return Err(fail(format!("the variable `{name}` holds something else than texts and numbers")));
            }
            Ok(values.iter().map(|value| SigmaString::parse(&python_str(value))).collect())
        })
    }
}
