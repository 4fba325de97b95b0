//! `command_placeholders`: values from a command's output.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Rule;

use super::external::{COMMON, External};
use crate::{
    Command,
    item::{Run, Transformation},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "command_placeholders",
    summary: "Replaces placeholders by values from a command's output, if external sources are allowed.",
    parameters: &[
        COMMON[0], COMMON[1], COMMON[2], COMMON[3], COMMON[4], COMMON[5], COMMON[6],
        Parameter { name: "cmd", takes: "text or list of texts", default: None, summary: "A line for the shell, or a program with its arguments." },
        Parameter { name: "timeout", takes: "integer", default: Some("30"), summary: "How many seconds it may run." },
        Parameter { name: "max_stdout", takes: "integer", default: Some("10485760"), summary: "The most it may print in bytes." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct CommandPlaceholders {
    external: External,
    command: Command,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let arguments = params.required_texts("cmd");
    let is_shell = params.node("cmd").is_some_and(|node| node.as_text().is_some());
    let timeout_seconds = params.integer("timeout").unwrap_or(30);
    let stdout_bytes_max = params.integer("max_stdout").unwrap_or(10 * 1024 * 1024);
    let external = External::read(params)?;
    let command = Command { arguments: arguments?, is_shell, timeout_seconds, stdout_bytes_max };
    Some(Box::new(CommandPlaceholders { external, command }))
}

impl Transformation for CommandPlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        self.external.apply(rule, run, |files| files.run(&self.command))
    }
}
