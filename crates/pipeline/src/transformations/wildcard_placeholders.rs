//! `wildcard_placeholders`: anything.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Part, Rule, SigmaString};

use super::placeholders::{self, Choice, EXCLUDE, INCLUDE};
use crate::{
    item::{Run, Transformation},
    params::{Example, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "wildcard_placeholders",
    summary: "Replaces placeholders by the wildcard `*`.",
    parameters: &[INCLUDE, EXCLUDE],
    examples: &[Example {
        title: "one of two",
        item: "include: [a]",
        before: "{'A|expand': 'x%a%y%b%'}",
        after: "query: A=x*y%b%",
    }],
};

#[derive(Debug)]
struct WildcardPlaceholders(Choice);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(WildcardPlaceholders(Choice::read(params))))
}

impl Transformation for WildcardPlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        placeholders::replace(&self.0, rule, run, |_, _| Ok(vec![SigmaString::from_parts([Part::Many])]))
    }
}
