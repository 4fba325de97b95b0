//! `tag`: whether the rule has a tag.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Tag;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "tag",
    summary: "Holds for rules with this tag.",
    parameters: &[Parameter {
        name: "tag",
        takes: "text",
        default: None,
        summary: "Namespace and name with a dot between, e.g. `attack.t1059`.",
    }],
    examples: &[],
};

#[derive(Debug)]
struct HasTag(Tag);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    let text = params.required_text("tag")?;
    match text.split_once('.') {
        Some((namespace, name)) => {
            Some(Box::new(HasTag(Tag { namespace: namespace.to_owned(), name: name.to_owned() })))
        }
        None => {
            let message = format!("the tag `{text}` has no dot between namespace and name");
            params.report(&codes::BAD_PARAMETER, params.span, message);
            None
        }
    }
}

impl RuleCondition for HasTag {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        let meta = match subject {
            Subject::Rule(rule) => &rule.meta,
            Subject::Correlation(correlation) => &correlation.meta,
        };
        Ok(meta.tags.contains(&self.0))
    }
}
