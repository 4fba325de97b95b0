//! `keep_file_name`: paths to the names of their files.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Part, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "keep_file_name",
    summary: "Leaves of a path what stands behind its last slash or backslash, for tables that have no paths.",
    parameters: &[Parameter {
        name: "directories",
        takes: "refuse or drop",
        default: Some("refuse"),
        summary: "What happens to values that say something about directories, which the table cannot tell.",
    }],
    examples: &[
        Example {
            title: "any directory",
            item: "field_name_conditions: [{type: include_fields, fields: [A]}]",
            before: r"{A: ['*\cmd.exe', '*/bash', 'sh'], B: '*\x'}",
            after: r"query: (A=cmd.exe or A=bash or A=sh) and B=*\x",
        },
        Example {
            title: "a certain directory",
            item: "directories: drop",
            before: r"{A: 'C:\Windows\cmd.exe'}",
            after: "query: A=cmd.exe",
        },
        Example {
            title: "the same, refused",
            item: "directories: refuse",
            before: r"{A: 'C:\Windows\cmd.exe'}",
            after: r"error: transformation-failed: the table has the file's name only, and `C:\Windows\cmd.exe` says something about directories",
        },
    ],
};

#[derive(Debug)]
struct KeepFileName {
    drops_directories: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let drops_directories = params.choice("directories", &["refuse", "drop"], "refuse") == "drop";
    Some(Box::new(KeepFileName { drops_directories }))
}

impl Transformation for KeepFileName {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, run| {
            let new = match run.cx.reading {
                Compat::PySigma => as_reference(value),
                Compat::Spec => self.name(value),
            };
            match new {
                Ok(value) => Ok(NewValue::Become(vec![value])),
                Err(message) => Err(run.fail(&codes::TRANSFORMATION, message)),
            }
        })
    }
}

/// The reference goes by the plain text: a backslash before a wildcard makes it literal.
fn as_reference(value: &Value) -> Result<Value, String> {
    let plain = match value {
        Value::Str(text) | Value::Cased(text) => text.to_plain(),
        Value::Regex(regex) => regex.pattern.to_plain(),
        _ => return Err("a path must be a text".to_owned()),
    };
    let name = plain.rsplit(['\\', '/']).next().unwrap_or_default();
    Ok(Value::Str(SigmaString::parse(name)))
}

impl KeepFileName {
    fn name(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::Str(text) => Value::Str(self.name_of(text)?),
            Value::Cased(text) => Value::Cased(self.name_of(text)?),
            Value::Null | Value::Exists(_) => value.clone(),
            Value::Expansion { kind, values } => Value::Expansion {
                kind: *kind,
                values: values.iter().map(|value| self.name(value)).collect::<Result<_, _>>()?,
            },
            _ => return Err("the table has the file's name only; this value cannot be cut down to it".to_owned()),
        })
    }

    fn name_of(&self, path: &SigmaString) -> Result<SigmaString, String> {
        let mut directories = SigmaString::default();
        let mut name = SigmaString::default();
        let mut is_cut = false;
        for part in path.parts() {
            let at = match part {
                Part::Text(text) => text.rfind(['\\', '/']).map(|at| (text, at)),
                _ => None,
            };
            match at {
                Some((text, at)) => {
                    directories.append(std::mem::take(&mut name));
                    directories.push(Part::Text(text[..at].to_owned()));
                    name.push(Part::Text(text[at + 1..].to_owned()));
                    is_cut = true;
                }
                None => name.push(part.clone()),
            }
        }
        let has_text = name.parts().iter().any(|part| !matches!(part, Part::Many | Part::One));
        let is_any_directory = directories.parts().is_empty() || directories.parts() == [Part::Many];
        // Without a slash, `*name*` finds directories too.
        let may_be_directory = !is_cut && name.starts_with_many() && name.ends_with_many();
        if !has_text {
            return Err(format!("the table has the file's name only, and `{path}` says nothing about it"));
        }
        if !self.drops_directories && (!is_any_directory || may_be_directory) {
            return Err(format!(
                "the table has the file's name only, and `{path}` says something about directories"
            ));
        }
        Ok(name)
    }
}
