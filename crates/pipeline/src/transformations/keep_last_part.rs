//! `keep_last_part`: texts without what stands before their last separator.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "keep_last_part",
    summary: "Keeps of each text what stands behind its last separator.",
    parameters: &[Parameter { name: "separator", takes: "text", default: None, summary: "The separator." }],
    examples: &[Example {
        title: "a hash without its algorithm",
        item: "separator: '|'",
        before: "{A: ['MD5|00ff', 'ff*']}",
        after: "query: A=00ff or A=ff*",
    }],
};

#[derive(Debug)]
struct KeepLastPart(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let separator = params.required_text("separator")?;
    if separator.is_empty() {
        params.missing("separator");
        return None;
    }
    Some(Box::new(KeepLastPart(separator)))
}

impl KeepLastPart {
    /// The text is read anew from its plain form, which doubles no backslash; so is a regular expression's in the
    /// reference, which makes a text of it.
    fn cut(&self, plain: &str) -> SigmaString {
        let last = plain.rsplit_once(self.0.as_str()).map_or(plain, |(_, last)| last);
        SigmaString::parse(last)
    }
}

impl Transformation for KeepLastPart {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, run| {
            let is_reference = run.cx.reading == Compat::PySigma;
            Ok(match value {
                Value::Str(text) | Value::Cased(text) if is_reference => {
                    NewValue::Become(vec![Value::Str(self.cut(&text.to_plain()))])
                }
                Value::Regex(regex) if is_reference => {
                    NewValue::Become(vec![Value::Str(self.cut(&regex.pattern.to_raw()))])
                }
                Value::Str(text) | Value::Cased(text) if text.to_plain().contains(self.0.as_str()) => {
                    let text = self.cut(&text.to_plain());
                    let is_cased = matches!(value, Value::Cased(_));
                    NewValue::Become(vec![if is_cased { Value::Cased(text) } else { Value::Str(text) }])
                }
                _ if is_reference => {
                    return Err(run.fail(&codes::TRANSFORMATION, "the value is no text that could be cut"));
                }
                _ => NewValue::Kept,
            })
        })
    }
}
