//! `regex`: texts as regular expressions.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Part, Regex, RegexFlags, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "regex",
    summary: "Turns texts into regular expressions, for targets that compare texts with regard to case.",
    parameters: &[Parameter {
        name: "method",
        takes: "plain, ignore_case_flag or ignore_case_brackets",
        default: Some("ignore_case_brackets"),
        summary: "How case is ignored: not at all, by the flag `i`, or by writing each letter as `[aA]`.",
    }],
    examples: &[
        Example { title: "brackets", item: "", before: "{A: 'a.B*'}", after: r"query: A=/^[aA]\.[bB]/" },
        Example {
            title: "flag",
            item: "method: ignore_case_flag",
            before: "{A: 'a?b'}",
            after: "query: A=/^a.b$/i",
        },
    ],
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    Plain,
    Flag,
    Brackets,
}

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let methods = ["plain", "ignore_case_flag", "ignore_case_brackets"];
    Some(Box::new(match params.choice("method", &methods, "ignore_case_brackets") {
        "plain" => Method::Plain,
        "ignore_case_flag" => Method::Flag,
        _ => Method::Brackets,
    }))
}

impl Transformation for Method {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |field, value, run| {
            let (Value::Str(text) | Value::Cased(text)) = value else { return Ok(NewValue::Kept) };
            if text.is_empty() {
                return Ok(NewValue::Become(vec![value.clone()]));
            }
            let is_anchored = field.is_some() && run.cx.reading == Compat::Spec;
            let pattern = if is_anchored { self.anchored(text) } else { self.pattern(text.parts()) };
            let pattern = pattern.map_err(|name| {
                let message = format!("the placeholder %{name}% cannot stand in a regular expression yet");
                run.fail(&codes::UNRESOLVED_PLACEHOLDER, message)
            })?;
            let flags = RegexFlags { ignore_case: *self == Method::Flag, ..RegexFlags::default() };
            let regex = Regex { pattern: SigmaString::parse_unescaped(&pattern), flags };
            Ok(NewValue::Become(vec![Value::Regex(regex)]))
        })
    }
}

impl Method {
    /// The pattern for the whole of a field: an expression is searched anywhere, so it needs anchors where the
    /// text has no wildcard. The reference leaves them out, and its `a` finds `bac`.
    fn anchored(self, text: &SigmaString) -> Result<String, String> {
        let parts = text.parts();
        let front = parts.iter().take_while(|part| **part == Part::Many).count();
        if front == parts.len() {
            return self.pattern(parts);
        }
        let back = parts.iter().rev().take_while(|part| **part == Part::Many).count();
        let inner = self.pattern(&parts[front..parts.len() - back])?;
        let (start, end) = (if front == 0 { "^" } else { "" }, if back == 0 { "$" } else { "" });
        Ok(format!("{start}{inner}{end}"))
    }

    /// The pattern, or the placeholder that stands in the way.
    fn pattern(self, parts: &[Part]) -> Result<String, String> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Many => out.push_str(".*"),
                Part::One => out.push('.'),
                Part::Placeholder(name) => return Err(name.clone()),
                Part::Text(text) => {
                    for c in text.chars() {
                        if self == Method::Brackets && c.is_alphabetic() {
                            out.push('[');
                            out.extend(c.to_lowercase());
                            out.extend(c.to_uppercase());
                            out.push(']');
                        } else {
                            // What Python's `re.escape` escapes.
                            if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
                                out.push('\\');
                            }
                            out.push(c);
                        }
                    }
                }
            }
        }
        Ok(out)
    }
}
