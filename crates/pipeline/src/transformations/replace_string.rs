//! `replace_string`: parts of texts by a regular expression.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Part, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    pyregex::{PyRegex, Replacement},
    values::insert_placeholders,
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "replace_string",
    summary: "Replaces what a regular expression matches in texts; numbers become texts first.",
    parameters: &[
        Parameter {
            name: "regex",
            takes: "regular expression",
            default: None,
            summary: "Searched in the text as a rule would write it, wildcards included.",
        },
        Parameter {
            name: "replacement",
            takes: "text",
            default: None,
            summary: r"What comes instead; `\1` and `\g<name>` stand for groups.",
        },
        Parameter {
            name: "skip_special",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether only the text between wildcards and placeholders is searched.",
        },
        Parameter {
            name: "interpret_special",
            takes: "true or false",
            default: Some("false"),
            summary: "With `skip_special`: whether wildcards in the replacement are wildcards.",
        },
    ],
    examples: &[
        Example {
            title: "a group",
            item: "regex: '^\\*\\\\(.*)$'\nreplacement: '\\1'",
            before: "{A: ['*\\foo.exe', bar]}",
            after: "query: A=foo.exe or A=bar",
        },
        Example {
            title: "between wildcards only",
            item: "regex: '[*.]'\nreplacement: '*'\nskip_special: true",
            before: "{A: '*a.b*'}",
            after: "query: A=*a\\*b*",
        },
        Example {
            title: "wildcards in the replacement",
            item: "regex: '\\.'\nreplacement: '*'\nskip_special: true\ninterpret_special: true",
            before: "{A: 'a.b'}",
            after: "query: A=a*b",
        },
    ],
};

#[derive(Debug)]
struct ReplaceString {
    regex: PyRegex,
    replacement: Replacement,
    skips_special: bool,
    interprets_special: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let regex = params.regex("regex");
    let template = params.required_text("replacement");
    let skips_special = params.flag("skip_special");
    let interprets_special = params.flag("interpret_special");
    let regex = regex?;
    let replacement = params.replacement("replacement", &template?, &regex)?;
    Some(Box::new(ReplaceString { regex, replacement, skips_special, interprets_special }))
}

impl Transformation for ReplaceString {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, run| {
            let reading = run.cx.reading;
            Ok(NewValue::Become(vec![match value {
                Value::Number(number) => {
                    Value::Str(self.replaced(&SigmaString::parse(&number.to_string()), reading))
                }
                Value::Str(text) => Value::Str(self.replaced(text, reading)),
                Value::Cased(text) if self.skips_special || reading == Compat::Spec => {
                    Value::Cased(self.replaced(text, reading))
                }
                Value::Cased(text) => Value::Str(self.replaced(text, reading)),
                _ => return Ok(NewValue::Kept),
            }]))
        })
    }
}

impl ReplaceString {
    fn replaced(&self, text: &SigmaString, reading: Compat) -> SigmaString {
        if self.skips_special {
            return SigmaString::from_parts(text.parts().iter().flat_map(|part| match part {
                Part::Text(text) => {
                    let replaced = self.regex.replace(text, &self.replacement);
                    if self.interprets_special {
                        SigmaString::parse(&replaced).parts().to_vec()
                    } else {
                        vec![Part::Text(replaced)]
                    }
                }
                other => vec![other.clone()],
            }));
        }
        let has_placeholder = text.placeholders().next().is_some();
        match reading {
            Compat::PySigma => {
                parse_plain(&self.regex.replace(&text.to_plain(), &self.replacement), has_placeholder)
            }
            Compat::Spec => self.replaced_in_parts(text, has_placeholder),
        }
    }

    /// The written form is ambiguous: a backslash before a wildcard looks like an escaped wildcard. So only what
    /// was replaced is read from the written form; everything else keeps its parts.
    fn replaced_in_parts(&self, text: &SigmaString, has_placeholder: bool) -> SigmaString {
        let mut plain = String::new();
        let mut pieces: Vec<(usize, usize, Part)> = Vec::new();
        for part in text.parts() {
            let units: Vec<Part> = match part {
                Part::Text(text) => text.chars().map(|c| Part::Text(c.to_string())).collect(),
                other => vec![other.clone()],
            };
            for unit in units {
                let start = plain.len();
                plain.push_str(&SigmaString::from_parts([unit.clone()]).to_plain());
                pieces.push((start, plain.len(), unit));
            }
        }
        let mut result = Rebuilt { parts: Vec::new(), pending: String::new(), has_placeholder };
        let mut last = 0;
        for captures in self.regex.find_all(&plain) {
            let Some(whole) = captures.get(0) else { continue };
            result.keep(&plain, &pieces, last, whole.start());
            self.replacement.expand(&captures, &mut result.pending);
            last = whole.end();
        }
        result.keep(&plain, &pieces, last, plain.len());
        result.flush();
        SigmaString::from_parts(result.parts)
    }
}

/// A text put together from kept parts and replaced, still unread text.
struct Rebuilt {
    parts: Vec<Part>,
    pending: String,
    has_placeholder: bool,
}

impl Rebuilt {
    fn keep(&mut self, plain: &str, pieces: &[(usize, usize, Part)], start: usize, end: usize) {
        for (from, to, part) in pieces {
            if *to <= start || *from >= end {
                continue;
            }
            if *from >= start && *to <= end {
                self.flush();
                self.parts.push(part.clone());
            } else {
                self.pending.push_str(&plain[(*from).max(start)..(*to).min(end)]);
            }
        }
    }

    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.parts.extend(parse_plain(&pending, self.has_placeholder).parts().iter().cloned());
    }
}

/// Reads the written form back: backslashes are literal unless they stand before a wildcard.
fn parse_plain(plain: &str, has_placeholder: bool) -> SigmaString {
    let mut escaped = String::with_capacity(plain.len() + 4);
    let mut chars = plain.chars().peekable();
    while let Some(c) = chars.next() {
        escaped.push(c);
        if c == '\\' && !matches!(chars.peek(), Some('*' | '?')) {
            escaped.push('\\');
        }
    }
    let string = SigmaString::parse(&escaped);
    if has_placeholder { insert_placeholders(&string) } else { string }
}
