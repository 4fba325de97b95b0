//! A file name matches the ends of other file names.

use sigyn_ir::{DetectionItem, Modifier, SigmaString};

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8425,
        name: "file-name-without-separator",
        summary: "A path is to end with a file name that has no separator before it.",
        help: "Write `\\cmd.exe` with the backslash (or a slash on other systems).",
    },
    severity: Severity::Note,
    like: None,
    why: "`cmd.exe` is also the end of `notcmd.exe`: the rule matches programs that nobody meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image|endswith: 'cmd.exe'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image|endswith: '\\cmd.exe'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Fields that hold the whole path of a program.
const PATHS: &[&str] = &["Image", "ParentImage", "SourceImage", "TargetImage", "ImageLoaded", "CallerProcessName"];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let is_path = |item: &DetectionItem| item.field.as_deref().is_some_and(|field| PATHS.contains(&field));
    for (_, item) in cx.items().filter(|(_, item)| is_path(item)) {
        if !item.modifiers.contains(&Modifier::Endswith) {
            continue;
        }
        for (at, value) in cx.written(item).enumerate() {
            let Some(text) = value.as_ref().and_then(SigmaString::as_literal) else { continue };
            let is_name = text.starts_with(|c: char| c.is_alphanumeric()) && !text.contains(['\\', '/', ' ']);
            if is_name && text.contains('.') && !text.starts_with('.') {
                report.at(cx.value_place(item, at), "this is the end of longer file names too");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        ParentImage|endswith:\n            - 'a.exe'\n            - '\\b.exe'\n            - '.exe'\n    condition: selection\n", &["'a.exe'"]);
        check(&super::CHECK, "detection:\n    selection:\n        CommandLine|endswith: 'a.exe'\n    condition: selection\n", &[]);
    }
}
